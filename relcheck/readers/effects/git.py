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
from relcheck.source import Source, Span

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
    yield from _addresses(invocation, where)
    if invocation.verb == "config":
        lowered = [text.lower() for text in words]
        if "http.sslverify" in lowered[:-1] and lowered[lowered.index("http.sslverify") + 1] in ("false", "0"):
            place = invocation.words[lowered.index("http.sslverify") + 1]
            yield _unverified(place.source.all(), "http.sslVerify false", where)
    elif invocation.verb in ("clone", "fetch", "pull", "submodule"):
        yield from _fetched(invocation, where)


_ASKS = ("clone", "fetch", "pull", "submodule", "remote", "push", "ls-remote")


def _addresses(invocation: Invocation, where: dict[str, Any]) -> Iterator[Registry]:
    """Repositories that are asked in plain text, by a command or from now on: `remote add`, `config url.X.insteadOf`."""
    found = [word.source for word in invocation.operands(_VALUES)] if invocation.verb in _ASKS else []
    if invocation.verb == "archive":
        found += invocation.values("--remote")
    for word in invocation.words[1:] if invocation.verb == "config" else ():
        base = _INSTEAD.match(word.text)
        if base is not None:
            found.append(word.source.part(*base.span("url")))
    for place in found:
        if place.text.startswith(("http://", "git://")):
            for fact in registry(place, ecosystem="git", purpose="vcs", key=f"git {invocation.verb}", **where):
                if isinstance(fact, Registry):
                    yield fact


_INSTEAD = lazy_pattern(r"(?i:url)\.(?P<url>\S+)\.(?i:(?:push)?insteadOf)$")


def _settled(invocation: Invocation, folder: str) -> Source | None:
    """Return the ref that a later command of the script checks out in what was cloned."""
    at = invocation.command.index + 1
    for later in invocation.script[at : at + _NEAR]:
        if later.program != "git" or len(later.words) < 3:
            continue
        found = Invocation(later.words, later, (), invocation.setting)
        if found.verb == "clone":
            return None
        inside = found.value("-C")
        if inside is not None and folder and inside.text.rstrip("/").rpartition("/")[2] != folder:
            continue
        operands = [word for word in found.operands(("-b", "-c", "-B", "-C")) if word.text not in ("--", "FETCH_HEAD")]
        if found.verb in ("checkout", "switch", "reset") and len(operands) == 1 and found.has("-b", "-B", "-c") is None:
            return operands[0].source
    return None


_NEAR = 10
"""How many commands behind a clone may check out what was meant."""


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
    if invocation.verb == "clone":
        name = operands[1].text if len(operands) > 1 else operands[0].text.removesuffix(".git")
        given = _settled(invocation, name.rstrip("/").rpartition("/")[2]) or given
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
