"""Packages of the operating system: apt, apk, dnf, microdnf and yum, and whether a version stands behind each name."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Dependency
from relcheck.patterns import lazy_pattern
from relcheck.readers.effects.invocation import Invocation
from relcheck.refs import MARK

_VERBS = ("install", "add", "reinstall", "dist-upgrade")
_VALUES = (
    "-o", "-t", "-c", "--target-release", "--option", "--config-file", "--virtual", "-X", "--repository", "-p", "--root",
    "--repositories-file", "--repo", "--repoid", "--enablerepo", "--disablerepo", "--setopt", "--installroot", "--releasever",
    "--arch", "--keys-dir", "--cache-dir", "-x", "--exclude",
)  # fmt: skip
_PINNED = lazy_pattern(r"[=<>~/:@*^]|-\d|\.(?:deb|rpm|apk)$|^[-./]|\+$|\s")
_SNAPSHOT = lazy_pattern(r"https?://(?:[\w.-]+\.)?snapshot[\w.-]*/|\bsnapshot(?:=|\.ubuntu)")

_BEFORE = 20_000
"""How far before a command the repository may be named."""


def packages(invocation: Invocation) -> Iterator[Dependency]:
    """Yield the first package that a command installs without a version, with the number of the others.

    A repository that is a snapshot of a day settles the versions as a lock file does.
    """
    if invocation.verb not in _VERBS:
        return
    loose = [word for word in invocation.operands(_VALUES) if MARK not in word.text and not _PINNED.search(word.text)]
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
