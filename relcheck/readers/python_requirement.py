"""One Python requirement as a fact: PEP 508, direct URLs, VCS URLs and local paths.

requirements-parser decides what a requirement is; what it drops (the place of each part, `name @ URL`, markers) is
taken from the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Text, Unreadable
from relcheck.readers.package_sources import INSECURE, plain_http, transport
from relcheck.readers.urls import userinfo
from relcheck.refs import MARK
from relcheck.refs.git import parse_git_url
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_NAMED = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?:@\s*(?P<url>\S+)|\(?(?P<constraint>(?:[<>=!~][^;)]*)?)\)?)\s*(?:;.*)?$",
    re.DOTALL,
)
_VCS = re.compile(r"(?:git|hg|svn|bzr)(?:\+|@|://)")
_PATH = re.compile(
    r"\.{0,2}/|\.{1,2}$|\.\[|\.{1,2}\\|~|[A-Za-z]:\\|file:|.*\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)(?:\[[^\]]*\])?$"
)
_TEMPLATE = re.compile(r"\$\{[A-Z0-9_]+\}|\{\{.*?\}\}|\{%.*?%\}|<[A-Za-z_][\w -]*>|@[A-Z_]+@")
_GIT_FIRMNESS = {
    "sha": "git-commit",
    "short-sha": "git-commit",
    "semver-full": "git-tag",
    "semver-partial": "git-tag",
    "tag": "git-tag",
    "none": "git-default",
    "branch": "git-branch",
    "latest-alias": "git-branch",
    "pull": "git-branch",
}


def requirement(
    source: Source, *, where: str, group: str = "prod", hashed: bool = False, job: str = "", step: int = -1
) -> Iterator[Fact]:
    """Yield the dependency that a requirement names, and the credential in its URL.

    The text is one requirement without comment and per-line options; what is none gives an `Unreadable`.
    """
    text = _TEMPLATE.sub(lambda match: MARK * len(match[0]), source.text)
    if not text.strip():
        return
    shared: dict[str, Any] = {"ecosystem": "pypi", "where": where, "group": group, "job": job, "step": step}
    named = _NAMED.match(text)
    if named and named["url"]:
        start, end = named.span("url")
        yield from _direct(source, text, (start, end), named["name"], hashed, shared)
    elif _VCS.match(text.strip()) or "://" in text.split(";")[0]:
        start = len(text) - len(text.lstrip())
        words = text[start:].split()
        yield from _direct(source, text, (start, start + len(words[0])), "", hashed, shared)
    elif _PATH.match(text.strip()):
        yield Dependency(span=source.all(), firmness="path", source="path", name=UNKNOWN, **shared)
    elif named and _is_requirement(text):
        yield _from_index(source, named, hashed, shared)
    elif MARK not in text:
        yield Unreadable(span=source.all(), reason=f"not a Python requirement: {source.text.strip()[:60]!r}")


def _is_requirement(text: str) -> bool:
    """Ask requirements-parser; a text with unknown stretches is taken as one."""
    if MARK in text:
        return True
    from requirements.requirement import Requirement  # noqa: PLC0415 - 36 ms, only when a requirement turns up

    try:
        return bool(Requirement.parse(text.strip()).name)
    except ValueError:
        return False


def _from_index(source: Source, named: re.Match[str], hashed: bool, shared: dict[str, Any]) -> Dependency:
    constraint = (named["constraint"] or "").rstrip()
    parts = {"name": source.at(*named.span("name"))}
    if constraint:
        start = named.start("constraint")
        parts["constraint"] = source.at(start, start + len(constraint))
    known = MARK not in constraint
    return Dependency(
        span=parts.get("constraint", parts["name"]),
        parts=parts if known else {"name": parts["name"]},
        name=named["name"],
        constraint=constraint if known else UNKNOWN,
        firmness=python_firmness(constraint) if known else UNKNOWN,
        hashed=hashed,
        conditional=";" in named[0],
        **shared,
    )


def python_firmness(constraint: str) -> str:
    """Say how firmly a PEP 440 specifier binds: exact, range, or any (nothing, or a floor of zero)."""
    specs = [spec.strip() for spec in constraint.split(",") if spec.strip()]
    if any(re.fullmatch(r"={2,3}\s*[^*]+", spec) for spec in specs):
        return "exact"
    if not specs or all(re.fullmatch(r">=?\s*0+(?:\.0+)*|==\s*\*", spec) for spec in specs):
        return "any"
    return "range"


def _direct(
    source: Source, text: str, place: tuple[int, int], name: str, hashed: bool, shared: dict[str, Any]
) -> Iterator[Fact]:
    """A URL: `git+https://host/repo@ref#egg=name`, or an archive, which `#sha256=` or `--hash` verifies."""
    piece = source.part(*place)
    git = parse_git_url(piece.text) if _VCS.match(piece.text) else None
    found: Text = name or UNKNOWN
    egg = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
    parts: dict[str, Span] = {}
    if name:
        parts["name"] = source.at(text.index(name), text.index(name) + len(name))
    elif egg:
        found = egg[1]
        parts["name"] = source.at(*egg.span(1))
    if git is not None:
        if "ref" in git.spans and git.ref:
            parts["ref"] = piece.at(*git.spans["ref"])
        yield Dependency(
            span=parts.get("ref", piece.all()),
            parts=parts,
            name=found,
            source="git",
            firmness=UNKNOWN if git.ref_kind is UNKNOWN else _GIT_FIRMNESS.get(str(git.ref_kind), "git-tag"),
            ref=git.ref,
            url=git.url,
            scheme=git.scheme,
            **shared,
        )
    else:
        url = parse_url(piece.text)
        hashed = hashed or bool(re.search(r"#.*\b(?:sha256|sha384|sha512)=[0-9a-fA-F]+", text))
        yield Dependency(
            span=piece.all(),
            parts=parts,
            name=found,
            source="path" if piece.text.startswith("file:") else "url",
            firmness="path" if piece.text.startswith("file:") else "url",
            hashed=hashed,
            url=url.redacted if url and MARK not in url.redacted else UNKNOWN,
            scheme=url.scheme if url else "",
            **shared,
        )
        if not hashed:
            yield from plain_http(piece, "pypi", job=shared["job"], step=shared["step"])
    if git is not None and git.scheme in INSECURE:
        yield from transport(piece, "pypi")
        return
    secret = userinfo(piece, kind="index-url", ecosystem="pypi")
    if secret is not None:
        yield secret
