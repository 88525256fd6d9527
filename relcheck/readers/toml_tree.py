"""TOML as a tree in which every node knows its place (TOML 1.0), from tree-sitter's grammar.

The standard library's tomllib gives no positions. Tables, dotted keys, inline tables and arrays of tables become nested
mappings as in the data model; a text that is no TOML gives faults, and what lies around them is still read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import tree_sitter

from relcheck.grammars import grammar
from relcheck.readers.escapes import escaped_source, unescaped
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import Fault
from relcheck.source import Source, byte_offsets

_LANGUAGE = grammar("tree_sitter_toml")
MAX_FAULTS = 5
_KEYS = ("bare_key", "quoted_key", "dotted_key")
_SCALARS = ("string", "integer", "float", "boolean", "offset_date_time", "local_date_time", "local_date", "local_time")


def load(source: Source) -> tuple[Mapping, list[Fault]]:
    """Return the document and what could not be read in it."""
    return _Reader(source).read()


class _Reader:
    """Turns one syntax tree into nodes; offsets of the parser are bytes, ours are code points."""

    def __init__(self, source: Source) -> None:
        self._source = source
        data = source.text.encode("utf-8", "replace")
        self._tree = tree_sitter.Parser(_LANGUAGE).parse(data)
        self._ascii = len(data) == len(source.text)
        self._points = [] if self._ascii else byte_offsets(source.text)
        self.faults: list[Fault] = []

    def read(self) -> tuple[Mapping, list[Fault]]:
        top = Mapping(self._source, 0, flow=False)
        for node in self._tree.root_node.children:
            self._statement(node, top)
        if self._tree.root_node.has_error:
            self._find_errors()
        return top, self.faults

    def _find_errors(self) -> None:
        stack = [self._tree.root_node]
        while stack and len(self.faults) < MAX_FAULTS:
            node = stack.pop()
            if node.type == "ERROR" or node.is_missing:
                self._refuse(node)
            else:
                stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)

    def _at(self, offset: int) -> int:
        return offset if self._ascii else max(bisect_right(self._points, offset) - 1, 0)

    def _text(self, node: Any) -> str:  # noqa: ANN401 - tree-sitter's node
        return self._source.text[self._at(node.start_byte) : self._at(node.end_byte)]

    def _statement(self, node: Any, top: Mapping) -> None:  # noqa: ANN401 - tree-sitter's node
        if node.type == "pair":
            self._pair(node, top)
        elif node.type in ("table", "table_array_element"):
            self._table(node, top)

    def _refuse(self, node: Any) -> None:  # noqa: ANN401 - tree-sitter's node
        start = self._at(node.start_byte)
        stop = self._source.text.find("\n", start)
        end = stop if stop >= 0 else len(self._source.text)
        self.faults.append(Fault("not valid TOML here", self._source.at(start, max(start, end))))

    def _table(self, node: Any, top: Mapping) -> None:  # noqa: ANN401 - tree-sitter's node
        key = next((child for child in node.children if child.type in _KEYS), None)
        if key is None:
            return
        keys = list(self._keys(key))
        holder = self._descend(top, keys[:-1])
        plain = node.type == "table"
        target = self._descend(holder, keys[-1:]) if plain else self._appended(holder, keys[-1], node)
        target.end = self._at(node.end_byte)
        for child in node.children:
            if child.type == "pair":
                self._pair(child, target)

    def _appended(self, holder: Mapping, key: Scalar, node: Any) -> Mapping:  # noqa: ANN401 - tree-sitter's node
        items = holder.get(key.value)
        if not isinstance(items, Sequence):
            items = Sequence(self._source, key.start, flow=False)
            holder.items.append((key, items))
        target = Mapping(self._source, self._at(node.start_byte), flow=False)
        items.items.append(target)
        return target

    def _descend(self, holder: Mapping, keys: list[Scalar]) -> Mapping:
        for key in keys:
            found = holder.get(key.value)
            if isinstance(found, Sequence) and found.items and isinstance(found.items[-1], Mapping):
                found = found.items[-1]
            if not isinstance(found, Mapping):
                found = Mapping(self._source, key.start, flow=False)
                found.end = key.end
                holder.items.append((key, found))
            holder = found
        return holder

    def _pair(self, node: Any, holder: Mapping) -> None:  # noqa: ANN401 - tree-sitter's node
        keys = [key for child in node.children if child.type in _KEYS for key in self._keys(child)]
        value = next((made for child in node.children[1:] if (made := self._value(child)) is not None), None)
        if not keys or value is None:
            return
        self._descend(holder, keys[:-1]).items.append((keys[-1], value))

    def _keys(self, node: Any) -> Iterator[Scalar]:  # noqa: ANN401 - tree-sitter's node
        stack = [node]
        while stack:
            found = stack.pop()
            if found.type == "dotted_key":
                stack.extend(reversed(found.children))
            elif found.type in ("bare_key", "quoted_key"):
                yield self._scalar(found)

    def _value(self, node: Any) -> Node | None:  # noqa: ANN401 - tree-sitter's node
        if node.type in _SCALARS:
            return self._scalar(node)
        if node.type == "array":
            made = Sequence(self._source, self._at(node.start_byte), flow=True)
            made.end = self._at(node.end_byte)
            made.items = [item for child in node.children if (item := self._value(child)) is not None]
            return made
        if node.type == "inline_table":
            table = Mapping(self._source, self._at(node.start_byte), flow=True)
            table.end = self._at(node.end_byte)
            for child in node.children:
                if child.type == "pair":
                    self._pair(child, table)
            return table
        return None

    def _scalar(self, node: Any) -> Scalar:  # noqa: ANN401 - tree-sitter's node
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        text = self._source.text[start:end]
        quote = next((mark for mark in ('"""', "'''", '"', "'") if text.startswith(mark)), "")
        if not quote:
            return Scalar(self._source, text, start, end, "", _verbatim)
        first, last = start + len(quote), max(start + len(quote), end - len(quote))
        if len(quote) == 3:  # a line break right behind the opening quotes is not part of the value
            first += 2 if self._source.text.startswith("\r\n", first) else self._source.text.startswith("\n", first)
        value = self._source.text[first:last]
        if quote[0] == "'":
            return Scalar(self._source, value, first, last, quote, _verbatim)
        return Scalar(self._source, unescaped(value), first, last, quote, _string)


def _verbatim(file: Source, start: int, end: int, _style: str, _value: str) -> Source:
    return file.part(start, end)


def _string(file: Source, start: int, end: int, _style: str, _value: str) -> Source:
    return escaped_source(file, start, end, "toml")
