"""Targets of a Bake file with what they inherit, and the values of their matrix.

    target NAME { inherits [NAME], matrix { NAME = [value | { key = value }] }, args { }, contexts { }, … }

A target takes from each that it inherits, the later ones first, what it does not say itself; `args` and `contexts` are
joined key by key. A matrix builds the target once for each combination of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from relcheck.readers.hcl_tree import blocks, candidates, labelled
from relcheck.readers.hcl_values import Defaults, Values
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence

_ROUNDS = 40
"""So many combinations of a matrix are looked at."""
_ANCESTORS = 50
_OWN = ("context", "dockerfile", "dockerfile-inline", "tags", "output", "target")


class Targets:
    """The targets of one file."""

    def __init__(self, top: Mapping, defaults: Defaults) -> None:
        self.defaults = defaults
        self.values = Values(defaults, "bake")
        self.bodies: dict[str, list[Mapping]] = {}
        for name, body in labelled(top, "target"):
            self.bodies.setdefault(name.value, []).append(body)
        self.inherited = {
            parent for bodies in self.bodies.values() for body in bodies for parent in self._parents(body)
        }
        self.grouped = {
            member.value for _, group in labelled(top, "group") for member in candidates(group.get("targets"))
            if isinstance(member, Scalar)
        }  # fmt: skip

    def _parents(self, body: Mapping) -> list[str]:
        return [self.values.text(node) for node in candidates(body.get("inherits")) if isinstance(node, Scalar)]

    def lineage(self, name: str) -> list[Mapping]:
        """Return the bodies that a target is made of, what wins last."""
        found: list[Mapping] = []
        self._collect(name, found, {name})
        return found

    def _collect(self, name: str, found: list[Mapping], seen: set[str]) -> None:
        bodies = self.bodies.get(name, [])
        for body in bodies:
            for parent in self._parents(body):
                if parent not in seen and len(seen) < _ANCESTORS:
                    seen.add(parent)
                    self._collect(parent, found, seen)
        found.extend(bodies)

    def is_built(self, name: str) -> bool:
        """Whether a target is there to be built, not only for others to inherit from."""
        bodies = self.bodies.get(name, [])
        own = any(body.get(key) is not None for body in bodies for key in _OWN)
        return name not in self.inherited or name in self.grouped or own

    def rounds(self, name: str) -> list[Values]:
        """Return the values by which a target is built: one for each combination of its matrix."""
        axes = [axis for body in self.bodies.get(name, []) for axis in blocks(body, "matrix")]
        choices = [list(_choices(key.value, value)) for axis in axes for key, value in axis.pairs()]
        if not choices or not all(choices):
            return [self.values]
        return [self._values(combination) for combination in islice(product(*choices), _ROUNDS)]

    def _values(self, combination: tuple[dict[str, Scalar], ...]) -> Values:
        joined = dict(self.defaults)
        for chosen in combination:
            joined |= chosen
        return Values(joined, "bake")


def _choices(name: str, value: Node) -> Iterator[dict[str, Scalar]]:
    """Yield what an axis may set: a text under its name, or the members of an object by their paths."""
    for item in value.items if isinstance(value, Sequence) else ():
        if isinstance(item, Scalar):
            yield {name: item}
        elif isinstance(item, Mapping):
            yield {f"{name}.{key.value}": member for key, member in item.pairs() if isinstance(member, Scalar)}


def said(lineage: list[Mapping], key: str) -> Node | None:
    """Return what the last of the bodies that says anything says."""
    for body in reversed(lineage):
        found = body.get(key)
        if found is not None and not (isinstance(found, Scalar) and found.plain and found.value == "null"):
            return found
    return None


def joined(lineage: list[Mapping], key: str) -> dict[str, list[Scalar]]:
    """Return the pairs of all bodies, by key the values of the last that has it: both arms where one is chosen."""
    found: dict[str, list[Scalar]] = {}
    for body in lineage:
        for table in blocks(body, key):
            for name, value in table.pairs():
                items = [item for item in candidates(value) if isinstance(item, Scalar)]
                found[name.value] = [item for item in items if not (item.plain and item.value == "null")]
    return {name: items for name, items in found.items() if items}
