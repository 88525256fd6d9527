"""Drone (documentation: "Pipeline configuration"): documents of several kinds in one file.

kind: pipeline      type: docker | kubernetes | exec | ssh | …
  name, trigger: {event, branch, ref, …}, platform, clone, environment
  steps: [{name, image, commands | settings, environment, when}]      services: [{name, image, environment}]
kind: secret        data | get                 kind: signature | template
pipeline: {NAME: {image, …}}                   before version 1.0: a mapping of steps, no kind
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Job
from relcheck.readers.ci_common import merged_secrets
from relcheck.readers.ci_values import Markers, images, list_of, pairs_of, variable_facts
from relcheck.readers.nodes import Mapping, Node
from relcheck.readers.plugin_steps import Steps, filtered, step_facts, step_secrets
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source

_EVENTS = ("branch", "pull_request", "tag", "schedule", "promote", "rollback", "custom")
"""What starts a pipeline that has no `trigger`."""


def read(source: Source) -> Iterator[Fact]:
    """Read a file with its documents."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            yield from _document(source, document)


def _document(source: Source, document: Mapping) -> Iterator[Fact]:
    kind = document.text("kind")
    steps = list_of(document.get("steps", merge=True))
    services = list_of(document.get("services", merge=True))
    if not kind:
        steps = _values(document.get("pipeline", merge=True)) or steps
        services = _values(document.get("services", merge=True)) or services
    elif kind != "pipeline":
        return
    name = document.scalar("name", merge=True)
    events, guarded = filtered(document.get("trigger", merge=True), _EVENTS)
    named = [step for step in steps if isinstance(step, Mapping)]
    secrets = merged_secrets(use for number, step in enumerate(named) for use in step_secrets(step, number))
    job = name.value if name is not None else "default"
    yield Job(
        span=name.span if name is not None else document.span,
        parts={"id": name.span} if name is not None else {},
        job=job,
        system="drone",
        id=job,
        triggers=events,
        events=events,
        guarded=guarded,
        tag_trigger="tag" in events or "promote" in events,
        tag_only=events == ("tag",),
        runner=document.text("type", merge=True),
        self_hosted=True,
        secrets=secrets,
    )
    around = Steps(
        file=source, system="drone", job=job, markers=Markers(syntax="compose"), events=events, guarded=guarded
    )
    yield from variable_facts(pairs_of(document.get("environment", merge=True)), job=job)
    for number, step in enumerate(named):
        yield from step_facts(step, number, around)
    yield from _service_facts(services, around)


def _values(node: Node | None) -> list[Node]:
    return [value for _, value in node.pairs(merge=True)] if isinstance(node, Mapping) else []


def _service_facts(services: list[Node], steps: Steps) -> Iterator[Fact]:
    for service in services:
        image = service.scalar("image", merge=True) if isinstance(service, Mapping) else None
        if image is not None and isinstance(service, Mapping):
            yield from images(image.source, steps.markers, role="service", engine=steps.system, job=steps.job)
            yield from variable_facts(pairs_of(service.get("environment", merge=True)), job=steps.job)
