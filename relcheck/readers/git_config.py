r"""git's own configuration, committed: .gitconfig, .config/git/config (git documentation: git-config, "Syntax").

    file    = { section | setting | comment }
    section = "[" name [ blank '"' subsection '"' ] "]", on a line that may go on with a setting
    setting = name [ "=" value ]; quotes may stand anywhere in a value, a backslash before the line end goes on
    comment = ("#" | ";") to the end of the line, outside of quotes

Secrets stand in addresses (`url.BASE.insteadOf`, `remote.NAME.url`, `http.proxy`), in headers (`http.extraHeader`), in a
helper written in place, and in the settings of tools that keep their token here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.facts import UNKNOWN, Credential, Fact, Registry
from relcheck.readers.home_secrets import header_secret, home_credential
from relcheck.readers.urls import registry, userinfo
from relcheck.source import Source

_LINE = re.compile(r"[^\r\n]*")
_SECTION = re.compile(r"[ \t]*\[[ \t]*(?P<name>[\w.-]+)(?:[ \t]+\"(?P<sub>(?:\\.|[^\"\\])*)\")?[ \t]*\]")
_SETTING = re.compile(r"[ \t]*(?P<name>[A-Za-z][\w-]*)[ \t]*=[ \t]*(?P<value>.*)")
_VALUE = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|\\.|[^\"#;\\])*")
_PASSWORD = re.compile(r"password=(?P<value>[^\s;\"'}&|]+)")
_TOKENS = frozenset((
    ("github", "token"), ("github", "oauthtoken"), ("gitlab", "token"), ("gitea", "token"), ("bitbucket", "password"),
    ("sendemail", "smtppass"), ("hub", "token"),
))  # fmt: skip
"""Settings in which tools and mail servers keep what opens them."""


class Setting(NamedTuple):
    """One setting: the section in lower case, its subsection as a text of its own, the name in lower case, the value."""

    section: str
    sub: Source
    name: str
    value: Source


def read(source: Source) -> Iterator[Fact]:
    """Yield the credentials that the file holds, and what it says of the way to a server."""
    seen: set[int] = set()
    for setting in _settings(source):
        if "://" in setting.sub.text and setting.sub.all().start not in seen:
            seen.add(setting.sub.all().start)
            found = userinfo(setting.sub, key=f"{setting.section}.{setting.name}")
            if found is not None:
                yield found
        yield from _said(setting)
        yield from _transport(setting)


def _settings(source: Source) -> Iterator[Setting]:
    section, sub = "", source.part(0, 0)
    for line in _LINE.finditer(source.text):
        start = line.start()
        head = _SECTION.match(line[0])
        if head is not None:
            section = head["name"].lower()
            place = head.span("sub") if head["sub"] is not None else (0, 0)
            sub = source.part(start + place[0], start + place[1])
        rest = _SETTING.match(line[0], head.end() if head is not None else 0)
        if rest is not None:
            value = _VALUE.match(rest["value"])
            words = value[0].rstrip() if value is not None else ""
            begin = start + rest.start("value")
            yield Setting(section, sub, rest["name"].lower(), _unquoted(source.part(begin, begin + len(words))))


def _unquoted(source: Source) -> Source:
    text = source.text
    whole = len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('\\"', "")
    return source.part(1, len(text) - 1) if whole else source


def _transport(setting: Setting) -> Iterator[Registry]:
    """Certificates that are not checked, and addresses that are rewritten to plain HTTP."""
    key, text = f"{setting.section}.{setting.name}", setting.value.text.lower()
    if key == "http.sslverify" and text in ("false", "no", "off", "0"):
        host = _host(setting.sub)
        yield Registry(
            span=setting.value.all(), ecosystem="git", purpose="vcs", url=UNKNOWN, host=host or UNKNOWN, tls="off",
            key=f"http.sslVerify = {setting.value.text}",
        )  # fmt: skip
    elif key in ("url.insteadof", "url.pushinsteadof") and setting.sub.text.startswith("http://"):
        found = registry(setting.sub, ecosystem="git", purpose="vcs", key="insteadOf")
        yield from (fact for fact in found if isinstance(fact, Registry))


def _said(setting: Setting) -> Iterator[Credential]:
    key = f"{setting.section}.{setting.name}"
    if setting.section == "http" and setting.name == "extraheader":
        found = header_secret(setting.value, "git-header", ecosystem="git", host=_host(setting.sub))
        if found is not None:
            yield found
    elif setting.section == "credential" and setting.name == "helper":
        yield from _helper(setting)
    elif (setting.section, setting.name) in _TOKENS:
        yield home_credential(setting.value, "git-token", ecosystem="git", key=key)
    elif "://" in setting.value.text:
        address = userinfo(setting.value, key=key)
        if address is not None:
            yield address


def _helper(setting: Setting) -> Iterator[Credential]:
    """`store` writes what is typed into .git-credentials as it is; a helper written in place may hold the password."""
    word = setting.value.text.split()[:1]
    if word == ["store"]:
        yield Credential(
            span=setting.value.all(), kind="git-store", form="reference", where="home", ecosystem="git", key="store"
        )
    match = _PASSWORD.search(setting.value.text) if setting.value.text.startswith("!") else None
    if match is not None:
        value = setting.value.part(*match.span("value"))
        yield home_credential(value, "git-token", ecosystem="git", key="credential.helper", host=_host(setting.sub))


def _host(sub: Source) -> str:
    return re.sub(r"^[a-z+]+://(?:[^@/]*@)?", "", sub.text).split("/")[0]
