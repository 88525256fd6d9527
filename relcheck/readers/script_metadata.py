"""Dependencies of single files: the comment of a Python script (PEP 723), and the programs that `go generate` runs.

A script's comment begins with `# /// script`, ends with `# ///`, and holds TOML: `dependencies`, `[tool.uv]`. A Go file has
lines `//go:generate COMMAND ARGUMENTS…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.source import Piece, Source

_BLOCK = re.compile(r"(?m)^# /// script[ \t]*\r?\n(?P<lines>(?:#(?:| .*)\r?\n)+)")
_END = re.compile(r"(?m)^# ///[ \t]*\r?$")
_LINE = re.compile(r"# ?(?P<text>[^\r\n]*)(?P<end>\r\n|\n)")
_GENERATE = re.compile(r"(?m)^//go:generate[ \t]+(?P<command>[^\r\n]+)")


def read(source: Source) -> Iterator[Fact]:
    """Read the one comment of a Python script, or the directives of a Go file."""
    if source.path.endswith(".go"):
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        for match in _GENERATE.finditer(source.text):
            yield from read_shell(source.part(*match.span("command")), context="script")
        return
    block = _BLOCK.search(source.text)
    ends = list(_END.finditer(block["lines"])) if block is not None else []
    if block is not None and ends:
        yield from _metadata(source, block.start("lines"), block.start("lines") + ends[-1].start())


def _metadata(source: Source, start: int, end: int) -> Iterator[Fact]:
    """Read the TOML behind the comment marks."""
    from relcheck.readers.pyproject import script_facts  # noqa: PLC0415 - few scripts have such a comment
    from relcheck.readers.toml_tree import load  # noqa: PLC0415 - loads the grammar of TOML

    pieces: list[Piece] = []
    words: list[str] = []
    size = 0
    for match in _LINE.finditer(source.text, start, end):
        text = match["text"] + match["end"]
        pieces.append(Piece(size, size + len(text), match.start("text"), match.end()))
        words.append(text)
        size += len(text)
    top, faults = load(source.embed("".join(words), tuple(pieces), "script"))
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"is no TOML: {fault.reason}")
    yield from script_facts(top)
