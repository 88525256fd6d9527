"""deno.json and jsr.json: the package, its imports, and tasks (Deno documentation: Configuration; JSR: Publishing).

An import is `npm:name@range`, `jsr:@scope/name@range`, a URL or a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Dependency, Fact, Package, Text, Unreadable
from relcheck.readers.jsonc import load_jsonc
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.npm_spec import npm_firmness
from relcheck.readers.package_sources import url_dependency
from relcheck.readers.package_versions import version_fields
from relcheck.source import Source, Span

_SPECIFIER = re.compile(r"(?P<system>npm|jsr):/?(?P<name>(?:@[^/@]+/)?[^/@]+)(?:@(?P<range>[^/]*))?(?:/.*)?$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its imports, and what its tasks do."""
    loaded = load_jsonc(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    yield from _package(source, top)
    yield from _imports(top.map("imports"))
    for _, scope in (top.map("scopes") or _EMPTY).pairs():
        yield from _imports(scope if isinstance(scope, Mapping) else None)
    yield from _tasks(top.map("tasks"))


def _package(source: Source, top: Mapping) -> Iterator[Package]:
    name, version = top.scalar("name"), top.scalar("version")
    if name is None or version is None:
        return
    written: Text = version.value
    yield Package(
        span=version.span,
        parts={"name": name.span, "version": version.span},
        ecosystem="jsr",
        name=name.value,
        scope=name.value.partition("/")[0] if name.value.startswith("@") else "",
        folder=source.path.rpartition("/")[0],
        version=written,
        private=top.get("exports") is None or top.text("publish") == "false",
        **version_fields("npm", written),
    )


def _imports(table: Mapping | None) -> Iterator[Fact]:
    for key, value in (table or _EMPTY).pairs():
        if isinstance(value, Scalar):
            yield from _import(key, value)


def _import(key: Scalar, value: Scalar) -> Iterator[Fact]:
    match = _SPECIFIER.match(value.value)
    if match is not None:
        constraint = match["range"] or ""
        parts: dict[str, Span] = {"name": value.source.at(*match.span("name"))}
        if constraint:
            parts["constraint"] = value.source.at(*match.span("range"))
        yield Dependency(
            span=parts.get("constraint", parts["name"]), parts=parts, ecosystem=match["system"], where="manifest",
            name=match["name"], constraint=constraint, firmness=npm_firmness(constraint),
        )  # fmt: skip
    elif re.match(r"https?://", value.value):
        shared = {"ecosystem": "deno", "where": "manifest", "name": key.value}
        yield from url_dependency(value.source, {"name": key.span}, shared)


def _tasks(table: Mapping | None) -> Iterator[Fact]:
    if table is not None and table.items:
        from relcheck.readers.named_commands import named_commands  # noqa: PLC0415 - the shell grammar is only needed here

        yield from named_commands(table, "command", "deno")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
