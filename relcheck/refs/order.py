"""The order of what needs something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def needs_first(names: Iterable[str], needs: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Yield each name and all that it needs, each once and behind its needs; a circle is cut where it closes.

    Without recursion: a file may hold a chain of any length.
    """
    opened: set[str] = set()
    done: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting[-1]
        missing = [] if name in opened else [need for need in needs(name) if need not in opened]
        opened.add(name)
        waiting += [need for need in missing if need != name]
        if waiting[-1] == name:
            waiting.pop()
            if name not in done:
                done.add(name)
                yield name
