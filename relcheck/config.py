"""The settings in force: configuration files, the command line, and where each value comes from.

`relcheck.toml`, or `[tool.relcheck]` in pyproject.toml, in the scanned folder and in the folders above it up to the
repository's top; files in folders below apply to their folder. Of two files the nearer one wins, key by key. An unknown
key is an error that names the line and the nearest right key.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from relcheck.errors import ConfigProblem
from relcheck.findings import SEVERITIES
from relcheck.records import Record
from relcheck.rules import PROFILES

FILE = "relcheck.toml"
THRESHOLDS = (*SEVERITIES, "never")
_LISTS = (
    "select", "ignore", "exclude", "rule-folders", "known-components", "own-registries", "own-namespaces", "own-owners",
)  # fmt: skip
ROOT_ONLY = ("rule-folders", "known-components")
"""Keys that name files for the whole scan: they count only in the configuration of the scanned folder and above it."""
_CHOICES = {"profile": PROFILES, "fail-on": THRESHOLDS}
_TABLES = ("severity", "per-file-ignores", "params")
KEYS = (*_LISTS, *_CHOICES, *_TABLES, "accept")
ADDED = ("ignore", "exclude")
"""What the command line says of these comes on top of the files: a hook's exclusions must not undo the project's."""

_ACCEPT_KEYS = ("rule", "path", "coordinate", "reason", "until")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Accepted(Record):
    """A finding that the configuration accepts, with a reason: by rule, path and what the finding names."""

    rule: str
    reason: str
    path: str = ""
    coordinate: str = ""
    until: str = ""
    where: str = ""
    base: str = ""  # the folder that `path` is relative to, "" for the root of the scan


class Settings(Record):
    """Values by key, where each comes from ("default", a file, "command line"), and the folder of that file."""

    entries: Mapping[str, Any] = {}
    origins: Mapping[str, str] = {}
    bases: Mapping[str, str] = {}
    accepted: tuple[Accepted, ...] = ()
    copies: Mapping[str, str] = {}  # what was copied out of a revision: `REVISION:PATH` by the path of the copy

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list setting."""
        return tuple(self.entries.get(key, ()))

    def table(self, key: str) -> Mapping[str, Any]:
        """Return a table setting."""
        found = self.entries.get(key, {})
        return found if isinstance(found, Mapping) else {}

    @property
    def profile(self) -> str:
        """The profile in force."""
        return str(self.entries.get("profile", "default"))

    @property
    def fail_on(self) -> str:
        """The severity from which findings fail the run, or never."""
        return str(self.entries.get("fail-on", "error"))

    @property
    def own(self) -> dict[str, tuple[str, ...]]:
        """The registries, namespaces and owners that are ours."""
        return {name: self.words(f"own-{name}") for name in ("registries", "namespaces", "owners")}

    def over(self, values: Mapping[str, Any], origin: str) -> Settings:
        """Return settings in which the given values replace these, key by key."""
        return self.under(Settings(entries=values, origins=dict.fromkeys(values, origin)))

    def under(self, other: Settings) -> Settings:
        """Return what holds where other settings are nearer: they win key by key; accepted findings add up."""
        return Settings(
            entries={**self.entries, **other.entries},
            origins={**self.origins, **other.origins},
            bases={**{key: base for key, base in self.bases.items() if key not in other.entries}, **other.bases},
            accepted=self.accepted + other.accepted,
            copies={**self.copies, **other.copies},
        )

    def with_options(self, options: Settings) -> Settings:
        """Return what holds under the command line: it replaces, and adds to `ignore` and `exclude`."""
        added = {key: [*self.words(key), *options.words(key)] for key in ADDED if key in options.entries}
        return self.under(options).replace(
            entries={**self.entries, **options.entries, **added}, bases={**self.bases, **options.bases}
        )


def find_files(folder: str) -> list[str]:
    """Return the configuration files for a folder, the farthest first: from the repository's top down to its own.

    Outside a repository only the nearest counts: nothing says where the project ends.
    """
    here = os.path.realpath(folder)
    found: list[str] = []
    while True:
        found += _own_file(here)
        if os.path.lexists(os.path.join(here, ".git")):
            return found[::-1]
        above = os.path.dirname(here)
        if above == here:
            return found[:1]
        here = above


def _own_file(folder: str) -> list[str]:
    for name in (FILE, "pyproject.toml"):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (name == FILE or mentions_us(path)):
            return [path]
    return []


def mentions_us(path: str) -> bool:
    """Whether a pyproject.toml has settings for relcheck, without parsing it."""
    try:
        with open(path, "rb") as stream:
            return b"tool.relcheck" in stream.read(1_000_000)
    except OSError:
        return False


def read_file(path: str, shown: str = "") -> Settings:
    """Read a configuration file; raise `ConfigProblem` where it is wrong."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise ConfigProblem(f"{shown or path}: cannot be read ({error.strerror}).") from None
    return read_text(data.decode("utf-8", "replace"), shown or path, base=os.path.dirname(os.path.realpath(path)))


def read_text(text: str, shown: str, *, base: str = "") -> Settings:
    """Read the text of a configuration file.

    `shown` is its name in messages and decides about the table; `base` is the folder that its patterns are relative to.
    """
    import tomllib  # noqa: PLC0415 - 13 ms, only where there is a configuration

    try:
        loaded: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigProblem(f"{shown}: is no TOML: {error}.") from None
    if os.path.basename(shown) == "pyproject.toml":
        loaded = loaded.get("tool", {}).get("relcheck", {})
        if not isinstance(loaded, dict):
            raise ConfigProblem(f"{shown}: tool.relcheck is a table, such as [tool.relcheck].")
    return _checked(loaded, text, shown, base)


def _checked(loaded: Mapping[str, Any], text: str, shown: str, base: str) -> Settings:
    values: dict[str, Any] = {}
    for key, value in loaded.items():
        where = f"{shown}:{_line_of(text, key)}"
        if key not in KEYS:
            raise ConfigProblem(f"{where}: unknown key {key!r}{nearest(key, KEYS)}")
        _check_value(key, value, where)
        values[key] = value
    lines = _lines_of(text, "accept")
    accepted = tuple(
        _accepted(entry, f"{shown}:{lines[min(number, len(lines) - 1)]}", base)
        for number, entry in enumerate(values.pop("accept", ()))
    )
    for key in ROOT_ONLY:
        if key in values and base:
            values[key] = [_shortest(os.path.join(base, name)) for name in values[key]]
    return Settings(
        entries=values, origins=dict.fromkeys(values, shown), bases=dict.fromkeys(values, base), accepted=accepted
    )


def _shortest(path: str) -> str:
    """Return a path relative to the current folder where it lies below it."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _check_value(key: str, value: object, where: str) -> None:
    if key in _LISTS:
        _check_words(key, value, where)
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ConfigProblem(f"{where}: {key} is one of {', '.join(_CHOICES[key])}, not {value!r}.")
    if key in _TABLES and not isinstance(value, dict):
        raise ConfigProblem(f"{where}: {key} is a table, such as [{key}].")
    if key == "severity" and isinstance(value, dict):
        wrong = next((word for word in value.values() if word not in SEVERITIES), None)
        if wrong is not None:
            raise ConfigProblem(f"{where}: a severity is one of {', '.join(SEVERITIES)}, not {wrong!r}.")
    if key == "per-file-ignores" and isinstance(value, dict):
        for glob, words in value.items():
            _check_words(f"per-file-ignores.{glob!r}", words, where)
    if key == "accept" and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
        raise ConfigProblem(f"{where}: accept is a list of tables, each headed [[accept]].")


def _check_words(key: str, value: object, where: str) -> None:
    if not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        raise ConfigProblem(f'{where}: {key} is a list of words, such as {key} = ["…"].')


def _accepted(entry: Mapping[str, Any], where: str, base: str) -> Accepted:
    for key in entry:
        if key not in _ACCEPT_KEYS:
            raise ConfigProblem(f"{where}: unknown key {key!r} in [[accept]]{nearest(key, _ACCEPT_KEYS)}")
    texts = {key: str(value) for key, value in entry.items()}
    if not texts.get("rule") or not texts.get("reason"):
        raise ConfigProblem(f"{where}: an entry of [[accept]] needs a rule and a reason.")
    if texts.get("until") and not is_date(texts["until"]):
        raise ConfigProblem(f"{where}: until is a date such as 2027-01-31, not {texts['until']!r}.")
    return Accepted(where=where, base=base, **texts)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" or a full stop."""
    import difflib  # noqa: PLC0415 - only for a mistake

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else "."


def _lines_of(text: str, key: str) -> list[int]:
    """Return the lines on which a key or its tables stand, at least one."""
    quoted = re.escape(key)
    found = re.finditer(
        rf"^[ \t]*(?:\[+(?:tool\.relcheck\.)?)?(?:tool\.relcheck\.)?[\"']?{quoted}[\"']?[ \t]*[.=\]]",
        text,
        re.MULTILINE,
    )
    return [text.count("\n", 0, match.start()) + 1 for match in found] or [1]


def _line_of(text: str, key: str) -> int:
    return _lines_of(text, key)[0]


def is_date(text: str) -> bool:
    """Whether a text is a date of the calendar such as 2027-01-31."""
    try:
        return bool(_DATE.fullmatch(text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def is_past(date: str, today: dt.date | None = None) -> bool:
    """Whether a date such as 2027-01-31 lies before today; a text that is no date does not."""
    try:
        return dt.date.fromisoformat(date) < (today or dt.datetime.now(tz=dt.UTC).date())
    except ValueError:
        return False
