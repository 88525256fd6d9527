"""A module that states the version of its package: `__version__ = "…"`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Package
from relcheck.readers.package_versions import version_fields
from relcheck.source import Source

_DUNDER = re.compile(r"^__version__\s*(?::\s*\w+\s*)?=\s*[\"'](?P<version>[^\"'\n]+)[\"']\s*(?:#.*)?$", re.MULTILINE)


def read(source: Source) -> Iterator[Fact]:
    """Yield the version that the module states; its package is decided by the manifest beside or above it."""
    found = list(_DUNDER.finditer(source.text))
    if len(found) == 1:
        yield _package(source, found[0].span("version"), "")


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
