"""Which rules are shown to fire in which format: by their own examples and by the planted mistakes, which tests assert."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from relcheck.readers import recognise
from relcheck.rule_files import Example, read_examples
from relcheck.rules import rule_files, rules_folder
from tests.planted_trees import PLANTED, read_labels, tree_files

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
    trees = {name: tree_files(PLANTED / name) for name in ("bad", "good")}
    for label in read_labels("labels.txt"):
        found[_format_of(label.path, trees["bad"])].add(label.rule)
    for note in read_labels("notes.txt"):
        tree, _, below = note.path.partition("/")
        found[_format_of(below, trees[tree])].add(note.rule)
    found.pop("", None)  # texts, which are searched for secrets alone
    return dict(found)


def _formats_of(example: Example) -> Iterator[str]:
    """Yield the formats of the files in which an example finds something."""
    files = {name: text for commit in example.git for name, text in commit.files.items() if text is not None}
    files |= example.files
    for find in example.finds:
        place = _PLACE.match(find)
        assert place, f"{find}: no place at its beginning"
        yield _format_of(place["path"] or next(iter(example.files)), files)


def _format_of(path: str, files: Mapping[str, str]) -> str:
    assert path in files, f"{path}: no such file"
    charts = frozenset(name.rpartition("/")[0] for name in files if name.rpartition("/")[2] == "Chart.yaml")
    return recognise(path, lambda: files[path].encode("utf-8"), charts)[0]
