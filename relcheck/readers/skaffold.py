"""skaffold.yaml: the images that the repository builds itself, and deploys under the names it gives them."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.yaml_tree import load, walk
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield an output image for each artifact; Skaffold rewrites every reference to it."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    for document in loaded.documents:
        for node in walk(document):
            for item in (node.seq("artifacts") if isinstance(node, Mapping) else None) or ():
                image = item.get("image") if isinstance(item, Mapping) else None
                if isinstance(image, Scalar):
                    found = image_fact(image.source, role="output", engine="skaffold", build_here=True)
                    if found is not None:
                        yield found
