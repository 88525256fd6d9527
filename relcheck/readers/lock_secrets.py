"""Credentials that a package manager wrote into its lock file, where an address held them: once each, however often they stand.

    scheme://user:SECRET@host          the same percent-encoded, in Yarn's archive URLs
    …?_authToken=SECRET                and the other names under which registries take tokens in a query
    "Authorization: Bearer SECRET"     headers in `transport-options` of Composer

Lock files have megabytes, so each pattern is searched from a text that is rare in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Credential
from relcheck.readers.home_secrets import home_credential
from relcheck.source import Source

_PLACES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("url", re.compile(r"://(?P<user>[^/\s:@\"']*):(?P<value>(?:\$\{[^{}\s]*+\}|[^/\s@\"'])++)@(?P<host>[\w.-]+)")),
    ("url", re.compile(r"%3A%2F%2F(?P<user>[^%\s\"']*)%3A(?P<value>[^%\s\"']+)%40(?P<host>[\w.-]+)")),
    (
        "query",
        re.compile(
            r"[?&](?P<key>_authToken|access_token|private_token|auth_token|auth-token|token|api_key|apikey|job_token)="
            r"(?P<value>(?:\$\{[^{}\s]*\}|[^\s\"'&#}])+)"
        ),
    ),
    (
        "header",
        re.compile(
            r"\"(?P<key>Authorization|Private-Token|Job-Token|Deploy-Token)\s*:\s*(?:(?:Bearer|Basic|token)\s+)?"
            r"(?P<value>[^\"\\\s]+)\"",
            re.IGNORECASE,
        ),
    ),
)
_HOST = re.compile(r"://(?:[^/\s@\"']*@)?(?P<host>[\w.-]+)[^\s\"']*\Z")
_NEAR = 500
_ACCOUNTS = ("git",)
"""Users without a secret: `ssh://git:22@host` is an address with a port by mistake."""


def lock_secrets(source: Source, ecosystem: str) -> Iterator[Credential]:
    """Yield each credential of a lock file once, at its first place."""
    said: set[str] = set()
    for where, pattern in _PLACES:
        for match in pattern.finditer(source.text):
            named = match.groupdict()
            if match["value"] in said or named.get("user") in _ACCOUNTS:
                continue
            said.add(match["value"])
            host = named.get("host") or _host(source.text, match.start())
            found = home_credential(
                source.part(*match.span("value")), "index-url", ecosystem=ecosystem, key=named.get("key") or "resolved",
                host=host, user=named.get("user") or "",
            )  # fmt: skip
            yield found.replace(where=where if where != "query" else "url")


def _host(text: str, at: int) -> str:
    """Return the host of the address that goes on at an offset, or the empty string."""
    match = _HOST.search(text, max(text.rfind("\n", max(at - _NEAR, 0), at), at - _NEAR, 0), at)
    return match["host"] if match is not None else ""
