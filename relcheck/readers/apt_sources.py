"""Where apt gets packages from (sources.list(5)): lines, and stanzas of deb822 in *.sources files.

    line   = ("deb" | "deb-src") ["[" {option "=" value} "]"] URL suite {component}
    stanza = "URIs:" URL {URL}, "Trusted:" yes, …

Packages are verified by signatures, so plain HTTP says nothing here; `trusted=yes` switches the verification off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Registry
from relcheck.readers.urls import registry
from relcheck.source import Source

_LINE = re.compile(
    r"(?m)^[ \t]*deb(?:-src)?[ \t]+(?:\[(?P<options>[^\]\r\n]*)\][ \t]*)?(?P<url>[a-z][\w+.-]*:/[^\s]+)(?=[ \t]+\S)"
)
_OFF = re.compile(r"\b(?:trusted|allow-insecure)=yes\b", re.IGNORECASE)
_FIELD = re.compile(r"(?m)^(?P<name>[A-Za-z-]+):[ \t]*(?P<value>[^\r\n]*)")
_URL = re.compile(r"\S+")


def read(source: Source) -> Iterator[Fact]:
    """Yield the repositories of a file, and what is not verified."""
    yield from source_lines(source)
    if source.path.endswith(".sources"):
        yield from _stanzas(source)


def source_lines(source: Source, *, job: str = "", step: int = -1) -> Iterator[Fact]:
    """Yield what lines of a sources.list say, wherever they stand."""
    for match in _LINE.finditer(source.text):
        piece = source.part(*match.span("url"))
        yield from registry(piece, ecosystem="os", purpose="os", key="deb", job=job, step=step)
        off = _OFF.search(match["options"] or "")
        if off is not None:
            start = match.start("options")
            yield _unverified(source.part(start + off.start(), start + off.end()), off[0], job, step)


def _stanzas(source: Source) -> Iterator[Fact]:
    for match in _FIELD.finditer(source.text):
        name, value = match["name"].lower(), match["value"].strip().lower()
        if name == "uris":
            for url in _URL.finditer(match["value"]):
                start = match.start("value")
                piece = source.part(start + url.start(), start + url.end())
                yield from registry(piece, ecosystem="os", purpose="os", key="URIs")
        elif name in ("trusted", "allow-insecure") and value == "yes":
            yield _unverified(source.part(*match.span("value")), f"{match['name']}: yes", "", -1)


def _unverified(place: Source, key: str, job: str, step: int) -> Registry:
    return Registry(
        span=place.all(), job=job, step=step, ecosystem="os", purpose="os", url="", host="", key=key, integrity_off=True
    )
