"""Where files come from. Nothing else opens a path of the scanned repository."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from typing import Protocol

MAX_BYTES = 10 * 1024 * 1024
_SNIFFED = 8192
_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Unavailable(Exception):
    """A file is passed over: the text says why, in words for `--show-files`."""


class Tree(Protocol):
    """A set of files below a root, named by paths with forward slashes."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raise `Unavailable` with the reason where it is passed over."""
        ...

    def peek(self, path: str) -> bytes:
        """Like `read`, with the promise of one more `read` or `forget` of the path."""
        ...

    def forget(self, path: str) -> None:
        """Let go of what `peek` kept."""
        ...

    def check(self, path: str) -> str:
        """Raise `Unavailable` where a file will be passed over, without reading it."""
        ...


class WorkingTree:
    """Files on disk. Symbolic links are followed only to regular files below the root."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.reads = 0
        self._kept: dict[str, bytes] = {}

    def check(self, path: str) -> str:
        """Return where a file is; raise `Unavailable` for links that leave the root, folders, oversized files."""
        full = path if os.path.isabs(path) else os.path.join(self.root, path)
        try:
            status = os.lstat(full)
            if stat.S_ISLNK(status.st_mode):
                self._check_link(full)
                status = os.stat(full)
        except OSError as error:
            raise Unavailable(f"cannot be opened ({error.strerror or type(error).__name__})") from None
        if not stat.S_ISREG(status.st_mode):
            raise Unavailable("not a regular file")
        if status.st_size > MAX_BYTES:
            raise Unavailable(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
        return full

    def read(self, path: str) -> bytes:
        """Read a file; binary and oversized files, and links that leave the root, are `Unavailable`."""
        kept = self._kept.pop(path, None)
        if kept is not None:
            return kept
        full = self.check(path)
        try:
            self.reads += 1
            with open(full, "rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise Unavailable(f"cannot be opened ({error.strerror or type(error).__name__})") from None
        return checked(data)

    def peek(self, path: str) -> bytes:
        """Like `read`, but keeps the bytes for the read that follows: no file is read twice."""
        data = self.read(path)
        self._kept[path] = data
        return data

    def forget(self, path: str) -> None:
        """Let go of what `peek` kept, when no read follows."""
        self._kept.pop(path, None)

    def _check_link(self, full: str) -> None:
        real = os.path.realpath(full)
        if real != full and not real.startswith(self.root + os.sep):
            raise Unavailable("a link that leaves the scanned folder")


class StdinTree:
    """One text from standard input under a name; other files come from a tree on disk."""

    def __init__(self, path: str, data: bytes, behind: Tree) -> None:
        self._path = path
        self._data = data
        self._behind = behind

    def read(self, path: str) -> bytes:
        """Return the given text for its name, anything else from the tree behind."""
        return checked(self._data) if path == self._path else self._behind.read(path)

    def peek(self, path: str) -> bytes:
        """See `Tree.peek`."""
        return self.read(path) if path == self._path else self._behind.peek(path)

    def forget(self, path: str) -> None:
        """See `Tree.forget`."""
        self._behind.forget(path)

    def check(self, path: str) -> str:
        """See `Tree.check`."""
        return path if path == self._path else self._behind.check(path)


class BlobTree:
    """Files that git keeps: an index, or what a range of commits added. `blobs` reads an object by its name."""

    def __init__(self, objects: Mapping[str, str], blobs: Callable[[str], bytes | None]) -> None:
        self._objects = objects
        self._blobs = blobs
        self._kept: dict[str, bytes] = {}

    def check(self, path: str) -> str:
        """Return a path that is kept; raise `Unavailable` for any other."""
        if path not in self._objects:
            raise Unavailable("not a regular file of the index")
        return path

    def read(self, path: str) -> bytes:
        """Return a file as git keeps it; see `Tree.read`."""
        kept = self._kept.pop(path, None)
        if kept is not None:
            return kept
        data = self._blobs(self._objects[self.check(path)])
        if data is None:
            raise Unavailable("git does not have the object, or it is too large")
        return checked(data)

    def peek(self, path: str) -> bytes:
        """See `Tree.peek`."""
        self._kept[path] = data = self.read(path)
        return data

    def forget(self, path: str) -> None:
        """See `Tree.forget`."""
        self._kept.pop(path, None)


def checked(data: bytes) -> bytes:
    """Return the data of a text file; raise `Unavailable` for binary and oversized ones."""
    if len(data) > MAX_BYTES:
        raise Unavailable(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    if b"\0" in data[:_SNIFFED] and data[:2] not in _BOMS:
        raise Unavailable("a binary file")
    return data
