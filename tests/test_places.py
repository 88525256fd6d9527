"""Every place of the tables: the reader yields its facts there, and the rules that are named beside it use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.readers import FORMATS, recognise
from tests.place_table import Entry, see, tables

ENTRIES = [entry for table in tables() for entry in table.entries]
SECTIONS = (
    *(f"3.{number}" for number in range(1, 8)), *(f"4.{number}" for number in range(1, 10)), "5.1", "5.2", "5.3", "5.4",
    *(f"6.{number}" for number in range(1, 10)), "6.11", "7.1", *(f"8.{number}" for number in range(1, 11)), "9.1", "9.2", "9.3",
    *(f"10.{number}" for number in range(1, 7)),
)  # fmt: skip
"""The sections of the format specification with rows of the first and second priority."""
ELSEWHERE = {
    "github-lock": "what it settles is asserted at the workflows (5.1, 10.3)",
    "ivy-settings": "of the specification's third priority; the rules have examples",
    "python-version": "a second place of a version: the rule on versions that disagree has the examples",
    "script-variables": "of the specification's third priority; the rules have examples",
    "text": "files of no known format",
}
"""Formats without an entry of their own, each with the reason."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.section} {entry.place}")
def test_a_place_yields_its_facts_and_its_findings(entry: Entry, tmp_path: Path) -> None:
    found = see(entry, tmp_path)

    assert [fact for fact in entry.facts if fact not in found.facts] == [], found.facts
    assert [find for find in entry.finds if find not in found.finds] == [], found.finds
    assert [kind for kind in entry.silent if kind in found.kinds] == [], found.facts


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.section} {entry.place}")
def test_an_entry_says_what_is_expected(entry: Entry) -> None:
    assert entry.facts or entry.silent
    if entry.facts:
        assert bool(entry.finds) != bool(entry.unjudged), "either findings or a reason why there are none"


def test_a_place_stands_once() -> None:
    places = [(entry.section, entry.place) for entry in ENTRIES]

    assert sorted(set(places)) == sorted(places)


def test_every_section_has_a_table_with_places_that_rules_use() -> None:
    with_findings = {entry.section for entry in ENTRIES if entry.finds}

    assert [section for section in SECTIONS if section not in with_findings] == []


def test_every_format_has_a_place() -> None:
    found = {_format_of(entry) for entry in ENTRIES}

    assert sorted({form.name for form in FORMATS} - found) == sorted(ELSEWHERE)


def _format_of(entry: Entry) -> str:
    charts = frozenset(name.rpartition("/")[0] for name in entry.files if name.rpartition("/")[2] == "Chart.yaml")
    return recognise(entry.file, lambda: entry.files[entry.file].encode("utf-8"), charts)[0]
