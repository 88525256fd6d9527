"""What every reader owes: the words at the place of a part give the value of the field."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from relcheck.facts import Dependency, Fact, Package, Registry
from relcheck.forms import decode_form
from relcheck.source import Source


def read_checked(reader: ModuleType, text: str, path: str) -> list[Fact]:
    """Read a text and check the places of all parts (a composed value stands in several places)."""
    source = Source(path, text)
    facts: list[Fact] = list(reader.read(source))
    for fact in facts:
        for name, span in fact.parts.items():
            if name != "value" and "composed" not in span.form:
                assert decode_form(source.text[span.start : span.end], span.form) == getattr(fact, name), name
    return facts


def dependencies(facts: Iterable[Fact]) -> list[tuple[object, object, object]]:
    """Return name, firmness and constraint of each dependency."""
    return [(fact.name, fact.firmness, fact.constraint) for fact in facts if isinstance(fact, Dependency)]


def packages(facts: Iterable[Fact]) -> list[Package]:
    """Return the packages."""
    return [fact for fact in facts if isinstance(fact, Package)]


def registries(facts: Iterable[Fact]) -> list[tuple[object, object, object]]:
    """Return purpose, host and scope of each registry."""
    return [(fact.purpose, fact.host, fact.scope) for fact in facts if isinstance(fact, Registry)]
