"""From the bytes of a file to the credentials in its text: the prefilter names lines, the rest sees only those."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from relcheck.facts import Credential
from relcheck.refs.secrets import NO_PASSWORDS, literal_form, redact
from relcheck.secrets.engines import AdaptiveEngine, Engine, Hits
from relcheck.secrets.needs import (
    CASELESS,
    CASELESS_LETTERS,
    DETECTORS,
    ENTROPY,
    OWN,
    PRIVATE_KEY,
    REWRITTEN,
    TOKEN,
    UNREAD_LINE,
    needs_of,
)
from relcheck.source import Source, Span, split_lines

if TYPE_CHECKING:
    from relcheck.secrets.detectors import Found

_BOMS_16 = (b"\xff\xfe", b"\xfe\xff")
_NO_SHAPES = (".svg", ".lock", ".sum", ".map")


class Finder:
    """Finds secrets with a set of detectors; made once a process, it keeps its engine."""

    def __init__(self, detectors: Iterable[str], *, cached: bool = True, engine: Engine | None = None) -> None:
        self.detectors = frozenset(detectors) & DETECTORS
        self._engine = engine or AdaptiveEngine(needs_of(self.detectors), cached=cached)
        self._caseless = self.detectors & CASELESS
        self._entropy = sorted(self.detectors & ENTROPY)

    def find(self, path: str, data: bytes, source: Source | None = None) -> tuple[Source | None, list[Credential]]:
        """Return the text and the secrets of a file; no text where nothing in the bytes asked for one."""
        utf16 = data[:2] in _BOMS_16
        if utf16:
            source = source or Source.from_bytes(path, data)
            data = source.text.encode("utf-8", "replace")
        hits = self._hits(data)
        unquoted = self._unquoted(path, data, source) if self._entropy and path.endswith(REWRITTEN) else []
        if not hits:
            return (source or Source.from_bytes(path, data), unquoted) if unquoted else (source, [])
        source = source or Source.from_bytes(path, data)
        owners: dict[int, set[str]] = {}
        for offset, owner in _points(data, hits, utf16=utf16):
            owners.setdefault(source.position(offset).line, set()).add(owner)
        found = list(self._facts(path, source, owners))
        known = {(fact.tool, fact.span) for fact in found}
        return source, found + [fact for fact in unquoted if (fact.tool, fact.span) not in known]

    def _unquoted(self, path: str, data: bytes, source: Source | None) -> list[Credential]:
        """Show the detectors of entropy the values of YAML and INI files that stand without quotes."""
        from relcheck.secrets.detectors import MAX_LINE, detect, is_looked_at  # noqa: PLC0415 - only where they are on
        from relcheck.secrets.quoted import unquoted_values  # noqa: PLC0415 - loads the parser of YAML

        source = source or Source.from_bytes(path, data)
        found = []
        for line, value in unquoted_values(path, source) if is_looked_at(path) else ():
            place = value.all()
            number = source.position(place.start).line
            shown = [source.line(number - 1) if number > 1 else "", line + _comment(source.line(number))]
            if len(line) <= MAX_LINE:
                found += [
                    _credential(one, place, one.detector, value.text) for one in detect(path, shown, 2, self._entropy)
                ]
        return found

    def _hits(self, data: bytes) -> Hits:
        hits = self._engine.hits(data)
        if self._caseless and not data.isascii():
            for letter in CASELESS_LETTERS:
                for match in re.finditer(re.escape(letter), data):
                    hits += [(match.start(), owner) for owner in self._caseless]
            hits.sort()
        return hits

    def _facts(self, path: str, source: Source, owners: dict[int, set[str]]) -> Iterator[Credential]:
        from relcheck.readers.secret_text import private_keys, tokens  # noqa: PLC0415 - few files hold any

        if any(PRIVATE_KEY in found for found in owners.values()):
            yield from private_keys(source)
        lines = split_lines(source.text)
        looked_at: bool | None = None
        for number in sorted(owners):
            start = source.line_start(number)
            if TOKEN in owners[number]:
                shapes = not path.endswith(_NO_SHAPES) and len(lines[number - 1]) <= _max_line()
                yield from tokens(source, start, start + len(lines[number - 1]), shapes=shapes)
            wanted = owners[number].difference(OWN)
            if wanted and looked_at is None:
                from relcheck.secrets.detectors import is_looked_at  # noqa: PLC0415 - most files have no candidate

                looked_at = is_looked_at(path)
            if wanted and looked_at:
                yield from _detected(path, source, lines, number, wanted)


@lru_cache(maxsize=4)
def finder(detectors: frozenset[str], *, cached: bool = True) -> Finder:
    """Return the finder of this process for a set of detectors."""
    return Finder(detectors, cached=cached)


def _max_line() -> int:
    from relcheck.secrets.detectors import MAX_LINE  # noqa: PLC0415 - the module is light until it is used

    return MAX_LINE


def _points(data: bytes, hits: Hits, *, utf16: bool) -> Iterator[tuple[int, str]]:
    """Yield the hits with their places in code points of the decoded text, which has lost its byte order mark."""
    if data.isascii():
        yield from hits
        return
    marked = data.startswith(BOM_UTF8) and not utf16
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:  # read as Latin-1, a letter a byte
        yield from ((max(offset - len(BOM_UTF8) * marked, 0), owner) for offset, owner in hits)
        return
    seen, points = 0, -int(marked)
    for offset, owner in hits:
        begin = offset
        while begin > seen and data[begin] & 0xC0 == 0x80:  # not into the middle of a letter
            begin -= 1
        if begin > seen:
            points += len(data[seen:begin].decode("utf-8", "replace"))
            seen = begin
        yield max(points, 0), owner


def _detected(path: str, source: Source, lines: Sequence[str], number: int, wanted: set[str]) -> Iterator[Credential]:
    """Yield what detect-secrets says of a line."""
    from relcheck.secrets.detectors import detect, order  # noqa: PLC0415 - the first candidate pays

    line, start = lines[number - 1], source.line_start(number)
    if len(line) > _max_line():
        place = source.at(start, start)
        yield Credential(span=place, kind=UNREAD_LINE, form="empty", where="text", length=len(line))
        return
    for found in detect(path, lines, number, [name for name in order() if name in wanted]):
        at, secret = _turned(line, found)
        begin, end = (start + at, start + at + len(secret)) if at >= 0 else (start, start + len(line))
        made = _credential(found, source.at(begin, end), found.detector, secret)
        if found.detector in _WHOLE_WORDS and _WORD.match(line, end - start):
            made = made.replace(form="placeholder")  # the beginning of a longer word, which is no token
        if found.detector == "KeywordDetector" and (_NAMED.search(line, 0, max(at, 0)) or "remoteRef" in line):
            made = made.replace(form="reference")  # the name of a secret, as in `password: {from_secret: name}`
        if found.detector == "KeywordDetector" and found.secret.startswith(_SEALED) and _SEALS in source.text:
            made = made.replace(form="encrypted")
        said = line.find(found.secret)
        behind = said + len(found.secret) if said >= 0 else len(line)
        yield made.replace(host=_host(line, behind)) if found.detector == "BasicAuthDetector" else made


def _turned(line: str, found: Found) -> tuple[int, str]:
    """Return where a secret stands and what it is: in `TOKEN:x-oauth-basic@` the token stands as the user."""
    at = line.find(found.secret)
    if found.detector == "BasicAuthDetector" and found.secret in NO_PASSWORDS:
        user = line.rfind("://", 0, max(at, 0)) + len("://")
        if len("://") <= user < at - 1:
            return user, line[user : at - 1]
    return at, found.secret


def _credential(found: Found, place: Span, detector: str, secret: str) -> Credential:
    return Credential(
        span=place,
        parts={"value": place},
        kind="secret",
        form=_form(detector, secret),
        where="text",
        token=found.kind,
        redacted=redact(secret),
        length=len(secret),
        tool=detector,
    )


def _comment(line: str) -> str:
    """Return the comment of a line, which may say that it holds no secret."""
    at = line.find(" #")
    return line[at:] if at >= 0 else ""


_NOBODYS = re.compile(r"(?i)(?:token|password|passwd|pass|pwd|pw|secret|key|abc|foo|bar|user|xyz)[-_]?\d{0,5}")
_SHORT = 6
_SWITCH = re.compile(r"(?:(?i:true|false|inherit)|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+)(?:\W.*)?", re.DOTALL)


def _form(detector: str, secret: str) -> str:
    """Say what a secret is: the password of a URL in code is mostly a word that stands for one."""
    form = literal_form(secret)
    if form != "literal":
        return form
    if detector == "JwtTokenDetector" and _is_sample_jwt(secret):
        return "placeholder"
    if detector == "KeywordDetector" and _SWITCH.fullmatch(secret):
        # `issecret=true]` of Azure's logging commands, `secrets: inherit`, `server-password: MAVEN_PASSWORD}`: no secrets
        return "placeholder"
    if detector == "SlackDetector" and len(set(secret.rpartition("/")[2])) == 1:
        return "placeholder"  # the address in Slack's documentation, which ends in X
    if detector == "BasicAuthDetector" and (len(secret) < _SHORT or _NOBODYS.fullmatch(secret)):
        return "placeholder"
    return "literal"


_NAMED = re.compile(r"(?i)(?<![a-z])(?:from[-_]?secret|secret[-_]?name)[\"']?[ \t]*[:=]{1,2}[ \t]*[\"']?$")
_SEALED, _SEALS = "Ag", "kind: SealedSecret"
"""How every value begins that was sealed for a cluster (Bitnami's sealed-secrets), and the kind of object that holds it."""
_WHOLE_WORDS = frozenset(("TelegramBotTokenDetector",))
"""Detectors of tokens of a fixed length, whose expressions also find the beginning of a longer word."""
_WORD = re.compile(r"[\w-]")
_HOST = re.compile(r"@([A-Za-z0-9.-]*)")


def _host(line: str, end: int) -> str:
    """Return the host behind the password of a URL, as far as it is written."""
    match = _HOST.match(line, end)
    return match[1].lower() if match else ""


def _is_sample_jwt(token: str) -> bool:
    """Whether a token is the sample of every introduction: signed for John Doe, number 1234567890."""
    from base64 import urlsafe_b64decode  # noqa: PLC0415 - rarely asked

    body = token.split(".")[1]
    try:
        return b"1234567890" in urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        return False
