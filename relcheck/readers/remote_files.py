"""Files that manifests name by URL: manifests of others, values of charts, tasks."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Download
from relcheck.readers.urls import url_parts
from relcheck.refs.remote_file import is_moving, is_pinned
from relcheck.refs.url import parse_url
from relcheck.source import Source


def remote_file(source: Source, *, tool: str, checksum: bool = False, executed_by: str = "") -> Iterator[Download]:
    """Yield the file that a text names, where it is a URL of http or https; `checksum`: one stands beside it."""
    url = parse_url(source.text)
    if url is None or (url.scheme not in ("http", "https") and url.scheme is not UNKNOWN):
        return
    known = url.host is not UNKNOWN and url.path is not UNKNOWN
    pinned = "pinned-url" if known and is_pinned(source.text) else ""
    yield Download(
        span=source.all(),
        parts=url_parts(source, url),
        tool=tool,
        url=url.redacted if known else UNKNOWN,
        scheme=url.scheme,
        host=url.host,
        verified_by="checksum" if checksum else pinned,
        executed_by=executed_by,
        moving=known and is_moving(source.text),
        context="manifest",
    )
