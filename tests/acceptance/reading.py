"""Facts of a text, for the acceptance cases of one file."""

from __future__ import annotations

from typing import TypeVar

from relcheck.facts import (
    Command,
    Fact,
    Image,
)
from relcheck.readers import read_source
from relcheck.source import Source

KindT = TypeVar("KindT", bound=Fact)
SHA = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "0a" * 32
ABOUT: dict[str, tuple[str, ...]] = {
    "image": ("role",),
    "component": ("kind", "ref_kind"),
    "credential": ("kind", "form"),
    "registry": ("purpose", "tls"),
    "download": ("verified_by",),
    "dependency": ("where", "name", "firmness"),
    "login": ("host",),
    "publish": ("ecosystem",),
    "install": ("tool",),
    "deploy": ("namespace",),
}
"""The fields of a fact that a row names before the words at its place."""
STEPS = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"


def facts(name: str, text: str, kind: type[KindT]) -> list[KindT]:
    return [fact for fact in read_source(name, Source(f"file.{name}", text)) if isinstance(fact, kind)]


def dockerfile(text: str) -> list[Image]:
    return facts("dockerfile", text, Image)


def written(found: list[Image]) -> list[str]:
    return [image.written for image in found]


def names(found: list[Image]) -> list[tuple[object, object]]:
    return [(image.name, image.tag) for image in found]


def workflow(steps: str, kind: type[KindT], head: str = STEPS) -> list[KindT]:
    return facts("github-workflow", head + "".join(f"      {line}\n" for line in steps.split("\n")), kind)


def shell(text: str, kind: type[KindT]) -> list[KindT]:
    return facts("shell", text, kind)


def run(text: str) -> list[str]:
    """Return the program and verb of each command of a script."""
    return [f"{found.program} {found.verb}".strip() for found in shell(text, Command)]


def place(text: str, fact: Fact) -> tuple[int, int, str]:
    position = Source("x", text).position(fact.span.start)
    return position.line, position.column, text[fact.span.start : fact.span.end]
