"""A computation in a process of its own, begun now and asked for later.

A forked process costs a few milliseconds and shares what this one has loaded. That is why it is not one of
`multiprocessing`, which takes longer to import than a small scan takes to search its texts.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


def may_fork() -> bool:
    """Whether a second process is of use, and forking one is safe: macOS forbids it, Windows does not know it."""
    return sys.platform == "linux" and _cores() > 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Beside(Generic[T]):
    """Runs `compute` in a forked process; what it returns must be plain data."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._end, theirs = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(self._end)
            _answer(compute, theirs)
        os.close(theirs)

    def result(self) -> T | None:
        """Wait for the answer; `None` where the process came to grief, and the work is to be done here."""
        end, self._end = self._end, -1
        try:
            with open(end, "rb") as answer:
                return pickle.load(answer)  # type: ignore[no-any-return]  # noqa: S301 - written by our own process
        except (EOFError, pickle.UnpicklingError):
            return None
        finally:
            self._end_process()

    def stop(self) -> None:
        """End the process, unless it has answered: nobody waits for it any more."""
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
            self._end_process()

    def _end_process(self) -> None:
        """Wait for no process: it has said all, or whoever asked was interrupted."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _answer(compute: Callable[[], T], end: int) -> None:
    """Compute, write, and leave without what a Python process does at its end: buffers and hooks are the parent's."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts means the parent, which stops this process
        with open(end, "wb") as answer:
            pickle.dump(compute(), answer, protocol=pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)
