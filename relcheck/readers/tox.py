r"""tox's configuration (tox's reference): what the commands of its environments do, and the indexes that it is given.

    tox.ini, legacy_tox_ini of pyproject.toml   [tox], [testenv], [testenv:NAME], [base]: commands, commands_pre, commands_post,
    and setup.cfg, with [tox:tox]               install_command, package_command; [tox] indexserver: NAME = URL
    tox.toml, [tool.tox] of pyproject.toml      the same keys, at the top, in `env_run_base` and in `env.NAME`

In lines a command stands on a line, or on several behind `\` at their ends; in TOML it is a list of words. `-` or `!` before it
say what becomes of a failure. `{…}` are tox's own substitutions, which are not known here. Dependencies of test environments
decide no release, and try the newest of others on purpose: they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from relcheck.facts import Fact, Unreadable
from relcheck.readers import embedded, script_variables
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.justfile import filled
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.urls import registry
from relcheck.refs import MARK
from relcheck.source import Piece, Source, joined_below

_COMMANDS = frozenset(("commands", "commands_pre", "commands_post", "install_command", "package_command"))
_LEAD = re.compile(r"[-! \t]*")
_SUBSTITUTION = re.compile(r"(?<!\\)\{(?P<name>[^{}\r\n]*)\}")
_SERVER = re.compile(r"(?P<name>[\w.-]+)[ \t]*=[ \t]*(?P<url>\S+)")
_MARKS = ("-", "!")


def read(source: Source) -> Iterator[Fact]:
    """Yield the publishing variables, the indexes, and what the commands of every environment say."""
    yield from script_variables.read(source)
    if source.path.lower().endswith("tox.toml"):
        from relcheck.readers.toml_tree import load  # noqa: PLC0415 - most files are tox.ini

        top, faults = load(source)
        for fault in faults:
            yield Unreadable(span=fault.span, reason=fault.reason)
        yield from read_tables(source, top)
        return
    yield from read_lines(source)


def read_lines(source: Source) -> Iterator[Fact]:
    """Yield what the lines of an INI text say."""
    for (section, key), lines in groupby(entries(source, separators="="), lambda entry: (entry.section, entry.key)):
        if key in _COMMANDS and not section.startswith(("metadata", "options")):
            parts = list(_commands(lines))
            if parts:
                text = joined_below(source, parts)
                yield from embedded("shell", filled(text, _SUBSTITUTION, {}))
        elif key == "indexserver" and section in ("tox", "tox:tox"):
            yield from _servers(lines)


def _commands(lines: Iterable[Entry]) -> Iterator[Source | str]:
    """Yield the lines without what stands before a command, each with its end."""
    continued = False
    for entry in lines:
        text = entry.value.text
        lead = None if continued else _LEAD.match(text)  # a line that goes on may begin with an option
        start = lead.end() if lead else 0
        if text[start:]:
            yield entry.value.part(start, len(text))
            yield "\n"
        continued = text.endswith("\\")


def _servers(lines: Iterable[Entry]) -> Iterator[Fact]:
    """`default` replaces the public index; a dependency names the others (`:NAME:package`)."""
    for entry in lines:
        match = _SERVER.match(entry.value.text)
        if match is not None:
            url = entry.value.part(*match.span("url"))
            purpose = "index" if match["name"] == "default" else "explicit-index"
            yield from registry(url, ecosystem="pypi", purpose=purpose, key="indexserver")


def read_tables(source: Source, top: Mapping) -> Iterator[Fact]:
    """Yield what the tables of tox say: the top itself, `env_run_base`, `env_pkg_base` and each of `env`."""
    environments = top.map("env")
    named = [value for _, value in environments.pairs()] if environments is not None else []
    for table in (top, top.get("env_run_base"), top.get("env_pkg_base"), *named):
        for key, value in table.pairs() if isinstance(table, Mapping) else ():
            if key.value in _COMMANDS and isinstance(value, Sequence):
                yield from _argvs(source, value)


def _argvs(source: Source, node: Sequence) -> Iterator[Fact]:
    """A list of commands, each a list of words, or one such command."""
    from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

    for command in [node] if any(isinstance(word, Scalar) for word in node) else node:
        words = [_word(source, word) for word in command] if isinstance(command, Sequence) else []
        while words and words[0].text in _MARKS:
            del words[0]
        if words:
            yield from read_argv(words, context="script")


def _word(source: Source, node: Node) -> Source:
    """Return a word; what a table stands for (`{replace = …}`) is not known."""
    if isinstance(node, Scalar):
        return filled(node.source, _SUBSTITUTION, {})
    return source.embed(MARK, (Piece(0, 1, node.start, node.end),), "variable")
