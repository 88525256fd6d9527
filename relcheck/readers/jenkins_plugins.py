"""The plugins of a Jenkins image (documentation: plugin installation manager): `plugins.txt` and `plugins.yaml`.

    ID[:VERSION[:URL]]                            VERSION: a number, latest, experimental, incrementals;GROUP;NUMBER
    plugins: [{artifactId, groupId, source: {version, url}}]

A text in which a line is nothing of the kind belongs to another tool and gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Dependency, Fact
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.source import Source

_LINE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<version>[\w.;+-]*)(?::(?P<url>\S*))?)?")
_MOVING = ("latest", "experimental")


def read(source: Source) -> Iterator[Fact]:
    """Read a list of plugins."""
    if source.path.endswith(".txt"):
        yield from _lines(source)
        return
    from relcheck.readers.yaml_tree import load  # noqa: PLC0415 - only where it is YAML

    for document in load(source).documents:
        listed = document.get("plugins") if isinstance(document, Mapping) else None
        for entry in listed.items if isinstance(listed, Sequence) else ():
            name = entry.scalar("artifactId") if isinstance(entry, Mapping) else None
            if name is not None and isinstance(entry, Mapping):
                given = entry.map("source")
                yield _plugin(name.source, _version(given), url=given is not None and given.get("url") is not None)


def _version(given: Mapping | None) -> Source | None:
    found = given.get("version") if given is not None else None
    return found.source if isinstance(found, Scalar) else None


def _lines(source: Source) -> Iterator[Fact]:
    found: list[Fact] = []
    versions = 0
    at = 0
    for line in source.text.splitlines(keepends=True):
        words = line.partition("#")[0].strip()
        if words:
            match = _LINE.fullmatch(words)
            if match is None:
                return
            start = at + line.index(words)
            name = source.part(start, start + match.end("name"))
            version = match["version"]
            versions += bool(version)
            place = source.part(start + match.start("version"), start + match.end("version")) if version else None
            found.append(_plugin(name, place, url=bool(match["url"])))
        at += len(line)
    if versions:
        yield from found


def _plugin(name: Source, version: Source | None, *, url: bool) -> Dependency:
    text = version.text if version is not None else ""
    if text.startswith("incrementals;") and version is not None:
        version = version.part(text.rfind(";") + 1, len(text))
        text = version.text
    parts = {"name": name.all()}
    if version is not None and text:
        parts["constraint"] = version.all()
    return Dependency(
        span=parts.get("constraint", parts["name"]),
        parts=parts,
        ecosystem="jenkins",
        where="manifest",
        name=name.text,
        constraint=text,
        firmness="url" if url and not text else "any" if not text else "tag" if text in _MOVING else "exact",
        source="url" if url else "registry",
    )
