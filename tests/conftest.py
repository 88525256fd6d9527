"""What all tests share: example folders, git histories, a real process in a clean environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from relcheck.cache import cache_folder
from relcheck.rules import RuleSet, load_rules

ROOT = Path(__file__).parent.parent

CLEAN_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "LANG": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's git configuration, cache and colours out of the tests."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    for name, value in {**CLEAN_ENVIRONMENT, "HOME": str(home)}.items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("RELCHECK_CACHE_DIR", str(home / "cache"))
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


@cache
def shipped_rules() -> RuleSet:
    """Return the shipped rules, loaded once a process: thousands of examples are scanned with them."""
    return load_rules((), cache_folder())


def write_tree(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder, byte for byte."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder with a fixed identity and return what it prints."""
    environment = {**CLEAN_ENVIRONMENT, "HOME": str(folder.parent), "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def relcheck(
    *arguments: str, cwd: Path, stdin: bytes = b"", env: dict[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a clean environment."""
    home = cwd.parent / "home"
    environment = {
        **CLEAN_ENVIRONMENT,
        "HOME": str(home),
        "RELCHECK_CACHE_DIR": os.environ.get("RELCHECK_CACHE_DIR", str(home / "cache")),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "120",
        **(env or {}),
    }
    command: Sequence[str] = [sys.executable, "-m", "relcheck", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, input=stdin, capture_output=True, check=False, timeout=timeout
    )
