"""Helm's repositories.yaml: where charts come from, with logins (Helm: helm repo).

repositories[] {name, url, username, password, insecure_skip_tls_verify}

The file is written by `helm repo add`.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.refs.url import parse_url
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield repositories and passwords."""
    for document in load(source).documents:
        entries = document.seq("repositories") if isinstance(document, Mapping) else None
        for entry in entries or ():
            if isinstance(entry, Mapping):
                yield from _repository(entry)


def _repository(entry: Mapping) -> Iterator[Fact]:
    url, password, insecure = entry.scalar("url"), entry.scalar("password"), entry.scalar("insecure_skip_tls_verify")
    parsed = parse_url(url.value) if url is not None else None
    host = parsed.host if parsed is not None else ""
    if url is not None:
        yield from registry(url.source, ecosystem="helm", purpose="chart", key="url")
    if password is not None and password.value:
        yield home_credential(
            password.source,
            "helm-repo-password",
            ecosystem="helm",
            key="password",
            host=host,
            user=entry.text("username"),
        )
    if insecure is not None and insecure.value == "true":
        yield Registry(
            span=insecure.span, ecosystem="helm", purpose="chart", url=UNKNOWN, host=host or UNKNOWN, tls="off",
            key="insecure_skip_tls_verify: true",
        )  # fmt: skip
