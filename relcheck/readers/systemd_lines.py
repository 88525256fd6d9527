r"""Lines of systemd's unit files (systemd.syntax): sections, settings, values over several lines.

A backslash at the end of a line goes on with the next line that is no comment, and counts as a blank; `#` and `;` begin
comments at the start of a line only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.readers.ini_lines import LINE, SECTION, trimmed
from relcheck.source import Piece, Source

_SETTING = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)[ \t]*=")
_CONTINUED = re.compile(r"\\[ \t]*$")


class Setting(NamedTuple):
    """One setting: its section, its key and its value without blanks around it."""

    section: str
    key: str
    value: Source


def settings(source: Source) -> Iterator[Setting]:
    """Yield the settings of a unit file in their order."""
    section = ""
    for line in _logical_lines(source):
        head = SECTION.match(line.text)
        if head is not None:
            section = head["name"].strip()
            continue
        match = _SETTING.match(line.text)
        if match is not None:
            yield Setting(section, match["name"], trimmed(line.part(match.end(), len(line.text))))


def _logical_lines(source: Source) -> Iterator[Source]:
    pieces: list[Piece] = []
    words: list[str] = []
    size = 0
    for match in LINE.finditer(source.text):
        text, start = match["text"], match.start()
        if text.lstrip()[:1] in ("#", ";") or (not text.strip() and not pieces):
            continue
        more = _CONTINUED.search(text)
        # The backslash is a blank.
        words.append(f"{text[: more.start()]} " if more else text)
        length = len(words[-1])
        pieces.append(Piece(size, size + length, start, start + length))
        size += length
        if more is None:
            yield _joined(source, words, pieces)
            pieces, words, size = [], [], 0
    if pieces:
        yield _joined(source, words, pieces)


def _joined(source: Source, words: list[str], pieces: list[Piece]) -> Source:
    if len(pieces) == 1 and not words[0].endswith(" "):
        return source.part(pieces[0].parent_start, pieces[0].parent_end)
    return source.embed("".join(words), tuple(pieces), "composed")
