"""Names that forge lines, links that leave, and files that are no files: passed over, counted, and said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from relcheck.tree import MAX_BYTES
from tests.conftest import ROOT, git, relcheck, write_tree

NAMES = {
    "a line feed": b"a\nDockerfile:1:1 error forged: finding",
    "a carriage return": b"a\r::error file=x::forged",
    "a workflow command": b"a\n::error file=x,line=1::forged",
    "a workflow command of its own": b"::add-mask::forged",
    "an escape of the terminal": b"\x1b[2J\x1b]0;forged\x07",
    "a C1 control": "\x9b2Jforged".encode(),
    "text from right to left": "a\u202eforged\u2066".encode(),
    "no UTF-8": b"\xff\xfeforged",
    "percent signs and commas": b"%0A::error::forged,line=2",
    "quotes": b'"\'"; forged',
}


def named(folder: Path, name: bytes) -> None:
    inner = os.path.join(os.fsencode(folder), name)
    os.mkdir(inner)
    with open(os.path.join(inner, b"Dockerfile"), "wb") as stream:
        stream.write(b"FROM node\n")


@pytest.mark.parametrize("with_git", [False, True], ids=["a folder", "a repository"])
@pytest.mark.parametrize("case", NAMES)
def test_a_name_forges_nothing(case: str, with_git: bool, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    named(folder, NAMES[case].replace(b"/", b"_"))
    if with_git:
        git(folder, "init", "-q")

    shown = {form: relcheck("scan", ".", "--format", form, cwd=folder) for form in ("text", "json", "sarif", "github")}
    shown["files"] = relcheck("scan", ".", "--show-files", cwd=folder)
    shown["verbose"] = relcheck("scan", ".", "--verbose", "--exclude", "**/Dockerfile", cwd=folder)

    for form, done in shown.items():
        text = (done.stdout + done.stderr).decode("utf-8")
        assert "Traceback" not in text
        lines = text.replace("\r", "\n").split("\n")
        assert not [line for line in lines if line.startswith(("Dockerfile:1:1 error forged", "::add-mask"))], form
        assert len([line for line in lines if line.startswith("::")]) == (1 if form == "github" else 0)
        assert not [letter for letter in text if letter in "\x1b\x07\x9b\u202e\u2066"] or form == "github", form
    github = shown["github"].stdout
    assert not [byte for byte in github if byte < 32 and byte != 10]
    assert len(json.loads(shown["json"].stdout)["findings"]) == 1
    assert len(json.loads(shown["sarif"].stdout)["runs"][0]["results"]) == 1


def test_a_message_forges_no_line_and_no_command(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    image = "\\n::error file=x::forged\\n\\e[31mred\\e[0m%0Ax:latest"
    write_tree(folder, {"compose.yaml": f'services: {{a: {{image: "{image}"}}, b: {{image: "a\\u202eb:latest"}}}}\n'})

    text = relcheck("scan", ".", cwd=folder).stdout.decode()
    github = relcheck("scan", ".", "--format", "github", cwd=folder).stdout.decode()

    assert "\x1b" not in text + github
    assert not [line for line in (text + github).split("\n") if line.startswith("::error file=x")]


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder with one good file among things that are no files, or not to be read."""
    folder = tmp_path / "project"
    write_tree(tmp_path, {"outside/Dockerfile": "FROM outside\n", "outside.yaml": "x: 1\n"})
    write_tree(folder, {"Dockerfile": "FROM node\n", "sub/Dockerfile": "FROM sub\n"})
    os.mkfifo(folder / "compose.yaml")
    (folder / "away").mkdir()
    os.symlink(tmp_path / "outside" / "Dockerfile", folder / "away" / "Dockerfile")
    os.symlink("../../outside.yaml", folder / "away" / "compose.yaml")
    os.symlink(tmp_path / "outside", folder / "linked")
    os.symlink("nowhere", folder / "away" / ".npmrc")
    os.symlink("/dev/zero", folder / "away" / "package.json")
    os.symlink(".", folder / "loop")
    os.symlink("b", folder / "a")
    os.symlink("a", folder / "b")
    os.symlink("../sub/Dockerfile", folder / "away" / "Containerfile")
    (folder / "big.dockerfile").write_bytes(b"FROM big\n" + b"#" * MAX_BYTES)
    (folder / "binary.dockerfile").write_bytes(b"FROM binary\n\0\0\0")
    (folder / ".env").mkdir()
    return folder


PASSED_OVER = {
    "compose.yaml": "not a regular file",
    "away/Dockerfile": "a link that leaves the scanned folder",
    "away/compose.yaml": "a link that leaves the scanned folder",
    "away/package.json": "a link that leaves the scanned folder",
    "away/.npmrc": "cannot be opened",
    "big.dockerfile": "larger than 10 MiB",
    "binary.dockerfile": "a binary file",
}


@pytest.mark.parametrize("with_git", [False, True], ids=["a folder", "a repository"])
def test_what_is_no_file_of_the_repository_is_passed_over_and_said(with_git: bool, odd: Path) -> None:
    if with_git:
        git(odd, "init", "-q")

    done = relcheck("scan", ".", "--format", "json", cwd=odd, timeout=60)
    said = relcheck("scan", ".", "--verbose", cwd=odd, timeout=60).stderr.decode()

    report = json.loads(done.stdout)
    paths = [finding["path"] for finding in report["findings"] if finding["rule"] == "image-latest"]
    assert paths == ["Dockerfile", "away/Containerfile", "sub/Dockerfile"]
    listed = [name for name in PASSED_OVER if f"passed over {name}: {PASSED_OVER[name]}" in said]
    # Git itself lists no pipes; all else is named with its reason.
    assert listed == [name for name in PASSED_OVER if not (with_git and name == "compose.yaml")]
    assert report["summary"]["passed_over"] >= len(listed)


def test_a_link_out_of_the_folder_is_not_read_when_it_is_named(odd: Path) -> None:
    done = relcheck("scan", "away/Dockerfile", cwd=odd)

    assert b"outside" not in done.stdout
    assert done.returncode == 0


def test_a_socket_and_a_device_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {"Dockerfile": "FROM node\n"})
    monkeypatch.chdir(folder)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("compose.yaml")
        done = relcheck("scan", ".", "compose.yaml", "/dev/null", cwd=folder, timeout=60)

    assert b"Dockerfile:1:6 error image-latest" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {"Dockerfile": "FROM node\n", "a/Dockerfile": "FROM a\n", "b/Dockerfile": "FROM b\n"})
    (folder / "a" / "Dockerfile").chmod(0)
    (folder / "b").chmod(0)
    try:
        said = relcheck("scan", ".", "--show-files", cwd=folder).stdout
        done = relcheck("scan", ".", cwd=folder)
    finally:
        (folder / "b").chmod(0o755)

    assert b"a/Dockerfile: not read, cannot be opened (Permission denied)" in said
    assert b"Dockerfile:1:6 error" in done.stdout


def test_a_file_that_goes_while_it_is_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relcheck.tree import Unavailable, WorkingTree  # noqa: PLC0415 - only here the tree itself is asked

    write_tree(tmp_path, {"Dockerfile": "FROM node\n"})
    tree = WorkingTree(str(tmp_path))
    checked = tree.check

    def gone(path: str) -> str:
        found = checked(path)
        (tmp_path / "Dockerfile").unlink()
        return found

    monkeypatch.setattr(tree, "check", gone)
    with pytest.raises(Unavailable, match="cannot be opened"):
        tree.read("Dockerfile")


def test_the_reader_of_output_may_go_away(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {f"{number}/Dockerfile": "FROM node\n" for number in range(300)})
    script = f"cd '{folder}' && {sys.executable} -m relcheck scan . --no-cache 2>err | head -1"

    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, check=False, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )

    assert done.stdout.count(b"\n") == 1
    assert (folder / "err").read_bytes() == b""
