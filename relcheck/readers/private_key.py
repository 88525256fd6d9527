"""Private keys: PEM blocks (RFC 7468), OpenSSH, PGP, PuTTY, minisign, age and cosign keys. Only blocks with a real body count.

A text whose middle is left out, that is no DER where DER belongs, or that is shorter than its DER says, is a picture of
a key and none.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from relcheck.facts import Credential, Fact
from relcheck.source import Source

_PEM = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----(?P<body>[^-]*(?:-(?!----BEGIN )[^-]*)*?)-----END (?P=kind)-----",
    re.DOTALL,
)
_PUTTY = re.compile(
    r"PuTTY-User-Key-File-\d: [^\n]*\nEncryption: (?P<encryption>[^\r\n]+)\r?\n(?:[^\n]*\n){1,200}?"
    r"Private-Lines: \d+\r?\n[A-Za-z0-9+/=]{20}"
)
_MINISIGN = re.compile(r"untrusted comment: [^\n]*secret key[^\n]*\n(?=RW)[A-Za-z0-9+/=]{100}")
_AGE = re.compile(r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}")
_MIN_BODY = 64
_MADE_UP = re.compile(r"0123456789|abcdefghijk|ABCDEFGHIJK|(?i:example|fakefake|donotuse)")
_DER = re.compile(r"(?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY")
"""Kinds whose text is DER in base64: a sequence, which begins with the letter M (RFC 7468, section 4)."""
_SEQUENCE = 0x30
_HEADERS = "Proc-Type:"
"""What an old encrypted key begins with: the text behind it is no DER."""
_OPENSSH = "b3BlbnNzaC1rZXktdjEA"  # `openssh-key-v1` and a zero byte; the name of the cipher follows (PROTOCOL.key)
_OPENSSH_OPEN = f"{_OPENSSH}AAAABG5vbmU"  # the cipher `none`
_NAMES = {"RSA": "RSA", "EC": "EC", "DSA": "DSA", "PGP": "PGP", "OPENSSH": "OpenSSH"}
"""Words that people write otherwise than in small letters."""
_LEFT_OUT = re.compile(r"\.{3}|…")
_IN_COMMENT = re.compile(r"(?:\s*\n[ \t]*\*(?:[ \t][^\n]*)?)+\s*")
"""The lines of a comment that documents code: ` * …`."""


def read(source: Source) -> Iterator[Fact]:
    """Yield each private key; encrypted ones say so."""
    for match in _PEM.finditer(source.text):
        body = re.sub(r"(?m)^[A-Za-z-]+:.*$|\s|\\n", "", match["body"])
        letters = re.sub(r"[^A-Za-z0-9+/=]", "", body)
        if len(letters) < _MIN_BODY or len(letters) < len(body) * 0.9 or len(set(letters)) < 12:
            continue
        if _MADE_UP.search(letters) or _LEFT_OUT.search(body):
            continue
        locked = "ENCRYPTED" in match["kind"] or "ENCRYPTED" in match["body"] or _is_locked(letters)
        if _DER.fullmatch(match["kind"]) and _HEADERS not in match["body"] and not _is_der(letters):
            continue
        where = "comment" if _IN_COMMENT.fullmatch(match["body"]) else "text"
        kind = " ".join(_NAMES.get(word, word.lower()) for word in match["kind"].split())
        yield _key(source, match, kind, "encrypted" if locked else "literal", where)
    for match in _PUTTY.finditer(source.text):
        yield _key(source, match, "PuTTY private key", "literal" if match["encryption"] == "none" else "encrypted")
    for match in _MINISIGN.finditer(source.text):
        yield _key(source, match, "minisign secret key", "encrypted" if "encrypted" in match[0] else "literal")
    for match in _AGE.finditer(source.text):
        yield _key(source, match, "age key", "literal")


def _is_der(letters: str) -> bool:
    """Whether a text in base64 can be a whole DER value: as long at least as the sequence says that it begins with.

    Longer is no sign of anything: a character of the file around the key (the `r` of an escape) may stand among the letters.
    """
    text = letters.replace("=", "")
    if not text.startswith("M"):
        return False
    tag, length, *more = binascii.a2b_base64(text[:8])
    if tag != _SEQUENCE:
        return True
    count = max(length - 0x80, 0)  # above 0x80 the length itself stands in so many bytes (X.690, 8.1.3)
    size = int.from_bytes(more[:count], "big") if count else length
    return count > len(more) or 2 + count + size <= len(text) * 3 // 4


def _is_locked(letters: str) -> bool:
    """Whether a key of OpenSSH, in base64, is encrypted: no heading says so, only the name of its cipher."""
    return letters.startswith(_OPENSSH) and not letters.startswith(_OPENSSH_OPEN)


def _key(source: Source, match: re.Match[str], kind: str, form: str, where: str = "text") -> Credential:
    first = match.group().split("\n", 1)[0].split("\\n", 1)[0]
    place = source.at(match.start(), match.start() + len(first))
    return Credential(
        span=place,
        parts={"value": source.at(*match.span())},
        kind="private-key",
        form=form,
        where=where,
        key=kind,
        redacted="",
        length=len(match.group()),
    )
