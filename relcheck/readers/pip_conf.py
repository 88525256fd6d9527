"""pip.conf and pip.ini: indexes, trusted hosts, credentials in URLs. Underscores in keys equal hyphens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Registry
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.urls import registry, trusted
from relcheck.source import Source

_PURPOSES = {
    "index-url": "index",
    "extra-index-url": "extra-index",
    "find-links": "find-links",
    "index": "index",
    "proxy": "proxy",
}


def read(source: Source) -> Iterator[Fact]:
    """Yield registries and credentials."""
    for entry in entries(source):
        key = entry.key.lower().replace("_", "-")
        if key in _PURPOSES:
            for match in re.finditer(r"\S+", entry.value.text):
                piece = entry.value.part(*match.span())
                yield from registry(piece, ecosystem="pypi", purpose=_PURPOSES[key], key=key)
        elif key == "trusted-host":
            yield from _trusted(entry)


def _trusted(entry: Entry) -> Iterator[Fact]:
    for match in re.finditer(r"\S+", entry.value.text):
        piece = entry.value.part(*match.span())
        host, parts = trusted(piece)
        yield Registry(
            span=piece.all(), parts=parts, ecosystem="pypi", purpose="trusted-host", url=piece.text, host=host,
            tls="off", key="trusted-host",
        )  # fmt: skip
