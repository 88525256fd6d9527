"""Files whose names say nothing and that another file names: the Dockerfile of a build (`dockerfile: images/api.txt`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from relcheck.facts import Component, Fact
from relcheck.link.builds import located
from relcheck.patterns import lazy_pattern

_NAMING = ("dockerfile", "file")
_FIRST = lazy_pattern(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n|[ \t]*ARG[ \t][^\n]*\n)*[ \t]*FROM[ \t]+\S", re.IGNORECASE)


def dockerfiles(
    facts: Mapping[str, Iterable[Fact]], formats: Mapping[str, str], paths: frozenset[str]
) -> frozenset[str]:
    """Return the paths that builds name as their Dockerfile."""
    return frozenset(
        located(paths, path, formats[path], fact)[0]
        for path, found in facts.items()
        for fact in found
        if isinstance(fact, Component)
        and fact.system == "docker"
        and fact.kind == "context"
        and any(option.name in _NAMING and option.value for option in fact.inputs)
    )


def begins_like_one(data: bytes) -> bool:
    """Whether the first instruction of a text, behind comments and `ARG`, is `FROM`."""
    return _FIRST.match(data) is not None
