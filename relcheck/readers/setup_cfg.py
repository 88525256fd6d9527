"""setup.cfg: what setuptools reads there (`[metadata]`, `[options]`, `[options.extras_require]`), and tox (`[testenv]`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from relcheck.facts import UNKNOWN, Fact, Package, Text
from relcheck.readers.ini_lines import Entry, entries, trimmed
from relcheck.readers.package_versions import version_fields
from relcheck.readers.python_requirement import requirement
from relcheck.source import Source, Span

_LISTS = {"install_requires": "prod", "setup_requires": "build", "tests_require": "dev"}
_DYNAMIC = ("attr:", "file:", "${", "{{")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package and its dependencies."""
    found = list(entries(source, separators="="))
    metadata = {entry.key: entry.value for entry in found if entry.section == "metadata" and entry.value.text}
    private = any(
        entry.value.text.startswith("Private ::")
        for entry in found
        if entry.section == "metadata" and entry.key in ("classifiers", "classifier")
    )
    if metadata:
        yield _package(source, metadata, private)
    for entry, after in pairwise([*found, None]):
        if entry is not None:
            alone = not _continues(entry) and (after is None or not _continues(after))
            yield from _dependencies(entry, alone=alone)
    if any(entry.section == "tox:tox" or entry.section.startswith("testenv") for entry in found):
        from relcheck.readers.tox import read_lines  # noqa: PLC0415 - brings the shell grammar

        yield from read_lines(source)


def _package(source: Source, metadata: dict[str, Source], private: bool) -> Package:
    name, version = metadata.get("name"), metadata.get("version")
    parts: dict[str, Span] = {}
    if version is not None and any(mark in version.text for mark in _DYNAMIC):
        version = None
    if name is not None:
        parts["name"] = name.all()
    if version is not None:
        parts["version"] = version.all()
    written: Text = version.text if version is not None else UNKNOWN
    return Package(
        span=parts.get("version") or parts.get("name") or source.at(0, 0),
        parts=parts,
        ecosystem="pypi",
        name=name.text if name is not None else "",
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        private=private,
        version_only=True,
        **version_fields("pypi", written),
    )


def _continues(entry: Entry) -> bool:
    return entry.whole.text[:1] in (" ", "\t")


def _dependencies(entry: Entry, *, alone: bool) -> Iterator[Fact]:
    """A list stands on lines of its own, or on the line of its key, where semicolons part it."""
    if entry.section == "options":
        group = _LISTS.get(entry.key, "")
    else:
        group = "optional" if entry.section == "options.extras_require" else ""
    cut = _COMMENT.search(entry.value.text)
    value = trimmed(entry.value.part(0, cut.start())) if cut else entry.value
    if not group or value.text.startswith("file:"):
        return
    start = 0
    for piece in value.text.split(";") if alone else [value.text]:
        item = trimmed(value.part(start, start + len(piece)))
        start += len(piece) + 1
        if item.text:
            yield from requirement(item, where="manifest", group=group)
