"""Literals of Python programs with their places, from Python's own syntax tree; nothing is run."""

from __future__ import annotations

import ast
import warnings

from relcheck.refs import MARK
from relcheck.source import Piece, Source, line_starts

MAX_LENGTH = 1_000_000


def parse_python(text: str) -> ast.Module | None:
    """Return the tree of a program, None for what is none or too long."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Places:
    """Finds literals in the file: the tree counts lines, and columns in bytes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts = [*line_starts(source.text), len(source.text)]
        self._ascii = source.text.isascii()

    def literal(self, node: ast.expr) -> Source | None:
        """Return the text of a plain literal, or None for one with a prefix, escapes or several pieces."""
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            return None
        place = self.place(node)
        if place is None or self._source.text[place[0] + 1 : place[1] - 1] != node.value:
            return None
        return self._source.part(place[0] + 1, place[1] - 1)

    def word(self, node: ast.expr) -> Source | None:
        """Return a literal, `MARK` for what is computed, None for what stands on several lines."""
        found = self.literal(node)
        return found if found is not None else self.instead(node, MARK)

    def instead(self, node: ast.expr, text: str) -> Source | None:
        """Return a text that an expression stands for."""
        place = self.place(node)
        return self._source.embed(text, (Piece(0, len(text), *place),), "variable") if place is not None else None

    def place(self, node: ast.expr) -> tuple[int, int] | None:
        """Return where an expression on one line stands."""
        if node.end_lineno != node.lineno or node.lineno > len(self._starts) - 1 or node.end_col_offset is None:
            return None
        start = self._starts[node.lineno - 1]
        if self._ascii:
            return start + node.col_offset, start + node.end_col_offset
        line = self._source.text[start : self._starts[node.lineno]].encode("utf-8", "surrogatepass")
        first = start + len(line[: node.col_offset].decode("utf-8", "replace"))
        return first, start + len(line[: node.end_col_offset].decode("utf-8", "replace"))
