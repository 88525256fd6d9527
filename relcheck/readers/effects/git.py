"""git: repositories that are cloned, credentials in their URLs, certificate checks that are switched off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Component, Fact, Registry, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.urls import registry, userinfo
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.source import Span

_VALUES = (
    "-b",
    "--branch",
    "--depth",
    "-o",
    "--origin",
    "-c",
    "--config",
    "--reference",
    "--filter",
    "-j",
    "--jobs",
    "--shallow-since",
)

_FULL_VERSION = lazy_pattern(
    rf"\+?(?:refs/tags/)?(?P<tag>[vV]?(?:\d+|{MARK})(?:\.(?:\d+|{MARK})){{2}}(?:-[\w.{MARK}-]+)?)$"
)


def moved_tag(invocation: Invocation) -> str:
    """Return the tag of a full version that `git tag -f` or a forced push sets again; a shorter one is made to move."""
    if invocation.verb not in ("tag", "push"):
        return ""
    forced = invocation.has("-f", "--force") is not None
    if invocation.verb == "tag" and (not forced or invocation.has("-d", "--delete", "-l", "--list")):
        return ""
    operands = invocation.operands(("-m", "--message", "-F", "-u", "--local-user", "-o"))
    for word in operands[:1] if invocation.verb == "tag" else operands[1:]:
        match = _FULL_VERSION.match(word.text.rpartition(":")[2])
        if match is not None and (forced or word.text.startswith("+")):
            return match["tag"].replace(MARK, "…")
    return ""


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what git does that decides about bytes or shows a secret."""
    where: dict[str, Any] = {"job": invocation.setting.job, "step": invocation.setting.step}
    words = [word.text for word in invocation.words]
    for word in invocation.words[1:]:
        if "://" in word.text:
            found = userinfo(word.source, job=invocation.setting.job, step=invocation.setting.step)
            if found is not None:
                yield found
        key, equals, value = word.text.partition("=")
        if equals and key.lower() == "http.sslverify" and value.lower() in ("false", "0"):
            yield _unverified(word.source.all(), word.text, where)
    if invocation.verb == "config":
        lowered = [text.lower() for text in words]
        if "http.sslverify" in lowered[:-1] and lowered[lowered.index("http.sslverify") + 1] in ("false", "0"):
            place = invocation.words[lowered.index("http.sslverify") + 1]
            yield _unverified(place.source.all(), "http.sslVerify false", where)
    elif invocation.verb in ("clone", "fetch", "pull", "submodule"):
        yield from _fetched(invocation, where)
        for word in invocation.operands(_VALUES):
            if word.text.startswith(("http://", "git://")):
                for fact in registry(
                    word.source, ecosystem="git", purpose="vcs", key=f"git {invocation.verb}", **where
                ):
                    if isinstance(fact, Registry):
                        yield fact


def _fetched(invocation: Invocation, where: dict[str, Any]) -> Iterator[Component]:
    """`git clone [-b REF] URL`, `git submodule add [-b REF] URL`: another repository, at a ref or its default branch."""
    operands = invocation.operands(_VALUES)
    if invocation.verb == "submodule" and [word.text for word in operands[:1]] == ["add"]:
        operands = operands[1:]
    elif invocation.verb != "clone":
        return
    found = parse_git_url(operands[0].text, any_https=True) if operands else None
    if found is None:
        return
    given = invocation.value("-b", "--branch")
    ref: Text = "" if given is None else UNKNOWN if MARK in given.text else given.text
    place = operands[0].source
    parts = {"ref": given.all()} if given is not None and ref is not UNKNOWN else {}
    yield Component(
        span=parts.get("ref", place.all()),
        parts=parts,
        system="git",
        kind="repository",
        name=found.url,
        owner=found.owner,
        host=found.host,
        ref=ref,
        ref_kind="expr" if ref is UNKNOWN else classify_ref(str(ref)),
        **where,
    )


def _unverified(span: Span, key: str, where: dict[str, Any]) -> Registry:
    return Registry(span=span, ecosystem="git", purpose="vcs", url=UNKNOWN, host=UNKNOWN, tls="off", key=key, **where)
