"""HCL 2 as a tree in which every node knows its place, from tree-sitter's grammar (no error on 145 real files).

Blocks become nested mappings by type and label, as HCL's own JSON syntax has them, so that one reader serves both
(`target "a" { … }` and `{"target": {"a": {…}}}`); repeated blocks are repeated keys. Expressions:

    "text ${var.x}"        Scalar, style `"`; the templates stay in the text (`relcheck.readers.hcl_values` expands them)
    <<EOT, <<-EOT          Scalar, style "<<"
    1, true, null          Scalar, style ""
    var.x, f(x), a + b     Scalar, style "expr": the expression as written
    format("%s:%s", a, b)  Scalar, style "expr" of the template that it makes
    [a, b]                 Sequence; with tag "choice" the arms of `c ? a : b`, with "call NAME" a function's arguments
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import tree_sitter

from relcheck.grammars import grammar
from relcheck.readers.escapes import escaped_source, unescaped
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import Fault
from relcheck.source import Piece, Source, byte_offsets

_LANGUAGE = grammar("tree_sitter_hcl")
_QUOTED_NAME = re.compile(r'(?m)^([ \t]*)"([A-Za-z_][\w-]*)"([ \t]*=)(?!=)')
_HEREDOC = re.compile(r"<<(-?)[^\r\n]*(?:\r\n|\n|\r)")
_LINE = re.compile(r"(?P<indent>[ ]*)(?P<text>[^\r\n]*)(?P<end>\r\n|\n|\r|\Z)")
_VERB = re.compile(r"%(?:\[(\d+)\])?[sdvq]|%%")
_WRAPPERS = ("expression", "literal_value", "template_expr", "collection_value", "expr_term")
_DATA_CALLS = (
    "concat",
    "tolist",
    "toset",
    "flatten",
    "compact",
    "distinct",
    "jsonencode",
    "yamlencode",
    "jsondecode",
    "yamldecode",
    "merge",
    "tomap",
)
MAX_DEPTH = 100
MAX_FAULTS = 5


def load(source: Source) -> tuple[Mapping, list[Fault]]:
    """Return the file's body and what could not be read in it."""
    return _Reader(source).read()


class _Reader:
    """Turns one syntax tree into nodes; offsets of the parser are bytes, ours are code points."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # The grammar knows no quoted attribute names at the top of a block, which Bake's older files have.
        text = _QUOTED_NAME.sub(lambda match: f"{match[1]} {match[2]} {match[3]}", source.text)
        data = text.encode("utf-8", "replace")
        self._tree = tree_sitter.Parser(_LANGUAGE).parse(data)
        self._points = [] if len(data) == len(text) else byte_offsets(text)
        self.faults: list[Fault] = []

    def read(self) -> tuple[Mapping, list[Fault]]:
        top = Mapping(self._source, 0, flow=False)
        top.end = len(self._source.text)
        for child in self._tree.root_node.children:
            if child.type == "body":
                self._body(child, top, 0)
        if self._tree.root_node.has_error:
            self._find_errors()
        return top, self.faults

    def _find_errors(self) -> None:
        stack = [self._tree.root_node]
        while stack and len(self.faults) < MAX_FAULTS:
            node = stack.pop()
            if node.type == "ERROR" or node.is_missing:
                start = self._at(node.start_byte)
                stop = self._source.text.find("\n", start)
                end = stop if stop >= 0 else len(self._source.text)
                self.faults.append(Fault("not valid HCL here", self._source.at(start, max(start, end))))
            else:
                stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)

    def _at(self, offset: int) -> int:
        return max(bisect_right(self._points, offset) - 1, 0) if self._points else offset

    def _body(self, node: Any, holder: Mapping, depth: int) -> None:  # noqa: ANN401 - tree-sitter's node
        for child in node.children if depth < MAX_DEPTH else ():
            if child.type == "attribute":
                self._attribute(child, holder, depth)
            elif child.type == "block":
                self._block(child, holder, depth)

    def _attribute(self, node: Any, holder: Mapping, depth: int) -> None:  # noqa: ANN401
        name = next((child for child in node.children if child.type == "identifier"), None)
        value = next((child for child in node.children if child.type == "expression"), None)
        made = self._value(value, depth + 1) if value is not None else None
        if name is not None and made is not None:
            holder.items.append((self._verbatim(name), made))

    def _block(self, node: Any, holder: Mapping, depth: int) -> None:  # noqa: ANN401
        """TYPE LABEL… { body }: a mapping below a mapping a label."""
        names = [self._label(child) for child in node.children if child.type in ("identifier", "string_lit")]
        for name in names:
            made = Mapping(self._source, name.start, flow=False)
            made.end = self._at(node.end_byte)
            holder.items.append((name, made))
            holder = made
        for child in node.children:
            if child.type == "body" and names:
                self._body(child, holder, depth + 1)

    def _label(self, node: Any) -> Scalar:  # noqa: ANN401
        return self._verbatim(node) if node.type == "identifier" else self._quoted(node)

    def _value(self, node: Any, depth: int) -> Node | None:  # noqa: ANN401
        while node.type in _WRAPPERS and len(node.children) == 1:
            node = node.children[0]
        if depth > MAX_DEPTH:
            return None
        if node.type in ("string_lit", "quoted_template"):
            return self._quoted(node)
        if node.type == "heredoc_template":
            return self._heredoc(node)
        if node.type in ("numeric_lit", "bool_lit", "null_lit"):
            return self._verbatim(node)
        if node.type == "tuple":
            return self._sequence(node, node.children, depth)
        if node.type == "object":
            return self._object(node, depth)
        if node.type == "conditional":
            arms = [child for child in node.children if child.type == "expression"][1:]
            return self._sequence(node, arms, depth, "choice")
        if node.type == "function_call":
            return self._call(node, depth)
        if node.type == "expression" and node.children and node.children[0].type == "(":
            return self._value(node.children[1], depth + 1)
        return self._expression(node)

    def _sequence(self, node: Any, children: list[Any], depth: int, tag: str = "") -> Sequence:  # noqa: ANN401
        made = Sequence(self._source, self._at(node.start_byte), flow=True, tag=tag)
        made.end = self._at(node.end_byte)
        items = (self._value(child, depth + 1) for child in children if child.type == "expression")
        made.items = [item for item in items if item is not None]
        return made

    def _object(self, node: Any, depth: int) -> Mapping:  # noqa: ANN401
        made = Mapping(self._source, self._at(node.start_byte), flow=True)
        made.end = self._at(node.end_byte)
        for child in node.children:
            sides = [part for part in child.children if part.type == "expression"]
            if child.type != "object_elem" or len(sides) != 2:
                continue
            key, value = self._value(sides[0], depth + 1), self._value(sides[1], depth + 1)
            if isinstance(key, Scalar) and value is not None:
                made.items.append((key, value))
        return made

    def _call(self, node: Any, depth: int) -> Node:  # noqa: ANN401
        name = node.children[0].text.decode("utf-8", "replace")
        holder = next((child for child in node.children if child.type == "function_arguments"), None)
        arguments = [child for child in holder.children if child.type == "expression"] if holder is not None else []
        if name in _DATA_CALLS:
            return self._sequence(node, arguments, depth, f"call {name}")
        if name == "format" and arguments:
            made = self._formatted(node, arguments, depth)
            if made is not None:
                return made
        return self._expression(node)

    def _formatted(self, node: Any, arguments: list[Any], depth: int) -> Scalar | None:  # noqa: ANN401
        """Turn `format("%s:%s", a, b)` into the template `${a}:${b}`."""
        shape = self._value(arguments[0], depth + 1)
        if not isinstance(shape, Scalar) or shape.style != '"':
            return None
        text, pieces, out, size, at, number = shape.source.text, [], [], 0, 0, 1
        raw = shape.source.text == self._source.text[shape.start : shape.end]
        for match in [*_VERB.finditer(text), None] if raw else []:
            end = match.start() if match else len(text)
            pieces.append(Piece(size, size + end - at, shape.start + at, shape.start + end))
            out.append(text[at:end])
            size += end - at
            if match is None:
                break
            word = "%"
            place = (shape.start + match.start(), shape.start + match.end())
            if match[0] != "%%":
                chosen = int(match[1]) if match[1] and len(match[1]) < 4 else number
                number = chosen + 1
                if chosen >= len(arguments):
                    return None
                word, place = self._template(arguments[chosen])
            pieces.append(Piece(size, size + len(word), *place))
            out.append(word)
            size, at = size + len(word), match.end()
        if not raw:
            return None
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        value = "".join(out)
        made = tuple(pieces)
        return Scalar(self._source, value, start, end, '"', lambda file, *_: file.embed(value, made, "composed"))

    def _template(self, node: Any) -> tuple[str, tuple[int, int]]:  # noqa: ANN401
        """Return an argument as a piece of a template, with its place."""
        while node.type in _WRAPPERS and len(node.children) == 1:
            node = node.children[0]
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        if node.type in ("string_lit", "quoted_template"):
            return self._source.text[start + 1 : end - 1], (start + 1, end - 1)
        return "${" + self._source.text[start:end] + "}", (start, end)

    def _verbatim(self, node: Any) -> Scalar:  # noqa: ANN401
        return Scalar(self._source, *self._text(node), "", _verbatim)

    def _expression(self, node: Any) -> Scalar:  # noqa: ANN401
        return Scalar(self._source, *self._text(node), "expr", _verbatim)

    def _text(self, node: Any) -> tuple[str, int, int]:  # noqa: ANN401
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        return self._source.text[start:end], start, end

    def _quoted(self, node: Any) -> Scalar:  # noqa: ANN401
        start, end = self._at(node.start_byte) + 1, self._at(node.end_byte) - 1
        value = unescaped(self._source.text[start : max(start, end)])
        return Scalar(self._source, value, start, max(start, end), '"', _string)

    def _heredoc(self, node: Any) -> Scalar:  # noqa: ANN401
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        head = _HEREDOC.match(self._source.text, start, end)
        first = head.end() if head else end
        last = self._source.text.rfind("\n", first - 1, end) + 1 if head else end
        value, pieces, form = _unindented(self._source.text, first, max(first, last), bool(head and head[1]))
        return Scalar(
            self._source, value, first, max(first, last), "<<", lambda file, *_: file.embed(value, tuple(pieces), form)
        )


def _unindented(text: str, start: int, end: int, strip: bool) -> tuple[str, list[Piece], str]:
    """Return the text of a heredoc without its common indent, the map to the file, and the form."""
    lines = [match for match in _LINE.finditer(text, start, end) if match.end() > match.start()]
    width = min((len(match["indent"]) for match in lines if match["text"]), default=0) if strip else 0
    if not width:
        return text[start:end], [Piece(0, end - start, start, end)], "plain"
    pieces: list[Piece] = []
    out: list[str] = []
    size = 0
    for match in lines:
        begin = match.start() + min(width, len(match["indent"]))
        pieces.append(Piece(size, size + match.end() - begin, begin, match.end()))
        out.append(text[begin : match.end()])
        size += match.end() - begin
    return "".join(out), pieces, f"literal-{width}"


def _verbatim(file: Source, start: int, end: int, _style: str, _value: str) -> Source:
    return file.part(start, end)


def _string(file: Source, start: int, end: int, _style: str, _value: str) -> Source:
    return escaped_source(file, start, end, "double")


def blocks(holder: Mapping | None, *names: str) -> Iterator[Mapping]:
    """Yield the nested blocks of a path of types, in order; a JSON list of objects is that many blocks."""
    if holder is None:
        return
    for key, value in holder.pairs():
        if key.value != names[0]:
            continue
        for found in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(found, Mapping):
                yield from blocks(found, *names[1:]) if len(names) > 1 else (found,)


def labelled(holder: Mapping, kind: str) -> Iterator[tuple[Scalar, Mapping]]:
    """Yield (label, body) of the blocks of a type with a label."""
    for found in blocks(holder, kind):
        for label, body in found.pairs():
            for made in body.items if isinstance(body, Sequence) else [body]:
                if isinstance(made, Mapping):
                    yield label, made


def candidates(node: Node | None) -> Iterator[Node]:
    """Yield what a value may come to: the items of lists, both arms of a condition, the lists of a `concat`."""
    stack: list[Node] = [node] if node is not None else []
    while stack:
        found = stack.pop()
        if isinstance(found, Sequence):
            stack.extend(reversed(found.items))
        else:
            yield found
