"""What git says of each package's version: the newest release tag, what changed since, the tag on the commit itself."""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Package, Related, Release, Text
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.refs.version import is_placeholder_version, same_version, tag_version

_AUTOMATED = (
    ".changeset/config.json", "release-please-config.json", ".release-please-manifest.json", ".releaserc", ".releaserc.json",
    ".releaserc.yml", ".releaserc.yaml", "release.config.js", "release.config.cjs", "release.config.mjs", "lerna.json",
    ".release-it.json", ".bumpversion.toml", ".bumpversion.cfg", "release-plz.toml", ".semrelrc", "cliff.toml",
)  # fmt: skip
_NOT_PACKAGED = lazy_pattern(
    r"(?:^|/)(?:docs?|tests?|testing|__tests__|spec|e2e|examples?|benchmarks?|\.github|\.gitlab|\.circleci|\.vscode|\.changeset"
    r"|scripts|tools|ci|hack|\.devcontainer)/"
    r"|(?:^|/)(?:README|CHANGELOG|CHANGES|HISTORY|NEWS|CONTRIBUTING|AUTHORS|SECURITY|CODE_OF_CONDUCT|CODEOWNERS|Makefile"
    r"|Dockerfile|tox\.ini|noxfile\.py|mkdocs\.yml|renovate\.json|conftest\.py)[^/]*$"
    r"|\.(?:md|rst|lock|txt)$|(?:^|/)(?:package-lock\.json|pnpm-lock\.yaml)$|(?:^|/)\.[^/]+$|(?:^|/)test_[^/]*$|_test\.[a-z]+$"
    r"|\.(?:test|spec)\.[a-z]+$",
    re.IGNORECASE,
)
_DEVELOPMENT = lazy_pattern(r"(?:\.dev\d*|-dev|-SNAPSHOT|[-+.]dirty)$", re.IGNORECASE)


def link(repository: Repository) -> None:
    """Add a `Release` beside each package with a written version, where git has tags that belong to it."""
    history = repository.history
    packages = [
        (path, fact) for path, _, fact in repository.all(Package)
        if path in repository.reported and not fact.version_only and fact.ecosystem != "helm"
        and fact.private is False and fact.version is not UNKNOWN and fact.name is not UNKNOWN
    ]  # fmt: skip
    if history is None or not packages:
        return
    from relcheck.vcs import GitProblem  # noqa: PLC0415 - only where there is a history

    manifests = repository.named("pyproject.toml", "package.json")
    try:
        automated = any(name in repository.paths for name in _AUTOMATED)
        for path, package in packages:
            release = _release(repository, package, manifests)
            if release is not None:
                repository.add(path, release.replace(automated=automated))
    except GitProblem as problem:
        for path, package in packages:
            repository.add(path, _unknown(package, str(problem)))


def _unknown(package: Package, why: str) -> Release:
    return Release(
        span=package.parts.get("version", package.span),
        ecosystem=package.ecosystem,
        name=package.name,
        version=package.version,
        known=False,
        why_unknown=why,
        head_tag=UNKNOWN,
    )


def _release(repository: Repository, package: Package, manifests: list[str]) -> Release | None:
    history = repository.history
    version = str(package.version)
    if history is None or is_placeholder_version(version) or package.version_problem:
        return None
    if history.shallow:
        return _unknown(package, "the clone is shallow, so tags and changes cannot be judged")
    stated = [(tag, found) for tag in history.tags if (found := _stated(tag.name, package, manifests)) is not None]
    if not stated:
        return None
    newest, tagged = stated[0]
    same = next(((tag, text) for tag, text in stated if same_version(package.ecosystem, version, text)), None)
    chosen, text = same or (newest, tagged)
    here = [(tag.name, found) for tag, found in stated if tag.here]
    changed = _changed(repository, package, chosen.name, manifests) if same and not _DEVELOPMENT.search(version) else ""
    agrees = not here or any(same_version(package.ecosystem, version, found) for _, found in here)
    return Release(
        span=package.parts.get("version", package.span),
        related=(Related(span=package.span, note=f"tagged as {chosen.name}"),) if same else (),
        ecosystem=package.ecosystem,
        name=package.name,
        version=package.version,
        tag=chosen.name,
        tag_version=text,
        same_version=same is not None,
        changed=bool(changed),
        changed_path=changed,
        head_tag=here[0][0] if here else "",
        head_tag_version=here[0][1] if here else "",
        head_tag_agrees=agrees,
    )


def _stated(tag: str, package: Package, manifests: list[str]) -> str | None:
    """Return the version that a tag states for a package, None when it is another's or cannot be told."""
    found: Text | None = tag_version(tag, str(package.name), package.folder, package.ecosystem)
    if found is None or found is UNKNOWN:
        return None
    plain = re.fullmatch(r"[vV]?\d.*|release[-/_].*|rel[-_/].*", tag) is not None
    if plain and len(manifests) > 1 and package.folder:
        return None
    return str(found)


def _changed(repository: Repository, package: Package, tag: str, manifests: list[str]) -> str:
    """Return the first file of the package that differs from the tag, the empty string when none does."""
    history = repository.history
    if history is None:
        return ""
    prefix = f"{package.folder}/" if package.folder else ""
    nested = [
        f"{folder}/"
        for path in manifests
        if (folder := folder_of(path)) and folder.startswith(prefix) and folder != package.folder
    ]
    for path in history.changed_since(tag):
        inner = path[len(prefix) :] if path.startswith(prefix) else ""
        if inner and not _NOT_PACKAGED.search(inner) and not any(path.startswith(other) for other in nested):
            return path
    return ""
