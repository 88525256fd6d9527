"""Objects of operators that name an image in pieces: the older way of the Prometheus operator (its API reference).

spec, spec.thanos {baseImage, sha | tag | version}        `image` wins, then sha, tag and version in this order
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Image
from relcheck.readers.composed import reference
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting
from relcheck.readers.nodes import Mapping, Scalar


def object_facts(node: Mapping, group: str, kind: str, setting: Setting) -> Iterator[Image]:  # noqa: ARG001 - the shape of all
    """Yield the images of one object."""
    spec = node.map("spec", merge=True)
    for holder in (spec, spec.map("thanos", merge=True) if spec is not None else None):
        image = holder.scalar("image", merge=True) if holder is not None else None
        if holder is not None and setting.template is None and (image is None or not image.value):
            yield from _composed(holder, setting)


def _composed(holder: Mapping, setting: Setting) -> Iterator[Image]:
    name = holder.scalar("baseImage", merge=True)
    digest, tag, version = (_written(holder.scalar(key, merge=True)) for key in ("sha", "tag", "version"))
    if name is None or not name.value:
        return
    tag = tag or version if digest is None else None
    source = reference(name.source, tag.source if tag else None, digest.source if digest else None)
    found = image_fact(source, role="workload", engine=setting.engine)
    if found is not None:
        yield found


def _written(scalar: Scalar | None) -> Scalar | None:
    return scalar if scalar is not None and scalar.value else None
