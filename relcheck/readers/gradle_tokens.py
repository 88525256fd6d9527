"""Groovy and Kotlin build scripts as nested statements: words, strings and blocks, without judging the language.

One tokeniser serves both languages. tree-sitter's Groovy grammar reports errors in 3 of 20 real build files (and another
grammar would be needed for Kotlin), while what a build script declares stands in statements of one shape:

    NAME ARGUMENT…            NAME(ARGUMENT…)            NAME(ARGUMENT…) { statements }            NAME = VALUE
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.forms import unescape_double
from relcheck.source import Piece, Source

_TOKEN = re.compile(
    r"(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z)|#![^\r\n]*)"
    r'|(?P<triple>"""(?:[^"\\]|\\.|"(?!""))*"""|' + r"'''(?:[^'\\]|\\.|'(?!''))*''')"
    r'|(?P<string>"(?:[^"\\\r\n$]|\\.|\$\{[^{}\r\n]*\}|\$)*"|' + r"'(?:[^'\\\r\n]|\\.)*')"
    r"|(?P<word>[A-Za-z_`][\w`]*)|(?P<number>\d[\w.]*)|(?P<end>[\r\n;]+)|(?P<mark>[^\s])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_OPEN, _CLOSE = "([", ")]"
_CONTINUED = (",", "=", "+", "(", "[", ".", "?", ":", "-", "*")
_DEPTH = 60


class Token:
    """A piece of a statement: kind is word, string, number or mark; `text` is what stands there, of strings the inside."""

    __slots__ = ("_file", "_source", "end", "kind", "quote", "start", "text")

    def __init__(self, file: Source, kind: str, start: int, end: int, quote: str = "") -> None:
        self._file = file
        self._source: Source | None = None
        self.kind = kind
        self.quote = quote
        self.start = start
        self.end = end
        self.text = file.text[start:end] if not quote else self.source.text

    @property
    def source(self) -> Source:
        """The text with its place; few of a script's words are ever asked for theirs."""
        if self._source is None:
            size = len(self.quote)
            inside = _inside(self._file, self.start + size, self.end - size) if size else None
            self._source = inside or self._file.part(self.start, self.end)
        return self._source


class Statement:
    """Tokens up to the end of the line or to a block, and the statements of the block."""

    __slots__ = ("block", "children", "tokens")

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.children: list[Statement] = []
        self.block = False

    @property
    def name(self) -> str:
        """The first word, the empty string where the statement begins with something else."""
        return self.tokens[0].text.strip("`") if self.tokens and self.tokens[0].kind == "word" else ""

    @property
    def label(self) -> str:
        """The name of the block: that of an object or class, else the first word."""
        words = [token.text for token in self.tokens if token.kind == "word"]
        at = words.index("object") + 1 if "object" in words else 0
        return words[at] if at and at < len(words) else self.name

    def strings(self) -> Iterator[Token]:
        """Yield the strings, in order."""
        return (token for token in self.tokens if token.kind == "string")

    def words(self) -> list[str]:
        """Return the texts of words and marks, in order."""
        return [token.text for token in self.tokens if token.kind != "string"]

    def all(self, *path: str) -> Iterator[Statement]:
        """Yield the nested statements that a path of names leads to."""
        for child in self.children:
            if child.name == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from child.all(*path[1:])

    def walk(self) -> Iterator[tuple[tuple[str, ...], Statement]]:
        """Yield (names of the blocks around, statement) of everything below, in order."""
        stack: list[tuple[tuple[str, ...], Statement]] = [((), child) for child in reversed(self.children)]
        while stack:
            path, found = stack.pop()
            yield path, found
            stack.extend(((*path, found.label), child) for child in reversed(found.children))

    def value_of(self, name: str) -> Token | None:
        """Return the string of `name = "x"`, `name "x"`, `name.set("x")` among the nested statements."""
        for child in self.children:
            if child.name == name:
                found = next(child.strings(), None)
                if found is not None:
                    return found
        return None


def parse(source: Source) -> Statement:
    """Return the statements of a script below one nameless statement; what does not balance is closed at the end."""
    top = Statement()
    stack: list[tuple[Statement, int]] = [(top, 0)]
    current, depth = Statement(), 0

    def finish() -> None:
        nonlocal current
        if current.tokens or current.block:
            stack[-1][0].children.append(current)
        current = Statement()

    for token in _tokens(source):
        text = token.text if token.kind == "mark" else ""
        if token.kind == "end":
            if depth == 0 and not (current.tokens and _continues(current.tokens[-1])):
                finish()
        elif text == "{":
            current.block = True
            holder = current
            finish()
            if len(stack) < _DEPTH:
                stack.append((holder, depth))
            depth = 0
        elif text == "}":
            finish()
            if len(stack) > 1:
                depth = stack.pop()[1]
        else:
            depth = max(0, depth + (text in _OPEN and text != "") - (text in _CLOSE and text != ""))
            current.tokens.append(token)
    finish()
    return top


def _continues(token: Token) -> bool:
    return token.kind == "mark" and token.text in _CONTINUED


def _tokens(source: Source) -> Iterator[Token]:
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or ""
        start, end = match.span()
        if kind == "comment":
            if "\n" in match[0]:
                yield Token(source, "end", end, end)
        elif kind in ("string", "triple"):
            yield Token(source, "string", start, end, match[0][:3] if kind == "triple" else match[0][0])
        else:
            yield Token(source, kind, start, end)


def _inside(source: Source, start: int, end: int) -> Source:
    r"""Return the inside of a string, its escapes decoded; `\\$` stays for the expansion of variables."""
    text = source.text[start:end]
    if "\\" not in text:
        return source.part(start, end)
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, start
    for match in _ESCAPE.finditer(source.text, start, end):
        value = match[0] if match[0] == "\\$" else unescape_double(match[0])
        pieces.append(Piece(size, size + match.start() - at, at, match.start()))
        size += match.start() - at
        pieces.append(Piece(size, size + len(value), match.start(), match.end()))
        out += [source.text[at : match.start()], value]
        size, at = size + len(value), match.end()
    pieces.append(Piece(size, size + end - at, at, end))
    out.append(source.text[at:end])
    return source.embed("".join(out), tuple(pieces), "double")
