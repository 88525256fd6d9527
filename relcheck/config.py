"""The settings in force: configuration files, the command line, and where each value comes from.

`relcheck.toml`, or `[tool.relcheck]` in pyproject.toml, in the scanned folder or above it; files in folders below apply
to their folder, key by key. An unknown key is an error that names the line and the nearest right key.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from relcheck.discover import glob_pattern
from relcheck.errors import ConfigProblem
from relcheck.findings import SEVERITIES
from relcheck.records import Record
from relcheck.rules import PROFILES, Rule, RuleSet
from relcheck.scan import Judging

FILE = "relcheck.toml"
THRESHOLDS = (*SEVERITIES, "never")
_LISTS = ("select", "ignore", "exclude", "rule-folders", "own-registries", "own-namespaces", "own-owners")
_CHOICES = {"profile": PROFILES, "fail-on": THRESHOLDS}
_TABLES = ("severity", "per-file-ignores", "params")
KEYS = (*_LISTS, *_CHOICES, *_TABLES, "accept")
_ACCEPT_KEYS = ("rule", "path", "coordinate", "reason", "until")


class Accepted(Record):
    """A finding that the configuration accepts, with a reason: by rule, path and what the finding names."""

    rule: str
    reason: str
    path: str = ""
    coordinate: str = ""
    until: str = ""
    where: str = ""


class Settings(Record):
    """Values by key, and where each comes from ("default", a file, "command line")."""

    entries: Mapping[str, Any] = {}
    origins: Mapping[str, str] = {}
    accepted: tuple[Accepted, ...] = ()

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

    def over(self, values: Mapping[str, Any], origin: str, accepted: tuple[Accepted, ...] = ()) -> Settings:
        """Return settings in which the given values replace these, key by key."""
        return Settings(
            entries={**self.entries, **values},
            origins={**self.origins, **dict.fromkeys(values, origin)},
            accepted=self.accepted + accepted,
        )


def find_file(folder: str) -> str:
    """Return the configuration file for a folder: its own, else the nearest above, up to the repository's top."""
    here = os.path.realpath(folder)
    while True:
        for name in (FILE, "pyproject.toml"):
            path = os.path.join(here, name)
            if os.path.isfile(path) and (name == FILE or _mentions_us(path)):
                return path
        above = os.path.dirname(here)
        if above == here or os.path.exists(os.path.join(here, ".git")):
            return ""
        here = above


def _mentions_us(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return b"[tool.relcheck" in stream.read(1_000_000)
    except OSError:
        return False


def read_file(path: str, shown: str = "") -> Settings:
    """Read a configuration file; raise `ConfigProblem` where it is wrong."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise ConfigProblem(f"{shown or path}: cannot be read ({error.strerror}).") from None
    return read_text(data.decode("utf-8", "replace"), shown or path)


def read_text(text: str, shown: str) -> Settings:
    """Read the text of a configuration file; `shown` is its name in messages and decides about the table."""
    import tomllib  # noqa: PLC0415 - 13 ms, only where there is a configuration

    try:
        loaded: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigProblem(f"{shown}: is no TOML: {error}.") from None
    if shown.endswith("pyproject.toml"):
        loaded = loaded.get("tool", {}).get("relcheck", {})
    return _checked(loaded, text, shown)


def _checked(loaded: Mapping[str, Any], text: str, shown: str) -> Settings:
    values: dict[str, Any] = {}
    for key, value in loaded.items():
        where = f"{shown}:{_line_of(text, key)}"
        if key not in KEYS:
            raise ConfigProblem(f"{where}: unknown key {key!r}{nearest(key, KEYS)}")
        _check_value(key, value, where)
        values[key] = value
    accepted = tuple(_accepted(entry, f"{shown}:{_line_of(text, 'accept')}") for entry in values.pop("accept", ()))
    folder = os.path.dirname(shown)
    if "rule-folders" in values:
        values["rule-folders"] = [os.path.join(folder, name) for name in values["rule-folders"]]
    return Settings().over(values, shown, accepted)


def _check_value(key: str, value: object, where: str) -> None:
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        raise ConfigProblem(f'{where}: {key} is a list of words, such as {key} = ["…"].')
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ConfigProblem(f"{where}: {key} is one of {', '.join(_CHOICES[key])}, not {value!r}.")
    if key in _TABLES and not isinstance(value, dict):
        raise ConfigProblem(f"{where}: {key} is a table, such as [{key}].")
    if key == "severity" and isinstance(value, dict):
        wrong = next((word for word in value.values() if word not in SEVERITIES), None)
        if wrong is not None:
            raise ConfigProblem(f"{where}: a severity is one of {', '.join(SEVERITIES)}, not {wrong!r}.")
    if key == "accept" and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
        raise ConfigProblem(f"{where}: accept is a list of tables, each headed [[accept]].")


def _accepted(entry: Mapping[str, Any], where: str) -> Accepted:
    for key in entry:
        if key not in _ACCEPT_KEYS:
            raise ConfigProblem(f"{where}: unknown key {key!r} in [[accept]]{nearest(key, _ACCEPT_KEYS)}")
    texts = {key: str(value) for key, value in entry.items()}
    if not texts.get("rule") or not texts.get("reason"):
        raise ConfigProblem(f"{where}: an entry of [[accept]] needs a rule and a reason.")
    if texts.get("until") and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", texts["until"]):
        raise ConfigProblem(f"{where}: until is a date such as 2027-01-31, not {texts['until']!r}.")
    return Accepted(where=where, **texts)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" or a full stop."""
    import difflib  # noqa: PLC0415 - only for a mistake

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else "."


def _line_of(text: str, key: str) -> int:
    quoted = re.escape(key)
    found = re.search(
        rf"^\s*(?:[\"']?{quoted}[\"']?\s*[.=]|\[+(?:tool\.relcheck\.)?[\"']?{quoted}[\"']?[\].])", text, re.MULTILINE
    )
    return text.count("\n", 0, found.start(0) + len(found[0]) - len(found[0].lstrip())) + 1 if found else 1


class Selection:
    """Which rules judge which path: settings of the root, of folders below, and of patterns; made once a folder."""

    def __init__(self, base: Settings, nested: Mapping[str, Settings], cli: Settings) -> None:
        self._base = base
        self._nested = dict(sorted(nested.items(), key=lambda item: len(item[0])))
        self._cli = cli
        self._made: dict[str, tuple[Settings, Judging]] = {}

    def settings(self, path: str) -> Settings:
        """Return the settings in force for a path below the root."""
        return self._for(path)[1]

    def _for(self, path: str) -> tuple[str, Settings]:
        folders = [folder for folder in self._nested if path.startswith(f"{folder}/")]
        merged = self._base
        for folder in folders:
            found = self._nested[folder]
            merged = merged.over(found.entries, next(iter(found.origins.values()), folder), found.accepted)
        return "\0".join(folders), merged.over(self._cli.entries, "command line")

    def judging(self, path: str, rules: RuleSet) -> Judging:
        """Return what decides for a path: the same object for the same folder settings."""
        key = "\0".join(folder for folder in self._nested if path.startswith(f"{folder}/"))
        if key not in self._made:
            settings = self._for(path)[1]
            self._made[key] = (settings, make_judging(settings, rules))
        return self._made[key][1]


def make_judging(settings: Settings, rules: RuleSet) -> Judging:
    """Return the selected rules and what they are given; raise `ConfigProblem` for a word that names no rule."""
    select, asked = _resolve(settings, rules, "select")
    ignored, _ = _resolve(settings, rules, "ignore")
    chosen = select or frozenset(rules.rules)
    severities = {
        name: str(word)
        for key, word in settings.table("severity").items()
        for name in _known(rules, key, "severity", settings)
    }
    for name, changes in settings.table("params").items():
        for rule in _known(rules, name, "params", settings):
            _check_params(rules.rules[rule], changes, settings)
    return Judging(
        rules=tuple(rule for name, rule in rules.rules.items() if name in chosen and name not in ignored),
        asked=asked | frozenset(severities),
        profile=settings.profile,
        severities=severities,
        params={name: dict(changes) for name, changes in settings.table("params").items()},
        own=settings.own,
    )


def _resolve(settings: Settings, rules: RuleSet, key: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the rules that a setting names, and those among them that it names outright (not by topic)."""
    found: set[str] = set()
    named: set[str] = set()
    for word in settings.words(key):
        names = _known(rules, word, key, settings)
        found.update(names)
        if len(names) == 1 and (word in rules.rules or word not in {rule.topic for rule in rules.rules.values()}):
            named.update(names)
    return frozenset(found), frozenset(named)


def _known(rules: RuleSet, word: str, key: str, settings: Settings) -> tuple[str, ...]:
    names = rules.resolve(word)
    if not names:
        origin = settings.origins.get(key, "command line")
        raise ConfigProblem(
            f"{origin}: {key} names {word!r}, which is no rule and no topic{nearest(word, rules.rules)}"
        )
    return names


def _check_params(rule: Rule, changes: object, settings: Settings) -> None:
    origin = settings.origins.get("params", "")
    if not isinstance(changes, Mapping):
        raise ConfigProblem(f"{origin}: params.{rule.name} is a table of parameters.")
    for name, value in changes.items():
        base = name.removeprefix("extend-")
        if base not in rule.params:
            raise ConfigProblem(f"{origin}: the rule {rule.name} has no parameter {name!r}{nearest(name, rule.params)}")
        if isinstance(rule.params[base], list) != isinstance(value, list):
            raise ConfigProblem(f"{origin}: params.{rule.name}.{name} must be like {rule.params[base]!r}.")


def per_file_ignored(settings: Settings, rules: RuleSet) -> Callable[[str], frozenset[str]]:
    """Return a function from a path to the rules that `per-file-ignores` silences there."""
    entries = [
        (
            glob_pattern(glob),
            frozenset(name for word in words for name in _known(rules, word, "per-file-ignores", settings)),
        )
        for glob, words in settings.table("per-file-ignores").items()
    ]

    def ignored(path: str) -> frozenset[str]:
        return frozenset().union(*(names for pattern, names in entries if pattern.fullmatch(path)))

    return ignored


def is_past(date: str, today: dt.date | None = None) -> bool:
    """Whether a date such as 2027-01-31 lies before today; a text that is no date does not."""
    try:
        return dt.date.fromisoformat(date) < (today or dt.datetime.now(tz=dt.UTC).date())
    except ValueError:
        return False
