"""Groovy as far as pipelines need it: tokens, brackets, calls, and the texts of strings.

    strings: '…' "…" '''…''' \"\"\"…\"\"\" /…/ $/…/$      comments: // … and /* … */, a first line with #!
    calls:   name(args) { … }     name arg, key: value     receiver.name(args).other(args)

This is no parser of the language: what is no call is passed over, and brackets that do not close end with the file.
The grammar for tree-sitter gave errors on 422 of 680 pipeline files and lost more than a fifth of the text of 216, so a
tokeniser it is. Linear in the size of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from relcheck.readers.composed import composed
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.source import Piece, Source

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\f]+|\\\r?\n)|(?P<newline>\n)|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<triple>'''|\"\"\")|(?P<quote>['\"])|(?P<dollar>\$/)|(?P<word>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)|(?P<other>.)",
    re.DOTALL,
)
_SLASHY = re.compile(r"/(?![/*\s])(?:[^/\\\n]|\\.)+/")
_BEFORE_SLASHY = frozenset({"(", ",", "=", "[", "!", "&", "|", ":", "{", ";", "~", "?", "+", "return", ""})
_ENDS = {"'": re.compile(r"\\.|'|\n", re.DOTALL), "'''": re.compile(r"\\.|'''", re.DOTALL)}
_DOUBLE_ENDS = {
    '"': re.compile(r"\\.|\"|\n|\$\{", re.DOTALL),
    '"""': re.compile(r"\\.|\"\"\"|\$\{", re.DOTALL),
}
_INSIDE = re.compile(r"[{}]|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|\n\n\n")
_ESCAPE = re.compile(r"\\(?P<line>\r?\n)|\\u+(?P<hex>[0-9a-fA-F]{4})|\\(?P<letter>.)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
_PLAIN = re.compile(r"\s*(?:env\.|params\.)?[A-Za-z_]\w*\s*")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_KEYWORDS = frozenset({
    "def", "return", "new", "in", "instanceof", "throw", "import", "package", "class", "final", "static", "String", "void",
    "private", "public", "boolean", "int", "Map", "List", "assert", "case", "var",
})  # fmt: skip
_DEPTH = 60
_LONGEST = 5000

Lookup = Callable[[str], Source | None]


class Token(NamedTuple):
    """A word, a text, a sign or a line break. Of a text, `start` and `end` are those of its inside."""

    kind: str  # word, text, sign, newline, number
    text: str
    start: int
    end: int
    quote: str = ""


class Group(NamedTuple):
    """What stands between brackets; `sign` is the opening one."""

    sign: str
    items: list[Token | Group]
    start: int


Item = Token | Group


class Call(Record):
    """A call: its name (with the receiver's, joined by dots), its arguments, its closure, the call it is chained to.

    target: the variable that takes its result.
    """

    name: str
    args: list[Item] = []
    closure: Group | None = None
    receiver: Call | None = None
    start: int = 0
    end: int = 0
    target: str = ""

    def split(self) -> tuple[list[list[Item]], dict[str, list[Item]]]:
        """Return the arguments by position, and by name."""
        positional: list[list[Item]] = []
        named: dict[str, list[Item]] = {}
        for value in _by_comma(self.args):
            first = value[0]
            if len(value) > 1 and isinstance(first, Token) and first.kind in ("word", "text") and _is(value[1], ":"):
                named[first.text] = value[2:]
            else:
                positional.append(value)
        return positional, named


def _is(item: Item, sign: str) -> bool:
    return isinstance(item, Token) and item.kind == "sign" and item.text == sign


def _by_comma(items: list[Item]) -> Iterator[list[Item]]:
    out: list[Item] = []
    for item in items:
        if _is(item, ","):
            if out:
                yield out
            out = []
        elif not (isinstance(item, Token) and item.kind == "newline"):
            out.append(item)
    if out:
        yield out


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text; comments and blanks are left out."""
    at = text.find("\n") + 1 if text.startswith("#!") else 0
    before = ""
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return
        kind = str(match.lastgroup)
        if kind in ("blank", "comment"):
            at = match.end()
            continue
        if kind in ("triple", "quote"):
            end, after = _string_end(text, match.end(), match[0])
            yield Token(kind="text", text=text[match.end() : end], start=match.end(), end=end, quote=match[0])
        elif kind == "dollar":
            end = text.find("/$", match.end())
            end = len(text) if end < 0 else end
            after = end + 2
            yield Token(kind="text", text=text[match.end() : end], start=match.end(), end=end, quote="$/")
        elif kind == "other" and match[0] == "/" and before in _BEFORE_SLASHY and (slashy := _SLASHY.match(text, at)):
            after = slashy.end()
            yield Token(kind="text", text=slashy[0][1:-1], start=at + 1, end=after - 1, quote="/")
        else:
            after = match.end()
            yield Token(kind="sign" if kind == "other" else kind, text=match[0], start=at, end=after)
        before = "" if kind == "newline" else match[0]
        at = after


def _string_end(text: str, at: int, quote: str) -> tuple[int, int]:
    """Return where the inside of a string ends and where the string does; a line ends what has single quotes."""
    ends = _ENDS.get(quote) or _DOUBLE_ENDS[quote]
    while (match := ends.search(text, at)) is not None:
        if match[0] == quote:
            return match.start(), match.end()
        if match[0] == "\n":
            return match.start(), match.start()
        at = _interpolation_end(text, match.end()) if match[0] == "${" else match.end()
    return len(text), len(text)


def _interpolation_end(text: str, at: int) -> int:
    """Return the place behind the brace that closes `${`; strings and braces may stand inside.

    Where none closes it, the place to which the search went, so that nothing is searched twice.
    """
    depth, limit = 1, at + _LONGEST
    while (match := _INSIDE.search(text, at, limit)) is not None and match[0] != "\n\n\n":
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        at = match.end()
        if depth == 0:
            break
    return at


def tree(text: str) -> Group:
    """Return the tokens of a text as groups by brackets; what does not close ends with the file."""
    top = Group(sign="", items=[], start=0)
    stack = [top]
    for token in tokens(text):
        if token.kind == "sign" and token.text in _CLOSING and len(stack) <= _DEPTH:
            group = Group(sign=token.text, items=[], start=token.start)
            stack[-1].items.append(group)
            stack.append(group)
        elif token.kind == "sign" and token.text in ")]}":
            depth = next((n for n in range(len(stack) - 1, 0, -1) if _CLOSING[stack[n].sign] == token.text), 0)
            if depth:
                del stack[depth:]
        else:
            stack[-1].items.append(token)
    return top


def calls(items: list[Item]) -> Iterator[Call]:
    """Yield the calls of a list of items, in order; those inside brackets are for the caller to ask for."""
    at = 0
    while at < len(items):
        call, at = _call(items, at)
        if call is not None:
            yield call


def _call(items: list[Item], at: int) -> tuple[Call | None, int]:
    item = items[at]
    if isinstance(item, Group):
        return (Call(name="", closure=item, start=item.start, end=item.start) if item.items else None), at + 1
    if item.kind != "word" or item.text in _KEYWORDS:
        return None, at + 1
    name, after = _dotted(items, at)
    end = items[after - 1]
    args, closure, stop = _arguments(items, after)
    if stop == after:
        return None, after
    target = items[at - 2] if at > 1 and _is(items[at - 1], "=") else None
    call = Call(
        name=name,
        args=args,
        closure=closure,
        start=item.start,
        end=end.end if isinstance(end, Token) else item.end,
        target=target.text if isinstance(target, Token) and target.kind == "word" else "",
    )
    return _chained(items, stop, call)


def _dotted(items: list[Item], at: int) -> tuple[str, int]:
    words = [items[at].text]  # type: ignore[union-attr]
    at += 1
    while at + 1 < len(items) and _is(items[at], "."):
        following = items[at + 1]
        if not isinstance(following, Token) or following.kind != "word":
            break
        words.append(following.text)
        at += 2
    return ".".join(words), at


def _arguments(items: list[Item], at: int) -> tuple[list[Item], Group | None, int]:
    """Return arguments, closure and where they end: in brackets, or to the end of the line."""
    following = items[at] if at < len(items) else None
    if isinstance(following, Group) and following.sign == "(":
        closure = items[at + 1] if at + 1 < len(items) else None
        if isinstance(closure, Group) and closure.sign == "{":
            return following.items, closure, at + 2
        return following.items, None, at + 1
    if isinstance(following, Group) and following.sign == "{":
        return [], following, at + 1
    if (
        isinstance(following, Token)
        and following.kind in ("text", "word")
        and following.text not in ("in", "as", "instanceof")
    ):
        return _command(items, at)
    if isinstance(following, Group) and following.sign == "[" and _separated(items, at):
        return _command(items, at)
    return [], None, at


def _separated(items: list[Item], at: int) -> bool:
    """Whether a blank stands before a bracket: `git [url: …]` is a call, `list[0]` is none."""
    before, group = items[at - 1], items[at]
    return isinstance(before, Token) and isinstance(group, Group) and group.start > before.end


def _command(items: list[Item], at: int) -> tuple[list[Item], Group | None, int]:
    end = at
    while end < len(items) and not _is(items[end], ";"):
        item = items[end]
        if (
            isinstance(item, Token)
            and item.kind == "newline"
            and not (_is(items[end - 1], ",") or _is(items[end - 1], "+"))
        ):
            break
        end += 1
    args = items[at:end]
    closure = args[-1] if args and isinstance(args[-1], Group) and args[-1].sign == "{" else None
    return (args[:-1] if closure is not None else args), closure, end


def _chained(items: list[Item], at: int, call: Call) -> tuple[Call, int]:
    """Follow `.name(args)` behind a call; the last of the chain holds the others as receivers."""
    while True:
        after = at
        while after < len(items) and isinstance(items[after], Token) and items[after].kind == "newline":  # type: ignore[union-attr]
            after += 1
        if after + 1 >= len(items) or not _is(items[after], "."):
            return call, at
        word = items[after + 1]
        if not isinstance(word, Token) or word.kind != "word":
            return call, at
        args, closure, stop = _arguments(items, after + 2)
        call = Call(
            name=word.text,
            args=args,
            closure=closure,
            receiver=call,
            start=word.start,
            end=word.end,
            target=call.target,
        )
        at = max(stop, after + 2)


def text_of(source: Source, value: list[Item], lookup: Lookup) -> Source | None:
    """Return the text that an argument is: a string, strings and names joined by `+`, or a name with a known value."""
    words: list[Source | str] = []
    for number, item in enumerate(value):
        if number % 2:
            if not _is(item, "+"):
                return None if not words else _put_together([*words, MARK])
        elif isinstance(item, Token) and item.kind == "text":
            words.append(string(source, item, lookup))
        else:
            name = _name(value) if len(value) > 1 and not _is(value[min(1, len(value) - 1)], "+") else _name([item])
            found = lookup(name) if name else None
            if name and len(value) == len(name.split(".")) * 2 - 1:
                return found
            words.append(found if found is not None else MARK)
    return _put_together(words)


def _put_together(words: list[Source | str]) -> Source | None:
    if not any(isinstance(word, Source) for word in words):
        return None
    return words[0] if len(words) == 1 and isinstance(words[0], Source) else composed(words)


def _name(items: list[Item]) -> str:
    if not items or not isinstance(items[0], Token) or items[0].kind != "word":
        return ""
    name, at = _dotted(items, 0)
    return name if at == len(items) else ""


def string(source: Source, token: Token, lookup: Lookup) -> Source:
    """Return what a string holds: escapes decoded; in double quotes variables by `lookup`, unknown text where it is none."""
    text, quote = token.text, token.quote
    doubled = quote.startswith('"') or quote in ("/", "$/")
    if "\\" not in text and not (doubled and "$" in text):
        return source.part(token.start, token.end)
    pieces: list[Piece] = []
    out: list[str] = []
    size = at = 0
    while at < len(text):
        value, after = _next(text, at, quote, lookup if doubled else None)
        if value == text[at:after]:
            pieces.append(Piece(size, size + len(value), token.start + at, token.start + after))
        elif value:
            # In two pieces, so that what has the same length by chance does not map letter for letter.
            pieces.append(Piece(size, size + 1, token.start + at, token.start + after))
            if len(value) > 1:
                pieces.append(Piece(size + 1, size + len(value), token.start + at, token.start + after))
        out.append(value)
        size += len(value)
        at = after
    return source.embed("".join(out), tuple(pieces), "variable")


def _next(text: str, at: int, quote: str, lookup: Lookup | None) -> tuple[str, int]:
    """Return the next stretch of a string's value, and where it ends."""
    if text[at] == "\\":
        return _unescaped(text, at, quote)
    if text[at] == "$" and lookup is not None:
        if text.startswith("${", at):
            end = _interpolation_end(text, at + 2)
            inside = text[at + 2 : end - 1] if end > at + 2 else ""
            found = lookup(inside.strip()) if _PLAIN.fullmatch(inside) else None
            return (found.text if found is not None else MARK), max(end, at + 2)
        match = _VARIABLE.match(text, at)
        if match is not None:
            found = lookup(match["name"])
            return (found.text if found is not None else MARK), match.end()
    end = at + 1
    while end < len(text) and text[end] not in "\\$":
        end += 1
    return text[at:end], end


def _unescaped(text: str, at: int, quote: str) -> tuple[str, int]:
    match = _ESCAPE.match(text, at)
    if match is None or (quote in ("/", "$/") and match["letter"] != "/"):
        return "\\", at + 1
    if match["line"] is not None:
        return "", match.end()
    if match["hex"] is not None:
        return chr(int(match["hex"], 16)), match.end()
    return _LETTERS.get(match["letter"], match["letter"]), match.end()


def nested(items: list[Item]) -> Iterator[dict[str, list[Item]]]:
    """Yield the named arguments of nested lists: `[branches: [[name: …]], userRemoteConfigs: [[url: …]]]`."""
    _, named = Call(name="", args=items).split()
    yield named
    for item in items:
        if isinstance(item, Group) and item.sign in "[(":
            yield from nested(item.items)
