"""setx, which keeps a variable for all programs that start later: `setx NAME VALUE [/M]` (Windows commands: setx)."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.environment import environment_facts


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what the variable says."""
    words = [word for word in invocation.words[1:] if not word.text.startswith("/")]
    if len(words) == 2:
        setting = invocation.setting
        yield from environment_facts(words[0].text, words[1].source, job=setting.job, step=setting.step, where="script")
