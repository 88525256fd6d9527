"""Image references whose pieces stand in several values (`repository` and `tag`), and texts of which a part is not known."""

from __future__ import annotations

import re

from relcheck.refs import MARK
from relcheck.source import Piece, Source


def composed(words: list[Source | str]) -> Source:
    """Return several texts as one. Sources keep their places; a word that is only text has none of its own.

    All sources must be embedded in the same text.
    """
    first = next(word for word in words if isinstance(word, Source) and word.parent is not None)
    file = first.parent
    assert file is not None
    pieces: list[Piece] = []
    out: list[str] = []
    # Text before the first source has the place where that begins.
    size, end = 0, first._pieces[0].parent_start if first._pieces else 0
    for word in words:
        text = word if isinstance(word, str) else word.text
        if isinstance(word, Source):
            own = word._pieces or (Piece(0, len(text), 0, 0),)
            pieces += [Piece(p.start + size, p.end + size, p.parent_start, p.parent_end) for p in own]
            end = own[-1].parent_end
        elif text:
            pieces.append(Piece(size, size + len(text), end, end))
        out.append(text)
        size += len(text)
    return file.embed("".join(out), tuple(pieces), "composed")


def reference(
    name: Source, tag: Source | None = None, digest: Source | None = None, host: Source | None = None
) -> Source:
    """Return `[host/]name[:tag][@digest]` as one text; what is empty is left out."""
    if not any(part is not None and part.text.strip() for part in (tag, digest, host)):
        return name
    words: list[Source | str] = []
    if host is not None and host.text.strip():
        words += [host, "" if host.text.endswith("/") else "/"]
    words.append(name)
    if tag is not None and tag.text.strip():
        words += [":", tag]
    if digest is not None and digest.text.strip():
        bare = ":" not in digest.text and digest.text.isalnum()
        words += ["@", composed(["sha256:", digest]) if bare else digest]
    return composed(words)


def masked(source: Source, pattern: re.Pattern[str]) -> Source:
    """Return a text with `MARK` for each match: what the files do not tell."""
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, 0
    for match in [*pattern.finditer(source.text), None]:
        end = match.start() if match else len(source.text)
        pieces.append(Piece(size, size + end - at, at, end))
        out.append(source.text[at:end])
        size += end - at
        if match:
            pieces.append(Piece(size, size + 1, end, match.end()))
            out.append(MARK)
            size, at = size + 1, match.end()
    return source.embed("".join(out), tuple(pieces), "variable")


def in_file(source: Source) -> Source:
    """Return a text embedded in the file itself, whatever it is embedded in: what is composed needs one parent."""
    span = source.all()
    return source.root.embed(source.text, (Piece(0, len(source.text), span.start, span.end),), span.form)
