"""The text of a YAML scalar as a `Source`: a map from the decoded value back to the file, for each scalar style.

YAML 1.2 sections 5.7 (escapes), 6.5 (line folding) and 8.1 (block scalars).
"""

from __future__ import annotations

import re

from relcheck.forms import unescape_double
from relcheck.patterns import lazy_pattern
from relcheck.source import Piece, Source

_HEADER = lazy_pattern(r"[|>][0-9+-]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z)")
_LINES = lazy_pattern(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_FLOW_BREAK = r"[ \t]*(?:\r\n|\n|\r)[ \t]*(?:(?:\r\n|\n|\r)[ \t]*)*"
_PLAIN = lazy_pattern(_FLOW_BREAK)
_SINGLE = lazy_pattern(rf"''|{_FLOW_BREAK}")
_ESCAPE = (
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|U[0-9a-fA-F]{8}"
    r"|(?:\r\n|\n|\r)[ \t]*|.)"
)
_DOUBLE = lazy_pattern(rf"{_ESCAPE}|{_FLOW_BREAK}")
_BREAK = lazy_pattern(r"\r\n|\n|\r")


def scalar_source(file: Source, start: int, end: int, style: str, value: str) -> Source:
    """Return the decoded scalar as an embedded source; `start` and `end` bound it in `file`, quotes included."""
    if style in ("|", ">"):
        return _block(file, start, end, style, value)
    if style in ("'", '"'):
        start, end = start + 1, max(start + 1, end - 1)
    if file.text[start:end] == value:
        return file.part(start, end)
    if style == '"':
        return _flow(file, start, end, _DOUBLE, "double", value)
    return _flow(file, start, end, _SINGLE if style == "'" else _PLAIN, "single" if style else "fold", value)


def _flow(file: Source, start: int, end: int, special: re.Pattern[str], form: str, value: str) -> Source:
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, start

    def add(text: str, first: int, last: int) -> None:
        nonlocal size
        if text or last > first:
            pieces.append(Piece(size, size + len(text), first, last))
            out.append(text)
            size += len(text)

    for match in special.finditer(file.text, start, end):
        add(file.text[at : match.start()], at, match.start())
        add(_decoded(match[0]), match.start(), match.end())
        at = match.end()
    add(file.text[at:end], at, end)
    text = "".join(out)
    if form == "double" and text != value and "_" in value:  # surrogate pairs were masked for the parser
        value = text
    return _checked(file, text, pieces, form, value, start, end)


def _decoded(text: str) -> str:
    if text == "''":
        return "'"
    if text.startswith("\\"):
        return unescape_double(text)
    breaks = len(_BREAK.findall(text))
    return "\n" * (breaks - 1) or " "


def _checked(file: Source, text: str, pieces: list[Piece], form: str, value: str, start: int, end: int) -> Source:
    """Use the piecewise map if it gives the parser's value, else map the whole value to the whole place."""
    if text == value:
        return file.embed(value, tuple(pieces), form)
    return file.embed(value, (Piece(0, len(value), start, end),), "composed")


def _block(file: Source, start: int, end: int, style: str, value: str) -> Source:
    header = _HEADER.match(file.text, start)
    begin = header.end() if header else start
    lines = _block_lines(file.text, begin, end)
    widest = max((_indent(file.text, a, b) for a, b, _ in lines if file.text[a:b].strip()), default=0)
    first = next((_indent(file.text, a, b) for a, b, _ in lines if file.text[a:b].strip()), 0)
    form = "literal" if style == "|" else "folded"
    for indent in (first, *range(widest, -1, -1)):
        text, pieces = (_literal if style == "|" else _folded)(file.text, lines, indent)
        if text.startswith(value) or text.rstrip("\n") == value.rstrip("\n"):
            cut = tuple(piece for piece in pieces if piece.start < len(value))
            shown = text[: len(value)]
            return file.embed(shown + value[len(shown) :], cut, f"{form}-{indent}")
    return file.embed(value, (Piece(0, len(value), begin, end),), "composed")


def _block_lines(text: str, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Return (start, end, start of the next line) of each line of a block scalar."""
    out = []
    at = begin
    while at < end:
        match = _LINES.match(text, at)
        if match is None:
            break
        out.append((at, match.end(1), match.end()))
        if match.end() == at:
            break
        at = match.end()
    return out


def _indent(text: str, start: int, end: int) -> int:
    line = text[start:end]
    return len(line) - len(line.lstrip(" "))


def _literal(text: str, lines: list[tuple[int, int, int]], indent: int) -> tuple[str, list[Piece]]:
    out: list[str] = []
    pieces: list[Piece] = []
    size = 0
    for start, end, following in lines:
        first = min(start + indent, end)
        pieces.append(Piece(size, size + end - first, first, end))
        out.append(text[first:end])
        size += end - first
        if following > end:
            pieces.append(Piece(size, size + 1, end, following))
            out.append("\n")
            size += 1
    return "".join(out), pieces


def _folded(text: str, lines: list[tuple[int, int, int]], indent: int) -> tuple[str, list[Piece]]:
    """Join lines as YAML 1.2 section 8.1.3 folds them: more-indented lines and empty lines keep their breaks."""
    out: list[str] = []
    pieces: list[Piece] = []
    size = 0
    empty_from, breaks, before = -1, 0, ""
    for start, end, following in lines:
        first = min(start + indent, end)
        words = text[first:end]
        if not words:
            empty_from = start if empty_from < 0 else empty_from
            breaks += 1
            continue
        glue = _glue(before, words, breaks)
        if glue and (out or breaks):
            place = (pieces[-1].parent_end if pieces else start, first)
            pieces.append(Piece(size, size + len(glue), *place))
            out.append(glue)
            size += len(glue)
        pieces.append(Piece(size, size + len(words), first, end))
        out.append(words)
        size += len(words)
        before, breaks, empty_from = words, 0, -1
        last = (end, following)
    if out:
        tail = "\n" * (1 + breaks)
        pieces.append(Piece(size, size + len(tail), *last))
        out.append(tail)
    return "".join(out), pieces


def _glue(before: str, words: str, breaks: int) -> str:
    if not before:
        return "\n" * breaks
    if before[0] in " \t" or words[0] in " \t":
        return "\n" * (breaks + 1)
    return "\n" * breaks or " "
