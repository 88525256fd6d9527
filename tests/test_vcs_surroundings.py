"""Git where its surroundings are odd: variables of a hook, folders of somebody else, a git that fails, hangs or is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from relcheck import vcs
from relcheck.vcs import GitProblem, History
from tests.conftest import ROOT, git, relcheck, write_tree
from tests.repositories import commit, moving_images, repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one commit."""
    return repository(tmp_path, {"Dockerfile": "FROM node\n", "sub/a.txt": "a\n"})


# The environment


def test_variables_that_git_sets_for_a_hook_do_not_lead_elsewhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(folder, "tag", "v1.0.0")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    commit(other, {"Dockerfile": "FROM other\nFROM other\n"})
    told = {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_PREFIX": "sub/", "GIT_OBJECT_DIRECTORY": "/nowhere",
        "GIT_CEILING_DIRECTORIES": str(tmp_path), "GIT_TRACE": "1", "GIT_PAGER": "false", "GIT_LITERAL_PATHSPECS": "0",
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    assert os.path.samefile(vcs.toplevel(str(folder)), folder)
    assert vcs.list_files(str(folder)).tracked == {"Dockerfile", "sub/a.txt"}
    assert [tag.name for tag in History(str(folder)).tags] == ["v1.0.0"]
    assert moving_images(folder, env=told) == ["Dockerfile:1"]


def test_a_scan_in_a_hook_of_a_commit_sees_what_is_committed(folder: Path, tmp_path: Path) -> None:
    script = (
        f"#!/bin/sh\nPYTHONPATH={ROOT} {sys.executable} -m relcheck scan --staged --select image-latest"
        f" > {tmp_path}/said 2>&1\nexit 0\n"
    )
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script, encoding="utf-8")
    hook.chmod(0o755)
    write_tree(folder, {"Dockerfile": "FROM node\nFROM python\n"})
    git(folder, "commit", "-q", "-a", "-m", "x")  # git makes an index of its own for -a

    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert "Dockerfile:2:6 error image-latest: python" in said


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the superuser may give a folder away")
def test_a_repository_of_somebody_else_is_walked_without_git_and_that_is_said(folder: Path) -> None:
    for path in (folder, folder / ".git"):
        os.chown(path, 12345, 12345)

    with pytest.raises(GitProblem, match="dubious ownership"):
        vcs.toplevel(str(folder))
    done = relcheck("scan", ".", "--select", "image-latest", cwd=folder)
    assert b"Dockerfile:1:6 error image-latest" in done.stdout
    assert b"git could not list the files (fatal: detected dubious ownership" in done.stderr
    for option in ("--staged", "--history", "--config-from=HEAD"):
        done = relcheck("scan", ".", option, cwd=folder)
        assert (done.returncode, done.stdout) == (2, b""), option
        assert b"dubious ownership" in done.stderr
        assert b"Traceback" not in done.stderr


def test_a_git_in_the_scanned_folder_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "git").write_text(f"#!/bin/sh\ntouch {folder}/sprung\n", encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    monkeypatch.chdir(folder)

    assert os.path.samefile(vcs.toplevel(str(folder)), folder)
    assert not (folder / "sprung").exists()


# A git that fails


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """Return what puts a script before git on the PATH."""

    def make(script: str) -> dict[str, str]:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "git").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / "bin" / "git").chmod(0o755)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        monkeypatch.setenv("PATH", path)
        return {"PATH": path}

    return make


OPTIONS = ("--staged", "--history", "--config-from=HEAD")
FAILING = {
    "a complaint": ("echo 'fatal: something broke' >&2; echo more >&2; exit 128", b"fatal: something broke"),
    "no word": ("exit 3", b"git ended with 3"),
    "killed": ("kill -9 $$", b"git ended with -9"),
    "no text": (r"printf '\377\376 \033[31mred\n' >&2; exit 1", b"?[31mred"),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_git_that_fails_is_told_in_a_sentence(case: str, folder: Path, fake: Callable[[str], dict[str, str]]) -> None:
    script, sentence = FAILING[case]
    env = fake(script)

    done = relcheck("scan", ".", "--select", "image-latest", cwd=folder, env=env)
    assert b"Dockerfile:1:6 error image-latest" in done.stdout
    assert sentence in done.stderr
    for option in OPTIONS:
        done = relcheck("scan", ".", option, cwd=folder, env=env)
        assert (done.returncode, done.stdout) == (2, b"")
        assert sentence in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert b"\x1b" not in done.stderr


@pytest.mark.parametrize("program", ["missing", "no program"])
def test_without_git_files_are_walked(program: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    if program == "no program":
        (tmp_path / "bin" / "git").mkdir()
    env = {"PATH": str(tmp_path / "bin")}
    write_tree(folder, {".gitignore": "ignored/\n", "ignored/Dockerfile": "FROM node\n"})

    assert moving_images(folder, env=env) == ["Dockerfile:1"]
    for option in OPTIONS:
        done = relcheck("scan", ".", option, cwd=folder, env=env)
        assert done.returncode == 2, option
        assert b"git" in done.stderr
        assert b"Traceback" not in done.stderr


def test_a_git_that_hangs_is_ended(
    folder: Path, fake: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("exec sleep 30")
    monkeypatch.setattr(vcs, "_SECONDS", 0.2)

    with pytest.raises(GitProblem, match="longer than"):
        vcs.list_files(str(folder))


def test_a_git_that_prints_without_end_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(folder, {"large": "x" * 5000})
    monkeypatch.setattr(vcs, "MAX_OUTPUT", 4000)

    with pytest.raises(GitProblem, match="printed more than"):
        vcs.show(str(folder), "HEAD", "large")
    assert vcs.show(str(folder), "HEAD", "Dockerfile") == b"FROM node\n"


def test_very_many_files_are_all_listed(folder: Path) -> None:
    names = {f"sub/{'x' * 200}-{number}" for number in range(2000)}
    write_tree(folder, dict.fromkeys(names, ""))

    assert vcs.list_files(str(folder)).untracked == names
    git(folder, "add", "-A")
    assert vcs.list_files(str(folder)).tracked == {"Dockerfile", "sub/a.txt", *names}
