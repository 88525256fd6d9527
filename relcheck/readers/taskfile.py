"""Taskfile.yml (Task's documentation: Schema reference): tasks whose commands are shell text.

    includes {NAME: PLACE | {taskfile: PLACE, checksum}}                PLACE: a path, URL, or URL.git//path?ref=REF
    vars   {NAME: VALUE | {sh: TEXT}}                                   at the top and of each task
    tasks  {NAME: TEXT | [command] | {cmds | cmd: …, vars}}
    command = TEXT | {cmd: TEXT} | {defer: TEXT | {…}} | {task: NAME}

`{{.NAME}}` is put in; a template that is more than a known name is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact
from relcheck.readers import embedded, script_variables
from relcheck.readers.ci_values import list_of, script_of
from relcheck.readers.justfile import filled
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.remote_files import remote_file
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs.git import parse_git_url
from relcheck.source import Source

_TEMPLATE = re.compile(r"\{\{-?[ \t]*\.?(?P<name>[^{}\r\n]*?)[ \t]*-?\}\}")


def read(source: Source) -> Iterator[Fact]:
    """Yield what the commands of every task say."""
    yield from script_variables.read(source)
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if not isinstance(document, Mapping):
            continue
        yield from _includes(document.map("includes"))
        shared = document.get("vars")
        yield from _computed(shared)
        tasks = document.map("tasks")
        for _, task in tasks.pairs(merge=True) if tasks is not None else ():
            own = task.get("vars", merge=True) if isinstance(task, Mapping) else None
            yield from _computed(own)
            values = {**_literals(shared), **_literals(own)}
            script = script_of(source, _commands(task))
            if script is not None:
                yield from embedded("shell", filled(script, _TEMPLATE, values))


def _includes(included: Mapping | None) -> Iterator[Fact]:
    """Task files of others, whose commands run here: a file by its URL, or a path in a git repository."""
    for _, value in included.pairs(merge=True) if included is not None else ():
        place = value.scalar("taskfile", merge=True) if isinstance(value, Mapping) else value
        if not isinstance(place, Scalar) or "{{" in place.value:
            continue
        checked = isinstance(value, Mapping) and bool(value.text("checksum", merge=True))
        git = parse_git_url(place.value) if ".git" in place.value else None
        if git is None:
            yield from remote_file(place.source, tool="task", checksum=checked, executed_by="task")
            continue
        parts = {name: place.source.at(*at) for name, at in git.spans.items() if name in ("owner", "host", "ref")}
        known = isinstance(git.owner, str) and isinstance(git.repository, str)
        yield Component(
            span=parts.get("ref", place.span), parts=parts, system="task", kind="include",
            name=f"{git.owner}/{git.repository}" if known else UNKNOWN, owner=git.owner, host=git.host, ref=git.ref,
            ref_kind=git.ref_kind, verified=checked,
        )  # fmt: skip


def _literals(node: Node | None) -> dict[str, str]:
    pairs = node.pairs(merge=True) if isinstance(node, Mapping) else ()
    return {key.value: value.value for key, value in pairs if isinstance(value, Scalar) and "{{" not in value.value}


def _computed(node: Node | None) -> Iterator[Fact]:
    """Read the commands whose output variables are."""
    for _, value in node.pairs(merge=True) if isinstance(node, Mapping) else ():
        command = value.scalar("sh") if isinstance(value, Mapping) else None
        if command is not None:
            yield from embedded("shell", filled(command.source, _TEMPLATE, {}))


def _commands(task: Node) -> list[Scalar]:
    """Return the texts of a task's commands, in order."""
    if isinstance(task, Mapping):
        listed = [*list_of(task.get("cmds", merge=True)), *list_of(task.get("cmd", merge=True))]
    else:
        listed = list_of(task)
    found: list[Scalar] = []
    for item in listed:
        inner = (item.get("cmd") or item.get("defer")) if isinstance(item, Mapping) else item
        if isinstance(inner, Scalar):
            found.append(inner)
    return found
