"""Steps that are containers, as Drone and Woodpecker have them: an image with commands, or a plugin with settings.

    {name, image, commands, environment, settings, when, privileged, …}

A step with `settings` (in old files: with neither commands nor settings) is a plugin. `{from_secret: NAME}` is a secret.
What a filter leaves out is told from what it does not decide: `when: {event, branch, ref}`, with `include` and
`exclude`; every other condition is not understood.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Component, Fact, SecretUse
from relcheck.readers.ci_common import Around, placed, publishes_by_name
from relcheck.readers.ci_values import (
    Markers,
    images,
    list_of,
    pairs_of,
    scalars,
    script_of,
    undoubled,
    variable_facts,
)
from relcheck.readers.known import Call, known, known_facts
from relcheck.readers.nodes import Mapping, Node, Scalar, walk
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.refs.image import parse_image
from relcheck.source import Source

_EVENTS = {
    "push": "branch", "pull_request": "pull_request", "tag": "tag", "cron": "schedule", "manual": "manual",
    "release": "release:published",
}  # fmt: skip
_KEYS = ("password", "token", "api_key", "secret_key", "json_key")
_NO_FILTER = frozenset({"event", "branch", "ref", "status"})
_NOT_SETTINGS = frozenset({
    "image", "when", "environment", "commands", "name", "secrets", "pull", "privileged", "volumes", "group", "detach",
    "depends_on", "failure", "directory", "entrypoint", "backend_options", "dns", "network_mode", "user", "resources",
})  # fmt: skip


class Steps(Record):
    """What surrounds the steps of one pipeline; `system` is drone or woodpecker."""

    file: Source
    system: str
    job: str
    markers: Markers
    events: tuple[str, ...] = ()
    guarded: bool = False


def step_facts(step: Mapping, number: int, steps: Steps) -> Iterator[Fact]:
    """Read one step."""
    events, guarded = filtered(step.get("when", merge=True), steps.events)
    secret = any(True for _ in step_secrets(step, number)) or _is_without_key(step)
    environment = dict(pairs_of(step.get("environment", merge=True)))
    around = Around(
        job=steps.job,
        step=number,
        # Secrets are kept from pull requests unless each of them says otherwise, on the server. A plugin without a key
        # has its own from the machine, or publishes nothing.
        events=tuple(event for event in events if not (secret and event == "pull_request")),
        guarded=guarded or steps.guarded,
        tolerant=step.text("failure", merge=True) == "ignore",
        variables={name: value.value for name, value in environment.items()},
    )
    yield from variable_facts(environment.items(), job=steps.job, step=number)
    image = step.scalar("image", merge=True)
    if image is not None:
        yield from images(image.source, steps.markers, role="job", engine=steps.system, job=steps.job, step=number)
        yield from _plugin(image, step, around, steps)
    yield from _commands(step.get("commands", merge=True), around, steps)


def _is_without_key(step: Mapping) -> bool:
    """Whether a step is a plugin that is handed no key as text."""
    settings = step.map("settings", merge=True) or step
    return step.get("commands", merge=True) is None and not any(settings.scalar(name, merge=True) for name in _KEYS)


def _commands(node: Node | None, around: Around, steps: Steps) -> Iterator[Fact]:
    source = script_of(steps.file, scalars(node))
    if source is None:
        return
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    found = read_shell(
        undoubled(source),
        context="run",
        job=around.job,
        step=around.step,
        variables={name: value for name, value in around.variables.items() if "$" not in value},
        tolerant=around.tolerant,
        shell_options="e",
    )
    yield from placed(found, around)


def _plugin(image: Scalar, step: Mapping, around: Around, steps: Steps) -> Iterator[Fact]:
    ref = parse_image(steps.markers.one(image.source).text)
    if ref is None or not isinstance(ref.name, str):
        return
    name = ref.name.removeprefix("docker.io/")
    settings = step.map("settings", merge=True)
    if settings is None and step.get("commands", merge=True) is None and known("drone", name):
        settings = step
    if settings is None:
        return
    if MARK not in image.value and "$" not in image.value:
        parts = {field: image.source.at(*ref.spans[field]) for field in ("name",) if field in ref.spans}
        if isinstance(ref.tag, str) and ref.tag and "tag" in ref.spans:
            parts["ref"] = image.source.at(*ref.spans["tag"])
        yield Component(
            span=parts.get("ref", image.span),
            parts=parts,
            job=steps.job,
            step=around.step,
            system=steps.system,
            kind="plugin",
            name=ref.name,
            owner=name.partition("/")[0],
            ref=ref.tag,
            ref_kind=classify_ref(ref.tag) if isinstance(ref.tag, str) else ref.tag,
            verified=bool(ref.digest),
        )
    given = {
        key.value.lower(): value for key, value in settings.pairs(merge=True)
        if settings is not step or key.value not in _NOT_SETTINGS
    }  # fmt: skip
    # A plugin gets its settings as variables, in whose names a hyphen is an underscore.
    given = {name.replace("-", "_"): value for name, value in given.items()} | given
    call = Call(place=image.span, inputs=given, markers=steps.markers, around=around, engine=steps.system)
    yield from known_facts("drone", name, call)


def step_secrets(step: Mapping, number: int) -> Iterator[SecretUse]:
    """Yield the secrets that a step is given: `{from_secret: NAME}` anywhere in it, and the older `secrets: [NAME]`."""
    for node in walk(step):
        if isinstance(node, Mapping):
            for key, value in node.pairs():
                secret = value.text("from_secret") if isinstance(value, Mapping) else ""
                if secret:
                    yield SecretUse(name=secret, step=number, publishes=publishes_by_name(key.value.upper(), secret))
    for item in list_of(step.get("secrets", merge=True)):
        name = item.text("source") if isinstance(item, Mapping) else item.value if isinstance(item, Scalar) else ""
        if name:
            yield SecretUse(name=name, step=number, publishes=publishes_by_name(name.upper(), name))


def filtered(node: Node | None, events: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the events that a `when` or `trigger` lets through, and whether a condition is not understood.

    A list of filters (Woodpecker) lets through what any of them does.
    """
    filters = [item for item in list_of(node) if isinstance(item, Mapping)]
    if not filters:
        return events, False
    found: list[str] = []
    guarded = False
    for each in filters:
        chosen, unclear = _one_filter(each, events)
        found += chosen
        guarded = guarded or unclear
    return tuple(event for event in events if event in found), guarded


def _one_filter(node: Mapping, events: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    guarded = any(key.value not in _NO_FILTER for key, _ in node.pairs(merge=True))
    wanted = _matching(node.get("event", merge=True), events)
    refs = [item.value for item in scalars(_included(node.get("ref", merge=True)))]
    if refs:
        kinds = {
            "tag" if ref.startswith("refs/tags/") else "branch" if ref.startswith("refs/heads/") else "" for ref in refs
        }
        wanted = tuple(event for event in wanted if event in kinds or "" in kinds)
        guarded = guarded or "" in kinds
    return wanted, guarded


def _matching(node: Node | None, events: tuple[str, ...]) -> tuple[str, ...]:
    if node is None:
        return events
    excluded = node.get("exclude", merge=True) if isinstance(node, Mapping) else None
    included = _included(node)
    out = {_EVENTS.get(item.value, item.value) for item in scalars(excluded)}
    kept = {_EVENTS.get(item.value, item.value) for item in scalars(included)} if included is not None else set(events)
    return tuple(event for event in events if event in kept and event not in out)


def _included(node: Node | None) -> Node | None:
    return node.get("include", merge=True) if isinstance(node, Mapping) else node
