"""Keys of Google Cloud in JSON (Google Cloud documentation: service account keys, application default credentials).

    {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----…", "client_email": …}
    {"type": "authorized_user", "refresh_token": …, "client_secret": …}

The secret of the client (`client_secret`) of `gcloud` itself is public; the refresh token is what logs in.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Credential, Fact
from relcheck.readers import private_key
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping
from relcheck.readers.yaml_tree import load
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield the secret of each key; a private key that is none by its text is an example."""
    for document in load(source).documents[:1]:
        if isinstance(document, Mapping):
            yield from _key(document)


def _key(key: Mapping) -> Iterator[Fact]:
    kind, user = key.text("type"), key.text("client_email")
    pem, refresh = key.scalar("private_key"), key.scalar("refresh_token")
    if kind == "service_account" and pem is not None:
        real = any(isinstance(fact, Credential) for fact in private_key.read(pem.source))
        made = home_credential(
            pem.source,
            "cloud-key",
            ecosystem="gcp",
            key="private_key",
            user=user,
            form="literal" if real else "placeholder",
        )
        yield made.replace(redacted="")
    elif kind == "authorized_user" and refresh is not None and refresh.value:
        yield home_credential(refresh.source, "cloud-key", ecosystem="gcp", key="refresh_token")
