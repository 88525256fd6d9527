"""Keys of RubyGems and Bundler (RubyGems guides: API key scopes; Bundler: bundle config).

.gem/credentials   `:rubygems_api_key: KEY` and `NAME: KEY`, or `https://host: KEY`
.bundle/config     `BUNDLE_GEMS__ACME__IO: "user:password"`, two underscores for a dot, three for a dash;
                   `BUNDLE_MIRROR__HTTPS://GEMS__ACME__IO/: URL`
.gemrc             `:sources: [URL]`, `:ssl_verify_mode: 0` (RubyGems: gem environment)

A value may be a reference to the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry
from relcheck.readers.ci_values import scalars
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_HOST = re.compile(r"BUNDLE_(?:[A-Z0-9]+_{2,3})+[A-Z0-9]+(?:__NET|__COM|__ORG|__IO)?")
_NO_HOST = re.compile(r"BUNDLE_(?:BUILD|LOCAL|MIRROR|DISABLE|SSL)_{1,3}.*")


def read(source: Source) -> Iterator[Fact]:
    """Yield the keys that a file holds."""
    bundle = source.path.endswith("config")
    for document in load(source).documents:
        if source.path.endswith("gemrc"):
            yield from _settings(document) if isinstance(document, Mapping) else ()
            continue
        for key, value in document.pairs() if isinstance(document, Mapping) else ():
            if isinstance(value, Scalar) and value.value:
                yield from _bundle(key.value, value) if bundle else _gem(key.value, value)


def _gem(key: str, value: Scalar) -> Iterator[Fact]:
    name = key.lstrip(":")
    host = "rubygems.org" if name == "rubygems_api_key" else name.split("://")[-1].split("/")[0] if "." in name else ""
    found = home_credential(value.source, "gem-key", ecosystem="gem", key=name, host=host)
    yield found.replace(access=found.access or "publish")


def _settings(top: Mapping) -> Iterator[Fact]:
    """Read where gems come from by default, and whether certificates are checked."""
    for name in (":sources", "sources"):
        for item in scalars(top.get(name)):
            yield from registry(item.source, ecosystem="gem", purpose="index", key=name)
    for name in (":ssl_verify_mode", "ssl_verify_mode"):
        mode = top.scalar(name)
        if mode is not None and mode.value == "0":
            yield _unchecked(mode, f"{name}: 0")


def _unchecked(place: Scalar, key: str) -> Registry:
    return Registry(span=place.span, ecosystem="gem", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off", key=key)


def _bundle(key: str, value: Scalar) -> Iterator[Fact]:
    if key == "BUNDLE_SSL_VERIFY_MODE" and value.value == "0":
        yield _unchecked(value, f"{key}: 0")
    if key.startswith("BUNDLE_MIRROR__"):
        yield from registry(value.source, ecosystem="gem", purpose="mirror", key="BUNDLE_MIRROR")
    if not _HOST.fullmatch(key) or _NO_HOST.fullmatch(key):
        return
    host = key.removeprefix("BUNDLE_").replace("___", "-").replace("__", ".").lower()
    user, colon, password = value.value.partition(":")
    piece = value.source.part(len(user) + 1, len(value.value)) if colon else value.source
    if password or not colon:
        yield home_credential(piece, "gem-key", ecosystem="gem", key=key, host=host, user=user if colon else "")
