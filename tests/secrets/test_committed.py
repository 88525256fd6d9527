"""Committed credentials, row by row (`committed.yaml`): each place is found once by its rule, each repaired one is silent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from relcheck.scan import scan_examples
from tests.conftest import write_tree
from tests.test_rules import with_tokens

ROWS: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("committed.yaml").read_text("utf-8"))
COUNTS = Counter(row["rule"] for row in ROWS)
NAMES = [f"{row['rule']}-{number}" for number, row in enumerate(ROWS)]


def found(row: dict[str, Any], side: str, folder: Path) -> list[str]:
    (folder / "project").mkdir()
    write_tree(folder / "project", {path: with_tokens(text) for path, text in row[side].items()})
    return scan_examples(folder / "project", row["rule"], {"profile": "strict"})


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_committed_credential_is_found_once(row: dict[str, Any], tmp_path: Path) -> None:
    assert len(found(row, "bad", tmp_path)) == 1


@pytest.mark.parametrize("row", [row for row in ROWS if "good" in row], ids=lambda row: row["rule"])
def test_the_repaired_file_is_silent(row: dict[str, Any], tmp_path: Path) -> None:
    assert found(row, "good", tmp_path) == []


def test_every_rule_about_committed_credentials_has_a_row() -> None:
    assert len(COUNTS) >= 28
