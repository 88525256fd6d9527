"""Text with the actions of Go templates: what stays when they are taken out, every letter in its place.

    action  = "{{" ["-"] pipeline ["-"] "}}"; comment = "{{" ["-"] "/*" … "*/" ["-"] "}}"
    control = if, else, end, range, with, define, block, template, break, continue, a variable's assignment

A control action, or any action alone on its line, becomes blanks; an action inside a line becomes `MARK`s, and so does
all text whose presence hangs on a condition within the line. `{{-` glues what follows to the line before: the last
letter there becomes a `MARK` too, since the value goes on. Jinja's `{% … %}` and `{# … #}` are taken out alike.
Source: the documentation of text/template, and of Helm on white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.refs import MARK
from relcheck.source import Piece, Source

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n]){0,2000}"|`[^`]{0,2000}`|\}\}|\{\{')
_COMMENT = re.compile(r"\{\{-?\s*/\*")
_JINJA = re.compile(r"\{%.*?%\}|\{#.*?#\}|<%.*?%>", re.DOTALL)
_CONTROL = re.compile(
    r"\{\{-?\s*(?:(?:if|else|end|range|with|define|block|template|break|continue)\b|\$\w*\s*(?:,\s*\$\w+\s*)?:?=(?!=)|/\*)"
)
_OPENS = re.compile(r"\{\{-?\s*(?:if|range|with|define|block)\b|\{%-?\s*(?:if|for|block|macro|with)\b")
_CLOSES = re.compile(r"\{\{-?\s*end\b|\{%-?\s*end\w*")
_BREAKS_LINE = re.compile(r"\|\s*nindent\b|\bnindent\s+\d")
_LONGEST = 2_000_000


class _Action(NamedTuple):
    start: int
    end: int
    control: bool


def masked(source: Source) -> Source:
    """Return the text without its actions, of the same length, embedded in `source`."""
    text = mask(source.text)
    return source.embed(text, (Piece(0, len(text), 0, len(text)),), "variable")


def mask(text: str) -> str:
    """Return a text of the same length in which actions are blanks or `MARK`s."""
    if len(text) > _LONGEST or ("{{" not in text and "{%" not in text and "<%" not in text):
        return text
    out = list(text)
    blanks: dict[int, int] = {}
    for start, end, held in _lines(text):
        _mask_line(text, out, start, end, held, blanks)
    return "".join(out)


def actions(text: str) -> list[_Action]:
    """Return the actions of a text, in order; one that is not closed is none."""
    found: list[_Action] = []
    at = text.find("{{")
    while at >= 0:
        end = _end(text, at)
        if end > 0:
            found.append(_Action(at, end, bool(_CONTROL.match(text, at))))
        at = text.find("{{", end if end > 0 else at + 2)
    if "{%" in text or "{#" in text or "<%" in text:
        found += _jinja(text, found)
        found.sort()
    return found


def _end(text: str, start: int) -> int:
    """Return where the action that starts here ends, 0 where it does not."""
    if _COMMENT.match(text, start):
        close = text.find("*/", start)
        return text.find("}}", close) + 2 if close >= 0 and text.find("}}", close) >= 0 else 0
    for token in _TOKEN.finditer(text, start + 2):
        if token[0] == "}}":
            return token.end()
        if token[0] == "{{":
            return 0
    return 0


def _jinja(text: str, found: list[_Action]) -> list[_Action]:
    taken = bytearray(len(text))
    for action in found:
        taken[action.start : action.end] = b"1" * (action.end - action.start)
    return [
        _Action(match.start(), match.end(), control=True)
        for match in _JINJA.finditer(text)
        if not any(taken[match.start() : match.end()])
    ]


def _lines(text: str) -> Iterator[tuple[int, int, list[_Action]]]:
    """Yield (start, end, actions) of the lines that hold actions; an action over several lines joins them."""
    start, end = 0, -1
    held: list[_Action] = []
    for action in actions(text):
        if held and action.start < end:
            held.append(action)
        else:
            if held:
                yield start, end, held
            start, held = text.rfind("\n", 0, action.start) + 1, [action]
        stop = text.find("\n", action.end)
        end = len(text) if stop < 0 else stop
    if held:
        yield start, end, held


def _mask_line(text: str, out: list[str], start: int, end: int, held: list[_Action], blanks: dict[int, int]) -> None:
    """Mask the actions of one line (or of lines that an action joins). `blanks`: see `_mark_before`."""
    stretches = _stretches(text, end, held)
    rest = _without(text, start, end, stretches)
    alone = not rest.strip() or rest.strip() == "#"
    for first, last in stretches:
        blank = alone or _is_silent(first, last, held)
        for at in range(first, last):
            if text[at] not in "\r\n":
                out[at] = " " if blank else MARK
    if _glued(text, start, held, alone=alone):
        _mark_before(out, start, blanks)


def _stretches(text: str, end: int, held: list[_Action]) -> list[tuple[int, int]]:
    """Return what to mask: actions, and everything between a condition that opens within the line and its end."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(held):
        action = held[at]
        words = text[action.start : action.end]
        if not (action.control and _OPENS.match(words)):
            found.append((action.start, action.end))
            at += 1
            continue
        closing = _closing(text, held, at)
        if closing is not None:
            found.append((action.start, held[closing].end))
            at = closing + 1
        elif text[action.end : held[at + 1].start if at + 1 < len(held) else end].strip():
            found.append((action.start, end))
            break
        else:
            found.append((action.start, action.end))
            at += 1
    return found


def _closing(text: str, held: list[_Action], opened: int) -> int | None:
    """Return which action of the line closes what another opens, None where it goes on in later lines."""
    depth = 0
    for number in range(opened, len(held)):
        words = text[held[number].start : held[number].end]
        if _OPENS.match(words):
            depth += 1
        elif _CLOSES.match(words):
            depth -= 1
            if depth == 0:
                return number
    return None


def _without(text: str, start: int, end: int, stretches: list[tuple[int, int]]) -> str:
    out, at = [], start
    for first, last in stretches:
        out.append(text[at:first])
        at = last
    return "".join([*out, text[at:end]])


def _is_silent(first: int, last: int, held: list[_Action]) -> bool:
    """Whether a stretch is one action that prints nothing: a comment, or a condition's end or else by itself."""
    return any(action.start == first and action.end == last and action.control for action in held)


def _glued(text: str, start: int, held: list[_Action], *, alone: bool) -> bool:
    """Whether what the line prints is a part of the line before: `{{-` in front, and no line break of its own."""
    first = held[0]
    if not text.startswith("{{-", first.start) or text[start : first.start].strip():
        return False
    if not alone:
        # `{{- if … }}` in front of words: they follow the line before at once, unless the line breaks after it.
        return True
    printing = [action for action in held if not action.control]
    return any(not _BREAKS_LINE.search(text[action.start : action.end]) for action in printing)


def _mark_before(out: list[str], start: int, blanks: dict[int, int]) -> None:
    """Replace the last letter before a line by a `MARK`: the value that ends there goes on.

    `blanks` holds where each run of blanks that was passed over begins, by its end, so that none is passed twice.
    """
    at = start - 1
    while at >= 0 and out[at].isspace():
        at = blanks.get(at, at) - 1
    blanks[start - 1] = at + 1
    if at >= 0 and out[at] not in "\"':|>-{}[],":
        out[at] = MARK
