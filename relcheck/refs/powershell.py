"""PowerShell text to simple commands, wherever they stand: in pipes, blocks, conditions, substitutions, assignments.

    statement = command | expression | variable "=" statement | keyword …, up to a line end, ";", "&&", "||" or "|"
    command   = ["&" | "."] word { word | "(" statements ")" | "{" statements "}" }
    word      = letters, `escaped ones, 'text', "text with $variables and $(statements)"
    comment   = "#" to the end of the line, "<#" … "#>"

(PowerShell documentation: about_Parsing, about_Quoting_Rules, about_Variables.) A variable that the text sets once to a
literal is its value, every other one is not known. Offsets are those of the given source.

`[Type]::Method("text", …)` is a command with its texts as words where the method is one of `_METHOD`. Text that a
statement yields, `"text" | command`, `"text" > FILE` or `$name = "text"`, is a command without words that has the text
as its here-document, in the last case as the value of an assignment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from relcheck.refs import MARK
from relcheck.refs.shell import MAX_COMMANDS, Assignment, Redirect, SimpleCommand, Word
from relcheck.source import Piece, Source, joined

_BLANK = re.compile(r"(?:[ \t,]+|`\r?\n|<#.*?(?:#>|\Z)|#[^\r\n]*)+", re.DOTALL)
"""What stands between tokens: blanks, continued lines, comments (inside a word `#` is a letter)."""
_BREAK = re.compile(r"(?:\r?\n|\r|;)")
_REDIRECT = re.compile(r"(?P<from>[\d*])?(?P<operator>>>?)(?P<stream>&\d)?")
_TEXT = re.compile(r"['\"]|@['\"]|\$\w+(?![\w.:\[(])")
"""How an expression begins whose value is a text as it is written, or a variable that may hold one."""
_METHOD = re.compile(
    r"\[(?:System\.)?(?:IO\.File\]::(?:WriteAllText|AppendAllText|WriteAllLines)|Environment\]::SetEnvironmentVariable)",
    re.IGNORECASE,
)
_NAME = re.compile(r"\$(?:(?:script|global|local|private):)?(?P<name>\w+)[ \t]*=?", re.IGNORECASE)
_HERE = re.compile(r"@(?P<quote>['\"])[ \t]*\r?\n(?P<body>.*?)\r?\n(?P=quote)@", re.DOTALL)
_SINGLE = re.compile(r"'(?:[^']|'')*'?")
_DOUBLE = re.compile(r"[^\"`$]+")
_BARE = re.compile(r"[^\s`$'\"(){};|&,#]+|#")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[^{}\r\n]{1,100})\}|(?P<name>(?:\w+:)?\w+)|[?$^])")
_MEMBERS = re.compile(r"(?:(?:\.|::)\w+|\[[^\[\]\r\n]{0,80}\])+")
_SET = re.compile(r"\$(?:(?:script|global|local|private):)?(?P<name>\w+)[ \t]*(?:[-+*/]|\?\?)?=(?!=)", re.IGNORECASE)
_SET_PLAIN = re.compile(
    r"(?m)^[ \t]*\$(?:(?:script|global|local|private):)?(?P<name>\w+)[ \t]*=[ \t]*"
    r"(?:'(?P<single>[^'\r\n]*)'|\"(?P<double>[^\"$`\r\n]*)\")[ \t]*;?[ \t]*(?:#[^\r\n]*)?\r?$",
    re.IGNORECASE,
)
_PARAM = re.compile(r"\bparam\s*\(", re.IGNORECASE)
_LOOP = re.compile(r"\bforeach\s*\(\s*\$(?P<name>\w+)", re.IGNORECASE)
_BLOCKS = frozenset((
    "if", "elseif", "else", "switch", "for", "foreach", "while", "do", "until", "try", "catch", "finally", "trap", "begin",
    "process", "end", "param", "dynamicparam", "clean", "function", "filter", "class", "enum", "workflow", "configuration",
))  # fmt: skip
_BEFORE_STATEMENT = frozenset(("return", "throw", "exit"))
_CONDITIONS = frozenset(("if", "elseif", "else", "switch"))
_EXPRESSION = re.compile(r"[$\"'@\[\d+!-]")
_NAMED = re.compile(r"\w+=")
"""An argument of an attribute, `Mandatory=$true`."""
_DEEPEST = 8
_FRAMES = 200


def parse_powershell(
    source: Source, *, expressions: re.Pattern[str] | None = None, variables: Mapping[str, str] | None = None
) -> list[SimpleCommand]:
    """Return every simple command, in the order of the text; `expressions` are markers of the format around it."""
    text = source.text if expressions is None else expressions.sub(lambda match: MARK * len(match[0]), source.text)
    known = {name.lower(): value for name, value in (variables or {}).items()}
    script = _Script(source, text, {**known, **_literals(text)})
    script.read(0, len(text), 0)
    found = sorted(script.found, key=lambda item: item[0])[:MAX_COMMANDS]
    return [SimpleCommand(index=number, **said) for number, (_, said) in enumerate(found)]


def _literals(text: str) -> dict[str, str]:
    """Return the variables that are set exactly once, to a literal, and that nobody may hand over."""
    sets: dict[str, int] = {}
    for match in _SET.finditer(text):
        sets[match["name"].lower()] = sets.get(match["name"].lower(), 0) + 1
    for match in _LOOP.finditer(text):
        sets[match["name"].lower()] = 2
    handed = _parameters(text)
    found = {}
    for match in _SET_PLAIN.finditer(text):
        name = match["name"].lower()
        if sets.get(name) == 1 and not any(start <= match.start() < end for start, end in handed):
            found[name] = match["single"] if match["single"] is not None else match["double"]
    return found


def _parameters(text: str) -> list[tuple[int, int]]:
    """Return where `param( … )` declares what a caller may hand over."""
    out: list[tuple[int, int]] = []
    for match in _PARAM.finditer(text):
        if out and match.start() < out[-1][1] or len(out) >= _FRAMES:
            continue
        depth, at = 1, match.end()
        for found in re.compile(r"[()]").finditer(text, at):
            depth += 1 if found[0] == "(" else -1
            at = found.end()
            if not depth:
                break
        out.append((match.start(), at if not depth else len(text)))
    return out


class _Frame:
    """One level of brackets: the statement that is read there, and the pipe that it belongs to."""

    def __init__(self, bracket: str = "", *, conditional: bool = False, inside: str = "", outer: str = "") -> None:
        self.bracket = bracket
        self.lines: list[Word] = []
        self.conditional = conditional
        self.inside = inside
        self.outer = outer
        self.pipe: list[tuple[int, dict[str, Any]]] = []
        self.begin()

    def begin(self) -> None:
        """Expect the beginning of a statement."""
        self.mode = "start"
        self.keyword = ""
        self.start = -1
        self.words: list[Word] = []
        self.redirects: list[Redirect] = []
        self.assigned = False
        self.called = False
        self.name = ""
        self.texts: list[Word] = []
        self.glue = "\n"
        self.operated = False

    def adds(self, word: Word) -> None:
        """Take a text of the expression, unless an operator has changed what stands before."""
        if not self.operated:
            self.texts.append(word)


class _Script:
    """One text; `broken` once a bracket that is never closed was met, so that none is looked for again."""

    def __init__(self, source: Source, text: str, known: Mapping[str, str]) -> None:
        self._source = source
        self._text = text
        self._known = known
        self._broken = False
        self._inner: list[tuple[int, int, str]] = []
        self.found: list[tuple[int, dict[str, Any]]] = []

    def read(self, start: int, end: int, depth: int, outer: str = "") -> None:
        """Collect the commands of a stretch, then those of the substitutions inside its words."""
        self._inner = []
        self._statements(start, end, outer)
        inner, self._inner = self._inner, []
        for first, last, around in inner if depth < _DEEPEST else ():
            self.read(first, last, depth + 1, around)

    def _statements(self, at: int, end: int, outer: str) -> None:
        stack = [_Frame(inside="substitution" if outer else "", outer=outer)]
        while at < end and len(self.found) < MAX_COMMANDS:
            at = self._skipped(at, end)
            if at < end:
                at = self._step(stack, at, end)
        while stack:
            self._ended(stack.pop())

    def _skipped(self, at: int, end: int) -> int:
        """Return where the next token begins: blanks, comments and continued lines are none."""
        match = _BLANK.match(self._text, at, end)
        return at if match is None else match.end()

    def _step(self, stack: list[_Frame], at: int, end: int) -> int:
        """Read one token and return where it ends."""
        frame, letter = stack[-1], self._text[at]
        match = _BREAK.match(self._text, at, end)
        if match is not None:
            if not (frame.mode == "start" and frame.pipe):  # a line may end behind a pipe
                self._ended(frame)
            return match.end()
        if letter in "|&":
            return self._operator(frame, at)
        if letter in ")}":
            return self._closed(stack, at)
        if letter in "({" or self._text.startswith(("@(", "@{", "$("), at):
            return self._opened(stack, at)
        redirect = _REDIRECT.match(self._text, at, end) if frame.mode == "command" or frame.texts else None
        if redirect is not None:
            return self._redirected(frame, redirect, end)
        return self._token(frame, at, end)

    def _operator(self, frame: _Frame, at: int) -> int:
        if self._text.startswith(("||", "&&"), at):
            self._ended(frame)
            return at + 2
        if self._text[at] == "|":
            self._piped(frame)
        elif frame.mode == "command":  # a job in the background
            self._ended(frame)
        else:
            frame.called = frame.mode == "start"
        return at + 1

    def _opened(self, stack: list[_Frame], at: int) -> int:
        frame = stack[-1]
        size = 2 if self._text[at] in "@$" else 1
        program = frame.words[0].text if frame.mode == "command" and frame.words else ""
        bracket = self._text[at + size - 1]
        inside = "substitution" if bracket == "(" and (program or frame.assigned) else ""
        conditional = frame.conditional or frame.keyword in _CONDITIONS and bracket == "{"
        if len(stack) < _FRAMES:
            stack.append(_Frame(bracket, conditional=conditional, inside=inside, outer=program if inside else ""))
        return at + size

    def _closed(self, stack: list[_Frame], at: int) -> int:
        """End a level: for a command around it what stood there is a word that is not known."""
        if len(stack) == 1:
            return at + 1
        inner = stack.pop()
        self._ended(inner)
        texts = inner.lines
        frame, closing = stack[-1], self._text[at]
        if frame.mode == "command" and frame.words and _METHOD.fullmatch(frame.words[0].text):
            frame.words += texts
        elif frame.mode == "command":
            frame.words.append(
                Word(source=self._source.embed(MARK, (Piece(0, 1, at, at + 1),), "variable"), static=False)
            )
        elif closing == "}" and frame.mode == "block":
            frame.begin()
        elif frame.mode == "start" and closing == ")":
            frame.mode, frame.start = "expression", at
            frame.texts += texts
        return at + 1

    def _redirected(self, frame: _Frame, match: re.Match[str], end: int) -> int:
        at = match.end()
        if match["stream"]:
            return at
        at = self._skipped(at, end)
        target, last = self._word(at, end, "")
        frame.redirects.append(Redirect(operator=match["operator"], target=target, descriptor=match["from"] or ""))
        return max(last, match.end())

    def _token(self, frame: _Frame, at: int, end: int) -> int:
        """Read a word and decide what it is where it stands."""
        program = frame.words[0].text if frame.words else ""
        word, last = self._word(at, end, program)
        text = word.text
        if text in ("=", "+=", "??=") or (frame.mode == "start" and text.endswith("=") and text[:1] == MARK):
            written = frame.texts[0].source if frame.texts else word.source
            place = written.all()
            named = (
                _NAME.fullmatch(written.root.text[place.start : place.end]) if text in ("=", text[:1] + "=") else None
            )
            frame.begin()
            frame.assigned = True
            frame.name = named["name"].lower() if named is not None else ""
        elif frame.mode == "command":
            frame.words.append(word)
        elif frame.mode == "start":
            self._begun(frame, word, at)
        elif frame.mode == "expression":
            self._operated(frame, word, at)
        return last

    def _operated(self, frame: _Frame, word: Word, at: int) -> None:
        """Read on in an expression: `"a" + "b"` is one text, `"a", "b"` are lines, other operators make it another."""
        if _TEXT.match(self._text, at):
            frame.adds(word)
        elif word.text == "+":
            frame.glue = ""
        else:
            frame.operated = True

    def _begun(self, frame: _Frame, word: Word, at: int) -> None:
        keyword = word.text.lower()
        if keyword in _BEFORE_STATEMENT:
            return
        if keyword in _BLOCKS and self._text[at] not in "'\"":
            frame.mode, frame.keyword = "block", keyword
        elif word.text == "." or not word.text:
            return
        elif (
            not frame.called
            and not _METHOD.fullmatch(word.text)
            and (_EXPRESSION.match(self._text, at) or _NAMED.match(word.text))
        ):
            frame.mode, frame.start = "expression", at
            if _TEXT.match(self._text, at):
                frame.adds(word)
        else:
            frame.mode, frame.start = "command", at
            cut = word.text.rfind("\\") + 1
            frame.words = [Word(source=word.source.part(cut, len(word.text)), static=word.static) if cut else word]

    def _piped(self, frame: _Frame) -> None:
        """End a member of a pipe."""
        if frame.mode == "command" and frame.words and frame.words[0].text:
            said = {
                "words": tuple(frame.words), "redirects": tuple(frame.redirects), "conditional": frame.conditional,
                "inside": frame.inside or ("substitution" if frame.assigned else ""), "outer": frame.outer,
            }  # fmt: skip
            frame.pipe.append((frame.start, said))
        elif frame.texts and not frame.pipe:
            frame.lines += frame.texts
            frame.pipe.append((frame.start, self._said(frame)))
        elif frame.mode != "start":
            frame.pipe.append((-1, {}))
        assigned = frame.assigned
        frame.begin()
        frame.assigned = assigned

    def _said(self, frame: _Frame) -> dict[str, Any]:
        """Return what a text is as a member of a pipe."""
        body = joined(self._source, [word.source for word in frame.texts], frame.glue)
        if len(frame.texts) == 1:
            body = frame.texts[0].source
        value = Word(source=body, static=MARK not in body.text)
        return {
            "words": (), "redirects": (Redirect(operator="<<", body=body), *frame.redirects),
            "assignments": (Assignment(frame.name, value),) if frame.name else (),
        }  # fmt: skip

    def _ended(self, frame: _Frame) -> None:
        """End a statement: its commands know their neighbours in the pipe now."""
        self._piped(frame)
        frame.assigned = False
        names = [str(said["words"][0].text) if said and said["words"] else "" for _, said in frame.pipe]
        for number, (start, said) in enumerate(frame.pipe):
            if said and (said["words"] or len(frame.pipe) > 1 or said["assignments"] or len(said["redirects"]) > 1):
                before = names[number - 1] if number else ""
                behind = names[number + 1] if number + 1 < len(names) else ""
                self.found.append((start, {**said, "piped_from": before, "piped_to": behind}))
        frame.pipe = []

    def _word(self, at: int, end: int, program: str) -> tuple[Word, int]:
        """Read one word: stretches of text as they are, in quotes, escaped, and what is not known."""
        parts: list[tuple[str, int, int]] = []
        start, whole = at, False
        here = _HERE.match(self._text, at, end)
        if here is not None:
            parts, at, whole = [], here.end(), True
            if here["quote"] == "'":
                parts = [(here["body"], *here.span("body"))]
            else:
                self._double(here.start("body"), here.end("body"), parts, program)
        while at < end and not whole:
            stop = self._piece(at, end, parts, program)
            if stop == at:
                break
            at = stop
        return self._made(parts, start, at), max(at, start + 1)

    def _piece(self, at: int, end: int, parts: list[tuple[str, int, int]], program: str) -> int:
        letter = self._text[at]
        if letter == "'":
            match = _SINGLE.match(self._text, at, end)
            assert match is not None
            inner = match[0][1:].removesuffix("'")
            parts.append((inner.replace("''", "'"), at + 1, at + 1 + len(inner)))
            return match.end()
        if letter == '"':
            return self._double(at + 1, end, parts, program, quoted=True)
        if letter == "`" and at + 1 < end and self._text[at + 1] not in "\r\n":
            parts.append((self._text[at + 1], at, at + 2))
            return at + 2
        if letter == "$":
            return self._expanded(at, end, parts, program, bare=True)
        match = _BARE.match(self._text, at, end)
        if match is None or (match[0] == "#" and not parts):
            return at
        parts.append((match[0], at, match.end()))
        return match.end()

    def _double(
        self, at: int, end: int, parts: list[tuple[str, int, int]], program: str, *, quoted: bool = False
    ) -> int:
        """Read text in double quotes up to the quote that ends it, or all of a here-text."""
        if quoted and at < end and self._text[at] == '"' and self._text[at + 1 : at + 2] != '"':
            parts.append(("", at, at))
        while at < end:
            match = _DOUBLE.match(self._text, at, end)
            if match is not None:
                parts.append((match[0], at, match.end()))
                at = match.end()
                continue
            letter = self._text[at]
            if letter == "`":
                parts.append((self._text[at + 1 : at + 2], at, min(at + 2, end)))
                at += 2
            elif letter == "$":
                at = self._expanded(at, end, parts, program, bare=False)
            elif quoted and self._text[at + 1 : at + 2] == '"' and at + 1 < end:
                parts.append(('"', at, at + 2))
                at += 2
            elif quoted:
                return at + 1
            else:
                parts.append((letter, at, at + 1))
                at += 1
        return min(at, end)

    def _expanded(self, at: int, end: int, parts: list[tuple[str, int, int]], program: str, *, bare: bool) -> int:
        """Read `$name`, `${name}`, `$env:NAME` or `$(statements)`; members of a value are not known."""
        if self._text.startswith("$(", at):
            last = self._matching(at + 2, end)
            self._inner.append((at + 2, max(at + 2, last - 1), program))
            parts.append((MARK, at, last))
            return last
        match = _VARIABLE.match(self._text, at, end)
        if match is None:
            parts.append(("$", at, at + 1))
            return at + 1
        members = _MEMBERS.match(self._text, match.end(), end) if bare else None
        last = members.end() if members is not None else match.end()
        name = (match["braced"] or match["name"] or "").lower()
        value = self._known.get(name.partition(":")[2] if name.startswith(("script:", "global:", "local:")) else name)
        parts.append((MARK if value is None or members is not None else value, at, last))
        return last

    def _matching(self, at: int, end: int) -> int:
        """Return where the bracket is closed that was opened before `at`; the end where it never is."""
        depth = 1
        pattern = re.compile(r"[()]|'[^']*'|`.")
        for match in pattern.finditer(self._text, at, end) if not self._broken else ():
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if not depth:
                return match.end()
        self._broken = True
        line = self._text.find("\n", at, end)
        return line if line >= 0 else end

    def _made(self, parts: list[tuple[str, int, int]], start: int, end: int) -> Word:
        if len(parts) == 1 and self._source.text[parts[0][1] : parts[0][2]] == parts[0][0]:
            return Word(source=self._source.part(parts[0][1], parts[0][2]), static=MARK not in parts[0][0])
        pieces: list[Piece] = []
        words: list[str] = []
        size, unknown = 0, False
        for text, first, last in parts:
            unknown = unknown or self._source.text[first:last].startswith("$") or MARK in text
            kept = MARK if text.strip(MARK) == "" and text else text
            pieces.append(Piece(size, size + len(kept), first, last))
            words.append(kept)
            size += len(kept)
        made = "".join(words)
        covers = tuple(pieces) or (Piece(0, 0, start, end),)
        form = "variable" if unknown else "composed"
        return Word(source=self._source.embed(made, covers, form), static=MARK not in made)
