"""package.json: what is published, what it depends on (the grammar of npm's package arguments), and its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Package, Registry, Text, Unreadable
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.npm_spec import group_of, overrides, secret, tool
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_GROUPS = {
    "dependencies": "prod",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
    "resolutions": "override",
}
_ENTRIES = (
    "main",
    "exports",
    "bin",
    "files",
    "module",
    "types",
    "typings",
    "browser",
    "man",
    "directories",
    "style",
    "sass",
)
_TEMPLATE = re.compile(r"\{\{|<%|\$\{")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its dependencies, the registry it publishes to, and what its scripts do."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping) or top.get("_id") is not None:
        return
    yield _package(source, top)
    yield from _publish_config(top.map("publishConfig"))
    for key, group in _GROUPS.items():
        yield from group_of(top.map(key), group)
    yield from overrides(top.map("overrides"))
    yield from _pnpm(top.map("pnpm"))
    yield from _tools(top)
    yield from _repository(top)
    yield from _scripts(top.map("scripts"))
    updates = top.map("renovate")
    if updates is not None:
        from relcheck.readers.registry_clients import renovate_logins  # noqa: PLC0415 - few packages configure it here

        yield from renovate_logins(updates)


def _package(source: Source, top: Mapping) -> Package:
    name, version, config = top.scalar("name"), top.scalar("version"), top.map("publishConfig")
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.span
    if version is not None:
        parts["version"] = version.span
    words = name.value if name else ""
    target = parse_url(config.text("registry")) if config else None
    written: Text = version.value if version is not None else UNKNOWN
    if version is not None and _TEMPLATE.search(version.value):
        written = UNKNOWN
        parts.pop("version")
    return Package(
        span=parts.get("version") or parts.get("name") or top.span,
        parts=parts,
        ecosystem="npm",
        name=words or UNKNOWN,
        scope=words.partition("/")[0] if words.startswith("@") else "",
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        private=top.text("private") == "true" or name is None or version is None,
        blocked='"private": true' if top.text("private") == "true" else "",
        repository=_repository_address(top),
        publish_host=target.host if target else "",
        access=config.text("access") if config else "",
        dist_tag=config.text("tag") if config else "",
        root=top.get("workspaces") is not None,
        entry=any(top.get(key) is not None for key in _ENTRIES),
        contents="files" if top.get("files") is not None or (config and config.get("directory")) else "",
        **version_fields("npm", written),
    )


def _repository_address(top: Mapping) -> str:
    """Return `repository`, or its `url`, as written."""
    node = top.get("repository")
    return node.value if isinstance(node, Scalar) else node.text("url") if isinstance(node, Mapping) else ""


def _publish_config(config: Mapping | None) -> Iterator[Fact]:
    """`publishConfig.registry`, and `publishConfig."@scope:registry"`."""
    for key, value in config.pairs() if config else ():
        if isinstance(value, Scalar) and (key.value == "registry" or key.value.endswith(":registry")):
            scope = key.value.partition(":")[0] if key.value.startswith("@") else ""
            yield from registry(
                value.source, ecosystem="npm", purpose="publish", key=f"publishConfig.{key.value}", scope=scope
            )


def _pnpm(pnpm: Mapping | None) -> Iterator[Fact]:
    """`pnpm.overrides`, and the dependencies that `pnpm.packageExtensions` adds to packages."""
    if pnpm is None:
        return
    yield from overrides(pnpm.map("overrides"))
    for _, extended in (pnpm.map("packageExtensions") or _EMPTY).pairs():
        for key in ("dependencies", "optionalDependencies", "peerDependencies"):
            yield from group_of(extended.map(key) if isinstance(extended, Mapping) else None, "override")
    if pnpm.text("dangerouslyAllowAllBuilds") == "true":
        node = pnpm.scalar("dangerouslyAllowAllBuilds")
        if node is not None:
            yield every_script(node.span, "dangerouslyAllowAllBuilds")


def every_script(span: Span, key: str) -> Registry:
    """Return the setting that lets every dependency run scripts when it is installed."""
    return Registry(span=span, ecosystem="npm", purpose="scripts", url="", host="", key=key)


def _tools(top: Mapping) -> Iterator[Fact]:
    """`packageManager: name@version+sha512.hex`, the engines of developers, and what Volta pins."""
    manager = top.scalar("packageManager")
    match = re.match(r"(?P<name>[a-z]+)@(?P<version>[^+]+)(?P<hash>\+sha\d+\.)?", manager.value) if manager else None
    if manager is not None and match is not None:
        constraint = manager.source.part(*match.span("version"))
        yield tool(manager.source, match["name"], constraint, hashed=match["hash"] is not None)
    for _, node in (top.map("devEngines") or _EMPTY).pairs():
        for engine in node.items if isinstance(node, Sequence) else [node]:
            name = engine.text("name") if isinstance(engine, Mapping) else ""
            version = engine.scalar("version") if isinstance(engine, Mapping) else None
            if name and version is not None:
                yield tool(version.source, name, version.source)
    for key, value in (top.map("volta") or _EMPTY).pairs():
        if isinstance(value, Scalar) and key.value != "extends":
            yield tool(value.source, key.value, value.source)


def _repository(top: Mapping) -> Iterator[Fact]:
    node = top.get("repository")
    url = node.scalar("url") if isinstance(node, Mapping) else node
    if isinstance(url, Scalar):
        yield from secret(url.source)


def _scripts(table: Mapping | None) -> Iterator[Fact]:
    if table is None or not table.items:
        return
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - the shell grammar is only needed here

    for key, value in table.pairs():
        if isinstance(value, Scalar):
            yield from read_shell(value.source, context=f"npm:{key.value}")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
