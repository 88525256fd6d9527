"""The planted trees: a shop with known mistakes, its repaired twin, and the list of what is where.

The trees stand below a folder called `tests`, where many rules are silent on purpose; they are judged as copies. Tokens
and keys are placeholders in the repository and made up while copying.
"""

from __future__ import annotations

import json
import random
import re
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from tests.tokens import make_token

PLANTED = Path(__file__).parent / "planted"
_PLACEHOLDER = re.compile(r"\{\{token:(\w+)(?::(\d+))?\}\}|\{\{pem\}\}")


class Label(NamedTuple):
    """One planted mistake: the rule that finds it, and the words on which the finding stands."""

    rule: str
    path: str
    line: int
    words: str


def filled(text: str) -> str:
    """Replace the placeholders of tokens and keys by made-up ones, always the same."""
    return _PLACEHOLDER.sub(_made, text)


def _made(match: re.Match[str]) -> str:
    if match[1]:
        return make_token(match[1], int(match[2] or 0))
    # Seeded, so that each copy is the same; no key was ever made of these bytes.
    data = b64encode(b"\x30\x81\x8d" + random.Random("relcheck pem").randbytes(141)).decode()  # noqa: S311
    return "\n".join(data[at : at + 64] for at in range(0, len(data), 64))


def copy_tree(name: str, folder: Path) -> Path:
    """Copy the tree `bad` or `good` to a new folder, placeholders filled in, and return the folder."""
    origin = PLANTED / name
    for path in sorted(origin.rglob("*")):
        target = folder / path.relative_to(origin)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(filled(path.read_bytes().decode("utf-8")).encode("utf-8"))
    return folder


def tree_files(folder: Path) -> dict[str, str]:
    """Return the files of a tree by their paths below it, placeholders filled in."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): filled(path.read_bytes().decode("utf-8")) for path in found}


def read_labels(name: str) -> list[Label]:
    """Read `labels.txt` or `notes.txt`: a rule, a path, a line and the words in quotes, one mistake a line."""
    found = []
    for line in (PLANTED / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            rule, path, number, words = line.split(maxsplit=3)
            found.append(Label(rule, path, int(number), filled(json.loads(words))))
    return found


def words_at(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text between two places: 1-based lines and columns, end exclusive."""
    (first, column), (last, stop) = start, end
    if first == last:
        return lines[first - 1][column - 1 : stop - 1]
    between = [lines[first - 1][column - 1 :], *lines[first : last - 1], lines[last - 1][: stop - 1]]
    return "\n".join(between)
