"""The places where a coordinate can stand, one entry a place: a file, the facts that its reader yields, the rules that use them.

The tables are the files `tests/places/*.yaml`, one for each section of the format specification. Tests assert every entry
through the whole scan, and `docs/places.md` is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from relcheck.facts import KIND_OF, Fact
from relcheck.findings import Finding
from relcheck.records import Record
from relcheck.rules import RuleSet
from relcheck.scan import Judging, Plan, Read, run
from tests.acceptance.reading import ABOUT
from tests.conftest import ROOT, shipped_rules, write_tree

TABLES = ROOT / "tests" / "places"
_ABOUT = {
    **ABOUT,
    "manifest": ("name",),
    "resource": ("kind", "namespace", "namespace_from"),
    "command": ("program", "verb"),
    "job": ("id",),
}
"""The fields of a fact that an entry names before the words at its place."""


class Entry(Record):
    """One place: the file that is looked at, its neighbours, and what is expected of it.

    facts: `KIND ABOUT @ WORDS`, among those of the file; finds: `RULE @ WORDS`, among the findings in it; silent: kinds
    of fact that the file must not yield; unjudged: why no rule speaks of what the reader finds.
    """

    section: str
    place: str
    file: str
    files: Mapping[str, str]
    facts: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    unjudged: str = ""


class Table(Record):
    """The entries of one section of the specification."""

    section: str
    title: str
    priority: str
    entries: tuple[Entry, ...]


@cache
def tables() -> tuple[Table, ...]:
    """Return all tables in the order of their sections."""
    found = [_table(path) for path in TABLES.glob("*.yaml")]
    return tuple(sorted(found, key=lambda table: [int(number) for number in table.section.split(".")]))


def _table(path: Path) -> Table:
    from ruamel.yaml import YAML  # noqa: PLC0415 - the documentation's tests load this module without needing it

    given = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    section = str(given["section"])
    entries = tuple(_entry(section, str(given.get("file", "")), one) for one in given["places"])
    return Table(section=section, title=given["title"], priority=given["priority"], entries=entries)


def _entry(section: str, file: str, given: Mapping[str, object]) -> Entry:
    unknown = given.keys() - {"place", "file", "text", "files", "facts", "finds", "silent", "unjudged"}
    assert not unknown, f"{section} {given['place']}: {unknown}"
    name = str(given.get("file", file))
    beside = given.get("files", {})
    assert isinstance(beside, dict)
    return Entry(
        section=section,
        place=str(given["place"]),
        file=name,
        files={**beside, name: str(given["text"])},
        unjudged=str(given.get("unjudged", "")),
        **{key: _words(given.get(key, ())) for key in ("facts", "finds", "silent")},
    )


def _words(given: object) -> tuple[str, ...]:
    assert isinstance(given, list | tuple), f"{given}: not a list"
    return tuple(str(word) for word in given)


class Seen(Record):
    """What a scan says of the file of an entry: its format, its facts and its findings, as entries write them."""

    format: str = ""
    facts: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    finds: tuple[str, ...] = ()


def see(entry: Entry, folder: Path) -> Seen:
    """Lay out an entry in a folder, scan it with every rule, and return what is said of its file."""
    write_tree(folder, dict(entry.files))
    scanned = run(Plan(paths=(str(folder),), judging=every_rule, jobs=1, rules=shipped_rules()))
    read = scanned.reads.get(entry.file)
    if read is None:
        return Seen()
    return Seen(
        format=read.candidate.format,
        facts=tuple(shown(fact, read) for fact in read.facts),
        kinds=frozenset(KIND_OF[type(fact)] for fact in read.facts),
        finds=tuple(_told(found, read) for found in scanned.findings if found.place.path == entry.file),
    )


@cache
def _judging() -> Judging:
    rules = shipped_rules().rules
    return Judging(rules=tuple(rules.values()), asked=frozenset(rules), profile="strict")


def every_rule(_: str, __: RuleSet) -> Judging:
    """Let every rule speak, everywhere: the `judging` of a plan."""
    return _judging()


def shown(fact: Fact, read: Read) -> str:
    """Return the kind of a fact, what it is about, and the words at its place."""
    kind = KIND_OF[type(fact)]
    about = [str(getattr(fact, name)) for name in _ABOUT.get(kind, ())]
    words = read.source.text[fact.span.start : fact.span.end]
    return " ".join(" ".join([kind, *about, "@", words]).split())


def _told(found: Finding, read: Read) -> str:
    words = read.source.text[found.place.start : found.place.end]
    return " ".join(f"{found.rule} @ {words}".split())
