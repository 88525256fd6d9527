"""Docker's and Podman's login files (docker documentation: docker login, docker config).

auths.HOST {auth, password, identitytoken, registrytoken}, HttpHeaders {NAME: value}, proxies.HOST {httpProxy, httpsProxy}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.home_secrets import header_secret, home_credential, user_and_password
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.urls import userinfo
from relcheck.readers.yaml_tree import load
from relcheck.refs.secrets import literal_form
from relcheck.source import Piece, Source

_CLIENTS = re.compile(r"(?:\.docker/config\.json|\.dockercfg|\.dockerconfigjson|auth\.json)$")
"""The clients' own files; in another the keys must look like hosts."""
_TOKENS = ("password", "identitytoken", "registrytoken")


def read(source: Source) -> Iterator[Fact]:
    """Yield the logins that the file holds; helpers and empty entries are none."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    auths = top.map("auths") or (top if source.path.endswith(".dockercfg") else None)
    for key, entry in auths.pairs() if auths is not None else ():
        host = key.value.split("://")[-1].split("/")[0]
        if isinstance(entry, Mapping) and (_CLIENTS.search(source.path) or "." in host or ":" in host):
            yield from _login(host, entry)
    if _CLIENTS.search(source.path):
        yield from _headers(top.map("HttpHeaders"))
        yield from _proxies(top.map("proxies"))


def _login(host: str, entry: Mapping) -> Iterator[Fact]:
    auth = entry.scalar("auth")
    if auth is not None and auth.value:
        yield from _basic(host, auth)
    for name in _TOKENS:
        found = entry.scalar(name)
        if found is not None and found.value:
            yield home_credential(
                found.source, "docker-auth", ecosystem="oci", key=name, host=host, user=entry.text("username")
            )


def _headers(table: Mapping | None) -> Iterator[Fact]:
    """Headers that go to every registry: a login among them goes to every registry too."""
    for key, value in table.pairs() if table is not None else ():
        if isinstance(value, Scalar) and value.value:
            lead = f"{key.value}: "
            places = (Piece(0, len(lead), 0, 0), Piece(len(lead), len(lead) + len(value.value), 0, len(value.value)))
            line = value.source.embed(lead + value.value, places, "plain")
            found = header_secret(line, "docker-auth", ecosystem="oci")
            if found is not None:
                yield found


def _proxies(table: Mapping | None) -> Iterator[Fact]:
    """Proxies by daemon, which containers get as variables."""
    for _, entry in table.pairs() if table is not None else ():
        for key, url in entry.pairs() if isinstance(entry, Mapping) else ():
            found = userinfo(url.source, ecosystem="oci", key=key.value) if isinstance(url, Scalar) else None
            if found is not None:
                yield found


def _basic(host: str, auth: Scalar) -> Iterator[Fact]:
    """`auth` is base64 of `user:password`."""
    form = literal_form(auth.value)
    user, password = user_and_password(auth.source)
    if form == "literal":
        form = literal_form(password) if password else "placeholder"
    yield home_credential(auth.source, "docker-auth", ecosystem="oci", key="auth", host=host, user=user, form=form)
