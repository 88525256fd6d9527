"""Facts from URLs: a configured registry, and the credential that stands in it."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Registry, Text, Truth
from relcheck.refs import MARK
from relcheck.refs.secrets import NO_PASSWORDS, identify, literal_form, redact
from relcheck.refs.url import UrlRef, is_loopback, parse_url
from relcheck.source import Source, Span


def userinfo(
    source: Source,
    *,
    kind: str = "url-userinfo",
    where: str = "url",
    ecosystem: str = "",
    key: str = "",
    job: str = "",
    step: int = -1,
) -> Credential | None:
    """Return the credential of a URL `scheme://user:password@host`, or None where it has no password.

    Without a host there is no place to send one to: `http://localhost:@port@/` is a template of a build tool.
    """
    url = parse_url(source.text)
    if url is None or not url.password or not url.host:
        return None
    url = _turned(url)
    start, end = url.spans.get("password", (0, len(source.text)))
    value = source.text[start:end] if url.password is not UNKNOWN else ""
    token = identify(value) if value else None
    place = source.at(start, end)
    return Credential(
        span=place,
        parts={"value": place},
        job=job,
        step=step,
        kind=kind,
        form="reference" if url.password is UNKNOWN else literal_form(value),
        where=where,
        ecosystem=ecosystem,
        key=key,
        host=url.host,
        user=url.user,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access=token.access if token else "",
        redacted=redact(value) if value else "",
        length=len(value),
    )


def _turned(url: UrlRef) -> UrlRef:
    """Return a URL whose user is the secret (`TOKEN:x-oauth-basic@`) with the token as its password."""
    if url.password not in NO_PASSWORDS:
        return url
    spans = {"password" if name == "user" else name: span for name, span in url.spans.items() if name != "password"}
    return url.replace(user="", password=url.user, spans=spans)


def registry(
    source: Source,
    *,
    ecosystem: str,
    purpose: str,
    key: str = "",
    scope: str = "",
    hashed: bool = False,
    job: str = "",
    step: int = -1,
) -> Iterator[Fact]:
    """Yield the registry that a URL names, and the credential in it; nothing for text that is no URL."""
    url = parse_url(source.text)
    if url is None:
        return
    start, end = url.spans.get("host", (0, len(source.text.rstrip())))
    place = source.at(start, end)
    yield Registry(
        span=place,
        parts=url_parts(source, url),
        job=job,
        step=step,
        ecosystem=ecosystem,
        purpose=purpose,
        url=UNKNOWN if url.host is UNKNOWN else url.redacted,
        host=url.host,
        scheme=url.scheme,
        key=key,
        scope=scope,
        hashed=hashed,
        has_credential=has_credential(url),
        loopback=UNKNOWN if url.host is UNKNOWN else is_loopback(host_text(url.host)),
    )
    found = userinfo(source, kind="index-url", ecosystem=ecosystem, key=key, job=job, step=step)
    if found is not None:
        yield found


def url_parts(source: Source, url: UrlRef | None) -> dict[str, Span]:
    """Return the places of host, scheme and the whole URL, as far as the source's text says them letter for letter."""
    if url is None:
        return {}
    text = source.text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    places = {name: place for name, place in url.spans.items() if name == "host"}
    scheme = (start, text.find("://", start))
    if text[slice(*scheme)] == url.scheme:
        places["scheme"] = scheme
    if text[start:end] == url.redacted and MARK not in url.redacted:
        places["url"] = (start, end)
    return {name: source.at(*place) for name, place in places.items()}


def trusted(source: Source) -> tuple[Text, dict[str, Span]]:
    """Return the host of `HOST[:PORT]` that is trusted without checking, and the places of host and whole text."""
    if MARK in source.text:
        return UNKNOWN, {}
    text = source.text.strip()
    start = source.text.find(text)
    host = text.split(":", maxsplit=1)[0]
    return host, {"host": source.at(start, start + len(host)), "url": source.at(start, start + len(text))}


def has_credential(url: UrlRef) -> Truth:
    """Whether a URL carries a password (known or not)."""
    return url.password is UNKNOWN or bool(url.password)


def host_text(host: Text) -> str:
    """Return a host that is known, else the empty string."""
    return "" if host is UNKNOWN else str(host)
