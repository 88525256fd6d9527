"""Annotations of GitHub workflows: one command a finding, in the grammar of workflow commands."""

from __future__ import annotations

from relcheck.findings import Finding
from relcheck.outcome import Outcome
from relcheck.redact import safe_text, shown_name

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def render(outcome: Outcome) -> str:
    """Return a line a finding that counts, and nothing else."""
    return "".join(_annotation(finding, outcome.prefix) for finding in outcome.counted)


def _annotation(finding: Finding, prefix: str) -> str:
    place = finding.place
    properties = {
        "file": shown_name(place.path if place.path.startswith("/") else prefix + place.path),
        "line": str(place.line),
        "col": str(place.column),
        "endLine": str(place.end_line),
        "endColumn": str(max(place.end_column - 1, 1)),
        "title": finding.rule,
    }
    fields = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_LEVELS[finding.severity]} {fields}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    readable = text.encode("utf-8", "replace").decode("utf-8")
    clean = "".join(letter if letter in "\r\n" else safe_text(letter) for letter in readable)
    return clean.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
