"""The values that expressions of a GitHub workflow can come to: matrix entries, literal `env`, defaults of inputs.

Nothing is guessed: a matrix made by an expression, a variable that a step may set, a secret have no value here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from itertools import product
from typing import NamedTuple

from relcheck.facts import Related
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.records import Record
from relcheck.refs.variables import Value, expand, expression_candidates
from relcheck.source import Source, Span

EXPRESSION = re.compile(r"\$\{\{(?:'[^']*'|(?!\}\})[^'])*\}\}")
_WHOLE = re.compile(r"\s*\$\{\{(?P<body>(?:'[^']*'|(?!\}\})[^'])*)\}\}\s*")
_MATRIX = re.compile(r"\bmatrix\.([\w-]+)")
_LITERALS = re.compile(r"'(?:[^']|'')*'")
MAX_LEGS = 256
"""GitHub's own limit for the jobs of one matrix."""

Leg = AbstractMapping[str, Node]


class Scope(Record):
    """What expressions may ask: literal `env` (the innermost last), defaults of `inputs`, the legs of the matrix."""

    env: tuple[Mapping, ...] = ()
    inputs: Mapping | None = None
    legs: tuple[Leg, ...] = ()

    def lookup(self, path: str, leg: Leg | None = None) -> Scalar | None:
        """Return the node that a path such as `matrix.image` or `env.TAG` names, if it is written as a literal."""
        kind, _, rest = path.partition(".")
        if kind == "matrix" and leg is not None:
            name, _, inner = rest.partition(".")
            return _inside(leg.get(name), inner)
        if kind == "env":
            return next((found for scope in reversed(self.env) if (found := scope.scalar(rest)) is not None), None)
        if path.startswith("github.event.inputs."):
            kind, rest = "inputs", path.removeprefix("github.event.inputs.")
        if kind == "inputs" and self.inputs is not None:
            declared = self.inputs.map(rest)
            return declared.scalar("default") if declared else None
        return None


class Reading(NamedTuple):
    """One text that a written value can come to: the text to parse and the place of what came from elsewhere."""

    source: Source
    state: str
    definition: Span | None = None
    related: tuple[Related, ...] = ()
    floating: bool = False


def readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yield every text that a value can come to: one a matrix leg, each literal of `a || 'x'`, else the text itself."""
    text = source.text
    if "${{" not in text:
        yield Reading(source, "literal")
        return
    whole = _WHOLE.fullmatch(text)
    chosen = expression_candidates(whole["body"]) or () if whole else ()
    names = set(_MATRIX.findall(text))
    legs = [leg for leg in scope.legs if names & set(leg)]
    if whole is not None and chosen and not legs:
        yield from _chosen(source, whole, chosen)
        return
    seen: set[tuple[str, Span | None]] = set()
    waiting: list[Leg | None] = [*legs] or [None]
    for leg in waiting:
        reading = _of_leg(source, scope, leg, whole is not None)
        key = (reading.source.text, reading.definition)
        if key not in seen and not (chosen and reading.state == "unknown"):
            seen.add(key)
            yield reading
    if whole is not None:
        yield from _chosen(source, whole, chosen)


def _chosen(source: Source, whole: re.Match[str], values: tuple[str, ...]) -> Iterator[Reading]:
    """Yield the literals inside an expression at their own places."""
    for match in _LITERALS.finditer(source.text, whole.start("body"), whole.end("body")):
        if match[0][1:-1] in values:
            floating = "inputs." in whole["body"]
            yield Reading(source.part(match.start() + 1, match.end() - 1), "defaulted", floating=floating)


def _of_leg(source: Source, scope: Scope, leg: Leg | None, whole: bool) -> Reading:
    used: list[Scalar] = []

    def lookup(path: str) -> Value | None:
        found = scope.lookup(path, leg)
        if found is not None:
            used.append(found)
        return found.source if found is not None else None

    expansion = expand(source, lookup, "github")
    floating = any("inputs." in name for name, _ in expansion.used)
    if len(used) != 1:
        return Reading(expansion.source, expansion.state, None, (), floating)
    place = used[0].span
    if whole and "${{" not in used[0].value and _WHOLE.fullmatch(source.text) and expansion.state == "defaulted":
        related = (Related(span=source.all(), note="used here"),)
        return Reading(used[0].source, "defaulted", None, related, floating)
    return Reading(expansion.source, expansion.state, place, (Related(span=place, note="the value"),), floating)


def _inside(node: Node | None, path: str) -> Scalar | None:
    for name in path.split(".") if path else ():
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Scalar) else None


def legs_of(matrix: Mapping | None) -> tuple[Leg, ...]:
    """Return the combinations of a matrix as GitHub makes them; values made by an expression are left out."""
    if matrix is None:
        return ()
    axes: dict[str, list[Node]] = {}
    for key, value in matrix.pairs():
        if isinstance(value, Sequence) and key.value not in ("include", "exclude"):
            axes[key.value] = [item for item in value if not _is_expression(item)]
    made: list[dict[str, Node]] = []
    if axes:
        columns: list[list[Node | None]] = [[*found] or [None] for found in axes.values()]
        for values in product(*columns):
            made.append({name: value for name, value in zip(axes, values, strict=True) if value is not None})
            if len(made) >= MAX_LEGS:
                break
    excluded = [entry for entry in matrix.seq("exclude") or () if isinstance(entry, Mapping)]
    legs = [leg for leg in made if not any(_matches(leg, entry) for entry in excluded)]
    _include(legs, matrix, set(axes))
    return tuple(legs[:MAX_LEGS])


def _include(legs: list[dict[str, Node]], matrix: Mapping, axes: set[str]) -> None:
    """Add entries of `include`: to the combinations whose own values they leave alone, else as a leg of their own."""
    original = list(legs)
    for entry in matrix.seq("include") or ():
        if not isinstance(entry, Mapping):
            continue
        values = {key.value: value for key, value in entry.pairs() if not _is_expression(value)}
        fixed = {name: value for name, value in values.items() if name in axes}
        fitting = [leg for leg in original if all(_same(leg.get(name), value) for name, value in fixed.items())]
        for leg in fitting:
            leg.update(values)
        if not fitting:
            legs.append(values)


_OF_A_LEG = re.compile(r"\bmatrix\b|\bstrategy\.job-(?:index|total)")
_SAME_FOR_ALL = frozenset({"strategy", "name", "steps", "if", "needs", "permissions", "timeout-minutes"})


def legs_alike(job: Mapping, legs: tuple[Leg, ...]) -> bool:
    """Whether the legs of a job's matrix differ in nothing but the tools that `setup` actions install.

    Where the runner, the container, a variable or any other step depends on the leg, each may make a thing of its own.
    """
    if len(legs) < 2 or _of_a_leg(job.get("if")):
        return False
    if any(_of_a_leg(value) for key, value in job.pairs() if key.value not in _SAME_FOR_ALL):
        return False
    steps = job.seq("steps")
    return not any(_of_a_leg(step) for step in steps or () if not _sets_up(step))


def _sets_up(step: Node) -> bool:
    return isinstance(step, Mapping) and "setup-" in step.text("uses").partition("@")[0] and step.get("if") is None


def _of_a_leg(node: Node | None) -> bool:
    return node is not None and any(
        isinstance(found, Scalar) and _OF_A_LEG.search(found.value) is not None for found in walk(node)
    )


def _matches(leg: Leg, entry: Mapping) -> bool:
    pairs = list(entry.pairs())
    return bool(pairs) and all(_same(leg.get(key.value), value) for key, value in pairs)


def _same(first: Node | None, second: Node) -> bool:
    return isinstance(first, Scalar) and isinstance(second, Scalar) and first.value == second.value


def _is_expression(node: Node) -> bool:
    return isinstance(node, Scalar) and "${{" in node.value
