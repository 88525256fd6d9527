"""Inputs that are called like images, of actions and reusable workflows that the table of known ones does not have.

    image | images | container-image | base-image | builder | docker-image | ...: IMAGE, or a list by lines and commas
    tag | tags: IMAGE                                                            the name that something built gets

What such an input means is not told anywhere, so only texts that can be nothing but an image count: with a tag or a
digest, and nothing unknown in them. Beside inputs of a build, `image` and its like name what is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Image
from relcheck.readers.github_steps import image_facts
from relcheck.readers.github_values import Scope, readings
from relcheck.readers.nodes import Mapping, Scalar

_USED = frozenset({
    "container-image", "base-image", "builder-image", "build-image", "run-image", "runner-image", "service-image", "ci-image",
    "test-image", "builder",
})  # fmt: skip
_EITHER = frozenset({"image", "images", "docker-image"})
_GIVEN = frozenset({"tag", "tags"})
_OF_A_BUILD = frozenset({
    "push", "publish", "dockerfile", "docker-file", "context", "docker-context", "build-context", "build-args", "platforms",
    "platform", "tags", "tag", "load", "cache-to", "provenance", "sbom",
})  # fmt: skip
_IMAGE = re.compile(
    r"(?:[a-z0-9][\w.-]*(?::\d+)?/)?[a-z0-9](?:[\w.-]*\w)?(?:/[\w.-]+)*(?:(?::[\w.-]+)?@sha256:[0-9a-f]{64}|:\w[\w.-]*)"
)
_ITEM = re.compile(r"[^,\s]+")


def named_images(given: Mapping | None, scope: Scope, *, job: str = "", step: int = -1) -> Iterator[Image]:
    """Yield the images that inputs name by their key and their text."""
    keys = {_key(key): value for key, value in given.pairs()} if given is not None else {}
    building = not _OF_A_BUILD.isdisjoint(keys)
    for key, value in keys.items():
        if not isinstance(value, Scalar) or key not in _USED | _EITHER | _GIVEN:
            continue
        made = key in _GIVEN or (key in _EITHER and building)
        for match in _ITEM.finditer(value.value) if "${{" not in value.value else ():
            if _is_image(match[0], path=made):
                item = value.source.part(*match.span())
                yield from image_facts(item, scope, role="output" if made else "run", job=job, step=step)
        if "${{" in value.value and all(_is_image(said.source.text) for said in readings(value.source, scope)):
            yield from image_facts(value.source, scope, role="output" if made else "run", job=job, step=step)


def default_images(inputs: Mapping) -> Iterator[Image]:
    """Yield the images that inputs of an action have by default; its program uses them where the caller names none."""
    for key, body in inputs.pairs():
        default = body.scalar("default") if isinstance(body, Mapping) else None
        if default is not None and _key(key) in _USED | _EITHER and _is_image(default.value):
            for found in image_facts(default.source, Scope(), role="run"):
                yield found.replace(floating_default=True)


def _key(key: Scalar) -> str:
    return key.value.lower().replace("_", "-")


def _is_image(text: str, *, path: bool = False) -> bool:
    """Whether a text is a whole reference; where a version may stand (`tag: v1`), only one with a path counts."""
    return _IMAGE.fullmatch(text) is not None and (not path or "/" in text)
