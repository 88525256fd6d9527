"""`--history` where the history is odd: damaged, partial, shallow, empty, renamed, with names that git quotes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from relcheck.objects import Blobs, added
from relcheck.vcs import GitProblem
from tests.conftest import git, relcheck, write_tree
from tests.repositories import commit
from tests.tokens import make_token

Harm = Callable[[Path, str], None]
NPM, GITHUB = make_token("npm", 3), make_token("github", 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    git(made, "init", "-q")
    return made


def found(folder: Path, option: str = "--history") -> tuple[list[str], str]:
    """Return the places of the findings, and what was said beside them."""
    done = relcheck("scan", option, "--format", "json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr.decode()
    return sorted(f"{one['path']}:{one['line']}" for one in json.loads(done.stdout)["findings"]), done.stderr.decode()


def remove_object(folder: Path, name: str) -> None:
    name = git(folder, "rev-parse", name).strip()
    (folder / ".git" / "objects" / name[:2] / name[2:]).unlink()


def damage_object(folder: Path, name: str) -> None:
    name = git(folder, "rev-parse", name).strip()
    path = folder / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(b"no object")


@pytest.mark.parametrize("harm", [remove_object, damage_object], ids=["missing", "damaged"])
def test_a_blob_that_cannot_be_read_is_counted_and_hides_no_other(harm: Harm, folder: Path) -> None:
    first = commit(folder, {"a": f"{NPM}\n", "b": "x\n", "c": "y\n", "d": f"{GITHUB}\n"})
    harm(folder, "HEAD:b")
    harm(folder, "HEAD:c")

    places, said = found(folder)

    assert places == [f"{first[:12]}:a:1", f"{first[:12]}:d:1"]
    assert "2 files that 1 commits added were read for credentials" in said
    assert "2 more could not be: they are too large, damaged, or not in this clone." in said


@pytest.mark.parametrize("harm", [remove_object, damage_object], ids=["missing", "damaged"])
@pytest.mark.parametrize("what", ["HEAD~1^{tree}", "HEAD~1"], ids=["a folder", "a commit"])
def test_a_history_with_a_hole_is_not_called_clean(what: str, harm: Harm, folder: Path) -> None:
    commit(folder, {"a": "x\n"})
    commit(folder, {"b": f"{NPM}\n"})
    commit(folder, {"b": "x\n"})
    harm(folder, what)

    done = relcheck("scan", "--history", cwd=folder)

    assert done.returncode == 2
    assert done.stderr.startswith(b"relcheck: --history=HEAD: ")
    assert b"Traceback" not in done.stderr


def test_a_damaged_blob_of_the_index_is_passed_over_and_said(folder: Path) -> None:
    write_tree(folder, {"a": "x\n", "Dockerfile": "FROM node\n"})
    git(folder, "add", "-A")
    damage_object(folder, ":a")

    done = relcheck("scan", "--staged", "--select", "image-latest", "--verbose", cwd=folder)

    assert b"Dockerfile:1:6 error image-latest" in done.stdout
    assert b"passed over a: git does not have the object, or it is too large" in done.stderr


def test_without_a_commit_there_is_no_history(folder: Path) -> None:
    done = relcheck("scan", "--history", cwd=folder)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"relcheck: --history=HEAD: fatal: bad revision 'HEAD'.\n"
    assert found(folder, "--history=all")[0] == []


def test_a_shallow_clone_is_read_as_far_as_it_goes(folder: Path, tmp_path: Path) -> None:
    commit(folder, {"old": f"{NPM}\n"})
    last = commit(folder, {"old": "x\n", "new": f"{GITHUB}\n"})
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), "clone")

    assert found(tmp_path / "clone")[0] == [f"{last[:12]}:new:1"]


def test_a_file_that_moved_is_told_where_it_was_born(folder: Path) -> None:
    first = commit(folder, {"a": f"{NPM}\n"})
    git(folder, "mv", "a", "b")
    commit(folder, {})
    commit(folder, {"b": f"{NPM}\nmore\n"})
    last = git(folder, "rev-parse", "HEAD").strip()

    assert found(folder)[0] == sorted([f"{first[:12]}:a:1", f"{last[:12]}:b:1"])


@pytest.mark.parametrize("name", ["a b", "new\nline", "ä漢", "-x", ":x", "quote\"'", "tab\t"])
def test_names_are_told_as_they_are(name: str, folder: Path) -> None:
    first = commit(folder, {"sub/" + name: f"{NPM}\n"})

    assert found(folder)[0] == [f"{first[:12]}:sub/{name}:1"]
    assert found(folder / "sub")[0] == [f"{first[:12]}:{name}:1"]


def test_each_blob_is_read_once_whatever_its_commits_and_names(folder: Path) -> None:
    first = commit(folder, {"a": "x\n", "copy": "x\n"})
    commit(folder, {"a": "y\n"})
    last = commit(folder, {"a": "x\n", "b": "z\n"})

    assert [(blob.commit, blob.path) for blob in added(str(folder), "HEAD")][::2] == [(first, "a"), (last, "b")]
    assert len(list(added(str(folder), "HEAD"))) == 3
    assert found(folder)[1].startswith("relcheck: 3 files that 3 commits added were read")


def test_links_submodules_and_what_others_wrote_are_not_read(folder: Path, tmp_path: Path) -> None:
    commit(folder, {"a": "x\n", "node_modules/x/a": f"{NPM}\n"})
    (folder / "link").symlink_to(NPM)
    commit(folder, {})
    git(tmp_path, "clone", "-q", str(folder), "other")
    git(folder, "submodule", "--quiet", "add", str(tmp_path / "other"), "inner")
    commit(folder, {})

    places, said = found(folder)

    assert places == []
    assert "2 files that 2 commits added" in said


def test_a_secret_in_two_encodings_is_found_in_both(folder: Path) -> None:
    (folder / "utf-16").write_bytes(f"ä\nx {NPM}\n".encode("utf-16"))
    (folder / "latin-1").write_bytes(f"ä\nx {NPM}\n".encode("latin-1"))
    (folder / "binary").write_bytes(b"\0\n" + NPM.encode())
    first = commit(folder, {})

    assert found(folder)[0] == [f"{first[:12]}:latin-1:2", f"{first[:12]}:utf-16:2"]


def test_one_git_serves_all_objects_and_is_ended(folder: Path) -> None:
    commit(folder, {"a": "x\n", "b": "y\n"})
    blobs = Blobs(str(folder))
    names = [git(folder, "rev-parse", f"HEAD:{name}").strip() for name in ("a", "b")]

    assert [blobs.read(name) for name in names] == [b"x\n", b"y\n"]
    process = blobs._git
    blobs.close()
    assert process.poll() == 0
    blobs.close()
    assert blobs.read(names[0]) == b"x\n"
    blobs.close()


def test_who_stops_in_the_middle_leaves_no_git_behind(folder: Path) -> None:
    commit(folder, {f"file-{number}": f"{number}\n" for number in range(500)})
    entries = added(str(folder), "HEAD")

    assert next(entries).path == "file-0"
    entries.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(entries)


@pytest.mark.parametrize("revisions", ["nowhere", "HEAD..nowhere", "--all", "-h", ""])
def test_what_is_no_range_is_a_problem(revisions: str, folder: Path) -> None:
    commit(folder, {"a": "x\n"})

    with pytest.raises(GitProblem):
        list(added(str(folder), revisions))
