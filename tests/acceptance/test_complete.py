"""Every acceptance case of the format specification has a test here, by its number in the test's name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CASES = range(1, 61)


def test_every_case_has_a_test() -> None:
    numbers = {
        int(found[1])
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (found := re.match(r"test_case_(\d+)_", node.name))
    }
    assert [case for case in CASES if case not in numbers] == []
