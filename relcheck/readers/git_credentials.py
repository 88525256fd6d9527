""".git-credentials (a URL with userinfo a line) and .gitmodules (URLs of submodules)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Registry
from relcheck.readers.ini_lines import entries
from relcheck.readers.urls import registry, userinfo
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield credentials of URLs, and submodules fetched without encryption."""
    if source.path.endswith(".gitmodules"):
        for entry in entries(source, separators="=", continued=False):
            if entry.key == "url":
                yield from _submodule(entry.value)
        return
    for match in re.finditer(r"\S+", source.text):
        found = userinfo(source.part(*match.span()), key=".git-credentials")
        if found is not None:
            yield found


def _submodule(value: Source) -> Iterator[Fact]:
    found = userinfo(value, key="submodule")
    if found is not None:
        yield found
    if value.text.startswith(("http://", "git://")):
        for fact in registry(value, ecosystem="git", purpose="vcs", key="submodule"):
            if isinstance(fact, Registry):
                yield fact
