"""The facts of files that did not change, kept in the user's cache folder.

An entry is found by the bytes of the file, its path within the scan (the path says what a file is) and the identity of
the readers. Linked facts and findings are never kept. The cache is a convenience: any trouble with it is ignored.
"""

from __future__ import annotations

import json
import os
from typing import Any

from relcheck import __version__
from relcheck.facts import Fact
from relcheck.serialise import from_plain, to_plain

MIN_FILES = 150
"""Smaller scans read faster than they would look up."""


def cache_folder() -> str:
    """Return the folder for relcheck's caches: RELCHECK_CACHE_DIR, else the platform's cache folder for a user."""
    chosen = os.environ.get("RELCHECK_CACHE_DIR")
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/.cache")
    return os.path.join(base, "relcheck")


def reader_identity() -> str:
    """Return a word that changes whenever the code that makes facts changes."""
    import hashlib  # noqa: PLC0415 - a small scan looks nothing up
    from pathlib import Path  # noqa: PLC0415 - see above

    found = hashlib.sha256(__version__.encode())
    package = Path(__file__).parent
    folders = ("", "readers", "readers/effects", "refs", "secrets", "data")
    for folder in (package / name for name in folders):
        if not folder.is_dir():
            continue
        for path in sorted((*folder.glob("*.py"), *folder.glob("*.json"))):
            status = path.stat()
            found.update(f"\0{path.name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    return found.hexdigest()[:16]


class FactCache:
    """Facts by content for one scanned root; loaded once, written once if anything is new."""

    def __init__(self, root: str) -> None:
        import hashlib  # noqa: PLC0415 - see reader_identity
        from pathlib import Path  # noqa: PLC0415 - see reader_identity

        name = hashlib.sha256(f"{root}\0{reader_identity()}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._path = Path(cache_folder(), f"facts-{name}.json")
        self._old: dict[str, list[Any]] = self._load()
        self._new: dict[str, list[Any]] = {}
        self._hash = hashlib.blake2b
        self.hits = 0

    def key(self, path: str, file_format: str, data: bytes) -> str:
        """Return the identity of a file's facts."""
        name = f"{path}\0{file_format}\0".encode("utf-8", "surrogateescape")
        return self._hash(name + data, digest_size=16).hexdigest()

    def get(self, key: str) -> list[Fact] | None:
        """Return the facts kept under a key, or None."""
        stored = self._old.get(key)
        if stored is None:
            return None
        try:
            facts = [from_plain(plain) for plain in stored]
        except (KeyError, TypeError, ValueError):
            return None
        self.hits += 1
        self._new[key] = stored
        return facts

    def put(self, key: str, facts: list[Fact]) -> None:
        """Keep the facts of a file."""
        self._new[key] = [to_plain(fact) for fact in facts]

    def save(self) -> None:
        """Write what this run used, if it differs from what was there; failures are ignored."""
        if self._new.keys() == self._old.keys():
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            draft.write_text(json.dumps(self._new, separators=(",", ":")), encoding="utf-8")
            draft.replace(self._path)
        except (OSError, ValueError):
            return

    def _load(self) -> dict[str, list[Any]]:
        try:
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}
