"""YAML and JSON as a tree in which every node knows its place.

Built from libyaml's event stream (through ruamel.yaml's C parser), never composed or constructed: events keep the text
as written (`1.10`, `on`, `~` stay strings), survive duplicate keys and redefined anchors, and do not recurse, so that
deep nesting cannot exhaust the stack. An alias is the anchored node itself, which makes shared and even cyclic
structures: every walk must remember the nodes it has seen (`walk` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from _ruamel_yaml import CParser
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from relcheck.readers.yaml_scalars import scalar_source
from relcheck.source import Source, Span

MAX_DEPTH = 200
_DOCUMENT = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_PROPERTIES = re.compile(r"(?:(?:!\S*|&\S+)(?:\s+|$))+")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class Scalar:
    """A scalar: `value` is the text as written, decoded; `style` is "", "'", '"', "|" or ">"; `tag` as written."""

    __slots__ = ("_file", "_source", "anchor", "end", "start", "style", "tag", "value")

    def __init__(self, file: Source, event: Any, base: int) -> None:  # noqa: ANN401 - the C parser has no types
        self._file = file
        self._source: Source | None = None
        self.value: str = event.value
        self.style: str = event.style or ""
        self.tag: str = event.ctag and str(event.ctag) or ""
        self.anchor: str | None = event.anchor
        self.start: int = base + event.start_mark.index
        self.end: int = base + event.end_mark.index
        if self.tag or self.anchor:
            found = _PROPERTIES.match(file.text, self.start, self.end)
            self.start = found.end() if found else self.start

    @property
    def source(self) -> Source:
        """The scalar's text as a source of its own: its places are places in the file."""
        if self._source is None:
            self._source = scalar_source(self._file, self.start, self.end, self.style, self.value)
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

    def __init__(self, file: Source, event: Any, base: int) -> None:  # noqa: ANN401 - the C parser has no types
        self._file = file
        self.items: list[Node] = []
        self.flow: bool = bool(event.flow_style)
        self.tag: str = event.ctag and str(event.ctag) or ""
        self.anchor: str | None = event.anchor
        self.start: int = base + event.start_mark.index
        self.end: int = self.start

    @property
    def span(self) -> Span:
        """The place of the first words of the collection: its first line."""
        return _first_line(self._file, self.start, self.end)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Mapping:
    """A mapping: pairs of nodes in order, duplicate keys kept; `get` takes the last one, as YAML's users do."""

    __slots__ = ("_file", "anchor", "end", "flow", "items", "start", "tag")

    def __init__(self, file: Source, event: Any, base: int) -> None:  # noqa: ANN401 - the C parser has no types
        self._file = file
        self.items: list[tuple[Node, Node]] = []
        self.flow: bool = bool(event.flow_style)
        self.tag: str = event.ctag and str(event.ctag) or ""
        self.anchor: str | None = event.anchor
        self.start: int = base + event.start_mark.index
        self.end: int = self.start

    @property
    def span(self) -> Span:
        """The place of the first words of the collection: its first line."""
        return _first_line(self._file, self.start, self.end)

    def pairs(self, *, merge: bool = False) -> Iterator[tuple[Scalar, Node]]:
        """Yield (key, value) with scalar keys, in order; with `merge`, pairs behind `<<` too (own keys come last)."""
        if merge:
            yield from self._merged(set())
        for key, value in self.items:
            if isinstance(key, Scalar) and not (merge and key.value == "<<"):
                yield key, value

    def _merged(self, seen: set[int]) -> Iterator[tuple[Scalar, Node]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        for key, value in self.items:
            if isinstance(key, Scalar) and key.value == "<<":
                for other in value.items if isinstance(value, Sequence) else [value]:
                    if isinstance(other, Mapping) and id(other) not in seen:
                        yield from other._merged(seen)
                        yield from other.pairs()

    def get(self, name: str, *, merge: bool = False) -> Node | None:
        """Return the value of a key (the last one written), or None."""
        found: Node | None = None
        for key, value in self.pairs(merge=merge):
            if key.value == name:
                found = value
        return found

    def key(self, name: str) -> Scalar | None:
        """Return the node of a key itself (the last one written), or None."""
        found: Scalar | None = None
        for key, _ in self.pairs():
            if key.value == name:
                found = key
        return found

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


class Fault:
    """What the parser refused, and where; `span` is in the file."""

    __slots__ = ("reason", "span")

    def __init__(self, reason: str, span: Span) -> None:
        self.reason = reason
        self.span = span


class Loaded:
    """The documents that could be read, in order, and the faults of the others."""

    __slots__ = ("documents", "faults")

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self.faults: list[Fault] = []


def load(source: Source) -> Loaded:
    """Read all documents of a YAML or JSON text; a document that fails does not hide the others."""
    out = Loaded()
    text = _SURROGATES.sub(lambda match: "_" * len(match[0]), source.text) if "\\u" in source.text else source.text
    try:
        out.documents = list(_documents(source, text, 0))
    except YAMLError as error:
        first = _fault(source, 0, error)
    else:
        return out
    cuts = [0, *(match.start() for match in _DOCUMENT.finditer(text)), len(text)]
    out.documents = []
    for start, end in pairwise(cuts):
        if not text[start:end].strip():
            continue
        try:
            out.documents.extend(_documents(source, text[start:end], start))
        except YAMLError as error:
            out.faults.append(_fault(source, start, error))
    out.faults = out.faults or [first]
    return out


def _documents(file: Source, text: str, base: int) -> Iterator[Node]:
    get = CParser(text).get_event
    top: list[Node] = []
    stack: list[Sequence | Mapping] = []
    key: list[Node | None] = []
    anchors: dict[str, Node] = {}
    while True:
        event = get()
        kind = event.__class__
        node: Node
        if kind is ScalarEvent:
            node = Scalar(file, event, base)
        elif kind is MappingStartEvent:
            node = Mapping(file, event, base)
        elif kind is SequenceStartEvent:
            node = Sequence(file, event, base)
        elif kind is AliasEvent:
            if event.anchor not in anchors:
                raise MarkedYAMLError(problem=f"undefined alias *{event.anchor}", problem_mark=event.start_mark)
            _add(top, stack, key, anchors[event.anchor])
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            stack.pop().end = base + event.end_mark.index
            key.pop()
            continue
        elif kind is DocumentEndEvent:
            yield from top
            top.clear()
            continue
        elif kind is DocumentStartEvent:
            anchors = {}
            continue
        elif kind is StreamEndEvent:
            return
        else:
            continue
        if node.anchor is not None:
            anchors[node.anchor] = node
        _add(top, stack, key, node)
        if not isinstance(node, Scalar):
            stack.append(node)
            key.append(None)
            if len(stack) > MAX_DEPTH:
                raise MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)


def _add(top: list[Node], stack: list[Sequence | Mapping], key: list[Node | None], node: Node) -> None:
    if not stack:
        top.append(node)
        return
    holder = stack[-1]
    if isinstance(holder, Sequence):
        holder.items.append(node)
        return
    waiting = key[-1]
    if waiting is None:
        key[-1] = node
    else:
        holder.items.append((waiting, node))
        key[-1] = None


def _fault(source: Source, base: int, error: YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", "") or "") or str(error).split("\n", 1)[0]
    at = min(base + (mark.index if mark is not None else 0), len(source.text))
    end = source.text.find("\n", at)
    return Fault(reason, source.at(at, max(at, end if end >= 0 else len(source.text))))


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
