"""Expansion of variables in a text that a reader is about to parse.

`expand` replaces what the files tell and puts `MARK` where they do not, and keeps the map of places: a value that
came through a variable has the place of its use and the form "variable", the text of an inline default
(`${V:-alpine}`) keeps its own place. Nothing here knows where values come from; `lookup` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.source import Piece, Source

Value = Source | str
Lookup = Callable[[str], Value | None]

_DEPTH = 10
_BUDGET = 1000

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_BRACED = lazy_pattern(rf"({_NAME})(:?[-?+=])?", re.ASCII)
_PATH = lazy_pattern(r"[A-Za-z_][\w-]*(?:\.[\w*-]+|\['[^']*'\])*", re.ASCII)
_BRACES = lazy_pattern(r"\$\{|\}")
_TOKENS = lazy_pattern(r"'[^']*'|\|\||&&|[()]")
_LITERAL = lazy_pattern(r"'((?:[^']|'')*)'")

# What starts a variable, by syntax. The groups: escape (kept as its own text), name, braced (text up to the
# matching brace follows), path (the inside of a marker with an end of its own), other (never known).
_OPENERS: dict[str, re.Pattern[str]] = {
    "docker": lazy_pattern(rf"(?P<escape>\\\$)|\$(?:(?P<name>{_NAME})|(?P<braced>\{{)|(?P<other>[0-9@*#]))"),
    "shell": lazy_pattern(
        rf"(?P<escape>\\\$)|\$(?:(?P<name>{_NAME})|(?P<braced>\{{)|(?P<other>\([^()]*\)|[0-9@*#?!$-]))|(?P<tick>`[^`]*`)"
    ),
    "compose": lazy_pattern(rf"(?P<escape>\$\$)|\$(?:(?P<name>{_NAME})|(?P<braced>\{{))"),
    "gitlab": lazy_pattern(
        rf"(?P<escape>\$\$)|\$(?:(?P<name>{_NAME})|(?P<braced>\{{)|\[\[(?P<path>[^\[\]]*)\]\])|%(?P<percent>{_NAME})%"
    ),
    "github": lazy_pattern(r"\$\{\{(?P<path>(?:'[^']{0,400}'|(?!\}\}|\$\{\{)[^']){0,1000})\}\}"),
    "azure": lazy_pattern(
        r"\$\{\{(?P<path>(?:'[^']{0,400}'|(?!\}\}|\$\{\{)[^']){0,1000})\}\}|\$\((?P<name>[\w.-]+)\)|\$\[(?P<other>[^\]]*)\]"
    ),
    # A heredoc (`<<EOF >> file`) is no marker: every expression has a dot or a parenthesis.
    "circleci": lazy_pattern(r"(?P<escape>\\<<)|<<(?P<path>\s*[\w-]+[.(][^<>]*)>>"),
    "flux": lazy_pattern(r"(?P<escape>\$\$)|\$(?P<braced>\{)"),
    "tekton": lazy_pattern(r"\$\((?P<path>[^()]*)\)"),
    "braces": lazy_pattern(r"\{\{-?(?P<path>[^{}]*?)-?\}\}"),
    "terraform": lazy_pattern(r"(?P<escape>\$\$\{)|\$\{(?P<path>[^{}]*)\}"),
}
# GitLab knows no operators inside the braces.
_OPERATORS = ("docker", "shell", "compose", "flux")
_ASSIGNS = ("shell", "flux")
"""What knows `${V:=default}`; where the value is kept for later uses of V, each of them is looked up alone here."""


class Expansion(Record):
    """An expanded text and what went into it.

    source: the text to parse; missing: names without a value; used: names with what `lookup` gave for them;
    defaulted: a value or an inline default took the place of a variable.
    """

    source: Source
    missing: tuple[str, ...] = ()
    used: tuple[tuple[str, Value], ...] = ()
    defaulted: bool = False

    @property
    def state(self) -> str:
        """Return literal, defaulted, partial or unknown, as `Image.state` has it."""
        text = self.source.text
        if MARK in text:
            return "partial" if text.strip(MARK + " ") else "unknown"
        return "defaulted" if self.defaulted else "literal"


class _Part(NamedTuple):
    """A stretch of the result and the stretch of the input that it came from; kept: letter for letter."""

    text: str
    start: int
    end: int
    kept: bool = False


def expand(source: Source, lookup: Lookup, syntax: str) -> Expansion:
    """Replace the variables of a text; `syntax` is a key of the table of openers (docker, compose, github, ...)."""
    if not _OPENERS[syntax].search(source.text):
        return Expansion(source=source)
    work = _Work(lookup, syntax)
    parts = list(work.parts(source.text, 0, ()))
    expanded = source.embed("".join(part.text for part in parts), tuple(_pieces(parts)), "variable")
    missing, used = tuple(dict.fromkeys(work.missing)), tuple(work.used.items())
    return Expansion(source=expanded, missing=missing, used=used, defaulted=work.defaulted)


def expression_candidates(expr: str) -> tuple[str, ...] | None:
    """Return the string literals that a GitHub expression may come to: `a && 'x' || 'y'` gives x and y.

    None when no leaf of its `||` and `&&` chain is a literal. Leaves that are no literals are left out.
    """
    found = tuple(dict.fromkeys(value for value in _leaves(expr, 0) if value))
    return found or None


def _pieces(parts: list[_Part]) -> Iterator[Piece]:
    at = 0
    for part in parts:
        end = at + len(part.text)
        if not part.kept and len(part.text) == part.end - part.start:
            # Of the same length by chance: in two pieces, so that neither maps letter for letter.
            yield Piece(at, at + 1, part.start, part.end)
            at += 1
        yield Piece(at, end, part.start, part.end)
        at = end


class _Work:
    """One expansion: what was looked up so far, and the budget that stops values that multiply."""

    def __init__(self, lookup: Lookup, syntax: str) -> None:
        self.lookup = lookup
        self.opener = _OPENERS[syntax]
        self.operators = syntax in _OPERATORS
        self.assigns = syntax in _ASSIGNS
        self.missing: list[str] = []
        self.used: dict[str, Value] = {}
        self.defaulted = False
        self.left = _BUDGET

    def parts(self, text: str, base: int, visited: tuple[str, ...]) -> Iterator[_Part]:
        """Yield the parts of the expanded text; `base` is the offset of `text` in the input."""
        at = 0
        while match := self.opener.search(text, at):
            if match.start() > at:
                yield _Part(text[at : match.start()], base + at, base + match.start(), kept=True)
            groups = match.groupdict()
            inside, at = _closing(text, match.end()) if groups.get("braced") else (0, match.end())
            start, end = base + match.start(), base + at
            if groups.get("escape"):
                yield _Part(match[0][1:], start + 1, end, kept=True)
            elif groups.get("braced"):
                yield from self._braced(text[match.end() : inside], base + match.end(), (start, end), visited)
            elif (path := groups.get("path")) is not None:
                yield _Part(self._expression(path.strip(), visited), start, end)
            else:
                name = groups.get("name") or groups.get("percent") or ""
                yield _Part(self._required(name, visited), start, end)
        if at < len(text):
            yield _Part(text[at:], base + at, base + len(text), kept=True)

    def _braced(self, inside: str, base: int, place: tuple[int, int], visited: tuple[str, ...]) -> Iterator[_Part]:
        """Expand the inside of `${...}`: NAME or NAME, an operator and a word."""
        match = _BRACED.match(inside)
        rest = inside[match.end() :] if match else inside
        if not match or not self._knows(match[2] or "", rest) or len(visited) > _DEPTH:
            self.missing.append(match[1] if match else inside)
            yield _Part(MARK, *place)
            return
        name, operator = match[1], match[2] or ""
        value = self._value(name, visited)
        unset = not value if operator.startswith(":") else value is None
        if operator.endswith(("-", "=")) and unset:
            self.defaulted = True
            yield from self.parts(rest, base + match.end(), (*visited, ""))
        elif operator.endswith("+") and value is not None:
            yield from () if unset else self.parts(rest, base + match.end(), (*visited, ""))
        else:
            if value is None:
                self.missing.append(name)
            yield _Part(MARK if value is None else value, *place)

    def _knows(self, operator: str, rest: str) -> bool:
        """Whether the syntax has an operator; without one nothing may stand behind the name."""
        if not operator:
            return not rest
        return self.operators and (self.assigns or not operator.endswith("="))

    def _required(self, name: str, visited: tuple[str, ...]) -> str:
        value = self._value(name, visited) if name else None
        if value is None and name:
            self.missing.append(name)
        return MARK if value is None else value

    def _expression(self, expr: str, visited: tuple[str, ...]) -> str:
        """Expand a path, a string literal or `path || 'literal'`; everything else is not known."""
        if literal := _LITERAL.fullmatch(expr):
            return literal[1].replace("''", "'")
        if _PATH.fullmatch(expr):
            return self._required(expr, visited)
        first, bars, rest = expr.partition("||")
        if bars and _PATH.fullmatch(first.strip()) and _LITERAL.fullmatch(rest.strip()):
            value = self._required(first.strip(), visited)
            return value or self._expression(rest.strip(), visited)
        self.missing.append(expr)
        return MARK

    def _value(self, name: str, visited: tuple[str, ...]) -> str | None:
        """Look a name up and expand what was found, unless it is being expanded already."""
        self.left -= 1
        if name in visited or len(visited) >= _DEPTH or self.left < 0:
            return None
        found = self.lookup(name)
        if found is None:
            return None
        self.used[name] = found
        self.defaulted = True
        text = found if isinstance(found, str) else found.text
        return "".join(part.text for part in self.parts(text, 0, (*visited, name)))


def _closing(text: str, at: int) -> tuple[int, int]:
    """Return where the inside of the brace before `at` ends, and where the variable does."""
    depth = 1
    for match in _BRACES.finditer(text, at):
        depth += 1 if match[0] == "${" else -1
        if depth == 0:
            return match.start(), match.end()
    return len(text), len(text)


def _leaves(expr: str, depth: int) -> Iterator[str]:
    expr = expr.strip()
    if literal := _LITERAL.fullmatch(expr):
        yield literal[1].replace("''", "'")
        return
    for alternative in _split(expr, "||"):
        leaf = _split(alternative, "&&")[-1].strip()
        if leaf.startswith("(") and leaf.endswith(")"):
            leaf = leaf[1:-1]
        if depth < _DEPTH and leaf != expr:
            yield from _leaves(leaf, depth + 1)


def _split(expr: str, operator: str) -> list[str]:
    """Split at an operator that stands neither in a literal nor in parentheses."""
    found, depth, last = [], 0, 0
    for match in _TOKENS.finditer(expr):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == operator and depth == 0:
            found.append(expr[last : match.start()])
            last = match.end()
    return [*found, expr[last:]]
