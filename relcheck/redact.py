"""What may be shown and kept of scanned files: no secret beyond its first characters, ever.

Readers hand secrets out redacted; this is the second line of defence, for what no reader knows as a credential: it goes by
the names beside a value, by the shape of tokens, and by URLs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from relcheck.facts import Credential, Fact, Option
from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs.secrets import entropy, find_tokens, literal_form, looks_secret_name, redact
from relcheck.source import Source

_MIN_SECRET = 6
_MAX_KNOWN = 100
"""So many secrets of a file are looked for in all its facts; a file with more is cleaned by the names beside them only."""
_USERINFO = lazy_pattern(r"://[^/\s:@]*:(?P<value>[^/\s@]+)@")
_NO_SCHEME = lazy_pattern(r"(?<![\w:/.@-])[\w.-]+:(?P<value>[^\s:/@\"']{6,})(?=@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}[/:])")
_KEYED = lazy_pattern(
    r"(?<![\w.-])(?=[\w.-]*(?:pass|token|secret|key|auth|pwd|pat))(?P<key>[\w.-]++)[\"']?(?P<glue>[ \t]*+[=:][ \t]*+|[ \t]++)"
    r"(?:(?:bearer|basic)[ \t]++)?[\"']?(?P<value>[^\s\"'`,;|&<>(){}\[\]]++)",
    re.IGNORECASE,
)
_NAME = lazy_pattern(r"[\w.-]*")
_PROGRAMS = lazy_pattern(
    r"(?:\bsshpass[ \t]+-p[ \t]*|\b(?:mysql|mysqldump|mysqladmin|mariadb)\b(?:[ \t]+(?!-p)\S+){0,20}[ \t]+-p"
    r"|(?<!\S)--?[\w-]*creds?[ \t=]+[^\s:\"']+:)(?P<value>[^\s\"'|&;<>]++)"
)

_ELEMENT = lazy_pattern(
    r"<(?P<key>[\w:.-]++)[^<>]{0,200}+>\s*+(?P<value>[^<>\s]{6,}+)"
    r"|\bkey=[\"'](?P<name>[\w.-]++)[\"']\s++value=[\"'](?P<text>[^\"'<>]{6,}+)",
    re.IGNORECASE,
)
"""Elements and attributes of XML: asked of the lines that are shown, since of XML that can be read the values are known."""

_WITH_WORDS = ((_USERINFO, ("://",)), (_NO_SCHEME, ("@",)), (_PROGRAMS, ("sshpass", "mysql", "mariadb", "cred")))
"""Expressions that match within a line, and words of which one stands in every match: only lines with one are searched."""
_KEYS = ("pass", "token", "secret", "key", "auth", "pwd", "pat")


def secret_places(text: str) -> list[tuple[int, int]]:
    """Return where secrets stand in a text, as far as names, shapes and URLs tell."""
    found = [(start, end) for start, end, _ in find_tokens(text)]
    for pattern, words in _WITH_WORDS:
        for start, end in _lines_with(text, words):
            found += [
                match.span("value")
                for match in pattern.finditer(text, start, end)
                if literal_form(match["value"]) == "literal"
            ]
    found += [match.span("value") for match in _keyed(text) if _is_keyed(match)]
    return sorted(found)


def _places(text: str, words: tuple[str, ...]) -> list[int]:
    """Return where words stand in a text, in order: `str.find` is many times faster than an expression."""
    found = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            found.append(at)
            at = text.find(word, at + 1)
    return sorted(found)


def _lines_with(text: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield where the lines stand that hold one of some words."""
    end = -1
    for at in _places(text, words):
        if at > end:
            start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
            end = end if end >= 0 else len(text)
            yield start, end


def _keyed(text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `_KEYED`, which begin where a name begins that holds a word for secrets."""
    lower = text.lower()
    if len(lower) != len(text):  # a capital that becomes two letters: places would not agree
        yield from _KEYED.finditer(text)
        return
    end = 0
    for at in _places(lower, _KEYS):
        if at < end:
            continue
        start = at
        while start > end and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
            start -= 1
        match = _KEYED.match(text, start)
        if match:
            yield match
        passed = match or _NAME.match(text, start)
        end = passed.end() if passed else at + 1


def _is_keyed(match: re.Match[str]) -> bool:
    """Whether the name beside a value is one of a secret, and the value is written out."""
    if (
        len(match["value"]) < _MIN_SECRET
        or not _names_secret(match["key"])
        or literal_form(match["value"]) != "literal"
    ):
        return False
    if match["glue"].strip() or match["key"].startswith("-"):
        return True
    # In `"$TOKEN" next` the name is no key of the next word.
    used = match.string[match.start() - 1 : match.start()] == "$"
    return not used and _looks_random(match["value"])


def _names_secret(name: str) -> bool:
    return looks_secret_name(name) or name.lower().endswith(("password", "passwd"))  # PGPASSWORD


def _looks_random(value: str) -> bool:
    """Whether a value is no word: letters and digits, eight or more, hardly repeated."""
    mixed = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
    return mixed and len(value) > 7 and entropy(value) >= 3


def scrub(text: str) -> str:
    """Return a text with every secret in it redacted."""
    return _replaced(text, secret_places(text)) if len(text) >= _MIN_SECRET else text


def _replaced(text: str, places: list[tuple[int, int]]) -> str:
    out: list[str] = []
    at = 0
    for start, end in places:
        if start >= at:
            out += (text[at:start], redact(text[start:end]))
            at = end
    return "".join((*out, text[at:]))


def without_secrets(facts: list[Fact], source: Source) -> list[Fact]:
    """Return the facts of a file without the secrets that the file holds: in words of commands, names, references."""
    if not facts:
        return facts
    text = source.text
    places = secret_places(text)
    own = [
        fact.parts["value"] for fact in facts if isinstance(fact, Credential) and fact.length and "value" in fact.parts
    ]
    if not places and not own:
        return facts
    values = {text[start:end] for start, end in places} | {text[span.start : span.end] for span in own}
    known = sorted((value for value in values if _looks_random(value)), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if 0 < len(known) <= _MAX_KNOWN else None

    def clean(words: str) -> str:
        return scrub(pattern.sub(lambda match: redact(match[0]), words) if pattern else words)

    return [_cleaned(fact, clean) for fact in facts]


def _cleaned(record: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401 - a record of the kind it was given
    changes = {}
    for name, value in record.values().items():
        cleaned = (
            _clean(value, clean) if isinstance(value, (str, tuple)) and name not in ("redacted", "span") else value
        )
        if cleaned is not value and cleaned != value:
            changes[name] = cleaned
    if isinstance(record, Option) and isinstance(record.value, str) and _names_secret(record.name):
        changes["value"] = redact(record.value) if literal_form(record.value) == "literal" else record.value
    return record.replace(**changes) if changes else record


def _clean(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401 - see above
    if isinstance(value, str):
        return clean(value) if len(value) >= _MIN_SECRET else value
    if isinstance(value, Record):
        return _cleaned(value, clean)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_clean(item, clean) for item in value)
    return value


def _element_places(line: str) -> list[tuple[int, int]]:
    """Return where secrets stand in a line of XML, as far as the names of elements and settings tell."""
    found = []
    for match in _ELEMENT.finditer(line) if "<" in line else ():
        name, value = (match["key"], "value") if match["key"] else (match["name"], "text")
        if _names_secret(name) and literal_form(match[value]) == "literal":
            found.append(match.span(value))
    return found


def shown_line(source: Source, number: int, secrets: tuple[tuple[int, int], ...]) -> str:
    """Return a line of a file with every secret replaced by as many asterisks; columns stay where they are."""
    text = source.line(number)
    begin = source.line_start(number)
    spans = [(start - begin, end - begin) for start, end in secrets if start < begin + len(text) and end > begin]
    spans += secret_places(text) + _element_places(text)
    for first, last in spans:
        start, end = max(first, 0), min(last, len(text))
        kept = redact(text[start:end]).rstrip("…") if first >= 0 else ""
        text = text[:start] + kept + "*" * (end - start - len(kept)) + text[end:]
    return text


def safe_path(path: str) -> str:
    """Return a path as a line may begin with it: `::` at the start of a line is a command to GitHub's runners."""
    shown = safe_text(path)
    return f"./{shown}" if shown.startswith(("::", "##[")) else shown


_SHORTEST_TOKEN = 20


def shown_name(name: str) -> str:
    """Return a name of a file as it may be shown: without tokens, as scripts that keep one in a name leave them."""
    found = find_tokens(name) if len(name) >= _SHORTEST_TOKEN else ()
    return _replaced(name, [(start, end) for start, end, _ in found])


def safe_text(text: str) -> str:
    r"""Return a text without tokens and without control characters; line breaks are shown as `\\n`."""
    text = shown_name(text)
    return "".join(letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in text)
