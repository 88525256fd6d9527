"""Where a package comes from when it is no registry: git repositories and archives, whatever the manifest's format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Registry
from relcheck.readers.urls import registry, userinfo
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

INSECURE = ("http", "git")
GIT_FIRMNESS = {
    "sha": "git-commit",
    "short-sha": "git-commit",
    "none": "git-default",
    "branch": "git-branch",
    "latest-alias": "git-branch",
    "dev": "git-branch",
    "pull": "git-branch",
}


def git_dependency(
    url: Source,
    parts: dict[str, Span],
    shared: dict[str, Any],
    *,
    commit: Source | None = None,
    tag: Source | None = None,
    branch: Source | None = None,
) -> Iterator[Fact]:
    """Yield a dependency on a repository, the credential in its URL, and its transport where that is not safe.

    `commit` may hold any ref (a table's `rev`), `tag` and `branch` say themselves what they are.
    """
    ref = commit or tag or branch
    git = parse_git_url(url.text, any_https=True)
    if commit is not None:
        firmness: Any = firmness_of_ref(commit.text)
    else:
        firmness = "git-tag" if tag is not None else "git-branch" if branch is not None else "git-default"
    if ref is not None:
        parts = {**parts, "ref": ref.all()}
    yield Dependency(
        span=parts.get("ref", url.all()),
        parts=parts,
        firmness=UNKNOWN if firmness == "unknown" else firmness,
        source="git",
        ref=ref.text if ref is not None else "",
        url=git.url if git is not None else UNKNOWN,
        scheme=git.scheme if git is not None else "",
        **shared,
    )
    yield from transport(url, str(shared.get("ecosystem", "")))


def firmness_of_ref(ref: str) -> str:
    """Say how firmly a git ref binds: git-commit, git-tag, git-branch, git-default (none), unknown."""
    kind = classify_ref(ref)
    return "unknown" if kind == "expr" else GIT_FIRMNESS.get(kind, "git-tag")


def transport(url: Source, ecosystem: str) -> Iterator[Fact]:
    """Yield the credential in a URL, and the repository as a registry where its transport is not protected."""
    bare = url.text.removeprefix("git+")
    piece = url.part(len(url.text) - len(bare), len(url.text))
    found = parse_url(bare)
    if found is None:
        return
    if found.scheme in INSECURE:
        yield from registry(piece, ecosystem=ecosystem, purpose="vcs", key="git")
        return
    secret = userinfo(piece, ecosystem=ecosystem)
    if secret is not None:
        yield secret


def plain_http(url: Source, ecosystem: str, *, job: str = "", step: int = -1) -> Iterator[Registry]:
    """Yield the host of an archive that comes over plain HTTP."""
    found = parse_url(url.text)
    if found is not None and found.scheme == "http":
        asked = registry(url, ecosystem=ecosystem, purpose="archive", key="url", job=job, step=step)
        yield from (fact for fact in asked if isinstance(fact, Registry))


def url_dependency(
    url: Source, parts: dict[str, Span], shared: dict[str, Any], *, hashed: bool = False
) -> Iterator[Fact]:
    """Yield a dependency on an archive by its URL, the credential in it, and its host where nothing protects it.

    A hash that stands with it tells a replaced archive, whatever way it came.
    """
    found = parse_url(url.text)
    hashed = hashed or "sha256=" in url.text
    yield Dependency(
        span=url.all(),
        parts=parts,
        firmness="url",
        source="url",
        hashed=hashed,
        url=found.redacted if found else UNKNOWN,
        scheme=found.scheme if found else "",
        **shared,
    )
    ecosystem = str(shared.get("ecosystem", ""))
    if not hashed:
        yield from plain_http(url, ecosystem)
    secret = userinfo(url, ecosystem=ecosystem)
    if secret is not None:
        yield secret
