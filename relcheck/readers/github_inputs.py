"""Inputs that are called like images, of actions and reusable workflows that the table of known ones does not have."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Image
from relcheck.readers import image_inputs
from relcheck.readers.github_steps import image_facts
from relcheck.readers.github_values import Scope, readings
from relcheck.readers.nodes import Mapping


def named_images(given: Mapping | None, scope: Scope, *, job: str = "", step: int = -1) -> Iterator[Image]:
    """Yield the images that inputs name by their key and their text, where expressions leave nothing open."""
    for source, made in image_inputs.named_images(given):
        if all(image_inputs.is_image(said.source.text, path=made) for said in readings(source, scope)):
            yield from image_facts(source, scope, role="output" if made else "run", job=job, step=step)


def default_images(inputs: Mapping) -> Iterator[Image]:
    """Yield the images that inputs of an action have by default; its program uses them where the caller names none."""
    for source in image_inputs.default_images(inputs):
        for found in image_facts(source, Scope(), role="run"):
            yield found.replace(floating_default=True)
