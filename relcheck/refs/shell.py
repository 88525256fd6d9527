"""Shell text to simple commands, wherever they stand: in pipes, lists, substitutions, functions, conditions, loops.

tree-sitter's bash grammar gives the structure and survives mistakes. Words are static text, or text with unknown
stretches (`MARK`); a variable that the script sets once to a literal is its value. Offsets are those of the given source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tree_sitter
import tree_sitter_bash

from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.source import Piece, Source

_LANGUAGE = tree_sitter.Language(tree_sitter_bash.language())
_SIMPLE = re.compile(r"\$(?:(?P<name>\w+|[@*#?!$-])|\{(?P<braced>\w+)(?:(?P<operator>:?[-=])(?P<default>[^{}$`]*))?\})")
_ESCAPE = re.compile(r"\\(\r?\n|.)", re.DOTALL)
_DOUBLE_ESCAPE = re.compile(r"\\(\r?\n|[$`\"\\])")
_HARMLESS = frozenset(("true", ":", "echo", "printf", "exit 0", "return 0", "warn", "log", "logger"))
_PIPEFAIL = re.compile(r"(?:^|[\n;&|])\s*set\s+(?:-\w*\s+)*-\w*o\s+pipefail|shopt -so pipefail|^#!.*pipefail")
_NO_ERREXIT = re.compile(r"^\s*set\s+\+\w*e", re.MULTILINE)
_ERREXIT = re.compile(r"^\s*set\s+-\w*e", re.MULTILINE)
SHELLS = frozenset(("sh", "bash", "ash", "dash", "ksh", "mksh", "zsh"))
MAX_COMMANDS = 20_000


class Word(Record):
    """One word: its text as the program gets it, with `MARK` for what is not known; `source` maps it to the file."""

    source: Source
    static: bool

    @property
    def text(self) -> str:
        """The text of the word."""
        return self.source.text


class Assignment(Record):
    """`NAME=value`, before a command or on its own; `exported` by export, declare or readonly."""

    name: str
    value: Word


class Redirect(Record):
    """`> target`, or a here-document or here-string that is the command's input."""

    operator: str
    target: Word | None = None
    body: Source | None = None
    expands: bool = True


class SimpleCommand(Record):
    """A program with its words, and what stands around it.

    swallowed: its failure cannot fail the script; piped_from and piped_to: the program before and behind it in a pipe;
    index: its number in the script, for what comes before and after; conditional: a test decides whether it runs.
    """

    words: tuple[Word, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    piped_from: str = ""
    piped_to: str = ""
    swallowed: bool = False
    inside: str = ""  # "substitution" or "process" when its output is used by another command
    outer: str = ""  # the program that uses it then
    index: int = 0
    conditional: bool = False

    @property
    def program(self) -> str:
        """The first word without its folder, or the empty string."""
        return self.words[0].text.rsplit("/", 1)[-1].removesuffix(".exe") if self.words else ""


def parse(
    source: Source,
    *,
    expressions: re.Pattern[str] | None = None,
    variables: Mapping[str, str] | None = None,
    options: str = "",
) -> list[SimpleCommand]:
    """Return every simple command of a shell text, in the order of the text.

    `expressions` are markers of the format around it, which are unknown text; `variables` are known from outside;
    `options` are the shell's options as given by the caller (`eo pipefail`).
    """
    return _Script(source, expressions, variables or {}, options).commands()


class _Script:
    """One parsed text."""

    def __init__(
        self, source: Source, expressions: re.Pattern[str] | None, variables: Mapping[str, str], options: str
    ) -> None:
        text = source.text.replace("\r\n", " \n")
        self._marked: list[tuple[int, int]] = []
        if expressions is not None:
            self._marked = [match.span() for match in expressions.finditer(text)]
            text = expressions.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)
        self._source = source
        self._text = text
        data = text.encode("utf-8", "replace")
        self._points: list[int] = [] if len(data) == len(text) else _byte_offsets(text)
        self._root = tree_sitter.Parser(_LANGUAGE).parse(data).root_node
        self._outside = dict(variables)
        self._pipefail = "pipefail" in options or bool(_PIPEFAIL.search(text))
        self._tolerant_from = _tolerant_ranges(text)
        self._known: dict[str, str] = {}
        self._known = self._literals()
        self._out: list[SimpleCommand] = []

    def commands(self) -> list[SimpleCommand]:
        self._visit()
        ordered = sorted(self._out, key=lambda found: found.index)
        return [found.replace(index=number) for number, found in enumerate(ordered)]

    def _at(self, offset: int) -> int:
        return offset if not self._points else max(bisect_right(self._points, offset) - 1, 0)

    def _span(self, node: Any) -> tuple[int, int]:  # noqa: ANN401 - tree-sitter's node
        return self._at(node.start_byte), self._at(node.end_byte)

    def _raw(self, node: Any) -> str:  # noqa: ANN401 - tree-sitter's node
        start, end = self._span(node)
        return self._text[start:end]

    def _literals(self) -> dict[str, str]:
        """Return the variables that the script sets exactly once, to a literal, and never reads from elsewhere."""
        found: dict[str, list[str | None]] = {}
        for node in _all(self._root):
            if node.type == "variable_assignment":
                name = node.child_by_field_name("name")
                value = node.child_by_field_name("value")
                if name is not None and name.type == "variable_name":
                    in_command = node.parent is not None and node.parent.type == "command"
                    word = self._word(value) if value is not None and value.type != "array" else None
                    text = "" if value is None else word.text if word is not None and word.static else None
                    if not in_command:
                        found.setdefault(self._raw(name), []).append(text if "+=" not in self._raw(node) else None)
            elif node.type == "for_statement":
                name = node.child_by_field_name("variable")
                found.setdefault(self._raw(name) if name is not None else "", []).append(None)
            elif node.type == "command" and self._raw(node).startswith(("read ", "mapfile ", "getopts ", "unset ")):
                for changed in self._raw(node).split()[1:]:
                    found.setdefault(changed, []).append(None)
        out = {name: values[0] for name, values in found.items() if len(values) == 1 and values[0] is not None}
        return {**{name: text for name, text in self._outside.items() if name not in found}, **out}

    def _visit(self) -> None:
        for node in _all(self._root):
            if len(self._out) >= MAX_COMMANDS:
                return
            if node.type == "command":
                self._command(node)
            elif node.type == "declaration_command" or (
                node.type == "variable_assignment" and node.parent is not None and node.parent.type not in (
                    "command", "declaration_command", "variable_assignments",
                )
            ):  # fmt: skip
                self._assignments(node)

    def _assignments(self, node: Any) -> None:  # noqa: ANN401 - tree-sitter's node
        nodes = [node] if node.type == "variable_assignment" else [
            child for child in node.children if child.type == "variable_assignment"
        ]  # fmt: skip
        found = tuple(made for child in nodes if (made := self._assignment(child)) is not None)
        if found:
            self._out.append(SimpleCommand(assignments=found, index=node.start_byte))

    def _assignment(self, node: Any) -> Assignment | None:  # noqa: ANN401 - tree-sitter's node
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name" or value is None or value.type == "array":
            return None
        return Assignment(name=self._raw(name), value=self._word(value))

    def _command(self, node: Any) -> None:  # noqa: ANN401 - tree-sitter's node
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for child in node.children:
            if child.type == "variable_assignment":
                made = self._assignment(child)
                if made is not None:
                    assignments.append(made)
            elif child.type == "command_name":
                words.append(self._word(child))
            elif child.type.endswith("_redirect"):
                redirects += self._redirect(child)
            elif (child.is_named and child.type not in ("comment", "heredoc_body")) or child.type == "-":
                words.append(self._word(child))
        parent = node.parent
        if parent is not None and parent.type == "redirected_statement":
            for child in parent.children:
                if child.type.endswith("_redirect"):
                    redirects += self._redirect(child)
        inside, outer = self._inside(node)
        before, behind = self._pipe(node)
        self._out.append(
            SimpleCommand(
                words=tuple(words),
                assignments=tuple(assignments),
                redirects=tuple(redirects),
                piped_from=before,
                piped_to=behind,
                swallowed=self._is_swallowed(node),
                inside=inside,
                outer=outer,
                index=node.start_byte,
                conditional=self._is_conditional(node),
            )
        )

    def _redirect(self, node: Any) -> Iterator[Redirect]:  # noqa: ANN401 - tree-sitter's node
        if node.type == "heredoc_redirect":
            start = next((child for child in node.children if child.type == "heredoc_start"), None)
            body = next((child for child in node.children if child.type == "heredoc_body"), None)
            if body is not None:
                first, last = self._span(body)
                quoted = start is not None and any(mark in self._raw(start) for mark in "'\"\\")
                yield Redirect(operator="<<", body=self._source.part(first, last), expands=not quoted)
            for child in node.children:
                if child.type == "file_redirect":
                    yield from self._redirect(child)
        elif node.type == "herestring_redirect":
            value = next((child for child in node.children if child.is_named), None)
            if value is not None:
                yield Redirect(operator="<<<", target=self._word(value))
        else:
            operator = next((child.type for child in node.children if not child.is_named), ">")
            target = node.child_by_field_name("destination")
            yield Redirect(operator=operator, target=self._word(target) if target is not None else None)

    def _pipe(self, node: Any) -> tuple[str, str]:  # noqa: ANN401 - tree-sitter's node
        """Return the programs before and behind a command in its pipe."""
        inner, pipe = node, node.parent
        while pipe is not None and pipe.type in (
            "redirected_statement",
            "negated_command",
            "subshell",
            "compound_statement",
        ):
            inner, pipe = pipe, pipe.parent
        if pipe is None or pipe.type != "pipeline":
            return "", ""
        parts = [child for child in pipe.children if child.is_named and child.type != "comment"]
        place = next((number for number, child in enumerate(parts) if child.start_byte == inner.start_byte), -1)
        before = self._first_program(parts[place - 1]) if place > 0 else ""
        behind = self._first_program(parts[place + 1]) if 0 <= place < len(parts) - 1 else ""
        return before, behind

    def _first_program(self, node: Any) -> str:  # noqa: ANN401 - tree-sitter's node
        for found in _all(node):
            if found.type == "command":
                words = self._raw(found).split()
                while words and (
                    words[0] in ("sudo", "env", "command", "exec", "-E", "-u", "-n", "-H") or "=" in words[0]
                ):
                    words.pop(0)
                return words[0].strip("'\"").rsplit("/", 1)[-1] if words else ""
        return ""

    def _inside(self, node: Any) -> tuple[str, str]:  # noqa: ANN401 - tree-sitter's node
        """Say whether a command's output is an argument of another, and of which."""
        found, depth = node.parent, 0
        while found is not None and depth < 60:
            if found.type in ("command_substitution", "process_substitution"):
                kind = "substitution" if found.type == "command_substitution" else "process"
                holder = found.parent
                while holder is not None and holder.type not in ("command", "program", "variable_assignment", "list"):
                    holder = holder.parent
                name = self._first_program(holder) if holder is not None and holder.type == "command" else ""
                return kind, name
            found, depth = found.parent, depth + 1
        return "", ""

    def _is_swallowed(self, node: Any) -> bool:  # noqa: ANN401 - tree-sitter's node
        """Whether the failure of a command is lost: `|| true`, left of a pipe, in the background, behind `set +e`."""
        start = self._at(node.start_byte)
        if any(first <= start < last for first, last in self._tolerant_from):
            return True
        inner, outer = node, node.parent
        while outer is not None and outer.type not in ("program", "function_definition", "command_substitution"):
            if outer.type == "list":
                operator = next((child.type for child in outer.children if child.type in ("&&", "||")), "")
                parts = [child for child in outer.children if child.is_named]
                if (
                    operator == "||"
                    and parts
                    and inner.start_byte == parts[0].start_byte
                    and self._is_harmless(parts[-1])
                ):
                    return True
            if outer.type == "pipeline" and not self._pipefail:
                parts = [child for child in outer.children if child.is_named and child.type != "comment"]
                if parts and inner.start_byte != parts[-1].start_byte:
                    return True
            if outer.type in ("if_statement", "while_statement") and inner == outer.child_by_field_name("condition"):
                return False
            following = inner.next_sibling
            if following is not None and following.type == "&":
                return True
            inner, outer = outer, outer.parent
        return inner.next_sibling is not None and inner.next_sibling.type == "&"

    def _is_conditional(self, node: Any) -> bool:  # noqa: ANN401 - tree-sitter's node
        """Whether a command stands in the body of `if` or `case`, or behind `[ … ] &&`."""
        inner, outer, depth = node, node.parent, 0
        while outer is not None and outer.type != "program" and depth < 60:
            if outer.type == "case_item":
                return True
            condition = outer.child_by_field_name("condition") if outer.type == "if_statement" else None
            if condition is not None and inner.start_byte > condition.start_byte:
                return True
            if outer.type == "list":
                first = next((child for child in outer.children if child.is_named), inner)
                raw = self._raw(first)
                if inner.start_byte > first.start_byte and raw.lstrip("! ").startswith(("[", "test ")):
                    return True
            inner, outer, depth = outer, outer.parent, depth + 1
        return False

    def _is_harmless(self, node: Any) -> bool:  # noqa: ANN401 - tree-sitter's node
        text = " ".join(self._raw(node).split())
        return text in _HARMLESS or (text.split(" ")[0] in _HARMLESS and "exit" not in text and "&&" not in text)

    def _word(self, node: Any) -> Word:  # noqa: ANN401 - tree-sitter's node
        """Return a word with quotes removed and known variables filled in."""
        parts: list[tuple[str, int, int]] = []
        self._pieces(node, parts, quoted=False)
        text, pieces, static, plain = "", [], True, True
        for written, first, last in parts:
            value = MARK if any(start < last and first < end for start, end in self._marked) else written
            pieces.append(Piece(len(text), len(text) + len(value), first, last))
            static = static and MARK not in value
            plain = plain and self._source.text[first:last] == value
            text += value
        start, end = self._span(node)
        if len(parts) == 1 and plain:
            return Word(source=self._source.part(parts[0][1], parts[0][2]), static=static)
        if not parts:
            pieces = [Piece(0, 0, start, end)]
        form = "variable" if any("$" in self._source.text[first:last] for _, first, last in parts) else "shell"
        return Word(source=self._source.embed(text, tuple(pieces), form), static=static)

    def _pieces(self, node: Any, out: list[tuple[str, int, int]], *, quoted: bool) -> None:  # noqa: ANN401
        """Append (text, start, end) of the stretches of a word, in order."""
        kind = node.type
        start, end = self._span(node)
        if kind in ("word", "number", "variable_name", "test_operator", "extglob_pattern", "regex", "file_descriptor"):
            _unescaped(self._text, start, end, _ESCAPE, out)
        elif kind == "raw_string":
            out.append((self._text[start + 1 : end - 1], start + 1, end - 1))
        elif kind == "ansi_c_string":
            inner = self._text[start + 2 : end - 1]
            out.append((inner if "\\" not in inner else MARK, start + 2, end - 1))
        elif kind in ("string", "translated_string"):
            self._string(node, out)
        elif kind in ("concatenation", "command_name"):
            for child in node.children:
                self._pieces(child, out, quoted=quoted)
        elif kind in ("simple_expansion", "expansion"):
            out.append((self._expanded(self._text[start:end]), start, end))
        elif kind in ("command_substitution", "process_substitution", "arithmetic_expansion"):
            out.append((MARK, start, end))
        elif kind == "brace_expression" or not node.children:
            out.append((self._text[start:end], start, end))
        else:
            for child in node.children:
                self._pieces(child, out, quoted=quoted)

    def _string(self, node: Any, out: list[tuple[str, int, int]]) -> None:  # noqa: ANN401 - tree-sitter's node
        """A double-quoted string: text between its expansions, escapes undone."""
        at = self._at(node.start_byte) + (2 if node.type == "translated_string" else 1)
        stop = max(at, self._at(node.end_byte) - 1)
        for child in node.children:
            if child.type in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
                first, last = self._span(child)
                _unescaped(self._text, at, first, _DOUBLE_ESCAPE, out)
                self._pieces(child, out, quoted=True)
                at = last
        _unescaped(self._text, at, stop, _DOUBLE_ESCAPE, out)

    def _expanded(self, text: str) -> str:
        match = _SIMPLE.fullmatch(text)
        if match is None:
            return MARK
        known = self._known.get(match["name"] or match["braced"])
        if match["operator"] and (known is None or (known == "" and match["operator"][0] == ":")):
            default = match["default"].strip("'\"")
            return default if known is not None or default else MARK
        return MARK if known is None else known


def _tolerant_ranges(text: str) -> list[tuple[int, int]]:
    """Return the stretches of a script between `set +e` and the next `set -e`."""
    if "set +" not in text:
        return []
    out = []
    for match in _NO_ERREXIT.finditer(text):
        until = _ERREXIT.search(text, match.end())
        out.append((match.end(), until.start() if until else len(text)))
    return out


def _unescaped(text: str, start: int, end: int, escape: re.Pattern[str], out: list[tuple[str, int, int]]) -> None:
    at = start
    if "\\" in text[start:end]:
        for match in escape.finditer(text, start, end):
            if match.start() > at:
                out.append((text[at : match.start()], at, match.start()))
            out.append(("" if match[1].endswith("\n") else match[1], match.start(), match.end()))
            at = match.end()
    if end > at:
        out.append((text[at:end], at, end))


def _byte_offsets(text: str) -> list[int]:
    out, size = [], 0
    for letter in text:
        out.append(size)
        size += len(letter.encode("utf-8", "replace"))
    out.append(size)
    return out


def _all(root: Any) -> Iterator[Any]:  # noqa: ANN401 - tree-sitter's node
    """Yield a node and all below it in the order of the text, without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def join_words(words: Sequence[Word]) -> str:
    """Return words as a person would read them."""
    return " ".join(word.text.replace(MARK, "…") for word in words)
