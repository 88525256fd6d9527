"""The few truths that need more than one file, or more than one fact.

What a job publishes, which namespace supplies a manifest, what git says of a version. Nothing here reads syntax; it
works on facts and on `relcheck.refs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from relcheck.facts import (
    Component,
    Credential,
    Dependency,
    Download,
    Fact,
    Image,
    Install,
    Job,
    Package,
    Publish,
    Registry,
    Release,
    Resource,
    Variables,
)

if TYPE_CHECKING:
    from relcheck.vcs import History

LINKERS: dict[str, tuple[type[Fact], ...]] = {
    "jobs": (),
    "infrastructure": (Image,),
    "jvm": (Dependency,),
    "steps": (Job,),
    "flux": (Variables, Dependency, Credential),
    "images": (),
    "kubernetes": (Resource, Image),
    "helm": (Image, Dependency, Component),
    "rewrites": (Image,),
    "packages": (Package, Dependency, Install),
    "locked": (Dependency,),
    "lockfiles": (Registry, Package, Dependency),
    "publishing": (Package,),
    "published": (Publish,),
    "promotions": (Publish,),
    "downloads": (Download,),
    "origins": (),
    "dead_events": (Publish,),
    "shallow": (Publish,),
    "signatures": (Image, Registry),
    "releases": (Package,),
    "credentials": (),
}
"""The modules of this package that join facts, in order, each with `link(repository: Repository) -> None`.

A module is imported when the repository holds a fact of one of the kinds beside it; without any it would do nothing.
None beside it: always.
"""

ONLY_ADDS: dict[str, frozenset[type[Fact]]] = {"releases": frozenset((Release,))}
"""Joins that only add facts, of these kinds: without a rule about one of them nobody needs to ask git for its history."""

KindT = TypeVar("KindT", bound=Fact)


class Repository:
    """All facts of a scan by path, with the means to look at neighbours that a join needs.

    `reported` are the paths that the scan is about; other paths are read when a join asks for them. `whole` is false
    when only some files of the repository are scanned (a hook): what is not read is unknown, never absent. `root` is
    the folder of the scan, empty when there is none.
    """

    def __init__(
        self,
        facts: dict[str, list[Fact]],
        formats: dict[str, str],
        *,
        paths: frozenset[str],
        read: Callable[[str], tuple[str, list[Fact]]],
        whole: bool = True,
        own: dict[str, tuple[str, ...]] | None = None,
        history: History | None = None,
        root: str = "",
        content: Callable[[str], bytes] | None = None,
    ) -> None:
        self.reported = frozenset(facts)
        self.paths = paths
        self.whole = whole
        self.own = own or {}
        self.history = history
        self.root = root
        self._facts = facts
        self._formats = formats
        self._read = read
        self._content = content

    def of(self, path: str) -> list[Fact]:
        """Return the facts of a path, reading the file when it was not scanned; empty when it cannot be read."""
        if path not in self._facts:
            self._formats[path], self._facts[path] = self._read(path)
        return self._facts[path]

    def content(self, path: str) -> bytes:
        """Return the bytes of a file, to find out whether reading it is worth while; empty when it cannot be opened."""
        return self._content(path) if self._content else b""

    def format_of(self, path: str) -> str:
        """Return the format of a path that was read, or the empty string."""
        return self._formats.get(path, "")

    def all(self, kind: type[KindT]) -> Iterator[tuple[str, int, KindT]]:
        """Yield (path, index, fact) of a kind over everything read so far, in the order of paths."""
        for path in sorted(self._facts):
            for index, fact in enumerate(self._facts[path]):
                if type(fact) is kind:
                    yield path, index, fact

    def holds(self, kinds: tuple[type[Fact], ...]) -> bool:
        """Whether a fact of one of the kinds was read or made so far."""
        return any(type(fact) in kinds for facts in self._facts.values() for fact in facts)

    def put(self, path: str, index: int, fact: Fact) -> None:
        """Replace a fact."""
        self._facts[path][index] = fact

    def add(self, path: str, fact: Fact) -> None:
        """Add a fact that was made from others."""
        self._facts[path].append(fact)

    def named(self, *names: str) -> list[str]:
        """Return the paths of the repository whose last component is one of the names, sorted."""
        wanted = frozenset(names)
        return sorted(path for path in self.paths if path.rsplit("/", 1)[-1] in wanted)

    def beside(self, path: str, *names: str) -> str:
        """Return the first of the names that exists in the folder of `path`, as a path, or the empty string."""
        folder = folder_of(path)
        for name in names:
            candidate = f"{folder}/{name}" if folder else name
            if candidate in self.paths:
                return candidate
        return ""

    def above(self, path: str, *names: str) -> str:
        """Like `beside`, but looks in the folders above too, the nearest first."""
        folder = folder_of(path)
        while True:
            for name in names:
                candidate = f"{folder}/{name}" if folder else name
                if candidate in self.paths:
                    return candidate
            if not folder:
                return ""
            folder = folder_of(folder)


def folder_of(path: str) -> str:
    """Return the folder of a path, the empty string for the root of the scan and above the root of the system."""
    parent = path.rpartition("/")[0]
    return "/" if not parent and path.startswith("/") and path != "/" else parent


def link(repository: Repository, judged: frozenset[type[Fact]] | None = None) -> None:
    """Run all joins that have something to join, in order. `judged` are the kinds that rules ask about, None for all."""
    for name, kinds in LINKERS.items():
        if judged is not None and name in ONLY_ADDS and not judged & ONLY_ADDS[name]:
            continue
        if not kinds or repository.holds(kinds):
            import_module(f"relcheck.link.{name}").link(repository)
