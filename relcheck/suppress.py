"""Findings that someone accepts: comments with a reason, patterns and entries of the configuration.

A comment `relcheck: ignore[rule, …] until=YYYY-MM-DD reason` silences those rules on its own line or, alone on a line,
on the next; an instruction continued over several lines is one line. A comment that silences nothing any more, has
expired, gives no reason or names no rule is a finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from relcheck.config import Accepted, Settings, is_past, nearest, per_file_ignored
from relcheck.discover import glob_pattern
from relcheck.facts import Suppression
from relcheck.findings import Finding, Place
from relcheck.patterns import lazy_pattern
from relcheck.readers import BY_NAME
from relcheck.rules import RuleSet
from relcheck.scan import Judging, Read, judge_facts

_WORDS = lazy_pattern(
    r"relcheck:\s*ignore\[(?P<rules>[^\]\r\n]*)\][ \t]*(?:until=(?P<until>\S+)[ \t]*)?(?P<reason>[^\r\n]*)"
)
_CLOSING = lazy_pattern(r"\s*(?:-->|\*/\s*-?\}\}|\*/)\s*$")


class Comment:
    """One suppressing comment: where it stands, what it names, which lines it covers, what it silenced."""

    __slots__ = ("end", "first", "last", "reason", "rules", "start", "until", "used")

    def __init__(self, start: int, end: int, first: int, last: int, match: re.Match[str]) -> None:
        self.start = start
        self.end = end
        self.first = first
        self.last = last
        self.rules = tuple(word.strip() for word in match["rules"].split(",") if word.strip())
        self.until = match["until"] or ""
        self.reason = _CLOSING.sub("", match["reason"]).removeprefix("reason=").strip()
        self.used: set[str] = set()

    @property
    def expired(self) -> bool:
        """Whether its date has passed: it silences nothing then."""
        return bool(self.until) and is_past(self.until)


def comments_of(read: Read) -> list[Comment]:
    """Return the suppressing comments of a file, in the comment syntax of its format."""
    text = read.source.text
    if "relcheck:" not in text or read.candidate.format not in BY_NAME:
        return []
    markers = BY_NAME[read.candidate.format].comments
    starts = _logical_lines(text)
    out = []
    for match in _WORDS.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        before = text[line_start : match.start()].rstrip()
        marker = next((mark for mark in markers if before.endswith(mark)), "")
        if not marker:
            continue
        line = read.source.position(match.start()).line
        alone = not before[: -len(marker)].strip()
        first, last = _covered(starts, line + 1 if alone else line)
        begin = line_start + len(before) - len(marker)
        out.append(Comment(begin, match.end(), min(first, line), last, match))
    return out


def _logical_lines(text: str) -> list[bool]:
    """For each line, whether it ends in a continuation (a backslash, or the backtick of a Dockerfile)."""
    escape = "`" if re.match(r"(?:#[^\n]*\n)*#[ \t]*escape[ \t]*=[ \t]*`", text, re.IGNORECASE) else "\\"
    return [line.rstrip("\r").rstrip(" \t").endswith(escape) for line in text.split("\n")]


def _covered(continued: Sequence[bool], line: int) -> tuple[int, int]:
    """Return the first and last line of the logical line that a 1-based line belongs to."""
    first = last = line
    while first > 1 and first - 2 < len(continued) and continued[first - 2]:
        first -= 1
    while last - 1 < len(continued) and continued[last - 1]:
        last += 1
    return first, last


class Suppressed:
    """Applies everything that silences, and keeps what became of it."""

    def __init__(self, rules: RuleSet, reads: Mapping[str, Read], *, inline: bool = True) -> None:
        self._rules = rules
        self._reads = reads
        self._inline = inline
        self._comments: dict[str, list[Comment]] = {}

    def apply(self, findings: Iterable[Finding], settings_of: Mapping[str, Settings]) -> list[Finding]:
        """Return the findings, the silenced ones marked with who silenced them and why."""
        return [self._applied(finding, settings_of.get(finding.place.path, Settings())) for finding in findings]

    def _applied(self, finding: Finding, settings: Settings) -> Finding:
        if self._inline:
            for place in (finding.place, *finding.related):
                for comment in self._of(place.path):
                    if self._silences(comment, finding, place):
                        return finding.replace(suppressed="inline", reason=comment.reason or "no reason given")
        if finding.rule in per_file_ignored(settings, self._rules)(finding.place.path):
            origin = settings.origins.get("per-file-ignores", "configuration")
            return finding.replace(suppressed="config", reason=f"per-file-ignores in {origin}")
        for accepted in settings.accepted:
            if _accepts(accepted, finding, self._rules):
                return finding.replace(suppressed="config", reason=accepted.reason)
        return finding

    def _of(self, path: str) -> list[Comment]:
        if path not in self._comments:
            self._comments[path] = comments_of(self._reads[path]) if path in self._reads else []
        return self._comments[path]

    def _silences(self, comment: Comment, finding: Finding, place: Place) -> bool:
        names = {name for word in comment.rules for name in self._rules.resolve(word)}
        if finding.rule not in names or comment.expired:
            return False
        if not (comment.first <= place.end_line and place.line <= comment.last):
            return False
        comment.used.add(finding.rule)
        return True

    def leftovers(self, judging_of: Mapping[str, Judging]) -> list[Finding]:
        """Return the findings about comments that silence nothing, have expired, give no reason or name no rule."""
        out: list[Finding] = []
        if not self._inline:
            return out
        for path, read in self._reads.items():
            facts = [fact for comment in self._of(path) for fact in self._problems(read, comment, judging_of[path])]
            if facts:
                out += judge_facts(read, judging_of[path], facts)
        return out

    def _problems(self, read: Read, comment: Comment, judging: Judging) -> list[Suppression]:
        span = read.source.at(comment.start, comment.end)
        active = {rule.name for rule in judging.rules}
        out = []
        for word in comment.rules or ("",):
            names = self._rules.resolve(word)
            if not names:
                out.append(
                    Suppression(
                        span=span,
                        rules=comment.rules,
                        problem="unknown-rule",
                        detail=word + nearest_rule(word, self._rules),
                    )
                )
            elif comment.expired:
                out.append(Suppression(span=span, rules=comment.rules, problem="expired", detail=comment.until))
            elif not comment.used & set(names) and active & set(names):
                out.append(Suppression(span=span, rules=comment.rules, problem="unused", detail=word))
        if not comment.reason:
            out.append(Suppression(span=span, rules=comment.rules, problem="reasonless"))
        return out


def nearest_rule(word: str, rules: RuleSet) -> str:
    """Return a hint at the rule that was meant, in brackets, or the empty string."""
    hint = nearest(word, rules.rules)
    return f" ({hint.strip('; ?').replace('did you mean', 'nearest:')})" if "mean" in hint else ""


def _accepts(accepted: Accepted, finding: Finding, rules: RuleSet) -> bool:
    if finding.rule not in rules.resolve(accepted.rule) or (accepted.until and is_past(accepted.until)):
        return False
    if accepted.path and not glob_pattern(accepted.path).fullmatch(finding.place.path):
        return False
    return not accepted.coordinate or accepted.coordinate in finding.subject or accepted.coordinate in finding.message
