"""pnpm-workspace.yaml: catalogs, overrides and registries of a workspace (pnpm documentation: Settings)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Registry, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.npm_spec import group_of, npm_firmness
from relcheck.readers.package_json import every_script
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_CONFIG = re.compile(r"(?P<version>[^+\s]+)(?:\+(?P<integrity>sha\d+-\S+))?$")


def read(source: Source) -> Iterator[Fact]:
    """Yield what the catalogs and overrides say, the registries, and settings that weaken an install."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid YAML here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    yield from group_of(top.map("catalog"), "catalog")
    for _, catalog in (top.map("catalogs") or _EMPTY).pairs():
        yield from group_of(catalog if isinstance(catalog, Mapping) else None, "catalog")
    yield from group_of(top.map("overrides"), "override")
    for key, value in (top.map("configDependencies") or _EMPTY).pairs():
        yield from _config_dependency(key, value)
    yield from _registries(top)
    yield from _settings(top)


def _config_dependency(key: Scalar, node: Node) -> Iterator[Fact]:
    """`name: version+integrity`, or a mapping with `version` and `integrity`: it runs before everything else."""
    value = node.scalar("version") if isinstance(node, Mapping) else node
    match = _CONFIG.match(value.value) if isinstance(value, Scalar) else None
    if not isinstance(value, Scalar) or match is None:
        return
    place = value.source.at(*match.span("version"))
    yield Dependency(
        span=place,
        parts={"name": key.span, "constraint": place},
        ecosystem="npm",
        where="manifest",
        name=key.value,
        constraint=match["version"],
        firmness=npm_firmness(match["version"]),
        group="build",
        hashed=match["integrity"] is not None or (isinstance(node, Mapping) and node.get("integrity") is not None),
    )


def _registries(top: Mapping) -> Iterator[Fact]:
    """`registry: URL`, and `registries: {scope: URL}` or `{URL: {scopes: […]}}`."""
    single = top.scalar("registry")
    if single is not None:
        yield from registry(single.source, ecosystem="npm", purpose="index", key="registry")
    for name in ("registries", "namedRegistries"):
        for key, value in (top.map(name) or _EMPTY).pairs():
            if isinstance(value, Scalar):
                scope = "" if key.value == "default" or name == "namedRegistries" else key.value
                purpose = "named-index" if name == "namedRegistries" else "index"
                yield from registry(
                    value.source, ecosystem="npm", purpose=purpose, key=f"{name}.{key.value}", scope=scope
                )
            elif isinstance(value, Mapping):
                yield from _by_url(key, value)


def _by_url(url: Scalar, node: Mapping) -> Iterator[Fact]:
    scopes = [item.value for item in node.seq("scopes") or () if isinstance(item, Scalar)]
    for scope in scopes or [""]:
        yield from registry(url.source, ecosystem="npm", purpose="index", key="registries", scope=scope)


def _settings(top: Mapping) -> Iterator[Fact]:
    strict = top.scalar("strictSsl")
    if strict is not None and strict.value == "false":
        yield Registry(
            span=strict.span,
            ecosystem="npm",
            purpose="index",
            url=UNKNOWN,
            host=UNKNOWN,
            tls="off",
            key="strictSsl: false",
        )
    every = top.scalar("dangerouslyAllowAllBuilds")
    if every is not None and every.value == "true":
        yield every_script(every.span, "dangerouslyAllowAllBuilds")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
