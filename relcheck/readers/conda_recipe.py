"""meta.yaml, the recipe of a package of conda (conda-build's documentation: defining metadata), and recipe.yaml.

    source: { url, sha256 | md5 | sha1 } | { git_url | git, git_rev | rev | tag | branch } | a list of these

A recipe is a template of Jinja, so its lines are read and no tree is built: `{% set NAME = "TEXT" %}` gives a value for
`{{ NAME }}`, what else is computed is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Download, Fact
from relcheck.readers.justfile import filled
from relcheck.readers.package_sources import git_dependency
from relcheck.readers.urls import url_parts, userinfo
from relcheck.refs.url import parse_url
from relcheck.source import Source

_SET = re.compile(r"\{%-?\s*set\s+(?P<name>\w+)\s*=\s*(?P<quote>[\"'])(?P<value>[^\"'\r\n]*)(?P=quote)\s*-?%\}")
_SECTION = re.compile(
    r"(?m)^source:[ \t]*(?:#[^\r\n]*)?\r?\n(?P<body>(?:(?:[ \t-][^\r\n]*|#[^\r\n]*)?(?:\r\n|\n|\Z))*?(?=^\w|\Z))"
)
_LINE = re.compile(
    r"(?m)^[ \t]*(?P<first>-[ \t]+)?(?P<key>[a-z_0-9]+):[ \t]*(?P<quote>[\"']?)(?P<value>[^\r\n\"'#]*[^\s\"'#])(?P=quote)"
    r"[ \t]*(?:#[^\r\n]*)?\r?$"
)
_EXPRESSION = re.compile(r"\$?\{\{[ \t]*(?P<name>[^{}\r\n]*?)[ \t]*\}\}")
_HASHES = ("sha256", "md5", "sha1")


def read(source: Source) -> Iterator[Fact]:
    """Yield where the sources come from; what verifies an archive stands beside its URL."""
    values = {match["name"]: match["value"] for match in _SET.finditer(source.text)}
    section = _SECTION.search(source.text)
    if section is None:
        return
    entry: dict[str, Source] = {}
    for match in _LINE.finditer(source.text, *section.span("body")):
        if match["first"] and match["key"] in ("url", "git_url", "git", "path", "folder", "fn") and entry:
            yield from _entry(entry)
            entry = {}
        entry.setdefault(match["key"], filled(source.part(*match.span("value")), _EXPRESSION, values))
    yield from _entry(entry)


def _entry(entry: dict[str, Source]) -> Iterator[Fact]:
    archive, repository = entry.get("url"), entry.get("git_url") or entry.get("git")
    url = parse_url(archive.text) if archive is not None else None
    if archive is not None and url is not None:
        verified = any(name in entry for name in _HASHES)
        yield Download(
            span=archive.all(), parts=url_parts(archive, url), tool="conda build", url=url.redacted, scheme=url.scheme,
            host=url.host, verified_by="checksum" if verified else "", executed_by="conda build",
        )  # fmt: skip
        secret = userinfo(archive, ecosystem="conda")
        if secret is not None:
            yield secret
    if repository is not None:
        shared = {"ecosystem": "conda", "where": "manifest", "group": "build"}
        commit = entry.get("git_rev") or entry.get("rev")
        yield from git_dependency(
            repository, {}, shared, commit=commit, tag=entry.get("tag"), branch=entry.get("branch")
        )
