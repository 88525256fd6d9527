"""`--add-ignores`: write a comment that silences each finding, and nothing else in the file."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator

from relcheck.findings import Finding
from relcheck.readers import BY_NAME
from relcheck.records import Record
from relcheck.scan import Read, Scanned, read_facts
from relcheck.source import Source, Span
from relcheck.suppress import covered, logical_lines

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def add_ignores(scanned: Scanned, findings: list[Finding], reason: str) -> Iterator[str]:
    """Write the comments and yield a sentence a file; a file whose facts would change is left alone."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        if not finding.suppressed and finding.severity != "note":
            by_path.setdefault(finding.place.path, []).append(finding)
    for path, found in sorted(by_path.items()):
        read = scanned.reads[path]
        markers = BY_NAME[read.candidate.format].comments if read.candidate.format in BY_NAME else ()
        if not markers:
            yield f"{path}: this format has no comments; accept its {len(found)} findings in the configuration ([[accept]])."
            continue
        text = _commented(read, found, markers[0], reason)
        if not _same_facts(read, text):
            yield f"{path}: a comment there would change what the file means; accept its findings in the configuration."
            continue
        yield _written(scanned, path, text, len(found))


def leads_out(path: str) -> bool:
    """Whether a path below the current folder leads out of it, through a symbolic link on the way."""
    here = os.path.realpath(".")
    inside = os.path.abspath(path).startswith(os.path.abspath(".") + os.sep)
    return inside and not os.path.realpath(path).startswith(here.rstrip(os.sep) + os.sep)


def _commented(read: Read, found: list[Finding], marker: str, reason: str) -> str:
    """Return the file's text with a comment line above each logical line that has findings."""
    text = read.source.text
    continued = logical_lines(text, read.candidate.format)
    rules: dict[int, set[str]] = {}
    for finding in found:
        first, _ = covered(continued, finding.place.line)
        rules.setdefault(first, set()).add(finding.rule)
    lines = _LINES.findall(text)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    close = {"<!--": " -->", "{{/*": " */}}"}.get(marker, "")
    for number in sorted(rules, reverse=True):
        line = lines[number - 1] if number <= len(lines) else ""
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        comment = f"{indent}{marker} relcheck: ignore[{', '.join(sorted(rules[number]))}] {reason}{close}{ending}"
        lines.insert(number - 1, comment)
    return "".join(lines)


def _same_facts(read: Read, text: str) -> bool:
    """Whether the commented text still says the same: the same facts, wherever they stand."""
    before = read_facts(read.candidate.format, Source(read.candidate.path, read.source.text), b"")
    after = read_facts(read.candidate.format, Source(read.candidate.path, text), b"")
    return [_meaning(fact) for fact in before] == [_meaning(fact) for fact in after]


def _meaning(value: object) -> object:
    """Return a value without the places in it."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Record):
        kept = {name: _meaning(found) for name, found in value.values().items() if name not in ("parts", "related")}
        return type(value), kept
    return tuple(map(_meaning, value)) if isinstance(value, tuple) else value


def _written(scanned: Scanned, path: str, text: str, count: int) -> str:
    """Write a file anew, beside itself and renamed into place; refuse what lies outside or changed meanwhile."""
    root = scanned.discovery.root
    full = os.path.join(root, path)
    if os.path.islink(full):
        return f"{path}: a symbolic link is not changed; name its target."
    if not os.path.realpath(full).startswith(root.rstrip(os.sep) + os.sep):
        return f"{path}: lies outside the scanned folder; run relcheck there."
    try:
        with open(full, "rb") as stream:
            data = stream.read()
        encoding = _encoding(data)
        if data.decode(encoding) != scanned.reads[path].source.text:
            return f"{path}: changed meanwhile; run relcheck again."
        big_endian = data[:2] == b"\xfe\xff"
        _replace(full, b"\xfe\xff" + text.encode("utf-16-be") if big_endian else text.encode(encoding))
    except UnicodeError:
        return f"{path}: is not UTF-8; add the comments by hand."
    except OSError as error:
        return f"{path}: cannot be written ({error.strerror}); add the comments by hand."
    return f"{path}: {count} finding{'s' if count > 1 else ''} silenced."


def _encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-8-sig" if data[:3] == b"\xef\xbb\xbf" else "utf-8"


def _replace(full: str, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(full) or ".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(draft, os.stat(full).st_mode & 0o7777)
        os.replace(draft, full)
    except OSError:
        os.unlink(draft)
        raise
