"""URLs (RFC 3986): host, port, userinfo with places, and what kind of host it is."""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Text
from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs import MARK

Place = tuple[int, int]

# The userinfo ends at the last @ before the path: unescaped @ and / in passwords do occur, @ is tolerated.
_URL = lazy_pattern(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*|[A-Za-z+.-]*\ue000+)://"
    r"(?:(?P<user>[^:@/?#\s]*)(?:(?P<colon>:)(?P<password>[^/?#\s]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%]*\]|[^:/?#\s\[\]@]*)(?::(?P<port>[0-9\ue000]*))?"
    r"(?P<path>/[^?#\s]*)?(?:\?(?P<query>[^#\s]*))?(?:#(?P<fragment>\S*))?"
)
_MARKER = lazy_pattern(
    r"\$\{\{.{0,400}?\}\}|\{\{.{0,400}?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_]\w*%|<[^<>]*>"
)
_LOOPBACK = lazy_pattern(
    r"localhost|.+\.localhost|127(?:\.\d{1,3}){3}|::1|(?:0{1,4}:){7}0{0,3}1|::ffff:127(?:\.\d{1,3}){3}"
)
_PRIVATE = lazy_pattern(
    r"(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2}"
    r"|f[cd][0-9a-f]{2}:[0-9a-f:]*|fe[89ab][0-9a-f]:[0-9a-f:]*)"
    r"|.+\.(?:local|internal|intranet|lan|corp|home|localdomain|svc|svc\.cluster\.local|home\.arpa)"
)
_RESERVED = lazy_pattern(r"(?:.+\.)?(?:example\.(?:com|org|net)|example|test|invalid|localhost)")


class UrlRef(Record):
    """The parts of a URL. redacted is the URL without userinfo; spans holds the places of user, password and host."""

    scheme: Text = UNKNOWN
    host: Text = UNKNOWN  # without the port, lower case, IPv6 without brackets
    port: Text = ""
    path: Text = ""
    query: Text = ""
    fragment: Text = ""
    user: Text = ""
    password: Text = ""
    redacted: str = ""
    spans: dict[str, Place] = {}


def parse_url(text: str) -> UrlRef | None:
    """Parse a URL with a scheme and `//`; None for everything else. Unknown stretches (`MARK`, `${V}`) give UNKNOWN."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    masked = _MARKER.sub(lambda match: MARK * len(match[0]), text)
    match = _URL.fullmatch(masked, start, end)
    if not match:
        return None
    fields = {name: _known(match[name] or "") for name in ("scheme", "port", "path", "query", "fragment")}
    user, password = (_written(text, match, name) for name in ("user", "password"))
    host = match["host"].strip("[]").lower()
    spans = {name: match.span(name) for name in ("user", "password", "host") if match[name] and MARK not in match[name]}
    if "host" in spans and text[slice(*spans["host"])] != host:
        del spans["host"]
    scheme = fields["scheme"] if fields["scheme"] is UNKNOWN else str(fields["scheme"]).lower()
    redacted = text[start : match.end("scheme")] + "://" + text[match.start("host") : end]
    found = UrlRef(host=_known(host), user=user, password=password, redacted=redacted, spans=spans)
    return found.replace(**{**fields, "scheme": scheme})


def is_loopback(host: str) -> bool:
    """Whether a host name or address (without port) is this machine: localhost, 127.0.0.0/8, ::1 (RFC 6761)."""
    return bool(_LOOPBACK.fullmatch(_bare(host)))


def is_private_name(host: str) -> bool:
    """Whether a host is only reachable in a private network: RFC 1918, link-local, .local, .internal, .svc."""
    return bool(_PRIVATE.fullmatch(_bare(host)))


def is_reserved_example(host: str) -> bool:
    """Whether a host is reserved for documentation and tests (RFC 2606)."""
    return bool(_RESERVED.fullmatch(_bare(host)))


def split_port(host: str) -> tuple[str, str]:
    """Split `host:port`, brackets of IPv6 kept: `[::1]:5000` gives `[::1]` and `5000`."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d+)", host)
    return (match[1], match[2]) if match else (host, "")


def _bare(host: str) -> str:
    return split_port(host)[0].strip("[]").rstrip(".").lower()


def _known(text: str) -> Text:
    return UNKNOWN if MARK in text else text


def _written(text: str, match: re.Match[str], name: str) -> Text:
    value = match[name] or ""
    return UNKNOWN if MARK in value else text[match.start(name) : match.end(name)] if value else ""


_PASSING = frozenset(("ttl.sh", "kind-registry", "kind-registry:5000"))


def passes_away(host: object) -> bool:
    """Whether what is pushed to a registry is no release: it is on this machine, in a test cluster, or keeps nothing.

    `ttl.sh` takes images from everyone and drops them within a day. What is not known does not pass away.
    """
    return isinstance(host, str) and (is_loopback(host) or host in _PASSING or host.startswith("host.docker.internal"))
