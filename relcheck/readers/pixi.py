"""pixi.toml, or `[tool.pixi]` of pyproject.toml (pixi's documentation: the manifest).

workspace | project { channels [URL | NAME | {channel}] }
dependencies, host-dependencies, build-dependencies   NAME = "SPEC" | {version, channel}              of conda
pypi-dependencies   NAME = "SPEC" | {version | git, branch, tag, rev | url | path}                     of Python
pypi-options { index-url, extra-index-urls, find-links [{url}] }, tasks NAME = "COMMAND" | {cmd}
all but the first again in `feature.NAME`, and dependencies and tasks in `target.PLATFORM`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Unreadable
from relcheck.readers.conda_environment import conda_firmness
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_sources import git_dependency, url_dependency
from relcheck.readers.python_requirement import python_firmness
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.source import Source

_CONDA = {"dependencies": "prod", "host-dependencies": "build", "build-dependencies": "build"}


def read(source: Source) -> Iterator[Fact]:
    """Yield the channels and indexes, the dependencies, and what tasks do."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    yield from read_tables(top)


def read_tables(top: Mapping) -> Iterator[Fact]:
    """Yield what a manifest says, wherever it stands."""
    workspace = top.map("workspace") or top.map("project")
    for channel in (workspace.seq("channels") if workspace is not None else None) or ():
        url = channel.scalar("channel") if isinstance(channel, Mapping) else channel
        if isinstance(url, Scalar):
            yield from registry(url.source, ecosystem="conda", purpose="index", key="channels")
    for table in (top, *_inner(top.map("feature"))):
        yield from _options(table.map("pypi-options"))
        for holder in (table, *_inner(table.map("target"))):
            yield from _dependencies(holder)
            yield from _tasks(holder.map("tasks"))


def _inner(table: Mapping | None) -> list[Mapping]:
    return [value for _, value in table.pairs() if isinstance(value, Mapping)] if table is not None else []


def _options(options: Mapping | None) -> Iterator[Fact]:
    """Pixi asks the first index that has a package, as uv does."""
    if options is None:
        return
    for key, purpose in (("index-url", "index"), ("extra-index-urls", "first-index"), ("find-links", "find-links")):
        node = options.get(key)
        for item in node if isinstance(node, Sequence) else (node,):
            url = item.scalar("url") if isinstance(item, Mapping) else item
            if isinstance(url, Scalar):
                yield from registry(url.source, ecosystem="pypi", purpose=purpose, key=f"pypi-options.{key}")


def _dependencies(holder: Mapping) -> Iterator[Fact]:
    for name, group in _CONDA.items():
        for key, value in (holder.map(name) or _EMPTY).pairs():
            yield from _plain(
                key, value, {"ecosystem": "conda", "where": "manifest", "group": group, "name": key.value}
            )
    for key, value in (holder.map("pypi-dependencies") or _EMPTY).pairs():
        shared = {"ecosystem": "pypi", "where": "manifest", "group": "prod", "name": key.value}
        yield from _python(key, value, shared) if isinstance(value, Mapping) else _plain(key, value, shared)


def _plain(key: Scalar, node: Node, shared: dict[str, Any]) -> Iterator[Fact]:
    """A specification of versions, or a table with one."""
    version = node.scalar("version") if isinstance(node, Mapping) else node
    if isinstance(version, Scalar):
        firmness = conda_firmness if shared["ecosystem"] == "conda" else python_firmness
        yield Dependency(
            span=version.span, parts={"name": key.span, "constraint": version.span}, constraint=version.value,
            firmness="any" if version.value.strip() in ("", "*") else firmness(version.value), **shared,
        )  # fmt: skip


def _python(key: Scalar, table: Mapping, shared: dict[str, Any]) -> Iterator[Fact]:
    git, url = table.scalar("git"), table.scalar("url")
    parts = {"name": key.span}
    if git is not None:
        commit, tag, branch = (
            found.source if (found := table.scalar(name)) is not None else None for name in ("rev", "tag", "branch")
        )
        yield from git_dependency(git.source, parts, shared, commit=commit, tag=tag, branch=branch)
    elif url is not None:
        yield from url_dependency(url.source, parts, shared)
    elif table.get("path") is not None:
        yield Dependency(span=key.span, parts=parts, constraint=UNKNOWN, firmness="path", source="path", **shared)
    else:
        yield from _plain(key, table, shared)


def _tasks(table: Mapping | None) -> Iterator[Fact]:
    if table is not None and table.items:
        from relcheck.readers.named_commands import named_commands  # noqa: PLC0415 - the shell grammar is only needed here

        yield from named_commands(table, "cmd", "pixi")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
