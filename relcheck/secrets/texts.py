"""Files of no known format, read for secrets alone: most are never decoded, and none of those costs a thought later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from relcheck.discover import Candidate, Discovery
from relcheck.facts import Fact
from relcheck.secrets.find import finder
from relcheck.source import Source
from relcheck.tree import Unavailable, WorkingTree

if TYPE_CHECKING:
    from relcheck.beside import Beside

MAX_TEXT = 1024 * 1024
"""Larger texts of no known format are data, not something that people write."""
MANY = 100
"""From so many texts on, a process of their own reads them while this one reads the files of known formats."""


class _Answer(NamedTuple):
    """What that process found, as plain data: the files that hold secrets by number, with their bytes and facts."""

    passed: dict[str, str]
    found: list[tuple[int, bytes, list[list[Any]]]]


class TextSearch:
    """The search through the texts of a discovery; begun when it is made, beside this process where that pays."""

    def __init__(self, discovery: Discovery, detectors: frozenset[str], *, cached: bool, alone: bool) -> None:
        self._discovery, self._detectors, self._cached = discovery, detectors, cached
        self._beside: Beside[_Answer] | None = None
        if not alone and len(discovery.texts) >= MANY and isinstance(discovery.tree, WorkingTree):
            from relcheck.beside import Beside, may_fork  # noqa: PLC0415 - a hook reads a few files

            with suppress(OSError):  # no process can be had: the search is done here
                self._beside = Beside(self._answer) if may_fork() else None

    def result(self, passed: dict[str, str]) -> Iterator[tuple[Candidate, Source, list[Fact]]]:
        """Yield the files that hold secrets, with what they hold; `passed` takes the others that were not read, and why."""
        answer = self._beside.result() if self._beside else None
        if answer is None:
            for candidate, _, source, facts in self._read(passed):
                yield candidate, source, facts
            return
        from relcheck.serialise import from_plain  # noqa: PLC0415 - see above

        passed |= answer.passed
        for number, data, plain in answer.found:
            candidate = self._discovery.texts[number]
            yield candidate, Source.from_bytes(candidate.path, data), [from_plain(fact) for fact in plain]

    def stop(self) -> None:
        """End the search, where it still goes on."""
        if self._beside:
            self._beside.stop()

    def _answer(self) -> _Answer:
        from relcheck.serialise import to_plain  # noqa: PLC0415 - see above

        passed: dict[str, str] = {}
        numbers = {candidate.path: number for number, candidate in enumerate(self._discovery.texts)}
        return _Answer(passed, [
            (numbers[candidate.path], data, [to_plain(fact) for fact in facts])
            for candidate, data, _, facts in self._read(passed)
        ])  # fmt: skip

    def _read(self, passed: dict[str, str]) -> Iterator[tuple[Candidate, bytes, Source, list[Fact]]]:
        tree, look = self._discovery.tree, finder(self._detectors, cached=self._cached).find
        for candidate in self._discovery.texts:
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
                yield candidate, data, source, list(facts)
