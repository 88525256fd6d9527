"""Entries as components of a CycloneDX bill of materials."""

from __future__ import annotations

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from packageurl import PackageURL

from relcheck.inventory import Entry

_KINDS = {"image": ComponentType.CONTAINER, "component": ComponentType.APPLICATION, "dependency": ComponentType.LIBRARY}
_ALGORITHMS = {"sha256": HashAlgorithm.SHA_256, "sha512": HashAlgorithm.SHA_512}


def root_component(name: str) -> Component:
    """Return the component that stands for the scanned repository."""
    return Component(name=name or "repository", type=ComponentType.APPLICATION, bom_ref="root")


def component_of(entry: Entry) -> Component:
    """Return a component with its package URL, digest, places and how firmly it is pinned."""
    algorithm, _, digest = entry.digest.partition(":")
    hashes = [HashType(alg=_ALGORITHMS[algorithm], content=digest)] if algorithm in _ALGORITHMS and digest else []
    return Component(
        name=entry.name,
        version=entry.version or None,
        type=_KINDS[entry.kind],
        bom_ref=f"{entry.kind}:{entry.system}:{entry.name}@{entry.version}",
        purl=PackageURL.from_string(entry.purl) if entry.purl else None,
        hashes=hashes,
        properties=[
            Property(name="relcheck:pinned", value=entry.pin),
            Property(name="relcheck:system", value=entry.system),
        ],
        evidence=ComponentEvidence(
            occurrences=[
                Occurrence(location=use.path, line=use.line, additional_context=use.role or None) for use in entry.uses
            ]
        ),
    )
