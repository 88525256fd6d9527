"""From the command line to settings: which configuration files, what they say, what the options replace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from relcheck.config import FILE, ROOT_ONLY, Settings, find_files, mentions_us, read_file
from relcheck.records import Record

if TYPE_CHECKING:
    from relcheck.discover import Discovery

DEFAULTS: dict[str, Any] = {
    "profile": "default", "fail-on": "error", "select": [], "ignore": [], "exclude": [], "severity": {}, "per-file-ignores": {},
    "params": {}, "rule-folders": [], "known-components": [], "own-registries": [], "own-namespaces": [], "own-owners": [],
}  # fmt: skip


class Loaded(Record):
    """Settings of the scanned folder, without the command line and what the command line says."""

    base: Settings
    options: Settings = Settings()

    @property
    def settings(self) -> Settings:
        """What is in force at the root of the scan."""
        return self.base.with_options(self.options)


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
    for settings in _files(root, config, isolated, config_from):
        base = base.under(settings)
    said = {key: value for key, value in (replaced or {}).items() if value}
    return Loaded(base=base, options=Settings().over(said, "command line"))


def _files(root: str, config: str, isolated: bool, config_from: str) -> list[Settings]:
    """Return what the configuration files say, the farthest first."""
    if config:
        read = read_file(config)
        # A file that is named may lie anywhere: its patterns speak of the scanned folder.
        return [read.replace(bases={}, accepted=tuple(entry.replace(base="") for entry in read.accepted))]
    if config_from:
        from relcheck.cli.revision import read_revision  # noqa: PLC0415 - brings git

        return read_revision(root, config_from)
    if isolated:
        return []
    return [read_file(path, os.path.relpath(path)) for path in find_files(root)]


def nested_files(discovery: Discovery) -> tuple[dict[str, Settings], list[str]]:
    """Return the settings of files in folders below the root, by folder, and notes on what does not count there."""
    out: dict[str, Settings] = {}
    notes: list[str] = []
    for path in sorted(discovery.all_paths, reverse=True):  # relcheck.toml before pyproject.toml
        folder, _, name = path.rpartition("/")
        if not folder or folder in out or name not in (FILE, "pyproject.toml"):
            continue
        full = os.path.join(discovery.root, path)
        if not os.path.isfile(full) or (name != FILE and not mentions_us(full)):
            continue
        settings = read_file(full, path)
        above = [name for name in ROOT_ONLY if name in settings.entries]
        notes += [f"{path}: {name} counts only in the configuration of the scanned folder." for name in above]
        kept = {key: value for key, value in settings.entries.items() if key not in ROOT_ONLY}
        settings = settings.replace(entries=kept)
        out[folder] = settings
    return out, notes


def without_excluded(discovery: Discovery, loaded: Loaded, *, nested: bool) -> Discovery:
    """Leave out what configuration files exclude, those of folders below the root too (`nested`)."""
    from relcheck.selection import Selection  # noqa: PLC0415 - brings the rules' modules

    below = nested_files(discovery)[0] if nested else {}
    return Selection(loaded.base, below, loaded.options, discovery.root).without_excluded(discovery, force=False)
