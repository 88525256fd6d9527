"""Which rules are shown to fire in which format: by their own examples and by the planted mistakes, which tests assert."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from relcheck.readers import recognise
from relcheck.rule_files import Example, read_examples
from relcheck.rules import rule_files, rules_folder
from tests.planted_trees import PLANTED, filled, read_labels

SETTLE_ONLY = {
    "dockerignore": "what it leaves out silences rules about what a Dockerfile copies",
    "github-lock": "it pins the actions of workflows, which are told there",
    "python-version": "the version in a module is compared with that of the manifest, which is told there",
}
"""Formats that settle what stands in others, so that no finding stands in them; each with the reason."""
_PLACE = re.compile(r"(?:(?P<path>\S.*?):)?\d+:\d+ ")


def rules_by_format() -> dict[str, set[str]]:
    """Return the names of the rules that report something in a file of each format."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in rule_files(rules_folder()):
        for example in read_examples(path):
            for file_format in _formats_of(example):
                found[file_format].add(path.stem)
    planted = {
        str(path.relative_to(PLANTED / "bad")): filled(path.read_bytes().decode("utf-8"))
        for path in (PLANTED / "bad").rglob("*")
        if path.is_file()
    }
    for label in (*read_labels("labels.txt"), *read_labels("notes.txt")):
        found[_format_of(label.path, planted)].add(label.rule)
    found.pop("", None)
    return dict(found)


def _formats_of(example: Example) -> Iterator[str]:
    """Yield the formats of the files in which an example finds something."""
    files = {name: text for commit in example.git for name, text in commit.files.items() if text is not None}
    files |= example.files
    for find in example.finds:
        place = _PLACE.match(find)
        if place:
            yield _format_of(place["path"] or next(iter(example.files)), files)


def _format_of(path: str, files: Mapping[str, str]) -> str:
    charts = frozenset(name.rpartition("/")[0] for name in files if name.rpartition("/")[2] == "Chart.yaml")
    return recognise(path, lambda: files.get(path, "").encode("utf-8"), charts)[0]
