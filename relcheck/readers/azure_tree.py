"""Azure Pipelines below its templates: lists and mappings whose parts stand under `${{ if }}`, and what variables hold.

    steps:                                  variables:
      - ${{ if CONDITION }}:                  ${{ if CONDITION }}: {NAME: value}
          - script: …                         NAME: value
      - ${{ each x in y }}: […]             variables: [{name, value}, {group}, {template}]

Every branch is read; what stands under a condition is not certain. Documentation: "Template expressions", "Define variables".
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN
from relcheck.readers.ci_values import Markers
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.records import Record
from relcheck.refs.conditions import Lookup, Some, Value, holds
from relcheck.source import Source

_DEPTH = 20
_LEGS = 64
_EXPRESSION = "${{"


def items(node: Node | None, depth: int = 0) -> Iterator[tuple[Node, bool]]:
    """Yield the items of a list, and those under its conditions; the flag says that a condition decides."""
    if isinstance(node, Mapping) and depth < _DEPTH and _keys_are_expressions(node):
        for _, value in node.pairs():
            yield from ((item, True) for item, _ in items(value, depth + 1))
    elif isinstance(node, Sequence):
        for item in node:
            if isinstance(item, Mapping) and _keys_are_expressions(item) and depth < _DEPTH:
                yield from items(item, depth + 1)
            else:
                yield item, False
    elif node is not None and depth:
        yield node, True


def _keys_are_expressions(node: Mapping) -> bool:
    keys = [key.value for key, _ in node.pairs()]
    return bool(keys) and all(key.lstrip().startswith(_EXPRESSION) for key in keys)


def pairs(node: Mapping | None, depth: int = 0) -> Iterator[tuple[Scalar, Node]]:
    """Yield the pairs of a mapping, and those under its conditions."""
    for key, value in node.pairs() if node is not None else ():
        if not key.value.lstrip().startswith(_EXPRESSION):
            yield key, value
        elif isinstance(value, Mapping) and depth < _DEPTH:
            yield from pairs(value, depth + 1)


def get(node: Mapping | None, name: str) -> Node | None:
    """Return the value of a key, wherever below conditions it stands; the last one written."""
    found: Node | None = None
    for key, value in pairs(node):
        if key.value == name:
            found = value
    return found


def text(node: Mapping | None, name: str) -> str:
    """Return the text of a key's value, or the empty string."""
    found = get(node, name)
    return found.value if isinstance(found, Scalar) else ""


class Variables:
    """Variables by lower-case name, with every value that the file gives; inner scopes replace outer ones."""

    def __init__(self, outer: Variables | None = None) -> None:
        self._outer = outer
        self._own: dict[str, list[Source]] = {}
        self.named: list[tuple[str, Scalar]] = []
        self.groups: list[str] = []
        self.legs: list[dict[str, Source]] = []

    def read(self, node: Node | None) -> Variables:
        """Add what a `variables` key says: a mapping, or a list of `{name, value}`, groups and templates."""
        for key, value in pairs(node) if isinstance(node, Mapping) else ():
            self._add(key.value, value)
        for item, _ in items(node):
            if isinstance(item, Mapping):
                group, given = text(item, "group"), get(item, "value")
                if group:
                    self.groups.append(group)
                elif given is not None and get(item, "name") is not None:
                    self._add(text(item, "name"), given)
        return self

    def parameters(self, node: Node | None) -> Variables:
        """Add the defaults of `parameters`: a list of `{name, default}`, or (older) a mapping."""
        if isinstance(node, Mapping):
            for key, value in pairs(node):
                self._add(f"parameters.{key.value}", value, named=False)
        for item in node if isinstance(node, Sequence) else ():
            default = get(item, "default") if isinstance(item, Mapping) else None
            if isinstance(item, Mapping) and default is not None:
                self._add(f"parameters.{text(item, 'name')}", default, named=False)
        return self

    def matrix(self, strategy: Node | None) -> Variables:
        """Take the legs of a matrix: variables whose values belong together."""
        legs = get(strategy, "matrix") if isinstance(strategy, Mapping) else None
        for _, leg in pairs(legs) if isinstance(legs, Mapping) else ():
            if isinstance(leg, Mapping):
                self.legs.append({key.value: value.source for key, value in pairs(leg) if isinstance(value, Scalar)})
        return self

    def _add(self, name: str, value: Node, *, named: bool = True) -> None:
        if isinstance(value, Scalar) and name:
            self._own.setdefault(name.lower(), []).append(value.source)
            if named:
                self.named.append((name, value))

    def values(self, name: str) -> list[Source | str | None]:
        """Return the values of a variable or parameter: the innermost scope that has it decides."""
        lower = name.lower().removeprefix("variables.")
        if lower in self._own:
            return [*self._own[lower]]
        return self._outer.values(name) if self._outer is not None else []

    def all_groups(self) -> list[str]:
        """Return the variable groups in reach."""
        return [*(self._outer.all_groups() if self._outer is not None else []), *self.groups]

    def markers(self) -> Markers:
        """Return the variables as markers."""
        return Markers(syntax="azure", lookup=self.values, legs=tuple(self.legs[:_LEGS]))


class Scenario(Record):
    """One way in which a pipeline starts, and what its conditions can ask."""

    event: str
    reason: str
    branch: str

    def lookup(self, path: str) -> Value:
        """Return what `variables['Build.…']` holds in this scenario."""
        known: dict[str, Value] = {
            "variables.build.reason": self.reason, "variables.build.sourcebranch": Some(self.branch),
        }  # fmt: skip
        return known.get(path, UNKNOWN)


SCENARIOS = {
    "branch": Scenario(event="branch", reason="IndividualCI", branch="refs/heads/"),
    "tag": Scenario(event="tag", reason="IndividualCI", branch="refs/tags/"),
    "pull_request": Scenario(event="pull_request", reason="PullRequest", branch="refs/pull/"),
    "schedule": Scenario(event="schedule", reason="Schedule", branch="refs/heads/"),
}


def events_of(top: Mapping) -> tuple[str, ...]:
    """Return what starts a pipeline, from `trigger`, `pr` and `schedules`; nothing is said of requests without `pr`.

    An absent `pr` means every pull request where the code is on GitHub and none on Azure Repos.
    """
    trigger, pull = get(top, "trigger"), get(top, "pr")
    events: list[str] = []
    if isinstance(trigger, Mapping):
        branches, tags = get(trigger, "branches"), get(trigger, "tags")
        if branches is not None or tags is None:
            events.append("branch")
        if tags is not None:
            events.append("tag")
        if isinstance(branches, Mapping) and _excludes_all(branches):
            events.remove("branch")
    elif not (isinstance(trigger, Scalar) and trigger.value == "none"):
        events.append("branch")
    if pull is not None and not (isinstance(pull, Scalar) and pull.value == "none"):
        events.append("pull_request")
    if get(top, "schedules") is not None:
        events.append("schedule")
    return tuple(events)


def _excludes_all(branches: Mapping) -> bool:
    excluded = get(branches, "exclude")
    words = [item.value for item, _ in items(excluded) if isinstance(item, Scalar)]
    return "*" in words and get(branches, "include") is None


def reached(events: tuple[str, ...], conditions: list[str]) -> tuple[tuple[str, ...], bool]:
    """Return the events that reach for sure what stands behind conditions, and whether one is not understood."""
    sure, guarded = [], False
    for event in events:
        lookup: Lookup = SCENARIOS[event].lookup
        known = [holds(condition, lookup) for condition in conditions]
        if all(value is True for value in known):
            sure.append(event)
        elif False not in known:
            guarded = True
    return tuple(sure), guarded
