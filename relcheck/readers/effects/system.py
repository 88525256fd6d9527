"""Packages of the operating system, and where they come from: apt, apk, dnf and its kin, zypper, pacman, rpm.

apt-get|apk|dnf|zypper|pacman VERB NAME[=V]…      -X URL, --repository URL, --setopt=[REPO.]gpgcheck=0
dnf config-manager|yum-config-manager --add-repo URL, zypper addrepo URL      rpm -i URL, rpm --import URL
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Download, Fact, Registry
from relcheck.patterns import lazy_pattern
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.urls import registry, url_parts
from relcheck.refs import MARK
from relcheck.refs.shell import Word
from relcheck.refs.url import parse_url

_VERBS = ("install", "add", "reinstall", "dist-upgrade", "in")
_VALUES = (
    "-o", "-t", "-c", "--target-release", "--option", "--config-file", "--virtual", "-X", "--repository", "-p", "--root",
    "--repositories-file", "--repo", "--repoid", "--enablerepo", "--disablerepo", "--setopt", "--installroot", "--releasever",
    "--arch", "--keys-dir", "--cache-dir", "-x", "--exclude",
)  # fmt: skip
_PINNED = lazy_pattern(r"[=<>~/:@*^]|-\d|\.(?:deb|rpm|apk)$|^[-./]|\+$|\s")
_SNAPSHOT = lazy_pattern(r"https?://(?:[\w.-]+\.)?snapshot[\w.-]*/|\bsnapshot(?:=|\.ubuntu)")

_SYNC = lazy_pattern(r"-S[yuw]*|--sync")
_SETTING = lazy_pattern(r"(?:--setopt=)?(?P<key>(?:[\w*.-]+\.)?(?P<name>gpgcheck|sslverify))=(?:0|[Ff]alse|no)")
_ADDS = ("--add-repo", "-X", "--repository", "--repofrompath")
_PACKAGE = lazy_pattern(r"(?:https?|ftp)://\S+\.(?:rpm|deb|apk)$")
_INSTALLS = lazy_pattern(r"-[a-zA-Z]*[iUF][a-zA-Z]*|--install|--upgrade|--freshen")
_BEFORE = 20_000
"""How far before a command the repository may be named."""


def packages(invocation: Invocation) -> Iterator[Dependency]:
    """Yield the first package that a command installs without a version, with the number of the others.

    A repository that is a snapshot of a day settles the versions as a lock file does.
    """
    synced = invocation.program == "pacman" and any(_SYNC.fullmatch(word.text) for word in invocation.words[1:3])
    if invocation.verb not in _VERBS and not synced:
        return
    words = [*invocation.verb_words, *invocation.operands()] if synced else invocation.operands(_VALUES)
    loose = [word for word in words if MARK not in word.text and not _PINNED.search(word.text)]
    if loose:
        root, place = loose[0].source.root.text, loose[0].source.all()
        yield Dependency(
            span=loose[0].source.all(),
            parts={"name": loose[0].source.all()},
            job=invocation.setting.job,
            step=invocation.setting.step,
            ecosystem="os",
            where="system",
            name=loose[0].text,
            constraint="",
            firmness="any",
            locked=_SNAPSHOT.search(root, max(place.start - _BEFORE, 0), place.start) is not None,
            others=len(loose) - 1,
        )


def repositories(invocation: Invocation) -> Iterator[Fact]:
    """Yield the repositories that options name, what they switch off, and packages that are fetched by URL."""
    for word in invocation.words[1:]:
        setting = _SETTING.fullmatch(word.text)
        if setting is not None:
            yield _off(invocation, word, setting["key"], certificates=setting["name"] == "sslverify")
    added = invocation.verb in ("addrepo", "ar")
    urls = list(invocation.values(*_ADDS)) + [word.source for word in invocation.operands() if added]
    for value in urls:
        if value.text.startswith("http"):
            yield from registry(
                value, ecosystem="os", purpose="os", key=f"{invocation.program} repository", job=invocation.setting.job,
                step=invocation.setting.step,
            )  # fmt: skip
    installs = invocation.verb in _VERBS
    if invocation.program == "rpm":
        installs = any(_INSTALLS.fullmatch(word.text) for word in invocation.words[1:])
        for value in invocation.values("--import"):
            if value.text.startswith("http://"):
                yield _open(invocation, Word(source=value, static=True), f"rpm --import {value.text}")
    for word in invocation.words[1:] if installs else ():
        if _PACKAGE.match(word.text):
            yield _fetched(invocation, word)


def _off(invocation: Invocation, word: Word, key: str, *, certificates: bool) -> Registry:
    if not certificates:
        return _open(invocation, word, f"{key}=0")
    return Registry(
        span=word.source.all(), job=invocation.setting.job, step=invocation.setting.step, ecosystem="os", purpose="os",
        url=UNKNOWN, host=UNKNOWN, tls="off", key=key,
    )  # fmt: skip


def _open(invocation: Invocation, word: Word, key: str) -> Registry:
    return Registry(
        span=word.source.all(), job=invocation.setting.job, step=invocation.setting.step, ecosystem="os", purpose="os",
        url="", host="", key=key, integrity_off=True,
    )  # fmt: skip


def _fetched(invocation: Invocation, word: Word) -> Download:
    """A package that is fetched and installed in one go: what it holds runs as root."""
    url = parse_url(word.text)
    known = url is not None and MARK not in word.text
    return Download(
        span=word.source.all(), parts=url_parts(word.source, url), job=invocation.setting.job, step=invocation.setting.step,
        tool=invocation.program, url=url.redacted if url is not None and known else UNKNOWN,
        scheme=url.scheme if url is not None else UNKNOWN, host=url.host if url is not None else UNKNOWN,
        executed_by=invocation.program, context=invocation.setting.context,
    )  # fmt: skip
