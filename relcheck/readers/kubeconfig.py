"""kubeconfig: how kubectl and its kin reach clusters (Kubernetes documentation: kubeconfig (v1)).

clusters[].cluster {server, certificate-authority-data, insecure-skip-tls-verify, proxy-url}
users[].user {token, username, password, client-certificate-data, client-key-data, auth-provider {config}, exec {env}}
contexts[].context {cluster, user}

Certificates are public; keys stand in base64. What a helper program fetches (`exec`) is in no file.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Registry, Unreadable
from relcheck.readers.home_secrets import decoded_base64, home_credential
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.urls import userinfo
from relcheck.readers.yaml_tree import load
from relcheck.refs.secrets import literal_form, looks_secret_name
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source

_PROVIDER_KEYS = ("access-token", "id-token", "refresh-token", "client-secret")


def read(source: Source) -> Iterator[Fact]:
    """Yield the credentials of all documents of a file."""
    loaded = load(source)
    for fault in loaded.faults if "{{" not in source.text else ():  # a template is YAML only when it is filled in
        yield Unreadable(span=fault.span, reason=f"is no YAML: {fault.reason}")
    for document in loaded.documents:
        yield from read_document(source, document)


def is_kubeconfig(node: Mapping) -> bool:
    """Whether a document is the configuration of a client: `kind: Config` of `v1` with users."""
    return node.text("kind") == "Config" and node.text("apiVersion") == "v1" and node.seq("users") is not None


def read_document(_: Source, document: Node) -> Iterator[Fact]:
    """Yield the credentials of the users, and those in addresses of clusters."""
    if not isinstance(document, Mapping):
        return
    hosts = _hosts(document)
    for entry in document.seq("users") or ():
        user = entry.map("user") if isinstance(entry, Mapping) else None
        if user is not None and isinstance(entry, Mapping):
            name = entry.text("name")
            yield from _user(user, name, hosts.get(name, ""))
    for entry in document.seq("clusters") or ():
        cluster = entry.map("cluster") if isinstance(entry, Mapping) else None
        for key in ("server", "proxy-url"):
            address = cluster.scalar(key) if cluster is not None else None
            found = userinfo(address.source, key=key) if address is not None else None
            if found is not None:
                yield found
        unchecked = cluster.scalar("insecure-skip-tls-verify") if cluster is not None else None
        if unchecked is not None and cluster is not None and unchecked.value == "true":
            yield _unchecked(unchecked, cluster.text("server"))


def _unchecked(place: Scalar, server: str) -> Registry:
    """A server whose certificate nobody checks: what is deployed, and the login, go to whoever answers."""
    url = parse_url(server)
    host = url.host if url is not None else UNKNOWN
    return Registry(
        span=place.span, ecosystem="kubernetes", purpose="cluster", url=url.redacted if url is not None else UNKNOWN, host=host,
        tls="off", key="insecure-skip-tls-verify", loopback=UNKNOWN if host is UNKNOWN else is_loopback(str(host)),
    )  # fmt: skip


def _hosts(document: Mapping) -> dict[str, str]:
    """Return the host of the cluster that a context pairs with a user, by the user's name."""
    servers, pairs = {}, {}
    for entry in document.seq("clusters") or ():
        cluster = entry.map("cluster") if isinstance(entry, Mapping) else None
        url = parse_url(cluster.text("server")) if cluster is not None else None
        if isinstance(entry, Mapping) and url is not None and isinstance(url.host, str):
            servers[entry.text("name")] = url.host
    for entry in document.seq("contexts") or ():
        context = entry.map("context") if isinstance(entry, Mapping) else None
        if context is not None:
            pairs[context.text("user")] = servers.get(context.text("cluster"), "")
    return pairs


def _user(user: Mapping, name: str, host: str) -> Iterator[Fact]:
    for key in ("token", "password"):
        value = user.scalar(key)
        if value is not None and value.value:
            yield _secret(value, key, host, user.text("username") or name)
    key_data = user.scalar("client-key-data")
    if key_data is not None and key_data.value:
        yield from _key(key_data, host)
    provider = user.map("auth-provider")
    settings = provider.map("config") if provider is not None else None
    for name_of in _PROVIDER_KEYS:
        value = settings.scalar(name_of) if settings is not None else None
        if value is not None and value.value:
            yield _secret(value, name_of, host, name)
    helper = user.map("exec")
    for variable in (helper.seq("env") if helper is not None else None) or ():
        value = variable.scalar("value") if isinstance(variable, Mapping) else None
        if value is not None and isinstance(variable, Mapping) and looks_secret_name(variable.text("name")):
            yield _secret(value, variable.text("name"), host, name)


def _secret(value: Scalar, key: str, host: str, user: str) -> Credential:
    return home_credential(value.source, "kubeconfig", ecosystem="kubernetes", key=key, host=host, user=user)


def _key(value: Scalar, host: str) -> Iterator[Fact]:
    """`client-key-data` is the base64 of a private key; what is no base64 can only be a reference or a placeholder."""
    from relcheck.readers.private_key import read as read_keys  # noqa: PLC0415 - few users log in by a key

    plain = decoded_base64(value.source)
    if plain is None:
        form = literal_form(value.value)
        yield home_credential(
            value.source, "private-key", ecosystem="kubernetes", key="private key of a client", host=host,
            form="placeholder" if form == "literal" else form,
        )  # fmt: skip
        return
    for fact in read_keys(plain):
        if isinstance(fact, Credential):
            place = plain.all()
            yield fact.replace(span=place, parts={"value": place}, where="home", ecosystem="kubernetes", host=host)
