"""Facts of small trees of manifests, read and joined as a scan does it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from relcheck.facts import Fact
from relcheck.scan import Judging, Plan, Scanned, run
from relcheck.source import Source
from tests.conftest import write_tree

FactT = TypeVar("FactT", bound=Fact)

_NO_RULES = Judging(rules=())


class Facts:
    """The facts of a scan by path, with the texts they came from."""

    def __init__(self, scanned: Scanned) -> None:
        self.by_path: dict[str, tuple[Fact, ...]] = {path: read.facts for path, read in scanned.reads.items()}
        self._sources: dict[str, Source] = {path: read.source for path, read in scanned.reads.items()}

    def of(self, kind: type[FactT], path: str = "") -> list[FactT]:
        """Return the facts of a kind, of one file or of all, in the order of paths."""
        paths = [path] if path else sorted(self.by_path)
        return [fact for name in paths for fact in self.by_path.get(name, ()) if type(fact) is kind]

    def at(self, path: str, fact: Fact) -> str:
        """Return the text of the file at a fact's own place."""
        return self._sources[path].text[fact.span.start : fact.span.end]


def facts_of(folder: Path, files: dict[str, str], *only: str) -> Facts:
    """Write files below a folder and return the facts of all of them, or of `only` some."""
    write_tree(folder, files)
    return scan(folder, *only)


def scan(folder: Path, *only: str) -> Facts:
    """Return the facts of what stands below a folder, or of `only` some of its files."""
    paths = tuple(str(folder / name) for name in only) or (str(folder),)
    plan = Plan(paths=paths, root=str(folder), judging=lambda *_: _NO_RULES, jobs=1, cache=False)
    return Facts(run(plan))
