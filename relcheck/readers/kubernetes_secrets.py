"""Secrets in manifests: registry credentials, passwords, keys; never their values.

`kind: Secret` has a type, `data` with values in base64 and `stringData` with values as they are; a `sops` key says that
the values are encrypted. With the label argocd.argoproj.io/secret-type it is a repository of Argo CD, whose url,
username and password stand beside each other.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from relcheck.facts import Credential, Fact, Text
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.secret_text import private_keys, tokens
from relcheck.refs.secrets import identify, is_publish_variable, literal_form, looks_secret_name, redact
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_DOCKER_TYPES = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
_KEYS_OF_TYPES = {
    "kubernetes.io/basic-auth": "password",
    "kubernetes.io/ssh-auth": "ssh-privatekey",
    "kubernetes.io/tls": "tls.key",
    "bootstrap.kubernetes.io/token": "token-secret",
}
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_ARGO_LABEL = "argocd.argoproj.io/secret-type"
_SECRET_FIELDS = ("auth", "password", "identitytoken", "registrytoken")
_ARGO_KEYS = ("password", "sshPrivateKey", "bearerToken", "githubAppPrivateKey", "tlsClientCertKey")
_ARGO_KINDS = {"password": "client-login", "bearerToken": "client-login"}
"""What opens a repository; keys are found as keys."""


def secret_facts(node: Mapping) -> Iterator[Fact]:
    """Yield the credentials of a Secret."""
    encrypted = node.get("sops") is not None
    if repository := _argo_repository(node):
        yield from _argo(node, repository, encrypted=encrypted)
        return
    kind = node.text("type")
    for key, scalar, encoded in _values(node):
        if key == _DOCKER_TYPES.get(kind):
            found = _docker(key, scalar, encoded=encoded, encrypted=encrypted)
        elif not encrypted and (known := _known(key, scalar, encoded=encoded)):
            yield from _file(known, key, scalar, encoded=encoded)
            continue
        elif encoded and not encrypted and (hidden := _hidden(scalar)):
            yield from hidden
            continue
        elif key == _KEYS_OF_TYPES.get(kind) or (
            kind in ("", "Opaque") and (looks_secret_name(key) or is_publish_variable(key))
        ):
            found = _credential(key, scalar, "k8s-secret", encoded=encoded, encrypted=encrypted)
        else:
            continue
        if found is not None:
            yield found


def config_facts(node: Mapping) -> Iterator[Fact]:
    """Yield the credentials in a ConfigMap: variables of publishing tools, and files in which clients keep them."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - many manifests have no ConfigMap

    values = node.map("data")
    for key, value in values.pairs(merge=True) if values is not None else ():
        if not isinstance(value, Scalar) or not value.value.strip():
            continue
        known = _known(key.value, value, encoded=False)
        found = (
            _file(known, key.value, value, encoded=False)
            if known
            else environment_facts(key.value, value.source, where="manifest")
            if is_publish_variable(key.value)
            else ()
        )
        yield from (fact for fact in found if isinstance(fact, Credential))


def _known(key: str, value: Scalar, *, encoded: bool) -> tuple[str, str] | None:
    """Return the format of a file that clients keep credentials in, by the key under which it is mounted.

    Builders mount the logins of Docker's client as `config.json`, which is the name of many a file.
    """
    if key == "config.json":
        text = (decoded(value.value) or "") if encoded else value.value
        return ("docker-config", ".docker/config.json") if '"auths"' in text else None
    if "." not in key and "rc" not in key and key != "kubeconfig":
        return None
    from relcheck.readers.written_files import known_file  # noqa: PLC0415 - few secrets are files

    known = known_file(key)
    return known if known is not None and known[0] not in ("shell", "dockerfile", "env-file") else None


def _file(known: tuple[str, str], key: str, scalar: Scalar, *, encoded: bool) -> Iterator[Fact]:
    """Read a value as the file that it is; of one in base64 the whole value is the place."""
    from relcheck.readers.home_secrets import decoded_base64  # noqa: PLC0415 - few secrets are files
    from relcheck.readers.written_files import Written, as_file, facts_of  # noqa: PLC0415 - see above

    text = decoded_base64(scalar.source) if encoded else scalar.source
    if text is None:
        return
    for fact in facts_of(Written(known[0], f"/{key}", as_file(known[1], text)), scalar.span):
        if isinstance(fact, Credential) and encoded:
            place = fact.span._replace(form=f"{fact.span.form}>composed")  # the secret is a part of the text there
            yield fact.replace(span=place, parts={"value": place})
        elif isinstance(fact, Credential):
            yield fact


def _values(node: Mapping) -> Iterator[tuple[str, Scalar, bool]]:
    """Yield (key, value, whether it is in base64)."""
    for holder, encoded in (("data", True), ("stringData", False)):
        values = node.map(holder)
        for key, value in values.pairs(merge=True) if values is not None else ():
            if isinstance(value, Scalar) and value.value.strip():
                yield key.value, value, encoded


def decoded(text: str) -> str | None:
    """Return the text that a value in base64 stands for, None where it is no base64 (a placeholder, a template)."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _hidden(scalar: Scalar) -> list[Credential]:
    """Return the private keys and tokens behind a value in base64, which nothing sees that looks at the file's letters."""
    text = Source(scalar.source.path, decoded(scalar.value) or "")
    found = [*private_keys(text), *tokens(text, 0, len(text.text))]
    place = _place(scalar, encoded=True)
    place = place._replace(form=f"{place.form}>composed")  # the secret may be a part of the text there
    return [fact.replace(span=place, parts={"value": place}, where="manifest") for fact in found]


def _form(scalar: Scalar, *, encoded: bool, encrypted: bool) -> tuple[str, str]:
    """Return (form, plain value) of a value; what is no base64 can only be a reference or a placeholder."""
    if encrypted:
        return "encrypted", ""
    if not encoded:
        return literal_form(scalar.value), scalar.value
    text = decoded(scalar.value)
    if text is None:
        form = literal_form(scalar.value)
        return ("placeholder" if form == "literal" else form), ""
    return literal_form(text), text


def _place(scalar: Scalar, *, encoded: bool) -> Span:
    span = scalar.span
    if not encoded:
        return span
    return Span(span.start, span.end, "base64" if span.form == "plain" else f"{span.form}>base64")


def _credential(
    key: str, scalar: Scalar, kind: str, *, encoded: bool, encrypted: bool, host: Text = "", user: str = ""
) -> Credential:
    form, value = _form(scalar, encoded=encoded, encrypted=encrypted)
    literal = form == "literal"
    token = identify(value.strip()) if literal else None
    place = _place(scalar, encoded=encoded)
    return Credential(
        span=place,
        parts={"value": place},
        kind=kind,
        form=form,
        where="manifest",
        ecosystem="kubernetes",
        key=key,
        host=host,
        user=user,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access="publish" if is_publish_variable(key) else token.access if token else "",
        redacted=redact(value) if literal else "",
        length=len(value) if literal else 0,
    )


def _docker(key: str, scalar: Scalar, *, encoded: bool, encrypted: bool) -> Credential | None:
    """Return the registry credential of a pull secret; None where it holds no login."""
    form, value = _form(scalar, encoded=encoded, encrypted=encrypted)
    host, user, secret = "", "", ""
    if form == "literal" or (value and form in ("reference", "placeholder")):
        logins = list(_logins(value))
        if not logins:
            return None
        host, user, secret = next((login for login in logins if literal_form(login[2]) == "literal"), logins[0])
        form = literal_form(secret)
    place = _place(scalar, encoded=encoded)
    place = place._replace(form=f"{place.form}>composed")  # the secret is a part of the text there
    return Credential(
        span=place,
        parts={"value": place},
        kind="k8s-registry-secret",
        form=form,
        where="manifest",
        ecosystem="docker",
        key=key,
        host=host,
        user=user,
        redacted=redact(secret) if form == "literal" else "",
        length=len(secret) if form == "literal" else 0,
    )


def _logins(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (host, user, secret) of each registry of a client configuration that holds a secret."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return
    auths = config.get("auths", config) if isinstance(config, dict) else {}
    for host, entry in auths.items() if isinstance(auths, dict) else ():
        if not isinstance(entry, dict):
            continue
        user = str(entry.get("username") or "")
        for field in _SECRET_FIELDS:
            secret = entry.get(field)
            if isinstance(secret, str) and secret.strip():
                if field == "auth":
                    pair = decoded(secret) or secret
                    user, _, secret = pair.partition(":") if ":" in pair else (user, "", pair)
                if secret:
                    yield str(host), user, secret
                    break


def _argo_repository(node: Mapping) -> str:
    metadata = node.map("metadata")
    labels = metadata.map("labels") if metadata is not None else None
    kind = labels.text(_ARGO_LABEL) if labels is not None else ""
    return kind if kind in ("repository", "repo-creds", "repository-write", "repo-write-creds") else ""


def _argo(node: Mapping, repository: str, *, encrypted: bool) -> Iterator[Fact]:
    """Yield the endpoint and the credentials of an Argo CD repository."""
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few manifests configure repositories

    values = {key: (scalar, encoded) for key, scalar, encoded in _values(node)}
    plain = {key: (decoded(s.value) or "") if encoded else s.value for key, (s, encoded) in values.items()}
    helm = plain.get("type") == "helm" or plain.get("enableOCI") == "true"
    url = parse_url(plain.get("url", "").strip())
    if "url" in values and not values["url"][1] and repository in ("repository", "repository-write"):
        yield from registry(
            values["url"][0].source,
            ecosystem="helm" if helm else "git",
            purpose="chart" if helm else "vcs",
            key="url",
        )
    for key in _ARGO_KEYS:
        if key in values:
            scalar, encoded = values[key]
            yield _credential(
                key,
                scalar,
                _ARGO_KINDS.get(key, "k8s-secret") if not (helm and key == "password") else "helm-repo-password",
                encoded=encoded,
                encrypted=encrypted,
                host=url.host if url is not None else "",
                user=plain.get("username", ""),
            )
