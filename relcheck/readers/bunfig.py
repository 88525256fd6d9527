"""bunfig.toml: the registries that Bun installs from (Bun documentation: bunfig.toml)."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Unreadable
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.refs.url import parse_url
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield `install.registry` and `install.scopes.NAME`, each a URL or a table with `url` and `token`."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    install = top.map("install")
    if install is None:
        return
    yield from _server(install.get("registry"), "install.registry", "")
    scopes = install.map("scopes")
    for key, value in scopes.pairs() if scopes else ():
        yield from _server(value, f"install.scopes.{key.value}", f"@{key.value.lstrip('@')}")


def _server(node: Node | None, key: str, scope: str) -> Iterator[Fact]:
    url = node.scalar("url") if isinstance(node, Mapping) else node
    parsed = parse_url(url.value) if isinstance(url, Scalar) else None
    if isinstance(url, Scalar):
        yield from registry(url.source, ecosystem="npm", purpose="index", key=key, scope=scope)
    token = node.scalar("token") if isinstance(node, Mapping) else None
    if token is not None and token.value:
        host = parsed.host if parsed is not None and parsed.host is not UNKNOWN else ""
        made = home_credential(token.source, "npm-token", ecosystem="npm", key="token", host=host)
        yield made.replace(access=made.access or "publish")
