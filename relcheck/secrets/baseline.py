"""The baseline of detect-secrets: secrets that a team has looked at and accepted (`.secrets.baseline`).

It knows a secret by the file, and the SHA-1 of its text. It silences the rule `secret` and no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from relcheck.findings import Finding
from relcheck.source import Source
from relcheck.tree import Tree, Unavailable

NAME = ".secrets.baseline"


def accepted(tree: Tree, paths: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return the hashes of accepted secrets by path; nothing where there is no baseline that can be read."""
    if NAME not in paths:
        return {}
    try:
        loaded: Any = json.loads(tree.read(NAME))
    except (Unavailable, ValueError, RecursionError):
        return {}
    results = loaded.get("results") if isinstance(loaded, dict) else None
    return {
        path: frozenset(
            str(entry["hashed_secret"]) for entry in entries if isinstance(entry, dict) and "hashed_secret" in entry
        )
        for path, entries in (results.items() if isinstance(results, dict) else ())
        if isinstance(entries, list)
    }


def silenced(
    findings: Iterable[Finding], hashes: Mapping[str, frozenset[str]], sources: Mapping[str, Source]
) -> list[Finding]:
    """Return the findings, those of the rule `secret` marked whose secret the baseline accepts."""
    return [_marked(finding, hashes.get(finding.place.path, frozenset()), sources) for finding in findings]


def _marked(finding: Finding, hashes: frozenset[str], sources: Mapping[str, Source]) -> Finding:
    if finding.rule != "secret" or not hashes or finding.suppressed:
        return finding
    secret = sources[finding.place.path].text[finding.place.start : finding.place.end]
    known = hashlib.sha1(secret.encode("utf-8", "replace"), usedforsecurity=False).hexdigest() in hashes
    return finding.replace(suppressed="baseline", reason=f"accepted in {NAME}") if known else finding
