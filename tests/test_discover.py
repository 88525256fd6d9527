"""Which files a scan reads: paths, folders, globs, standard input, ignore rules with git and without, what is passed over."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from relcheck.discover import Discovery, discover, path_class
from tests.conftest import git, write_tree

FROM = "FROM node\n"


def read(found: Discovery) -> list[str]:
    """Return what is read, without the ignore files themselves."""
    return [candidate.path for candidate in found.files if not candidate.path.endswith(".gitignore")]


def dockerfiles(folder: Path, *names: str, ignore: str = "", repository: bool = False) -> Path:
    write_tree(folder, {f"{name}/Dockerfile" if name else "Dockerfile": FROM for name in names})
    if ignore:
        write_tree(folder, {".gitignore": ignore})
    if repository:
        git(folder, "init", "-q")
    return folder


def test_a_folder_a_file_and_a_glob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dockerfiles(tmp_path, "", "a", "a/b", "c")
    monkeypatch.chdir(tmp_path)

    assert read(discover(["."])) == ["Dockerfile", "a/Dockerfile", "a/b/Dockerfile", "c/Dockerfile"]
    assert read(discover(["a"])) == ["Dockerfile", "b/Dockerfile"]  # one folder is the root
    assert read(discover(["a", "c/Dockerfile"])) == ["a/Dockerfile", "a/b/Dockerfile", "c/Dockerfile"]
    assert read(discover(["**/b/*"])) == ["a/b/Dockerfile"]
    assert read(discover(["*/Dockerfile"])) == ["a/Dockerfile", "c/Dockerfile"]
    assert [candidate.named for candidate in discover(["a", "c/Dockerfile"]).files] == [False, False, True]


def test_a_path_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dockerfiles(tmp_path, ""))

    found = discover(["Dockerfile", "missing", "*.none"])

    assert read(found) == ["Dockerfile"]
    assert len(found.notes) == 2
    assert all("no such file or folder" in note for note in found.notes)


def test_standard_input_has_the_name_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dockerfiles(tmp_path, "", "a"))

    found = discover([], root=".", stdin=("new/Dockerfile", b"FROM python\n"))

    assert read(found) == ["new/Dockerfile"]
    assert found.tree.read("new/Dockerfile") == b"FROM python\n"
    assert not found.whole
    assert {"Dockerfile", "new/Dockerfile"} <= found.all_paths


IGNORES = [
    ("a/\n", ["a"]),
    ("/a\n", ["a"]),
    ("b\n", ["a/b", "b"]),
    ("/b\n", ["b"]),
    ("a/b/\n", ["a/b"]),
    ("**/b\n", ["a/b", "b"]),
    ("a/**\n", ["a"]),
    ("[ac]\n", ["a", "c"]),
    ("[!a]\n", ["a/b", "b", "c"]),
    ("?\n!/b\n", ["a", "c"]),
    ("Dockerfile\n!a/Dockerfile\n", ["", "a/b", "b", "c"]),
    ("# a\n\\#\n\n  \n", []),
    ("a/  \n", ["a"]),
    ("a/ \t\n", []),
    ("*\n!*/\n!/c/Dockerfile\n", ["", "a", "a/b", "b"]),
    ("[\n[]\n[a\n\\\n!\n/\n**\\\n", []),
]


@pytest.mark.parametrize("repository", [True, False], ids=["git", "no git"])
@pytest.mark.parametrize(("patterns", "ignored"), IGNORES, ids=[repr(patterns) for patterns, _ in IGNORES])
def test_the_same_ignore_patterns_hold_with_git_and_without(
    patterns: str, ignored: list[str], repository: bool, tmp_path: Path
) -> None:
    names = ["", "a", "a/b", "b", "c"]
    folder = dockerfiles(tmp_path, *names, ignore=patterns, repository=repository)
    below = [name for name in names if any(name == out or (out and name.startswith(f"{out}/")) for out in ignored)]

    assert read(discover([str(folder)])) == [
        f"{name}/Dockerfile" if name else "Dockerfile" for name in names if name not in below
    ]


def test_a_deeper_ignore_file_adds_to_those_above(tmp_path: Path) -> None:
    dockerfiles(tmp_path, "a/x", "a/y", "b/x", ignore="x\n")
    write_tree(tmp_path, {"a/.gitignore": "!x\ny\n"})

    without = read(discover([str(tmp_path)]))
    git(tmp_path, "init", "-q")

    assert without == read(discover([str(tmp_path)])) == ["a/x/Dockerfile"]


def test_what_is_tracked_is_read_though_it_is_ignored(tmp_path: Path) -> None:
    dockerfiles(tmp_path, "a", ignore="a\n", repository=True)
    assert read(discover([str(tmp_path)])) == []

    git(tmp_path, "add", "-f", "a/Dockerfile")

    assert read(discover([str(tmp_path)])) == ["a/Dockerfile"]


@pytest.mark.parametrize(
    "name", ["node_modules", "vendor", "third_party", ".terraform", ".venv", "site-packages", ".tox"]
)
def test_what_others_wrote_is_passed_over_and_said(name: str, tmp_path: Path) -> None:
    dockerfiles(tmp_path, "", f"x/{name}/y", repository=True)
    git(tmp_path, "add", "-f", "-A")

    found = discover([str(tmp_path)])

    assert read(found) == ["Dockerfile"]
    assert f"below {name}/" in dict(found.passed_over)[f"x/{name}/y/Dockerfile"]


@pytest.mark.parametrize("name", ["dist", "build", "target"])
def test_what_is_built_is_read_only_where_it_is_tracked(name: str, tmp_path: Path) -> None:
    dockerfiles(tmp_path, name)
    assert read(discover([str(tmp_path)])) == []

    git(tmp_path, "init", "-q")
    assert read(discover([str(tmp_path)])) == []

    git(tmp_path, "add", "-A")
    assert read(discover([str(tmp_path)])) == [f"{name}/Dockerfile"]


def test_a_submodule_is_left_to_its_own_repository(tmp_path: Path) -> None:
    inner = dockerfiles(tmp_path / "inner", "", repository=True)
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "one")
    folder = dockerfiles(tmp_path / "project", "", repository=True)
    git(folder, "submodule", "--quiet", "add", str(inner), "sub")

    found = discover([str(folder)])

    assert "sub/Dockerfile" not in read(found)
    assert "submodule" in dict(found.passed_over)["sub"]


def test_without_git_a_folder_with_the_file_of_a_submodule_is_one(tmp_path: Path) -> None:
    dockerfiles(tmp_path, "", "sub")
    write_tree(tmp_path, {"sub/.git": "gitdir: ../.git/modules/sub\n"})

    found = discover([str(tmp_path)])

    assert read(found) == ["Dockerfile"]
    assert "submodule" in dict(found.passed_over)["sub"]


def test_exclusion_spares_what_is_named_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dockerfiles(tmp_path, "a", "b"))

    assert read(discover(["."], exclude=["a"])) == ["b/Dockerfile"]
    assert read(discover(["a/Dockerfile"], exclude=["a"])) == ["a/Dockerfile"]
    assert read(discover(["a/Dockerfile"], exclude=["a"], force_exclude=True)) == []


def test_the_order_in_which_paths_are_given_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dockerfiles(tmp_path, *"abcdef"))
    paths = [f"{name}/Dockerfile" for name in "abcdef"]
    shuffled = paths[:]
    random.Random(1).shuffle(shuffled)  # noqa: S311 - a test, the same in each run

    assert discover(paths).files == discover(shuffled).files


CLASSES = [
    ("tests/Dockerfile", "fixture", True),
    ("src/Tests/Dockerfile", "fixture", True),
    ("testsuite/Dockerfile", "fixture", False),
    ("codelab/01_validate/Dockerfile", "fixture", True),
    ("deploy/example-app/Dockerfile", "fixture", True),
    ("hack/buildBenchmark/Dockerfile", "fixture", True),
    ("sampler/Dockerfile", "fixture", False),
    ("src/tests", "fixture", False),
    ("/home/tests/Dockerfile", "fixture", False),
    ("Dockerfile.j2", "template", True),
    ("compose.override.yaml", "development", True),
    ("docker-compose.yaml", "development", False),
    ("vendor/a/Dockerfile", "vendored", True),
]


@pytest.mark.parametrize(("path", "kind", "expected"), CLASSES)
def test_what_a_path_says_of_a_file(path: str, kind: str, expected: bool) -> None:
    assert getattr(path_class(path), kind) is expected


def test_a_file_that_is_named_is_no_fixture() -> None:
    assert not path_class("tests/Dockerfile", named=True).fixture
