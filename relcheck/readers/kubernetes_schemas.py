"""Definitions of kinds without their schemas: megabytes in which nothing of a release stands.

A CustomResourceDefinition says its group, names and scope in a few lines; `versions` (before: `validation`) holds the
schemas. In long files that block is left out before the text is parsed; the rest keeps its places.
"""

from __future__ import annotations

import re
from itertools import pairwise

from relcheck.source import Piece, Source

LONG = 20_000
"""Shorter texts are parsed as they are."""
_DEFINITION = re.compile(r"^kind:[ \t]+[\"']?CustomResourceDefinition\b", re.MULTILINE)
_DOCUMENT = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_SCHEMAS = re.compile(r"^  (?:versions|validation):[ \t]*\r?\n", re.MULTILINE)
_NEXT = re.compile(r"\n(?!  [ -]|[ \t\r]*(?:\n|\Z))")
"""The end of the last line of a block: the next is neither deeper, nor an item at the depth of its key, nor empty."""


def without_schemas(source: Source) -> Source:
    """Return the text without the schemas of its definitions, embedded in `source`; `source` itself if it has none."""
    text = source.text
    if len(text) < LONG or not _DEFINITION.search(text):
        return source
    pieces: list[Piece] = []
    kept: list[str] = []
    size = at = 0
    for start, end in [*_blocks(text), (len(text), len(text))]:
        if start > at:
            pieces.append(Piece(size, size + start - at, at, start))
            kept.append(text[at:start])
            size += start - at
        at = end
    return source.embed("".join(kept), tuple(pieces), "plain") if size < len(text) else source


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return the stretches that hold schemas, document by document."""
    found: list[tuple[int, int]] = []
    starts = [0, *(match.start() for match in _DOCUMENT.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        if _DEFINITION.search(text, start, end):
            for match in _SCHEMAS.finditer(text, start, end):
                last = _NEXT.search(text, match.end() - 1, end)
                found.append((match.start(), last.end() if last else end))
    return found
