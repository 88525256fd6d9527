"""Every coordinate of a repository: what is named, how firmly it is pinned, and which places use it.

Facts in, entries out; nothing is judged. A coordinate is one entry however often it is used: equal kind, name and
version are the same thing, and each use is a place of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Image, Text
from relcheck.inventory.purls import purl_of
from relcheck.judge import FileView, place_of
from relcheck.records import Record
from relcheck.redact import shown_name

PINS = ("digest", "commit", "exact", "partial", "range", "moving", "none", "local", "unknown")
"""How firmly a coordinate is pinned, from what never moves to what nobody knows."""

_OUTPUTS = frozenset(("output", "pushed", "signed", "cache", "override"))
_TAGS = {"version": "exact", "date": "exact", "commit": "exact", "partial": "partial", "none": "none"}
_REFS = {
    "sha": "commit", "short-sha": "partial", "semver-full": "exact", "semver-partial": "partial", "tag": "exact",
    "none": "none", "expr": "unknown",
}  # fmt: skip
_FIRMNESS = {
    "exact": "exact", "range": "range", "any": "none", "tag": "moving", "git-commit": "commit", "git-tag": "exact",
    "git-branch": "moving", "git-default": "none", "url": "exact", "path": "local", "workspace": "local", "unknown": "unknown",
}  # fmt: skip


class Use(Record):
    """One place where a coordinate stands. role: what it is used for; job: the CI job around it, if any."""

    path: str
    line: int
    column: int
    role: str = ""
    job: str = ""


class Entry(Record):
    """A coordinate. kind: image, component or dependency; system: the registry or platform that it comes from."""

    kind: str
    system: str
    name: str
    version: str
    pin: str
    digest: str = ""
    purl: str = ""
    uses: tuple[Use, ...] = ()


def entries_of(files: Iterable[tuple[FileView, Iterable[Fact]]]) -> list[Entry]:
    """Return the coordinates in the facts of files, sorted by kind, system, name and version."""
    found: dict[tuple[str, str, str, str], list[tuple[Entry, Use]]] = {}
    for view, facts in files:
        for fact in facts:
            entry = _entry(fact)
            if entry is not None:
                place = place_of(view, fact.span)
                use = Use(
                    path=shown_name(view.path), line=place.line, column=place.column, role=_role(fact), job=fact.job
                )
                found.setdefault((entry.kind, entry.system, entry.name, entry.version), []).append((entry, use))
    return [_merged(found[key]) for key in sorted(found)]


def _merged(found: list[tuple[Entry, Use]]) -> Entry:
    uses = {(use.path, use.line, use.column, use.role, use.job): use for _, use in found}
    return found[0][0].replace(uses=tuple(uses[key] for key in sorted(uses)))


def _role(fact: Fact) -> str:
    for name in ("role", "kind", "where"):
        value = getattr(fact, name, "")
        if value:
            return str(value)
    return ""


def _entry(fact: Fact) -> Entry | None:
    make = _MAKERS.get(type(fact))
    entry = make(fact) if make is not None else None
    return entry.replace(purl=purl_of(fact)) if entry is not None else None


def _known(value: Text) -> str:
    return "?" if value is UNKNOWN else str(value)


def _image(fact: Fact) -> Entry | None:
    if not isinstance(fact, Image) or fact.role in _OUTPUTS or fact.problem or fact.name in ("", UNKNOWN):
        return None
    name = "/".join(part for part in (_known(fact.host), _known(fact.repository)) if part)
    digest = _known(fact.digest)
    pin = "digest" if digest and not fact.digest_problem else "unknown" if UNKNOWN in (fact.tag, fact.digest) else ""
    return Entry(
        kind="image", system="oci", name=name, version=_known(fact.tag), digest=digest.replace("?", ""),
        pin=pin or _TAGS.get(_known(fact.tag_kind), "moving"),
    )  # fmt: skip


def _component(fact: Fact) -> Entry | None:
    if not isinstance(fact, Component) or fact.local or fact.name in ("", UNKNOWN):
        return None
    written = _known(fact.name)
    name = written.partition("://")[2] or "/".join(part for part in (_host(fact), written) if part)
    pin = "commit" if fact.locked else _REFS.get(_known(fact.ref_kind), "moving")
    return Entry(kind="component", system=fact.system, name=name, version=_known(fact.ref), pin=pin)


def _host(fact: Component) -> str:
    return "" if fact.host is UNKNOWN or fact.system == "github" else str(fact.host)


def _dependency(fact: Fact) -> Entry | None:
    if not isinstance(fact, Dependency) or fact.name in ("", UNKNOWN):
        return None
    pin = _FIRMNESS.get(_known(fact.firmness), "unknown")
    version = _known(fact.ref) if fact.source == "git" else _known(fact.constraint)
    return Entry(kind="dependency", system=fact.ecosystem, name=_known(fact.name), version=version, pin=pin)


_MAKERS: dict[type[Fact], Callable[[Fact], Entry | None]] = {
    Image: _image,
    Component: _component,
    Dependency: _dependency,
}
