"""The values that parameters of Tekton and of Argo Workflows have within one object, and the walk through an object.

params [{name, default | value}], $(params.x), $(params.x[0]) of an array, $(params.x.key) of an object
parameters [{name, default | value}], {{workflow.parameters.x}}, {{inputs.parameters.x}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.readers.kubernetes_kinds import UNWALKED
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.source import Source

_PARAMETER = {
    "tekton": re.compile(r"\$\((?P<path>[^()]*)\)"),
    "braces": re.compile(r"\{\{-?\s*(?P<path>[^{}\s]*?)\s*-?\}\}"),
}
"""A reference that is nothing but a parameter, by syntax."""
_BASE = re.compile(r"[\[.]")


def walk_keys(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield (key, value) of all mappings below a node, each mapping once, in document order, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[str, Node]] = [("", node)]
    while stack:
        key, found = stack.pop()
        if key:
            yield key, found
        if isinstance(found, Scalar) or id(found) in seen:
            continue
        seen.add(id(found))
        below: list[tuple[str, Node]]
        if isinstance(found, Mapping):
            below = [(name.value, value) for name, value in found.pairs() if name.value and name.value not in UNWALKED]
        else:
            below = [("", item) for item in found]
        stack.extend(reversed(below))


class Parameters:
    """The values that parameters of a Tekton or Argo Workflows object have in the object itself.

    A parameter has a value where all that the object says of its name agrees: defaults, and what is handed over.
    """

    def __init__(self, node: Mapping, group: str) -> None:
        self.syntax = {"tekton.dev": "tekton", "argoproj.io": "braces"}.get(group, "")
        self._node = node
        self._is_run = node.text("kind").endswith("Run")
        self._values: dict[str, dict[str, Source | None]] = {}

    def lookup(self, path: str) -> Source | None:
        """Return the value of `params.x`, `workflow.parameters.x` or `inputs.parameters.x`; None where none is certain."""
        for prefix in ("params.",) if self.syntax == "tekton" else ("workflow.parameters.", "inputs.parameters."):
            if path.startswith(prefix):
                if prefix not in self._values:
                    self._values[prefix] = self._declared(prefix)
                return self._values[prefix].get(path.removeprefix(prefix))
        return None

    def whole(self, text: Source) -> Source | None:
        """Return the value of the parameter that a text is from end to end; None where it is more or none is certain."""
        match = _PARAMETER[self.syntax].fullmatch(text.text.strip())
        found = self.lookup(match["path"]) if match is not None else None
        return found if found is not None and found.text.strip() else None

    def _declared(self, prefix: str) -> dict[str, Source | None]:
        wanted = "params" if self.syntax == "tekton" else "parameters"
        holder = _arguments(self._node) if prefix == "workflow.parameters." else self._node
        found: dict[str, Source | None] = {}
        said: dict[str, dict[str, str]] = {}
        for key, value in walk_keys(holder) if holder is not None else ():
            if key != wanted or not isinstance(value, Sequence):
                continue
            for item in value:
                name = item.text("name") if isinstance(item, Mapping) else ""
                given = _given(item) if isinstance(item, Mapping) else {}
                texts = {suffix: source.text for suffix, source in given.items()}
                if name and given and said.setdefault(name, texts) == texts:
                    found.update((name + suffix, source) for suffix, source in given.items() if name not in found)
                if name and (said.get(name, texts) != texts if given else not self._is_run):
                    found[name] = None  # two values, or one that whoever runs it chooses
        return {path: source if found.get(_BASE.split(path)[0], source) else None for path, source in found.items()}


def _given(item: Mapping) -> dict[str, Source]:
    """Return what a parameter is given, by what follows its name: nothing, `[0]` in an array, `.key` in an object."""
    node = item.get("default") if item.get("default") is not None else item.get("value")
    if isinstance(node, Scalar):
        return {"": node.source}
    if isinstance(node, Sequence):
        return {f"[{number}]": inner.source for number, inner in enumerate(node) if isinstance(inner, Scalar)}
    pairs = node.pairs() if isinstance(node, Mapping) else ()
    return {f".{key.value}": inner.source for key, inner in pairs if isinstance(inner, Scalar)}


def _arguments(node: Mapping) -> Mapping | None:
    """Return `spec` reduced to its `arguments`, the parameters of the whole workflow."""
    spec = node.map("spec")
    inner = spec.map("workflowSpec") if spec is not None and spec.map("workflowSpec") is not None else spec
    return inner.map("arguments") if inner is not None else None
