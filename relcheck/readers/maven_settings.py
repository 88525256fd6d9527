"""Maven's settings.xml: servers with their passwords, mirrors, repositories, proxies (Maven: Settings reference).

A password in braces is encrypted; its key stands in settings-security.xml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Registry
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.urls import registry
from relcheck.readers.xml_tree import Element, Refused, elements, unreadable
from relcheck.refs.secrets import literal_form
from relcheck.source import Source

_ENCRYPTED = re.compile(r"(?s).*(?<!\\)\{[A-Za-z0-9+/=%:\[\], -]{8,}(?<!\\)\}.*")
_SECRETS = ("password", "passphrase")
_REPOSITORIES = ("repository", "pluginRepository")


def read(source: Source) -> Iterator[Fact]:
    """Yield the passwords of servers and proxies, and the repositories and mirrors."""
    try:
        found = elements(source)
    except Refused as refused:
        yield unreadable(source, refused)
        return
    siblings: dict[int, dict[str, Element]] = {}
    for element in found:
        siblings.setdefault(element.parent, {})[element.path[-1]] = element
    for element in found:
        yield from _element(element, siblings.get(element.parent, {}))


def _element(element: Element, beside: dict[str, Element]) -> Iterator[Fact]:
    name, parent = element.path[-1], element.path[-2] if len(element.path) > 1 else ""
    text = element.text.text
    if parent in ("server", "proxy") and name in _SECRETS and text:
        form = "encrypted" if _ENCRYPTED.fullmatch(text) else literal_form(text)
        user, server = beside.get("username"), beside.get("id")
        yield home_credential(
            element.text, "maven-password", ecosystem="maven", key=server.text.text if server else parent,
            user=user.text.text if user else "", form=form,
        )  # fmt: skip
    elif name == "master" and parent == "settingsSecurity" and text:
        yield home_credential(element.text, "maven-master", ecosystem="maven", key="master", form="literal")
    elif name == "url" and parent == "mirror" and _blocks(beside):
        return  # nothing is ever asked there
    elif name == "url" and parent in (*_REPOSITORIES, "mirror"):
        yield from registry(
            element.text, ecosystem="maven", purpose="mirror" if parent == "mirror" else "index", key=parent
        )
    elif name == "blocked" and parent == "mirror" and text == "false":
        identity, url = beside.get("id"), beside.get("url")
        yield Registry(
            span=element.text.all(), ecosystem="maven", purpose="blocker", key=identity.text.text if identity else "mirror",
            url=url.text.text if url else "", host="", scheme=(url.text.text if url else "").partition(":")[0],
        )  # fmt: skip


def _blocks(beside: dict[str, Element]) -> bool:
    """Whether a mirror takes requests to refuse them (`<blocked>true</blocked>`)."""
    return "blocked" in beside and beside["blocked"].text.text.strip() == "true"
