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
