"""Strings with escapes behind a backslash (TOML, HCL): their value, and a map from it back to the file."""

from __future__ import annotations

import re

from relcheck.forms import unescape_double
from relcheck.source import Piece, Source

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ \t]*(?:\r\n|\n|\r)\s*|.)")
"""A letter, a code point, or the end of a line with the blanks that begin the next (TOML 1.0, HCL 2)."""

_LINE_END = re.compile(r"[\r\n]")


def unescaped(text: str) -> str:
    """Return the value of a string as it is written between its quotes."""
    return _ESCAPE.sub(lambda match: _letter(match[0]), text) if "\\" in text else text


def escaped_source(file: Source, start: int, end: int, form: str) -> Source:
    """Return the value of a string as a text of the file, escape by escape; `start` and `end` are within the quotes."""
    value = unescaped(file.text[start:end])
    if file.text[start:end] == value:
        return file.part(start, end)
    pieces, size, at = [], 0, start
    for match in _ESCAPE.finditer(file.text, start, end):
        pieces.append(Piece(size, size + match.start() - at, at, match.start()))
        size += match.start() - at
        decoded = len(_letter(match[0]))
        pieces.append(Piece(size, size + decoded, match.start(), match.end()))
        size, at = size + decoded, match.end()
    pieces.append(Piece(size, size + end - at, at, end))
    return file.embed(value, tuple(pieces), form)


def _letter(escape: str) -> str:
    return "" if _LINE_END.search(escape) else unescape_double(escape)
