"""Simple ranges of npm and Cargo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN
from relcheck.refs.ranges import allows

CASES = [
    ("npm", "^1.2.3", "1.9.0", True),
    ("npm", "^1.2.3", "2.0.0", False),
    ("npm", "^1.2.3", "1.2.2", False),
    ("npm", "^0.2.3", "0.2.9", True),
    ("npm", "^0.2.3", "0.3.0", False),
    ("npm", "^0.0.3", "0.0.4", False),
    ("npm", "^0", "0.9.0", True),
    ("npm", "^1", "1.0.0", True),
    ("npm", "~1.2", "1.2.9", True),
    ("npm", "~1.2.3", "1.3.0", False),
    ("npm", "~1", "1.9.0", True),
    ("npm", "1.2.3", "1.2.3", True),
    ("npm", "1.2.3", "1.2.4", False),
    ("cargo", "1.2.3", "1.9.0", True),
    ("cargo", "1.2", "2.0.0", False),
    ("cargo", "=1.2.3", "1.2.4", False),
    ("cargo", ">=1.2, <2", "1.9.0", True),
    ("npm", ">=1.2.0 <2.0.0", "2.0.0", False),
    ("npm", "^1.2.3", "1.3.0-rc.1", False),
    ("npm", "^1.2.3-rc.1", "1.2.3-rc.2", True),
    ("npm", "^2.0.0", "2.0.0-rc.1", False),
    ("npm", "^1.0.0 || ^2.0.0", "3.0.0", UNKNOWN),
    ("npm", "1.x", "1.0.0", UNKNOWN),
    ("npm", "*", "1.0.0", UNKNOWN),
    ("npm", "workspace:*", "1.0.0", UNKNOWN),
    ("npm", "^1.0.0", "one", UNKNOWN),
]


@pytest.mark.parametrize(("eco", "constraint", "version", "answer"), CASES)
def test_what_a_range_takes(eco: str, constraint: str, version: str, answer: object) -> None:
    assert allows(eco, constraint, version) is answer


@given(st.text(alphabet="^~>=<1.20- ,x*|", max_size=20), st.text(alphabet="120.-rc", max_size=10))
def test_any_text_has_an_answer(constraint: str, version: str) -> None:
    assert allows("npm", constraint, version) in (True, False, UNKNOWN)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_a_caret_range_takes_its_own_version(major: int, minor: int, patch: int) -> None:
    version = f"{major}.{minor}.{patch}"

    assert allows("npm", f"^{version}", version) is True
    assert allows("cargo", version, version) is True
    assert allows("npm", f"^{version}", f"{major + 1}.0.0") is False
