"""Second places that state the version of a Python package: `__version__ = "…"`, setup.cfg and setup.py literals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Package
from relcheck.readers.package_versions import version_fields
from relcheck.source import Source

_DUNDER = re.compile(r"^__version__\s*(?::\s*\w+\s*)?=\s*[\"'](?P<version>[^\"'\n]+)[\"']\s*(?:#.*)?$", re.MULTILINE)
_SECTION = re.compile(r"^\[(?P<name>[^\]\n]+)\]\s*$", re.MULTILINE)
_SETTING = re.compile(r"^(?P<key>name|version)[ \t]*=[ \t]*(?P<value>[^\s#;][^\n]*?)[ \t]*$", re.MULTILINE)
_CALL = re.compile(r"^\s*(?:setuptools\.)?setup\(", re.MULTILINE)
_ARGUMENT = re.compile(r"^\s*(?P<key>name|version)\s*=\s*[\"'](?P<value>[^\"'\n]+)[\"']\s*,?\s*(?:#.*)?$", re.MULTILINE)
_DYNAMIC = ("attr:", "file:", "${", "{{")


def read(source: Source) -> Iterator[Fact]:
    """Yield the version that the file states; its package is decided by the manifest beside or above it."""
    name = source.path.rsplit("/", 1)[-1]
    if name == "setup.cfg":
        yield from _from_metadata(source)
    elif name == "setup.py":
        call = _CALL.search(source.text)
        if call:
            yield from _stated(source, {match["key"]: match for match in _ARGUMENT.finditer(source.text, call.end())})
    else:
        found = list(_DUNDER.finditer(source.text))
        if len(found) == 1:
            yield _package(source, found[0].span("version"), "")


def _from_metadata(source: Source) -> Iterator[Fact]:
    sections = list(_SECTION.finditer(source.text))
    for number, section in enumerate(sections):
        if section["name"].strip() == "metadata":
            end = sections[number + 1].start() if number + 1 < len(sections) else len(source.text)
            yield from _stated(
                source, {match["key"]: match for match in _SETTING.finditer(source.text, section.end(), end)}
            )


def _stated(source: Source, found: dict[str, re.Match[str]]) -> Iterator[Fact]:
    version = found.get("version")
    if version is None or any(mark in version["value"] for mark in _DYNAMIC):
        return
    named = found.get("name")
    yield _package(source, version.span("value"), named["value"] if named else "")


def _package(source: Source, place: tuple[int, int], name: str) -> Package:
    span = source.at(*place)
    version = source.text[slice(*place)]
    return Package(
        span=span,
        parts={"version": span},
        ecosystem="pypi",
        name=name,
        folder=source.path.rpartition("/")[0],
        version=version,
        version_only=True,
        **version_fields("pypi", version),
    )
