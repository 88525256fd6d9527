""".npmrc: registries by scope, and credentials by the registry that they open (npm documentation: npmrc).

A credential key belongs to a registry: `//host/path/:_authToken`. Without one, current npm refuses it and old npm sent it
to every registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Registry
from relcheck.readers.home_secrets import home_credential, user_and_password
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.urls import registry
from relcheck.refs.secrets import literal_form, redact
from relcheck.source import Source

_SCOPED = re.compile(
    r"//(?P<host>[^/:]+(?::\d+)?)[^=]*?:(?P<key>_authToken|_auth|_password|username|certfile|keyfile|key|tokenHelper)$"
)
_BARE = ("_authToken", "_auth", "_password")
_KINDS = {"_authToken": "npm-token", "_auth": "npm-auth", "_password": "npm-password"}
_EVERY_SCRIPT = (("dangerously-allow-all-scripts", "true"), ("allow-scripts", "all"))


def read(source: Source) -> Iterator[Fact]:
    """Yield registries and credentials."""
    for entry in entries(source, separators="=", continued=False):
        key = entry.key.removesuffix("[]")
        scoped = _SCOPED.match(key)
        if scoped is not None:
            yield from _credential(entry, scoped["key"], scoped["host"])
        elif key in _BARE:
            yield _unscoped(entry, key)
        elif key == "registry" or key.endswith(":registry"):
            scope = key.partition(":")[0] if key.startswith("@") else ""
            yield from registry(entry.value, ecosystem="npm", purpose="index", key=key, scope=scope)
        elif key == "strict-ssl" and entry.value.text == "false":
            yield Registry(
                span=entry.value.all(), ecosystem="npm", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                key="strict-ssl=false",
            )  # fmt: skip
        elif (key, entry.value.text) in _EVERY_SCRIPT:
            from relcheck.readers.package_json import every_script  # noqa: PLC0415 - brings the reader of YAML

            yield every_script(entry.value.all(), f"{key}={entry.value.text}")
        elif key in ("proxy", "https-proxy", "http-proxy"):
            yield from registry(entry.value, ecosystem="npm", purpose="proxy", key=key)


def _credential(entry: Entry, key: str, host: str) -> Iterator[Fact]:
    kind = _KINDS.get(key)
    if kind is None or not entry.value.text:
        return  # a private key in `key` is found by its text
    if key in ("_auth", "_password"):
        yield _encoded(entry, kind, key, host)
        return
    made = home_credential(entry.value, kind, ecosystem="npm", key=key, host=host)
    yield made.replace(access=made.access or "publish")


def _encoded(entry: Entry, kind: str, key: str, host: str) -> Credential:
    """`_auth` is base64 of `user:password`, `_password` base64 of the password."""
    from relcheck.readers.home_secrets import decoded_base64  # noqa: PLC0415 - kept beside its use

    user, password = user_and_password(entry.value) if key == "_auth" else ("", "")
    plain = decoded_base64(entry.value)
    inner = password or (plain.text if plain is not None and key == "_password" else "")
    form = literal_form(entry.value.text)
    if form == "literal" and inner:
        form = literal_form(inner)
    return home_credential(entry.value, kind, ecosystem="npm", key=key, host=host, user=user, form=form)


def _unscoped(entry: Entry, key: str) -> Credential:
    place = entry.whole.all()
    start = entry.whole.text.index(key)
    name = entry.whole.at(start, start + len(key))
    form = literal_form(entry.value.text)
    return Credential(
        span=name,
        parts={"value": entry.value.all(), "key": name},
        kind="npm-unscoped",
        form=form,
        where="home",
        ecosystem="npm",
        key=key,
        redacted=redact(entry.value.text) if form == "literal" else "",
        length=len(entry.value.text) if form == "literal" else 0,
    ).replace(span=name if place.end > place.start else place)
