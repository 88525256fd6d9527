""".condarc: channels, whose URLs may hold a token (`/t/TOKEN/`) or a password (conda: Using the .condarc configuration file)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Node, Scalar, walk
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.refs.url import parse_url
from relcheck.source import Source

_TOKEN = re.compile(r"://[^/\s]+/t/(?P<token>[^/\s]+)/")
_PLACES = (
    "channels",
    "default_channels",
    "channel_alias",
    "custom_channels",
    "custom_multichannels",
    "migrated_custom_channels",
)


def read(source: Source) -> Iterator[Fact]:
    """Yield registries and the credentials in their URLs."""
    for document in load(source).documents:
        if not isinstance(document, Mapping):
            continue
        for name in _PLACES:
            for value in _scalars(document.get(name)):
                yield from _channel(value.source, name)
        verify = document.scalar("ssl_verify")
        if verify is not None and verify.value.lower() in ("false", "no", "off"):
            yield Registry(
                span=verify.span, ecosystem="conda", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                key=f"ssl_verify: {verify.value}",
            )  # fmt: skip


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for found in walk(node) if node is not None else ():
        if isinstance(found, Scalar):
            yield found


def _channel(value: Source, key: str) -> Iterator[Fact]:
    token = _TOKEN.search(value.text)
    if token is None:
        yield from registry(value, ecosystem="conda", purpose="index", key=key)
        return
    url = parse_url(value.text)
    piece = value.part(*token.span("token"))
    host = url.host if url is not None else UNKNOWN
    yield home_credential(piece, "index-url", ecosystem="conda", key=key, host=host)
