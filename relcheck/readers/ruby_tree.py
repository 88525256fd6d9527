"""Ruby text as calls with literal arguments, for files that are Ruby but mean data: Gemfile and gemspec.

tree-sitter reads the syntax; nothing is run. A literal is a text without interpolation or escapes, or a constant or
variable that is bound to one above.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import tree_sitter

from relcheck.grammars import grammar
from relcheck.source import Source, byte_offsets

_LANGUAGE = grammar("tree_sitter_ruby")
_BLOCKS = ("do_block", "block")
Syntax = Any  # a node of tree-sitter, which is not typed


def _parse(data: bytes) -> tree_sitter.Tree | None:
    """Parse with work that is bounded by the length: real files need one step for 25 bytes or more."""
    left = [1000 + len(data) // 4]

    def exhausted(_offset: int, _fault: bool) -> bool:
        left[0] -= 1
        return left[0] < 0

    parser = tree_sitter.Parser(_LANGUAGE)
    try:
        return parser.parse(lambda at, _point: data[at : at + 65_536], progress_callback=exhausted)
    except ValueError:  # the library's word for a parse that was cancelled
        return None


class Call(NamedTuple):
    """A call `receiver.name(arguments, key: value) do … end`; `node` is its whole place."""

    name: str
    receiver: str
    arguments: list[Syntax]
    options: dict[str, Syntax]
    block: Syntax | None
    node: Syntax


class Ruby:
    """A parsed text; offsets of the parser are bytes, ours are code points."""

    def __init__(self, source: Source) -> None:
        self._source = source
        data = source.text.encode("utf-8", "replace")
        parsed = _parse(data)
        self.given_up = parsed is None  # nothing is known of a text that would take too much work
        self.root: Syntax = (parsed or tree_sitter.Parser(_LANGUAGE).parse(b"")).root_node
        self._points = [] if len(data) == len(source.text) else byte_offsets(source.text)
        self.names: dict[str, Source] = {}

    def place(self, node: Syntax) -> Source:
        """Return the text of a node."""
        return self._source.part(self._at(node.start_byte), self._at(node.end_byte))

    def _at(self, offset: int) -> int:
        return max(bisect_right(self._points, offset) - 1, 0) if self._points else offset

    def call(self, node: Syntax) -> Call | None:
        """Return a call (a bare name counts), or None for other syntax."""
        if node.type == "identifier":
            return Call(self.place(node).text, "", [], {}, None, node)
        if node.type != "call":
            return None
        method, receiver = node.child_by_field_name("method"), node.child_by_field_name("receiver")
        if method is None:
            return None
        listed = node.child_by_field_name("arguments")
        given = list(listed.named_children) if listed is not None else []
        block = next((child for child in node.children if child.type in _BLOCKS), None)
        return Call(
            self.place(method).text,
            self.place(receiver).text if receiver is not None else "",
            [item for item in given if item.type not in ("pair", "hash", "comment")],
            dict(self._pairs(given)),
            block,
            node,
        )

    def _pairs(self, given: list[Syntax]) -> Iterator[tuple[str, Syntax]]:
        """Yield the options `key: value`, `:key => value` and `"key" => value`, in braces or not."""
        for item in given:
            if item.type == "hash":
                yield from self._pairs(list(item.named_children))
            elif item.type == "pair" and len(item.named_children) == 2:
                key, value = item.named_children
                yield self.place(key).text.strip(":\"'"), value

    def literal(self, node: Syntax | None) -> Source | None:
        """Return the text of a literal, following a name that is bound to one."""
        if node is None:
            return None
        if node.type in ("constant", "identifier"):
            return self.names.get(self.place(node).text)
        if node.type == "call" and len(node.named_children) == 2:  # "text".freeze
            method = node.child_by_field_name("method")
            if method is not None and self.place(method).text == "freeze":
                return self.literal(node.child_by_field_name("receiver"))
        if node.type != "string":
            return None
        content = node.named_children
        if not content:
            return self._source.part(self._at(node.start_byte) + 1, self._at(node.start_byte) + 1)
        return self.place(content[0]) if len(content) == 1 and content[0].type == "string_content" else None

    def words(self, node: Syntax | None) -> list[str]:
        """Return the texts of a literal, a symbol, or a list of them."""
        if node is None:
            return []
        if node.type in ("array", "string_array", "symbol_array"):
            return [word for child in node.named_children for word in self.words(child)]
        if node.type in ("simple_symbol", "bare_symbol", "bare_string"):
            return [self.place(node).text.lstrip(":")]
        found = self.literal(node)
        return [found.text] if found is not None else []

    def bind(self, node: Syntax) -> None:
        """Remember an assignment `NAME = "text"`; a name that is bound again is forgotten."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or left.type not in ("constant", "identifier"):
            return
        name, value = self.place(left).text, self.literal(right)
        if value is None or name in self.names:
            self.names.pop(name, None)
        else:
            self.names[name] = value


def statements(node: Syntax) -> list[Syntax]:
    """Return what stands inside a program or a block, in order; bodies of conditions belong to it."""
    out: list[Syntax] = []
    stack = list(reversed(node.named_children))
    while stack:
        found = stack.pop()
        if found.type in (
            "body_statement",
            "block_body",
            "if",
            "unless",
            "then",
            "else",
            "elsif",
            "begin",
            "case",
            "when",
        ):
            stack.extend(reversed(found.named_children))
        elif found.type in ("if_modifier", "unless_modifier"):
            stack.extend(reversed(found.named_children[:1]))
        else:
            out.append(found)
    return out
