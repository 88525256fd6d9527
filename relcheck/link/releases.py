"""What git says of each package's version: the newest release tag, what changed since, the tag on the commit itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from relcheck.facts import UNKNOWN, Package, Related, Release, Text
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.refs.version import is_placeholder_version, same_version, tag_prefixes, tag_version

if TYPE_CHECKING:
    from relcheck.vcs import Tag

_MANIFESTS = ("pyproject.toml", "package.json", "Cargo.toml", "composer.json", "go.mod", "setup.py", "Chart.yaml")
_PLAIN = re.compile(r"[vV]?\d.*|release[-/_].*|rel[-_/].*")

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
        if path in repository.reported and _is_judged(fact)
    ]  # fmt: skip
    modules = [
        (path, fact) for path, _, fact in repository.all(Package)
        if path in repository.reported and fact.ecosystem == "go"
    ]  # fmt: skip
    if history is None or not (packages or modules):
        return
    from relcheck.vcs import GitProblem  # noqa: PLC0415 - only where there is a history

    try:
        automated = any(name in repository.paths for name in _AUTOMATED)
        _Releases(repository, automated).add(packages)
        if modules:
            from relcheck.link.go_retractions import add_retractions  # noqa: PLC0415 - only for Go
            from relcheck.link.go_tags import add_modules  # noqa: PLC0415 - only for Go

            add_modules(repository, modules)
            add_retractions(repository, modules)
    except GitProblem as problem:
        for path, package in packages:
            repository.add(path, _unknown(package, str(problem)))


def _is_judged(package: Package) -> bool:
    """Whether a package has a version of its own that it publishes."""
    return (
        not package.version_only
        and package.ecosystem not in ("helm", "go")
        and package.private is False
        and package.version is not UNKNOWN
        and package.name is not UNKNOWN
    )


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


class _Releases:
    """The releases of one scan: what several packages ask of the tags is asked once."""

    def __init__(self, repository: Repository, automated: bool) -> None:
        self._repository = repository
        self._automated = automated
        self._manifests = [
            path for path in repository.named(*_MANIFESTS) if path.rsplit("/", 1)[-1] != "setup.py"
        ]  # fmt: skip
        self._plain: list[Tag] | None = None
        self._inherited: set[str] = set()

    def add(self, packages: list[tuple[str, Package]]) -> None:
        """Add the release of each package; of crates with one inherited version only the first that changed."""
        for path, package in packages:
            release = self._release(package)
            if release is None or (package.version_dynamic and not self._first(release)):
                continue
            if not package.folder and release.head_tag_agrees is False and self._agreed():
                release = release.replace(head_tag="", head_tag_agrees=True)
            raised = release.changed is True and self._is_raised(path, release)
            self._repository.add(path, release.replace(automated=self._automated, raised_by_tag=raised))

    def _is_raised(self, path: str, release: Release) -> bool:
        """Whether the commit with the tag raised the version, so that a version stands until the next release."""
        history = self._repository.history
        return history is not None and history.raised_by(str(release.tag), path, str(release.version))

    def _agreed(self) -> bool:
        """Whether a manifest at the root, scanned or not, has the version of the tag on this commit."""
        for name in (name for name in _MANIFESTS if name in self._repository.paths):
            for fact in self._repository.of(name):
                if not isinstance(fact, Package) or not _is_judged(fact):
                    continue
                release = self._release(fact)
                if release is not None and release.head_tag and release.head_tag_agrees is True:
                    return True
        return False

    def _first(self, release: Release) -> bool:
        """Whether a release of an inherited version says something that no neighbour has said yet."""
        key = f"{release.ecosystem} {release.version}"
        telling = release.changed is True or release.head_tag_agrees is False
        if not telling or key in self._inherited or not self._repository.whole:
            return False
        self._inherited.add(key)
        return True

    def _release(self, package: Package) -> Release | None:
        history = self._repository.history
        version = str(package.version)
        if history is None or is_placeholder_version(version) or package.version_problem:
            return None
        if history.shallow:
            return _unknown(package, "the clone is shallow, so tags and changes cannot be judged")
        stated = [
            (tag, found) for tag in self._candidates(package) if (found := _stated(tag.name, package)) is not None
        ]
        if not stated:
            return None
        newest, tagged = stated[0]
        alike = [(tag, text) for tag, text in stated if same_version(package.ecosystem, version, text)]
        # A short tag such as v4.2 moves with each release; the full one is the release.
        same = next((pair for pair in alike if pair[1] == version), alike[0] if alike else None)
        chosen, text = same or (newest, tagged)
        here = [(tag.name, found) for tag, found in stated if tag.here]
        judged = same is not None and not _DEVELOPMENT.search(version)
        changed = _changed(self._repository, package, chosen.name, self._manifests) if judged else ""
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

    def _candidates(self, package: Package) -> list[Tag]:
        """Return the tags that may state a version of the package: plain ones for the root, else those with its name."""
        history = self._repository.history
        if history is None:
            return []
        if self._plain is None:
            self._plain = [tag for tag in history.tags if _PLAIN.match(tag.name)]
        prefixes = tuple(tag_prefixes(str(package.name), package.folder, package.ecosystem))
        named = [tag for tag in history.tags if tag.name.startswith(prefixes)] if prefixes else []
        if package.folder and not package.version_dynamic:
            return named
        return named + self._plain


def _stated(tag: str, package: Package) -> str | None:
    """Return the version that a tag states for a package, None when it is another's or cannot be told."""
    folder = "" if package.version_dynamic else package.folder  # a plain tag is the version of a whole workspace
    found: Text | None = tag_version(tag, str(package.name), folder, package.ecosystem)
    return None if found is None or found is UNKNOWN else str(found)


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
    packed = _packed(repository, package, prefix)
    for path in history.changed_since(tag):
        inner = path[len(prefix) :] if path.startswith(prefix) else ""
        if packed and "/" in inner and not inner.startswith(packed):
            continue
        if inner and not _NOT_PACKAGED.search(inner) and not any(path.startswith(other) for other in nested):
            return path
    return ""


def _packed(repository: Repository, package: Package, prefix: str) -> tuple[str, ...]:
    """Return the folders that enter a Python package or a crate, where the usual layout tells; else nothing."""
    if package.ecosystem == "cargo":
        folders: tuple[str, ...] = ("src/",)
    elif package.ecosystem == "pypi":
        module = re.sub(r"[-_.]+", "_", str(package.name)).lower()
        folders = ("src/", f"{module}/")
    else:
        return ()
    found = tuple(
        folder for folder in folders if any(path.startswith(f"{prefix}{folder}") for path in repository.paths)
    )
    return (*found, "data/", "include/", "assets/", "templates/") if found else ()
