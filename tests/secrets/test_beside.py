"""Texts that are searched in a process of their own: the same answers, and no process that outlives its use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from relcheck import beside
from relcheck.beside import Beside
from relcheck.scan import Plan, Scanned, run
from relcheck.secrets.texts import MANY, MAX_TEXT, TextSearch
from tests.conftest import write_tree
from tests.place_table import every_rule
from tests.tokens import make_token

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree with texts enough for a process of their own; the machine has the cores for it."""
    monkeypatch.setattr(beside, "_cores", lambda: 2)
    texts = {f"notes/{number}.txt": f"note {number}\n" for number in range(MANY)}
    texts |= {"notes/a.txt": f"one {make_token('npm')}\n", "notes/é.txt": f"ä {make_token('npm')}\n"}
    texts |= {"notes/large.txt": "a" * (MAX_TEXT + 1), "Dockerfile": "FROM registry.example.com/a/b:latest\n"}
    texts |= {
        "images/odd.recipe": f"FROM a\nRUN true {make_token('npm')}\n",
        "b.sh": "docker build -f images/odd.recipe .\n",
    }
    write_tree(tmp_path, texts)
    return tmp_path


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Beside[object]]:
    """Return a list that takes each process that is begun."""
    made: list[Beside[object]] = []

    def begin(compute: Callable[[], object]) -> Beside[object]:
        made.append(Beside(compute))
        return made[-1]

    monkeypatch.setattr(beside, "Beside", begin)
    return made


def scanned(folder: Path, jobs: int) -> Scanned:
    return run(Plan(paths=(str(folder),), judging=every_rule, jobs=jobs))


def test_both_ways_find_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = watched(monkeypatch)
    alone, two = scanned(folder, 1), scanned(folder, 2)

    assert len(made) == 1
    assert two.findings == alone.findings
    assert {found.place.path for found in two.findings} >= {"notes/a.txt", "notes/é.txt", "images/odd.recipe"}
    assert two.discovery.passed_over == alone.discovery.passed_over
    assert two.secrets == alone.secrets


def test_a_process_that_comes_to_grief_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextSearch, "_answer", lambda _: os._exit(3))

    assert scanned(folder, 2).findings == scanned(folder, 1).findings


def test_without_a_process_the_texts_are_searched_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", no_process)

    assert scanned(folder, 2).findings == scanned(folder, 1).findings


def test_what_fails_answers_nothing() -> None:
    def fails() -> int:
        raise ValueError

    assert Beside(lambda: 7).result() == 7
    assert Beside(fails).result() is None


def test_a_process_is_ended_when_nobody_waits() -> None:
    import time  # noqa: PLC0415 - the process alone needs it

    search = Beside(lambda: time.sleep(600))
    search.stop()
    search.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(search._process, 0)


def test_the_process_ends_where_the_scan_breaks_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = watched(monkeypatch)
    monkeypatch.setattr("relcheck.scan.read_facts", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scanned(folder, 2)

    with pytest.raises(ProcessLookupError):
        os.kill(made[0]._process, 0)
