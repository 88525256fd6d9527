"""Tags as releases of Go modules: canonical versions, the prefix of nested modules, the major version in the path.

Go has no publish step: a tag `vX.Y.Z`, for a nested module `FOLDER/vX.Y.Z`, is the release, and from version 2 on the
module path ends in `/vN` (Go Modules Reference: Mapping versions to commits; Major version suffixes).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from relcheck.facts import Dependency, Package, Related, Release
from relcheck.link import Repository

if TYPE_CHECKING:
    from relcheck.vcs import History, Tag

_CANONICAL = re.compile(r"v(?P<major>0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$")
_LOOSE = re.compile(
    r"(?:release[-/_])?(?P<v>[vV]?)(?P<major>\d+)\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?(?P<pre>-[0-9A-Za-z.-]+)?(?:\+[\w.-]+)?$"
)
_MAJOR = re.compile(r"(?:/|(?<=gopkg\.in/)[^ ]*\.)v(?P<major>\d+)(?:-unstable)?$")
_RECENT = 10


def add_modules(repository: Repository, modules: list[tuple[str, Package]]) -> None:
    """Add a `Release` beside each module with what is wrong with its tags; nothing where all is well."""
    history = repository.history
    if history is None or history.shallow:
        return
    for path, module in modules:
        found = _judged(repository, history, path, module)
        if found is not None:
            repository.add(path, found)


def _judged(repository: Repository, history: History, path: str, module: Package) -> Release | None:
    folder = re.sub(r"(?:^|/)v\d+$", "", module.folder)
    prefix = f"{folder}/" if folder else ""
    own = [
        (tag, match)
        for tag in history.tags
        if tag.name.startswith(prefix) and (match := _CANONICAL.match(tag.name, len(prefix)))
    ]
    made = _suffix(module, own)
    if made is None and not folder:
        made = _noncanonical(module, history.tags, own)
    elif made is None:
        made = _unprefixed(repository, history, path, module, prefix, own)
    return made.replace(command=_is_command(repository, module.folder)) if made is not None else None


def _release(module: Package, tag: str, problem: str, expected: str) -> Release:
    return Release(
        span=module.span,
        ecosystem="go",
        name=module.name,
        version="",
        tag=tag,
        head_tag=tag if problem != "major-suffix" else "",
        head_tag_version="",
        head_tag_agrees=True,
        same_version=False,
        changed=False,
        problem=problem,
        expected=expected,
    )


def _suffix(module: Package, own: list[tuple[Tag, re.Match[str]]]) -> Release | None:
    """From version 2 on the path names the major version; 0 and 1 are never named (gopkg.in always does)."""
    name = str(module.name)
    suffix = _MAJOR.search(name)
    dotted = name.startswith("gopkg.in/")
    stated = int(suffix["major"]) if suffix else 0
    bare = name[: suffix.start()] if suffix else name
    if suffix and stated < 2 and not dotted:
        return _release(module, "", "major-suffix", bare)
    recent = [int(match["major"]) for _, match in own[:_RECENT]]
    if not recent or recent[0] < 2 or recent[0] <= stated or (not suffix and min(recent) < 2):
        return None  # tags of version 0 or 1 go on beside those of a program: the module keeps its own line
    mark = "." if dotted else "/"
    return _release(module, own[0][0].name, "major-suffix", f"{bare}{mark}v{recent[0]}")


def _noncanonical(module: Package, tags: tuple[Tag, ...], own: list[tuple[Tag, re.Match[str]]]) -> Release | None:
    """A tag on this commit that means a version, and none that Go knows."""
    if any(tag.here for tag, _ in own):
        return None
    for tag in tags:
        match = _LOOSE.match(tag.name) if tag.here else None
        if match is not None and int(match["major"]) < 1000:
            patch = match["patch"] or "0"
            expected = f"v{int(match['major'])}.{int(match['minor'])}.{int(patch)}{match['pre'] or ''}"
            return _release(module, tag.name, "noncanonical", expected)
    return None


def _unprefixed(
    repository: Repository,
    history: History,
    path: str,
    module: Package,
    prefix: str,
    own: list[tuple[Tag, re.Match[str]]],
) -> Release | None:
    """A plain tag on this commit although only the nested module changed since the tag before."""
    here = [tag for tag in history.tags if tag.here and _CANONICAL.match(tag.name)]
    before = next((tag for tag in history.tags if not tag.here and _CANONICAL.match(tag.name)), None)
    if not here or before is None or any(tag.here for tag, _ in own):
        return None
    if not own and _replaces_locally(repository, path):
        return None
    changed = history.changed_since(before.name)
    if not changed or not all(file.startswith(prefix) for file in changed):
        return None
    return _release(module, here[0].name, "folder-prefix", prefix + here[0].name)


def _replaces_locally(repository: Repository, path: str) -> bool:
    return any(
        isinstance(fact, Dependency) and fact.group == "replace" and fact.source == "path"
        for fact in repository.of(path)
    )


def _is_command(repository: Repository, folder: str) -> bool:
    """Whether a module holds a program: package main stands at its top or below cmd/."""
    prefix = f"{folder}/" if folder else ""
    return f"{prefix}main.go" in repository.paths or any(
        path.startswith(f"{prefix}cmd/") and path.endswith("/main.go") for path in repository.paths
    )


def mark_replacements(repository: Repository) -> None:
    """Say of the replacements in a go.mod that the module is a program that others may `go install`.

    Modules below the root are members of the repository, which a replacement is made for. One replacement is enough to
    refuse the program: the first stands for the others, one by a folder before the rest.
    """
    found: dict[str, list[tuple[int, Dependency]]] = {}
    for path, index, fact in repository.all(Dependency):
        if fact.ecosystem == "go" and fact.group == "replace" and path.endswith("go.mod"):
            found.setdefault(path, []).append((index, fact))
    for path, replaced in found.items():
        command = "/" not in path and _is_command(repository, "")
        first = next((index for index, fact in replaced if fact.source == "path"), replaced[0][0])
        for index, fact in replaced:
            told = command and index == first
            more = tuple(Related(span=other.span, note="replaced too") for at, other in replaced if at != first)
            others = {"others": len(more), "related": (*fact.related, *more)} if told else {}
            repository.put(path, index, fact.replace(published=told, **others))
