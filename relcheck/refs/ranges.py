"""Ranges of versions, as far as they are simple: caret, tilde, exact, comparisons joined by blanks or commas."""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Truth
from relcheck.refs.version import sort_key

_TERM = re.compile(
    r"(?P<mark>\^|~>|~=|~|>=|<=|==|!=|>|<|=)?\s*"
    r"v?(?P<version>\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[\w.-]+)?)"
)


def allows(eco: str, constraint: str, version: str) -> Truth:
    """Whether a constraint of npm, Cargo, Python (PEP 440 or Poetry's), Composer or RubyGems takes a version.

    UNKNOWN for what is not simple. A bare version is a caret range for Cargo and exact elsewhere. A pre-release is only
    taken by a range that names one of the same three numbers; outside of npm and Cargo nothing is said of one.
    """
    if eco == "pypi" and not re.match(r"\s*(?:\^|~(?!=)|\d)", constraint):
        return _pep440(constraint, version)
    if eco in ("pypi", "composer", "gem") and re.search(r"[a-zA-Z]|\*", version + constraint):
        return UNKNOWN
    key = sort_key(eco, version)
    terms = [term for term in re.split(r"\s*,\s*|\s+(?![\d.])", constraint.strip()) if term]
    matches = [_TERM.fullmatch(term) for term in terms]
    if key is None or not terms or any(match is None for match in matches):
        return UNKNOWN
    answers = [_term(eco, match["mark"] or "", match["version"], version) for match in matches if match is not None]
    if any(answer is False for answer in answers):
        return False
    return UNKNOWN if any(answer is UNKNOWN for answer in answers) else True


def _term(eco: str, mark: str, bound: str, version: str) -> Truth:
    core, _, pre = bound.partition("+")[0].partition("-")
    numbers = [int(part) for part in core.split(".")]
    full = [*numbers, 0, 0][:3]
    lowest = ".".join(map(str, full)) + (f"-{pre}" if pre else "")
    if "-" in version.partition("+")[0] and version.partition("-")[0] != ".".join(map(str, full)):
        # A pre-release of other numbers: outside of a range of releases unless the range ends before it anyway.
        return False if mark in ("^", "~", "", "=") else UNKNOWN
    if mark in ("!=", "~="):
        return UNKNOWN
    if mark in ("", "=", "==") and eco not in ("npm", "cargo"):
        return _compare(eco, version, lowest) == 0
    if mark == "~>" or (mark == "~" and eco == "composer"):
        upper = _bumped(numbers, max(len(numbers) - 2, 0))
        return _compare(eco, version, lowest) >= 0 and _compare(eco, version, upper) < 0
    if mark in ("", "=") and (eco == "npm" or mark == "=") and len(numbers) == len(full):
        return _compare(eco, version, lowest) == 0
    upper = _upper(mark or "^", numbers)
    if mark in (">=", ">", "<=", "<"):
        order = _compare(eco, version, lowest)
        return {">=": order >= 0, ">": order > 0, "<=": order <= 0, "<": order < 0}[mark]
    return _compare(eco, version, lowest) >= 0 and _compare(eco, version, upper) < 0


def _upper(mark: str, numbers: list[int]) -> str:
    """Return the first version behind a caret or tilde range."""
    if mark == "~":
        return f"{numbers[0] + 1}.0.0-0" if len(numbers) == 1 else f"{numbers[0]}.{numbers[1] + 1}.0-0"
    for place, number in enumerate(numbers):
        if number or place == len(numbers) - 1:
            return _bumped(numbers, place) + "-0"
    return "1.0.0-0"


def _bumped(numbers: list[int], place: int) -> str:
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1, 0, 0, 0][:3]))


def _pep440(constraint: str, version: str) -> Truth:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - only for Python projects
    from packaging.version import InvalidVersion  # noqa: PLC0415 - 12 ms, only for versions that are compared

    try:
        return SpecifierSet(constraint).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return UNKNOWN


def _compare(eco: str, a: str, b: str) -> int:
    first, second = sort_key(eco, a), sort_key(eco, b)
    return int(first > second) - int(first < second)
