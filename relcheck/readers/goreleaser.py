"""GoReleaser (.goreleaser.yaml; goreleaser.com): images that a release makes, and the commands that it runs.

    dockers [{image_templates, build_flag_templates, skip_push}], dockers_v2 [{images, tags, dockerfile}]
    docker_manifests [{name_template, image_templates, skip_push}], kos [{base_image, repositories, tags}]
    before.hooks, builds[].hooks, archives[].hooks, universal_binaries[].hooks, publishers[].cmd
    signs, docker_signs, sboms [{cmd, args}]

`{{ … }}` is a Go template and not known. `skip_push: true` builds only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Truth
from relcheck.readers.composed import masked, reference
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs import MARK
from relcheck.source import Source

_TEMPLATE = re.compile(r"\{\{.{0,1000}?\}\}", re.DOTALL)
_CONDITION = re.compile(r"\{\{-?\s*(?:if|else|with|range|end)\b")
_HOOKED = ("builds", "archives", "universal_binaries")


def read(source: Source) -> Iterator[Fact]:
    """Read a .goreleaser.yaml."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        if isinstance(node, Mapping):
            yield from _configuration(node)


def _configuration(top: Mapping) -> Iterator[Fact]:
    for docker in _maps(top.get("dockers")):
        for item in _scalars(docker.get("image_templates")):
            yield from _image(item.source, "output", push=_pushes(docker))
    for docker in _maps(top.get("dockers_v2")):
        yield from _second(docker)
    for manifest in _maps(top.get("docker_manifests")):
        for item in _scalars(manifest.get("name_template")):
            yield from _image(item.source, "output", push=_pushes(manifest))
    for made in _maps(top.get("kos")):
        for item in _scalars(made.get("base_image")):
            yield from _image(item.source, "base")
    yield from _commands(top)


def _second(docker: Mapping) -> Iterator[Fact]:
    """dockers_v2: every name with every tag; whether a conditional tag is pushed is not known."""
    tags = [tag for tag in _scalars(docker.get("tags")) if tag.value]
    for name in _scalars(docker.get("images")):
        for tag in tags:
            whole = _CONDITION.search(tag.value) is not None
            text = reference(name.source, tag.source)
            yield from _image(text, "output", push=UNKNOWN if whole else _pushes(docker))


def _pushes(holder: Mapping) -> Truth:
    value = holder.text("skip_push").lower()
    return True if value in ("", "false") else False if value == "true" else UNKNOWN


def _image(source: Source, role: str, push: Truth = False) -> Iterator[Fact]:
    text = masked(source, _TEMPLATE) if "{{" in source.text else source
    fact = image_fact(text, role=role, engine="goreleaser", written=source.text, push=push)
    if fact is not None:
        yield fact


def _commands(top: Mapping) -> Iterator[Fact]:
    before = top.map("before")
    yield from _hooks(before.get("hooks") if before is not None else None)
    for key in _HOOKED:
        for holder in _maps(top.get(key)):
            hooks = holder.map("hooks")
            for _, value in hooks.pairs() if hooks is not None else ():
                yield from _hooks(value)
    for publisher in _maps(top.get("publishers")):
        yield from _hooks(publisher.get("cmd"))
    for key in ("signs", "docker_signs", "sboms"):
        for holder in _maps(top.get(key)):
            words = [*_scalars(holder.get("cmd")), *_scalars(holder.get("args"))]
            yield from _argv(words)


def _hooks(node: Node | None) -> Iterator[Fact]:
    """Commands as texts, or as {cmd, dir, env}; they run without a shell."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        command = item.scalar("cmd") if isinstance(item, Mapping) else item
        if isinstance(command, Scalar) and command.value:
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_shell(_known(command.source), context="hook")


def _argv(words: list[Scalar]) -> Iterator[Fact]:
    if len(words) > 1 and words[0].value:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv([_known(word.source) for word in words], context="hook")


def _known(source: Source) -> Source:
    return masked(source, _TEMPLATE) if "{{" in source.text else source


def _maps(node: Node | None) -> Iterator[Mapping]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Mapping):
            yield item


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.value != MARK:
            yield item
