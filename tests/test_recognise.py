"""Which format a path has, wherever the scan begins."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from relcheck.discover import discover
from relcheck.readers import FORMATS, _next_like, _translate
from tests.conftest import write_tree


@pytest.mark.parametrize("scanned", [".", ".github", ".github/workflows"])
def test_a_hidden_folder_that_is_the_root_still_tells_the_format(tmp_path: Path, scanned: str) -> None:
    folder = tmp_path / "shop"
    write_tree(folder, {".github/workflows/ci.yml": "on: push\njobs: {}\n"})

    found = discover([str(folder / scanned)])

    assert [candidate.format for candidate in found.files] == ["github-workflow"]


def names_of(glob: str) -> list[str]:
    """Return paths that fit a pattern, some of them by a hair, and some that do not."""
    plain = re.sub(r"\[(.)[^\]]*\]", r"\1", glob)
    filled = [
        plain.replace("**/", folders).replace("*", filling) for folders in ("", "a/b.c/") for filling in ("", "x.y")
    ]
    return [name for made in filled for name in (made, made.upper(), f"x{made}", f"{made}x", f"{made}/x")]


def test_formats_are_found_by_ending_as_by_asking_each() -> None:
    every = sorted({name for made in FORMATS for glob in made.patterns for name in names_of(glob)})
    paths = random.Random(7).sample(every, 1000)  # noqa: S311 - the same names in each run
    patterns = [re.compile("|".join(map(_translate, made.patterns)) or "(?!)", re.IGNORECASE) for made in FORMATS]

    def first(path: str) -> int:
        return next((number for number, pattern in enumerate(patterns) if pattern.fullmatch(path)), len(FORMATS))

    wanted = [first(path) for path in paths]
    assert [_next_like(path) for path in paths] == wanted
    assert len(set(wanted)) > 50
