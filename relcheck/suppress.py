"""Findings that someone accepts: comments with a reason, patterns and entries of the configuration.

A comment `relcheck: ignore[rule, …] until=YYYY-MM-DD reason` silences those rules on its own line or, alone on a line,
on the next; an instruction continued over several lines is one line. A comment that silences nothing any more, has
expired, gives no reason or names no rule is a finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from relcheck.config import is_date, is_past, nearest
from relcheck.facts import Suppression
from relcheck.findings import Finding, Place
from relcheck.judge import speaks
from relcheck.patterns import lazy_pattern
from relcheck.readers import BY_NAME
from relcheck.redact import scrub
from relcheck.rules import Level, Rule, RuleSet
from relcheck.scan import Judging, Read, judge_facts
from relcheck.selection import Control
from relcheck.source import split_lines

_WORDS = lazy_pattern(
    r"relcheck:\s*ignore\[(?P<rules>[^\]\r\n]*)\][ \t]*(?:until=(?P<until>\S+)[ \t]*)?(?P<reason>[^\r\n]*)"
)
_NAMED = lazy_pattern(r"[^,\s](?:[^,]*[^,\s])?")
_CLOSING = lazy_pattern(r"\s*(?:-->|\*/\s*-?\}\}|\*/)\s*$")


class Comment:
    """One suppressing comment: where it stands, what it names, which lines it covers, what it silenced."""

    __slots__ = ("end", "first", "last", "places", "reason", "rules", "start", "until", "used")

    def __init__(self, start: int, end: int, first: int, last: int, match: re.Match[str]) -> None:
        self.start = start
        self.end = end
        self.first = first
        self.last = last
        named = [(found[0], match.start("rules") + found.start()) for found in _NAMED.finditer(match["rules"])]
        self.rules = tuple(scrub(word) for word, _ in named)
        self.places = tuple((at, at + len(word)) for word, at in named)
        self.until = match["until"] or ""
        self.reason = scrub(_CLOSING.sub("", match["reason"]).removeprefix("reason=").strip())
        self.used: set[str] = set()

    @property
    def expired(self) -> bool:
        """Whether its date has passed or is none: it silences nothing then."""
        return bool(self.until) and (not is_date(self.until) or is_past(self.until))


def comments_of(read: Read) -> list[Comment]:
    """Return the suppressing comments of a file, in the comment syntax of its format."""
    text = read.source.text
    if "relcheck:" not in text or read.candidate.format not in BY_NAME:
        return []
    markers = BY_NAME[read.candidate.format].comments
    continued = logical_lines(text, read.candidate.format)
    out = []
    for match in _WORDS.finditer(text):
        line_start = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
        before = text[line_start : match.start()].rstrip()
        marker = next((mark for mark in markers if before.endswith(mark)), "")
        if not marker:
            continue
        line = read.source.position(match.start()).line
        alone = not before[: -len(marker)].strip()
        first, last = covered(continued, line + 1 if alone else line)
        begin = line_start + len(before) - len(marker)
        out.append(Comment(begin, match.end(), min(first, line), last, match))
    return out


def logical_lines(text: str, file_format: str) -> list[bool]:
    """For each line, whether the next one continues it: a backslash, or the backtick that a Dockerfile may declare.

    A comment between the lines of a Dockerfile's instruction does not end it (Dockerfile reference, "Format").
    """
    docker = file_format == "dockerfile"
    backtick = docker and re.match(r"(?:#[^\n]*\n)*#[ \t]*escape[ \t]*=[ \t]*`", text, re.IGNORECASE)
    escape = "`" if backtick else "\\"
    out: list[bool] = []
    for line in split_lines(text):
        inside = docker and bool(out) and out[-1] and (not line.strip() or line.lstrip().startswith("#"))
        out.append(inside or line.rstrip().endswith(escape))
    return out


def covered(continued: Sequence[bool], line: int) -> tuple[int, int]:
    """Return the first and last line of the logical line that a 1-based line belongs to."""
    first = last = line
    while first > 1 and first - 2 < len(continued) and continued[first - 2]:
        first -= 1
    while last - 1 < len(continued) and continued[last - 1]:
        last += 1
    return first, last


class Suppressed:
    """Applies everything that silences, and keeps what became of it.

    `whole` says that everything was scanned: a part does not tell whether a comment silences nothing.
    """

    def __init__(self, rules: RuleSet, reads: Mapping[str, Read], *, whole: bool = True) -> None:
        self._rules = rules
        self._reads = reads
        self._whole = whole
        self._comments: dict[str, list[Comment]] = {}
        self.faults: dict[str, str] = {}

    def apply(self, findings: Iterable[Finding], control: Callable[[str], Control] | None = None) -> list[Finding]:
        """Return the findings, the silenced ones marked with who silenced them and why."""
        return [self._applied(finding, control) for finding in findings]

    def _applied(self, finding: Finding, control: Callable[[str], Control] | None) -> Finding:
        for place in (finding.place, *finding.related):
            for comment in self._of(place.path):
                if self._silences(comment, finding, place):
                    return finding.replace(suppressed="inline", reason=comment.reason or "no reason given")
        path = self._path(finding.place.path)
        reason = control(path).reason(finding, path) if control else ""
        return finding.replace(suppressed="config", reason=reason) if reason else finding

    def _path(self, shown: str) -> str:
        """Return the path that a place names, without the commit before it."""
        return self._reads[shown].view.path if shown in self._reads else shown

    def _of(self, path: str) -> list[Comment]:
        if path not in self._comments:
            self._comments[path] = comments_of(self._reads[path]) if path in self._reads else []
        return self._comments[path]

    def _silences(self, comment: Comment, finding: Finding, place: Place) -> bool:
        if not (comment.first <= place.end_line and place.line <= comment.last) or comment.expired:
            return False
        if not any(finding.rule in self._rules.resolve(word) for word in comment.rules):
            return False
        comment.used.add(finding.rule)
        return True

    def leftovers(self, judging_of: Callable[[str], Judging]) -> list[Finding]:
        """Return the findings about comments that silence nothing, have expired, give no reason or name no rule."""
        out: list[Finding] = []
        for path, read in self._reads.items():
            comments = self._of(path)
            facts = [fact for comment in comments for fact in self._problems(read, comment, judging_of(path))]
            if facts:
                found, faults = judge_facts(read, judging_of(path), facts)
                out += found
                self.faults |= faults
        return out

    def _problems(self, read: Read, comment: Comment, judging: Judging) -> list[Suppression]:
        whole = (comment.start, comment.end)
        # Of several names each is told at its own place: two of them may be wrong.
        places = comment.places if len(comment.places) > 1 else (whole,)
        told: list[tuple[str, str, tuple[int, int]]] = []
        for word, place in zip(comment.rules or ("",), places, strict=True):
            names = self._rules.resolve(word)
            if not names:
                told.append(("unknown-rule", word + nearest_rule(word, self._rules), place))
            elif comment.expired:
                told.append(("expired" if is_date(comment.until) else "bad-date", comment.until, whole))
            elif not comment.used & set(names) and self._would_speak(names, judging):
                told.append(("unused", word, place))
        if not comment.reason:
            told.append(("reasonless", "", whole))
        return [
            Suppression(span=read.source.at(*place), rules=comment.rules, problem=problem, detail=detail)
            for problem, detail, place in dict.fromkeys(told)
        ]

    def _would_speak(self, names: tuple[str, ...], judging: Judging) -> bool:
        """Whether the silence of some rule proves that nothing is there: it was judged, in every circumstance."""
        if not self._whole:
            return False
        return all(
            not rule.needs
            and all(rule.name in judging.asked or speaks(level.profile, judging.profile) for level in _usual(rule))
            for rule in (self._rules.rules[name] for name in names)
        ) and bool({rule.name for rule in judging.rules} & set(names))


def _usual(rule: Rule) -> tuple[Level, ...]:
    """Return the levels that hold without a condition: what a rule says of the usual case."""
    return tuple(level for level in rule.levels if not level.when) or rule.levels


def nearest_rule(word: str, rules: RuleSet) -> str:
    """Return a hint at the rule that was meant, in brackets, or the empty string."""
    hint = nearest(word, rules.rules)
    return f" ({hint.strip('; ?').replace('did you mean', 'nearest:')})" if "mean" in hint else ""
