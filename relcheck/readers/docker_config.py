"""Docker's and Podman's login files: `auths` by registry (docker documentation: docker login)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.home_secrets import home_credential, user_and_password
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.yaml_tree import load
from relcheck.refs.secrets import literal_form
from relcheck.source import Source

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


def _basic(host: str, auth: Scalar) -> Iterator[Fact]:
    """`auth` is base64 of `user:password`."""
    form = literal_form(auth.value)
    user, password = user_and_password(auth.source)
    if form == "literal":
        form = literal_form(password) if password else "placeholder"
    yield home_credential(auth.source, "docker-auth", ecosystem="oci", key="auth", host=host, user=user, form=form)
