r"""tox.ini (tox's configuration reference): what the commands of its environments do.

    [testenv], [testenv:NAME], [tox], [base]: commands, commands_pre, commands_post, install_command, package_command

A command stands on a line, or on several behind `\` at their ends; `-` or `!` before it say what becomes of a failure.
`{…}` are tox's own substitutions, which are not known here. Dependencies of test environments decide no release and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from relcheck.facts import Fact
from relcheck.readers import embedded, script_variables
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.justfile import filled
from relcheck.source import Source, joined

_COMMANDS = frozenset(("commands", "commands_pre", "commands_post", "install_command", "package_command"))
_LEAD = re.compile(r"[-! \t]*")
_SUBSTITUTION = re.compile(r"(?<!\\)\{(?P<name>[^{}\r\n]*)\}")


def read(source: Source) -> Iterator[Fact]:
    """Yield the publishing variables, and what the commands of every environment say."""
    yield from script_variables.read(source)
    for (_, key), lines in groupby(entries(source, separators="="), lambda entry: (entry.section, entry.key)):
        if key in _COMMANDS:
            commands = list(_commands(source, lines))
            if commands:
                yield from embedded("shell", filled(joined(source, commands), _SUBSTITUTION, {}))


def _commands(source: Source, lines: Iterable[Entry]) -> Iterator[Source]:
    """Yield the lines as parts of the file, without what stands before a command."""
    continued = False
    for entry in lines:
        place, text = entry.value.all(), entry.value.text
        lead = None if continued else _LEAD.match(text)  # a line that goes on may begin with an option
        start = lead.end() if lead else 0
        if text[start:]:
            yield source.part(place.start + start, place.end)
        continued = text.endswith("\\")
