"""Files that a PowerShell text writes: `"text" > FILE`, `@" … "@ | Set-Content FILE`, `Add-Content -Path FILE -Value TEXT`.

    Set-Content, Add-Content, sc, ac      [-Path | -LiteralPath] FILE [-Value] TEXT, the text may come from the pipe
    Out-File, Tee-Object, tee             [-FilePath] FILE [-Append], the text comes from the pipe
    New-Item, ni                          [-Path] FILE -Value TEXT
    [IO.File]::WriteAllText(FILE, TEXT), AppendAllText, WriteAllLines

The text is read as the file that it becomes (`relcheck.readers.written_files`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relcheck.facts import Fact
from relcheck.readers.written_files import Writing, facts_of, written_texts
from relcheck.refs import MARK
from relcheck.refs.shell import Redirect, SimpleCommand, Word
from relcheck.source import Piece, Source

_CONTENT = frozenset(("set-content", "add-content", "sc", "ac"))
_INTO = frozenset(("out-file", "tee-object", "tee"))
_ITEM = frozenset(("new-item", "ni"))
_SAYS = frozenset(("echo", "write-output", "write"))
_VALUED = frozenset((
    "path", "literalpath", "filepath", "value", "encoding", "itemtype", "type", "name", "width", "inputobject", "stream",
    "variable", "filter", "include", "exclude", "credential",
))  # fmt: skip
"""Parameters of these commands that have a value; the others are switches."""
_METHODS = ("]::writealltext", "]::appendalltext", "]::writealllines")
_APPENDS = frozenset(("add-content", "ac"))


def written_facts(commands: Sequence[SimpleCommand], around: Source, job: str, step: int) -> Iterator[Fact]:
    """Yield the facts of the known files that a text writes."""
    texts = _assigned(commands)
    writings = [made for command in commands for made in _writings(command, commands, texts)]
    for file in written_texts(writings, around):
        words = file.by.words
        place = words[0].source.all() if words else file.text.all()
        yield from facts_of(file, place, job, step)


def _assigned(commands: Sequence[SimpleCommand]) -> dict[str, Source | None]:
    """Return the texts of the variables that are set once."""
    found: dict[str, Source | None] = {}
    for command in commands:
        for assignment in command.assignments:
            name = assignment.name.lower()
            found[name] = None if name in found else assignment.value.source
    return found


def _writings(
    command: SimpleCommand, script: Sequence[SimpleCommand], texts: dict[str, Source | None]
) -> Iterator[Writing]:
    redirect = command.output
    if redirect is not None and redirect.target is not None:
        into = _resolved(redirect.target.source, texts)
        yield Writing(command, into, redirect.operator == ">>", _said(command, texts))
        return
    name = command.program.lower()
    if name.startswith("[") and name.endswith(_METHODS) and len(command.words) > 2:
        said = [part for word in command.words[2:] for part in (_resolved(word.source, texts), "\n")]
        yield Writing(command, _resolved(command.words[1].source, texts), name.endswith("appendalltext"), said)
    if name not in _CONTENT | _INTO | _ITEM:
        return
    given, free = _arguments(command)
    file = given.get("path") or given.get("literalpath") or given.get("filepath") or (free.pop(0) if free else None)
    values = [given["value"]] if "value" in given else []
    if name in _CONTENT:
        values += free
    before = script[command.index - 1 : command.index] if command.index else ()
    said = [part for value in values for part in (_resolved(value.source, texts), "\n")]
    for found in before if not values else ():
        said += _said(found, texts) if found.piped_to == command.words[0].text else []
    if file is not None:
        joined = _joined_path(command, script) if file.text == MARK else None
        yield Writing(command, joined or _resolved(file.source, texts), name in _APPENDS or "append" in given, said)


def _joined_path(command: SimpleCommand, script: Sequence[SimpleCommand]) -> Source | None:
    """Return the file that `(Join-Path $HOME NAME)` names, as a path below the home."""
    for found in script[command.index + 1 : command.index + 3]:
        if found.program.lower() == "join-path" and found.outer == command.words[0].text and len(found.words) > 2:
            return below_home(found.words[-1].source)
    return None


def below_home(name: Source) -> Source:
    """Return the name of a file as a path below the home."""
    size = len(name.text)
    return name.embed(f"~/{name.text}", (Piece(0, 2, 0, 0), Piece(2, size + 2, 0, size)), "composed")


def _arguments(command: SimpleCommand) -> tuple[dict[str, Word], list[Word]]:
    """Return the parameters of a command by name, and the words that belong to none."""
    given: dict[str, Word] = {}
    free: list[Word] = []
    waiting = ""
    for word in command.words[1:]:
        if waiting:
            given[waiting], waiting = word, ""
        elif word.text[:1] == "-" and word.text[1:2].isalpha():
            name, colon, _ = word.text[1:].lower().partition(":")
            if colon:
                given[name] = Word(source=word.source.part(len(name) + 2, len(word.text)), static=word.static)
            elif name in _VALUED:
                waiting = name
            else:
                given[name] = word
        else:
            free.append(word)
    return given, free


def _said(command: SimpleCommand, texts: dict[str, Source | None]) -> list[Source | str]:
    """Return the text that a command yields: `"text"`, `echo text`."""
    bodies: list[Source] = [found.body for found in command.redirects if _is_text(found) and found.body is not None]
    if command.program.lower() in _SAYS:
        bodies = [word.source for word in command.words[1:] if not word.text.startswith("-")]
    return [part for body in bodies for part in (_resolved(body, texts), "\n")]


def _is_text(redirect: Redirect) -> bool:
    return redirect.operator == "<<"


def _resolved(value: Source, texts: dict[str, Source | None]) -> Source:
    """Return the text of a variable where the script says it, else the word as it is."""
    place = value.all()
    raw = value.root.text[place.start : place.end]
    return texts.get(raw[1:].lower()) or value if raw.startswith("$") else value
