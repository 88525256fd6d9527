"""What stands beside Gradle's scripts: version catalogs, versions.props, gradle.properties, verification metadata.

*.versions.toml: [versions] NAME = "1" | {strictly, require, prefer, reject, rejectAll}
[libraries] NAME = "g:a:v" | {module | group + name, version | version.ref}; [plugins] NAME = "id:v" | {id, version}
versions.props: g:a = v
gradle.properties: values of `$name` in scripts; org.gradle.dependency.verification
verification-metadata.xml: configuration { verify-metadata, trusted-artifacts }
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Option, Registry, Text, Unreadable, Variables
from relcheck.readers.gradle import gradle_firmness
from relcheck.readers.jvm_wrapper import properties
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.source import Source, Span

_RICH = ("strictly", "require", "prefer")
_MODULE = re.compile(r"(?P<name>[^:\s]+:[^:\s]+)(?::(?P<version>[^:\s]*))?")
_PLUGIN = re.compile(r"(?P<name>[^:\s]+):(?P<version>\S+)")
_PROPS = re.compile(r"(?m)^[ \t]*(?P<name>[\w.*-]+:[\w.*-]+)[ \t]*=[ \t]*(?P<version>[^\s#]+)")
_SECRET = re.compile(r"(?i)password|token|secret|key$|credential")
_OFF = ("off", "lenient")


def read(source: Source) -> Iterator[Fact]:
    """Read one of these files; the name tells which."""
    name = source.path.rsplit("/", 1)[-1].lower()
    if name.endswith(".toml"):
        yield from _catalog(source)
    elif name.endswith(".xml"):
        yield from _verification(source)
    elif name == "gradle.properties":
        yield from _properties(source)
    else:
        for match in _PROPS.finditer(source.text):
            yield _made(source.part(*match.span("name")), source.part(*match.span("version")), "maven", "prod")


def _catalog(source: Source) -> Iterator[Fact]:
    from relcheck.readers.toml_tree import load  # noqa: PLC0415 - loads the grammar of TOML

    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"is no TOML: {fault.reason}")
    versions = top.map("versions")
    named = [(key, *_version(value, versions)) for key, value in _pairs(versions)]
    options = tuple(
        Option(name=f"versions.{_alias(key.value)}", value=text, span=place.all())
        for key, place, text in named
        if place is not None and isinstance(text, str) and text
    )
    if options:
        yield Variables(span=source.at(0, 0), values_of=options)
    for _, value in _pairs(top.map("libraries")):
        yield from _library(value, versions)
    for _, value in _pairs(top.map("plugins")):
        yield from _plugin(value, versions)


def _pairs(table: Mapping | None) -> Iterator[tuple[Scalar, Node]]:
    yield from table.pairs() if table is not None else ()


def _version(node: Node | None, versions: Mapping | None) -> tuple[Source | None, Text]:
    """Return the place and the text of a version: a string, {ref}, or a rich version."""
    if isinstance(node, Scalar):
        return node.source, node.value
    if not isinstance(node, Mapping):
        return None, ""
    reference = node.scalar("ref")
    if reference is not None:
        wanted = _alias(reference.value)
        target = next((value for key, value in _pairs(versions) if _alias(key.value) == wanted), None)
        return _version(target, None) if target is not None else (None, UNKNOWN)
    rich = next((found for key in _RICH if (found := node.scalar(key)) is not None), None)
    return (rich.source, rich.value) if rich is not None else (None, "")


def _alias(name: str) -> str:
    """Return an alias as Gradle compares them: dashes, underscores and dots are one."""
    return re.sub(r"[-_]", ".", name)


def _library(value: Node, versions: Mapping | None) -> Iterator[Fact]:
    if isinstance(value, Scalar):
        match = _MODULE.fullmatch(value.value)
        if match is not None and match["version"]:
            source = value.source
            yield _made(source.part(*match.span("name")), source.part(*match.span("version")), "maven", "prod")
        return
    if not isinstance(value, Mapping):
        return
    module, group, name = (value.scalar(word) for word in ("module", "group", "name"))
    place, text = _version(value.get("version"), versions)
    if text == "":
        return
    if module is not None:
        yield _made(module.source, place, "maven", "prod")
    elif group is not None and name is not None:
        span = Span(min(group.start, name.start), max(group.end, name.end), "composed")
        made = _made(group.source, place, "maven", "prod")
        yield made.replace(name=f"{group.value}:{name.value}", parts={**made.parts, "name": span})


def _plugin(value: Node, versions: Mapping | None) -> Iterator[Fact]:
    if isinstance(value, Scalar):
        match = _PLUGIN.fullmatch(value.value)
        if match is not None:
            source = value.source
            yield _made(source.part(*match.span("name")), source.part(*match.span("version")), "gradle", "build")
    elif isinstance(value, Mapping):
        identity = value.scalar("id")
        place, text = _version(value.get("version"), versions)
        if identity is not None and text != "":
            yield _made(identity.source, place, "gradle", "build")


def _made(name: Source, version: Source | None, ecosystem: str, group: str) -> Dependency:
    parts = {"name": name.all()}
    if version is not None:
        parts["constraint"] = version.all()
    return Dependency(
        span=parts.get("constraint", name.all()), parts=parts, ecosystem=ecosystem, where="manifest", name=name.text,
        constraint=version.text if version is not None else UNKNOWN,
        firmness=gradle_firmness(version.text) if version is not None else UNKNOWN, group=group,
    )  # fmt: skip


def _properties(source: Source) -> Iterator[Fact]:
    from relcheck.readers.gradle_properties import secrets  # noqa: PLC0415 - one of four kinds of files

    values = properties(source)
    yield from secrets(values)
    options = tuple(
        Option(name=name, value=value.text, span=value.all())
        for name, value in values.items()
        if not _SECRET.search(name)
    )
    if options:
        yield Variables(span=source.at(0, 0), values_of=options)
    mode = values.get("org.gradle.dependency.verification")
    if mode is not None and mode.text in _OFF:
        yield Registry(
            span=mode.all(), ecosystem="maven", purpose="index", url="", host="",
            key=f"org.gradle.dependency.verification={mode.text}", integrity_off=True,
        )  # fmt: skip


def _verification(source: Source) -> Iterator[Fact]:
    from relcheck.readers.xml_nodes import load  # noqa: PLC0415 - few repositories have one
    from relcheck.readers.xml_tree import Refused, unreadable  # noqa: PLC0415 - only where verification is written

    try:
        root = load(source)
    except Refused as refused:
        yield unreadable(source, refused)
        return
    setting = root.source("configuration", "verify-metadata") if root is not None else None
    if setting is not None and setting.text == "false":
        yield Registry(
            span=setting.all(), ecosystem="maven", purpose="index", url="", host="", key="verify-metadata false",
        )  # fmt: skip
    for trusted in root.all("configuration", "trusted-artifacts", "trust") if root is not None else ():
        group = trusted.attributes().get("group")
        if group is not None and group.text in (".*", "^.*$", ".+"):
            yield Registry(
                span=group.all(), ecosystem="maven", purpose="index", url="", host="", key=f"trust group {group.text}",
                integrity_off=True,
            )  # fmt: skip
