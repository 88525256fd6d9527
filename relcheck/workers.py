"""Reading many files in several processes.

Workers return facts in their serialised form, and the order stays that of the paths.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from relcheck.discover import Candidate
from relcheck.facts import Fact
from relcheck.serialise import from_plain, to_plain
from relcheck.source import Source

_CHUNKS_A_WORKER = 8


def facts_in_parallel(
    waiting: Sequence[tuple[Candidate, bytes]],
    jobs: int,
    detectors: frozenset[str] = frozenset(),
    components: tuple[str, ...] = (),
) -> Iterator[tuple[Candidate, bytes, list[Fact]]]:
    """Yield each file with its facts, in the order given; the number of workers changes nothing but the time."""
    size = max(1, len(waiting) // (jobs * _CHUNKS_A_WORKER))
    chunks = [waiting[at : at + size] for at in range(0, len(waiting), size)]
    work = [
        ([(candidate.path, candidate.format, data) for candidate, data in chunk], detectors, components)
        for chunk in chunks
    ]
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interruptions_to_the_parent) as pool:
        try:
            for chunk, answers in zip(chunks, pool.map(_read, work), strict=True):
                for (candidate, data), plain in zip(chunk, answers, strict=True):
                    yield candidate, data, [from_plain(fact) for fact in plain]
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()  # nobody waits for what they read
            raise


def _leave_interruptions_to_the_parent() -> None:
    """A worker that is interrupted in the middle of a parser's callback would go on: its parent ends it instead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(work: tuple[list[tuple[str, str, bytes]], frozenset[str], tuple[str, ...]]) -> list[list[list[Any]]]:
    from relcheck.scan import read_facts  # noqa: PLC0415 - the worker's own import

    files, detectors, components = work
    if components:
        from relcheck.components import read_tables, use  # noqa: PLC0415 - see above

        use(read_tables(components))
    return [
        [to_plain(fact) for fact in read_facts(file_format, Source.from_bytes(path, data), data, detectors)]
        for path, file_format, data in files
    ]
