"""tox.ini (tox's configuration reference): what the commands of its environments do.

    [testenv], [testenv:NAME], [tox], [base]: commands, commands_pre, commands_post, install_command, package_command

A command stands on a line, `-` or `!` before it say what becomes of a failure; `{…}` are tox's own substitutions, which
are not known here. Dependencies of test environments decide no release and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from relcheck.facts import Fact
from relcheck.readers import embedded, script_variables
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.justfile import filled
from relcheck.source import Source, joined

_COMMANDS = frozenset(("commands", "commands_pre", "commands_post", "install_command", "package_command"))
_LEAD = re.compile(r"[-!@ \t]*")
_SUBSTITUTION = re.compile(r"(?<!\\)\{(?P<name>[^{}\r\n]*)\}")


def read(source: Source) -> Iterator[Fact]:
    """Yield the publishing variables, and what the commands of every environment say."""
    yield from script_variables.read(source)
    for (_, key), lines in groupby(entries(source, separators="="), lambda entry: (entry.section, entry.key)):
        if key in _COMMANDS:
            commands = [command for entry in lines if (command := _command(source, entry)).text]
            if commands:
                yield from embedded("shell", filled(joined(source, commands), _SUBSTITUTION, {}))


def _command(source: Source, entry: Entry) -> Source:
    """Return a command as a part of the file, without what stands before it."""
    place = entry.value.all()
    lead = _LEAD.match(entry.value.text)
    return source.part(place.start + (lead.end() if lead else 0), place.end)
