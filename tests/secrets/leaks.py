"""The ways on which secrets leave for a registry, each as a file with a mark where the value stands (`leaks.yaml`)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

MARK = "@@"
SHELL = ("$TOKEN", "${TOKEN}")
WORDS = ("changeme", "your-token")
EXPRESSION = "${{ secrets.TOKEN }}"
WARN_OF_VARIABLES = ("password-on-argv", "publish-token-on-argv", "build-arg-secret", "secret-printed")
"""Rules that warn of a reference as well: the way itself is unsafe."""


class Leak(NamedTuple):
    """One way: the file, its text with a mark for the value, the rule that knows the way.

    `coded` is what stands in base64, with the mark in it, where the file holds no plain value.
    """

    name: str
    path: str
    text: str
    rule: str
    token: str = "npm"
    references: tuple[str, ...] = SHELL
    placeholders: tuple[str, ...] = WORDS
    coded: str = ""
    shown: str = ""
    files: dict[str, str] = {}

    def tree(self, value: str) -> dict[str, str]:
        """Return the files of the case with a value in its place."""
        return {**self.files, self.path: self.text.replace(MARK, self.words(value))}

    def words(self, value: str) -> str:
        """Return what stands in the file for a value."""
        if not self.coded:
            return value
        return base64.b64encode(self.coded.replace(MARK, value).encode()).decode()

    def place(self, value: str) -> str:
        """Return the words on which a finding stands."""
        return self.shown or self.words(value)


def leaks() -> tuple[Leak, ...]:
    """Return all ways, those of commands and of files in each kind of script."""
    data = YAML(typ="safe").load(Path(__file__).with_name("leaks.yaml").read_text(encoding="utf-8"))
    made = [_place(entry) for entry in data["places"]]
    for entry in data["commands"]:
        made += _command(**entry)
    for entry in data["files"]:
        made += _file(**entry)
    assert len({leak.name for leak in made}) == len(made)
    return tuple(made)


def _place(entry: dict[str, Any]) -> Leak:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Leak(**values)


def workflow(script: str) -> str:
    """Return a workflow with one script."""
    body = "".join(f"          {line}\n" for line in script.split("\n"))
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n{body}"


def _command(name: str, line: str, rule: str, token: str) -> Iterator[Leak]:
    yield Leak(f"{name} in a script", "release.sh", f"#!/bin/sh\n{line}\n", rule, token)
    steps = (*SHELL, EXPRESSION)
    yield Leak(f"{name} in a step", ".github/workflows/a.yml", workflow(line), rule, token, references=steps)


def _file(name: str, target: str, text: str, rule: str, token: str) -> Iterator[Leak]:
    """Yield the ways in which scripts write a file."""
    ways = {
        "cat": f"cat > {target} <<EOF\n{text}\nEOF",
        "cat, the other way round": f"cat <<'EOF' >> {target}\n{text}\nEOF",
        "tee": f"tee {target} >/dev/null <<EOF\n{text}\nEOF",
        "cat and tee": f"cat <<EOF | sudo tee {target}\n{text}\nEOF",
    }
    if not set("\n\"'") & set(text):
        ways |= {
            "echo": f'echo "{text}" > {target}',
            "echo in single quotes": f"echo '{text}' >> {target}",
            "printf": f"printf '{text}\\n' > {target}",
            "echo and tee": f'echo "{text}" | tee -a {target}',
        }
    for way, line in ways.items():
        yield Leak(f"{name} by {way}", "setup.sh", f"#!/bin/sh\n{line}\n", rule, token)
    written = ways["cat"]
    yield Leak(f"{name} in a Dockerfile", "Dockerfile", f"FROM node:22.11.0\nRUN {written}\n", rule, token)
    steps = (*SHELL, EXPRESSION)
    yield Leak(f"{name} in a step", ".github/workflows/a.yml", workflow(written), rule, token, references=steps)
