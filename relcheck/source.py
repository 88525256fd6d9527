"""Text, places in it, and text embedded in text.

A `Source` decodes a file once. Text that lies inside another text (a shell script in YAML, a Dockerfile in a
compose file) is a `Source` too: it knows its parent and a piecewise map of offsets, so that every place it hands
out is a place in the file itself. Offsets count Unicode code points after a stripped byte order mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import accumulate, compress
from typing import NamedTuple

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_BEGINS = bytes(byte & 0xC0 != 0x80 for byte in range(256))
"""For each byte of UTF-8 whether a letter begins there."""
MAX_DEPTH = 4


class Span(NamedTuple):
    """A place in a file: `start` to `end` (exclusive) in code points, and how the value is written there.

    `form` is "plain" where the text of the file is the value itself, else the chain of encodings from the outermost
    to the innermost, joined by ">" (see `relcheck.forms`); "composed" says that the value stands in several places.
    """

    start: int
    end: int
    form: str = "plain"


class Position(NamedTuple):
    """1-based line and column; the column counts code points, a tab is one."""

    line: int
    column: int


class Piece(NamedTuple):
    """A stretch of an embedded text and the stretch of its parent's text that it came from.

    Where both have the same length and text, offsets map one to one; else the whole stretch maps to the whole.
    """

    start: int
    end: int
    parent_start: int
    parent_end: int


class Source:
    """A text with a path; `at` turns offsets in this text into a `Span` of the file that holds it."""

    __slots__ = ("_breaks", "_letters", "_pieces", "_starts", "depth", "form", "parent", "path", "text")

    def __init__(
        self, path: str, text: str, parent: Source | None = None, pieces: tuple[Piece, ...] = (), form: str = "plain"
    ) -> None:
        self.path = path
        self.text = text
        self.parent = parent
        self.form = form
        self.depth: int = 0 if parent is None else parent.depth + 1
        self._pieces = pieces
        self._starts: list[int] | None = None
        self._letters = -1  # where the text stands in its parent's when it is a part of it, letter for letter
        self._breaks: list[int] | None = None

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> Source:
        """Decode a file: UTF-8 or UTF-16 with a byte order mark, else UTF-8, else Latin-1; never fails."""
        return cls(path, decode(data))

    @property
    def root(self) -> Source:
        """The file's own text, at the bottom of the chain of parents."""
        found = self
        while found.parent is not None:
            found = found.parent
        return found

    def at(self, start: int, end: int) -> Span:
        """Return the place in the file of `text[start:end]`."""
        if self.parent is None:
            return Span(start, end)
        if self._letters >= 0:
            size = len(self.text)
            first = self._letters + min(start, size)
            return self.parent.at(first, max(first, self._letters + min(end, size)))
        first, last = self._parent_range(start, end)
        outer = self.parent.at(first, last)
        if self.parent.text[first:last] == self.text[start:end]:
            return outer
        return Span(outer.start, outer.end, self.form if outer.form == "plain" else f"{outer.form}>{self.form}")

    def all(self) -> Span:
        """Return the place of the whole text."""
        return self.at(0, len(self.text))

    def part(self, start: int, end: int) -> Source:
        """Return `text[start:end]` as a text of its own, embedded in this one letter for letter."""
        made = Source(self.path, self.text[start:end], self, (Piece(0, end - start, start, end),))
        if len(made.text) == end - start:
            made._letters = start
        return made

    def embed(self, text: str, pieces: tuple[Piece, ...], form: str) -> Source:
        """Return a text decoded from this one; `pieces` are in order and cover it, `form` names the encoding."""
        return Source(self.path, text, self, pieces, form)

    def position(self, offset: int) -> Position:
        """Return line and column of an offset in the *file* (an offset of a `Span`), whatever source is asked."""
        root = self.root
        if root._breaks is None:
            root._breaks = line_starts(root.text)
        line = bisect_right(root._breaks, offset)
        return Position(line, offset - root._breaks[line - 1] + 1)

    def line_start(self, number: int) -> int:
        """Return the offset in the file at which a line begins, 1-based."""
        self.position(0)
        breaks = self.root._breaks or [0]
        return breaks[min(max(number, 1), len(breaks)) - 1]

    def line(self, number: int) -> str:
        """Return the text of a line of the file, 1-based, without its line break."""
        self.position(0)
        breaks = self.root._breaks or [0]
        if not 1 <= number <= len(breaks):
            return ""
        end = breaks[number] if number < len(breaks) else len(self.root.text)
        return self.root.text[breaks[number - 1] : end].rstrip("\r\n")

    def _parent_range(self, start: int, end: int) -> tuple[int, int]:
        if not self._pieces:
            return 0, 0
        if self._starts is None:
            self._starts = [piece.start for piece in self._pieces]
        first = self._pieces[max(0, bisect_right(self._starts, start) - 1)]
        last = self._pieces[max(0, bisect_right(self._starts, max(start, end - 1)) - 1)]
        begin = self._inside(first, start, at_end=False)
        return begin, max(begin, self._inside(last, end, at_end=True))

    def _inside(self, piece: Piece, offset: int, *, at_end: bool) -> int:
        if piece.end - piece.start == piece.parent_end - piece.parent_start:
            return piece.parent_start + min(offset - piece.start, piece.end - piece.start)
        if offset <= piece.start:
            return piece.parent_start
        return piece.parent_end if at_end or offset >= piece.end else piece.parent_start


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text without their breaks, which are `\r\n`, `\n` or `\r`: those that `position` counts."""
    return _LINE_BREAK.split(text) if "\r" in text else text.split("\n")


def line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of a text begin."""
    if "\r" in text:
        return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    starts = [0, *accumulate([len(line) + 1 for line in text.split("\n")])]
    starts.pop()  # behind the last line nothing begins
    return starts


def decode(data: bytes) -> str:
    """Decode bytes as editors do: byte order marks first, then UTF-8, then Latin-1; one mark is stripped."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.removeprefix(BOM_UTF8).decode("latin-1")


def searchable(data: bytes) -> bytes:
    """Return a file's bytes with ASCII words as they are written in UTF-8: UTF-16 is recoded, all else left alone."""
    return decode(data).encode("utf-8", "replace") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data


def joined(file: Source, parts: list[Source], glue: str = "\n") -> Source:
    """Return several texts embedded in one file as one text, in order, with `glue` between them.

    For scripts that are written as a list of lines and run as one. Each part must be embedded in `file` itself.
    """
    pieces: list[Piece] = []
    words: list[str] = []
    size, end = 0, 0
    for number, part in enumerate(parts):
        if number:
            pieces.append(Piece(size, size + len(glue), end, end))
            words.append(glue)
            size += len(glue)
        own = part._pieces or (Piece(0, len(part.text), 0, 0),)
        pieces += [Piece(p.start + size, p.end + size, p.parent_start, p.parent_end) for p in own]
        words.append(part.text)
        size += len(part.text)
        end = own[-1].parent_end
    forms = {part.form for part in parts}
    return file.embed("".join(words), tuple(pieces), forms.pop() if len(forms) == 1 else "composed")


def joined_below(outer: Source, parts: list[Source | str]) -> Source:
    """Return texts embedded in `outer`, however deep, as one text of it; words without a place stand where the last ended."""
    pieces: list[Piece] = []
    words: list[str] = []
    size, end = 0, 0
    for part in parts:
        text = part if isinstance(part, str) else part.text
        own = [Piece(0, len(text), end, end)] if isinstance(part, str) else _pieces_below(outer, part)
        pieces += [Piece(p.start + size, p.end + size, p.parent_start, p.parent_end) for p in own]
        words.append(text)
        size += len(text)
        end = own[-1].parent_end if own else end
    return outer.embed("".join(words), tuple(pieces), "composed")


def _pieces_below(outer: Source, part: Source) -> list[Piece]:
    """Return the stretches of a text with their places in `outer`, in which it is embedded."""
    pieces, above = list(part._pieces), part.parent
    while above is not None and above is not outer:
        pieces = [deeper for piece in pieces for deeper in _carried(piece, above)]
        above = above.parent
    return pieces


def _carried(piece: Piece, above: Source) -> Iterator[Piece]:
    """Cut a stretch where those of the text around it end, and say where they come from."""
    whole = above._parent_range(piece.parent_start, piece.parent_end)
    if piece.end - piece.start != piece.parent_end - piece.parent_start or len(above._pieces) < 2 or not above._starts:
        yield Piece(piece.start, piece.end, *whole)
        return
    shift = piece.start - piece.parent_start
    at = piece.parent_start
    while at < piece.parent_end:
        held = bisect_right(above._starts, at)
        stop = min(above._starts[held] if held < len(above._starts) else piece.parent_end, piece.parent_end)
        yield Piece(at + shift, stop + shift, *above._parent_range(at, stop))
        at = stop


def byte_offsets(text: str) -> list[int]:
    """Return the offset in UTF-8 of each letter and of the end: grammars count bytes, sources count code points."""
    data = text.encode("utf-8", "replace")
    return [*compress(range(len(data)), data.translate(_BEGINS)), len(data)]
