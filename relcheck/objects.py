"""What git keeps: the index, and the objects that commits added. Reads through `vcs`, one git for all objects."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from relcheck import vcs
from relcheck.tree import MAX_BYTES

_REGULAR = (b"100644", b"100755")


class Blobs:
    """Objects by name, from one `git cat-file --batch` that is started when the first is asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._git: Any = None

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a blob; None where git has none of that name, or it is larger than files may be."""
        if self._git is None:
            self._git = vcs.started(self._folder, "cat-file", "--batch")
        try:
            self._git.stdin.write(name.encode() + b"\n")
            self._git.stdin.flush()
        except BrokenPipeError:
            self.close()
            return None
        line = self._git.stdout.readline()
        if not line:  # a damaged object ends git; the next one is asked of another
            self.close()
        head = line.split()
        if len(head) != 3:
            return None
        size = int(head[2])
        data = self._git.stdout.read(min(size, MAX_BYTES + 1))
        left = size - len(data)
        while left > 0:
            left -= len(self._git.stdout.read(min(left, 1 << 20))) or left
        self._git.stdout.read(1)
        whole = len(data) == size <= MAX_BYTES
        return bytes(data) if whole and head[1] == b"blob" else None

    def close(self) -> None:
        """End git."""
        if self._git is not None:
            with contextlib.suppress(BrokenPipeError):
                self._git.stdin.close()
            self._git.stdout.close()
            self._git.wait(timeout=10)
            self._git = None


def index_objects(folder: str) -> dict[str, str]:
    """Return the regular files of the index below a folder, with the names of their objects; conflicts: our side."""
    found: dict[str, str] = {}
    for entry in vcs.run(folder, "ls-files", "-z", "--cached", "--stage").split(b"\0"):
        details, _, name = entry.partition(b"\t")
        words = details.split()
        if name and words[0] in _REGULAR and words[2] in (b"0", b"2"):
            found[os.fsdecode(name)] = words[1].decode()
    return found


def staged_paths(folder: str) -> frozenset[str]:
    """Return the paths below a folder that the index adds or changes."""
    found = vcs.run(
        folder, "diff", "--cached", "--name-only", "-z", "--no-renames", "--relative", "--no-ext-diff", "--no-textconv",
        "--diff-filter=ACMT", "--ignore-submodules",
    )  # fmt: skip
    return frozenset(os.fsdecode(name) for name in found.split(b"\0") if name)


class Added(NamedTuple):
    """A blob, where it first came up in a range of commits."""

    commit: str
    path: str
    name: str


def added(folder: str, revisions: str) -> Iterator[Added]:
    """Yield each blob that commits of a range add or change once, with the oldest of those commits.

    The range is one that `git rev-list` understands, or `all` for what any branch and tag holds. `GitProblem` where git
    does not know it, and at the end where git could not look at all of it.
    """
    if revisions.startswith("-"):
        raise vcs.GitProblem(f"{revisions!r} is no range of commits")
    words = ["--all"] if revisions == "all" else ["--end-of-options", revisions, "--"]
    commits = vcs.run(folder, "rev-list", "--reverse", "--topo-order", *words)
    git = vcs.started(
        folder, "diff-tree", "--stdin", "-r", "-z", "--root", "-m", "--no-renames", "--no-abbrev", "--no-ext-diff",
        "--no-textconv", "--diff-filter=AMT", "--relative",
    )  # fmt: skip
    feeder = threading.Thread(target=_feed, args=(git.stdin, commits), daemon=True)
    feeder.start()
    try:
        yield from _entries(git.stdout)
    finally:
        git.stdout.close()
        feeder.join(timeout=10)
        git.wait(timeout=10)
    if git.returncode:
        raise vcs.GitProblem("git could not read every commit: the repository is damaged, or parts of it are missing")


def _feed(stream: Any, data: bytes) -> None:  # noqa: ANN401 - a pipe
    try:
        stream.write(data)
        stream.close()
    except (BrokenPipeError, ValueError, OSError):
        return


def _entries(stream: Any) -> Iterator[Added]:  # noqa: ANN401 - a pipe
    commit, details = "", b""
    seen: set[str] = set()
    for word in _words(stream):
        if details:
            modes = details.split()
            name = modes[3].decode()
            if modes[1] in _REGULAR and name not in seen:
                seen.add(name)
                yield Added(commit, os.fsdecode(word), name)
            details = b""
        elif word.startswith(b":"):
            details = word
        elif word:
            commit = word.decode()


def _words(stream: Any) -> Iterator[bytes]:  # noqa: ANN401 - a pipe
    """Yield the pieces between NULs."""
    rest = b""
    while chunk := stream.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
