"""Shell text to simple commands: what stands around a command."""

from __future__ import annotations

import pytest

from relcheck.refs.shell import parse
from relcheck.source import Source

CONDITIONAL = [
    ('if [ "$A" = b ]; then npm publish; fi', True),
    ('[ -n "$TAG" ] && npm publish', True),
    ("[[ $TAG == v* ]] && { npm publish; }", True),
    ('test -n "$TAG" || npm publish', True),
    ("case $TAG in v*) npm publish;; esac", True),
    ("make && npm publish", False),
    ("if npm publish; then echo done; fi", False),
    ("npm publish || exit 1", False),
]


@pytest.mark.parametrize(("text", "conditional"), CONDITIONAL)
def test_a_command_behind_a_test_is_conditional(text: str, conditional: bool) -> None:
    (command,) = [found for found in parse(Source("x", text)) if found.program == "npm"]

    assert command.conditional == conditional
