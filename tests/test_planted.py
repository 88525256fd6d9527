"""The planted mistakes are found, each once and on its words; the repaired twin is silent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import relcheck
from tests.planted_trees import Label, copy_tree, read_labels, words_at

LABELS = read_labels("labels.txt")
NOTES = read_labels("notes.txt")


class Shop(NamedTuple):
    """A copied tree, the findings of a scan as labels with their severities, and the command's exit code."""

    folder: Path
    found: list[tuple[Label, str]]
    unreadable: list[str]
    code: int


def scan(name: str, folder: Path) -> Shop:
    copy_tree(name, folder)
    done = relcheck("scan", ".", "--format", "json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr.decode()
    report = json.loads(done.stdout)
    found = [(_label(folder, finding), finding["severity"]) for finding in report["findings"]]
    return Shop(folder, found, [place["path"] for place in report["unreadable"]], done.returncode)


def _label(folder: Path, finding: dict[str, object]) -> Label:
    path, line = str(finding["path"]), int(str(finding["line"]))
    start, end = ((int(str(finding[f"{side}line"])), int(str(finding[f"{side}column"]))) for side in ("", "end_"))
    lines = (folder / path).read_text(encoding="utf-8").splitlines()
    return Label(str(finding["rule"]), path, line, words_at(lines, start, end))


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return scan("bad", tmp_path_factory.mktemp("planted") / "shop")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return scan("good", tmp_path_factory.mktemp("repaired") / "shop")


def notes_of(tree: str) -> Counter[Label]:
    prefix = f"{tree}/"
    return Counter(note._replace(path=note.path.removeprefix(prefix)) for note in NOTES if note.path.startswith(prefix))


def test_there_are_eighty_mistakes_of_forty_rules_in_every_format() -> None:
    assert len(LABELS) >= 80
    assert len({label.rule for label in LABELS}) >= 40
    assert len(set(LABELS)) == len(LABELS)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.path}:{label.line}:{label.rule}")
def test_a_label_names_words_that_stand_on_its_line(label: Label, bad: Shop) -> None:
    lines = (bad.folder / label.path).read_text(encoding="utf-8").splitlines()

    assert label.words in "\n".join(lines[label.line - 1 :])
    assert label.words.split("\n")[0] in lines[label.line - 1]


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.path}:{label.line}:{label.rule}")
def test_a_planted_mistake_is_found_once_on_its_words(label: Label, bad: Shop) -> None:
    assert [found for found, _ in bad.found].count(label) == 1


def test_nothing_else_is_found_but_the_listed_notes(bad: Shop) -> None:
    rest = Counter(found for found, _ in bad.found) - Counter(LABELS)
    severities = dict(bad.found)

    assert [found for found in rest if severities[found] != "note"] == []
    assert rest == notes_of("bad")


def test_both_trees_are_read_without_a_fault(bad: Shop, good: Shop) -> None:
    assert bad.unreadable == []
    assert good.unreadable == []
    assert bad.code == 1
    assert good.code == 0


def test_the_repaired_twin_gives_no_error_and_no_warning_and_only_the_listed_notes(good: Shop) -> None:
    assert [found for found, severity in good.found if severity != "note"] == []
    assert Counter(found for found, _ in good.found) == notes_of("good")


def test_the_twins_hold_the_same_files(bad: Shop, good: Shop) -> None:
    files = [
        sorted(str(path.relative_to(shop.folder)) for path in shop.folder.rglob("*") if path.is_file())
        for shop in (bad, good)
    ]

    assert files[0] == files[1]
