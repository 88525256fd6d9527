"""Commands that a manifest keeps by name: `NAME = "COMMAND"`, or a table of which one member is the command."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.shell import read_shell


def named_commands(table: Mapping, member: str, context: str) -> Iterator[Fact]:
    """Yield the facts of each command, whose context is `CONTEXT:NAME`; `member` is its name in an entry that is a table."""
    for key, value in table.pairs():
        command = value.scalar(member) if isinstance(value, Mapping) else value
        if isinstance(command, Scalar):
            yield from read_shell(command.source, context=f"{context}:{key.value}")
