"""The report for people: the sentence, the line with a caret under the very words, and the repair."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.findings import Finding, Place
from relcheck.outcome import Outcome
from relcheck.redact import safe_path, safe_text, shown_line

_COLORS = {"error": "31;1", "warning": "33;1", "note": "36", "dim": "2", "bold": "1"}
_MAX_LINE = 160
_CONTEXT = 60


def render(outcome: Outcome) -> str:
    """Return the report; notes are summed up, one line a rule, unless they are asked for."""
    lines: list[str] = []
    shown = [finding for finding in outcome.counted if outcome.show_notes or finding.severity != "note"]
    limit = outcome.max_findings or len(shown)
    for finding in shown[:limit]:
        lines += _finding(finding, outcome)
        lines.append("")
    if len(shown) > limit:
        lines += [f"… and {len(shown) - limit} more findings (--max-findings {limit})", ""]
    if not outcome.show_notes:
        lines += _notes(outcome)
    lines.append(_summary(outcome))
    return "\n".join(lines) + "\n"


def _paint(text: str, style: str, outcome: Outcome) -> str:
    return f"\x1b[{_COLORS[style]}m{text}\x1b[0m" if outcome.color else text


def _finding(finding: Finding, outcome: Outcome) -> Iterator[str]:
    place = finding.place
    where = f"{safe_path(place.path)}:{place.line}:{place.column}"
    severity = _paint(finding.severity, finding.severity, outcome)
    yield f"{_paint(where, 'bold', outcome)} {severity} {finding.rule}: {safe_text(finding.message)}"
    yield from _excerpt(place, finding.severity, outcome)
    for other in finding.related:
        there = f"{safe_text(other.path)}:{other.line}:{other.column} {safe_text(other.note)}"
        yield f"     {_paint('see', 'dim', outcome)} {there}".rstrip()
    rule = outcome.rules.rules.get(finding.rule)
    if rule is not None and rule.fix:
        yield f"     {_paint('fix', 'dim', outcome)} {' '.join(rule.fix.split())}"


def _excerpt(place: Place, severity: str, outcome: Outcome) -> Iterator[str]:
    """The line of a finding and a caret line; long lines are cut around the words, tabs shown as one blank."""
    source = outcome.sources.get(place.path)
    if source is None:
        return
    text = shown_line(source, place.line, outcome.secrets.get(place.path, ())).replace("\t", " ")
    start = min(place.column - 1, len(text))
    end = place.end_column - 1 if place.end_line == place.line else len(text)
    end = max(min(end, len(text)), start)
    first = max(0, start - _CONTEXT) if len(text) > _MAX_LINE else 0
    last = min(len(text), first + _MAX_LINE)
    before, marked, after = text[first:start], text[start : min(end, last)], text[end:last]
    opening, closing = "…" if first else "", "…" if last < len(text) else ""
    yield f"{place.line:>4} | {opening}{safe_text(before + marked + after)}{closing}".rstrip()
    carets = _paint("^" * max(_width(marked), 1), severity, outcome)
    yield f"     | {' ' * _width(opening + before)}{carets}"


def _width(text: str) -> int:
    """How many cells of a terminal a text takes: control characters are spelled out, wide letters take two cells."""
    if text.isascii() and text.isprintable():
        return len(text)
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - most lines are ASCII

    return sum(
        0 if category(letter) in ("Mn", "Me") else 2 if east_asian_width(letter) in ("W", "F") else 1
        for letter in safe_text(text)
    )


def _notes(outcome: Outcome) -> Iterator[str]:
    by_rule: dict[str, list[Finding]] = {}
    for finding in outcome.counted:
        if finding.severity == "note":
            by_rule.setdefault(finding.rule, []).append(finding)
    for name, found in sorted(by_rule.items()):
        first = found[0].place
        title = outcome.rules.rules[name].title if name in outcome.rules.rules else name
        places = f"{len(found)} place{'s' if len(found) > 1 else ''}, first {safe_text(first.path)}:{first.line}"
        yield f"{_paint('note', 'note', outcome)} {name}: {title} ({places})"
    if by_rule:
        yield ""


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _summary(outcome: Outcome) -> str:
    """`2 errors, 1 warning, 3 notes in 14 files; 5 values could not be resolved; 1 silenced`."""
    counts = outcome.summary
    findings = ", ".join(_plural(counts[f"{word}s"], word) for word in ("error", "warning", "note"))
    parts = [f"{findings} in {_plural(counts['files'], 'file')}"]
    if counts["in_fixtures"]:
        parts.append(f"{counts['in_fixtures']} of them in test and example folders")
    if counts["unresolved"]:
        parts.append(f"{_plural(counts['unresolved'], 'question')} left open because a value could not be resolved")
    if counts["suppressed"]:
        parts.append(f"{counts['suppressed']} silenced")
    if counts["unreadable"]:
        parts.append(f"{_plural(counts['unreadable'], 'part')} could not be read")
    return "; ".join(parts) + "."
