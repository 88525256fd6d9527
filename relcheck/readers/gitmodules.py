""".gitmodules (gitmodules(5)): repositories inside the repository.

The commit stands in the tree; `branch` makes `git submodule update --remote` follow a branch.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact
from relcheck.readers.git_credentials import read as read_credentials
from relcheck.readers.ini_lines import entries
from relcheck.refs.git import parse_git_url
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield each submodule, and what its URL says."""
    sections: dict[str, dict[str, Source]] = {}
    for entry in entries(source, separators="=", continued=False):
        if entry.section.startswith("submodule"):
            sections.setdefault(entry.section, {})[entry.key] = entry.value
    for values in sections.values():
        url = values.get("url")
        if url is not None and url.text:
            yield from _submodule(url, values.get("branch"))
    yield from read_credentials(source)


def _submodule(url: Source, branch: Source | None) -> Iterator[Fact]:
    local = url.text.startswith(("./", "../"))
    found = None if local else parse_git_url(url.text, any_https=True)
    parts = {name: url.at(*place) for name, place in found.spans.items() if name in ("owner", "host")} if found else {}
    ref = branch.text if branch is not None else ""
    if branch is not None:
        parts["ref"] = branch.all()
    owner, repository = (found.owner, found.repository) if found is not None else (UNKNOWN, UNKNOWN)
    yield Component(
        span=url.all(), parts=parts, system="git", kind="submodule",
        name=UNKNOWN if owner is UNKNOWN or repository is UNKNOWN else f"{owner}/{repository}".lstrip("/"), owner=owner,
        host=found.host if found is not None else "" if local else UNKNOWN, ref=ref, ref_kind="branch" if ref else "sha",
        local=local, locked=True,
    )  # fmt: skip
