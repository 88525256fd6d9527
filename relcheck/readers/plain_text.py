"""Text of no known format: nothing but secrets is looked for in it (`relcheck.secrets`)."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:  # noqa: ARG001 - the shape of all readers
    """Yield nothing: the format exists for its comments, which may silence findings."""
    yield from ()
