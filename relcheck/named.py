"""Files whose names say nothing and that another file names.

The Dockerfile of a build (`dockerfile: images/api.txt`), and what a requirements file (`-r deps/base.list`) or setuptools reads.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from relcheck.facts import Component, Fact
from relcheck.link.builds import located

_NAMING = ("dockerfile", "file")
_LINES = 200
_SIZE = 20_000
"""So much is looked at for the first instruction."""


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


def requirements(path: str, facts: Iterable[Fact]) -> frozenset[str]:
    """Return the paths that a requirements file reads: seen from its own folder, as pip does."""
    folder = posixpath.dirname(path)
    return frozenset(
        posixpath.normpath(posixpath.join(folder, str(fact.name)))
        for fact in facts
        if isinstance(fact, Component) and fact.system == "pypi" and fact.kind == "requirements"
    )


def begins_like_one(data: bytes) -> bool:
    """Whether the first instruction of a text, behind comments and `ARG`, is `FROM`."""
    continued = False
    for line in data.removeprefix(b"\xef\xbb\xbf")[:_SIZE].split(b"\n", _LINES)[:_LINES]:
        words = line.split(None, 2)
        word = words[0].upper() if words else b""
        if not (continued or not words or word == b"ARG" or word.startswith(b"#")):
            return word == b"FROM" and len(words) > 1
        if words and not word.startswith(b"#"):
            continued = line.rstrip().endswith((b"\\", b"`"))
    return False
