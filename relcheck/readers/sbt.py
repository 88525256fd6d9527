"""Builds of sbt: `Credentials("realm", "host", "user", "password")` opens a repository of packages (sbt: Publishing)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.source import Source

_TEXT = r"\s*\"{}\"\s*"
_CALL = re.compile(
    r"\bCredentials\s*\("
    + _TEXT.format(r"[^\"\\\n]*") + "," + _TEXT.format(r"(?P<host>[^\"\\\n]*)") + ","
    + _TEXT.format(r"(?P<user>[^\"\\\n]*)") + "," + _TEXT.format(r"(?P<secret>[^\"\\\n]+)") + r",?\s*\)"
)  # fmt: skip


def read(source: Source) -> Iterator[Fact]:
    """Yield the passwords of repositories that are written out; those in comments were somebody's too."""
    for match in _CALL.finditer(source.text):
        value = source.part(*match.span("secret"))
        yield home_credential(
            value, "client-login", ecosystem="maven", key="password", host=match["host"], user=match["user"]
        )
