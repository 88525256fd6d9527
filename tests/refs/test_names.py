"""Names that registries refuse."""

from __future__ import annotations

import pytest

from relcheck.refs import MARK
from relcheck.refs.names import name_problem

GOOD = [
    ("npm", "@acme/a-b.c"),
    ("npm", "left-pad"),
    ("pypi", "Flask_Thing.x"),
    ("cargo", "serde_json"),
    ("gem", "rails-i18n"),
    ("go", "x y"),
    ("npm", f"a{MARK}B"),
]
BAD = [
    ("npm", "MyPkg", "capital"),
    ("npm", ".x", "dot"),
    ("npm", "_x", "underscore"),
    ("npm", "a b", "URL"),
    ("npm", "a" * 215, "longer"),
    ("npm", "node_modules", "reserved"),
    ("pypi", "-x", "letters"),
    ("cargo", "1x", "letter"),
    ("cargo", "a" * 65, "longer"),
    ("cargo", "a.b", "letters"),
    ("gem", "123", "no letter"),
    ("gem", "-x", "joined"),
]


@pytest.mark.parametrize(("eco", "name"), GOOD)
def test_names_that_are_taken(eco: str, name: str) -> None:
    assert name_problem(eco, name) == ""


@pytest.mark.parametrize(("eco", "name", "why"), BAD)
def test_names_that_are_refused(eco: str, name: str, why: str) -> None:
    assert why in name_problem(eco, name)
