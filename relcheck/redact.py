"""Lines of scanned files as reports may show them: no secret beyond its first characters, ever."""

from __future__ import annotations

import re

from relcheck.patterns import lazy_pattern
from relcheck.refs.secrets import find_tokens, redact
from relcheck.source import Source

_USERINFO = lazy_pattern(r"(?<=://)[^/\s:@]*:(?P<password>[^/\s@]+)(?=@)")
_AUTH = lazy_pattern(
    r"(?:_authToken|_auth|_password|password|passwd|token|secret)\s*[=:]\s*[\"']?(?P<value>[^\s\"'${}<>]{8,})",
    re.IGNORECASE,
)


def shown_line(source: Source, number: int, secrets: tuple[tuple[int, int], ...]) -> str:
    """Return a line of a file with every secret replaced by as many asterisks; columns stay where they are."""
    text = source.line(number)
    begin = source.line_start(number)
    spans = [(start - begin, end - begin) for start, end in secrets if start < begin + len(text) and end > begin]
    spans += [(start, end) for start, end, _ in find_tokens(text)]
    spans += [match.span("password") for match in _USERINFO.finditer(text)]
    spans += [match.span("value") for match in _AUTH.finditer(text)]
    for first, last in spans:
        start, end = max(first, 0), min(last, len(text))
        kept = redact(text[start:end]).rstrip("…") if first >= 0 else ""
        text = text[:start] + kept + "*" * (end - start - len(kept)) + text[end:]
    return text


def safe_text(text: str) -> str:
    r"""Return a text without control characters that a terminal would act on; line breaks are shown as `\\n`."""
    return "".join(letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in text)
