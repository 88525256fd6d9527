"""What labels say of an image: its version and its title (the annotations of the OCI image specification).

LABEL org.opencontainers.image.version="1.4.0" org.opencontainers.image.title=api
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Package
from relcheck.readers.dockerfile_words import environment_pairs
from relcheck.refs import MARK
from relcheck.source import Source

_VERSION = ("org.opencontainers.image.version", "org.label-schema.version")
_TITLE = ("org.opencontainers.image.title", "org.label-schema.name")


def label_facts(value: Source, escape: str) -> Iterator[Fact]:
    """Yield the version that a LABEL states for the image; what a variable gives is said where the image is built."""
    if not any(name in value.text for name in _VERSION):
        return
    labels = {name.text.strip("\"'"): text for name, text in environment_pairs(value, escape) if text is not None}
    version = next((labels[name] for name in _VERSION if name in labels), None)
    title = next((labels[name] for name in _TITLE if name in labels), None)
    if version is None or not _known(version):
        return
    parts = {"version": version.all()}
    if title is not None and _known(title):
        parts["name"] = title.all()
    yield Package(
        span=version.all(),
        parts=parts,
        ecosystem="oci",
        name=title.text if title is not None and "name" in parts else "",
        folder=value.path.rpartition("/")[0],
        version=version.text,
        version_only=True,
    )


def _known(value: Source) -> bool:
    return bool(value.text) and "$" not in value.text and MARK not in value.text
