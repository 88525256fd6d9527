"""Ivy's settings, for the logins at repositories: `<credentials host realm username passwd>` (Ivy documentation: settings)."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.xml_nodes import load
from relcheck.readers.xml_tree import Refused, unreadable
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield the passwords that are written out."""
    try:
        root = load(source)
    except Refused as refused:
        yield unreadable(source, refused)
        return
    for tag in root.walk() if root is not None else ():
        found = tag.attributes() if tag.name == "credentials" else {}
        password = found.get("passwd")
        if password is not None and password.text:
            host, user = (found[name].text if name in found else "" for name in ("host", "username"))
            yield home_credential(
                password, "client-login", ecosystem="maven", key="password", host="" if "$" in host else host, user=user
            )
