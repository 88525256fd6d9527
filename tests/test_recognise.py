"""Which format a path has, wherever the scan begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.discover import discover
from tests.conftest import write_tree


@pytest.mark.parametrize("scanned", [".", ".github", ".github/workflows"])
def test_a_hidden_folder_that_is_the_root_still_tells_the_format(tmp_path: Path, scanned: str) -> None:
    folder = tmp_path / "shop"
    write_tree(folder, {".github/workflows/ci.yml": "on: push\njobs: {}\n"})

    found = discover([str(folder / scanned)])

    assert [candidate.format for candidate in found.files] == ["github-workflow"]
