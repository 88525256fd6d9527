"""Rakefile and *.rake: Ruby in which `sh`, `system`, `exec` and backticks run commands (Rake's FileUtils, Ruby's Kernel).

One text is given to a shell, several are a program with its arguments. What is put in by `#{…}` is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers import embedded, script_variables
from relcheck.readers.composed import composed, in_file
from relcheck.readers.ruby_tree import Ruby, Syntax
from relcheck.refs import MARK
from relcheck.source import Piece, Source

_RUNS = frozenset(("sh", "system", "exec", "spawn"))
_TEXTS = ("string", "subshell")
_PLAIN = re.compile(rf"[\w./:@%+,={MARK}-]+")
"""A word that means the same to a shell as it does to a program."""


def read(source: Source) -> Iterator[Fact]:
    """Yield what the commands say, wherever in the file they stand."""
    yield from script_variables.read(source)
    ruby = Ruby(source)
    if ruby.given_up:
        yield Unreadable(span=source.at(0, 0), reason="The text is no Ruby that can be read in reasonable time.")
    stack: list[Syntax] = [ruby.root]
    while stack:
        node = stack.pop()
        stack.extend(reversed(node.named_children))
        if node.type == "assignment":
            ruby.bind(node)
        elif node.type == "subshell":
            yield from embedded("shell", _text(ruby, source, node))
        elif node.type == "call":
            yield from _call(ruby, source, node)


def _call(ruby: Ruby, source: Source, node: Syntax) -> Iterator[Fact]:
    call = ruby.call(node)
    if call is None or call.name not in _RUNS or call.receiver not in ("", "Kernel", "FileUtils"):
        return
    texts = [_text(ruby, source, item) for item in call.arguments if item.type in _TEXTS]
    if len(texts) == 1 == len(call.arguments):
        yield from embedded("shell", texts[0])
    elif texts and call.arguments[0].type in _TEXTS:
        words = [_text(ruby, source, item) for item in call.arguments]
        if all(_PLAIN.fullmatch(word.text) for word in words):
            spaced = [piece for word in words for piece in (" ", in_file(word))][1:]
            yield from embedded("shell", composed(spaced))


def _text(ruby: Ruby, source: Source, node: Syntax) -> Source:
    """Return a text with `MARK` for what is put in or escaped, and for what is no text."""
    if node.type not in _TEXTS:
        value = ruby.literal(node)
        place = ruby.place(node).all()
        return value if value is not None else source.embed(MARK, (Piece(0, 1, place.start, place.end),), "variable")
    parts: list[tuple[str, Source]] = []
    for child in node.named_children:
        found = ruby.place(child)
        parts.append((found.text if child.type == "string_content" else MARK, found))
    if len(parts) == 1 and parts[0][0] != MARK:
        return parts[0][1]
    pieces: list[Piece] = []
    size = 0
    for text, found in parts:
        place = found.all()
        pieces.append(Piece(size, size + len(text), place.start, place.end))
        size += len(text)
    return source.embed("".join(text for text, _ in parts), tuple(pieces), "variable")
