"""`--config-from REF`: the configuration as a git revision has it, so that a pull request cannot weaken its own gate."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from relcheck import vcs
from relcheck.config import FILE, Settings, read_text
from relcheck.errors import ConfigProblem


def read_revision(root: str, revision: str) -> list[Settings]:
    """Return the settings of a revision's configuration files from the repository's top down to a folder.

    The folders of rules that they name are taken from the revision too.
    """
    try:
        top = vcs.toplevel(root)
        if not top:
            raise ConfigProblem(f"--config-from {revision}: {root} is in no git repository.")
        inner = os.path.relpath(os.path.realpath(root), os.path.realpath(top)).replace(os.sep, "/")
        segments = [] if inner == "." else inner.split("/")
        folders = ["/".join(segments[:depth]) for depth in range(len(segments) + 1)]
        return [found for folder in folders for found in _of_folder(top, revision, folder)]
    except vcs.GitProblem as problem:
        raise ConfigProblem(f"--config-from {revision}: {problem}.") from None


def _of_folder(top: str, revision: str, folder: str) -> list[Settings]:
    prefix = f"{folder}/" if folder else ""
    for name in (FILE, "pyproject.toml"):
        data = vcs.show(top, revision, prefix + name)
        if data is None or (name != FILE and b"tool.relcheck" not in data):
            continue
        base = os.path.join(os.path.realpath(top), folder) if folder else os.path.realpath(top)
        settings = read_text(data.decode("utf-8", "replace"), f"{revision}:{prefix}{name}", base=base)
        named = settings.words("rule-folders")
        if named:
            copies = [_copied(top, revision, os.path.realpath(path)) for path in named]
            settings = settings.replace(
                entries={**settings.entries, "rule-folders": copies},
                copies={**settings.copies, **_shown(top, revision, copies, named)},
            )
        files = settings.words("known-components")
        if files:
            copies = [_copied_file(top, revision, os.path.realpath(path)) for path in files]
            settings = settings.replace(
                entries={**settings.entries, "known-components": copies},
                copies={**settings.copies, **_shown(top, revision, copies, files)},
            )
        return [settings]
    return []


def _shown(top: str, revision: str, copies: list[str], named: tuple[str, ...]) -> dict[str, str]:
    """Return `REVISION:PATH` by the copy that was made of it."""
    inner = [os.path.relpath(os.path.realpath(path), os.path.realpath(top)).replace(os.sep, "/") for path in named]
    return {copy: f"{revision}:{path}" for copy, path in zip(copies, inner, strict=True)}


def _copied_file(top: str, revision: str, path: str) -> str:
    """Return a copy of a file as it is in a revision."""
    inner = os.path.relpath(path, os.path.realpath(top)).replace(os.sep, "/")
    data = None if inner.startswith("..") else vcs.show(top, revision, inner)
    if data is None:
        raise ConfigProblem(f"--config-from {revision}: the revision has no file {inner}.")
    made = tempfile.mkdtemp(prefix="relcheck-components-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    target = os.path.join(made, os.path.basename(path))
    with open(target, "wb") as stream:
        stream.write(data)
    return target


def _copied(top: str, revision: str, path: str) -> str:
    """Return a folder with the rule files that a folder of the repository has in a revision."""
    inner = os.path.relpath(path, os.path.realpath(top)).replace(os.sep, "/")
    if inner.startswith(".."):
        raise ConfigProblem(f"--config-from {revision}: the rule folder {path} lies outside the repository.")
    made = tempfile.mkdtemp(prefix="relcheck-rules-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    target = os.path.join(made, *inner.split("/"))
    os.makedirs(target, exist_ok=True)
    names = vcs.list_revision(top, revision, inner)
    if not names:
        raise ConfigProblem(f"--config-from {revision}: the revision has no rule folder {inner}.")
    for name in names:
        data = vcs.show(top, revision, name)
        if name.endswith(".yaml") and data is not None:
            full = os.path.join(made, *name.split("/"))
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as stream:
                stream.write(data)
    return target
