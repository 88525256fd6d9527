"""Rules: YAML files, checked and compiled when they are loaded, and cached in their compiled form.

A rule's file is its name; its folder is its topic. The shape is described in docs/rules.md. Every mistake in a rule is
a `RuleError` with file, line and column: an unknown key, a misspelt field, an expression of the wrong type.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relcheck import __version__
from relcheck.facts import KINDS
from relcheck.findings import SEVERITIES
from relcheck.guards import Guard
from relcheck.records import Record

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = ("default", "strict", "release")
FORMAT = 5
"""Part of the identity of compiled rules: raised whenever their compiled shape changes."""


class RuleError(Exception):
    """A rule file is wrong: the sentence names file, line, column and what to do."""


class Level(Record):
    """One step of a rule's severity: the first whose condition holds decides. `strict` replaces it in that profile."""

    severity: str
    when: str = ""
    program: str = ""  # base64 of the compiled condition, "" when it always holds
    strict: str = ""
    profile: str = "default"


class Rule(Record):
    """A rule as it is used. `programs` are compiled expressions in base64 (`when`, `message`)."""

    name: str
    topic: str
    title: str
    since: str
    on: str
    when: str
    message: str
    levels: tuple[Level, ...]
    path: str
    confidence: str = "high"
    needs: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    why: str = ""
    fix: str = ""
    fixer: str = ""
    safe: bool = False
    supersedes: tuple[str, ...] = ()
    params: dict[str, Any] = {}
    references: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    when_program: str = ""
    message_program: str = ""
    guards: tuple[Guard, ...] = ()  # what of `when` is asked before the engine is
    custom: bool = False

    @property
    def severity(self) -> str:
        """The highest severity that the rule can give in the default profile, else in any."""
        default = [level.severity for level in self.levels if level.profile == "default"]
        return max(default or [level.severity for level in self.levels], key=SEVERITIES.index)

    @property
    def profile(self) -> str:
        """The first profile in which the rule speaks unasked."""
        return min((level.profile for level in self.levels), key=PROFILES.index)


class RuleSet(Record):
    """Rules by name, in the order of names."""

    rules: dict[str, Rule]

    @property
    def version(self) -> str:
        """The word that identifies the set, made when a report asks for it: that takes longer than loading the rules."""
        return _version(self.rules.values())

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the rules that a word means: a name, an old name, a topic, or `all`; empty when it means none."""
        if name in self.rules:
            return (name,)
        if name == "all":
            return tuple(self.rules)
        renamed = tuple(rule.name for rule in self.rules.values() if name in rule.formerly)
        return renamed or tuple(rule.name for rule in self.rules.values() if rule.topic == name)


def rules_folder() -> Path:
    """Return the folder of the shipped rules: inside the package in a wheel, beside it in a checkout."""
    from pathlib import Path  # noqa: PLC0415 - 4 ms, and a wheel's compiled rules need none of it

    inside = Path(__file__).parent / "rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "rules"


def load_rules(folders: Sequence[str] = (), cache_folder: str = "") -> RuleSet:
    """Load the shipped rules and those of the user's folders; compiled forms come from the wheel or the cache."""
    shipped = _shipped(cache_folder)
    rules = {rule.name: rule for rule in shipped}
    for folder in folders:
        _add_custom(rules, folder, cache_folder)
    _check_relations(rules)
    ordered = dict(sorted(rules.items()))
    return RuleSet(rules=ordered)


def _add_custom(rules: dict[str, Rule], folder: str, cache_folder: str) -> None:
    from pathlib import Path  # noqa: PLC0415 - see rules_folder

    for rule in _from_folder(Path(folder), cache_folder, custom=True):
        if rule.name in rules:
            raise RuleError(f"{rule.path}: a rule named {rule.name} exists already; give the file another name.")
        rules[rule.name] = rule


def _version(rules: Iterable[Rule]) -> str:
    """Identify a rule set by what is written in it: compiled programs differ from one compilation to the next."""
    import hashlib  # noqa: PLC0415 - 4 ms, and a scan that prints for people asks for no version

    found = hashlib.sha256(__version__.encode())
    for rule in rules:
        levels = [(level.severity, level.when, level.strict, level.profile) for level in rule.levels]
        judged = (rule.name, rule.on, rule.when, rule.message, levels, rule.confidence, rule.at, rule.supersedes)
        found.update(json.dumps([*judged, rule.params], sort_keys=True).encode())
    return f"{__version__}+{found.hexdigest()[:12]}"


def _check_relations(rules: Mapping[str, Rule]) -> None:
    for rule in rules.values():
        for other in rule.supersedes:
            if other not in rules:
                raise RuleError(f"{rule.path}: supersedes names {other}, which is no rule.")


def _shipped(cache_folder: str) -> list[Rule]:
    package = os.path.dirname(__file__)
    bundle = os.path.join(package, "_rules.json")
    if os.path.isfile(bundle) and os.path.isdir(os.path.join(package, "rules")):
        with open(bundle, encoding="utf-8") as stream:
            return list(_from_json(stream.read()))
    return _from_folder(rules_folder(), cache_folder, custom=False)


def _from_folder(folder: Path, cache_folder: str, *, custom: bool) -> list[Rule]:
    if not folder.is_dir():
        raise RuleError(f"{folder}: no such folder of rules; create it or remove it from rule-folders.")
    from pathlib import Path  # noqa: PLC0415 - see rules_folder

    paths = list(rule_files(folder))
    stored = Path(cache_folder, f"rules-{_identity(folder, paths)}.json") if cache_folder else None
    if stored is not None:
        try:
            return list(_from_json(stored.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            pass
    from relcheck.rule_files import read_rule  # noqa: PLC0415 - reads YAML, which a warm start does not need

    rules = [read_rule(path, custom=custom) for path in paths]
    if stored is not None:
        _store(stored, rules)
    return rules


def rule_files(folder: Path) -> Iterator[Path]:
    """Yield the rule files of a folder (`<topic>/<name>.yaml`, or `<name>.yaml` at its top), sorted."""
    for entry in sorted(folder.rglob("*.y*ml")):
        hidden = any(part.startswith(".") for part in entry.relative_to(folder).parts)
        if entry.suffix in (".yaml", ".yml") and entry.is_file() and not hidden:
            yield entry


def _identity(folder: Path, paths: Sequence[Path]) -> str:
    import hashlib  # noqa: PLC0415 - a wheel's compiled rules need none of it
    from pathlib import Path  # noqa: PLC0415 - see rules_folder

    found = hashlib.sha256(f"{FORMAT}\0{__version__}\0{folder.resolve()}".encode())
    sources = ("facts.py", "engine.py", "guards.py", "rules.py", "rule_files.py")
    vocabulary = [Path(__file__).parent / name for name in sources]
    for path in (*vocabulary, *paths):
        status = path.stat()
        found.update(f"\0{path}\0{status.st_mtime_ns}\0{status.st_size}".encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:24]


def _store(path: Path, rules: Sequence[Rule]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(to_json(rules), encoding="utf-8")
        draft.replace(path)
    except OSError:
        return


def to_json(rules: Iterable[Rule]) -> str:
    """Return compiled rules as one JSON text: the names of the fields, then a row of values for each rule."""
    rows = [[_row(value) for value in rule.values().values()] for rule in rules]
    return json.dumps({"fields": _fields(), "rules": rows}, separators=(",", ":"))


def _row(value: object) -> object:
    if isinstance(value, tuple) and value and isinstance(value[0], Level):
        return [list(level.values().values()) for level in value]
    return value


def _fields() -> dict[str, list[str]]:
    return {"rule": list(Rule.fields), "level": list(Level.fields)}


def _from_json(text: str) -> Iterator[Rule]:
    found = json.loads(text)
    if found["fields"] != _fields():
        raise ValueError("compiled rules of another version")
    names = list(Rule.fields)
    levels, guards = names.index("levels"), names.index("guards")
    for row in found["rules"]:
        row[levels] = [Level.of(values) for values in row[levels]]
        row[guards] = [tuple(guard) for guard in row[guards]]
        yield Rule.of(tuple(value) if type(value) is list else value for value in row)


def kinds_used(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the kinds of fact that a set of rules judges."""
    used = frozenset(rule.on for rule in rules)
    unknown = used - set(KINDS)
    if unknown:
        raise RuleError(f"no kind of fact is named {min(unknown)}")
    return used
