"""Tokens of known formats and private keys anywhere in a text file."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Credential, Fact
from relcheck.refs.secrets import find_tokens, redact
from relcheck.source import Source


def find(source: Source) -> Iterator[Fact]:
    """Yield a credential for each token-shaped word of a text."""
    yield from tokens(source, 0, len(source.text))


def tokens(source: Source, start: int, end: int, *, shapes: bool = True) -> Iterator[Credential]:
    """Yield a credential for each token between two offsets; without `shapes` only those whose checksum holds."""
    for first, last, token in find_tokens(source.text[start:end]):
        if token.name == "private key" or not (shapes or token.checksum == "valid"):
            continue
        place = source.at(start + first, start + last)
        value = source.text[start + first : start + last]
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


def private_keys(source: Source) -> Iterator[Credential]:
    """Yield the blocks of private keys in a text of any kind."""
    from relcheck.readers import embedded  # noqa: PLC0415 - the table imports no reader, this one asks it for one

    for fact in embedded("private-key", source):
        if isinstance(fact, Credential):
            yield fact
