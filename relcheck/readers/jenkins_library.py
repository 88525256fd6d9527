"""Shared libraries of Jenkins, as pipelines name them."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Component
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.source import Source, Span


def library(found: Source) -> Component:
    """`NAME@REF`; without a ref the server's default counts."""
    name, at, ref = found.text.partition("@")
    parts: dict[str, Span] = {}
    if MARK not in name:
        parts["name"] = found.at(0, len(name))
    if at and MARK not in ref:
        parts["ref"] = found.at(len(name) + 1, len(found.text))
    return Component(
        span=parts.get("ref") or parts.get("name") or found.all(),
        parts=parts,
        system="jenkins",
        kind="library",
        name=name if MARK not in name else UNKNOWN,
        owner="",
        ref=ref if "ref" in parts else UNKNOWN,
        ref_kind=classify_ref(ref) if "ref" in parts else UNKNOWN,
    )
