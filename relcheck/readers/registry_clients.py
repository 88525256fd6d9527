"""Clients of registries and forges that keep their logins in files of their own: a table of files and of places in them.

A place is a path of keys: `*` is any key or item, `a|b` one of two. TOML, YAML, JSON, and lines `key = value`:

    Poetry auth.toml and poetry.toml, PDM and Hatch config.toml, uv credentials.toml           packages of Python
    .sbt/.credentials, .ivy2/.credentials, local.properties                    packages of the JVM
    pub-tokens.json, .stack/upload/credentials.json, .conan2/credentials.json  packages of Dart, Haskell, C++
    jfrog-cli.conf, ansible.cfg, Renovate's hostRules                          several kinds of packages
    registries.yaml (k3s), containerd config.toml, regsync.yml, `skopeo sync`, cr.yaml   images and charts
    gh hosts.yml, glab config.yml                                              forges
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.facts import UNKNOWN, Credential, Fact, Registry, Unreadable
from relcheck.patterns import lazy_pattern
from relcheck.readers import container_registries, gradle_properties, toml_tree, yaml_tree
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.ini_lines import entries
from relcheck.readers.jsonc import load_json5
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.urls import registry
from relcheck.refs.url import parse_url
from relcheck.source import Source


class Client(NamedTuple):
    """A client: the end of its file's path, what it talks to, and the places of secrets."""

    file: re.Pattern[str]
    ecosystem: str
    places: tuple[str, ...]


def _client(file: str, ecosystem: str, *places: str) -> Client:
    return Client(lazy_pattern(f"(?:^|/){file}$", re.IGNORECASE), ecosystem, places)


_TREES = (
    _client(r"pypoetry/auth\.toml", "pypi", "http-basic/*/password", "pypi-token/*"),
    _client(r"poetry\.toml", "pypi", "http-basic/*/password", "pypi-token/*"),
    _client(r"pdm/config\.toml", "pypi", "repository/*/password", "pypi/*/password", "pypi/password"),
    _client(r"hatch/config\.toml", "pypi", "publish/*/auth"),
    _client(r"uv/(?:credentials/)?credentials\.toml", "pypi", "credential/*/password"),
    _client(r"containerd/config\.toml", "oci", "plugins/*/registry/configs/*/auth/password|auth|identitytoken"),
    _client(r"gh/hosts\.ya?ml", "github", "*/oauth_token", "*/users/*/oauth_token"),
    _client(r"glab-cli/config\.ya?ml", "gitlab", "hosts/*/token"),
    _client(r"\.jfrog/jfrog-cli\.conf[.\w]*", "artifactory", "servers/*/password|accessToken|refreshToken"),
    _client(r"\.conan2?/credentials\.json", "conan", "credentials/*/password"),
    _client(r"pub-tokens\.json", "pub", "hosted/*/token"),
    _client(r"\.stack/upload/credentials\.json", "hackage", "password"),
    _client(r"registries\.yaml", "oci", "configs/*/auth/password|auth|token|identity_token|identityToken"),
    _client(r"(?:regsync|regbot)\.ya?ml|\.regctl/config\.json", "oci", "creds/*/pass|token", "hosts/*/pass|token"),
    _client(r"[\w.-]*(?:skopeo|sync)[\w.-]*\.ya?ml", "oci", "*/credentials/password"),
    _client(r"cr\.yaml", "github", "token"),
    _client(r"renovate\.json5?|\.renovaterc(?:\.json5?)?", "", "hostRules/*/password|token"),
)
_LINES = (
    _client(r"(?:\.sbt/.*|\.ivy2/.*|)\.?credentials", "maven", "password"),
    _client(r"ansible\.cfg", "galaxy", "token|password"),
)
_ENGINES = lazy_pattern(r"(?:^|/)(?:registries\.yaml|containerd/config\.toml)$", re.IGNORECASE)
_HOSTS = ("registry", "url", "remote", "service", "matchHost", "host", "hostname")
_USERS = ("username", "user")
_EMPTY = Mapping(Source("", ""), 0, flow=False)


def read(source: Source) -> Iterator[Fact]:
    """Yield the logins that the file holds; files of engines hold more than logins."""
    if _ENGINES.search(source.path):
        yield from container_registries.read(source)
    if source.path.lower().endswith("local.properties"):
        values = {entry.key: entry.value for entry in entries(source, separators="=")}
        yield from gradle_properties.secrets(values)
        return
    for client in _LINES:
        if client.file.search(source.path):
            yield from _lines(source, client)
            return
    for client in _TREES:
        if client.file.search(source.path):
            yield from _tree(source, client)
            return


def _lines(source: Source, client: Client) -> Iterator[Fact]:
    """Lines `key = value`; the sections of ansible.cfg that count are those of servers."""
    found = [entry for entry in entries(source) if client.ecosystem != "galaxy" or entry.section.startswith("galaxy")]
    beside: dict[str, dict[str, str]] = {}
    for entry in found:
        beside.setdefault(entry.section, {})[entry.key.lower()] = entry.value.text
    for entry in found:
        if entry.key.lower() in client.places[0].split("|") and entry.value.text:
            yield _login(entry.value, client, entry.key.lower(), beside[entry.section])


def _tree(source: Source, client: Client) -> Iterator[Fact]:
    if source.path.lower().endswith(".toml"):
        top, faults = toml_tree.load(source)
        documents: list[Node] = [top]
    else:
        # What of JSON5 is not understood is no fault of the file.
        five = source.path.lower().endswith(".json5")
        loaded = load_json5(source) if five else yaml_tree.load(source)
        documents, faults = loaded.documents, [] if five else loaded.faults
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"cannot be read here: {fault.reason}")
    for document in documents:
        if source.path.lower().endswith("poetry.toml") and isinstance(document, Mapping):
            yield from _poetry(document)
        yield from _logins(document, client)


def renovate_logins(config: Node) -> Iterator[Credential]:
    """Yield the logins of a configuration of Renovate that stands in another file (`renovate` of package.json)."""
    yield from _logins(config, _TREES[-1])


def _logins(document: Node, client: Client) -> Iterator[Credential]:
    for place in client.places:
        for holder, key, value in _walk(document, place.split("/"), ""):
            if value.value:
                yield _login(value.source, client, key, holder)


def _poetry(top: Mapping) -> Iterator[Fact]:
    """Where Poetry publishes to, `repositories.NAME.url`, and whose certificate it does not check."""
    for _, table in (top.map("repositories") or _EMPTY).pairs():
        url = table.scalar("url") if isinstance(table, Mapping) else None
        if url is not None:
            yield from registry(url.source, ecosystem="pypi", purpose="publish", key="repositories")
    for name, table in (top.map("certificates") or _EMPTY).pairs():
        checked = table.scalar("cert") if isinstance(table, Mapping) else None
        if checked is not None and checked.value == "false":
            yield Registry(
                span=checked.span, ecosystem="pypi", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                key=f"certificates.{name.value}.cert = false",
            )  # fmt: skip


def _walk(node: Node, path: list[str], host: str) -> Iterator[tuple[dict[str, str], str, Scalar]]:
    """Yield (texts beside the secret, its key, the secret) of a place; a key that `*` stands for may be the host."""
    first, rest = path[0], path[1:]
    if isinstance(node, Sequence):
        for item in node if first == "*" else ():
            yield from _walk(item, rest, host) if rest else ()
    elif isinstance(node, Mapping):
        for key, value in node.pairs():
            if first != "*" and key.value not in first.split("|"):
                continue
            if rest:
                yield from _walk(value, rest, key.value if first == "*" else host)
            elif isinstance(value, Scalar):
                texts = {name.value: text.value for name, text in node.pairs() if isinstance(text, Scalar)}
                yield {"host": host, **texts}, key.value, value


def _login(value: Source, client: Client, key: str, beside: dict[str, str]) -> Credential:
    said = next((beside[name] for name in _HOSTS if beside.get(name)), "")
    url = parse_url(said)
    host = str(url.host) if url is not None and isinstance(url.host, str) else said
    user = next((beside[name] for name in _USERS if beside.get(name)), "")
    name = "token" if "token" in key.lower() else "password"
    return home_credential(
        value, "client-login", ecosystem=client.ecosystem, key=name, host=host if "." in host else "", user=user
    )
