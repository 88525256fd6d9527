"""A finding: a rule, a place, a sentence; and the order and identity of findings."""

from __future__ import annotations

from relcheck.records import Record

SEVERITIES = ("note", "warning", "error")


class Place(Record):
    """A place in a file: 1-based line and column in code points, end exclusive, and the offsets behind them."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int = 0
    end: int = 0
    note: str = ""


class Finding(Record):
    """One mistake at one place; `subject` identifies it besides rule and path (a coordinate, never a secret)."""

    rule: str
    severity: str
    confidence: str
    message: str
    place: Place
    related: tuple[Place, ...] = ()
    subject: str = ""
    ordinal: int = 0  # among those of one rule, path and subject
    fixture: bool = False  # in a test or example folder
    suppressed: str = ""  # "inline", "config" or "" when it counts
    reason: str = ""  # why it is suppressed

    @property
    def fingerprint(self) -> str:
        """An identity that survives moved lines: made of rule, path, subject and ordinal when a report asks for it."""
        import hashlib  # noqa: PLC0415 - 4 ms, and a report for people shows none

        text = "\0".join((self.rule, self.place.path, self.subject, str(self.ordinal)))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def sort_key(finding: Finding) -> tuple[str, int, int, str, str]:
    """Order findings by path, line, column, rule, message."""
    place = finding.place
    return place.path, place.line, place.column, finding.rule, finding.message


def numbered(findings: list[Finding]) -> list[Finding]:
    """Return findings in their order, each with its ordinal among those of the same rule, path and subject."""
    seen: dict[tuple[str, str, str], int] = {}
    out = []
    for finding in sorted(findings, key=sort_key):
        key = (finding.rule, finding.place.path, finding.subject)
        ordinal = seen[key] = seen.get(key, -1) + 1
        out.append(finding.replace(ordinal=ordinal))
    return out
