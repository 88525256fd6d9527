"""Cargo's configuration and credentials: `.cargo/config.toml`, `.cargo/credentials.toml`, and their old names.

`[registries.NAME]` has an index and a token, `[registry]` the default and the token of crates.io, `[source.NAME]`
replaces sources, `[env]` sets variables, `[alias]` names commands of Cargo (The Cargo Book: Configuration).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry, Unreadable
from relcheck.readers import embedded
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.package_sources import git_dependency
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.refs.url import parse_url
from relcheck.source import Piece, Source, joined_below

_PROTOCOL = re.compile(r"(?:sparse|git|registry)\+(?=[a-z]+://)")
_TOKEN_VARIABLE = re.compile(r"CARGO_REGISTR(?:Y|IES_[A-Z0-9_]+)_TOKEN$")


def read(source: Source) -> Iterator[Fact]:
    """Yield registries, replaced sources, the proxy, tokens, a revocation check that is switched off, and aliases."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    for key, table in (top.map("registries") or _EMPTY).pairs():
        if isinstance(table, Mapping):
            yield from _registry(table, key.value)
    default = top.map("registry")
    if default is not None:
        yield from _registry(default, "")
    for key, table in (top.map("source") or _EMPTY).pairs():
        address = table.scalar("registry") if isinstance(table, Mapping) else None
        if address is not None:
            yield from index(address, f"source.{key.value}", "mirror")
        yield from _repository(key, table) if isinstance(table, Mapping) else ()
    http = top.map("http") or _EMPTY
    proxy, revoked = http.scalar("proxy"), http.scalar("check-revoke")
    if proxy is not None:
        yield from registry(proxy.source, ecosystem="cargo", purpose="proxy", key="http.proxy")
    if revoked is not None and revoked.value == "false":
        yield Registry(
            span=revoked.span, ecosystem="cargo", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
            key="http.check-revoke = false",
        )  # fmt: skip
    for key, value in (top.map("env") or _EMPTY).pairs():
        token = value.scalar("value") if isinstance(value, Mapping) else value
        if isinstance(token, Scalar) and _TOKEN_VARIABLE.match(key.value):
            yield home_credential(token.source, "cargo-token", ecosystem="cargo", key=key.value)
    yield from _aliases(source, top.map("alias"))


def _repository(key: Scalar, table: Mapping) -> Iterator[Fact]:
    """A source may be a repository: `git`, with one of `rev`, `tag`, `branch`."""
    url = table.scalar("git")
    if url is None:
        return
    commit, tag, branch = (
        found.source if (found := table.scalar(name)) is not None else None for name in ("rev", "tag", "branch")
    )
    shared = {"ecosystem": "cargo", "where": "manifest", "name": key.value, "group": "patch"}
    yield from git_dependency(url.source, {"name": key.span}, shared, commit=commit, tag=tag, branch=branch)


def _aliases(source: Source, table: Mapping | None) -> Iterator[Fact]:
    """`NAME = "publish --dry-run"`, or a list of words, is a command of Cargo without its first word."""
    for _, value in table.pairs() if table is not None else ():
        parts: list[Source | str] = []
        for word in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(word, Scalar) and word.value:
                first = word.source.embed("cargo", (Piece(0, 5, 0, 0),), "variable")
                parts += [" ", word.source] if parts else [first, " ", word.source]
        if parts:
            yield from embedded("shell", joined_below(source, parts))


def _registry(table: Mapping, name: str) -> Iterator[Fact]:
    address, token = table.scalar("index"), table.scalar("token")
    url = parse_url(_PROTOCOL.sub("", address.value)) if address is not None else None
    if address is not None:
        yield from index(address, f"registries.{name}" if name else "registry", "index", name)
    if token is not None:
        key = f"registries.{name}.token" if name else "registry.token"
        host = url.host if url is not None else "" if name else "crates.io"
        made = home_credential(token.source, "cargo-token", ecosystem="cargo", key=key, host=host)
        yield made.replace(access=made.access or "publish")


def index(address: Scalar, key: str, purpose: str, scope: str = "") -> Iterator[Fact]:
    """Yield the registry behind an index URL, whose protocol may stand before it (`sparse+https://`)."""
    cut = _PROTOCOL.match(address.value)
    piece = address.source.part(cut.end() if cut else 0, len(address.value))
    for fact in registry(piece, ecosystem="cargo", purpose=purpose, key=key):
        yield fact.replace(scope=scope) if isinstance(fact, Registry) else fact


_EMPTY = Mapping(Source("", ""), 0, flow=False)
