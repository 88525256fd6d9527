"""What must hold of single fields before a rule can hold: read off its condition once, when the rule is compiled.

Most facts are no matter of most rules, and a condition says so in its first words: `image.role == "base" && …`. Asking a
field costs a tenth of a microsecond, an evaluation fifty times that. Only what decides alone becomes a guard: a part of the
condition's outermost `&&` that compares one field with constants. A field that is unknown passes: the engine decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from relcheck.facts import UNKNOWN
from relcheck.patterns import lazy_pattern

_TOKEN = lazy_pattern(
    r'(?P<odd>//|"""|\'\'\'|\b[rRbB]{1,2}["\'])|(?P<string>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<and>&&)|(?P<choice>\|\||\?)|\s+|[\w.]+|.",
    re.DOTALL,
)
"""Words of CEL. Comments and strings without escapes or over several lines are odd: a condition with one has no guards."""
_SIMPLE = lazy_pattern(r'"([^"\\]*)"|\'([^\'\\]*)\'|(true|false)|(\d+)')
_COMMA = lazy_pattern(r"\s*(?:,\s*|$)")
_COMPARED = lazy_pattern(
    r"(?P<not>!)?(?P<name>[a-z_]+\.[a-z_]+)"
    r"(?:\s*(?P<operator>==|!=)\s*(?P<constant>.+)|\s+in\s+(?:\[(?P<list>.*)\]|(?P<param>params\.\w+)))?",
    re.DOTALL,
)


Guard = tuple[str, "list[str | bool | int] | str", bool]
"""A field by its dotted name, the values (a text: the parameter that lists them), and whether it must be one or none."""

Check = tuple[str, "frozenset[object]", bool]
"""A guard as it is asked: the name of a field without its kind, the values, and whether the field must be one of them."""


def guards_of(kind: str, when: str) -> tuple[Guard, ...]:
    """Return the guards of a checked condition on facts of a kind."""
    found = (guard for part in _parts(when) if (guard := _guard(part)) is not None)
    return tuple(guard for guard in found if guard[0].partition(".")[0] in (kind, "file"))


def checks(guards: Iterable[Guard], params: Mapping[str, object], about: str) -> tuple[Check, ...]:
    """Return the guards on `file` or on a kind as they are asked, with the values of the rule's parameters."""
    out: list[Check] = []
    for name, values, wanted in guards:
        subject, _, field = name.partition(".")
        known = params[values.partition(".")[2]] if isinstance(values, str) else values
        if subject != about or not isinstance(known, (list, tuple)):
            continue
        if not isinstance(values, str) or all(isinstance(word, str) for word in known):
            out.append((field, frozenset([*known, UNKNOWN] if wanted else known), wanted))
    return tuple(out)


def _parts(when: str) -> Iterator[str]:
    """Yield what stands between the outermost `&&`; nothing where another operator binds less tightly."""
    found, depth, start = [], 0, 0
    for match in _TOKEN.finditer(when):
        depth += (match.lastgroup == "open") - (match.lastgroup == "close")
        if match.lastgroup == "odd" or (match.lastgroup == "choice" and not depth):
            return
        if match.lastgroup == "and" and not depth:
            found.append(when[start : match.start()].strip())
            start = match.end()
    yield from (*found, when[start:].strip())


def _guard(part: str) -> Guard | None:
    match = _COMPARED.fullmatch(part)
    if match is None or (match["not"] and (match["operator"] or match["list"] is not None or match["param"])):
        return None
    if match["param"]:
        return match["name"], match["param"], True
    if match["list"] is not None:
        values = _constants(match["list"])
        return (match["name"], values, True) if values else None
    if match["operator"]:
        values = _constants(match["constant"])
        return (match["name"], values, match["operator"] == "==") if len(values) == 1 else None
    return match["name"], [True], not match["not"]


def _constants(text: str) -> list[str | bool | int]:
    """Return the constants of a list, or nothing where it holds anything else."""
    out: list[str | bool | int] = []
    at = 0
    while at < len(text):
        match = _SIMPLE.match(text, at)
        if match is None:
            return []
        double, single, truth, number = match.groups()
        out.append(truth == "true" if truth else int(number) if number else (double or single or ""))
        comma = _COMMA.match(text, match.end())
        if comma is None:
            return []
        at = comma.end()
    return out
