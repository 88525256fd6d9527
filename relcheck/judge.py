"""Facts and rules in, findings out. Pure: no input, no output, no settings from elsewhere."""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

from relcheck.engine import (
    FILE_FIELDS,
    OWN_FIELDS,
    UNRESOLVED,
    Activation,
    EvaluationFault,
    Program,
    activation,
    bind,
    fact_fields,
)
from relcheck.facts import KIND_OF, Fact
from relcheck.findings import Finding, Place
from relcheck.guards import checks
from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.rules import PROFILES, Rule
from relcheck.source import Source, Span

BUDGET_SECONDS = 20.0
"""What a user's own rule may take in one run."""

_ASKED = lazy_pattern(r"\b([a-z_]+)\s*\.\s*([A-Za-z_]\w*)")
_ABOUT = frozenset((*(f"file.{name}" for name in FILE_FIELDS), *(f"own.{name}" for name in OWN_FIELDS)))
_SUBJECTS = ("written", "name", "key", "id", "kind", "path", "reason", "url")


class FileView(Record):
    """What rules may ask of the file around a fact, and where its places are."""

    path: str
    format: str
    source: Source
    fixture: bool = False
    template: bool = False
    development: bool = False
    vendored: bool = False
    shown: str = ""  # how findings name it, where not by its path: COMMIT:path
    deprecated: bool = False  # its owner has given it up: what is found in it is noted, secrets apart


class Verdict(Record):
    """What judging gave: findings, how often a rule could not be judged, and the faults of rules."""

    findings: tuple[Finding, ...]
    unresolved: int
    faults: tuple[str, ...]


class _Compiled:
    """A rule with its guards and programs, made once a run; a program is loaded when a fact first asks for it."""

    __slots__ = ("_programs", "about", "fields", "guards", "params", "places", "rule", "spent")

    def __init__(self, rule: Rule, params: Mapping[str, object]) -> None:
        self.rule = rule
        self.guards = checks(rule.guards, params, rule.on)
        self.places = checks(rule.guards, params, "file")
        texts = "\n".join((rule.when, rule.message, *(level.when for level in rule.levels)))
        asked = set(_ASKED.findall(texts))
        self.fields = frozenset(name for subject, name in asked if subject == rule.on) & fact_fields(rule.on).keys()
        self.about = _ABOUT & {f"{subject}.{name}" for subject, name in asked}
        self.params = {f"params.{name}": value for name, value in params.items() if ("params", name) in asked}
        self.spent = 0.0
        self._programs: dict[str, Program] = {}

    def evaluate(self, program: str, values: Activation) -> Any:  # noqa: ANN401 - a bool or a str, as checked
        """Return what one of the rule's programs, in base64, gives."""
        if program not in self._programs:
            self._programs[program] = Program(base64.b64decode(program))
        return self._programs[program].evaluate(values)

    def concerns(self, fact: Fact) -> bool:
        """Whether the rule's guards let a fact pass: what else it asks is for the engine."""
        for field, known, wanted in self.guards:  # noqa: SIM110 - a generator takes twice as long
            if (getattr(fact, field) in known) is not wanted:
                return False
        return True


class Judge:
    """The selected rules, compiled once; `judge` may be called for each file."""

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        profile: str = "default",
        asked: frozenset[str] = frozenset(),
        severities: Mapping[str, str] | None = None,
        params: Mapping[str, Mapping[str, object]] | None = None,
        own: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._profile = profile
        self._asked = asked
        self._severities = severities or {}
        self._own = {f"own.{name}": list((own or {}).get(name, ())) for name in ("registries", "namespaces", "owners")}
        self._by_kind: dict[str, list[Rule]] = {}
        self._compiled: dict[str, list[_Compiled]] = {}
        self._params = params or {}
        self.compilations = 0
        self.unresolved = 0
        self.faults: dict[str, str] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.on, []).append(rule)

    def judge(self, view: FileView, facts: Iterable[Fact]) -> list[Finding]:
        """Return the findings in the facts of one file, with the lesser ones of one cause left out."""
        out: list[tuple[Finding, int, Rule]] = []
        about = {**{f"file.{name}": value for name, value in _file_values(view).items()}, **self._own}
        concerned: dict[str, list[_Compiled]] = {}
        for number, fact in enumerate(facts):
            kind = KIND_OF[type(fact)]
            if kind not in concerned:
                concerned[kind] = self._concerned(kind, about) if kind in self._by_kind else []
            for compiled in concerned[kind]:
                if compiled.concerns(fact):
                    found = self._apply(compiled, about, fact, view)
                    if found is not None:
                        out.append((found, number, compiled.rule))
        return _one_cause_one_finding(out)

    def _concerned(self, kind: str, about: Mapping[str, object]) -> list[_Compiled]:
        """Return the rules on a kind whose guards let a file pass."""
        return [
            compiled
            for compiled in self._rules_of(kind)
            if all((about[f"file.{field}"] in known) is wanted for field, known, wanted in compiled.places)
        ]

    def _rules_of(self, kind: str) -> list[_Compiled]:
        if kind not in self._compiled:
            made = []
            for rule in self._by_kind[kind]:
                made.append(_Compiled(rule, merged_params(rule, self._params.get(rule.name, {}))))
                self.compilations += 1
            self._compiled[kind] = made
        return self._compiled[kind]

    def _apply(self, compiled: _Compiled, about: Mapping[str, object], fact: Fact, view: FileView) -> Finding | None:
        if compiled.rule.name in self.faults:
            return None
        started = perf_counter() if compiled.rule.custom else 0.0
        try:
            values = bind(compiled.rule.on, fact, compiled.fields)
            values.update((name, about[name]) for name in compiled.about)
            values.update(compiled.params)
            return self._evaluate(compiled, activation(values), fact, view)
        except EvaluationFault as fault:
            self.faults[compiled.rule.name] = f"{compiled.rule.path}: {fault}"
            return None
        finally:
            if compiled.rule.custom:
                compiled.spent += perf_counter() - started
                if compiled.spent > BUDGET_SECONDS:
                    self.faults[compiled.rule.name] = (
                        f"{compiled.rule.path}: took over {BUDGET_SECONDS:.0f} seconds in this run; simplify `when`."
                    )

    def _evaluate(self, compiled: _Compiled, values: Activation, fact: Fact, view: FileView) -> Finding | None:
        holds = compiled.evaluate(compiled.rule.when_program, values)
        if holds is UNRESOLVED:
            self.unresolved += 1
            return None
        if not holds:
            return None
        lasting = not view.deprecated or compiled.rule.on == "credential"
        severity = self._severity(compiled, values, most="" if lasting else "note")
        if not severity:
            return None
        message = compiled.evaluate(compiled.rule.message_program, values)
        if message is UNRESOLVED:
            self.unresolved += 1
            return None
        return _finding(compiled.rule, severity, str(message), fact, view)

    def _severity(self, compiled: _Compiled, values: Activation, most: str) -> str:
        """Return the severity in this profile, or "" where no level speaks here; `most` in place of a graver one."""
        for level in compiled.rule.levels:
            if level.program and compiled.evaluate(level.program, values) is not True:
                continue
            asked = compiled.rule.name in self._asked
            if not asked and not speaks(level.profile, self._profile):
                return ""
            fixed = self._severities.get(compiled.rule.name, "")
            return fixed or most or (level.strict if level.strict and self._profile == "strict" else level.severity)
        return ""


def speaks(level: str, profile: str) -> bool:
    """Whether a level of one profile is heard in another: strict and release hear the default, not each other."""
    return level in ("default", profile) or PROFILES.index(level) == 0


def merged_params(rule: Rule, changes: Mapping[str, object]) -> dict[str, Any]:
    """Return a rule's parameters with the user's: `x` replaces, `extend-x` adds to a list."""
    out = dict(rule.params)
    for name, value in changes.items():
        if name.startswith("extend-") and name[7:] in out and isinstance(value, (list, tuple)):
            out[name[7:]] = [*out[name[7:]], *value]
        elif name in out:
            out[name] = value
    return out


def _file_values(view: FileView) -> dict[str, object]:
    values: dict[str, object] = {name: value for name, value in view.values().items() if name != "source"}
    values["name"] = view.path.rsplit("/", 1)[-1]
    values["path"] = view.path.encode("utf-8", "replace").decode("utf-8")
    return values


def _finding(rule: Rule, severity: str, message: str, fact: Fact, view: FileView) -> Finding:
    span = next((fact.parts[name] for name in rule.at if name in fact.parts), fact.span)
    related = tuple(place_of(view, other.span, other.note, other.path) for other in fact.related if not other.path)
    return Finding(
        rule=rule.name,
        severity=severity,
        confidence=rule.confidence,
        message=" ".join(message.split()),
        place=place_of(view, span),
        related=related,
        subject=_subject(fact) or message,
        fixture=view.fixture,
    )


def place_of(view: FileView, span: Span, note: str = "", path: str = "") -> Place:
    """Return a span of a file as lines and columns."""
    start, end = view.source.position(span.start), view.source.position(span.end)
    return Place(
        path=path or view.shown or view.path,
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
        start=span.start,
        end=span.end,
        note=note,
    )


def _subject(fact: Fact) -> str:
    words = [value for name in _SUBJECTS if isinstance(value := getattr(fact, name, ""), str) and value]
    return " ".join(words[:2])


def _one_cause_one_finding(found: list[tuple[Finding, int, Rule]]) -> list[Finding]:
    """Leave out what a more telling rule says of the same fact or the same words, and exact repetitions."""
    losers = _losers(found)
    out: dict[tuple[str, int, int], Finding] = {}
    related: dict[tuple[str, int, int], dict[Place, None]] = {}
    for index, (finding, _, _) in enumerate(found):
        key = (finding.rule, finding.place.start, finding.place.end)
        if index not in losers:
            out.setdefault(key, finding)
            related.setdefault(key, {}).update(dict.fromkeys(finding.related))
    return [
        finding if len(places := related[key]) == len(finding.related) else finding.replace(related=tuple(places))
        for key, finding in out.items()
    ]


def _losers(found: list[tuple[Finding, int, Rule]]) -> set[int]:
    """Return the indices of the findings that a more telling rule's finding makes needless."""
    winners: dict[str, list[tuple[Finding, int]]] = {}
    for finding, number, rule in found:
        for other in rule.supersedes:
            winners.setdefault(other, []).append((finding, number))
    losers: set[int] = set()
    covers = {name: _Cover([finding.place for finding, _ in won]) for name, won in winners.items()}
    facts = {name: {number for _, number in won} for name, won in winners.items()}
    for index, (finding, number, _) in enumerate(found):
        if finding.rule in winners and (number in facts[finding.rule] or covers[finding.rule].touches(finding.place)):
            losers.add(index)
    return losers


class _Cover:
    """The stretches that some places cover, joined where they overlap; asked in logarithmic time."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted((place.start, place.end) for place in places):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def touches(self, place: Place) -> bool:
        """Whether a place shares a character with them."""
        at = bisect_left(self._starts, place.end) - 1
        return at >= 0 and place.start < self._ends[at]
