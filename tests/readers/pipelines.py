"""What the tests of pipeline readers share: reading a text, with every part of every fact checked on the way."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Component, Fact, Image, Job
from relcheck.forms import decode_form
from relcheck.readers import reader_of
from relcheck.source import Source


def facts(name: str, path: str, text: str) -> list[Fact]:
    """Return the facts of a text; each part must decode to its field."""
    out = list(reader_of(name)(Source(path, text)))
    for fact in out:
        for field, span in fact.parts.items():
            if not {"variable", "composed"} & set(span.form.split(">")) and field != "value":
                assert decode_form(text[span.start : span.end], span.form) == getattr(fact, field)
    return out


def images(found: list[Fact]) -> list[tuple[object, object, str, str]]:
    """Return (name, tag, role, job) of the images."""
    return [(fact.name, fact.tag, fact.role, fact.job) for fact in found if isinstance(fact, Image)]


def components(found: list[Fact]) -> list[tuple[str, object, object]]:
    """Return (kind, name, kind of ref) of the components."""
    return [(fact.kind, fact.name, fact.ref_kind) for fact in found if isinstance(fact, Component)]


def jobs(found: list[Fact]) -> dict[str, Job]:
    """Return the jobs by id."""
    return {fact.id: fact for fact in found if isinstance(fact, Job)}


__all__ = ["UNKNOWN", "Job", "components", "facts", "images", "jobs"]
