"""What relcheck asks of git, with real repositories of every kind, and with a git that fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from relcheck import vcs
from relcheck.vcs import GitProblem, History, Tag
from tests.conftest import git, relcheck, write_tree
from tests.repositories import commit, moving_images, repository

PACKAGE = '[project]\nname = "shop"\nversion = "1.0.0"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one commit."""
    return repository(tmp_path, {"Dockerfile": "FROM node\n", "sub/a.txt": "a\n"})


def listed(folder: Path) -> tuple[list[str], list[str]]:
    """Return the tracked files of a folder, and the others that are not ignored."""
    listing = vcs.list_files(str(folder))
    return sorted(listing.tracked), sorted(listing.untracked)


# Kinds of repositories


def test_outside_a_repository_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert vcs.toplevel(str(tmp_path)) == ""
    assert vcs.origin(str(tmp_path)) == ""


def test_the_top_of_a_repository_is_found_from_below_and_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder / "sub")

    for place in (folder, folder / "sub", tmp_path / "link"):
        assert os.path.samefile(vcs.toplevel(str(place)), folder)


def test_a_bare_repository_is_a_folder_like_any_other(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")
    write_tree(tmp_path / "bare.git", {"Dockerfile": "FROM node\n"})

    assert vcs.toplevel(str(tmp_path / "bare.git")) == ""
    assert moving_images(tmp_path / "bare.git") == ["Dockerfile:1"]


def test_the_inside_of_git_is_no_work_tree(folder: Path) -> None:
    with pytest.raises(GitProblem, match="must be run in a work tree"):
        vcs.toplevel(str(folder / ".git"))


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write_tree(tmp_path, {"pyproject.toml": PACKAGE, "new": ""})
    git(tmp_path, "add", "pyproject.toml")
    history = History(str(tmp_path))

    assert listed(tmp_path) == (["pyproject.toml"], ["new"])
    assert history.shallow is False
    assert history.tags == ()
    with pytest.raises(GitProblem):
        vcs.show(str(tmp_path), "HEAD", "pyproject.toml")


def test_a_detached_head_has_the_tags_before_it(folder: Path) -> None:
    git(folder, "tag", "v1.0.0")
    commit(folder)
    git(folder, "tag", "v1.1.0")
    git(folder, "checkout", "-q", "v1.0.0")

    assert History(str(folder)).tags == (Tag(name="v1.0.0", here=True),)


def test_a_shallow_clone_says_so(folder: Path, tmp_path: Path) -> None:
    commit(folder)
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), "clone")

    assert History(str(folder)).shallow is False
    assert History(str(tmp_path / "clone")).shallow is True


def test_a_second_work_tree_is_its_own(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    commit(tmp_path / "second", {"only-here": "x\n"})
    second = str(tmp_path / "second")

    assert os.path.samefile(vcs.toplevel(second), second)
    assert vcs.list_files(second).tracked == {"Dockerfile", "sub/a.txt", "only-here"}
    git(folder, "tag", "v1.0.0", "second~1")
    assert History(second).changed_since("v1.0.0") == ("only-here",)


def test_a_submodule_is_named_and_is_a_repository_of_its_own(folder: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "--quiet", "add", str(folder), "inner")
    listing = vcs.list_files(str(outer))

    assert listing.tracked == {".gitmodules"}
    assert listing.submodules == {"inner"}
    assert os.path.samefile(vcs.toplevel(str(outer / "inner")), outer / "inner")
    assert vcs.list_files(str(outer / "inner")).tracked == {"Dockerfile", "sub/a.txt"}


def test_a_repository_of_long_names_of_objects(tmp_path: Path) -> None:
    tried = subprocess.run(
        ["git", "init", "-q", "--object-format=sha256", str(tmp_path)], check=False, capture_output=True
    )
    if tried.returncode:
        pytest.skip("this git knows no SHA-256")
    first = commit(tmp_path, {"a": "old\n"})
    git(tmp_path, "tag", "v1.0.0")
    commit(tmp_path, {"a": "new\n"})

    assert len(first) == 64
    assert vcs.show(str(tmp_path), first, "a") == b"old\n"
    assert History(str(tmp_path)).changed_since("v1.0.0") == ("a",)


def test_a_folder_whose_git_file_leads_nowhere_is_in_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")

    assert vcs.toplevel(str(tmp_path)) == ""


# Files


ODD = ["a b", "quote'\"s", "new\nline", "tab\t", "ä漢𝄞", "-option", ":(top)x", "*", "back\\slash", "sub/deep er/x"]


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_told_as_it_is(name: str, folder: Path) -> None:
    write_tree(folder, {name: "one\n", f"{name}.new": ""})
    git(folder, "--literal-pathspecs", "add", "--", name)
    git(folder, "commit", "-q", "-m", "x")
    git(folder, "tag", "v1.0.0")
    write_tree(folder, {name: "two\n"})
    listing, history = vcs.list_files(str(folder)), History(str(folder))

    assert name in listing.tracked
    assert listing.untracked == {f"{name}.new"}
    assert vcs.show(str(folder), "HEAD", name) == b"one\n"
    assert history.changed_since("v1.0.0") == (name,)
    assert name in vcs.list_revision(str(folder), "HEAD", name.split("/", 1)[0])


def test_a_name_that_is_no_utf_8_comes_back_as_it_was(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (folder / name).write_bytes(b"x\n")
    commit(folder)

    assert name in vcs.list_files(str(folder)).tracked
    assert vcs.show(str(folder), "HEAD", name) == b"x\n"


def test_a_part_of_a_repository_has_paths_from_there(folder: Path) -> None:
    write_tree(folder, {".gitignore": "*.log\n", "sub/new": "", "sub/x.log": "", "other": ""})
    git(folder, "tag", "v1.0.0")
    write_tree(folder, {"sub/a.txt": "b\n", "Dockerfile": "FROM scratch\n"})

    assert listed(folder / "sub") == (["a.txt"], ["new"])
    assert History(str(folder / "sub")).changed_since("v1.0.0") == ("a.txt",)


def test_a_file_in_conflict_is_listed_once(folder: Path) -> None:
    git(folder, "checkout", "-q", "-b", "side")
    commit(folder, {"Dockerfile": "FROM side\n"})
    git(folder, "checkout", "-q", "main")
    commit(folder, {"Dockerfile": "FROM main\n"})
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "merge", "-q", "side")

    assert vcs.list_files(str(folder)).tracked == {"Dockerfile", "sub/a.txt"}


def test_a_file_of_a_revision_is_there_or_not(folder: Path) -> None:
    (folder / "link").symlink_to("Dockerfile")
    commit(folder)

    assert vcs.show(str(folder), "HEAD", "Dockerfile") == b"FROM node\n"
    assert vcs.show(str(folder / "sub"), "HEAD", "Dockerfile") == b"FROM node\n"
    assert [vcs.show(str(folder), "HEAD", path) for path in ("sub", "none", "Docker*", "sub/none")] == [None] * 4
    assert vcs.list_revision(str(folder), "HEAD", "sub") == ["sub/a.txt"]
    assert vcs.list_revision(str(folder), "HEAD", "none") == []


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~9", "HEAD:sub", "-h", "--output=x", ""])
def test_what_is_no_revision_is_a_problem(revision: str, folder: Path) -> None:
    with pytest.raises(GitProblem):
        vcs.show(str(folder), revision, "Dockerfile")
    with pytest.raises(GitProblem):
        vcs.list_revision(str(folder), revision, "sub")


def test_a_file_that_a_revision_has_and_the_clone_lacks_is_not_taken_for_none(folder: Path) -> None:
    commit(folder, {"relcheck.toml": 'own-registries = ["registry.example.com"]\n'})
    name = git(folder, "rev-parse", "HEAD:relcheck.toml").strip()
    (folder / ".git" / "objects" / name[:2] / name[2:]).unlink()

    with pytest.raises(GitProblem):
        vcs.show(str(folder), "HEAD", "relcheck.toml")
    done = relcheck("scan", ".", "--config-from", "HEAD", cwd=folder)
    assert (done.returncode, b"--config-from HEAD: fatal" in done.stderr) == (2, True)


# The past


def test_tags_come_the_newest_first_whatever_they_are_made_of(folder: Path) -> None:
    def tag(when: int, *arguments: str) -> None:
        moment = {"GIT_COMMITTER_DATE": f"{when} +0000"}
        subprocess.run(["git", "tag", *arguments], cwd=folder, env={**os.environ, **moment}, check=True, timeout=60)

    tag(1_900_000_000, "-a", "-m", "x", "v1.0.0")
    commit(folder)
    git(folder, "tag", "v1.1.0")
    tag(1_950_000_000, "-a", "-m", "x", "docs-2030")
    tag(1_950_000_000, "-a", "-m", "x", "v1.10.0")
    tag(1_950_000_000, "-a", "-m", "x", "v1.9.0")

    assert [tag.name for tag in History(str(folder)).tags] == ["v1.10.0", "v1.9.0", "docs-2030", "v1.0.0", "v1.1.0"]
    assert [tag.name for tag in History(str(folder)).tags if not tag.here] == ["v1.0.0"]


def test_tags_of_other_branches_and_of_files_do_not_count(folder: Path) -> None:
    git(folder, "checkout", "-q", "-b", "side")
    commit(folder)
    git(folder, "tag", "v2.0.0")
    git(folder, "tag", "file", "HEAD:Dockerfile")
    git(folder, "checkout", "-q", "main")
    git(folder, "tag", "feature/v1.0.0")

    assert History(str(folder)).tags == (Tag(name="feature/v1.0.0", here=True),)


def test_a_merge_brings_the_tags_of_both_sides(folder: Path) -> None:
    git(folder, "checkout", "-q", "-b", "side")
    commit(folder, {"a": "a\n"})
    git(folder, "tag", "v1.0.1")
    git(folder, "checkout", "-q", "main")
    commit(folder, {"b": "b\n"})
    git(folder, "merge", "-q", "-m", "both", "side")
    history = History(str(folder))

    assert history.tags == (Tag(name="v1.0.1"),)
    assert history.changed_since("v1.0.1") == ("b",)


def test_a_tag_and_a_branch_of_one_name_are_told_apart(folder: Path) -> None:
    git(folder, "tag", "v1.0.0")
    commit(folder, {"a": "a\n"})
    git(folder, "branch", "v1.0.0")

    assert History(str(folder)).changed_since("v1.0.0") == ("a",)


def in_the_work_tree(folder: Path) -> None:
    write_tree(folder, {"Dockerfile": "FROM a\n"})


def staged(folder: Path) -> None:
    write_tree(folder, {"b": "b\n"})
    git(folder, "add", "b")


def staged_and_taken_back(folder: Path) -> None:
    in_the_work_tree(folder)
    git(folder, "add", "-A")
    write_tree(folder, {"Dockerfile": "FROM node\n"})


def new_and_unknown_to_git(folder: Path) -> None:
    write_tree(folder, {"b": "b\n"})


def renamed(folder: Path) -> None:
    git(folder, "mv", "sub/a.txt", "moved.txt")


def deleted(folder: Path) -> None:
    (folder / "Dockerfile").unlink()


def touched(folder: Path) -> None:
    os.utime(folder / "Dockerfile", (1, 1))


def executable(folder: Path) -> None:
    (folder / "Dockerfile").chmod(0o755)


CHANGES: tuple[tuple[Callable[[Path], None], tuple[str, ...]], ...] = (
    (in_the_work_tree, ("Dockerfile",)),
    (staged, ("b",)),
    (staged_and_taken_back, ()),
    (new_and_unknown_to_git, ()),
    (renamed, ("moved.txt", "sub/a.txt")),
    (deleted, ("Dockerfile",)),
    (touched, ()),
    (executable, ("Dockerfile",)),
)


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_what_differs_from_a_tag(change: Callable[[Path], None], expected: tuple[str, ...], folder: Path) -> None:
    git(folder, "tag", "v1.0.0")
    change(folder)
    before = (folder / ".git" / "index").read_bytes()

    assert History(str(folder)).changed_since("v1.0.0") == expected
    assert (folder / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [
        ('version = "1.0.0"\n', 'version = "1.1.0"\n', True),
        ('version = "1.1.0"\n', 'version = "1.1.0"\nname = "x"\n', False),
        ("", 'version = "1.1.0"\n', False),
        ('version = "1.0.0"\n', 'version = "1.2.0"\n', False),
    ],
    ids=["raised", "had it before", "had none before", "another version"],
)
def test_whether_the_commit_of_a_tag_raised_the_version(before: str, after: str, raised: bool, folder: Path) -> None:
    commit(folder, {"sub/p.toml": before})
    commit(folder, {"sub/p.toml": after})
    git(folder, "tag", "v1.1.0")

    assert History(str(folder)).raised_by("v1.1.0", "sub/p.toml", "1.1.0") is raised
    assert History(str(folder / "sub")).raised_by("v1.1.0", "p.toml", "1.1.0") is raised


def test_the_first_commit_raised_nothing(folder: Path) -> None:
    git(folder, "tag", "v1.0.0")

    assert History(str(folder)).raised_by("v1.0.0", "Dockerfile", "1.0.0") is False


def test_what_is_tracked_though_it_is_ignored(folder: Path) -> None:
    commit(folder, {".env": "A=1\n", "sub/.env": "A=1\n"})
    write_tree(folder, {".gitignore": ".env\n", "new/.env": ""})

    assert History(str(folder)).ignored_yet_tracked() == {".env", "sub/.env"}
    assert History(str(folder / "sub")).ignored_yet_tracked() == {".env"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example.com/Acme/shop.git", "git.example.com/Acme/shop"),
        ("https://user:word@git.example.com:8443/acme/shop/", "git.example.com/acme/shop"),
        ("ssh://git@git.example.com:22/acme/shop.git", "git.example.com/acme/shop"),
        ("git@Git.Example.com:acme/group/shop.git", "git.example.com/acme/group/shop"),
        ("/srv/git/shop.git", "srv/git/shop"),
        ("../shop", "../shop"),
        ("file:///srv/git/shop", "srv/git/shop"),
    ],
)
def test_the_origin_is_a_host_and_a_path(url: str, expected: str, folder: Path) -> None:
    git(folder, "remote", "add", "origin", url)

    assert vcs.origin(str(folder)) == expected
    assert vcs.origin_owner(str(folder)) == expected.split("/")[-2].lower()


def test_without_an_origin_nobody_is_the_owner(folder: Path) -> None:
    assert (vcs.origin(str(folder)), vcs.origin_owner(str(folder))) == ("", "")
