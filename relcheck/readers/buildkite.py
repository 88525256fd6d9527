"""Buildkite pipelines (documentation: "Defining steps", "Using plugins").

    env, agents, image, secrets: at the top          steps: […], or the whole file is the list
    - command | commands | script: TEXT | […]      label, key, env, if, branches, agents, matrix, image, secrets,
      soft_fail
      plugins: [NAME | {NAME: {…}}] | {NAME: {…}}
    - group: NAME, steps: […]       - trigger: PIPELINE, build: {env}       - wait | block | input

A plugin is `[organisation/]name[#ref]`, a URL of a git repository with `#ref`, or a local path. Short names stand for
repositories of the organisation buildkite-plugins; `kubernetes` is a part of the agent stack that runs the step in a
pod: `podSpec`, `podSpecPatch`, `sidecars`. Keys that nothing knows hold anchors: plugins are read there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact, Job, SecretUse, Text
from relcheck.readers.ci_common import Around, merged_secrets, placed, publishes_by_name
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
from relcheck.readers.known import Call, known_facts
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load, walk
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.source import Source

_CONTAINERS = frozenset(("containers", "initContainers", "ephemeralContainers", "sidecars"))
_STEPS = ("command", "commands", "script", "plugins")
_URL = re.compile(r"(?:https?|ssh|file|git)://|git@")
_SHORT = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_TAG = re.compile(r"^\s*build\.tag\s*(?:!=\s*(?:null|\"\"|'')|=~.*)\s*$|^\s*build\.tag\s*$")
_BRANCH = re.compile(r"^\s*build\.branch\s*(?:==|=~)[^&|]*$")
_DEPTH = 6


def read(source: Source) -> Iterator[Fact]:
    """Read a pipeline."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        yield from _Pipeline(source, document).facts()


class _Pipeline:
    """One pipeline."""

    def __init__(self, source: Source, document: Node) -> None:
        self.source = source
        self.top = document if isinstance(document, Mapping) else None
        self.steps: Node | None = document if isinstance(document, Sequence) else None
        if self.top is not None:
            self.steps = self.top.get("steps", merge=True)
        self.env = dict(pairs_of(self.top.get("env", merge=True))) if self.top is not None else {}
        self.seen: set[int] = set()

    def facts(self) -> Iterator[Fact]:
        """Yield what the steps say, then what stands in anchors that no step used."""
        yield from variable_facts(self.env.items())
        if self.top is not None:
            yield from self._image(self.top.get("image"), self._markers(self.env), "")
        for number, step in enumerate(list_of(self.steps)):
            yield from self._step(step, str(number + 1), 0)
        for key, value in self.top.pairs() if self.top is not None else ():
            if key.value not in ("steps", "env", "agents", "notify", "image"):
                yield from self._anchors(value)

    def _step(self, step: Node, number: str, depth: int) -> Iterator[Fact]:
        """A command step, a group, or what has no code of its own."""
        if not isinstance(step, Mapping) or depth > _DEPTH:
            return
        inner = step.get("steps", merge=True)
        if inner is not None:
            for at, found in enumerate(list_of(inner)):
                yield from self._step(found, f"{number}.{at + 1}", depth + 1)
        elif any(step.get(name, merge=True) is not None for name in _STEPS):
            yield from self._command_step(step, number)
        else:
            build = step.map("build", merge=True)  # of a trigger
            yield from variable_facts(pairs_of(build.get("env", merge=True) if build is not None else None))
            yield from self._loose_plugins(step)

    def _command_step(self, step: Mapping, number: str) -> Iterator[Fact]:
        job = _job(step, number)
        secrets = [*_secrets(self.top, "workflow"), *_secrets(step, "job")]
        job = job.replace(secrets=merged_secrets(secrets))
        yield job
        own = {**self.env, **dict(pairs_of(step.get("env", merge=True)))}
        around = Around(
            job=job.id,
            events=job.events,
            guarded=job.guarded,
            tolerant=job.tolerant,
            variables={name: value.value for name, value in own.items()},
            id_token="unknown",  # noqa: S106 - a level, not a secret
        )
        markers = self._markers(own)
        yield from variable_facts(pairs_of(step.get("env", merge=True)), job=job.id)
        yield from self._image(step.get("image", merge=True), markers, job.id)
        for name in ("command", "commands", "script"):
            yield from self._script(step.get(name, merge=True), around)
        yield from self._plugins(step.get("plugins", merge=True), markers, around, _matrix(step))

    def _image(self, node: Node | None, markers: Markers, job: str) -> Iterator[Fact]:
        if isinstance(node, Scalar):
            yield from images(node.source, markers, role="job", engine="buildkite", job=job)

    def _markers(self, env: dict[str, Scalar]) -> Markers:
        return Markers(syntax="compose", lookup=lambda name: [env[name].source] if name in env else [])

    def _script(self, node: Node | None, around: Around) -> Iterator[Fact]:
        source = script_of(self.source, scalars(node))
        if source is None:
            return
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        variables = {name: value for name, value in around.variables.items() if "$" not in value}
        found = read_shell(
            undoubled(source),
            context="run",
            job=around.job,
            variables=variables,
            tolerant=around.tolerant,
            shell_options="e",
        )
        yield from placed(found, around)

    def _plugins(
        self, node: Node | None, markers: Markers, around: Around, matrix: dict[str, list[Source | str | None]]
    ) -> Iterator[Fact]:
        """A list of names and of mappings with one name, or one mapping of names."""
        for item in list_of(node):
            self.seen.add(id(item))
            if isinstance(item, Scalar):
                yield from _plugin(item, None, markers, around)
            elif isinstance(item, Mapping):
                for key, value in item.pairs(merge=True):
                    given = value if isinstance(value, Mapping) else None
                    yield from _plugin(key, given, _with_matrix(markers, matrix), around)

    def _loose_plugins(self, step: Mapping) -> Iterator[Fact]:
        """Plugins that stand where a step is expected: an included list, or a mistake that Buildkite forgives."""
        for key, value in step.pairs(merge=True):
            if _URL.match(key.value) and "#" in key.value:
                yield from _plugin(key, value if isinstance(value, Mapping) else None, self._markers({}), Around())

    def _anchors(self, value: Node) -> Iterator[Fact]:
        for node in walk(value):
            if isinstance(node, Mapping):
                plugins = node.get("plugins")
                unused = [item for item in list_of(plugins) if id(item) not in self.seen]
                for item in unused:
                    names = [(item, None)] if isinstance(item, Scalar) else []
                    pairs = item.pairs() if isinstance(item, Mapping) else ()
                    for key, inner in [*names, *pairs]:
                        given = inner if isinstance(inner, Mapping) else None
                        yield from _plugin(key, given, self._markers({}), Around())
                if id(node) not in self.seen:
                    yield from self._loose_plugins(node)


def _job(step: Mapping, number: str) -> Job:
    key = step.scalar("key", merge=True) or step.scalar("id", merge=True)
    label = step.scalar("label", merge=True) or step.scalar("name", merge=True)
    named = key or label
    events, guarded = _reach(step)
    agents = step.map("agents", merge=True)
    name = key.value if key is not None else f"{number}: {label.value}" if label is not None else f"step {number}"
    return Job(
        span=named.span if named is not None else step.span,
        parts={"id": key.span} if key is not None else {},
        job=name,
        system="buildkite",
        id=name,
        triggers=events,
        events=events,
        guarded=guarded,
        tag_trigger="tag" in events,
        tag_only=events == ("tag",),
        runner=agents.text("queue") if agents is not None else "",
        self_hosted=True,
        matrix=step.get("matrix", merge=True) is not None,
        tolerant=step.text("soft_fail", merge=True) == "true",
        foreign_login=True,  # agents run hooks of their own before each job
    )


def _secrets(holder: Mapping | None, level: str) -> Iterator[SecretUse]:
    """`secrets: [NAME]`, which is the variable too, or `secrets: {VARIABLE: NAME}`."""
    node = holder.get("secrets", merge=True) if holder is not None else None
    pairs = [(key.value, value) for key, value in node.pairs(merge=True)] if isinstance(node, Mapping) else []
    pairs += [(item.value, item) for item in scalars(node)]
    for variable, value in pairs:
        if isinstance(value, Scalar) and value.value:
            publishes = publishes_by_name(variable, value.value)
            yield SecretUse(name=value.value, level=level, publishes=publishes)


def _reach(step: Mapping) -> tuple[tuple[str, ...], bool]:
    """Return what starts a step; whether pull requests do is a setting of the pipeline, not of the file."""
    condition, branches = step.text("if", merge=True), step.text("branches", merge=True)
    if _TAG.match(condition):
        return ("tag",), False
    if condition:
        return ("branch",) if _BRANCH.match(condition) else ("branch", "tag"), not _BRANCH.match(condition)
    return (("branch",) if branches else ("branch", "tag")), False


def _matrix(step: Mapping) -> dict[str, list[Source | str | None]]:
    """Return the values of `{{matrix}}` and `{{matrix.NAME}}`."""
    matrix = step.get("matrix", merge=True)
    setup = matrix.get("setup", merge=True) if isinstance(matrix, Mapping) else matrix
    if isinstance(setup, Mapping):
        return {f"matrix.{key.value}": [item.source for item in scalars(value)] for key, value in setup.pairs()}
    values = [item.source for item in scalars(setup)]
    return {"matrix": [*values]} if values else {}


def _with_matrix(markers: Markers, matrix: dict[str, list[Source | str | None]]) -> Markers:
    """Return markers for `{{matrix}}` where a step has one, else those of variables: a value mixes them rarely."""
    return Markers(syntax="braces", lookup=lambda name: matrix.get(name, [])) if matrix else markers


def _pod(given: Mapping | None, markers: Markers, around: Around) -> Iterator[Fact]:
    """The containers in which the agent stack for Kubernetes runs a step."""
    for node in walk(given) if given is not None else ():
        for key, value in node.pairs(merge=True) if isinstance(node, Mapping) else ():
            for container in list_of(value) if key.value in _CONTAINERS else []:
                image = container.scalar("image", merge=True) if isinstance(container, Mapping) else None
                if image is not None:
                    yield from images(image.source, markers, role="job", engine="buildkite", job=around.job)


def _plugin(key: Scalar, given: Mapping | None, markers: Markers, around: Around) -> Iterator[Fact]:
    name, hash_, ref = key.value.partition("#")
    unknown = "$" in key.value
    url = parse_git_url(name, any_https=True) if _URL.match(name) else None
    stack = name == "kubernetes"
    local = stack or name.startswith((".", "/", "file://"))
    if not unknown and url is None and not local and not _SHORT.fullmatch(name) and name.count("/") < 2:
        return
    full = name if url is not None or local or "/" in name else f"buildkite-plugins/{name}-buildkite-plugin"
    parts = {} if unknown or full != name else {"name": key.source.at(0, len(name))}
    if hash_ and not unknown:
        parts["ref"] = key.source.at(len(name) + 1, len(key.value))
    yield Component(
        span=parts.get("ref", key.source.at(0, len(name))),
        parts=parts,
        job=around.job,
        step=around.step,
        system="buildkite",
        kind="plugin",
        name=UNKNOWN if unknown else full,
        owner=_owner(full, url.owner if url is not None else ""),
        host=url.host if url is not None else "",
        ref=UNKNOWN if unknown else ref,
        ref_kind=UNKNOWN if unknown else classify_ref(ref),
        local=local,
    )
    if stack:
        yield from _pod(given, markers, around)
    inputs = {pair.value.lower(): value for pair, value in given.pairs(merge=True)} if given is not None else {}
    call = Call(place=key.span, inputs=inputs, markers=markers, around=around, engine="buildkite")
    yield from known_facts("buildkite", name.removeprefix("buildkite-plugins/"), call)


def _owner(name: str, owner: Text) -> Text:
    return owner or ("" if name.startswith((".", "/")) or ":" in name else name.partition("/")[0])
