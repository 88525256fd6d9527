"""The patterns of .gitignore files, for folders that git does not manage (gitignore documentation of git)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple


class _Pattern(NamedTuple):
    match: re.Pattern[str]
    negated: bool
    folders_only: bool


class Ignored:
    """The patterns in force in a folder: those of its own .gitignore behind those of the folders above."""

    def __init__(self, patterns: tuple[_Pattern, ...] = ()) -> None:
        self._patterns = patterns

    @classmethod
    def of(cls, lines: Iterable[str]) -> Ignored:
        """Return the patterns of a file at the root, line by line."""
        return cls(tuple(found for line in lines if (found := _parse(line, "")) is not None))

    def deeper(self, full: str, folder: str) -> Ignored:
        """Return the patterns in force in a folder, given where it is and its path below the root."""
        try:
            with open(os.path.join(full, ".gitignore"), encoding="utf-8", errors="replace") as stream:
                lines = stream.read(1_000_000).splitlines()
        except OSError:
            return self
        return Ignored(self._patterns + tuple(found for line in lines if (found := _parse(line, folder)) is not None))

    def matches(self, path: str, *, folder: bool) -> bool:
        """Whether a path below the root is ignored: the last pattern that matches decides."""
        for pattern in reversed(self._patterns):
            if (folder or not pattern.folders_only) and pattern.match.fullmatch(path):
                return not pattern.negated
        return False


def _parse(line: str, folder: str) -> _Pattern | None:
    text = re.sub(r"(?<!\\) +$", "", line)
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[1:] if negated else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    prefix = f"{re.escape(folder)}/" if folder else ""
    depth = "" if anchored else "(?:.*/)?"
    return _Pattern(re.compile(prefix + depth + _translate(text), re.DOTALL), negated, folders_only)


def _translate(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif text.startswith("/**", at) and at + 3 == len(text):
            out.append("/.*")
            at += 3
        elif text[at] == "*":
            out.append("[^/]*")
            at += 1
        elif text[at] == "?":
            out.append("[^/]")
            at += 1
        elif text[at] == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2)
            body = text[at + 1 : end].replace("\\", "\\\\")
            out.append(f"[{'^' + body[1:] if body[0] in '!^' else body}]")
            at = end + 1
        elif text[at] == "\\" and at + 1 < len(text):
            out.append(re.escape(text[at + 1]))
            at += 2
        else:
            out.append(re.escape(text[at]))
            at += 1
    return "".join(out)
