"""Retractions of a Go module that nobody sees: go reads them from the newest version alone.

The newest version is the highest release, else the highest pre-release (Go Modules Reference: retract directive).
"""

from __future__ import annotations

import re

from relcheck.facts import Package, Release
from relcheck.link import Repository
from relcheck.refs.version import is_prerelease, newest

_CANONICAL = re.compile(r"v(?P<major>0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$")
_MAJOR = re.compile(r"[/.]v(?P<major>\d+)$")


def add_retractions(repository: Repository, modules: list[tuple[str, Package]]) -> None:
    """Add a `Release` for each retraction that stands in a release, but not in the newest version."""
    history = repository.history
    if history is None or history.shallow:
        return
    for path, module in modules:
        if not module.retracts:
            continue
        prefix = f"{folder}/" if (folder := re.sub(r"(?:^|/)v\d+$", "", module.folder)) else ""
        own = [name for name in history.every_tag if _belongs(name, prefix, str(module.name))]
        here = [tag.name for tag in history.tags if tag.here and tag.name in own]
        latest = _latest([name.removeprefix(prefix) for name in own])
        if not here or f"{prefix}{latest}" in here:
            continue
        text = history.text_of(f"{prefix}{latest}", path)
        for option in module.retracts:
            if option.name not in text:
                made = _release(module, here[0], f"{prefix}{latest}").replace(span=option.span, version=option.name)
                repository.add(path, made)


def _belongs(tag: str, prefix: str, name: str) -> bool:
    """Whether a tag is a version of the module: its folder before it, and the major version that the path names."""
    match = _CANONICAL.match(tag, len(prefix)) if tag.startswith(prefix) else None
    suffix = _MAJOR.search(name)
    if match is None:
        return False
    return int(match["major"]) == int(suffix["major"]) if suffix else int(match["major"]) < 2


def _latest(versions: list[str]) -> str:
    released = [version for version in versions if not is_prerelease("go", version)]
    return newest("go", released or versions) if versions else ""


def _release(module: Package, tag: str, latest: str) -> Release:
    return Release(
        span=module.span,
        ecosystem="go",
        name=module.name,
        tag=tag,
        head_tag=tag,
        head_tag_version="",
        head_tag_agrees=True,
        same_version=False,
        changed=False,
        problem="retract-unseen",
        expected=latest,
    )
