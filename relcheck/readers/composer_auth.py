"""auth.json: Composer's logins by host, or those of a container engine (Composer: authentication; containers-auth.json).

http-basic.HOST {username, password}, bearer.HOST, github-oauth.HOST, gitlab-oauth.HOST, gitlab-token.HOST (text, or
{username, token}), forgejo-token.HOST {username, token}, bitbucket-oauth.HOST {consumer-key, consumer-secret},
custom-headers.HOST ["NAME: VALUE"], client-certificate.HOST {passphrase}
auths.HOST: as in Docker's file

Both kinds of file have the same name.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers import docker_config
from relcheck.readers.home_secrets import header_secret, home_credential
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_KINDS = (
    "http-basic",
    "bearer",
    "github-oauth",
    "gitlab-oauth",
    "gitlab-token",
    "forgejo-token",
    "bitbucket-oauth",
    "client-certificate",
)
_SECRETS = ("password", "token", "consumer-secret", "passphrase")


def read(source: Source) -> Iterator[Fact]:
    """Yield the logins that the file holds."""
    loaded = load(source)
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        for fault in loaded.faults:
            yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
        return
    if top.get("auths") is not None:
        yield from docker_config.read(source)
    yield from logins(top)


def logins(top: Mapping) -> Iterator[Fact]:
    """Yield the logins of an auth.json, or of the `config` of a composer.json."""
    headers = top.map("custom-headers")
    for host, _ in headers.pairs() if headers is not None else ():
        for line in (headers.seq(host.value) if headers is not None else None) or ():
            text = line.source if isinstance(line, Scalar) else Source("", "")
            login = header_secret(text, "composer-auth", ecosystem="composer", host=host.value)
            if login is not None:
                yield login
    for kind in _KINDS:
        table = top.map(kind)
        for host, entry in table.pairs() if table is not None else ():
            secrets = [entry] if isinstance(entry, Scalar) else []
            if isinstance(entry, Mapping):
                secrets = [found for name in _SECRETS if (found := entry.scalar(name)) is not None]
            user = entry.text("username") if isinstance(entry, Mapping) else ""
            for secret in secrets:
                if secret.value:
                    yield home_credential(
                        secret.source, "composer-auth", ecosystem="composer", key=kind, host=host.value, user=user
                    )
