"""What the tests of readers share: the facts of a text as short lines, with their places checked."""

from __future__ import annotations

from importlib import import_module

from relcheck.facts import Fact
from relcheck.forms import decode_form
from relcheck.source import Source

_UNCHECKED = ("variable", "composed")


def facts_of(module: str, path: str, text: str) -> list[Fact]:
    """Return the facts that a reader makes of a text; every part decodes to its value."""
    source = Source(path, text)
    found = list(import_module(f"relcheck.readers.{module}").read(source))
    for fact in found:
        for name, span in fact.parts.items():
            value = getattr(fact, name, None)
            if isinstance(value, str) and not any(form in span.form for form in _UNCHECKED):
                assert decode_form(text[span.start : span.end], span.form) == value, (name, value)
    return found


def lines_of(module: str, path: str, text: str, kind: type[Fact], *fields: str) -> list[str]:
    """Return `line:column field field …` of each fact of a kind, in the order in which they are read."""
    source = Source(path, text)
    out = []
    for fact in facts_of(module, path, text):
        if isinstance(fact, kind):
            place = source.position(fact.span.start)
            values = " ".join(_word(getattr(fact, field)) for field in fields)
            out.append(f"{place.line}:{place.column} {values}")
    return out


def _word(value: object) -> str:
    return value or "-" if isinstance(value, str) else str(getattr(value, "value", value))
