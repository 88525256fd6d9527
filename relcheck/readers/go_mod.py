"""go.mod and go.work: the module, what it requires, and what it replaces (Go Modules Reference: go.mod files).

A directive stands on one line, or in a block of parentheses; comments begin with `//`; strings are bare, quoted or
back-quoted. The version of a module is its git tag, so the file has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.facts import UNKNOWN, Dependency, Fact, Option, Package, Unreadable
from relcheck.source import Source, Span

_LINE = re.compile(r"(?P<text>[^\r\n]*)(?:\r\n|\n|\r|\Z)")
_WORD = re.compile(r'\s*(?P<word>"(?:[^"\\]|\\.)*"|`[^`]*`|=>|[()\[\],]|//.*|[^\s()\[\],"`]+)')
_PSEUDO = re.compile(r"v\d+\.\d+\.\d+-(?:.*[.-])?0?\.?(?P<date>\d{14})-(?P<commit>[0-9a-f]{12})(?:\+incompatible)?$")
_NO_VERSION = "v0.0.0-00010101000000-000000000000"
_BLOCKS = frozenset(("require", "replace", "exclude", "retract", "use", "tool", "godebug", "ignore"))
_SEMVER = re.compile(r"v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$")


class Word(NamedTuple):
    """A word of a line: its text without quotes, and its place as a source."""

    text: str
    source: Source


class Directive(NamedTuple):
    """A directive: its verb, its words, the comment behind them, and the line above or of its block if that is one."""

    verb: str
    words: list[Word]
    comment: str
    line: Source
    above: str = ""


def read(source: Source) -> Iterator[Fact]:
    """Yield the module, its requirements and replacements, and the tools it asks for."""
    made = list(directives(source))
    retracted = tuple(_retraction(each) for each in made if each.verb == "retract" and each.words)
    for each in made:
        for fact in _facts(each, source):
            yield _retracting(fact, retracted) if retracted and isinstance(fact, Package) else fact


def directives(source: Source) -> Iterator[Directive]:
    """Yield each directive of a file, those in blocks with the verb of their block."""
    block = above = of_block = ""
    for match in _LINE.finditer(source.text):
        text = match["text"]
        if not text.strip():
            above = ""
            continue
        line = source.part(match.start(), match.start() + len(text))
        words, comment = _words(line)
        if block:
            if words and words[0].text == ")":
                block = of_block = ""
            elif words:
                yield Directive(block, words, comment, line, above or of_block)
        elif len(words) > 1 and words[1].text == "(" and words[0].text in _BLOCKS:
            block = "" if words[-1].text == ")" else words[0].text
            of_block = above or comment if block else ""
        elif words:
            yield Directive(words[0].text, words[1:], comment, line, above)
        above = comment if not words else ""


def _words(line: Source) -> tuple[list[Word], str]:
    found: list[Word] = []
    at = 0
    while match := _WORD.match(line.text, at):
        word, at = match["word"], match.end()
        if word.startswith("//"):
            return found, word[2:].strip()
        start, end = match.span("word")
        if word[0] in '"`' and len(word) > 1:
            start, end = start + 1, end - 1
        piece = line.part(start, end)
        found.append(Word(piece.text, piece))
    return found, ""


def _facts(made: Directive, source: Source) -> Iterator[Fact]:
    words = made.words
    if made.verb == "module" and words:
        yield _module(words[0], source)
    elif made.verb == "require" and len(words) > 1:
        yield _require(words[0], words[1], made.comment)
    elif made.verb == "replace":
        yield from _replace(words)
    elif made.verb == "exclude" and len(words) > 1:
        yield _dependency(words[0], words[1], "exclude", parts={"name": words[0].source.all()})
    elif made.verb == "toolchain" and words:
        yield _toolchain(words[0])
    elif made.verb in ("module", "require"):
        yield Unreadable(
            span=made.line.all(), reason=f"{made.verb} names no {'module' if made.verb == 'module' else 'version'}"
        )


def _module(word: Word, source: Source) -> Package:
    place = word.source.all()
    return Package(
        span=place,
        parts={"name": place},
        ecosystem="go",
        name=word.text,
        folder=source.path.rpartition("/")[0],
        version_dynamic=True,
    )


def _retraction(made: Directive) -> Option:
    """`retract v1.2.3` or `retract [v1.2.0, v1.2.3]`, with the reason in a comment behind it, above it or above its block."""
    place = made.words[0].source.all()._replace(end=made.words[-1].source.all().end)
    name = made.line.root.text[place.start : place.end]
    return Option(name=name, value=made.comment or made.above, span=place)


def _retracting(module: Package, retracted: tuple[Option, ...]) -> Package:
    """Put the retractions on the module, and the first of them without a reason."""
    found = next((option for option in retracted if not option.value), None)
    if found is None:
        return module.replace(retracts=retracted)
    parts = {**module.parts, "unexplained": found.span}
    return module.replace(retracts=retracted, unexplained=found.name, parts=parts)


def _require(name: Word, version: Word, comment: str) -> Dependency:
    indirect = re.match(r"indirect\b", comment) is not None
    parts = {"name": name.source.all(), "constraint": version.source.all()}
    return _dependency(name, version, "indirect" if indirect else "prod", parts=parts)


def _dependency(name: Word, version: Word, group: str, *, parts: dict[str, Span]) -> Dependency:
    commit = _PSEUDO.match(version.text)
    firmness = "path" if version.text == _NO_VERSION else "git-commit" if commit else go_firmness(version.text)
    pinned = {"ref": version.source.part(*commit.span("commit")).all()} if commit else {}
    return Dependency(
        span=version.source.all(),
        parts={**parts, "constraint": version.source.all(), **pinned},
        ecosystem="go",
        where="manifest",
        name=name.text,
        constraint=version.text,
        firmness=UNKNOWN if firmness == "unknown" else firmness,
        ref=commit["commit"] if commit else "",
        group=group,
    )


def go_firmness(version: str) -> str:
    """Say how firmly a version of a go.mod binds: exact, git-branch (a query that go has not resolved), unknown."""
    if _SEMVER.match(version):
        return "exact"
    return "git-branch" if re.match(r"[A-Za-z][\w./-]*$", version) and not version.startswith("v") else "unknown"


def _replace(words: list[Word]) -> Iterator[Dependency]:
    """`old [version] => new [version]`; a new that begins with `./`, `../` or `/` is a folder."""
    arrow = next((number for number, word in enumerate(words) if word.text == "=>"), 0)
    if not arrow or arrow + 1 >= len(words):
        return
    old, new, rest = words[0], words[arrow + 1], words[arrow + 2 :]
    shared = {"name": old.source.all()}
    if new.text.startswith(("./", "../", "/")) or new.text in (".", "..") or re.match(r"[A-Za-z]:[\\/]", new.text):
        yield Dependency(
            span=new.source.all(), parts={**shared, "url": new.source.all()}, ecosystem="go", where="manifest",
            name=old.text, firmness="path", source="path", group="replace", url=new.text,
        )  # fmt: skip
    elif rest:
        yield _dependency(old, rest[0], "replace", parts={**shared, "url": new.source.all()}).replace(url=new.text)


def _toolchain(word: Word) -> Dependency:
    exact = re.match(r"go\d+\.\d+(?:\.\d+|(?:rc|beta)\d+)", word.text) is not None
    return Dependency(
        span=word.source.all(),
        parts={"constraint": word.source.all()},
        ecosystem="go-toolchain",
        where="manifest",
        name="go",
        constraint=word.text,
        firmness="exact" if exact else "tag",
        group="tool",
    )
