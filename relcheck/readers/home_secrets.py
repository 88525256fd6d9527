"""Credentials in the files where registry clients keep them: one way to say what a value is."""

from __future__ import annotations

import base64
import binascii
import re

from relcheck.facts import Credential, Text
from relcheck.refs.secrets import identify, literal_form, redact
from relcheck.source import Piece, Source


def home_credential(
    value: Source, kind: str, *, ecosystem: str, key: str = "", host: Text = "", user: Text = "", form: str = ""
) -> Credential:
    """Return the credential that a value is; the text itself is not kept."""
    text = value.text
    decided = form or literal_form(text)
    token = identify(text) if decided == "literal" else None
    place = value.all()
    return Credential(
        span=place,
        parts={"value": place},
        kind=kind,
        form=decided,
        where="home",
        ecosystem=ecosystem,
        key=key,
        host=host,
        user=user,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access=token.access if token else "",
        redacted=redact(text) if decided == "literal" else "",
        length=len(text) if decided == "literal" else 0,
    )


_HEADER = re.compile(
    r"\s*(?P<name>authorization|proxy-authorization|private-token|job-token|deploy-token|x-jfrog-art-api|x-nuget-apikey"
    r"|x-api-key|x-vault-token|x-auth-token|x-github-token)\s*:\s*(?:(?P<scheme>bearer|basic|token|apikey|digest)\s+)?",
    re.IGNORECASE,
)


def header_secret(value: Source, kind: str, *, ecosystem: str = "", host: Text = "") -> Credential | None:
    """Return the secret in a header of HTTP: a token, or the base64 of `user:password`; None for other headers."""
    match = _HEADER.match(value.text)
    if match is None:
        return None
    piece = value.part(match.end(), len(value.text.rstrip()))
    user, password = user_and_password(piece) if (match["scheme"] or "").lower() == "basic" else ("", "")
    form = literal_form(piece.text)
    if form == "literal" and password:
        form = literal_form(password)
    return home_credential(piece, kind, ecosystem=ecosystem, key=match["name"].lower(), host=host, user=user, form=form)


def decoded_base64(value: Source) -> Source | None:
    """Return a base64 text decoded, embedded at its whole place; None where it is no base64 of a text."""
    text = "".join(value.text.split())
    if not text or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text):
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if re.search(r"[-_]", text) else None)
        plain = data.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return value.embed(plain, (Piece(0, len(plain), 0, len(value.text)),), "base64")


def user_and_password(value: Source) -> tuple[str, str]:
    """Split what a base64 `user:password` holds; both empty when it is none."""
    plain = decoded_base64(value)
    user, colon, password = plain.text.partition(":") if plain is not None else ("", "", "")
    return (user, password) if colon else ("", "")
