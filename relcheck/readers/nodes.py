"""Trees of mappings, sequences and scalars whose nodes know their place; shared by the YAML, JSON and TOML readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.source import Source, Span

_MERGES = 50
"""How deep `<<` is followed; a chain is only limited by the size of a file."""
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")

Decode = Callable[[Source, int, int, str, str], Source]
"""Makes a scalar's own source from (file, start, end, style, value)."""


class Scalar:
    """A scalar: `value` is the text as written, decoded; `style` is "", "'", '"', "|" or ">"; `tag` as written."""

    __slots__ = ("_decode", "_file", "_source", "anchor", "end", "start", "style", "tag", "value")

    def __init__(
        self,
        file: Source,
        value: str,
        start: int,
        end: int,
        style: str,
        decode: Decode,
        tag: str = "",
        anchor: str | None = None,
    ) -> None:
        self._file = file
        self._decode = decode
        self._source: Source | None = None
        self.value = value
        self.style = style
        self.tag = tag
        self.anchor = anchor
        self.start = start
        self.end = end

    @property
    def source(self) -> Source:
        """The scalar's text as a source of its own: its places are places in the file."""
        if self._source is None:
            self._source = self._decode(self._file, self.start, self.end, self.style, self.value)
        return self._source

    @property
    def span(self) -> Span:
        """The place of the value, without quotes."""
        return self.source.all()

    @property
    def plain(self) -> bool:
        """Whether the scalar is written without quotes, so that a typed YAML parser may change it."""
        return self.style == ""

    @property
    def comment(self) -> str:
        """The text of a comment behind the scalar on its line, without the `#`, or the empty string."""
        found = _COMMENT.match(self._file.text, self.end)
        return found[0].strip().lstrip("#").strip() if found else ""

    def __repr__(self) -> str:
        return f"Scalar({self.value!r})"


class Sequence:
    """A sequence of nodes, in order."""

    __slots__ = ("_file", "anchor", "end", "flow", "items", "start", "tag")

    def __init__(self, file: Source, start: int, *, flow: bool, tag: str = "", anchor: str | None = None) -> None:
        self._file = file
        self.items: list[Node] = []
        self.flow = flow
        self.tag = tag
        self.anchor = anchor
        self.start = start
        self.end = start

    @property
    def span(self) -> Span:
        """The place of the first words of the collection: its first line."""
        return _first_line(self._file, self.start, self.end)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Mapping:
    """A mapping: pairs of nodes in order, duplicate keys kept; `get` takes the last one, as YAML's users do."""

    __slots__ = ("_file", "_index", "_indexed", "_inherited", "anchor", "end", "flow", "items", "start", "tag")

    def __init__(self, file: Source, start: int, *, flow: bool, tag: str = "", anchor: str | None = None) -> None:
        self._file = file
        self._index: dict[str, tuple[Scalar, Node]] = {}
        self._indexed = 0
        self._inherited: dict[str, Node] | None = None
        self.items: list[tuple[Node, Node]] = []
        self.flow = flow
        self.tag = tag
        self.anchor = anchor
        self.start = start
        self.end = start

    @property
    def span(self) -> Span:
        """The place of the first words of the collection: its first line."""
        return _first_line(self._file, self.start, self.end)

    def pairs(self, *, merge: bool = False) -> Iterator[tuple[Scalar, Node]]:
        """Yield (key, value) with scalar keys, in order; with `merge`, pairs behind `<<` too (own keys come last)."""
        if merge:
            yield from self._merged(set(), 0)
        for key, value in self.items:
            if isinstance(key, Scalar) and not (merge and key.value == "<<"):
                yield key, value

    def _merged(self, seen: set[int], depth: int) -> Iterator[tuple[Scalar, Node]]:
        if id(self) in seen or depth > _MERGES:
            return
        seen.add(id(self))
        for key, value in self.items:
            if isinstance(key, Scalar) and key.value == "<<":
                for other in value.items if isinstance(value, Sequence) else [value]:
                    if isinstance(other, Mapping) and id(other) not in seen:
                        yield from other._merged(seen, depth + 1)
                        yield from other.pairs()

    def get(self, name: str, *, merge: bool = False) -> Node | None:
        """Return the value of a key (the last one written), or None."""
        found = self._pair(name)
        if not merge:
            return found[1] if found else None
        return found[1] if found and name != "<<" else self._behind_merges().get(name)

    def key(self, name: str) -> Scalar | None:
        """Return the node of a key itself (the last one written), or None."""
        found = self._pair(name)
        return found[0] if found else None

    def _pair(self, name: str) -> tuple[Scalar, Node] | None:
        """Return a key and its value; asked once for each of many jobs, so that the items are gone through once."""
        if self._indexed != len(self.items):
            self._index = {key.value: (key, value) for key, value in self.items if isinstance(key, Scalar)}
            self._indexed = len(self.items)
            self._inherited = None
        return self._index.get(name)

    def _behind_merges(self) -> dict[str, Node]:
        """Return what `<<` brings in."""
        if self._inherited is None:
            merges = self._pair("<<") is not None
            self._inherited = {key.value: value for key, value in self._merged(set(), 0)} if merges else {}
        return self._inherited

    def map(self, name: str, *, merge: bool = False) -> Mapping | None:
        """Return the value of a key if it is a mapping."""
        found = self.get(name, merge=merge)
        return found if isinstance(found, Mapping) else None

    def seq(self, name: str, *, merge: bool = False) -> Sequence | None:
        """Return the value of a key if it is a sequence."""
        found = self.get(name, merge=merge)
        return found if isinstance(found, Sequence) else None

    def scalar(self, name: str, *, merge: bool = False) -> Scalar | None:
        """Return the value of a key if it is a scalar."""
        found = self.get(name, merge=merge)
        return found if isinstance(found, Scalar) else None

    def text(self, name: str, *, merge: bool = False) -> str:
        """Return the text of a scalar value, or the empty string."""
        found = self.scalar(name, merge=merge)
        return found.value if found is not None else ""


Node = Scalar | Sequence | Mapping


def _first_line(file: Source, start: int, end: int) -> Span:
    stop = file.text.find("\n", start, max(start, end))
    words = file.text[start : stop if stop >= 0 else end].rstrip()
    return file.at(start, start + len(words))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, each once, in document order, without recursion."""
    seen: set[int] = set()
    stack: list[Node] = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, Scalar):
            yield found
            continue
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        below: list[Node] = []
        if isinstance(found, Mapping):
            for key, value in found.items:
                below += (key, value)
        else:
            below = list(found.items)
        stack.extend(reversed(below))
