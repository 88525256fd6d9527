"""Pipfile: sources and packages of Pipenv (Pipenv documentation: Pipfile and Pipfile.lock).

A package is a specifier (`"*"` takes any) or a table. Without `index` it comes from the first source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Registry, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_sources import url_dependency
from relcheck.readers.pyproject import git_table
from relcheck.readers.python_requirement import python_firmness
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

_NOT_PACKAGES = frozenset(("source", "requires", "scripts", "pipenv"))


def read(source: Source) -> Iterator[Fact]:
    """Yield the indexes and the packages of every category."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    yield from _sources(top)
    for key, table in top.pairs():
        if isinstance(table, Mapping) and key.value not in _NOT_PACKAGES:
            group = {"packages": "prod", "dev-packages": "dev"}.get(key.value, "optional")
            for name, value in table.pairs():
                yield from _package(name, value, group)


def _sources(top: Mapping) -> Iterator[Fact]:
    """The first source serves all packages that name none; a later one only those that name it."""
    named = {
        item.text("index")
        for _, table in top.pairs()
        if isinstance(table, Mapping)
        for _, item in table.pairs()
        if isinstance(item, Mapping)
    }
    sources = top.get("source")
    for number, entry in enumerate(sources.items if isinstance(sources, Sequence) else [sources]):
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or url is None:
            continue
        purpose = "index" if not number else "explicit-index" if entry.text("name") in named else "second-index"
        yield from registry(url.source, ecosystem="pypi", purpose=purpose, key="source")
        checked = entry.scalar("verify_ssl")
        if checked is not None and checked.value == "false":
            yield Registry(
                span=checked.span,
                ecosystem="pypi",
                purpose="index",
                url=UNKNOWN,
                host=UNKNOWN,
                tls="off",
                key="verify_ssl=false",
            )


def _package(key: Scalar, node: Node, group: str) -> Iterator[Fact]:
    shared: dict[str, Any] = {"ecosystem": "pypi", "where": "manifest", "group": group, "name": key.value}
    parts: dict[str, Span] = {"name": key.span}
    cut = key.value.find("[")
    if cut > 0:
        shared["name"] = key.value[:cut]
        parts["name"] = key.source.at(0, cut)
    if isinstance(node, Scalar):
        yield _version(node, parts, shared)
        return
    if not isinstance(node, Mapping):
        return
    shared["index"] = node.text("index")
    url, version = node.scalar("file"), node.scalar("version")
    if node.get("git") is not None:
        yield from git_table(node, parts, shared)
    elif url is not None and "://" in url.value:
        yield from url_dependency(url.source, parts, shared)
    elif node.get("path") is not None or url is not None:
        yield Dependency(span=key.span, parts=parts, firmness="path", source="path", **shared)
    elif version is not None:
        yield _version(version, parts, shared)
    else:
        yield Dependency(span=key.span, parts=parts, constraint="", firmness="any", **shared)


def _version(value: Scalar, parts: dict[str, Span], shared: dict[str, Any]) -> Dependency:
    firmness = "any" if value.value.strip() == "*" else python_firmness(value.value)
    return Dependency(
        span=value.span, parts={**parts, "constraint": value.span}, constraint=value.value, firmness=firmness, **shared
    )
