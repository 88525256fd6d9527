"""Metadata of GitHub actions: `action.yml` (documentation: "Metadata syntax for GitHub Actions").

inputs: {NAME: {default}}                    a program of the action may run the image that an input names
runs:
  using: composite      steps: […]                           see github_steps
  using: docker         image: docker://IMAGE | Dockerfile   env: {NAME: value}
  using: node20 | …     main, pre, post                      nothing that is fetched
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact
from relcheck.readers.ci_common import env_facts
from relcheck.readers.github_events import Scenario
from relcheck.readers.github_inputs import default_images
from relcheck.readers.github_steps import Frame, image_facts, step_facts
from relcheck.readers.github_values import Scope
from relcheck.readers.nodes import Mapping, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source

_CALLED = ((Scenario(event="workflow_call"), UNKNOWN),)
"""A composite action runs wherever it is used: no event is known, and every condition may depend on the caller."""


def read(source: Source) -> Iterator[Fact]:
    """Read an action's metadata."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        runs = document.map("runs") if isinstance(document, Mapping) else None
        if isinstance(document, Mapping) and runs is not None:
            yield from _runs(runs, document.map("inputs"))


def _runs(runs: Mapping, inputs: Mapping | None) -> Iterator[Fact]:
    using = runs.text("using").lower()
    scope = Scope(inputs=inputs)
    steps, image = runs.get("steps"), runs.scalar("image")
    if using == "composite" and isinstance(steps, Sequence):
        yield from step_facts(steps, Frame(scope=scope, reached=_CALLED, id_token="unknown"))  # noqa: S106 - a level
    if using == "docker" and image is not None and image.value.startswith("docker://"):
        text = image.source
        yield from image_facts(text.part(len("docker://"), len(text.text)), scope, role="action")
    if using == "docker":
        yield from env_facts(runs.map("env"))
    if using != "composite" and inputs is not None:
        yield from default_images(inputs)
