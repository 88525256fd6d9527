r"""justfile (just's manual) and Procfile: lines of shell below names.

    justfile   = { setting | variable | recipe }
    variable   = ["export"] NAME ":=" "'" text "'"
    recipe     = ["@"] NAME {parameter} ":" {dependency}, then indented lines; "@" and "-" may stand before each
    line       = shell text in which `{{expression}}` is put in; a first line `#!…` makes the lines one script
    Procfile   = { NAME ":" shell text }

A justfile whose `shell` is set to another program than a POSIX shell holds no shell text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers import embedded, script_variables
from relcheck.refs import MARK
from relcheck.source import Piece, Source, joined

_RECIPE = re.compile(r"@?(?P<name>[A-Za-z_][\w-]*)(?:[ \t][^\r\n:=]*(?:=[^\r\n:]*)?)?:(?!=)[^\r\n]*")
_VARIABLE = re.compile(
    r"(?m)^(?:export[ \t]+)?(?P<name>[A-Za-z_][\w-]*)[ \t]*:=[ \t]*(?:'(?P<single>[^'\r\n]*)'|\"(?P<double>[^\"\\\r\n]*)\")"
    r"[ \t]*(?:#.*)?\r?$"
)
_OTHER_SHELL = re.compile(
    r"(?m)^set[ \t]+shell[ \t]*:=[ \t]*\[[ \t]*['\"](?!(?:\S*/)?(?:env|ba|da|z|k|a)?(?:sh)?['\"])"
)
_EXPRESSION = re.compile(r"\{\{[ \t]*(?P<name>[^{}\r\n]*?)[ \t]*\}\}")
_LINE = re.compile(r"[^\r\n]*")
_PROCESS = re.compile(r"(?m)^[\w-]+:[ \t]*(?P<command>\S[^\r\n]*)\r?$")
_MARKS = "@-"


def read(source: Source) -> Iterator[Fact]:
    """Yield what the commands of every recipe or process say."""
    if source.path.rpartition("/")[2].lower() == "procfile":
        for match in _PROCESS.finditer(source.text):
            yield from embedded("shell", source.part(*match.span("command")))
        return
    yield from script_variables.read(source)
    if _OTHER_SHELL.search(source.text):
        return
    values = {match["name"]: match["single"] or match["double"] or "" for match in _VARIABLE.finditer(source.text)}
    for lines in _recipes(source):
        yield from embedded("shell", filled(joined(source, lines), _EXPRESSION, values))


def _recipes(source: Source) -> Iterator[list[Source]]:
    """Yield the lines of each recipe without their indent and their marks."""
    lines: list[Source] = []
    inside, script = False, False
    for match in _LINE.finditer(source.text):
        text = match[0]
        if text[:1] in (" ", "\t") and text.strip() and inside:
            start = len(text) - len(text.lstrip())
            script = script or not lines and text.startswith("#!", start)
            while not script and start < len(text) and text[start] in _MARKS:
                start += 1
            lines.append(source.part(match.start() + start, match.end()))
        elif text.strip() and text[:1] not in (" ", "\t"):
            if lines:
                yield lines
            lines, inside, script = [], _RECIPE.fullmatch(text) is not None, False
    if lines:
        yield lines


def filled(source: Source, pattern: re.Pattern[str], values: dict[str, str]) -> Source:
    """Return a text with the values of the expressions that are nothing but a known name, `MARK` for the others."""
    pieces: list[Piece] = []
    out: list[str] = []
    size = at = 0
    for match in [*pattern.finditer(source.text), None]:
        end = match.start() if match else len(source.text)
        if end > at:
            pieces.append(Piece(size, size + end - at, at, end))
            out.append(source.text[at:end])
            size += end - at
        if match:
            value = values.get(match["name"], MARK)
            pieces.append(Piece(size, size + len(value), end, match.end()))
            out.append(value)
            size, at = size + len(value), match.end()
    return (
        source
        if len(pieces) < 2 and "".join(out) == source.text
        else source.embed("".join(out), tuple(pieces), "variable")
    )
