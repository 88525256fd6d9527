"""pyproject.toml: what is published (PEP 621, Poetry, Flit), what it depends on, and the indexes of its tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Package, Registry, Text, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_versions import version_fields
from relcheck.readers.python_requirement import python_firmness, requirement
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.refs.git import classify_ref
from relcheck.source import Source, Span

_CARET = re.compile(r"[~^]?\d+(\.\d+)*\S*$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its dependencies in every group, and the indexes that its tools are given."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    folder = source.path.rpartition("/")[0]
    tool = top.map("tool")
    yield from _package(top, tool, folder)
    yield from _standard_dependencies(top)
    if tool is not None:
        yield from _poetry(tool.map("poetry"))
        yield from _uv(tool.map("uv"))
        yield from _pdm(tool.map("pdm"))
        yield from _hatch(tool.map("hatch"))


def _package(top: Mapping, tool: Mapping | None, folder: str) -> Iterator[Fact]:
    project = top.map("project")
    poetry = tool.map("poetry") if tool else None
    table = project if project is not None and project.get("name") is not None else poetry
    if table is None:
        return
    name, version = table.scalar("name"), table.scalar("version")
    if version is None and poetry is not None and table is project:
        version = poetry.scalar("version")
    dynamic = any(isinstance(item, Scalar) and item.value == "version" for item in table.seq("dynamic") or ())
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.span
    if version is not None:
        parts["version"] = version.span
    written: Text = version.value if version is not None else UNKNOWN
    yield Package(
        span=parts.get("version") or parts.get("name") or table.span,
        parts=parts,
        ecosystem="pypi",
        name=name.value if name else UNKNOWN,
        folder=folder,
        version=written,
        version_dynamic=dynamic or version is None,
        private=_is_private(table, poetry),
        **version_fields("pypi", written),
    )


def _is_private(table: Mapping, poetry: Mapping | None) -> bool:
    private = any(
        isinstance(item, Scalar) and item.value.startswith("Private ::") for item in table.seq("classifiers") or ()
    )
    return private or (poetry is not None and poetry.text("package-mode") == "false")


def _standard_dependencies(top: Mapping) -> Iterator[Fact]:
    """`[project]` (PEP 621), `[dependency-groups]` (PEP 735), `[build-system]` (PEP 518)."""
    project = top.map("project")
    if project is not None:
        yield from _list(project.seq("dependencies"), "prod")
        for _, extra in (project.map("optional-dependencies") or _EMPTY).pairs():
            yield from _list(extra, "optional")
    for _, group in (top.map("dependency-groups") or _EMPTY).pairs():
        yield from _list(group, "dev")
    build = top.map("build-system")
    if build is not None:
        yield from _list(build.seq("requires"), "build")


def _list(node: Node | None, group: str) -> Iterator[Fact]:
    for item in node if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield from requirement(item.source, where="manifest", group=group)


def _poetry(poetry: Mapping | None) -> Iterator[Fact]:
    """`[tool.poetry]`: `name = "^1.0"`, `name = {version = …}` or a list of such tables."""
    if poetry is None:
        return
    yield from _poetry_group(poetry.map("dependencies"), "prod")
    yield from _poetry_group(poetry.map("dev-dependencies"), "dev")
    for _, group in (poetry.map("group") or _EMPTY).pairs():
        if isinstance(group, Mapping):
            yield from _poetry_group(group.map("dependencies"), "dev")
    for entry in poetry.seq("source") or ():
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if url is not None and isinstance(entry, Mapping):
            priority = entry.text("priority")
            purpose = {"explicit": "explicit-index", "supplemental": "extra-index"}.get(priority, "index")
            yield from registry(url.source, ecosystem="pypi", purpose=purpose, key="tool.poetry.source")


def _poetry_group(table: Mapping | None, group: str) -> Iterator[Fact]:
    for key, value in (table or _EMPTY).pairs():
        if key.value != "python":
            for item in value if isinstance(value, Sequence) else (value,):
                yield from _poetry_dependency(key, item, group)


def _poetry_dependency(key: Scalar, node: Node, group: str) -> Iterator[Fact]:
    shared: dict[str, Any] = {"ecosystem": "pypi", "where": "manifest", "group": group, "name": key.value}
    parts = {"name": key.span}
    if isinstance(node, Scalar):
        yield _poetry_version(node, parts, shared)
    elif isinstance(node, Mapping):
        version = node.scalar("version")
        if node.get("git") is not None:
            yield git_table(node, parts, shared)
        elif node.get("path") is not None:
            yield Dependency(span=key.span, parts=parts, firmness="path", source="path", **shared)
        elif node.get("url") is not None:
            yield Dependency(
                span=key.span,
                parts=parts,
                firmness="url",
                source="url",
                hashed="sha256=" in node.text("url"),
                **shared,
            )
        elif version is not None:
            yield _poetry_version(version, parts, shared)


def _poetry_version(node: Scalar, parts: dict[str, Span], shared: dict[str, Any]) -> Dependency:
    text = node.value.strip()
    bare = re.fullmatch(r"\d+(?:\.\d+)*[A-Za-z0-9.+-]*", text)
    firmness = "any" if text in ("*", "") else "exact" if bare else python_firmness(text)
    if _CARET.match(text) and not bare:
        firmness = "range"
    return Dependency(
        span=node.span,
        parts={**parts, "constraint": node.span},
        constraint=node.value,
        firmness=firmness,
        **shared,
    )


def git_table(node: Mapping, parts: dict[str, Span], shared: dict[str, Any]) -> Dependency:
    """Return a dependency from a table with `git` and one of `rev`, `tag`, `branch` (Poetry, uv, PDM)."""
    rev, tag, branch = node.scalar("rev"), node.scalar("tag"), node.scalar("branch")
    ref = rev or tag or branch
    if rev is not None:
        kind = classify_ref(rev.value)
        firmness = "git-commit" if kind in ("sha", "short-sha") else "git-branch" if kind == "branch" else "git-tag"
    else:
        firmness = "git-tag" if tag is not None else "git-branch" if branch is not None else "git-default"
    url = node.scalar("git")
    found = {**parts, "ref": ref.span} if ref is not None else parts
    return Dependency(
        span=ref.span if ref is not None else url.span if url is not None else node.span,
        parts=found,
        firmness=firmness,
        source="git",
        ref=ref.value if ref is not None else "",
        url=url.value if url is not None and "@" not in url.value.partition("://")[2].partition("/")[0] else UNKNOWN,
        scheme=url.value.partition("://")[0] if url is not None and "://" in url.value else "",
        **shared,
    )


def _uv(uv: Mapping | None) -> Iterator[Fact]:
    """`[tool.uv]`: indexes, and sources that replace what the standard dependencies say."""
    if uv is None:
        return
    for name in ("dev-dependencies", "constraint-dependencies", "override-dependencies"):
        yield from _list(uv.seq(name), "dev")
    for entry in uv.seq("index") or ():
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if url is not None and isinstance(entry, Mapping):
            purpose = "explicit-index" if entry.text("explicit") == "true" else "index"
            if purpose == "index" and entry.text("default") != "true":
                purpose = "first-index"
            yield from registry(url.source, ecosystem="pypi", purpose=purpose, key="tool.uv.index")
    for name, purpose in (("index-url", "index"), ("extra-index-url", "extra-index"), ("publish-url", "publish")):
        node = uv.get(name)
        for item in node if isinstance(node, Sequence) else (node,):
            if isinstance(item, Scalar):
                yield from registry(item.source, ecosystem="pypi", purpose=purpose, key=f"tool.uv.{name}")
    strategy = uv.scalar("index-strategy")
    if strategy is not None and strategy.value.startswith("unsafe"):
        yield Registry(
            span=strategy.span, ecosystem="pypi", purpose="index-strategy", url="", host="", key=strategy.value
        )
    for host in uv.seq("allow-insecure-host") or ():
        if isinstance(host, Scalar):
            yield Registry(
                span=host.span, ecosystem="pypi", purpose="trusted-host", url=host.value, host=host.value.split(":")[0],
                tls="off", key="allow-insecure-host",
            )  # fmt: skip
    for key, value in (uv.map("sources") or _EMPTY).pairs():
        for item in value if isinstance(value, Sequence) else (value,):
            if isinstance(item, Mapping) and item.get("git") is not None:
                shared = {"ecosystem": "pypi", "where": "manifest", "name": key.value}
                yield git_table(item, {"name": key.span}, dict(shared))


def _pdm(pdm: Mapping | None) -> Iterator[Fact]:
    if pdm is None:
        return
    for _, group in (pdm.map("dev-dependencies") or _EMPTY).pairs():
        yield from _list(group, "dev")
    for entry in pdm.seq("source") or ():
        if not isinstance(entry, Mapping):
            continue
        url, verify = entry.scalar("url"), entry.scalar("verify_ssl")
        for fact in registry(url.source, ecosystem="pypi", purpose="index", key="tool.pdm.source") if url else ():
            off = isinstance(fact, Registry) and verify is not None and verify.value == "false"
            yield fact.replace(tls="off", key="verify_ssl") if off else fact


def _hatch(hatch: Mapping | None) -> Iterator[Fact]:
    for _, environment in ((hatch.map("envs") if hatch else None) or _EMPTY).pairs():
        if isinstance(environment, Mapping):
            yield from _list(environment.seq("dependencies"), "dev")
            yield from _list(environment.seq("extra-dependencies"), "dev")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
