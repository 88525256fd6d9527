"""Values of Gradle's scripts, Groovy and Kotlin: texts joined with `+`, and what a name stands for.

    def x = "1", val x: String = "1", const val x = y, val x by extra("1")
    ext.x = "1", extra["x"] = "1", ext { x = "1"; set("x", "1") }, ext.set("x", "1"), x = "1"
    ext.x = [a: "1"], val x = mapOf("a" to "1")          x.a
    object A { object B { const val x = "1" } }          A.B.x; inside A and B also by the end of that name

A name is asked for as `$x`, `${x}`, `${rootProject.ext["x"]}`, `${property("x")}`, or bare in a text that is joined. All of
these become `${NAME}` in one spelling, so that other files may give what this one does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Option
from relcheck.patterns import lazy_pattern
from relcheck.readers.gradle_tokens import Statement, Token
from relcheck.refs.variables import expand
from relcheck.source import Piece, Source

_BLOCKS = ("ext", "extra")
_PREFIX = re.compile(r"(?:rootProject|project|ext|extra|extraProperties|providers|properties|gradle|this|settings)\.")
_CALL = re.compile(
    r"(?:property|getProperty|findProperty|gradleProperty|get|getAt|getValue|versionOf)\((['\"])([\w.-]+)\1\)"
)
_INDEX = re.compile(r"\[(['\"])([\w.-]+)\1\]")
_END = re.compile(r"(?:\.(?:get|toString|orNull|getOrNull)(?:\(\))?|\s+as\s+String\??|!!|\?)+$")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+)*")
_OTHERS = ("System.", "providers.environment", "Runtime.")
_MODIFIERS = ("private", "internal", "public", "final", "const", "static", "String", "lateinit", "override")
_VARIABLE = lazy_pattern(r"\\\$|\$(?:\{(?P<braced>[^{}\r\n]*)\}|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))")
_CALLED = ("property", "getProperty", "findProperty", "gradleProperty", "get", "toString", "getAt", "getOrNull")
_SECRET = lazy_pattern(r"(?i)password|token|secret|key$|credential")
_KEPT = 500
"""So many values of a file are kept for others."""


class Joined(Token):
    """An expression that stands for a text: strings and names with `+` between them."""

    __slots__ = ()

    def __init__(self, file: Source, source: Source, start: int, end: int) -> None:
        self._file, self._source = file, source
        self.kind, self.quote = "string", '"'
        self.start, self.end, self.text = start, end, source.text


def spelled(expression: str) -> str:
    """Return the one spelling of a name, the empty string for an expression that is none: `rootProject.ext["x"]` is x."""
    text = re.sub(r"\s*\n\s*", "", expression.strip())
    text = _CALL.sub(lambda match: match[2], _INDEX.sub(lambda match: f".{match[2]}", _END.sub("", text)))
    text = text.lstrip(".").replace("?.", ".").replace(" ", "")
    if text.startswith(_OTHERS) or not _PATH.fullmatch(text):
        return ""
    while match := _PREFIX.match(text):
        text = text[match.end() :]
    return text


def expressions(file: Source, tokens: list[Token]) -> Iterator[Token]:
    """Yield the texts of a statement, in order: strings, and what `+` joins with one."""
    at = 0
    while at < len(tokens):
        end, held = _operands(tokens, at)
        if held and end > at + 1:
            yield _join(file, tokens, at, end)
        elif held:
            yield tokens[at]
        at = max(end, at + 1)


def value(file: Source, tokens: list[Token], at: int) -> Token | None:
    """Return the expression that begins at a token: a text, a name, or what `+` joins."""
    end, held = _operands(tokens, at)
    if end == at + 1 and held:
        return tokens[at]
    return _join(file, tokens, at, end) if end > at else None


def _operands(tokens: list[Token], at: int) -> tuple[int, bool]:
    """Return where the operands end that `+` joins from here on, and whether a string is among them."""
    end, held = at, False
    while end < len(tokens):
        if tokens[end].kind == "string":
            after, held = end + 1, True
        else:
            after = _path_end(tokens, end)
        if after == end:
            return end - 1 if end > at else end, held
        end = after
        if end + 1 >= len(tokens) or tokens[end].text != "+" or tokens[end].kind != "mark":
            return end, held
        end += 1
    return end, held


def _path_end(tokens: list[Token], at: int) -> int:
    """Return where a name with dots, indices and known calls ends."""
    if tokens[at].kind != "word":
        return at
    end = at + 1
    while end < len(tokens):
        text = tokens[end].text if tokens[end].kind == "mark" else ""
        after = [token.text for token in tokens[end + 1 : end + 3]]
        if text == "." and end + 1 < len(tokens) and tokens[end + 1].kind == "word":
            end += 2
        elif text == "[" and after[1:] == ["]"] and tokens[end + 1].kind == "string":
            end += 3
        elif text == "(" and tokens[end - 1].text in _CALLED and after[:1] == [")"]:
            end += 2
        elif (
            text == "(" and tokens[end - 1].text in _CALLED and after[1:] == [")"] and tokens[end + 1].kind == "string"
        ):
            end += 3
        else:
            break
    return end


def _join(file: Source, tokens: list[Token], at: int, end: int) -> Joined:
    pieces: list[Piece] = []
    words: list[str] = []
    size = 0
    for first, last, called in _stretches(tokens, at, end):
        quote = len(first.quote)
        start, stop = (first.start + quote, first.end - quote) if quote else (first.start, last.end)
        # A dollar in a text without variables is no variable.
        text = first.text.replace("$", "\\$") if first.quote.startswith("'") else first.text
        if not quote:
            text = "${?}" if called else f"${{{file.text[start:stop]}}}"
        pieces.append(Piece(size, size + len(text), start, stop))
        words.append(text)
        size += len(text)
    begin, close = tokens[at].start, tokens[end - 1].end
    return Joined(file, file.embed("".join(words), tuple(pieces), "variable"), begin, close)


def _stretches(tokens: list[Token], at: int, end: int) -> Iterator[tuple[Token, Token, bool]]:
    """Yield (first, last, whether it is a call of something unknown) of each operand."""
    while at < end:
        after = at + 1 if tokens[at].kind == "string" else max(_path_end(tokens, at), at + 1)
        called = after < len(tokens) and tokens[after].text in ("(", "[") and tokens[after].kind == "mark"
        yield tokens[at], tokens[after - 1], called
        at = after + 1


class Values:
    """What the names of one script stand for."""

    def __init__(self, file: Source, top: Statement) -> None:
        self.file = file
        self.kotlin = file.path.endswith((".kts", ".kt"))
        self.known: dict[str, tuple[Token, tuple[str, ...]]] = {}
        self._spelled: dict[str, Source] = {}
        for path, statement in top.walk():
            self._collect(path, statement)

    def _collect(self, path: tuple[str, ...], statement: Statement) -> None:
        tokens = [token for token in statement.tokens if token.text not in _MODIFIERS]
        words = [token.text for token in tokens]
        scope = scope_of(path)
        inside = bool(path) and path[-1] in _BLOCKS
        while words[:1] in (["rootProject"], ["project"]) and words[1:2] == ["."] and len(words) > 4:
            words, tokens = words[2:], tokens[2:]
        name, at = _assigned(words, inside=inside, top=not path)
        if not name or at >= len(tokens):
            return
        full = ".".join((*scope, name))
        if words[at : at + 2] == ["mapOf", "("] or words[at] == "[":
            for key, item in _members(tokens[at + 1 :]):
                self.known.setdefault(f"{full}.{key}", (item, scope))
            return
        found = value(self.file, tokens, at)
        closed = found is not None and all(token.text in (")", ",") for token in tokens if token.start >= found.end)
        if found is not None and closed:
            self.known[full] = (found, scope)

    def text(self, token: Token, scope: tuple[str, ...]) -> Source:
        """Return a text with its variables in one spelling, those of this file by their whole names."""
        if not token.quote.startswith('"'):
            return token.source
        source = token.source
        pieces: list[Piece] = []
        words: list[str] = []
        size, at = 0, 0
        for match in [*_VARIABLE.finditer(source.text), None]:
            end = match.start() if match else len(source.text)
            pieces.append(Piece(size, size + end - at, at, end))
            words.append(source.text[at:end])
            size += end - at
            if match:
                made, at = self._variable(match, scope)
                pieces.append(Piece(size, size + len(made), match.start(), at))
                words.append(made)
                size += len(made)
        text = "".join(words)
        return source if text == source.text else source.embed(text, tuple(pieces), "variable")

    def _variable(self, match: re.Match[str], scope: tuple[str, ...]) -> tuple[str, int]:
        if match[0] == "\\$":
            return "$$" if match.string[match.end() : match.end() + 1] == "{" else "$", match.end()
        if match["braced"] is not None:
            name = spelled(match["braced"])
            return (f"${{{self._whole(name, scope)}}}" if name else "${?}"), match.end()
        name, end = match["name"], match.end("name")
        if self.kotlin:
            name = name.partition(".")[0]
            end = match.start("name") + len(name)
        return f"${{{self._whole(name, scope)}}}", end

    def _whole(self, name: str, scope: tuple[str, ...]) -> str:
        """Return the whole name of what a name means inside some objects."""
        for size in range(len(scope), 0, -1):
            found = ".".join((*scope[:size], name))
            if found in self.known:
                return found
        return name

    def lookup(self, name: str) -> Source | None:
        """Return what a name stands for, its own variables in one spelling."""
        if name not in self._spelled and name in self.known:
            token, scope = self.known[name]
            self._spelled[name] = self.text(token, scope)
        return self._spelled.get(name)

    def expanded(self, token: Token, scope: tuple[str, ...]) -> Source:
        """Return a text with what this file tells of its variables."""
        source = self.text(token, scope)
        return expand(source, self.lookup, "terraform").source if token.quote.startswith('"') else source

    def options(self) -> Iterator[Option]:
        """Yield the values for the scripts that see them; what looks secret is handed to nobody."""
        for name in list(self.known)[:_KEPT]:
            source = self.lookup(name)
            if source is not None and len(source.text) <= _KEPT and not _SECRET.search(name):
                yield Option(name=name, value=source.text, span=source.all())


def scope_of(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the objects around a statement, the outermost first: blocks whose names begin with a capital letter."""
    return tuple(name for name in path if name[:1].isupper())


def _assigned(words: list[str], *, inside: bool, top: bool) -> tuple[str, int]:
    """Return the name that a statement gives a value, and where the value begins."""
    if not words:
        return "", 0
    if words[:1] in (["def"], ["val"], ["var"]) and len(words) > 3:
        by = words.index("by") if "by" in words[2:5] else 0
        if by and words[by + 1 : by + 3] == ["extra", "("]:
            return words[1], by + 3
        return (words[1], words.index("=") + 1) if "=" in words else ("", 0)
    if words[:2] == ["ext", "."] or words[:2] == ["extra", "."]:
        if words[2:4] == ["set", "("] and len(words) > 6:
            return words[4], 6
        dotted = words.index("=") if "=" in words else 0
        return ("".join(words[2:dotted]), dotted + 1) if dotted > 2 else ("", 0)
    if words[:2] in (["extra", "["], ["ext", "["]) and words[3:5] == ["]", "="]:
        return words[2], 5
    if words[:2] == ["set", "("] and inside and len(words) > 4:
        return words[2], 4
    named = inside or top or words[0] == "defaultLibrariesExtensionName"
    if len(words) > 2 and words[1] == "=" and named and words[0].isidentifier():
        return words[0], 2
    return "", 0


def _members(tokens: list[Token]) -> Iterator[tuple[str, Token]]:
    """Yield (key, text) of `a: "1"`, `"a": "1"`, `"a" to "1"`."""
    for at in range(len(tokens) - 2):
        if (
            tokens[at + 1].text in (":", "to")
            and tokens[at + 2].kind == "string"
            and tokens[at].kind in ("word", "string")
        ):
            yield tokens[at].text, tokens[at + 2]
