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
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from relcheck.facts import Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.readers.yaml_scalars import scalar_source
from relcheck.source import Source, Span

__all__ = ["Fault", "Loaded", "Mapping", "Node", "Scalar", "Sequence", "load", "walk"]

MAX_DEPTH = 200
_DOCUMENT = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_PROPERTIES = re.compile(r"(?:(?:!\S*|&\S+)(?:\s+|$))+")
_FLOW_COLON = re.compile(r"(?P<keep>!\S+|[\"'\s\[\]{},?:]:)|(?<=[^\s]):(?=[^\s,\[\]{}])")
_COLON = "\ue003"
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


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
    first = _whole(source, text, out)
    if first is not None and "unexpected ':'" in first.reason:
        # YAML 1.2 allows `{image: nginx:1}`; libyaml, a YAML 1.1 parser, refuses the second colon.
        text = _FLOW_COLON.sub(lambda match: match["keep"] or _COLON, text)
        first = _whole(source, text, out)
    if first is None:
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


def faults(loaded: Loaded) -> Iterator[Unreadable]:
    """Yield what the parser refused."""
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"is no YAML: {fault.reason}")


def _whole(source: Source, text: str, out: Loaded) -> Fault | None:
    """Read everything in one go; return what stopped it."""
    try:
        out.documents = list(_documents(source, text, 0))
    except YAMLError as error:
        return _fault(source, 0, error)
    return None


def _documents(file: Source, text: str, base: int) -> Iterator[Node]:
    """Yield the documents of a text that stands `base` letters into the file.

    This loop is the largest single part of many scans, so that it calls nothing of ours for the commonest events.
    """
    get = CParser(text).get_event
    top: list[Node] = []
    stack: list[Sequence | Mapping] = []
    holder: Sequence | Mapping | None = None  # the last of the stack
    keys: list[Node | None] = []  # of the mappings below, a key that waits for its value
    key: Node | None = None
    anchors: dict[str, Node] = {}
    while True:
        event = get()
        kind = event.__class__
        node: Node
        if kind is ScalarEvent:
            if event.ctag or event.anchor is not None or _COLON in event.value:
                node = _scalar(file, event, base)
            else:
                node = Scalar(
                    file,
                    event.value,
                    base + event.start_mark.index,
                    base + event.end_mark.index,
                    event.style or "",
                    scalar_source,
                )
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            stack.pop().end = base + event.end_mark.index
            holder = stack[-1] if stack else None
            key = keys.pop()
            continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            node = _collection(file, event, base)
        elif kind is AliasEvent:
            node = _anchored(event, anchors)
        elif kind is DocumentEndEvent:
            yield from top
            top, anchors = [], {}
            continue
        elif kind is StreamEndEvent:
            return
        else:
            continue
        if kind is not AliasEvent and node.anchor is not None:
            anchors[node.anchor] = node
        if holder is None:
            top.append(node)
        elif isinstance(holder, Sequence):
            holder.items.append(node)
        elif key is None:
            key = node
        else:
            holder.items.append((key, node))
            key = None
        if kind is not AliasEvent and not isinstance(node, Scalar):
            stack.append(node)
            holder = node
            keys.append(key)
            key = None
            _check_depth(stack, event)


def _check_depth(stack: list[Sequence | Mapping], event: Any) -> None:  # noqa: ANN401 - the C parser has no types
    if len(stack) > MAX_DEPTH:
        raise MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)


def _anchored(event: Any, anchors: dict[str, Node]) -> Node:  # noqa: ANN401 - the C parser has no types
    if event.anchor not in anchors:
        raise MarkedYAMLError(problem=f"undefined alias *{event.anchor}", problem_mark=event.start_mark)
    return anchors[event.anchor]


def _collection(file: Source, event: Any, base: int) -> Mapping | Sequence:  # noqa: ANN401 - the C parser has no types
    made = Mapping if event.__class__ is MappingStartEvent else Sequence
    start = base + event.start_mark.index
    return made(file, start, flow=bool(event.flow_style), tag=_tag(event), anchor=event.anchor)


def _scalar(file: Source, event: Any, base: int) -> Scalar:  # noqa: ANN401 - the C parser has no types
    start, end, tag = base + event.start_mark.index, base + event.end_mark.index, _tag(event)
    if tag or event.anchor:
        found = _PROPERTIES.match(file.text, start, end)
        start = found.end() if found else start
    value = event.value.replace(_COLON, ":") if _COLON in event.value else event.value
    return Scalar(file, value, start, end, event.style or "", scalar_source, tag, event.anchor)


def _tag(event: Any) -> str:  # noqa: ANN401 - the C parser has no types
    return str(event.ctag) if event.ctag else ""


def _fault(source: Source, base: int, error: YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", "") or "") or str(error).split("\n", 1)[0]
    at = min(base + (mark.index if mark is not None else 0), len(source.text))
    end = source.text.find("\n", at)
    return Fault(reason, source.at(at, max(at, end if end >= 0 else len(source.text))))
