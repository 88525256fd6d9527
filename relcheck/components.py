"""The tables of known pipeline components: those that are shipped, and what a configuration adds (`known-components`).

A file is JSON: systems, their components by name, and for each what its inputs say, in the shape of
`relcheck/data/components.json` (described in docs/configuration.md). Only the standard library is imported here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from relcheck.errors import ConfigProblem

SYSTEMS = ("azure", "bitbucket", "buildkite", "circleci", "drone", "github")
"""Whose components may be described; `drone` is Woodpecker's too."""
_LISTS: dict[str, tuple[str, ...]] = {
    "images": ("input", "role"),
    "setup": ("input", "name"),
    "registries": ("input", "ecosystem", "purpose"),
    "charts": ("name",),
    "scripts": ("input",),
    "insecure": ("input",),
}
_OBJECTS: dict[str, tuple[str, ...]] = {"login": ("tool",), "publish": ("ecosystem", "tool")}
_INPUTS = ("credentials", "arguments")
_GITHUB = ("images", "setup", "registries", "login", "publish")
_WORDS = frozenset({"host", "username", "password", "target", "tag", "default", "version", "prefix", "argument"})
_WORD_LISTS = frozenset({"token", "dry", "skip"})

Table = Mapping[str, Mapping[str, Mapping[str, Any]]]
_added: list[Table] = []
_generation = [0]


def use(tables: tuple[Table, ...]) -> None:
    """Let the readers know these tables, and no others that an earlier call named."""
    if list(tables) != _added:
        _added[:] = tables
        _generation[0] += 1


def table(system: str) -> dict[str, dict[str, Any]]:
    """Return the known components of a system by lower-case name; a configuration's entry replaces ours."""
    return _table(system, _generation[0])


@lru_cache(maxsize=32)
def _table(system: str, generation: int) -> dict[str, dict[str, Any]]:  # noqa: ARG001 - other tables, another number
    name = "actions.json" if system == "github" else "components.json"
    with open(os.path.join(os.path.dirname(__file__), "data", name), encoding="utf-8") as stream:
        loaded: dict[str, Any] = json.load(stream)
    out: dict[str, dict[str, Any]] = dict(loaded if system == "github" else loaded.get(system, {}))
    for more in _added:
        out |= {name.lower(): dict(entry) for name, entry in more.get(system, {}).items()}
    return out


def identity(tables: tuple[Table, ...]) -> str:
    """Return a word that tells tables apart; facts that were read with other tables are other facts."""
    if not tables:
        return ""
    import hashlib  # noqa: PLC0415 - few configurations name tables

    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:16]


def read_tables(paths: Iterable[str]) -> tuple[Table, ...]:
    """Read and check the files that a configuration names; raise `ConfigProblem` for the first mistake."""
    return tuple(_read(path) for path in paths)


def _read(path: str) -> Table:
    try:
        with open(path, encoding="utf-8") as stream:
            loaded: Table = json.load(stream)
    except OSError as error:
        raise ConfigProblem(f"{path}: known-components names a file that cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise ConfigProblem(f"{path}: is no JSON: {error}.") from None
    for system, entries in _object(loaded, path).items():
        if system not in SYSTEMS:
            raise ConfigProblem(f"{path}: unknown system {system!r}; known are {', '.join(SYSTEMS)}.")
        for name, entry in _object(entries, f"{path}: {system}").items():
            _check_entry(_object(entry, f"{path}: {system}.{name}"), system, f"{path}: {system}.{name}")
    return loaded


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigProblem(f"{where} is an object, in braces.")
    return value


def _check_entry(entry: Mapping[str, Any], system: str, where: str) -> None:
    known = _GITHUB if system == "github" else (*_LISTS, *_OBJECTS, *_INPUTS)
    for key, value in entry.items():
        if key not in known:
            raise ConfigProblem(f"{where}: unknown key {key!r}; known here are {', '.join(known)}.")
        if key in _INPUTS:
            _check_words(value, f"{where}.{key}")
        elif key in _OBJECTS:
            needed = _OBJECTS[key]
            if key == "login" and system == "github" and not _object(value, f"{where}.{key}").get("cloud"):
                needed = (*needed, "host", "username", "password")
            _check_spec(value, needed, f"{where}.{key}")
        else:
            if not isinstance(value, list):
                raise ConfigProblem(f"{where}.{key} is a list of objects.")
            for number, spec in enumerate(value):
                _check_spec(spec, _LISTS[key], f"{where}.{key}[{number}]")


def _check_words(value: object, where: str) -> None:
    if not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        raise ConfigProblem(f"{where} is a list of words.")


def _check_spec(spec: object, needed: tuple[str, ...], where: str) -> None:
    found = _object(spec, where)
    for key in needed:
        if not isinstance(found.get(key), str):
            raise ConfigProblem(f"{where} needs {key!r}, a word.")
    for key, value in found.items():
        if key in ("only", "unless"):
            for name, pattern in _object(value, f"{where}.{key}").items():
                _check_pattern(pattern, f"{where}.{key}.{name}")
        elif key in _WORD_LISTS or (key == "host" and needed == _OBJECTS["publish"]):
            _check_words(value, f"{where}.{key}")
        elif key in _WORDS and not isinstance(value, str):
            raise ConfigProblem(f"{where}.{key} is a word.")


def _check_pattern(pattern: object, where: str) -> None:
    try:
        re.compile(str(pattern) if isinstance(pattern, str) else "(")
    except re.error as error:
        raise ConfigProblem(f"{where} is no regular expression: {error}.") from None
