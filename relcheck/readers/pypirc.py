""".pypirc: repositories to upload to, each with its own section (packaging documentation: The .pypirc file)."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.ini_lines import entries
from relcheck.readers.urls import registry
from relcheck.refs.url import parse_url
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield the repositories and the passwords for them."""
    found = list(entries(source))
    hosts, users = {}, {}
    for entry in found:
        if entry.key == "repository" and (url := parse_url(entry.value.text)) is not None:
            hosts[entry.section] = url.host
        if entry.key == "username":
            users[entry.section] = entry.value.text
    for entry in found:
        if entry.key == "repository":
            yield from registry(entry.value, ecosystem="pypi", purpose="publish", key="repository")
        elif entry.key == "password" and entry.section != "distutils" and entry.value.text:
            made = home_credential(
                entry.value, "pypirc-password", ecosystem="pypi", key=entry.section, host=hosts.get(entry.section, ""),
                user=users.get(entry.section, ""),
            )  # fmt: skip
            yield made.replace(access="publish")
