"""XML as a flat list of elements with the places of their text, by the standard library's expat; no entities of its own."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple
from xml.parsers import expat

from relcheck.facts import Unreadable
from relcheck.source import Piece, Source


class Element(NamedTuple):
    """An element: the names from the root down to it, its text, and which element of the document it is."""

    path: tuple[str, ...]
    text: Source
    number: int
    parent: int
    start: int = 0  # where its start tag begins


class Refused(Exception):
    """The text is no XML, or declares entities: the message says which; `offset` says where, in code points."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


def unreadable(source: Source, refused: Refused) -> Unreadable:
    """Return the fact that says why a file cannot be read as XML, and where it stops."""
    return Unreadable(span=source.at(refused.offset, refused.offset), reason=f"not valid XML here: {refused}")


def elements(source: Source) -> list[Element]:
    """Return all elements in document order; raise `Refused` where the text cannot be read."""
    return _Reader(source).run()


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        text = source.text.lstrip()  # tools forgive blanks before the declaration, the parser does not
        self._base = len(source.text) - len(text)
        self._data = text.encode("utf-8", "replace")
        self._ascii = len(self._data) == len(text)
        self._points: list[int] = [] if self._ascii else _offsets(text)
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._stack: list[tuple[str, int, list[tuple[str, int, int]], int]] = []
        self._out: list[Element] = []
        self._pending: list[tuple[str, int]] = []
        self._count = 0

    def run(self) -> list[Element]:
        parser = self._parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = lambda _: self._flush()
        parser.EntityDeclHandler = self._refuse
        parser.buffer_text = False
        try:
            parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise Refused(expat.ErrorString(error.code) or "no XML", self._at(parser.ErrorByteIndex)) from None
        return sorted(self._out, key=lambda found: found.number)

    def _at(self, offset: int) -> int:
        offset = max(0, min(offset, len(self._data)))
        return self._base + (offset if self._ascii else max(bisect_right(self._points, offset) - 1, 0))

    def _refuse(self, *_: object) -> None:
        raise Refused("declares entities, which are not read", self._at(self._parser.CurrentByteIndex))

    def _flush(self) -> None:
        """End the stretch of text before the current event: now its end is known."""
        end = self._at(self._parser.CurrentByteIndex)
        for number, (text, start) in enumerate(self._pending):
            stop = self._pending[number + 1][1] if number + 1 < len(self._pending) else end
            if self._stack:
                self._stack[-1][2].append((text, start, stop))
        self._pending = []

    def _start(self, name: str, _: object) -> None:
        self._flush()
        self._stack.append((name.rpartition(" ")[2], self._count, [], self._at(self._parser.CurrentByteIndex)))
        self._count += 1

    def _text(self, text: str) -> None:
        self._pending.append((text, self._at(self._parser.CurrentByteIndex)))

    def _end(self, _: str) -> None:
        self._flush()
        path = tuple(name for name, _, _, _ in self._stack)
        _, number, parts, start = self._stack.pop()
        parent = self._stack[-1][1] if self._stack else -1
        self._out.append(Element(path, self._joined(parts), number, parent, start))

    def _joined(self, parts: list[tuple[str, int, int]]) -> Source:
        text = "".join(part for part, _, _ in parts)
        lead = len(text) - len(text.lstrip())
        size, pieces = 0, []
        for part, start, stop in parts:
            pieces.append(Piece(size, size + len(part), start, stop))
            size += len(part)
        if not pieces:
            at = self._at(self._parser.CurrentByteIndex)
            pieces = [Piece(0, 0, at, at)]
        whole = self._source.embed(text, tuple(pieces), "xml")
        return whole.part(lead, max(lead, len(text.rstrip())))


def _offsets(text: str) -> list[int]:
    out, size = [], 0
    for letter in text:
        out.append(size)
        size += len(letter.encode("utf-8", "replace"))
    out.append(size)
    return out
