"""Files of variables such as `.env` (the syntax that Compose reads), and the commands of direnv's `.envrc`.

    line = ["export "] NAME ("=" | ": ") value | NAME | "#" comment
    value = plain, up to a blank and "#" | "…" with escapes and variables | '…' as it is; quotes may span lines

A value is kept for the interpolation of other files only where it looks like a piece of an image reference or a path:
secrets stay out of what is handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Option, Text, Variables
from relcheck.refs.secrets import identify, looks_secret_name
from relcheck.source import Source, Span

_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:(?=[ \t]))[ \t]*"
    r"(?:'(?P<single>[^']*)'|\"(?P<double>(?:\\.|[^\"\\])*)\"|(?P<plain>[^\r\n]*))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_HARMLESS = re.compile(r"[A-Za-z0-9._/:@+-]{0,200}")
_KEY_SHAPED = re.compile(r"(?<![A-Za-z0-9])(?=[a-zA-Z0-9]*[A-Z])(?=[a-zA-Z0-9]*[0-9])[A-Za-z0-9]{20,}")


def read(source: Source) -> Iterator[Fact]:
    """Read a file of variables: one fact for all values that may be used elsewhere, and what each variable says."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - read for its values alone by link

    options: list[Option] = []
    said: set[Span] = set()
    for name, value in variables(source):
        for fact in environment_facts(name, value, where="env-file"):
            said.add(fact.span)
            yield fact
        options.append(Option(name=name, value=_handed_on(name, value.text), span=value.all()))
    if options:
        yield Variables(span=Span(0, 0), values_of=tuple(options))
    if source.path.rpartition("/")[2] == ".envrc":
        yield from _commands(source, said)


def _commands(source: Source, said: set[Span]) -> Iterator[Fact]:
    """Read the commands of direnv's file, which is a script that a shell runs; without what was said of its variables."""
    from relcheck.readers.shell import read as read_script  # noqa: PLC0415 - few repositories hold such a file

    for fact in read_script(source):
        if not isinstance(fact, Credential) or fact.span not in said:
            yield fact


def variables(source: Source) -> Iterator[tuple[str, Source]]:
    """Yield the variables of a file with their values, quotes and comments removed."""
    for match in _LINE.finditer(source.text):
        group = next(name for name in ("single", "double", "plain") if match[name] is not None)
        start, end = match.span(group)
        if group == "plain":
            words = _COMMENT.sub("", source.text[start:end]).rstrip()
            end = start + len(words)
        yield match["name"], source.part(start, end)


def _handed_on(name: str, value: str) -> Text:
    """Return a value that is certainly no secret, else UNKNOWN."""
    if looks_secret_name(name) or not _HARMLESS.fullmatch(value) or "://" in value:
        return UNKNOWN
    return UNKNOWN if _KEY_SHAPED.search(value) or identify(value) else value
