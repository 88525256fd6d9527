"""Secrets in manifests: registry credentials, passwords, keys; never their values.

`kind: Secret` has a type, `data` with values in base64 and `stringData` with values as they are; a `sops` key says that
the values are encrypted. With the label argocd.argoproj.io/secret-type it is a repository of Argo CD, whose url,
username, password and insecure stand beside each other, or a cluster, whose config is JSON:
{username, password, bearerToken, tlsClientConfig {insecure, keyData}}.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Text
from relcheck.readers.gitops import insecure, text_of
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
    """Yield the credentials of a Secret, and say which one it is."""
    holder = holder_of("Secret", node.map("metadata", merge=True), "")
    for fact in _secret_facts(node):
        yield fact.replace(holder=holder) if isinstance(fact, Credential) else fact


def holder_of(kind: str, named: Mapping | None, namespace: str) -> str:
    """Return KIND/NAMESPACE/NAME of an object by its metadata or of a reference to it; "" where a part is not known."""
    name, space = (named.scalar(key, merge=True) if named is not None else None for key in ("name", "namespace"))
    known = [text_of(name), text_of(space, namespace)]
    return "" if UNKNOWN in known or not known[0] else f"{kind}/{known[1]}/{known[0]}"


def _secret_facts(node: Mapping) -> Iterator[Fact]:
    encrypted = node.get("sops") is not None
    if purpose := _argo_purpose(node):
        yield from _argo(node, purpose, encrypted=encrypted)
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


def _argo_purpose(node: Mapping) -> str:
    """Return what a Secret is for Argo CD: a repository, credentials for several, or a cluster."""
    metadata = node.map("metadata")
    labels = metadata.map("labels") if metadata is not None else None
    kind = labels.text(_ARGO_LABEL) if labels is not None else ""
    return kind if kind in ("repository", "repo-creds", "repository-write", "repo-write-creds", "cluster") else ""


def _argo(node: Mapping, purpose: str, *, encrypted: bool) -> Iterator[Fact]:
    """Yield the endpoint and the credentials of a repository of Argo CD, or those of a cluster."""
    values = {key: (scalar, encoded) for key, scalar, encoded in _values(node)}
    if purpose == "cluster":
        if "config" in values and not encrypted:
            yield from _argo_cluster(*values["config"], values.get("server"))
        return
    plain = {key: (decoded(s.value) or "") if encoded else s.value for key, (s, encoded) in values.items()}
    helm = plain.get("type") == "helm" or plain.get("enableOCI") == "true"
    url = parse_url(plain.get("url", "").strip())
    yield from _argo_endpoint(values, purpose, helm=helm)
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


def _argo_endpoint(values: dict[str, tuple[Scalar, bool]], purpose: str, *, helm: bool) -> Iterator[Fact]:
    """Yield the repository itself, and the setting that leaves its certificate or host key unchecked."""
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few manifests configure repositories

    ecosystem, purpose_of = ("helm", "chart") if helm else ("git", "vcs")
    url, encoded = values.get("url", (None, False))
    if url is None or encoded:
        return
    if purpose in ("repository", "repository-write"):
        yield from registry(url.source, ecosystem=ecosystem, purpose=purpose_of, key="url")
    for key in ("insecure", "insecureIgnoreHostKey"):
        flag, hidden = values.get(key, (None, False))
        yield from insecure(flag, url, ecosystem=ecosystem, purpose=purpose_of, key=key) if not hidden else ()


def _argo_cluster(config: Scalar, encoded: bool, server: tuple[Scalar, bool] | None) -> Iterator[Fact]:
    """Yield what opens a cluster; of a configuration in base64 the whole value is the place."""
    from relcheck.readers.home_secrets import decoded_base64, home_credential  # noqa: PLC0415 - few secrets are clusters
    from relcheck.readers.yaml_tree import load  # noqa: PLC0415 - see above

    text = decoded_base64(config.source) if encoded else config.source
    url = parse_url((decoded(server[0].value) or "") if server[1] else server[0].value) if server is not None else None
    for top in load(text).documents if text is not None else ():
        found = [(key, top.scalar(key)) for key in ("password", "bearerToken")] if isinstance(top, Mapping) else []
        tls = top.map("tlsClientConfig") if isinstance(top, Mapping) else None
        found += [("keyData", tls.scalar("keyData"))] if tls is not None else []
        for key, value in found:
            if value is not None and value.value:
                host = url.host if url is not None else ""
                made = home_credential(value.source, "kubeconfig", ecosystem="kubernetes", key=key, host=host)
                place = made.span._replace(form=f"{made.span.form}>composed") if encoded else made.span
                yield made.replace(span=place, parts={"value": place}, where="manifest")
        flag = tls.scalar("insecure") if tls is not None else None
        if flag is not None and server is not None:
            yield from insecure(flag, server[0], ecosystem="kubernetes", purpose="cluster", key="insecure")
