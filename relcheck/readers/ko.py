"""ko's configuration (.ko.yaml): the images that Go programs are put upon.

defaultBaseImage, baseImageOverrides {IMPORT PATH: IMAGE}
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Read a .ko.yaml."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        if isinstance(node, Mapping):
            yield from _image(node.get("defaultBaseImage"))
            overrides = node.map("baseImageOverrides")
            for _, value in overrides.pairs() if overrides is not None else ():
                yield from _image(value)


def _image(node: Node | None) -> Iterator[Fact]:
    if isinstance(node, Scalar) and node.value:
        fact = image_fact(node.source, role="base", engine="ko")
        if fact is not None:
            yield fact
