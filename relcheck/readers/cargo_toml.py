"""Cargo.toml: the crate, where it may be published, and what it depends on (The Cargo Book: The Manifest Format).

A bare version is a caret range; `=1.2.3` is exact. A member may leave version, publish and dependencies to its
workspace (`version.workspace = true`); the link fills those in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Package, Text, Truth, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_metadata import first, of_crate
from relcheck.readers.package_sources import git_dependency
from relcheck.readers.package_versions import version_fields
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_GROUPS = {
    "dependencies": "prod",
    "dev-dependencies": "dev",
    "dev_dependencies": "dev",
    "build-dependencies": "build",
    "build_dependencies": "build",
}
_EXACT = re.compile(r"=\s*\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$")
_FLOOR = re.compile(r">=\s*0+(?:\.0+){0,2}$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the crate, the settings of its workspace, and the dependencies of every section."""
    if source.path.rsplit("/", 1)[-1].startswith("rust-toolchain"):
        yield from _toolchain(source)
        return
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    workspace = top.map("workspace")
    yield from _package(source, top)
    yield from _workspace_package(source, workspace)
    yield from _sections(top)
    for _, target in (top.map("target") or _EMPTY).pairs():
        if isinstance(target, Mapping):
            yield from _sections(target)
    yield from _table(workspace.map("dependencies") if workspace else None, "workspace")
    for _, patched in (top.map("patch") or _EMPTY).pairs():
        yield from _table(patched if isinstance(patched, Mapping) else None, "override")
    yield from _table(top.map("replace"), "override")


def _package(source: Source, top: Mapping) -> Iterator[Package]:
    table = top.map("package") or top.map("project")
    name = table.scalar("name") if table else None
    if table is None or name is None:
        return
    version = table.get("version")
    inherited = isinstance(version, Mapping)
    written: Text = UNKNOWN
    parts = {} if _TEMPLATE.search(name.value) else {"name": name.span}
    if isinstance(version, Scalar) and not _TEMPLATE.search(version.value):
        written = version.value
        parts["version"] = version.span
    private, allowed = publishing(table.get("publish"))
    fault = first(of_crate(table))
    if fault is not None:
        parts["value"] = fault.place
    yield Package(
        span=parts.get("version", name.span),
        parts=parts,
        ecosystem="cargo",
        name=name.value if parts.get("name") else UNKNOWN,
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=inherited,
        private=True if version is None else private,
        blocked="publish = false" if private is True else "",
        publish_to=allowed,
        root=top.map("workspace") is not None,
        missing=_missing(table),
        invalid=fault.why if fault is not None else "",
        **version_fields("cargo", written),
    )


def _missing(table: Mapping) -> tuple[str, ...]:
    """Return what crates.io demands of a crate and the manifest does not have, inherited or not."""
    found = () if table.get("description") is not None else ("description",)
    licensed = table.get("license") is not None or table.get("license-file") is not None
    return found if licensed else (*found, "license")


def _workspace_package(source: Source, workspace: Mapping | None) -> Iterator[Package]:
    """`[workspace.package]`: the version and the registries that members inherit."""
    table = workspace.map("package") if workspace else None
    if table is None:
        return
    version = table.scalar("version")
    written: Text = version.value if version is not None and not _TEMPLATE.search(version.value) else UNKNOWN
    private, allowed = publishing(table.get("publish"))
    yield Package(
        span=version.span if version is not None else table.span,
        parts={"version": version.span} if version is not None and written is not UNKNOWN else {},
        ecosystem="cargo",
        name="",
        folder=source.path.rpartition("/")[0],
        version=written,
        private=private,
        publish_to=allowed,
        version_only=True,
        **version_fields("cargo", written),
    )


def publishing(node: Node | None) -> tuple[Truth, tuple[str, ...]]:
    """Return whether `publish` forbids every upload, and the registries that it allows; inherited is unknown."""
    if isinstance(node, Scalar):
        return node.value == "false", ()
    if isinstance(node, Sequence):
        names = tuple(item.value for item in node if isinstance(item, Scalar))
        return not names, names
    return (UNKNOWN if isinstance(node, Mapping) else False), ()


def _sections(holder: Mapping) -> Iterator[Fact]:
    for section, group in _GROUPS.items():
        yield from _table(holder.map(section), group)


def _table(table: Mapping | None, group: str) -> Iterator[Fact]:
    for key, value in (table or _EMPTY).pairs():
        yield from _dependency(key, value, group)


def _dependency(key: Scalar, node: Node, group: str) -> Iterator[Fact]:
    """`name = "1.2"`, or a table of version, registry, path, git, package and workspace."""
    shared: dict[str, Any] = {"ecosystem": "cargo", "where": "manifest", "group": group}
    if isinstance(node, Scalar):
        yield _from_registry(key, node, {"name": key.span}, {**shared, "name": key.value})
    elif isinstance(node, Mapping):
        renamed = node.scalar("package")
        name = renamed or key
        shared |= {"name": name.value, "index": node.text("registry")}
        if node.text("optional") == "true" and group == "prod":
            shared["group"] = "optional"
        yield from _from_table(key, node, {"name": name.span}, shared)


def _from_table(key: Scalar, node: Mapping, parts: dict[str, Span], shared: dict[str, Any]) -> Iterator[Fact]:
    version, git, path = node.scalar("version"), node.scalar("git"), node.scalar("path")
    index = node.scalar("registry-index")
    if node.text("workspace") == "true":
        yield Dependency(span=parts["name"], parts=parts, firmness="workspace", source="workspace", **shared)
    elif git is not None:
        yield from _git(git, node, parts, shared)
    elif path is not None:
        found = {**parts, **({"constraint": version.span} if version else {})}
        yield Dependency(
            span=parts["name"], parts=found, constraint=version.value if version else "",
            firmness="path", source="path", **shared,
        )  # fmt: skip
    elif version is not None:
        yield _from_registry(key, version, parts, shared)
    if index is not None:
        yield from registry(index.source, ecosystem="cargo", purpose="index", key="registry-index")


def _git(git: Scalar, node: Mapping, parts: dict[str, Span], shared: dict[str, Any]) -> Iterator[Fact]:
    version, rev, tag, branch = (node.scalar(name) for name in ("version", "rev", "tag", "branch"))
    shared["constraint"] = version.value if version else ""
    found = {**parts, **({"constraint": version.span} if version else {})}
    yield from git_dependency(
        git.source,
        found,
        shared,
        commit=rev.source if rev else None,
        tag=tag.source if tag else None,
        branch=branch.source if branch else None,
    )


def _from_registry(key: Scalar, version: Scalar, parts: dict[str, Span], shared: dict[str, Any]) -> Dependency:
    return Dependency(
        span=version.span if version.value else key.span,
        parts={**parts, "constraint": version.span},
        constraint=version.value,
        firmness=cargo_firmness(version.value),
        **shared,
    )


def cargo_firmness(requirement: str) -> str:
    """Say how firmly a version requirement binds: exact, range, or any (`*`, a floor of zero); UNKNOWN never."""
    text = requirement.strip()
    if text in ("", "*") or _FLOOR.match(text):
        return "any"
    return "exact" if _EXACT.match(text) else "range"


def _toolchain(source: Source) -> Iterator[Fact]:
    """rust-toolchain: one word; rust-toolchain.toml: `[toolchain] channel`."""
    top, _ = load(source)
    table = top.map("toolchain")
    channel = table.scalar("channel") if table else None
    place = channel.source if channel is not None else None
    word = re.fullmatch(r"\s*([A-Za-z0-9.-]+)\s*", source.text) if table is None else None
    if word is not None:
        place = source.part(*word.span(1))
    if place is None:
        return
    text = place.text
    exact = re.match(r"\d+\.\d+\.\d+|(?:nightly|beta|stable)-\d{4}-\d\d-\d\d", text)
    firmness = "exact" if exact else "range" if text[:1].isdigit() else "tag"
    yield Dependency(
        span=place.all(), parts={"constraint": place.all()}, ecosystem="rust-toolchain", where="manifest", name="rust",
        constraint=text, firmness=firmness, group="tool",
    )  # fmt: skip


_EMPTY = Mapping(Source("", ""), 0, flow=False)
