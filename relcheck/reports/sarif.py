"""SARIF 2.1.0 (OASIS standard) for code scanning platforms: columns are code points, paths hang on the root."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from relcheck import __version__
from relcheck.findings import Finding, Place
from relcheck.outcome import Outcome
from relcheck.redact import shown_name
from relcheck.rules import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PRECISION = {"high": "very-high", "medium": "high", "low": "medium"}


def render(outcome: Outcome) -> str:
    """Return the log: one run, every rule that was found described, silenced findings with their justification."""
    used = sorted({finding.rule for finding in outcome.findings} & set(outcome.rules.rules))
    index = {name: number for number, name in enumerate(used)}
    run = {
        "tool": {
            "driver": {
                "name": "relcheck",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_descriptor(outcome.rules.rules[name]) for name in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The root of the repository that was scanned."}}},
        "results": [_result(finding, index, outcome.prefix) for finding in outcome.findings],
        "invocations": [
            {
                "executionSuccessful": not outcome.faults,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": reason}, "locations": [_location(place, outcome.prefix)]}
                    for place, reason in outcome.unreadable
                ],
                "toolConfigurationNotifications": [
                    {"level": "error", "message": {"text": f"A rule failed and was left out: {fault}"}}
                    for fault in outcome.faults
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _descriptor(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": rule.name,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.why.split()) or rule.title},
        "help": {
            "text": f"{' '.join(rule.why.split())}\n\nFix: {' '.join(rule.fix.split())}",
            "markdown": f"{' '.join(rule.why.split())}\n\n**Fix:** {' '.join(rule.fix.split())}",
        },
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.topic], "precision": _PRECISION[rule.confidence]},
    }
    if rule.references:
        found["helpUri"] = rule.references[0]
    if rule.formerly:
        found["deprecatedIds"] = list(rule.formerly)
    return found


def _result(finding: Finding, index: dict[str, int], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [_location(finding.place, prefix)],
        "partialFingerprints": {"relcheck/v1": finding.fingerprint},
    }
    if finding.rule in index:
        found["ruleIndex"] = index[finding.rule]
    if finding.related:
        found["relatedLocations"] = [
            {**_location(place, prefix), "id": number, "message": {"text": place.note or "belongs to it"}}
            for number, place in enumerate(finding.related, start=1)
        ]
    if finding.suppressed:
        kind = "inSource" if finding.suppressed == "inline" else "external"
        found["suppressions"] = [{"kind": kind, "status": "accepted", "justification": finding.reason}]
    return found


def _location(place: Place, prefix: str) -> dict[str, Any]:
    absolute = place.path.startswith("/")
    path = shown_name(place.path)
    uri = quote((path if absolute else prefix + path).encode("utf-8", "surrogateescape"))
    artifact: dict[str, Any] = {"uri": f"file://{uri}"} if absolute else {"uri": uri, "uriBaseId": "ROOT"}
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endLine": place.end_line,
                "endColumn": place.end_column,
            },
        }
    }
