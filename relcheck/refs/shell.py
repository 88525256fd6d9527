"""Shell text to simple commands, wherever they stand: in pipes, lists, substitutions, functions, conditions, loops.

tree-sitter's bash grammar gives the structure and survives mistakes. Words are static text, or text with unknown
stretches (`MARK`); a variable that the script sets once to a literal is its value. Offsets are those of the given source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from relcheck.grammars import grammar, parse_bounded
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.shell_places import Found, Place, walk
from relcheck.source import Piece, Source, byte_offsets

_LANGUAGE = grammar("tree_sitter_bash")
_SIMPLE = re.compile(r"\$(?:(?P<name>\w+|[@*#?!$-])|\{(?P<braced>\w+)(?:(?P<operator>:?[-=])(?P<default>[^{}$`]*))?\})")
_ESCAPE = re.compile(r"\\(\r?\n|.)", re.DOTALL)
_DOUBLE_ESCAPE = re.compile(r"\\(\r?\n|[$`\"\\])")
_PIPEFAIL = re.compile(
    r"(?:^|[\n;&|])[ \t]*set[ \t]+(?:-\w*[ \t]+)*-\w*o[ \t]+pipefail|shopt -so pipefail|^#!.*pipefail"
)
_NO_ERREXIT = re.compile(r"^[ \t]*set[ \t]+\+\w*e", re.MULTILINE)
_ERREXIT = re.compile(r"^[ \t]*set[ \t]+-\w*e", re.MULTILINE)
_OUTPUTS = (">", ">>", ">|", "&>", "&>>", ">&")
SHELLS = frozenset(("sh", "bash", "ash", "dash", "ksh", "mksh", "zsh"))
MAX_COMMANDS = 20_000
_SHORT = 300
_LONG_PIPE = 2_000
_PIPE_ENDS = re.compile(r"[;&(){}]|(?<=[^|\\\s])\n")
_ASKED = frozenset(("command", "declaration_command", "variable_assignment", "for_statement"))
_BACKGROUND = re.compile(r"(?<![&>])&(?![&>])")


class Word:
    """One word: its text as the program gets it, with `MARK` for what is not known; `source` maps it to the file."""

    __slots__ = ("source", "static", "text")

    def __init__(self, *, source: Source, static: bool) -> None:
        self.source = source
        self.static = static
        self.text = source.text


class Assignment(NamedTuple):
    """`NAME=value`, before a command or on its own; `exported` by export, declare or readonly."""

    name: str
    value: Word


class Redirect(NamedTuple):
    """`> target`, or a here-document or here-string that is the command's input."""

    operator: str
    target: Word | None = None
    body: Source | None = None
    expands: bool = True
    descriptor: str = ""


class SimpleCommand(Record):
    """A program with its words, and what stands around it.

    swallowed: its failure cannot fail the script; piped_from and piped_to: the program before and behind it in a pipe;
    index: its number in the script, for what comes before and after; conditional: a test decides whether it runs;
    guards: what stands behind its `&&` runs only where it has succeeded.
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
    guards: bool = False
    group: tuple[Redirect, ...] = ()  # of the group or loop around it, for what it prints itself

    @property
    def output(self) -> Redirect | None:
        """The redirect that takes what the command prints: its own, or that of the group around it."""
        own = [found for found in self.redirects if found.operator in _OUTPUTS and found.descriptor in ("", "1")]
        found = next((found for found in own if found.operator != ">&"), None)
        return found or (None if own else next(iter(self.group), None))

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
    text = source.text.replace("\r\n", " \n")
    marked: list[tuple[int, int]] = []
    if expressions is not None:
        marked = [match.span() for match in expressions.finditer(text)]
        text = expressions.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)
    root = _parsed(text)
    if root is not None:
        return _Script(source, text, root, marked, options).commands(variables or {})
    out: list[SimpleCommand] = []
    for start, end, part in _parsed_in_parts(text):
        here = [(first - start, last - start) for first, last in marked if start <= first < end]
        script = _Script(source.part(start, end), text[start:end], part, here, options)
        out += script.commands(None, len(out))[: MAX_COMMANDS - len(out)]
    return out


def _parsed(text: str) -> Any:  # noqa: ANN401 - tree-sitter's node
    """Return the root of the syntax, None where it would take too much work.

    The parser copies all members of a pipe again and again where a mistake stands behind them.
    """
    if text.count("|") > _LONG_PIPE and any(part.count("|") > _LONG_PIPE for part in _PIPE_ENDS.split(text)):
        return None
    tree = parse_bounded(_LANGUAGE, text.encode("utf-8", "replace"))
    return tree.root_node if tree is not None else None


def _parsed_in_parts(text: str) -> Iterator[tuple[int, int, Any]]:
    """Halve a text that takes too much work until its parts do not: what stands before binary data is still read."""
    waiting = [(0, len(text))]
    while waiting:
        start, end = waiting.pop()
        root = _parsed(text[start:end]) if end - start < len(text) else None
        if root is not None:
            yield start, end, root
            continue
        middle = (start + end) // 2
        line_end = text.rfind("\n", (3 * start + middle) // 4, middle) + 1
        cut = line_end or middle
        waiting += [(cut, end), (start, cut)]


class _Script:
    """One parsed text, in which the stretches of `marked` are not known."""

    def __init__(self, source: Source, text: str, root: Any, marked: list[tuple[int, int]], options: str) -> None:  # noqa: ANN401
        self._source = source
        self._text = text
        self._marked = marked
        ascii_only = len(text.encode("utf-8", "replace")) == len(text)
        self._points: list[int] = [] if ascii_only else byte_offsets(text)
        self._as_written = not marked and "\r" not in source.text
        self._root = root
        self._pipefail = "pipefail" in options or bool(_PIPEFAIL.search(text))
        self._tolerant_from = _tolerant_ranges(text)
        self._known: dict[str, str] = {}
        self._out: list[tuple[int, int, dict[str, Any]]] = []
        self._groups: dict[int, tuple[Redirect, ...]] = {}

    def commands(self, variables: Mapping[str, str] | None, first: int = 0) -> list[SimpleCommand]:
        """Return the commands, numbered from `first`.

        `variables` are known from outside, None where the text may set any of them elsewhere.
        """
        background = _BACKGROUND.search(self._text) is not None
        found = [*walk(self._root, self._short, _ASKED, pipefail=self._pipefail, background=background)]
        if variables is not None:
            self._known = self._literals(variables, found)
        self._visit(found)
        return [SimpleCommand(index=number, **found) for number, (_, _, found) in enumerate(sorted(self._out), first)]

    def _put(self, start: int, **found: Any) -> None:  # noqa: ANN401 - the fields of a command
        self._out.append((start, len(self._out), found))

    def _at(self, offset: int) -> int:
        return offset if not self._points else max(bisect_right(self._points, offset) - 1, 0)

    def _span(self, node: Any) -> tuple[int, int]:  # noqa: ANN401 - tree-sitter's node
        if not self._points:
            return node.start_byte, node.end_byte
        return self._at(node.start_byte), self._at(node.end_byte)

    def _raw(self, node: Any) -> str:  # noqa: ANN401 - tree-sitter's node
        start, end = self._span(node)
        return self._text[start:end]

    def _literals(self, outside: Mapping[str, str], nodes: Sequence[Found]) -> dict[str, str]:
        """Return the variables that the script sets exactly once, to a literal, and never reads from elsewhere."""
        found: dict[str, list[str | None]] = {}
        for node, kind, _, parent in nodes:
            if kind == "variable_assignment":
                name = node.child_by_field_name("name")
                value = node.child_by_field_name("value")
                if name is not None and name.type == "variable_name":
                    in_command = parent == "command"
                    word = self._word(value) if value is not None and value.type != "array" else None
                    text = "" if value is None else word.text if word is not None and word.static else None
                    if not in_command:
                        found.setdefault(self._raw(name), []).append(text if "+=" not in self._raw(node) else None)
            elif kind == "for_statement":
                name = node.child_by_field_name("variable")
                found.setdefault(self._raw(name) if name is not None else "", []).append(None)
            elif kind == "command" and self._short(node).startswith(": "):
                for match in _SIMPLE.finditer(self._raw(node)):
                    if match["operator"] in ("=", ":="):
                        found.setdefault(match["braced"], []).append(match["default"].strip("'\"") or None)
            elif kind == "command" and self._short(node).startswith(("read ", "mapfile ", "getopts ", "unset ")):
                for changed in self._raw(node).split()[1:]:
                    found.setdefault(changed, []).append(None)
        out = {name: values[0] for name, values in found.items() if len(values) == 1 and values[0] is not None}
        return {**{name: text for name, text in outside.items() if name not in found}, **out}

    def _visit(self, nodes: Sequence[Found]) -> None:
        for node, kind, place, parent in nodes:
            if len(self._out) >= MAX_COMMANDS:
                return
            if kind == "command":
                self._command(node, place)
            elif kind == "declaration_command" or (
                kind == "variable_assignment"
                and parent not in ("command", "declaration_command", "variable_assignments")
            ):
                self._assignments(node)

    def _short(self, node: Any) -> str:  # noqa: ANN401 - tree-sitter's node
        """Return the beginning of a node's text: enough for its first words."""
        start = self._at(node.start_byte)
        return self._text[start : min(self._at(node.end_byte), start + _SHORT)]

    def _assignments(self, node: Any) -> None:  # noqa: ANN401 - tree-sitter's node
        nodes = [node] if node.type == "variable_assignment" else [
            child for child in node.children if child.type == "variable_assignment"
        ]  # fmt: skip
        found = tuple(made for child in nodes if (made := self._assignment(child)) is not None)
        if found:
            self._put(node.start_byte, assignments=found)

    def _assignment(self, node: Any) -> Assignment | None:  # noqa: ANN401 - tree-sitter's node
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name" or value is None or value.type == "array":
            return None
        return Assignment(name=self._raw(name), value=self._word(value))

    def _command(self, node: Any, place: Place) -> None:  # noqa: ANN401 - tree-sitter's node
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        before = node
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment":
                made = self._assignment(child)
                if made is not None:
                    assignments.append(made)
            elif kind == "command_name":
                words.append(self._word(child))
            elif kind.endswith("_redirect"):
                redirects += self._redirect(child)
            elif (child.is_named and kind not in ("comment", "heredoc_body")) or kind == "-":
                if words and self._is_cut(before, child):
                    words[-1] = self._word(before, child)
                else:
                    words.append(self._word(child))
            before = child
        for child in place.redirects:
            redirects += self._redirect(child)
        if place.redirects and (lost := self._lost_dash(node, place.redirects[0])) is not None:
            words.append(lost)
        self._put(
            node.start_byte,
            words=tuple(words),
            assignments=tuple(assignments),
            redirects=tuple(redirects),
            group=self._group(place.group) if place.group else (),
            piped_from=place.before,
            piped_to=place.behind,
            swallowed=place.swallowed or self._is_tolerated(self._at(node.start_byte)),
            inside=place.inside,
            outer=place.outer,
            conditional=place.conditional,
            guards=place.guards,
        )

    def _group(self, nodes: Sequence[Any]) -> tuple[Redirect, ...]:
        """Return the redirects to files of a group: the same objects for each command in it."""
        found = self._groups.get(nodes[0].start_byte)
        if found is None:
            made = [redirect for node in nodes for redirect in self._redirect(node)]
            found = tuple(one for one in made if one.operator in _OUTPUTS[:5] and one.descriptor in ("", "1"))
            self._groups[nodes[0].start_byte] = found
        return found

    def _is_tolerated(self, start: int) -> bool:
        """Whether an offset lies between `set +e` and the next `set -e`."""
        at = bisect_right(self._tolerant_from, (start, len(self._text) + 1)) - 1
        return at >= 0 and start < self._tolerant_from[at][1]

    def _lost_dash(self, node: Any, following: Any) -> Word | None:  # noqa: ANN401 - tree-sitter's nodes
        """Return a last word `-` before a here-document: the grammar has no node for it."""
        start, end = self._at(node.end_byte), self._at(following.start_byte)
        if end - start > _SHORT or self._text[start:end].strip() != "-":
            return None
        at = self._text.index("-", start)
        return Word(source=self._source.part(at, at + 1), static=True)

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
            start = self._at(node.start_byte)
            if operator == "<" and self._text[max(start - 2, 0) : start] == "<<":
                operator = "<<<"  # the grammar takes a here-string behind another redirect for a mistake
            target = node.child_by_field_name("destination")
            descriptor = node.child_by_field_name("descriptor")
            yield Redirect(
                operator=operator,
                target=self._word(target) if target is not None else None,
                descriptor=self._raw(descriptor) if descriptor is not None else "",
            )

    def _is_cut(self, before: Any, node: Any) -> bool:  # noqa: ANN401 - tree-sitter's nodes
        """Whether the grammar cut one word in two: `$A.$B-c` becomes `$A.$` and `B-c`."""
        return before.end_byte == node.start_byte and self._text[self._at(node.start_byte) - 1] == "$"

    def _word(self, *nodes: Any) -> Word:  # noqa: ANN401 - tree-sitter's nodes
        """Return a word with quotes removed and known variables filled in; of several nodes where the grammar cut it."""
        if self._as_written and len(nodes) == 1 and (bare := self._bare(nodes[0])) is not None:
            return bare
        parts: list[tuple[str, int, int]] = []
        for node in nodes:
            if parts and parts[-1][0].endswith("$"):
                self._mend(node, parts)
            else:
                self._pieces(node, parts, quoted=False)
        text, pieces, static, plain = "", [], True, True
        parts = [piece for part in parts for piece in self._unmarked(*part)]
        for value, first, last in parts:
            pieces.append(Piece(len(text), len(text) + len(value), first, last))
            static = static and MARK not in value
            plain = plain and self._source.text[first:last] == value
            text += value
        start, end = self._span(nodes[0])[0], self._span(nodes[-1])[1]
        if len(parts) == 1 and plain:
            return Word(source=self._source.part(parts[0][1], parts[0][2]), static=static)
        if not parts:
            pieces = [Piece(0, 0, start, end)]
        form = "variable" if any("$" in self._source.text[first:last] for _, first, last in parts) else "shell"
        return Word(source=self._source.embed(text, tuple(pieces), form), static=static)

    def _bare(self, node: Any) -> Word | None:  # noqa: ANN401 - tree-sitter's node
        """Return a word that is written as the program gets it: most are."""
        if node.type == "command_name" and node.child_count == 1:
            node = node.children[0]
        start, end = self._span(node)
        text = self._text[start:end]
        if node.type not in ("word", "number") or "\\" in text or not text:
            return None
        return Word(source=self._source.part(start, end), static=MARK not in text)

    def _mend(self, node: Any, parts: list[tuple[str, int, int]]) -> None:  # noqa: ANN401 - tree-sitter's node
        """Read on from the `$` at the end of what is there: the next node is text in which variables stand."""
        text, first, last = parts.pop()
        if len(text) > 1:
            parts.append((text[:-1], first, last - 1))
        at, end = last - 1, self._span(node)[1]
        for match in _SIMPLE.finditer(self._text, at, end):
            _unescaped(self._text, at, match.start(), _ESCAPE, parts)
            parts.append((self._expanded(match[0]), *match.span()))
            at = match.end()
        _unescaped(self._text, at, end, _ESCAPE, parts)

    def _unmarked(self, text: str, first: int, last: int) -> Iterator[tuple[str, int, int]]:
        """Cut a stretch at the expressions of the format around the script; each of them is `MARK`."""
        at = max(bisect_right(self._marked, (first, len(self._text))) - 1, 0)
        cuts = []
        while at < len(self._marked) and self._marked[at][0] < last:
            if self._marked[at][1] > first:
                cuts.append(self._marked[at])
            at += 1
        if not cuts or last <= first:
            yield text, first, last
            return
        if len(text) != last - first:
            yield MARK, first, last
            return
        here = first
        for start, end in cuts:
            if start > here:
                yield text[here - first : start - first], here, start
            yield MARK, max(start, here), min(end, last)
            here = min(end, last)
        if here < last:
            yield text[here - first :], here, last

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
    out: list[tuple[int, int]] = []
    for match in _NO_ERREXIT.finditer(text):
        if out and match.end() <= out[-1][1]:
            continue
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


def join_words(words: Sequence[Word]) -> str:
    """Return words as a person would read them."""
    return " ".join(word.text.replace(MARK, "…") for word in words)
