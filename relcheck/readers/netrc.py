""".netrc: `machine HOST login USER password SECRET` in any layout, `default`, `macdef` blocks (curl documentation: netrc)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.source import Source

_WORD = re.compile(
    r"\"(?P<quoted>(?:\\.|[^\"\\\n])*)\"|(?P<plain>(?:\$\{\{[^{}\n]*\}\}|[^\s\"])(?:\$\{\{[^{}\n]*\}\}|\S)*)"
)
_MACRO = re.compile(r"\bmacdef\b[^\n]*\n(?:[^\n]+\n?)*")
_COMMENT = re.compile(r"(?m)^[ \t]*#[^\n]*")


def read(source: Source) -> Iterator[Fact]:
    """Yield a credential for each password."""
    text = source.text
    for pattern in (_MACRO, _COMMENT):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    host, user, waiting = "", "", ""
    for match in _WORD.finditer(text):
        name = "quoted" if match["quoted"] is not None else "plain"
        word = match[name]
        if waiting == "machine":
            host, user = word, ""
        elif waiting == "login":
            user = word
        elif waiting in ("password", "account-password"):
            value = source.part(*match.span(name))
            yield home_credential(value, "netrc-password", ecosystem="", key="password", host=host, user=user)
        elif word == "default":
            host, user = "", ""
        waiting = word if not waiting and word in ("machine", "login", "password", "account") else ""
