"""Dockerfiles whose names say nothing: a build names them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from relcheck.named import begins_like_one
from relcheck.rules import RuleSet
from relcheck.scan import Judging, Plan, run
from tests.conftest import write_tree

COMPOSE = "services: {a: {build: {context: images, dockerfile: a.txt}}}\n"


def _formats(folder: Path, *paths: str, exclude: tuple[str, ...] = ()) -> dict[str, str]:
    given = tuple(str(folder / path) for path in paths) or (str(folder),)
    judging = Judging(rules=())

    def judge(_: str, __: RuleSet) -> Judging:
        return judging

    scanned = run(Plan(paths=given, root=str(folder), exclude=exclude, judging=judge, jobs=1, cache=False))
    return {path: read.candidate.format for path, read in scanned.reads.items()}


def test_a_named_text_is_a_dockerfile(tmp_path: Path) -> None:
    write_tree(tmp_path, {"compose.yaml": COMPOSE, "images/a.txt": "FROM a\n", "images/b.txt": "FROM b\n"})

    assert _formats(tmp_path) == {"compose.yaml": "compose", "images/a.txt": "dockerfile"}


def test_a_named_text_of_another_kind_stays_what_it_is(tmp_path: Path) -> None:
    write_tree(tmp_path, {"compose.yaml": COMPOSE, "images/a.txt": "What the image is made FROM\n"})

    assert _formats(tmp_path) == {"compose.yaml": "compose"}


def test_a_named_text_is_read_where_the_scan_is_about_it(tmp_path: Path) -> None:
    write_tree(tmp_path, {"compose.yaml": COMPOSE, "images/a.txt": "FROM a\n"})

    assert _formats(tmp_path, "compose.yaml") == {"compose.yaml": "compose"}
    assert _formats(tmp_path, exclude=("images/**",)) == {"compose.yaml": "compose"}
    assert _formats(tmp_path, "compose.yaml", "images/a.txt") == {
        "compose.yaml": "compose",
        "images/a.txt": "dockerfile",
    }


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf# syntax=a\n\n  from a\n", True),
        (b"ARG A=1 \\\n    B=2\r\nARG C\r\nFROM a\n", True),
        (b"FROM\n", False),
        (b"ARGUMENT x\nFROM a\n", False),
        (b"RUN a\nFROM a\n", False),
        (b"", False),
    ],
)
def test_what_a_dockerfile_begins_with(data: bytes, expected: bool) -> None:
    assert begins_like_one(data) is expected


def test_a_long_text_is_looked_at_once() -> None:
    start = time.perf_counter()

    assert not begins_like_one(b"ARG a \\\n" * 200_000)
    assert not begins_like_one(b" \n" * 200_000 + b"x")
    assert time.perf_counter() - start < 2


def test_what_a_requirements_file_reads_is_one(tmp_path: Path) -> None:
    write_tree(tmp_path, {
        "pyproject.toml": "[tool.setuptools.dynamic]\ndependencies = { file = ['deps.in'] }\n"
        "optional-dependencies.x = { file = 'x.in' }\n",
        "deps.in": "a\n",
        "x.in": "b\n",
        "requirements.txt": "-r deps/base.list\n-r https://files.example.com/x.list\n-r gone.list\n",
        "deps/base.list": "--requirement=more.list\na==1.0\n",
        "deps/more.list": "-r base.list\nb==1.0\n",
        "deps/other.list": "c==1.0\n",
    })  # fmt: skip

    assert _formats(tmp_path) == {
        "pyproject.toml": "pyproject", "deps.in": "requirements", "x.in": "requirements",
        "requirements.txt": "requirements", "deps/base.list": "requirements", "deps/more.list": "requirements",
    }  # fmt: skip
