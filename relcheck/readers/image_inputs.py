"""Inputs that are called like images, of components whose inputs nobody has described.

    image | images | container-image | base-image | builder | docker-image | ...: IMAGE, or a list by lines and commas
    tag | tags: IMAGE                                                            the name that something built gets

What such an input means is not told anywhere, so only texts that can be nothing but an image count: with a tag or a
digest, and nothing unknown in them. Beside inputs of a build, `image` and its like name what is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.readers.nodes import Mapping, Scalar
from relcheck.source import Source

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


def named_images(given: Mapping | None) -> Iterator[tuple[Source, bool]]:
    """Yield the texts of inputs that name images, and whether they name what is built.

    A text with a variable of a pipeline (`${{ }}`, `$NAME`) is handed on whole, for the caller to resolve.
    """
    keys = {_key(key): value for key, value in given.pairs()} if given is not None else {}
    building = not _OF_A_BUILD.isdisjoint(keys)
    for key, value in keys.items():
        if not isinstance(value, Scalar) or key not in _USED | _EITHER | _GIVEN:
            continue
        made = key in _GIVEN or (key in _EITHER and building)
        if "$" in value.value:
            yield value.source, made
            continue
        for match in _ITEM.finditer(value.value):
            if is_image(match[0], path=made):
                yield value.source.part(*match.span()), made


def default_images(inputs: Mapping | None) -> Iterator[Source]:
    """Yield the images that inputs have by default, as `{NAME: {default: IMAGE}}` declares them."""
    for key, body in inputs.pairs() if inputs is not None else ():
        default = body.scalar("default") if isinstance(body, Mapping) else None
        if default is not None and _key(key) in _USED | _EITHER and is_image(default.value):
            yield default.source


def _key(key: Scalar) -> str:
    return key.value.lower().replace("_", "-")


def is_image(text: str, *, path: bool = False) -> bool:
    """Whether a text is a whole reference; where a version may stand (`tag: v1`), only one with a path counts."""
    return _IMAGE.fullmatch(text) is not None and (not path or "/" in text)
