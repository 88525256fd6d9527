"""Repositories that tests make with a real git, and what a scan finds in them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import git, relcheck, write_tree


def repository(folder: Path, files: dict[str, str]) -> Path:
    """Make a repository with one commit."""
    made = folder / "project"
    made.mkdir()
    git(made, "init", "-q")
    commit(made, files)
    return made


def commit(folder: Path, files: dict[str, str] | None = None) -> str:
    """Write files and commit all that changed; return the commit's name."""
    write_tree(folder, files or {})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD").strip()


def moving_images(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> list[str]:
    """Return the places of images on a moving tag: what shows that a folder was scanned."""
    done = relcheck("scan", *(arguments or (".",)), "--select", "image-latest", "--format", "json", cwd=folder, env=env)
    assert done.returncode in (0, 1), done.stderr.decode()
    return [f"{one['path']}:{one['line']}" for one in json.loads(done.stdout)["findings"]]
