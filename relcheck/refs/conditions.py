"""Conditions of pipelines, three-valued: what holds for sure, what does not, and what the files do not tell.

`evaluate` reads GitHub's expression language (documentation: "Evaluate expressions in workflows and actions") for one
scenario: `lookup` tells the contexts (`github.event_name`) that the scenario fixes. Azure's conditions (documentation:
"Expressions") are calls of functions in the same grammar. Whatever it does not fix is
`UNKNOWN`, and an unknown operand makes a result unknown only where it could change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from relcheck.facts import UNKNOWN, Truth, Unknown
from relcheck.patterns import lazy_pattern


class Some(NamedTuple):
    """A text that is not empty and begins with a prefix; the rest is not known (`refs/tags/…`)."""

    prefix: str = ""


Value = str | float | bool | Some | Unknown | None
Lookup = Callable[[str], Value]

STATUS = lazy_pattern(r"(?<![\w.])(?:always|success|failure|cancelled)\s*\(", re.IGNORECASE)
"""A status function: a condition without one is only asked when everything before it succeeded."""

_WHOLE = lazy_pattern(r"\s*\$\{\{(?P<body>(?:'[^']*'|(?!\}\})[^'])*)\}\}\s*", re.DOTALL)
_MARKER = lazy_pattern(r"\$\{\{(?:'[^']*'|(?!\}\})[^'])*\}\}", re.DOTALL)
_TOKEN = lazy_pattern(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.]))"
    r"|(?P<operator>&&|\|\||==|!=|<=|>=|[!<>()\[\],])|(?P<name>[A-Za-z_][\w-]*(?:\s*\.\s*[\w*-]+)*)"
    r"|(?P<member>\.\s*[\w*-]+))"
)
_DEPTH = 60


class _UnreadableExpression(Exception):
    """The text is no expression of the language."""


def both(values: Iterable[Truth]) -> Truth:
    """And: false as soon as one is false, unknown when one is not known, else true."""
    found = list(values)
    if False in found:
        return False
    return UNKNOWN if UNKNOWN in found else True


def either(values: Iterable[Truth]) -> Truth:
    """Or: true as soon as one is true, unknown when one is not known, else false."""
    found = list(values)
    if True in found:
        return True
    return UNKNOWN if UNKNOWN in found else False


def negation(value: Truth) -> Truth:
    """Not, where unknown stays unknown."""
    return value if isinstance(value, Unknown) else not value


def truth(value: Value) -> Truth:
    """Whether a value counts as true: not empty, not zero, not null."""
    if isinstance(value, Unknown):
        return UNKNOWN
    return True if isinstance(value, Some) else bool(value)


def evaluate(text: str, lookup: Lookup) -> Value:
    """Return the value of an expression, with or without its `${{ }}`; UNKNOWN for what is none or mixes both."""
    whole = _WHOLE.fullmatch(text)
    if whole is None and _MARKER.search(text):
        return UNKNOWN
    try:
        parser = _Parser(whole["body"] if whole else text, lookup)
        return parser.whole()
    except _UnreadableExpression:
        return UNKNOWN


def holds(text: str, lookup: Lookup) -> Truth:
    """Whether an `if:` holds in a scenario; an absent one (the empty text) does."""
    return truth(evaluate(text, lookup)) if text.strip() else True


class _Parser:
    """Recursive descent over the language's operators: `||`, `&&`, comparisons, `!`, then operands."""

    def __init__(self, text: str, lookup: Lookup) -> None:
        self.lookup = lookup
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    def whole(self) -> Value:
        value = self.disjunction()
        if self.at < len(self.tokens):
            raise _UnreadableExpression
        return value

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise _UnreadableExpression
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, word: str) -> None:
        if self.take() != ("operator", word):
            raise _UnreadableExpression

    def disjunction(self) -> Value:
        self.depth += 1
        if self.depth > _DEPTH:
            raise _UnreadableExpression
        value = self.conjunction()
        while self.peek() == "||":
            self.take()
            value = _or(value, self.conjunction())
        self.depth -= 1
        return value

    def conjunction(self) -> Value:
        value = self.comparison()
        while self.peek() == "&&":
            self.take()
            value = _and(value, self.comparison())
        return value

    def comparison(self) -> Value:
        value = self.unary()
        while self.peek() in ("==", "!=", "<", "<=", ">", ">="):
            operator = self.take()[1]
            value = _compare(operator, value, self.unary())
        return value

    def unary(self) -> Value:
        negations = 0
        while self.peek() == "!":
            self.take()
            negations += 1
        value = self.operand()
        for _ in range(negations):
            value = negation(truth(value))
        return value

    def operand(self) -> Value:
        kind, text = self.take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(text, 16)) if "0x" in text else float(text)
        if (kind, text) == ("operator", "("):
            value = self.disjunction()
            self.expect(")")
            return self.members(value, "")
        if kind != "name":
            raise _UnreadableExpression
        lower = text.lower()
        if self.peek() == "(":
            return self.members(_call(lower, self.arguments()), "")
        if lower in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[lower]
        return self.members(None, lower)

    def arguments(self) -> list[Value]:
        self.expect("(")
        found: list[Value] = []
        while self.peek() != ")":
            found.append(self.disjunction())
            if self.peek() == ",":
                self.take()
        self.expect(")")
        return found

    def members(self, value: Value, path: str) -> Value:
        """Follow `.name` and `[index]`; what is indexed by anything but a text is not known."""
        followed = False
        while self.peek() == "[" or (self.at < len(self.tokens) and self.tokens[self.at][0] == "member"):
            kind, text = self.take()
            followed = True
            if kind == "member":
                path = f"{path}.{text[1:].strip().lower()}" if path else ""
                continue
            index = self.disjunction()
            self.expect("]")
            path = f"{path}.{index.lower()}" if path and isinstance(index, str) else ""
        if path:
            return self.lookup(path)
        return UNKNOWN if followed else value


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _UnreadableExpression
        found = match[match.lastgroup]
        yield match.lastgroup, re.sub(r"\s+", "", found) if match.lastgroup == "name" else found
        at = match.end()


def _and(left: Value, right: Value) -> Value:
    known = truth(left)
    if known is False:
        return left
    if known is True:
        return right
    return False if truth(right) is False else UNKNOWN


def _or(left: Value, right: Value) -> Value:
    known = truth(left)
    if known is True:
        return left
    if known is False:
        return right
    return True if truth(right) is True else UNKNOWN


def _compare(operator: str, left: Value, right: Value) -> Truth:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if operator in ("==", "!="):
        same = _same(left, right)
        return same if operator == "==" else negation(same)
    return UNKNOWN


def _same(left: Value, right: Value) -> Truth:
    if isinstance(left, Some) and isinstance(right, Some):
        first, second = left.prefix.lower(), right.prefix.lower()
        return UNKNOWN if first.startswith(second) or second.startswith(first) else False
    if isinstance(right, Some):
        left, right = right, left
    if isinstance(left, Some):
        if not isinstance(right, str):
            return UNKNOWN if isinstance(right, float) else False
        fits = right.lower().startswith(left.prefix.lower()) and right != ""
        return UNKNOWN if fits else False
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: Value) -> float:
    """Return the number that a comparison of different types makes of a value; other text is equal to none."""
    if value is None:
        return 0.0
    if isinstance(value, str):
        try:
            return float(value) if value else 0.0
        except ValueError:
            return float("nan")
    return float(value) if isinstance(value, (bool, float)) else float("nan")


def _call(name: str, arguments: list[Value]) -> Value:
    """Return what a function gives; the run that is asked about succeeded so far and was not cancelled."""
    if name in ("always", "success"):
        return True
    if name == "cancelled":
        return False
    if name in ("startswith", "endswith", "contains") and len(arguments) == 2:
        return _search(name, arguments[0], arguments[1])
    if name == "fromjson" and len(arguments) == 1 and arguments[0] in ("true", "false", True, False):
        return arguments[0] in ("true", True)
    return _azure(name, arguments)


def _azure(name: str, arguments: list[Value]) -> Value:
    """Return what the functions of Azure Pipelines give that GitHub has operators for."""
    if name in ("eq", "ne") and len(arguments) == 2:
        return _compare("==" if name == "eq" else "!=", *arguments)
    if name == "and":
        return both([truth(value) for value in arguments])
    if name == "or":
        return either([truth(value) for value in arguments])
    if name == "not" and len(arguments) == 1:
        return negation(truth(arguments[0]))
    if name in ("in", "notin") and arguments:
        found = either([_compare("==", arguments[0], value) for value in arguments[1:]])
        return found if name == "in" else negation(found)
    return True if name in ("succeeded", "succeededorfailed") else UNKNOWN


def _search(name: str, where: Value, what: Value) -> Truth:
    if isinstance(what, (Some, Unknown)) or isinstance(where, Unknown):
        return UNKNOWN
    word = what.lower() if isinstance(what, str) else ""
    if not isinstance(what, str) and what is not None:
        return UNKNOWN
    if isinstance(where, Some):
        prefix = where.prefix.lower()
        if name == "startswith":
            return True if prefix.startswith(word) else UNKNOWN if word.startswith(prefix) else False
        return True if name == "contains" and word in prefix else UNKNOWN
    if where is not None and not isinstance(where, str):
        return UNKNOWN
    text = (where or "").lower()
    return {"startswith": text.startswith(word), "endswith": text.endswith(word), "contains": word in text}[name]
