"""The report for programs: one JSON object, described by docs/report.schema.json."""

from __future__ import annotations

import json
from typing import Any

from relcheck import __version__
from relcheck.findings import Finding, Place
from relcheck.outcome import Outcome
from relcheck.redact import shown_name

SCHEMA = 1
"""The version of the report's shape: raised when a field changes its meaning or goes away."""


def render(outcome: Outcome) -> str:
    """Return the report; silenced findings are listed with who silenced them."""
    report = {
        "schema": SCHEMA,
        "tool": {"name": "relcheck", "version": __version__, "rules": outcome.rules.version},
        "findings": [_finding(finding, outcome) for finding in outcome.findings],
        "unreadable": [{**_place(place), "reason": reason} for place, reason in outcome.unreadable],
        "summary": outcome.summary,
        "notes": list(outcome.notes),
        "faults": list(outcome.faults),
    }
    return json.dumps(report, indent=2, ensure_ascii=True) + "\n"


def _finding(finding: Finding, outcome: Outcome) -> dict[str, Any]:
    rule = outcome.rules.rules.get(finding.rule)
    found: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        **_place(finding.place),
        "message": finding.message,
        "fix": " ".join(rule.fix.split()) if rule else "",
        "fingerprint": finding.fingerprint,
        "related": [{**_place(place), "note": place.note} for place in finding.related],
        "fixture": finding.fixture,
    }
    if finding.suppressed:
        found["suppressed"] = {"by": finding.suppressed, "reason": finding.reason}
    return found


def _place(place: Place) -> dict[str, Any]:
    return {
        "path": shown_name(place.path).encode("utf-8", "replace").decode("utf-8"),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }
