r"""Dockerfiles as instructions whose values know their place (the line grammar of BuildKit's parser).

    file         = directives, then instructions and comments
    directive    = "#" ("syntax" | "escape" | "check") "=" value, only at the very top
    instruction  = word value, over several lines where a line ends in the escape character
    continuation = comment lines and blank lines within it are dropped
    heredoc      = [n]<<[-]WORD in RUN, COPY and ADD; its body follows the instruction

Which lines make an instruction is dockerfile-parse's answer, asked of a masked copy: bodies of heredocs and blank lines
within a continuation become comment lines there, so that line numbers stay. The values are cut from the file itself.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from dockerfile_parse import DockerfileParser

from relcheck.patterns import lazy_pattern
from relcheck.source import Piece, Source, Span

_DIRECTIVE = lazy_pattern(r"#[ \t]*(syntax|escape|check)[ \t]*=[ \t]*(\S.*?)[ \t\r]*$", re.IGNORECASE)
_SLASHED = lazy_pattern(r"//[ \t]*(syntax)[ \t]*=[ \t]*(\S.*?)[ \t\r]*$", re.IGNORECASE)
_HEREDOC = lazy_pattern(r"\d*<<(-?)([^<]+)")
_TAKES_HEREDOC = lazy_pattern(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s+(?!\[)", re.IGNORECASE)
_RAW_WORD = lazy_pattern(r"""(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|[^\s'"\\]|\\$)+""")
_BARE = lazy_pattern(r"\s*([A-Za-z]+)")
_QUOTES = lazy_pattern(r"['\"\\]")
_NO_CONTINUATION = "\ue000"


class Directive(NamedTuple):
    """A parser directive at the top of the file."""

    name: str
    value: Source


class Heredoc(NamedTuple):
    """A heredoc of an instruction: `body` without its terminator, `strip` for `<<-`, which drops leading tabs.

    quoted: a part of its word stands in quotes, so that nothing in the body is expanded.
    """

    name: str
    strip: bool
    body: Source
    quoted: bool = False


class Instruction(NamedTuple):
    """An instruction: its word in upper case, its value without continuations, and the heredocs that follow it.

    script: the value and behind it, on lines of their own, its heredocs with their terminators, as a shell reads it.
    """

    name: str
    value: Source
    script: Source
    heredocs: tuple[Heredoc, ...]
    span: Span


class Fault(NamedTuple):
    """A place that the format forbids, with the reason."""

    span: Span
    reason: str


class Lines(NamedTuple):
    """A Dockerfile, line by line understood."""

    escape: str
    directives: tuple[Directive, ...]
    instructions: tuple[Instruction, ...]
    faults: tuple[Fault, ...]


class _Body(NamedTuple):
    """The lines of a heredoc's body: first, one behind the last; the terminator stands on line `end`."""

    name: str
    strip: bool
    first: int
    end: int
    quoted: bool


def read_lines(source: Source) -> Lines:
    """Split a Dockerfile into its directives and instructions; what is wrong with it comes back as faults."""
    work = _Work(source)
    directives = work.directives()
    work.mask()
    instructions = tuple(work.instructions())
    return Lines(work.escape, directives, instructions, tuple(work.faults))


class _Work:
    """One file on its way from lines to instructions."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = source.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.masked = list(self.lines)
        self.escape = "\\"
        self.bodies: dict[int, list[_Body]] = {}
        self.faults: list[Fault] = []
        self._where: dict[bool, dict[str, list[int]]] = {}

    def directives(self) -> tuple[Directive, ...]:
        """Read the directives; a comment, a blank line, an instruction or an unknown name ends them."""
        found: dict[str, Directive] = {}
        first = 1 if self.lines[0].startswith("#!") else 0
        for number in range(first, len(self.lines)):
            match = self._directive(number)
            if match is None:
                break
            name = match[1].lower()
            start = self.starts[number]
            value = self.source.part(start + match.start(2), start + match.end(2))
            if name in found:
                self.faults.append(Fault(value.all(), f"the directive {name} stands twice"))
                continue
            if name == "escape" and match[2] not in ("\\", "`"):
                self.faults.append(Fault(value.all(), "the escape character is \\ or `"))
            elif name == "escape":
                self.escape = match[2]
            found[name] = Directive(name, value)
        return tuple(found.values())

    def _directive(self, number: int) -> re.Match[str] | None:
        line = self.lines[number]
        at = len(line) - len(line.lstrip())
        match = _DIRECTIVE.match(line, at) or _SLASHED.match(line, at)
        # BuildKit's search for a frontend reads no line that begins with a blank.
        return None if match and at and match[1].lower() == "syntax" else match

    def mask(self) -> None:
        """Make the copy that dockerfile-parse understands, and find the bodies of heredocs."""
        mark = re.escape(self.escape)
        self.continued = re.compile(rf"(?:^|(?<=[^{mark}])){mark}[ \t\r]*$")
        at, count = 0, len(self.lines)
        while at < count:
            text = self.lines[at].strip()
            if not text or text.startswith("#"):
                at += 1
                continue
            at = self._mask_instruction(at)

    def _mask_instruction(self, start: int) -> int:
        """Mask one instruction from its first line on; return the line behind it and its heredocs."""
        at, count, head, last = start, len(self.lines), [], start
        while at < count:
            line = self.lines[at]
            text = line.strip()
            if at > start and (not text or text.startswith("#")):
                self.masked[at] = "#"
                at += 1
                continue
            match = self.continued.search(line)
            head.append(line[: match.start()] if match else line)
            self._mask_line(start, at, match)
            last = at
            at += 1
            if match is None:
                break
        else:
            self.masked[last] = self.continued.sub("", self.lines[last])  # a file may end within a continuation
        return self._mask_heredocs(start, at, "".join(head))

    def _mask_line(self, start: int, at: int, match: re.Match[str] | None) -> None:
        line = self.lines[at]
        if match is None:
            if line.strip().endswith(self.escape):
                self.masked[at] = line + _NO_CONTINUATION
        elif at > start:
            self.masked[at] = "#"  # only the first and the last line of an instruction matter for where it ends
        elif word := _BARE.fullmatch(line, 0, match.start()):
            self.masked[at] = f"{word[1]} {self.escape}"

    def _mask_heredocs(self, start: int, at: int, head: str) -> int:
        if "<<" not in head or not _TAKES_HEREDOC.match(head):
            return at
        for word in _RAW_WORD.findall(head):
            match = _HEREDOC.fullmatch(word)
            name = _QUOTES.sub("", match[2]) if match else ""
            if not match or not name or re.search(r"[()|&;]", match[2]):
                continue
            end = self._terminator(name, at, strip=bool(match[1]))
            if end < 0:
                line = Span(self.starts[start], self.starts[start] + len(self.lines[start].rstrip()))
                self.faults.append(Fault(self.source.at(line.start, line.end), f"the heredoc {name} has no end"))
                continue
            self.masked[at : end + 1] = ["#"] * (end + 1 - at)
            self.bodies.setdefault(start, []).append(_Body(name, bool(match[1]), at, end, quoted=name != match[2]))
            at = end + 1
        return at

    def _terminator(self, name: str, at: int, *, strip: bool) -> int:
        """Return the first line from `at` on that is the terminator, or -1; each line is indexed once."""
        if strip not in self._where:
            index: dict[str, list[int]] = {}
            for number, line in enumerate(self.lines):
                text = line.rstrip("\r")
                index.setdefault(text.lstrip("\t") if strip else text, []).append(number)
            self._where[strip] = index
        places = self._where[strip].get(name, [])
        found = bisect_left(places, at)
        return places[found] if found < len(places) else -1

    def instructions(self) -> Iterator[Instruction]:
        """Yield the instructions that dockerfile-parse finds in the masked copy."""
        text, offset = "\n".join(self.masked), 0
        if self.escape != "\\":
            text, offset = f"# escape={self.escape}\n{text}", 1
        data = io.BytesIO(text.encode("utf-8", "replace"))
        for found in DockerfileParser(fileobj=data, env_replace=False).structure:
            if found["instruction"] != "COMMENT":
                first = found["startline"] - offset
                yield self._instruction(found["instruction"], first, found["endline"] - offset)

    def _instruction(self, name: str, first: int, last: int) -> Instruction:
        text, pieces = self._join(first, last)
        cut = len(text) - len(text.lstrip())
        word = self.source.at(pieces[0].parent_start + cut, pieces[0].parent_start + cut + len(name))
        cut += len(name)
        cut += len(text[cut:]) - len(text[cut:].lstrip())
        pieces = _without_head(pieces, cut)
        text = text[cut:].rstrip()
        form = "continued" if self.escape == "\\" else f"continued-{self.escape}"
        value = self.source.embed(text, tuple(pieces), form)
        bodies = self.bodies.get(first, [])
        script = self._script(text, pieces, bodies, form) if bodies else value
        return Instruction(name.upper(), value, script, tuple(map(self._heredoc, bodies)), word)

    def _join(self, first: int, last: int) -> tuple[str, list[Piece]]:
        out: list[str] = []
        pieces: list[Piece] = []
        size = 0
        for number in range(first, min(last + 1, len(self.lines))):
            line = self.lines[number]
            if number > first and (not line.strip() or line.lstrip().startswith("#")):
                continue
            match = self.continued.search(line)
            words = line[: match.start()] if match else line.rstrip("\r")
            if words or not pieces:
                start = self.starts[number]
                pieces.append(Piece(size, size + len(words), start, start + len(words)))
                out.append(words)
                size += len(words)
            if match is None:
                break
        return "".join(out), pieces

    def _script(self, text: str, pieces: list[Piece], bodies: list[_Body], form: str) -> Source:
        begin = self.starts[bodies[0].first]
        last = bodies[-1].end
        end = self.starts[last] + len(self.lines[last])
        size = len(text)
        tail = Piece(size + 1, size + 1 + end - begin, begin, end)
        kept = [*(piece for piece in pieces if piece.start < size), Piece(size, size + 1, begin - 1, begin), tail]
        return self.source.embed(f"{text}\n{self.source.text[begin:end]}", tuple(kept), form)

    def _heredoc(self, body: _Body) -> Heredoc:
        begin, end = self.starts[body.first], self.starts[body.end]
        if not body.strip:
            return Heredoc(body.name, body.strip, self.source.part(begin, end), body.quoted)
        out: list[str] = []
        pieces: list[Piece] = []
        size = 0
        for number in range(body.first, body.end):
            line = self.lines[number] + "\n"
            words = line.lstrip("\t")
            stop = self.starts[number] + len(line)
            pieces.append(Piece(size, size + len(words), stop - len(words), stop))
            out.append(words)
            size += len(words)
        return Heredoc(body.name, body.strip, self.source.embed("".join(out), tuple(pieces), "tabs"), body.quoted)


def _without_head(pieces: list[Piece], cut: int) -> list[Piece]:
    """Drop the first `cut` letters of a joined text; its pieces map letter for letter."""
    kept = []
    for piece in pieces:
        if piece.end <= cut and piece is not pieces[-1]:
            continue
        skipped = max(0, min(cut, piece.end) - piece.start)
        kept.append(Piece(piece.start + skipped - cut, piece.end - cut, piece.parent_start + skipped, piece.parent_end))
    return kept
