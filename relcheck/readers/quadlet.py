"""Podman Quadlet units (podman-systemd.unit): *.container, *.image, *.volume, *.build, *.kube, *.pod; systemd's INI.

    [Container|Image|Volume] Image=     [Build] ImageTag=     [Container] Exec=, Environment=     [Service] ExecStartPre=, …

A value that ends in `.image` or `.build` names another unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.dockerfile_words import split_words, unquote
from relcheck.readers.images import image_fact
from relcheck.readers.ini_lines import entries
from relcheck.source import Source

_UNITS = (".image", ".build")
_COMMANDS = re.compile(r"Exec(?:Start|Stop|Reload)(?:Pre|Post)?$")
_PREFIX = re.compile(r"[-@:+!|]*")
_SPECIFIER = re.compile(r"%[A-Za-z]")


def read(source: Source) -> Iterator[Fact]:
    """Read one unit."""
    for entry in entries(source, separators="=", continued=False):
        section, key, value = entry.section, entry.key, entry.value
        if key == "Image" and section in ("Container", "Image", "Volume") and not value.text.endswith(_UNITS):
            yield from _image(value, "run" if section == "Container" else "pulled")
        elif key == "ImageTag" and section == "Build":
            yield from _image(value, "output")
        elif key == "Exec" and section == "Container" or section == "Service" and _COMMANDS.match(key):
            yield from _command(value)
        elif key == "Environment" and section in ("Container", "Service"):
            yield from _environment(value)


def _image(value: Source, role: str) -> Iterator[Fact]:
    text = value
    if _SPECIFIER.search(value.text):
        from relcheck.readers.composed import masked  # noqa: PLC0415 - few units use specifiers

        text = masked(value, _SPECIFIER)
    fact = image_fact(text, role=role, engine="quadlet", written=value.text)
    if fact is not None:
        yield fact


def _command(value: Source) -> Iterator[Fact]:
    lead = _PREFIX.match(value.text)
    words = [unquote(word) for word in split_words(value.part(lead.end() if lead else 0, len(value.text)))]
    if words:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv(words, context="runtime")


def _environment(value: Source) -> Iterator[Fact]:
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few units set variables

    for word in (unquote(word) for word in split_words(value)):
        name, equals, _ = word.text.partition("=")
        if equals:
            yield from environment_facts(name, word.part(len(name) + 1, len(word.text)))
