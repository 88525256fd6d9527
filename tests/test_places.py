"""Every place of the tables: the reader yields its facts there, and the rules that are named beside it use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.place_table import Entry, see, tables

ENTRIES = [entry for table in tables() for entry in table.entries]


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
