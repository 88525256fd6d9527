"""Words of a Dockerfile's instruction: flags, quotes, `name=value` pairs and the JSON form, all with their places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from relcheck.patterns import lazy_pattern
from relcheck.readers.yaml_scalars import scalar_source
from relcheck.refs import MARK
from relcheck.source import Piece, Source

_JSON_STRING = lazy_pattern(r'"(?:\\.|[^"\\])*"')
_TEMPLATE = r"\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>"
_FLAG = lazy_pattern(r"--([A-Za-z][\w-]*)(?:=|\Z)")
_REFERENCE = lazy_pattern(r"\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?P<else>:?-[^{}]*)?\})", re.ASCII)
_TEMPLATE_SIZE = 2000
"""A template that is longer is none: variables of variables may multiply."""
_PAIR = lazy_pattern(r"([^\s=\"']+)=")


def _word_pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(
        rf"""(?:{_TEMPLATE}|{mark}.|'[^']*'?|"(?:{mark}.|[^"{mark}])*"?|[^\s'"{mark}]|{mark}\Z)+""", re.DOTALL
    )


_WORDS = {escape: _word_pattern(escape) for escape in ("\\", "`")}
_MARKUP = {
    escape: lazy_pattern(
        rf"'([^']*)'?|\"((?:{re.escape(escape)}.|[^\"{re.escape(escape)}])*)\"?|{re.escape(escape)}(.)", re.DOTALL
    )
    for escape in ("\\", "`")
}


def split_words(source: Source, escape: str = "\\") -> list[Source]:
    """Split at blanks outside quotes and template markers; quotes are kept."""
    return [source.part(*match.span()) for match in _WORDS[escape].finditer(source.text)]


def unquote(source: Source, escape: str = "\\") -> Source:
    r"""Remove the quotes and escapes of a word; `\\$` is kept for `expand`, a `$` within '' is not known."""
    text = source.text
    if not any(letter in text for letter in ("'", '"', escape)):
        return source
    parts: list[tuple[str, int, int]] = []
    at = 0
    for match in _MARKUP[escape].finditer(text):
        parts.append((text[at : match.start()], at, match.start()))
        parts.extend(_inside(match, escape))
        at = match.end()
    parts.append((text[at:], at, len(text)))
    parts = [part for part in parts if part[0]]
    if len(parts) == 1 and text[parts[0][1] : parts[0][2]] == parts[0][0]:
        return source.part(parts[0][1], parts[0][2])
    return _embed(source, parts, "quoted" if escape == "\\" else f"quoted-{escape}")


def _inside(match: re.Match[str], escape: str) -> Iterator[tuple[str, int, int]]:
    """Yield what a quoted stretch or an escaped letter stands for, and where it stands."""
    if match[1] is not None:
        shown = match[1].replace("$", MARK) if "$" in match[1] else match[1]
        yield shown, match.start(1), match.end(1)
    elif match[2] is not None:
        at = match.start(2)
        for found in re.finditer(rf"{re.escape(escape)}([\"{re.escape(escape)}])", match[2]):
            yield match[2][at - match.start(2) : found.start()], at, match.start(2) + found.start()
            yield found[1], match.start(2) + found.start(), match.start(2) + found.end()
            at = match.start(2) + found.end()
        yield match[2][at - match.start(2) :], at, match.end(2)
    elif match[3] == "$":
        yield "\\$", match.start(), match.end()
    else:
        yield match[3], match.start(), match.end()


def _embed(source: Source, parts: list[tuple[str, int, int]], form: str) -> Source:
    pieces: list[Piece] = []
    size = 0
    for text, start, end in parts:
        pieces.append(Piece(size, size + len(text), start, end))
        size += len(text)
    return source.embed("".join(text for text, _, _ in parts), tuple(pieces), form)


def split_flags(source: Source, escape: str = "\\") -> tuple[list[tuple[str, Source]], Source]:
    """Split the leading `--name[=value]` words off: (name, value without quotes) each, and the rest of the text."""
    found: list[tuple[str, Source]] = []
    at = 0
    for match in _WORDS[escape].finditer(source.text):
        at = match.start()
        word = unquote(source.part(*match.span()), escape)
        flag = _FLAG.match(word.text)
        if flag is None:
            break
        found.append((flag[1].lower(), word.part(flag.end(), len(word.text))))
        at = match.end()
    rest = source.text[at:]
    at += len(rest) - len(rest.lstrip())
    return found, (source.part(at, len(source.text)) if at else source)


def json_words(source: Source) -> list[Source] | None:
    """Return the words of the JSON form `["a", "b"]`; None for any other text, which a shell reads."""
    text = source.text.strip()
    if not text.startswith("[") or not text.endswith("]"):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    places = [match.span() for match in _JSON_STRING.finditer(source.text)]
    return [scalar_source(source, start, end, '"', value) for (start, end), value in zip(places, values, strict=False)]


def pairs(source: Source, escape: str = "\\") -> Iterator[tuple[Source, Source | None]]:
    """Yield (name, value without quotes) of each `name=value` word; the value is None where there is no `=`."""
    for word in split_words(source, escape):
        match = _PAIR.match(word.text)
        if match is None:
            yield word, None
        else:
            yield word.part(0, match.end(1)), unquote(word.part(match.end(), len(word.text)), escape)


def environment_pairs(source: Source, escape: str = "\\") -> Iterator[tuple[Source, Source | None]]:
    """Yield (name, value) of ENV: `K=V …`, or the old form `K V` in which the whole rest is the value."""
    first = _WORDS[escape].match(source.text)
    if first is None or "=" in first[0]:
        yield from pairs(source, escape)
        return
    rest = source.text[first.end() :]
    start = first.end() + len(rest) - len(rest.lstrip())
    name = source.part(*first.span())
    yield name, unquote(source.part(start, len(source.text)), escape) if start < len(source.text) else None


def template(text: str, defaults: Mapping[str, str]) -> str:
    """Return a text that says its own defaults: `x:$V` is `x:${V-1}` after `ARG V=1`; "" where it grows too long."""

    def reference(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        default = defaults.get(name) if name else None
        if not default:
            return match[0]
        return f"${{{name}{':-' if match['else'] else '-'}{default}}}"

    made = _REFERENCE.sub(reference, text)
    return made if len(made) <= _TEMPLATE_SIZE else ""
