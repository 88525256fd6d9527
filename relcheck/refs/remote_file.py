"""URLs of single files: whether the URL itself says which bytes it means, or names a branch or the newest release."""

from __future__ import annotations

import re

_BRANCHES = r"(?:main|master|trunk|develop|development|dev|next|edge|HEAD)"
_MOVING = re.compile(
    rf"/(?:raw|blob|tree|resolve)/(?:refs/heads/|branch/|heads/|{_BRANCHES}/)"
    rf"|raw\.githubusercontent\.com/[^/]+/[^/]+/(?:refs/heads/|{_BRANCHES}/)"
    rf"|/releases/latest/|/latest/download/|[?&]ref={_BRANCHES}(?:&|$)"
)
_COMMIT = re.compile(r"[/=@][0-9a-f]{40}(?:[/?&#]|$)")
_VERSION = re.compile(r"[/=@](?:[\w.]+[-_])*v?\d+\.\d+(?:\.\d+)?(?:[-+._][\w.+-]*)?(?:[/?&#]|$)")


def is_moving(url: str) -> bool:
    """Whether a URL names a branch or the newest release: what it gives changes while it stays the same."""
    return bool(_MOVING.search(url)) and not _COMMIT.search(url)


def is_pinned(url: str) -> bool:
    """Whether a URL names a commit or a version. A version's file may still be replaced by who owns the place."""
    return bool(_COMMIT.search(url)) or (bool(_VERSION.search(url)) and not _MOVING.search(url))
