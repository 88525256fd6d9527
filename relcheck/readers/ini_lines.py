"""Lines of INI files with their places: sections, keys, values, continued values.

Python's configparser gives no positions, splits `.npmrc` keys at their colon and interpolates `%40` in URLs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.source import Source

LINE = re.compile(r"(?P<text>[^\r\n]*)(?:\r\n|\n|\r|\Z)")
SECTION = re.compile(r"\s*\[(?P<name>[^\]]*)\]\s*$")


class Entry(NamedTuple):
    """One setting: its section, key and value; a value over several lines gives an entry a line."""

    section: str
    key: str
    value: Source
    whole: Source


def entries(source: Source, *, separators: str = "=:", continued: bool = True) -> Iterator[Entry]:
    """Yield the settings of an INI text; lines beginning with `#` or `;` are comments."""
    section, key = "", ""
    for match in LINE.finditer(source.text):
        text = match["text"]
        stripped = text.strip()
        if not stripped or stripped[0] in "#;":
            continue
        head = SECTION.match(text)
        if head is not None:
            section, key = head["name"].strip(), ""
            continue
        line = source.part(match.start(), match.start() + len(text))
        if continued and text[0] in " \t" and key:
            yield Entry(section, key, trimmed(line), line)
            continue
        cut = re.search(f"[{re.escape(separators)}]", text)
        if cut is None:
            key = stripped
            yield Entry(section, key, line.part(len(text), len(text)), line)
            continue
        key = text[: cut.start()].strip()
        yield Entry(section, key, unquoted(trimmed(line.part(cut.end(), len(text)))), line)


def trimmed(source: Source) -> Source:
    """Return a text without blanks around it."""
    text = source.text
    start = len(text) - len(text.lstrip())
    return source.part(start, max(start, len(text.rstrip())))


def unquoted(source: Source) -> Source:
    """Return a text without the quotes around it."""
    text = source.text
    return source.part(1, len(text) - 1) if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else source
