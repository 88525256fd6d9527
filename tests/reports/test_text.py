"""The text report: what a person sees on a terminal and in a log."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CLEAN_ENVIRONMENT, ROOT, relcheck, write_tree
from tests.tokens import make_token


def report(folder: Path, files: dict[str, str], *arguments: str, env: dict[str, str] | None = None) -> list[str]:
    write_tree(folder, files)
    return relcheck("scan", ".", *arguments, cwd=folder, env=env).stdout.decode().split("\n")


def cells(text: str) -> int:
    """Count the cells of a terminal for the letters of these tests: everything above the Latin alphabets is wide."""
    return sum(0 if "\u0300" <= letter <= "\u036f" else 2 if letter > "\u2fff" else 1 for letter in text)


def marked(lines: list[str]) -> str:
    """Return the words that the carets of the first finding stand under, counted in cells."""
    excerpt = next(line for line in lines if re.match(r" *\d+ \| ", line))
    carets = lines[lines.index(excerpt) + 1]
    first = len(carets) - len(carets.lstrip(" |"))
    out, at = "", 0
    for letter in excerpt:
        if first <= at < len(carets):
            out += letter
        at += cells(letter)
    return out


LINES = [
    ("plain", {"Dockerfile": "FROM node:latest\n"}, "latest"),
    ("after a tab", {"Dockerfile": "FROM\tnode:latest\n"}, "latest"),
    ("after wide letters", {"compose.yaml": 'services: {"日本語": {image: "node:latest"}}\n'}, "latest"),
    ("after combining letters", {"compose.yaml": 'services: {"e\u0301e\u0301": {image: "node:latest"}}\n'}, "latest"),
    ("after an umlaut", {"compose.yaml": 'services: {"äöü": {image: "node:latest"}}\n'}, "latest"),
    (
        "far along a long line",
        {"compose.yaml": f'services: {{a: {{x-a: "{"y" * 3000}", image: "node:latest"}}}}\n'},
        "latest",
    ),
    (
        "at the start of a long line",
        {"compose.yaml": f'services: {{a: {{image: "node:latest", x-a: "{"y" * 3000}"}}}}\n'},
        "latest",
    ),
    ("after a byte order mark", {"Dockerfile": "\ufeffFROM node:latest\n"}, "latest"),
    ("before a carriage return", {"Dockerfile": "FROM node:latest\r\nUSER 1\r\n"}, "latest"),
    ("on a continued line", {"Dockerfile": "FROM \\\n  node:latest\n"}, "latest"),
]


@pytest.mark.parametrize(("files", "words"), [line[1:] for line in LINES], ids=[line[0] for line in LINES])
def test_the_carets_stand_under_the_words(files: dict[str, str], words: str, tmp_path: Path) -> None:
    lines = report(tmp_path, files, "--select", "image-latest")

    assert marked(lines) == words
    assert max(map(len, lines)) < 240


def test_control_characters_are_spelled_out(tmp_path: Path) -> None:
    text = "\n".join(report(tmp_path, {"a\x1b[31m/run.sh": "docker run node:latest # \x1b[2J\x07\u202e\n"}))

    assert "image-latest" in text
    assert "\\x1b[2J\\x07\\u202e" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_no_secret_is_printed_in_any_form(tmp_path: Path) -> None:
    token = make_token("npm")
    password = "correct-horse-battery-7"
    files = {
        ".npmrc": f"//registry.example.com/:_authToken={token}\n",
        "run.sh": f"curl -u user:{password} http://user:{password}@packages.example.com/a.sh | sh\n",
    }
    write_tree(tmp_path, files)

    for form in ("text", "json", "sarif", "github"):
        done = relcheck("scan", ".", "--format", form, "--notes", "--profile", "strict", cwd=tmp_path)
        printed = (done.stdout + done.stderr).decode()
        assert ".npmrc" in printed
        assert token not in printed
        assert token[8:20] not in printed
        assert password not in printed


def test_notes_are_one_line_a_rule_with_count_and_first_place(tmp_path: Path) -> None:
    files = {f"{name}/Dockerfile": "FROM node:20.1.0\n" for name in "abc"}
    lines = report(tmp_path, files, "--select", "image-not-pinned")
    all_of_them = report(tmp_path, {}, "--select", "image-not-pinned", "--notes")

    assert [line for line in lines if line.startswith("note ")] == [
        "note image-not-pinned: An image is not pinned by digest (3 places, first a/Dockerfile:1)"
    ]
    assert len([line for line in all_of_them if re.match(r"./Dockerfile:1:\d+ note image-not-pinned", line)]) == 3


def test_the_last_line_counts_what_was_left_open(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "ARG BASE\nFROM $BASE\n",
        "tests/Dockerfile": "FROM node:20.1.0\nRUN npm install left-pad\n",
        "a.yaml": "apiVersion: v1\nkind: [\n",
        "b/Dockerfile": "# relcheck: ignore[image-latest] agreed\nFROM node\n",
    }
    last = report(tmp_path, files)[-2]

    assert re.search(r"\b\d+ questions? left open because a value could not be resolved", last)
    assert "1 silenced" in last
    assert "1 part could not be read" in last
    assert re.match(r"\d+ errors?, \d+ warnings?, \d+ notes? in 4 files", last)


def test_a_second_place_is_shown_with_its_words(tmp_path: Path) -> None:
    files = {"Dockerfile": "ARG TAG=latest\nFROM node:$TAG AS a\nFROM node:$TAG\n"}
    lines = report(tmp_path, files, "--select", "image-latest")

    assert any(re.match(r"     see Dockerfile:[123]:\d+", line) for line in lines)


def test_color_only_where_it_is_wanted(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM node\n"}

    assert "\x1b[31;1merror\x1b[0m" in "\n".join(report(tmp_path, files, env={"FORCE_COLOR": "1"}))
    assert "\x1b" not in "\n".join(report(tmp_path, files, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}))
    assert "\x1b" not in "\n".join(report(tmp_path, files))
    assert "\x1b" not in "\n".join(report(tmp_path, files, "--output", "-"))


def on_a_terminal(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Run the command with a pseudo terminal as its standard output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "relcheck", *arguments],
        cwd=folder,
        env={**CLEAN_ENVIRONMENT, "HOME": str(folder), "PYTHONPATH": str(ROOT), "TERM": "xterm", **(env or {})},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    out = b""
    while True:
        try:
            found = os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
        if not found:
            break
        out += found
    os.close(ours)
    process.wait(timeout=60)
    return out.decode()


def test_a_terminal_gets_color_and_a_file_does_not(tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node\n"})

    assert "\x1b[31;1merror" in on_a_terminal(tmp_path, "scan", ".")
    assert "\x1b[31;1merror" not in on_a_terminal(tmp_path, "scan", ".", env={"NO_COLOR": "1"})
    shown = on_a_terminal(tmp_path, "scan", ".", "--output", "report.txt")
    assert shown == ""
    assert b"\x1b" not in (tmp_path / "report.txt").read_bytes()
