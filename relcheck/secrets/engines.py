"""Two engines that look for necessary patterns in bytes: hyperscan, and one made of `bytes.find` and `re`.

Both name at least each line on which a pattern matches; what detectors find there is the same. Hyperscan reads hundreds
of megabytes a second but takes a while to load, so the first bytes of a scan are read without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from relcheck.cache import cache_folder
from relcheck.patterns import lazy_pattern
from relcheck.secrets.needs import Need

Hits = list[tuple[int, str]]
"""Places in the bytes (the last byte of a match, or any within it) with the owner of the pattern."""

_WARM = 400_000


class Engine(Protocol):
    """Finds where the needs of detectors are met."""

    def hits(self, data: bytes) -> Hits:
        """Return the hits in order of place."""
        ...


class PureEngine:
    """Needs nothing but the standard library: a literal of each pattern first, then the pattern."""

    def __init__(self, needs: Iterable[Need]) -> None:
        self._needs = [
            (need, lazy_pattern(need.pattern, re.IGNORECASE if need.caseless else 0)) for need in needs
        ]  # fmt: skip
        self._any_caseless = any(need.caseless and need.literals for need, _ in self._needs)

    def hits(self, data: bytes) -> Hits:
        """See `Engine.hits`."""
        lower = data.lower() if self._any_caseless else data
        found: Hits = []
        for need, pattern in self._needs:
            text = lower if need.caseless else data
            if need.literals and not any(literal in text for literal in need.literals):
                continue
            found += [(match.end() - 1, need.owner) for match in pattern.finditer(data)]
        found.sort()
        return found


class HyperscanEngine:
    """All patterns in one automaton; `cached` says whether the compiled form may be kept in the user's cache."""

    def __init__(self, needs: Iterable[Need], *, cached: bool = True) -> None:
        self._needs = tuple(needs)
        self._owners = [need.owner for need in self._needs]
        self._database = _database(self._needs, cached=cached)

    def hits(self, data: bytes) -> Hits:
        """See `Engine.hits`."""
        found: Hits = []
        owners = self._owners

        def met(number: int, _: int, end: int, __: int, ___: object) -> None:
            found.append((end - 1, owners[number]))

        self._database.scan(data, match_event_handler=met)
        found.sort()
        return found


class AdaptiveEngine:
    """The pure engine for a few small files; hyperscan, where it is installed, from `_WARM` bytes on."""

    def __init__(self, needs: Iterable[Need], *, cached: bool = True) -> None:
        self._needs = tuple(needs)
        self._cached = cached
        self._seen = 0
        self._engine: Engine = PureEngine(self._needs)
        self._settled = False

    def hits(self, data: bytes) -> Hits:
        """See `Engine.hits`."""
        self._seen += len(data)
        if not self._settled and self._seen > _WARM:
            self._settled = True
            with suppress(ImportError):
                self._engine = HyperscanEngine(self._needs, cached=self._cached)
        return self._engine.hits(data)


def _database(needs: tuple[Need, ...], *, cached: bool) -> Any:  # noqa: ANN401 - hyperscan's own class
    import hashlib  # noqa: PLC0415 - like the rest, only for large scans
    import platform  # noqa: PLC0415 - see above
    from pathlib import Path  # noqa: PLC0415 - see above

    import hyperscan  # noqa: PLC0415 - a dozen milliseconds, and not on every platform

    version = getattr(hyperscan, "__version__", "")
    identity = hashlib.sha256(repr((needs, version, platform.machine())).encode()).hexdigest()[:24]
    kept = Path(cache_folder(), f"secrets-{identity}.hs")
    if cached:
        with suppress(OSError, hyperscan.error):
            database = hyperscan.loadb(kept.read_bytes(), hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            return database
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[need.pattern for need in needs],
        ids=list(range(len(needs))),
        elements=len(needs),
        flags=[hyperscan.HS_FLAG_CASELESS if need.caseless else 0 for need in needs],
    )
    if cached:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft = kept.with_name(f"{kept.name}.{os.getpid()}")
            draft.write_bytes(hyperscan.dumpb(database))
            draft.replace(kept)
    return database
