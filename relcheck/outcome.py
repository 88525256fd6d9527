"""What a scan came to, as reports need it: findings in order, with what was silenced, skipped and not resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping

from relcheck.findings import Finding, Place
from relcheck.records import Record
from relcheck.rules import RuleSet
from relcheck.source import Source


class Outcome(Record):
    """Findings are sorted and have fingerprints; those with `suppressed` do not count."""

    findings: tuple[Finding, ...]
    rules: RuleSet
    root: str
    sources: Mapping[str, Source] = {}
    secrets: Mapping[str, tuple[tuple[int, int], ...]] = {}
    unreadable: tuple[tuple[Place, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
    unresolved: int = 0
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # rules that failed while they were evaluated
    top: str = ""  # the repository's top folder, "" outside a repository
    show_notes: bool = False
    color: bool = False
    max_findings: int = 0

    @property
    def prefix(self) -> str:
        """The folder of the scan below the repository's top, with a slash, or the empty string."""
        if not self.top or self.top == self.root:
            return ""
        inner = os.path.relpath(self.root, self.top).replace(os.sep, "/")
        return "" if inner.startswith("..") else f"{inner}/"

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that nothing silenced."""
        return tuple(finding for finding in self.findings if not finding.suppressed)

    def count(self, severity: str) -> int:
        """How many findings of a severity count."""
        return sum(finding.severity == severity for finding in self.counted)

    @property
    def summary(self) -> dict[str, int]:
        """The numbers of the run, as the JSON report and the last line of the text report give them."""
        return {
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "notes": self.count("note"),
            "suppressed": sum(bool(finding.suppressed) for finding in self.findings),
            "in_fixtures": sum(finding.fixture for finding in self.counted),
            "files": len(self.files),
            "passed_over": len(self.passed_over),
            "unreadable": len(self.unreadable),
            "unresolved": self.unresolved,
        }
