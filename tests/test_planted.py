"""The planted mistakes are found, each once and on its words; the repaired twin is silent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from relcheck.readers import recognise
from tests.conftest import git, relcheck, write_tree
from tests.planted_trees import PLANTED, Label, copy_tree, read_labels, words_at

LABELS = read_labels("labels.txt")
NOTES = read_labels("notes.txt")
EVERY_FORMAT = frozenset((
    "dockerfile", "compose", "documents", "kustomization", "helm-chart", "helm-values", "helm-template", "helmfile",
    "github-workflow", "github-action", "gitlab-ci", "circleci", "azure-pipelines", "jenkinsfile", "bitbucket-pipelines",
    "buildkite", "cloudbuild", "drone", "woodpecker", "travis", "pre-commit", "bake", "devcontainer", "terraform", "earthfile",
    "requirements", "pyproject", "setup-py", "pipfile", "conda-environment", "package-json", "yarnrc", "npmrc", "pypirc",
    "pip-conf", "docker-config", "container-registries", "netrc", "git-credentials", "gitmodules", "maven-settings", "pom",
    "gradle", "gradle-catalog", "cargo-toml", "cargo-config", "go-mod", "gemfile", "gem-credentials", "nuget", "composer-json",
    "composer-auth", "helm-repositories", "env-file", "private-key", "shell", "makefile",
    "condarc", "setup-cfg", "pnpm-workspace", "bunfig", "vendir", "jvm-wrapper", "quadlet", "ko", "skaffold", "goreleaser",
    "lock-javascript", "jenkins-plugins", "helm-requirements",
))  # fmt: skip
"""The formats that must have mistakes. In the others a mistake stands in the file beside (`.dockerignore`, a version
module), is a note only, or needs more than a small shop has."""


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


def test_there_are_many_mistakes_of_many_rules_each_listed_once() -> None:
    assert len(LABELS) >= 240
    assert len({label.rule for label in LABELS}) >= 70
    assert len(set(LABELS)) == len(LABELS)


def test_every_listed_format_has_mistakes() -> None:
    formats = {format_of(label.path) for label in LABELS}

    assert EVERY_FORMAT - formats == set()


def format_of(path: str) -> str:
    return recognise(path, (PLANTED / "bad" / path).read_bytes, frozenset(("charts/shop", "charts/old")))[0]


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


class History(NamedTuple):
    """A package with a release behind it: what was tagged, what changed since, and where the finding stands."""

    tag: str
    manifest: str
    text: str
    changed: str
    label: str


HISTORIES = (
    History(
        "v1.3.9", "pyproject.toml", '[project]\nname = "shop-api"\nversion = "1.3.9"\n', "shop_api/a.py", "3 1.3.9"
    ),
    History("v1.3.9", "package.json", '{"name": "@shop/cart", "version": "1.3.9"}\n', "index.js", "1 1.3.9"),
    History("v1.3.9", "Cargo.toml", '[package]\nname = "tally"\nversion = "1.3.9"\n', "src/lib.rs", "3 1.3.9"),
    History(
        "v1.3.9",
        "shop.gemspec",
        'Gem::Specification.new do |s|\n  s.name = "shop"\n  s.version = "1.3.9"\nend\n',
        "lib/shop.rb",
        "3 1.3.9",
    ),
)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.manifest)
@pytest.mark.parametrize("bumped", [False, True])
def test_a_version_that_was_not_bumped_since_its_tag_is_found(history: History, bumped: bool, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    git(folder, "init", "-q")
    for text, tag in (("1\n", history.tag), ("2\n", "")):
        version = "1.4.0" if bumped and not tag else "1.3.9"
        write_tree(folder, {history.manifest: history.text.replace("1.3.9", version), history.changed: text})
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "change")
        if tag:
            git(folder, "tag", tag)

    report = json.loads(relcheck("scan", ".", "--format", "json", "--select", "version-not-bumped", cwd=folder).stdout)

    found = [_label(folder, finding) for finding in report["findings"]]
    line, _, words = history.label.partition(" ")
    expected = [] if bumped else [Label("version-not-bumped", history.manifest, int(line), words)]
    assert found == expected
