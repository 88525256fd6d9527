"""Every way on which a secret leaves for a registry: found once on its value, shown nowhere; a reference says nothing.

All ways are scanned together, a folder each: with made-up passwords, which only the meaning of the place gives away; with
made-up tokens of valid structure, which their shape gives away as well and which must be told once all the same; and with
references and placeholders, which are no secrets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from relcheck.cli import run
from relcheck.readers.effects import TELLING
from relcheck.readers.effects.told import TOLD
from relcheck.rules import load_rules
from tests.conftest import write_tree
from tests.planted_trees import words_at
from tests.secrets.leaks import WARN_OF_VARIABLES, Leak, leaks
from tests.tokens import make_token

LEAKS = leaks()
NUMBERS = range(len(LEAKS))
REPORTS = ("text", "json", "sarif", "github")
Value = Callable[[Leak, int], str]


def _reference(which: int) -> Value:
    return lambda leak, _: leak.references[which % len(leak.references)]


def _placeholder(which: int) -> Value:
    return lambda leak, _: leak.placeholders[which % len(leak.placeholders)]


VARIANTS: dict[str, Value] = {
    "password": lambda _, number: f"k3v9Qz71LmWp{number:04}Xs8Rt2b",
    "token": lambda leak, number: make_token(leak.token, number),
    **{f"reference {which}": _reference(which) for which in range(3)},
    **{f"placeholder {which}": _placeholder(which) for which in range(2)},
}


class Said(NamedTuple):
    """A finding about a credential: its rule and the words on which it stands."""

    rule: str
    words: str


class Scanned(NamedTuple):
    """What was said of each way, by its number, and the text of all reports."""

    said: dict[int, list[Said]]
    shown: str


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Scanned]:
    """Return a function that scans all ways with one kind of value, once."""
    known: dict[str, Scanned] = {}

    def scan(variant: str) -> Scanned:
        if variant not in known:
            known[variant] = _scan(VARIANTS[variant], tmp_path_factory.mktemp("leaks"))
        return known[variant]

    return scan


def _scan(value: Value, folder: Path) -> Scanned:
    files = {
        f"w{number}/{path}": text
        for number in NUMBERS
        for path, text in LEAKS[number].tree(value(LEAKS[number], number)).items()
    }
    write_tree(folder / "project", files)
    arguments = ["scan", str(folder / "project"), "--isolated", "--quiet", "--exit-zero", "--no-cache", "--notes"]
    for name in REPORTS:
        arguments += ["--format", name, "--output", str(folder / name)]
    assert run(arguments) == 0
    rules = load_rules().rules
    said: dict[int, list[Said]] = {number: [] for number in NUMBERS}
    for entry in json.loads((folder / "json").read_text(encoding="utf-8"))["findings"]:
        if rules[entry["rule"]].on == "credential":
            number = int(entry["path"].split("/")[0].removeprefix("w"))
            said[number].append(Said(entry["rule"], _words(files[entry["path"]], entry)))
    return Scanned(said, "".join((folder / name).read_text(encoding="utf-8") for name in REPORTS))


def _words(text: str, entry: dict[str, int]) -> str:
    start, end = ((entry[f"{side}line"], entry[f"{side}column"]) for side in ("", "end_"))
    return words_at(text.splitlines(), start, end)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: LEAKS[number].name)
@pytest.mark.parametrize("variant", ["password", "token"])
def test_a_secret_on_its_way_is_found_once_on_its_value_and_never_shown(
    variant: str, number: int, scanned: Callable[[str], Scanned]
) -> None:
    leak = LEAKS[number]
    value = VARIANTS[variant](leak, number)

    found = scanned(variant)

    assert [said.words for said in found.said[number]] == [leak.place(value)]
    # A token may be told by its shape, which says more: that it was issued.
    assert variant == "token" or found.said[number][0].rule == leak.rule
    assert value[5:] not in found.shown
    assert base64.b64encode(value.encode()).decode()[8:24] not in found.shown


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: LEAKS[number].name)
@pytest.mark.parametrize("variant", [name for name in VARIANTS if " " in name])
def test_references_and_placeholders_are_no_secrets(
    variant: str, number: int, scanned: Callable[[str], Scanned]
) -> None:
    said = scanned(variant).said[number]

    if variant.startswith("reference"):
        said = [found for found in said if found.rule not in WARN_OF_VARIABLES]
    assert said == []


def test_programs_that_are_told_secrets_are_the_ones_that_are_asked() -> None:
    assert TELLING == TOLD
