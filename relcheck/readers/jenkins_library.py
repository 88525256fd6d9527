"""What pipelines of Jenkins take from elsewhere: shared libraries, and repositories that they check out."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact
from relcheck.readers.urls import userinfo
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.source import Source, Span


def library(found: Source) -> Component:
    """`NAME@REF`; without a ref the server's default counts."""
    name, at, ref = found.text.partition("@")
    parts: dict[str, Span] = {}
    if MARK not in name:
        parts["name"] = found.at(0, len(name))
    if at and MARK not in ref:
        parts["ref"] = found.at(len(name) + 1, len(found.text))
    return Component(
        span=parts.get("ref") or parts.get("name") or found.all(),
        parts=parts,
        system="jenkins",
        kind="library",
        name=name if MARK not in name else UNKNOWN,
        owner="",
        ref=ref if "ref" in parts else UNKNOWN,
        ref_kind=classify_ref(ref) if "ref" in parts else UNKNOWN,
    )


def checkout(url: Source, ref: Source | None, *, job: str, step: int) -> Iterator[Fact]:
    """Yield the repository that is checked out, and the credential in its address."""
    parsed = parse_git_url(url.text, any_https=True)
    if parsed is None:
        return
    secret = userinfo(url, job=job, step=step)
    if secret is not None:
        yield secret
    text = ref.text.removeprefix("*/") if ref is not None else ""
    place = ref.part(len(ref.text) - len(text), len(ref.text)).all() if ref is not None else None
    yield Component(
        span=ref.all() if ref is not None else url.all(),
        parts={"ref": place} if place is not None and text and MARK not in text else {},
        job=job,
        step=step,
        system="jenkins",
        kind="checkout",
        name=parsed.url,
        owner=parsed.owner,
        host=parsed.host,
        ref=UNKNOWN if MARK in text else text,
        ref_kind=UNKNOWN if MARK in text else classify_ref(text),
    )
