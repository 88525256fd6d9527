"""What Flux and Argo CD have in common: folders that are deployed, git sources, charts and values in their objects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Deploy, Fact, Registry, Text
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source, Span

_REF = re.compile(r"[?&]ref=(?P<ref>[^&]+)")
_REPOSITORY = re.compile(r"git(?:::|\+)[a-z+]+://(?:[^@/]*@)?[^@?]*")
MARKER = re.compile(r"\{\{|\$\{|\$\(|\ue000")


def text_of(scalar: Scalar | None, default: str = "") -> Text:
    """Return a text, UNKNOWN where a marker of some template stands in it."""
    if scalar is None:
        return default
    return UNKNOWN if MARKER.search(scalar.value) else scalar.value.strip()


def folder(scalar: Scalar | None) -> Text:
    """Return a folder relative to the root of the repository; the empty string is the root itself."""
    text = text_of(scalar)
    return text if text is UNKNOWN else "/".join(part for part in str(text).split("/") if part not in ("", "."))


def deploy(tool: str, namespace: Scalar, path: Scalar | None) -> Deploy:
    """Return what says that a folder goes into a namespace."""
    return Deploy(
        span=namespace.span,
        parts={"namespace": namespace.span},
        tool=tool,
        path=folder(path),
        namespace=text_of(namespace),
    )


def git_source(
    url: Source, ref: Scalar | None, ref_kind: str, system: str, kind: str = "repository", path: str = ""
) -> Component:
    """Return a git repository that something is taken from, with the folder or file in it."""
    found = parse_git_url(url.text, any_https=True)
    known = found is not None and found.owner is not UNKNOWN and found.repository is not UNKNOWN
    parts: dict[str, Span] = {}
    if ref is not None and ref.value and text_of(ref) is not UNKNOWN:
        parts["ref"] = ref.span
    name = f"{found.owner}/{found.repository}/{path}".strip("/") if found is not None and known else UNKNOWN
    return Component(
        span=parts.get("ref", url.all()),
        parts=parts,
        system=system,
        kind=kind,
        name=name,
        owner=found.owner if found is not None else UNKNOWN,
        host=found.host if found is not None else UNKNOWN,
        ref=text_of(ref),
        ref_kind=UNKNOWN if text_of(ref) is UNKNOWN else ref_kind,
    )


def git_folder(path: Scalar, system: str, kind: str = "repository") -> Component:
    """Return a folder or file in a repository: `git::https://host/owner/name[.git]@path?ref=REF`, or `git+https://…`."""
    match = _REF.search(path.value)
    ref_kind = classify_ref(match["ref"]) if match is not None else "none"
    head = _REPOSITORY.match(path.value)
    found = git_source(
        path.source.part(0, head.end()) if head is not None else path.source, None, ref_kind, system, kind
    )
    if match is not None and MARK not in match["ref"]:
        place = path.source.at(*match.span("ref"))
        found = found.replace(ref=match["ref"], parts={"ref": place}, span=place)
    return found


def chart(name: Scalar, version: Scalar | None, repository: Scalar | None) -> Iterator[Fact]:
    """Yield a chart that is deployed, and the repository that it comes from; no lock file says which version that is."""
    from relcheck.readers.helm_chart import chart_facts  # noqa: PLC0415 - few objects name a chart

    for fact in chart_facts(name, version, repository):
        yield fact.replace(locked=False) if isinstance(fact, Dependency) else fact


def values(found: Mapping | None) -> Iterator[Fact]:
    """Yield the images among values that are written as a mapping."""
    if found is not None:
        from relcheck.readers.helm_values import value_facts  # noqa: PLC0415 - few objects hold values

        yield from value_facts(found)


def values_text(scalar: Scalar | None) -> Iterator[Fact]:
    """Yield the images among values that are written as text."""
    if scalar is not None and scalar.value.strip() and not MARKER.search(scalar.value):
        from relcheck.readers.helm_values import read  # noqa: PLC0415 - few objects hold values

        yield from read(scalar.source)


def insecure(flag: Scalar | None, url: Scalar | None, *, ecosystem: str, purpose: str, key: str) -> Iterator[Registry]:
    """Yield the setting that lets a source be asked without TLS; `url` is the source."""
    if flag is None or flag.value != "true":
        return
    found = parse_url(url.value) if url is not None else None
    host = found.host if found is not None else text_of(url)
    yield Registry(
        span=flag.span,
        ecosystem=ecosystem,
        purpose=purpose,
        url=UNKNOWN,
        host=host,
        tls="off",
        key=f"{key}: true",
        loopback=UNKNOWN if host is UNKNOWN else is_loopback(str(host)),
    )
