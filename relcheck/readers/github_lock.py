"""The lock file of GitHub workflows, `.github/workflows/actions.lock`.

    version: v0.0.1
    workflows:
      release.yml: [owner/repository[/path]@ref, …]        what the file uses, as a list or as the keys of a mapping
    dependencies:
      owner/repository@ref: {commit: sha1-…}

Each line becomes a component of kind "lock" whose job is the workflow's file, empty for `dependencies`.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Component, Fact, Option, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs.git import parse_uses
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Read the lock file."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            version = document.scalar("version")
            if version is not None and not version.value.startswith("v0.0."):
                yield Unreadable(span=version.span, reason=f"the lock file has version {version.value}, not v0.0")
                continue
            workflows = document.map("workflows")
            for key, value in workflows.pairs() if workflows else ():
                yield from _lines(value, key.value)
            yield from _lines(document.get("dependencies"), "")


def _lines(node: Node | None, workflow: str) -> Iterator[Component]:
    found: list[tuple[Node, Node | None]] = list(node.pairs()) if isinstance(node, Mapping) else []
    if isinstance(node, Sequence):
        found = [(item, None) for item in node.items]
    for item, body in found:
        commit = body.scalar("commit") if isinstance(body, Mapping) else None
        ref = parse_uses(item.value) if isinstance(item, Scalar) else None
        if isinstance(item, Scalar) and ref is not None and ref.form == "remote":
            yield Component(
                span=item.span,
                parts={
                    name: item.source.at(*place)
                    for name, place in ref.spans.items()
                    if name in ("name", "owner", "ref")
                },
                job=workflow,
                system="github",
                kind="lock",
                name=ref.name,
                owner=ref.owner,
                ref=ref.ref,
                ref_kind=ref.ref_kind,
                locked=True,
                inputs=(Option(name="commit", value=commit.value.removeprefix("sha1-"), span=commit.span),)
                if commit is not None
                else (),
            )
