"""Constraints of manifests against what the lock file settled: where they disagree, a frozen install stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.facts import Dependency, Locked, Package
from relcheck.link import Repository, folder_of
from relcheck.refs.ranges import allows

_LOCKS: dict[str, tuple[str, ...]] = {
    "npm": ("npm-shrinkwrap.json", "package-lock.json"),
    "cargo": ("Cargo.lock",),
    "pypi": ("uv.lock", "poetry.lock"),
    "composer": ("composer.lock",),
    "gem": ("Gemfile.lock",),
    "nuget": ("packages.lock.json",),
    "maven": ("gradle.lockfile",),
}
"""Lock files of one tool each: where another tool's stands beside it, nothing is said."""
_RIVALS = ("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "pdm.lock", "Pipfile.lock")
_GROUPS: dict[str, tuple[str, ...]] = {
    "npm": ("prod", "dev"),
    "cargo": ("prod", "dev", "build", "optional"),
    "pypi": ("prod", "optional"),
    "composer": ("prod", "dev"),
    "gem": ("prod", "dev", "optional"),
    "nuget": ("prod", "dev"),
    "maven": ("prod", "dev"),
}
_LOWEST = ("nuget", "maven")
"""Where a bare version is the lowest that may be taken: another package may ask for a higher one."""


class _Lock(NamedTuple):
    """One lock file: the versions of each package, and the packages of the repository that it was made for."""

    path: str
    versions: dict[str, list[str]]
    whole: bool
    own: frozenset[str]


def link(repository: Repository) -> None:
    """Fill `stale_lock` and `locked_as` of dependencies."""
    locks: dict[str, _Lock | None] = {}
    for path in sorted({path for path, _, fact in repository.all(Dependency) if fact.where == "manifest"}):
        wanted = [
            (index, fact) for index, fact in enumerate(repository.of(path))
            if isinstance(fact, Dependency) and fact.where == "manifest" and fact.ecosystem in _LOCKS
        ]  # fmt: skip
        if not wanted:
            continue
        found = _lock_path(repository, path, wanted[0][1].ecosystem)
        if not found:
            continue
        if found not in locks:
            locks[found] = _lock(repository, found)
        lock = locks[found]
        if lock is not None and _covers(repository, lock, path, wanted[0][1].ecosystem):
            for index, changed in _stale(lock, wanted):
                repository.put(path, index, changed)


def _lock_path(repository: Repository, path: str, ecosystem: str) -> str:
    """Return the lock file of a manifest: beside it, or for workspaces of Cargo and uv in a folder above."""
    if ecosystem == "maven" and not path.endswith((".gradle", ".gradle.kts")):
        return ""
    names = _LOCKS[ecosystem]
    if ecosystem == "cargo":
        return repository.above(path, *names)
    beside = [found for name in names if (found := repository.beside(path, name))]
    if ecosystem == "pypi" and not beside and not repository.beside(path, *_RIVALS):
        return repository.above(path, "uv.lock")
    return beside[0] if len(beside) == 1 and not repository.beside(path, *_RIVALS) else ""


def _lock(repository: Repository, path: str) -> _Lock | None:
    facts = repository.of(path)
    locked = next((fact for fact in facts if isinstance(fact, Locked) and not fact.nested), None)
    if locked is None:
        return None
    versions: dict[str, list[str]] = {}
    for line in locked.versions:
        name, _, version = line.rpartition(" ")
        versions.setdefault(_normal(locked.ecosystem, name), []).append(version)
    own = frozenset(
        _normal(fact.ecosystem, str(fact.name)) for fact in facts if isinstance(fact, Package) and fact.version_only
    )
    return _Lock(path, versions, locked.whole, own)


def _covers(repository: Repository, lock: _Lock, path: str, ecosystem: str) -> bool:
    """Whether the lock file was made for a manifest: it names the package, or stands alone beside it."""
    package = next((fact for fact in repository.of(path) if isinstance(fact, Package) and not fact.version_only), None)
    if ecosystem == "cargo" or lock.path.endswith("uv.lock"):
        return package is not None and _normal(ecosystem, str(package.name)) in lock.own
    return folder_of(path) == folder_of(lock.path)


def _stale(lock: _Lock, wanted: list[tuple[int, Dependency]]) -> Iterator[tuple[int, Dependency]]:
    """Yield what the lock file does not have as the manifest wants it; what is stated twice is not judged."""
    stated: dict[str, int] = {}
    for _, fact in wanted:
        name = _normal(fact.ecosystem, str(fact.name))
        stated[name] = stated.get(name, 0) + 1
    for index, fact in wanted:
        name = _normal(fact.ecosystem, str(fact.name))
        plain = fact.source == "registry" and isinstance(fact.constraint, str) and fact.firmness in ("exact", "range")
        if not plain or fact.conditional or fact.group not in _GROUPS[fact.ecosystem] or stated[name] > 1:
            continue
        versions = lock.versions.get(name, [])
        if name in lock.own or (not versions and not lock.whole):
            continue
        wanted_version = str(fact.constraint)
        if fact.ecosystem in _LOWEST and fact.firmness == "exact":
            wanted_version = f">={wanted_version}"
        answers = [allows(fact.ecosystem, wanted_version, version) for version in versions if version]
        if versions and not answers:
            continue
        if all(answer is False for answer in answers):
            yield index, fact.replace(stale_lock=lock.path, locked_as=next(filter(None, versions), ""))


def _normal(ecosystem: str, name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem in ("pypi", "cargo") else name.lower()
