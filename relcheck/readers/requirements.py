"""requirements and constraints files, as pip reads them.

Lines are joined at a trailing backslash before comments are removed; a comment begins at `#` at the start of a line or
after white space, so `#egg=` in a URL is none. Options of a line and of a requirement are pip's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Component, Dependency, Fact, Registry
from relcheck.readers.python_requirement import requirement
from relcheck.readers.urls import registry, trusted
from relcheck.source import Piece, Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.DOTALL)
_OPTION = re.compile(r"\s*(?P<flag>--?[A-Za-z][A-Za-z0-9-]*)(?:\s*=\s*|\s+|(?<=^-[a-z])|$)?(?P<value>.*)$", re.DOTALL)
_LINE_OPTIONS = re.compile(r"\s*-")
_PER_REQUIREMENT = re.compile(r"\s--?[A-Za-z]")
_INDEXES = {
    "-i": "index",
    "--index-url": "index",
    "--pypi-url": "index",
    "--extra-index-url": "extra-index",
    "-f": "find-links",
    "--find-links": "find-links",
}


def read(source: Source) -> Iterator[Fact]:
    """Yield dependencies and the indexes they come from."""
    where = "constraints" if "constraint" in source.path.rsplit("/", 1)[-1].lower() else "requirements"
    lines = list(logical_lines(source))
    hashed = any("--hash" in line.text for line in lines)
    facts: list[Fact] = []
    for line in lines:
        facts.extend(requirement_line(line, where))
    if hashed and all(fact.hashed for fact in facts if isinstance(fact, Dependency) and fact.source == "registry"):
        facts = [fact.replace(hashed=True) if isinstance(fact, Registry) else fact for fact in facts]
    yield from facts


def logical_lines(source: Source) -> Iterator[Source]:
    """Yield each logical line as an embedded source, comments and empty lines left out."""
    pieces: list[Piece] = []
    words: list[str] = []
    size = 0
    for match in _LINE.finditer(source.text):
        line = match[0].rstrip("\r\n")
        continued = line.endswith("\\")
        text = line[:-1] if continued else line
        if continued and _COMMENT.match(text):
            continued = False
        if text or continued:
            pieces.append(Piece(size, size + len(text), match.start(), match.start() + len(text)))
            words.append(text)
            size += len(text)
            if continued:
                pieces.append(Piece(size, size, match.start() + len(text), match.end()))
        if continued and match.end() < len(source.text):
            continue
        joined = "".join(words)
        kept = _COMMENT.sub("", joined).rstrip()
        if kept.strip():
            yield source.embed(kept, tuple(pieces), "continued")
        pieces, words, size = [], [], 0


def requirement_line(line: Source, where: str) -> Iterator[Fact]:
    """Yield what a logical line says: `OPTION [VALUE]`, or `REQUIREMENT [--option value …]`."""
    if _LINE_OPTIONS.match(line.text):
        yield from _option(line, where)
        return
    cut = _PER_REQUIREMENT.search(line.text)
    head = line.part(0, cut.start()) if cut else line
    options = line.text[cut.start() :] if cut else ""
    yield from requirement(_trimmed(head), where=where, hashed="--hash" in options)


def _option(line: Source, where: str) -> Iterator[Fact]:
    match = _OPTION.match(line.text)
    if match is None:
        return
    flag = match["flag"]
    if re.match(r"-[ifecr]\S", flag) and not flag.startswith("--"):  # -ihttps://…, attached to a short option
        start = match.start("flag") + 2
        flag, value = flag[:2], _trimmed(line.part(start, len(line.text)))
    else:
        value = _trimmed(line.part(*match.span("value")))
    value = _unquoted(value)
    if flag in _INDEXES:
        yield from registry(value, ecosystem="pypi", purpose=_INDEXES[flag], key=flag)
    elif flag == "--trusted-host":
        place = value.all()
        host, parts = trusted(value)
        yield Registry(
            span=place, parts=parts, ecosystem="pypi", purpose="trusted-host", url=value.text.strip(), host=host,
            tls="off", key=flag,
        )  # fmt: skip
    elif flag in ("-r", "--requirement") and value.text and "://" not in value.text and "$" not in value.text:
        place = value.all()
        yield Component(
            span=place, parts={"name": place}, system="pypi", kind="requirements", name=value.text, ref="", ref_kind="none",
            local=True,
        )  # fmt: skip
    elif flag in ("-e", "--editable"):
        yield from requirement(value, where=where)


def _trimmed(source: Source) -> Source:
    text = source.text
    start = len(text) - len(text.lstrip())
    return source.part(start, max(start, len(text.rstrip())))


def _unquoted(source: Source) -> Source:
    text = source.text
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return source.part(1, len(text) - 1)
    return source
