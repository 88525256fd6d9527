"""What git keeps: `--staged` reads the index, `--history` every blob that commits added, with real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relcheck.objects import Blobs, added, index_objects, staged_paths
from relcheck.vcs import GitProblem
from tests.conftest import git, relcheck, write_tree
from tests.tokens import make_token


def repository(folder: Path, files: dict[str, str] | None = None) -> Path:
    made = folder / "project"
    made.mkdir()
    git(made, "init", "-q")
    if files:
        commit(made, files)
    return made


def commit(folder: Path, files: dict[str, str], message: str = "change") -> str:
    write_tree(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()


def findings(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> list[tuple[str, str, int]]:
    done = relcheck("scan", *arguments, "--format", "json", cwd=folder, env=env)
    assert done.returncode in (0, 1), done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    return [(found["rule"], found["path"], found["line"]) for found in report["findings"]]


def test_staged_reads_the_index_and_not_the_work_tree(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"Dockerfile": "FROM node:latest\n", "old/Dockerfile": "FROM node:latest\n"})
    write_tree(folder, {"Dockerfile": "FROM python:latest\nFROM node:latest\n"})
    git(folder, "add", "Dockerfile")
    write_tree(folder, {"Dockerfile": "FROM scratch\n", "other/Dockerfile": "FROM node:latest\n"})

    assert findings(folder, "--staged", "--select", "image-latest") == [
        ("image-latest", "Dockerfile", 1),
        ("image-latest", "Dockerfile", 2),
    ]
    assert findings(folder, "--staged", "old", "--select", "image-latest") == []
    assert findings(folder, ".", "--select", "image-latest")[0][1] == "old/Dockerfile"


def test_staged_works_before_the_first_commit_and_for_files_that_are_gone(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    write_tree(folder, {"a/notes": f"x {make_token('github')}\n", "b": "x\n"})
    git(folder, "add", "-A")
    (folder / "a" / "notes").unlink()

    assert findings(folder, "--staged", "--select", "credentials") == [("token-verified", "a/notes", 1)]
    assert findings(folder / "a", "--staged", "--select", "credentials") == [("token-verified", "notes", 1)]


def test_staged_uses_the_index_that_a_hook_is_told(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"Dockerfile": "FROM scratch\n"})
    write_tree(folder, {"Dockerfile": "FROM node:latest\n"})
    git(folder, "add", "Dockerfile")
    (folder / ".git" / "index").rename(folder / ".git" / "next")
    git(folder, "read-tree", "HEAD")

    assert findings(folder, "--staged", "--select", "image-latest") == []
    told = findings(folder, "--staged", "--select", "image-latest", env={"GIT_INDEX_FILE": ".git/next"})
    assert told == [("image-latest", "Dockerfile", 1)]


def test_staged_neighbours_come_from_the_index(tmp_path: Path) -> None:
    folder = repository(tmp_path, {".env": "TAG=latest\n", "x": ""})
    write_tree(folder, {"compose.yaml": "services:\n  a: {image: 'redis:${TAG}'}\n"})
    git(folder, "add", "compose.yaml")
    write_tree(folder, {".env": "TAG=7.4.1\n"})

    assert findings(folder, "--staged", "--select", "image-latest") == [("image-latest", "compose.yaml", 2)]


@pytest.mark.parametrize("option", ["--staged", "--history", "--history=no-such-branch"])
def test_without_a_repository_or_a_range_the_command_is_wrong(option: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    if option.startswith("--history="):
        git(folder, "init", "-q")
        commit(folder, {"a": "x\n"})

    done = relcheck("scan", option, cwd=folder)

    assert done.returncode == 2
    assert option.partition("=")[0].encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_options_that_say_what_to_read_exclude_each_other(tmp_path: Path) -> None:
    folder = repository(tmp_path)

    done = relcheck("scan", "--staged", "--history=HEAD", cwd=folder)

    assert done.returncode == 2
    assert b"--staged and --history exclude each other" in done.stderr


def test_history_names_the_commit_that_brought_a_secret_once(tmp_path: Path) -> None:
    token = make_token("npm")
    folder = repository(tmp_path, {"a.txt": "x\n"})
    first = commit(folder, {".npmrc": f"# own\n//registry.example.com/:_authToken={token}\n", "b.txt": "x\n"})
    commit(folder, {"copy/.npmrc": f"# own\n//registry.example.com/:_authToken={token}\n"}, "the same bytes again")
    git(folder, "rm", "-q", "-r", ".npmrc", "copy")
    last = commit(folder, {"c.txt": f"{make_token('github', 3)}\n", "Dockerfile": "FROM node:latest\n"})

    assert findings(folder) == [("image-latest", "Dockerfile", 1), ("token-verified", "c.txt", 1)]
    assert sorted(findings(folder, "--history")) == [
        ("npmrc-token", f"{first[:12]}:.npmrc", 2),
        ("token-verified", f"{last[:12]}:c.txt", 1),
    ]
    assert findings(folder, f"--history={last}~1..HEAD") == [("token-verified", f"{last[:12]}:c.txt", 1)]
    done = relcheck("scan", "--history", cwd=folder)
    assert done.returncode == 1
    assert f"{first[:12]}:.npmrc:2:36 error npmrc-token".encode() in done.stdout
    assert token.encode() not in done.stdout + done.stderr
    assert b"4 files that 3 commits added were read for credentials" in done.stderr


def test_history_sees_branches_merges_and_folders(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"sub/a": "x\n"})
    git(folder, "checkout", "-q", "-b", "side")
    side = commit(folder, {"sub/b": f"{make_token('github')}\n"})
    git(folder, "checkout", "-q", "main")
    commit(folder, {"c": "x\n"})
    assert findings(folder, "--history=main") == []
    assert findings(folder, "--history=all") == [("token-verified", f"{side[:12]}:sub/b", 1)]
    git(folder, "merge", "-q", "--no-commit", "side")
    merge = commit(folder, {"evil": f"{make_token('npm')}\n"})

    found = findings(folder, "--history")
    assert sorted(found) == sorted(
        [("token-verified", f"{side[:12]}:sub/b", 1), ("token-verified", f"{merge[:12]}:evil", 1)]
    )
    assert findings(folder / "sub", "--history") == [("token-verified", f"{side[:12]}:b", 1)]


def test_history_says_what_fixtures_are(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    commit(
        folder, {"tests/data.txt": f"{make_token('dockerhub')} {make_token('stripe')}\n", "vendor/x": make_token("npm")}
    )

    assert findings(folder, "--history") == []


def test_objects_are_read_by_name(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"a b\nc": "one\n", "d": ""})
    (folder / "link").symlink_to("d")
    git(folder, "add", "-A")
    blobs = Blobs(str(folder))
    objects = index_objects(str(folder))

    assert {path: blobs.read(name) for path, name in objects.items()} == {"a b\nc": b"one\n", "d": b""}
    assert blobs.read("0" * 40) is None
    assert blobs.read(git(folder, "rev-parse", "HEAD").strip()) is None
    assert blobs.read(objects["d"]) == b""
    assert staged_paths(str(folder)) == {"link"}
    assert [blob.path for blob in added(str(folder), "HEAD")] == ["a b\nc", "d"]
    with pytest.raises(GitProblem):
        list(added(str(folder), "--output=x"))
    blobs.close()


def test_large_objects_are_passed_over_and_the_next_is_read(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"large": "x" * (11 * 1024 * 1024), "small": "y"})
    blobs, objects = Blobs(str(folder)), index_objects(str(folder))

    assert blobs.read(objects["large"]) is None
    assert blobs.read(objects["small"]) == b"y"
    blobs.close()
