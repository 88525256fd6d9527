"""What a script fetches to be committed: a file of the repository is read when it changes, by whoever reviews it."""

from __future__ import annotations

import posixpath

from relcheck.facts import Download
from relcheck.link import Repository


def link(repository: Repository) -> None:
    """Mark downloads that only renew a file of the repository, beside the script or seen from the root."""
    for path, index, download in list(repository.all(Download)):
        renewed = download.executed_by == "chmod" and not download.verified_by and not download.job
        if renewed and download.context == "script" and _is_committed(repository, path, download.output):
            repository.put(path, index, download.replace(verified_by="review"))


def _is_committed(repository: Repository, path: str, output: str) -> bool:
    if not output or output.startswith(("/", "~")):
        return False
    folder = posixpath.dirname(path)
    return any(posixpath.normpath(posixpath.join(start, output)) in repository.paths for start in {folder, ""})
