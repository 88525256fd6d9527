"""XML as nested tags with places: children by name, attributes, text. Built on the flat list of `xml_tree`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.readers.xml_tree import elements
from relcheck.source import Piece, Source

_NAME = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(r"\s+(?P<name>[^\s=/>]+)\s*=\s*(?:\"(?P<double>[^\"<]*)\"|'(?P<single>[^'<]*)')")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|\w{1,31});")
_DEPTH = 200


class Tag:
    """An element with its children in order; `text` is its own text without blanks around it."""

    __slots__ = ("_file", "children", "name", "start", "text")

    def __init__(self, file: Source, name: str, text: Source, start: int) -> None:
        self._file = file
        self.name = name
        self.text = text
        self.start = start
        self.children: list[Tag] = []

    def all(self, *path: str) -> Iterator[Tag]:
        """Yield the tags that a path of names leads to, in order."""
        for child in self.children:
            if child.name == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from child.all(*path[1:])

    def one(self, *path: str) -> Tag | None:
        """Return the first tag that a path leads to."""
        return next(self.all(*path), None)

    def source(self, *path: str) -> Source | None:
        """Return the text of the first tag that a path leads to, None where it has none."""
        found = self.one(*path)
        return found.text if found is not None and found.text.text else None

    def value(self, *path: str) -> str:
        """Return the text at a path, or the empty string."""
        found = self.source(*path)
        return found.text if found is not None else ""

    def attributes(self) -> dict[str, Source]:
        """Return the attributes by name in lower case, each with its place."""
        out: dict[str, Source] = {}
        head = _NAME.match(self._file.text, self.start)
        at = head.end() if head else self.start
        while match := _ATTRIBUTE.match(self._file.text, at):
            group = "double" if match["double"] is not None else "single"
            name = match["name"].rpartition(":")[2].lower()
            out.setdefault(name, _decoded(self._file, *match.span(group)))
            at = match.end()
        return out

    def walk(self) -> Iterator[Tag]:
        """Yield the tag and all below it, in document order."""
        stack = [self]
        while stack:
            found = stack.pop()
            yield found
            stack.extend(reversed(found.children))


def _decoded(file: Source, start: int, end: int) -> Source:
    from html import unescape  # noqa: PLC0415 - few attributes hold entities

    text = file.text[start:end]
    if "&" not in text:
        return file.part(start, end)
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, start
    for match in _ENTITY.finditer(file.text, start, end):
        value = unescape(match[0])
        pieces += [
            Piece(size, size + match.start() - at, at, match.start()),
            Piece(size + match.start() - at, size + match.start() - at + len(value), match.start(), match.end()),
        ]
        out += [file.text[at : match.start()], value]
        size, at = size + match.start() - at + len(value), match.end()
    pieces.append(Piece(size, size + end - at, at, end))
    out.append(file.text[at:end])
    return file.embed("".join(out), tuple(pieces), "xml")


def load(source: Source) -> Tag | None:
    """Return the root; raise `xml_tree.Refused` where the text is no XML."""
    made: dict[int, Tag] = {}
    root: Tag | None = None
    for element in elements(source):
        if len(element.path) > _DEPTH:
            continue
        tag = made[element.number] = Tag(source, element.path[-1], element.text, element.start)
        holder = made.get(element.parent)
        if holder is not None:
            holder.children.append(tag)
        elif root is None:
            root = tag
    return root
