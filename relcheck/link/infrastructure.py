"""Terraform and development containers: values and locks that stand in other files of the folder."""

from __future__ import annotations

import re

from relcheck.facts import Component, Image, Option, Related, Unknown, Variables
from relcheck.link import Repository, folder_of
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source, Span

_FILES = re.compile(r".*\.(?:tf|tofu)(?:\.json)?|(?:.*/)?terraform\.tfvars|.*\.auto\.tfvars")
_LOCKS = ("devcontainer-lock.json", ".devcontainer-lock.json")


def link(repository: Repository) -> None:
    """Fill what these files cannot know alone."""
    _variables(repository)
    _features(repository)


def _variables(repository: Repository) -> None:
    """Give images of Terraform the defaults of variables and locals that another file of the module declares."""
    waiting = [
        (path, index, image) for path, index, image in repository.all(Image)
        if image.engine == "terraform" and image.raw and "raw" in image.parts
    ]  # fmt: skip
    if not waiting:
        return
    folders = {folder_of(path) for path, _, _ in waiting}
    values: dict[str, dict[str, tuple[str, Option]]] = {folder: {} for folder in folders}
    for path in sorted(repository.paths, key=lambda path: (".tfvars" in path, path)):
        if _FILES.fullmatch(path) and folder_of(path) in folders:
            for fact in repository.of(path):
                for option in fact.values_of if isinstance(fact, Variables) else ():
                    values[folder_of(path)][option.name] = path, option
    for path, index, image in waiting:
        options = values[folder_of(path)]
        if image.state in ("literal", "defaulted") and not any(_set_here(image.raw, *one) for one in options.items()):
            continue  # the file itself told the whole of it
        found = _with_values(image, path, options)
        if found is not None:
            repository.put(path, index, found)


def _set_here(raw: str, name: str, option: tuple[str, Option]) -> bool:
    """Whether a file of values sets a variable of a text anew."""
    return ".tfvars" in option[0] and f"${{{name}}}" in raw


def _with_values(image: Image, path: str, options: dict[str, tuple[str, Option]]) -> Image | None:
    def lookup(name: str) -> str | None:
        found = options.get(name)
        if found is None or isinstance(found[1].value, Unknown):
            return None
        return found[1].value

    expansion = expand(Source(path, image.raw), lookup, "terraform")
    if not expansion.used or image.state in ("literal", "defaulted") and MARK in expansion.source.text:
        return None
    related = tuple(
        Related(span=option.span, note=f"{name} is set here", path=other)
        for name, (other, option) in ((name, options[name]) for name, _ in expansion.used)
    )
    found = image_fact(
        expansion.source, role=image.role, engine=image.engine, written=expansion.source.text.replace(MARK, "…"),
        state=expansion.state, related=related, pull_policy=image.pull_policy, floating_default=True, raw=image.raw,
    )  # fmt: skip
    if found is None:
        return None
    whole = image.parts["raw"]
    parts = {name: Span(whole.start, whole.end, f"{whole.form}>variable") for name in found.parts}
    return found.replace(span=parts.get("tag", whole), parts={**parts, "raw": whole})


def _features(repository: Repository) -> None:
    """A lock file beside devcontainer.json gives the digest of each feature that it names."""
    for path, index, image in list(repository.all(Image)):
        if image.engine != "devcontainer" or image.role != "artifact":
            continue
        beside = repository.beside(path, *_LOCKS)
        locked = {
            fact.name for fact in (repository.of(beside) if beside else ())
            if isinstance(fact, Component) and fact.system == "devcontainer-lock"
        }  # fmt: skip
        if image.written in locked:
            repository.put(path, index, image.replace(overridden=True))
