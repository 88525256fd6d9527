"""Tokens of known formats anywhere in a text file."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Credential, Fact
from relcheck.refs.secrets import find_tokens, redact
from relcheck.source import Source


def find(source: Source) -> Iterator[Fact]:
    """Yield a credential for each token-shaped word whose structure or checksum fits."""
    for start, end, token in find_tokens(source.text):
        if "key" in token.name:  # blocks of private keys have a reader of their own
            continue
        place = source.at(start, end)
        value = source.text[start:end]
        yield Credential(
            span=place,
            parts={"value": place},
            kind="token",
            form="literal",
            where="text",
            ecosystem=token.ecosystem,
            host=token.host,
            token=token.name,
            checksum=token.checksum,
            access=token.access,
            redacted=redact(value),
            length=len(value),
        )
