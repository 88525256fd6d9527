"""The encodings in which a value may stand in a file, each with its decoder.

A `Span` records the chain of encodings of its words; `decode_form` undoes the chain. The property tests use it to
show that every part of every fact really stands where its span says.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from itertools import pairwise

from relcheck.patterns import lazy_pattern

_FOLD = lazy_pattern(r"[ \t]*(\r\n|\n|\r)[ \t]*((?:(?:\r\n|\n|\r)[ \t]*)*)")
_YAML_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_SHELL_QUOTE = re.compile(
    r"'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|\\(?:\r?\n|(?P<letter>.))|\"", re.DOTALL
)
_HEX_WIDTH = {"x": 2, "u": 4, "U": 8}
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_LAST_LETTER = 0x10FFFF
_LINE = lazy_pattern(r"\r\n|\n|\r")


def decode_form(text: str, form: str) -> str:
    """Undo a chain of encodings: `decode_form("it''s", "single")` is `it's`. Unknown names raise `KeyError`."""
    for name in form.split(">"):
        base, _, argument = name.partition("-")
        text = DECODERS[base](text, argument)
    return text


def fold(text: str) -> str:
    """Fold line breaks as YAML's flow scalars do: one break is a space, each further one a line feed."""
    return _FOLD.sub(lambda match: "\n" * len(_LINE.findall(match[2])) or " ", text)


def unescape_double(text: str) -> str:
    """Decode the inside of a YAML double-quoted scalar or a JSON string (YAML 1.2 section 5.7, RFC 8259)."""
    out, at = [], 0
    while at < len(text):
        mark = text.find("\\", at)
        if mark < 0 or mark + 1 >= len(text):
            out.append(fold(text[at:]))
            break
        out.append(fold(text[at:mark]))
        value, at = _escape(text, mark + 1)
        out.append(value)
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(text: str, at: int) -> tuple[str, int]:
    letter = text[at]
    if letter in _HEX_WIDTH:
        digits = text[at + 1 : at + 1 + _HEX_WIDTH[letter]]
        if len(digits) < _HEX_WIDTH[letter] or not set(digits) <= _HEX_DIGITS:
            return letter, at + 1  # no escape of any standard; the rest is kept as it is
        number = int(digits, 16)
        return chr(number) if number <= _LAST_LETTER else "\ufffd", at + 1 + len(digits)
    if letter in "\r\n":
        rest = re.compile(r"(?:\r\n|\n|\r)[ \t]*").match(text, at)
        return "", rest.end() if rest else at + 1
    return _YAML_ESCAPES.get(letter, letter), at + 1


def _literal(text: str, indent: str) -> str:
    strip = re.compile(rf"(?<=\n)[ ]{{0,{int(indent or 0)}}}")
    return strip.sub("", _LINE.sub("\n", text))


def _folded(text: str, indent: str) -> str:
    lines = _literal(text, indent).split("\n")
    out = lines[0]
    for before, line in pairwise(lines):
        keep = not line or not before or line[0] in " \t" or before[:1] in (" ", "\t")
        out += ("\n" if keep and line else "" if keep else " ") + line
    return out


def _base64(text: str, _: str) -> str:
    try:
        data = base64.b64decode("".join(text.split()), validate=False)
    except (binascii.Error, ValueError):
        return ""
    return data.decode("utf-8", "replace")


def _toml(text: str, _: str) -> str:
    joined = re.sub(r"\\[ \t]*(?:\r\n|\n|\r)\s*", "", text)
    return re.sub(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", lambda match: unescape_double(match[0]), joined)


def _continued(text: str, escape: str) -> str:
    """Join the lines of a Dockerfile's instruction; comments and blank lines between them are dropped."""
    mark = re.escape(escape or "\\")
    return re.sub(rf"{mark}[ \t\r]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:[ \t]*#[^\n]*\Z)?", "", text)


def _quoted(text: str, escape: str) -> str:
    """Remove the quotes and escapes of a Dockerfile's word, as BuildKit does."""
    from relcheck.readers.dockerfile_words import unquote  # noqa: PLC0415 - one parser for it, and rarely needed
    from relcheck.source import Source  # noqa: PLC0415 - see above

    return unquote(Source("", text), escape or "\\").text


def _shell(text: str, _: str) -> str:
    """Remove the quotes and escapes of a word of a shell script (POSIX.1 section 2.2)."""
    return _SHELL_QUOTE.sub(_shell_piece, text)


def _shell_piece(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        return re.sub(r"\\(?:\r?\n|([$`\"\\]))", lambda escape: escape[1] or "", match["double"])
    return match["letter"] or ""


def _xml(text: str, _: str) -> str:
    from html import unescape  # noqa: PLC0415 - only where XML is read

    return unescape(re.sub(r"<!\[CDATA\[(.*?)\]\]>", r"\1", text, flags=re.DOTALL))


DECODERS: dict[str, Callable[[str, str], str]] = {
    "plain": lambda text, _: text,
    "single": lambda text, _: fold(text.replace("''", "'")),
    "double": lambda text, _: unescape_double(text),
    "fold": lambda text, _: fold(text),
    "literal": _literal,
    "folded": _folded,
    "base64": _base64,
    "continued": _continued,
    "quoted": _quoted,
    "shell": _shell,
    "tabs": lambda text, _: re.sub(r"(?m)^\t+", "", text),
    "toml": _toml,
    "xml": _xml,
}
