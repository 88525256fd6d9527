"""From the command line to settings: which configuration file, what it says, what the options replace."""

from __future__ import annotations

import os
from typing import Any

from relcheck.config import FILE, Settings, find_file, read_file, read_text
from relcheck.errors import ConfigProblem
from relcheck.records import Record

DEFAULTS: dict[str, Any] = {
    "profile": "default", "fail-on": "error", "select": [], "ignore": [], "exclude": [], "severity": {}, "per-file-ignores": {},
    "params": {}, "rule-folders": [], "own-registries": [], "own-namespaces": [], "own-owners": [],
}  # fmt: skip


class Loaded(Record):
    """Settings of the scanned folder before and after the command line, and the file they came from."""

    base: Settings
    cli: Settings
    file: str = ""

    @property
    def settings(self) -> Settings:
        """What is in force at the root of the scan."""
        return self.base.over(self.cli.entries, "command line")


def scan_root(paths: tuple[str, ...]) -> str:
    """Return the folder that paths of findings are relative to: the one folder given, else the current folder."""
    return paths[0] if len(paths) == 1 and os.path.isdir(paths[0]) else "."


def load(
    root: str,
    *,
    config: str = "",
    isolated: bool = False,
    config_from: str = "",
    replaced: dict[str, Any] | None = None,
) -> Loaded:
    """Return the settings for a scan; `replaced` holds what the command line says, by configuration key."""
    base = Settings().over(DEFAULTS, "default")
    found = ""
    if config:
        found = config
        base = _over(base, read_file(config))
    elif config_from:
        found, text = _from_revision(root, config_from)
        base = _over(base, read_text(text, found)) if found else base
    elif not isolated:
        found = find_file(root)
        base = _over(base, read_file(found, os.path.relpath(found))) if found else base
    cli = Settings().over({key: value for key, value in (replaced or {}).items() if value}, "command line")
    return Loaded(base=base, cli=cli, file=found)


def _over(base: Settings, file: Settings) -> Settings:
    return base.over(file.entries, next(iter(file.origins.values()), ""), file.accepted)


def _from_revision(root: str, revision: str) -> tuple[str, str]:
    """Return the configuration file of a git revision and its text: what a pull request changes does not count."""
    from relcheck import vcs  # noqa: PLC0415 - brings subprocess

    try:
        top = vcs.toplevel(root)
        if not top:
            raise ConfigProblem(f"--config-from {revision}: {root} is in no git repository.")
        inner = os.path.relpath(os.path.realpath(root), top).replace(os.sep, "/")
        folders = [] if inner == "." else inner.split("/")
        while True:
            prefix = "/".join(folders) + "/" if folders else ""
            for name in (FILE, "pyproject.toml"):
                data = vcs.show(top, revision, prefix + name)
                if data is not None and (name == FILE or b"[tool.relcheck" in data):
                    return f"{revision}:{prefix}{name}", data.decode("utf-8", "replace")
            if not folders:
                return "", ""
            folders.pop()
    except vcs.GitProblem as problem:
        raise ConfigProblem(f"--config-from {revision}: {problem}.") from None


def nested_files(paths: frozenset[str], root: str) -> dict[str, Settings]:
    """Return the settings of configuration files in folders below the root, by folder."""
    out: dict[str, Settings] = {}
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        if not folder or name not in (FILE, "pyproject.toml"):
            continue
        full = os.path.join(root, path)
        if name == FILE or folder not in out and _mentions(full):
            out[folder] = read_file(full, path)
    return out


def _mentions(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return b"[tool.relcheck" in stream.read(1_000_000)
    except OSError:
        return False
