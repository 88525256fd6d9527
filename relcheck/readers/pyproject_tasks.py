"""What tools of pyproject.toml run and in which images: Hatch's and PDM's scripts, Poe's tasks, cibuildwheel, tox, pixi."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.shell import read_shell
from relcheck.readers.tox import read_lines, read_tables
from relcheck.source import Source

_IMAGE = re.compile(r"(?:manylinux|musllinux)-.+-image$")
_STEPS = ("before-all", "before-build", "before-test", "test-command", "repair-wheel-command")


def tasks(source: Source, tool: Mapping) -> Iterator[Fact]:
    """Yield the commands and images of the tables below `[tool]`."""
    hatch, pdm, poe = tool.map("hatch"), tool.map("pdm"), tool.map("poe")
    for _, environment in ((hatch.map("envs") if hatch else None) or _EMPTY).pairs():
        yield from _scripts(environment.get("scripts") if isinstance(environment, Mapping) else None, "hatch")
    yield from _scripts(pdm.get("scripts") if pdm else None, "pdm")
    yield from _scripts(poe.get("tasks") if poe else None, "poe")
    wheels = tool.map("cibuildwheel")
    if wheels is not None:
        yield from _wheels(wheels)
    tox = tool.map("tox")
    if tox is not None:
        old = tox.scalar("legacy_tox_ini")
        yield from read_lines(old.source) if old is not None else ()
        yield from read_tables(source, tox)
    pixi = tool.map("pixi")
    if pixi is not None:
        from relcheck.readers.pixi import read_tables as read_pixi  # noqa: PLC0415 - few projects use it

        yield from read_pixi(pixi)


def _scripts(table: Node | None, context: str) -> Iterator[Fact]:
    """A task is a command, a list of commands, or a table with `cmd`, `shell`, `composite` or `sequence`."""
    for key, value in table.pairs() if isinstance(table, Mapping) else ():
        yield from _commands(value, f"{context}:{key.value}")


def _commands(node: Node | None, context: str) -> Iterator[Fact]:
    if isinstance(node, Mapping):
        node = next((found for key in ("cmd", "shell", "composite", "sequence") if (found := node.get(key))), None)
    for item in node.items if isinstance(node, Sequence) else [node]:
        command = item.get("cmd") or item.get("shell") if isinstance(item, Mapping) else item
        if isinstance(command, Scalar):
            yield from read_shell(command.source, context=context)


def _wheels(table: Mapping) -> Iterator[Fact]:
    """The table itself, those of the platforms, and the overrides; a word such as manylinux_2_28 is no image."""
    overrides = table.get("overrides")
    holders: list[Node] = [table, *(value for _, value in table.pairs() if isinstance(value, Mapping))]
    holders += overrides.items if isinstance(overrides, Sequence) else []
    for holder in holders:
        for key, value in holder.pairs() if isinstance(holder, Mapping) else ():
            if key.value in _STEPS:
                yield from _commands(value, "cibuildwheel")
            elif isinstance(value, Scalar) and _IMAGE.match(key.value) and "/" in value.value:
                image = image_fact(value.source, role="job", engine="cibuildwheel")
                if image is not None:
                    yield image


_EMPTY = Mapping(Source("", ""), 0, flow=False)
