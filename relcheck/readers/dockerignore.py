"""`.dockerignore` and `.containerignore`: one pattern a line, `#` comments at the start of a line, `!` takes back."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, IgnoreFile
from relcheck.source import Source, Span


def read(source: Source) -> Iterator[Fact]:
    """Read the patterns in their order; an empty file says that nothing is kept out."""
    lines = (line.strip() for line in source.text.split("\n") if not line.startswith("#"))
    yield IgnoreFile(span=Span(0, 0), patterns=tuple(line for line in lines if line))
