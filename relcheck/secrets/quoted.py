"""Values of YAML and INI files that stand without quotes, as detect-secrets would quote them first.

Its detectors of entropy look between quotes only, so it rewrites such files before it reads them, and loses the places.
Here the values come from the readers' own trees, with their places, and each is shown to the detectors as `key: "value"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.readers.ini_lines import entries
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_INI = (".ini",)
_CANDIDATE = re.compile(r"[A-Za-z0-9+/\\_=-]{9,}")


def unquoted_values(path: str, source: Source) -> Iterator[tuple[str, Source]]:
    """Yield the values that stand without quotes, each with the line that a detector is shown."""
    if path.endswith(_INI):
        for entry in entries(source):
            if _CANDIDATE.fullmatch(entry.value.text):
                yield f'{entry.key} = "{entry.value.text}"', entry.value
        return
    for document in load(source).documents:
        for key, value in _scalars(document):
            if value.plain and _CANDIDATE.fullmatch(value.value):
                yield f'{key}: "{value.value}"', value.source


def _scalars(document: Node) -> Iterator[tuple[str, Scalar]]:
    """Yield the scalars of a document in order, each with its key or that of its list."""
    stack: list[tuple[str, Node]] = [("", document)]
    while stack:
        key, node = stack.pop()
        if isinstance(node, Scalar):
            yield key, node
        elif isinstance(node, Mapping):
            stack += [(name.value, value) for name, value in reversed(list(node.pairs()))]
        elif isinstance(node, Sequence):
            stack += [(key, item) for item in reversed(list(node))]
