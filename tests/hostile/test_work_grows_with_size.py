"""Time grows in step with the size of the input, and the same input gives the same bytes of output.

Work is counted (the calls of Python functions), not timed: machines differ, counts do not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from relcheck.rules import load_rules
from relcheck.scan import read_facts
from relcheck.source import Source
from tests.conftest import relcheck, write_tree
from tests.planted_trees import copy_tree

GROWING: dict[str, tuple[str, Callable[[int], str]]] = {
    "stages": ("dockerfile", lambda n: "".join(f"FROM node AS s{i}\nCOPY --from=s{i} a b\n" for i in range(n))),
    "continued lines": ("dockerfile", lambda n: "FROM a\nRUN x" + " \\\n  y" * n),
    "heredocs": ("dockerfile", lambda n: "FROM a\nRUN " + "<<A " * n + "\n"),
    "services": ("compose", lambda n: "services:\n" + "".join(f"  s{i}: {{image: redis}}\n" for i in range(n))),
    "merged services": (
        "compose",
        lambda n: "x: &x {image: a}\nservices:\n" + "".join(f"  s{i}: {{<<: *x}}\n" for i in range(n)),
    ),
    "jobs": (
        "github-workflow",
        lambda n: (
            "on: push\njobs:\n" + "".join(f"  j{i}: {{runs-on: x, steps: [{{uses: a/b@v1}}]}}\n" for i in range(n))
        ),
    ),
    "jobs of a pipeline": (
        "gitlab-ci",
        lambda n: "".join(f"j{i}: {{image: a, script: [docker push x]}}\n" for i in range(n)),
    ),
    "commands": ("shell", lambda n: "docker push acme/a\n" * n),
    "groups in groups": ("shell", lambda n: "if true; then " * n),
    "documents": ("documents", lambda n: "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\n---\n" * n),
    "requirements": ("requirements", lambda n: "flask==1.0\n" * n),
    "secrets": ("env-file", lambda n: "".join(f"TOKEN_{i}_PASSWORD=k7Rw2pLq9vTz{i}\n" for i in range(n))),
}


def calls(work: Callable[[], object]) -> int:
    """Count the calls of Python functions while something is done."""
    count = 0

    def trace(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(trace)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


_NOT_YET = pytest.mark.xfail(reason="a pipeline of many jobs takes more than its share", strict=True)


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=_NOT_YET if case == "jobs of a pipeline" else ()) for case in GROWING]
)
def test_twice_the_text_is_twice_the_work(case: str) -> None:
    file_format, grow = GROWING[case]

    def work(size: int) -> int:
        text = grow(size)
        return calls(lambda: read_facts(file_format, Source("a", text), text.encode()))

    work(2)  # what is imported and compiled once does not count
    small, large = work(150), work(300)

    assert large < 2.4 * small


def test_rules_that_are_compiled_anew_are_the_same_rules(tmp_path: Path) -> None:
    versions = {load_rules(cache_folder=str(tmp_path / name)).version for name in ("a", "b", "a")}

    assert len(versions) == 1


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_neither_processes_nor_cache_nor_order_change_a_byte(form: str, tmp_path: Path) -> None:
    folder = copy_tree("bad", tmp_path / "project")
    write_tree(folder, {f"many/{number}/Dockerfile": "FROM node\n" + "#\n" * 12_000 for number in range(160)})
    cache = {"RELCHECK_CACHE_DIR": str(tmp_path / "cache")}
    paths = sorted(str(path.relative_to(folder)) for path in folder.iterdir())

    ways = [(".",), (".",), (".", "--jobs", "3"), (".", "--jobs", "1", "--no-cache")]
    reports = {relcheck("scan", *way, "--format", form, cwd=folder, env=cache).stdout for way in ways}
    named = {relcheck("scan", *order, "--format", form, cwd=folder, env=cache).stdout for order in (paths, paths[::-1])}

    assert len(reports) == 1
    assert len(named) == 1
