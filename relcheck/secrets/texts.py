"""Files of no known format, read for secrets alone: most are never decoded, and none of those costs a thought later."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.discover import Candidate, Discovery
from relcheck.facts import Fact
from relcheck.secrets.find import finder
from relcheck.source import Source
from relcheck.tree import Unavailable

MAX_TEXT = 1024 * 1024
"""Larger texts of no known format are data, not something that people write."""


def read_texts(
    discovery: Discovery, detectors: frozenset[str], passed: dict[str, str], *, cached: bool
) -> Iterator[tuple[Candidate, Source, list[Fact]]]:
    """Yield the files that hold secrets, with what they hold; `passed` takes those that could not be read, and why."""
    tree, look = discovery.tree, finder(detectors, cached=cached).find
    for candidate in discovery.texts:
        try:
            data = tree.read(candidate.path)
        except Unavailable as unavailable:
            passed[candidate.path] = str(unavailable)
            continue
        if len(data) > MAX_TEXT:
            passed[candidate.path] = "no known format, and larger than 1 MiB, so it is not read for secrets either"
            continue
        source, facts = look(candidate.path, data)
        if source is not None and facts:
            yield candidate, source, list(facts)
