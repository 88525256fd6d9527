"""Woodpecker and Crow (documentation: "Workflow syntax"): a file is one workflow.

    when: {event, branch, …} | [{…}]      matrix: {NAME: [value, …]} | {include: [{NAME: value}]}
    steps (older: pipeline): [{name, image, …}] | {NAME: {image, …}}      services, clone: the same two shapes

`${NAME}` is a value of the matrix, or of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from relcheck.facts import Fact, Job
from relcheck.readers.ci_common import merged_secrets
from relcheck.readers.ci_values import Markers, images, list_of, pairs_of, scalars, variable_facts
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.plugin_steps import Steps, filtered, step_facts, step_secrets
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source

_EVENTS = ("branch", "pull_request", "tag", "schedule", "manual", "release:published", "deployment")
"""What starts a workflow that has no `when`."""
_LEGS = 64


def read(source: Source) -> Iterator[Fact]:
    """Read a workflow."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            yield from _workflow(source, document)


def _workflow(source: Source, top: Mapping) -> Iterator[Fact]:
    steps = _listed(top.get("steps", merge=True)) or _listed(top.get("pipeline", merge=True))
    if not steps and not top.get("services", merge=True):
        return
    events, guarded = filtered(top.get("when", merge=True), _EVENTS)
    job = source.path.rsplit("/", 1)[-1].rpartition(".")[0].lstrip(".")
    key = top.key("steps") or top.key("pipeline")
    labels = top.map("labels", merge=True)
    yield Job(
        span=key.span if key is not None else top.span,
        job=job,
        system="woodpecker",
        id=job,
        triggers=events,
        events=events,
        guarded=guarded,
        tag_trigger=any(event in events for event in ("tag", "release:published", "manual")),
        tag_only=bool(events) and set(events) <= {"tag", "release:published"},
        runner=", ".join(value.value for _, value in pairs_of(labels)),
        self_hosted=True,
        matrix=top.get("matrix", merge=True) is not None,
        secrets=merged_secrets(use for number, step in enumerate(steps) for use in step_secrets(step, number)),
    )
    markers = Markers(syntax="compose", legs=_legs(top.get("matrix", merge=True)))
    around = Steps(file=source, system="woodpecker", job=job, markers=markers, events=events, guarded=guarded)
    for number, step in enumerate(steps):
        yield from step_facts(step, number, around)
    for name, role in (("services", "service"), ("clone", "job")):
        for service in _listed(top.get(name, merge=True)):
            image = service.scalar("image", merge=True)
            if image is not None:
                yield from images(image.source, markers, role=role, engine="woodpecker", job=job)
            yield from variable_facts(pairs_of(service.get("environment", merge=True)), job=job)


def _listed(node: Node | None) -> list[Mapping]:
    """Return the entries of a list, or of a mapping from names to entries."""
    values = [value for _, value in node.pairs(merge=True)] if isinstance(node, Mapping) else list_of(node)
    return [value for value in values if isinstance(value, Mapping)]


def _legs(matrix: Node | None) -> tuple[dict[str, Source], ...]:
    """Return the combinations of a matrix, or those that `include` lists."""
    if not isinstance(matrix, Mapping):
        return ()
    included = [item for item in list_of(matrix.get("include", merge=True)) if isinstance(item, Mapping)]
    if included:
        return tuple(
            {key.value: value.source for key, value in item.pairs(merge=True) if isinstance(value, Scalar)}
            for item in included[:_LEGS]
        )
    axes = {key.value: [item.source for item in scalars(value)] for key, value in matrix.pairs(merge=True)}
    axes = {name: values for name, values in axes.items() if values}
    return tuple(dict(zip(axes, values, strict=True)) for values in islice(product(*axes.values()), _LEGS))
