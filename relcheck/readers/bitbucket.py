"""Bitbucket Pipelines (documentation: "Configure bitbucket-pipelines.yml", "Share pipelines").

image: IMAGE | {name, username, password, aws}          at the top, of a step, of a service
definitions:
  services: {NAME: {image, variables}}      steps, stages: anchors      pipelines: {NAME: […]}  (shared)
  imports: {ALIAS: REPOSITORY:REF:FILE | PATH}
pipelines:
  default: […]     branches, tags, bookmarks, pull-requests: {GLOB: […]}     custom: {NAME: […]}
  any list:  step: {…} | parallel: […] | {steps} | stage: {steps} | variables: [{name, default}]
  any value: {import: NAME@ALIAS | REPOSITORY:REF:NAME}
step: {name, image, script, after-script, services, deployment, oidc, trigger, runs-on, condition}
script: [COMMAND | pipe: WORKSPACE/NAME:VERSION | docker://IMAGE, with variables]
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping

from relcheck.facts import UNKNOWN, Component, Credential, Fact, Job
from relcheck.readers.ci_common import Around, placed
from relcheck.readers.ci_values import Markers, images, list_of, script_of, variable_facts
from relcheck.readers.known import Call, credential, known_facts
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.records import Record
from relcheck.refs.git import classify_ref
from relcheck.refs.secrets import looks_secret_name
from relcheck.source import Source

_EVENTS = {
    "default": ("branch", "pull_request"),
    "branches": ("branch",),
    "bookmarks": ("branch",),
    "tags": ("tag",),
    "pull-requests": ("pull_request",),
    "custom": ("manual",),
}
"""What starts the pipelines of a section; `default` is every branch that no other names, pull requests' included."""
_EVERYTHING = ("*", "**")
_DEPTH = 6
_SHORTEST = 8
"""No secret of a pipe is shorter; words without a digit name what is meant."""


def read(source: Source) -> Iterator[Fact]:
    """Read a pipelines file."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        yield from read_document(source, document)


def read_document(source: Source, node: Node) -> Iterator[Fact]:
    """Read one document."""
    if isinstance(node, Mapping):
        yield from _File(source, node).facts()


class _Pipeline(Record):
    """One pipeline: its name, what starts it, its variables."""

    name: str
    events: tuple[str, ...] = ()
    shared: bool = False
    markers: Markers = Markers(syntax="compose")
    defaults: AnyMapping[str, Source] = {}


class _File:
    """One file; `seen` are the images and scripts that a pipeline has used."""

    def __init__(self, source: Source, top: Mapping) -> None:
        self.source = source
        self.top = top
        self.definitions = top.map("definitions")
        self.seen: set[int] = set()

    def facts(self) -> Iterator[Fact]:
        """Yield the shared image, services and imports, then the pipelines, then anchors that none of them used."""
        none = Markers(syntax="compose")
        yield from self._image(self.top.get("image"), none, "job", "")
        for _, service in _pairs(self.definitions, "services"):
            if isinstance(service, Mapping):
                yield from self._image(service.get("image"), none, "service", "")
                yield from variable_facts(_scalars(service.map("variables")))
        for _, value in _pairs(self.definitions, "imports"):
            if isinstance(value, Scalar):
                yield _import(value)
        for name, events, node in self._pipelines():
            defaults = _defaults(node)
            pipeline = _Pipeline(name=name, events=events, markers=_markers(defaults), defaults=defaults)
            yield from self._pipeline(pipeline, node)
        for key, node in _pairs(self.definitions, "pipelines"):
            defaults = _defaults(node)
            pipeline = _Pipeline(name=key.value, shared=True, markers=_markers(defaults), defaults=defaults)
            yield from self._pipeline(pipeline, node)
        for name in ("steps", "stages"):
            for item in list_of(self.definitions.get(name) if self.definitions is not None else None):
                yield from self._item(item, _Pipeline(name=""), 0)

    def _pipelines(self) -> Iterator[tuple[str, tuple[str, ...], Node]]:
        for key, value in _pairs(self.top, "pipelines"):
            events = _EVENTS.get(key.value, ())
            if key.value == "default" or not isinstance(value, Mapping):
                yield key.value, events, value
                continue
            for inner, node in value.pairs(merge=True):
                every = key.value == "branches" and inner.value in _EVERYTHING
                yield f"{key.value}: {inner.value}", _EVENTS["default"] if every else events, node

    def _pipeline(self, pipeline: _Pipeline, node: Node) -> Iterator[Fact]:
        imported = node.scalar("import") if isinstance(node, Mapping) else None
        if imported is not None and imported.value.count(":") > 1:
            yield _import(imported)
        for item in list_of(node):
            yield from self._item(item, pipeline, 0)

    def _item(self, item: Node, pipeline: _Pipeline, depth: int) -> Iterator[Fact]:
        """`step`, `parallel` and `stage`, several of them under one item included."""
        if not isinstance(item, Mapping) or depth > _DEPTH:
            return
        for key, value in item.pairs(merge=True):
            if key.value == "step" and isinstance(value, Mapping):
                yield from self._step(value, pipeline)
            elif key.value in ("parallel", "stage"):
                steps = value.get("steps", merge=True) if isinstance(value, Mapping) else value
                for inner in list_of(steps):
                    yield from self._item(inner, pipeline, depth + 1)

    def _step(self, step: Mapping, pipeline: _Pipeline) -> Iterator[Fact]:
        anchor = not pipeline.name
        around = Around()
        if not anchor:
            job = _job(step, pipeline)
            yield job
            around = Around(job=job.id, events=job.events, guarded=job.guarded, id_token=job.id_token)
        image = step.get("image", merge=True)
        if not (anchor and id(image) in self.seen):
            yield from self._image(image, pipeline.markers, "job", around.job)
        for name in ("script", "after-script"):
            script = step.get(name, merge=True)
            if not (anchor and id(script) in self.seen):
                self.seen.add(id(script))
                yield from self._script(script, pipeline, around)

    def _image(self, node: Node | None, markers: Markers, role: str, job: str) -> Iterator[Fact]:
        """`image: NAME`, or `image: {name, username, password}`."""
        if node is not None:
            self.seen.add(id(node))
        found = node.get("name", merge=True) if isinstance(node, Mapping) else node
        if isinstance(found, Scalar):
            yield from images(found.source, markers, role=role, engine="bitbucket", job=job)
        password = node.scalar("password", merge=True) if isinstance(node, Mapping) else None
        if password is not None:
            yield credential(password.source, "image.password", ecosystem="oci").replace(job=job)
        cloud = node.map("aws", merge=True) if isinstance(node, Mapping) else None
        secret = cloud.scalar("secret-key", merge=True) if cloud is not None else None
        if secret is not None:
            yield credential(secret.source, "image.aws.secret-key", ecosystem="oci").replace(job=job)

    def _script(self, node: Node | None, pipeline: _Pipeline, around: Around) -> Iterator[Fact]:
        lines = [item for item in list_of(node) if isinstance(item, Scalar)]
        source = script_of(self.source, lines)
        if source is not None:
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            known = {name: value.text for name, value in pipeline.defaults.items() if "$" not in value.text}
            found = read_shell(source, context="run", job=around.job, shell_options="e", variables=known)
            yield from placed(found, around)
        for number, item in enumerate(list_of(node)):
            pipe = item.scalar("pipe", merge=True) if isinstance(item, Mapping) else None
            if pipe is not None and isinstance(item, Mapping):
                given = item.map("variables", merge=True)
                yield from _pipe(pipe, given, pipeline.markers, around.replace(step=number))


def _job(step: Mapping, pipeline: _Pipeline) -> Job:
    name = step.scalar("name", merge=True)
    oidc = step.text("oidc", merge=True) == "true"
    limited = step.text("trigger", merge=True) == "manual" or step.get("condition", merge=True) is not None
    runners = [item.value for item in list_of(step.get("runs-on", merge=True)) if isinstance(item, Scalar)]
    job = f"{pipeline.name}, {name.value if name is not None else f'step at {step.start}'}"
    return Job(
        span=name.span if name is not None else step.span,
        job=job,
        system="bitbucket",
        id=job,
        workflow=pipeline.name,
        triggers=pipeline.events,
        events=pipeline.events,
        guarded=limited or pipeline.shared,
        tag_trigger="tag" in pipeline.events or "manual" in pipeline.events,
        tag_only=pipeline.events == ("tag",),
        id_token="write" if oidc else "none",
        environment=step.text("deployment", merge=True),
        runner=", ".join(runners),
        self_hosted="self.hosted" in runners,
    )


def _pipe(pipe: Scalar, variables: Mapping | None, markers: Markers, around: Around) -> Iterator[Fact]:
    """`pipe: WORKSPACE/NAME:VERSION`, or the image of a pipe."""
    text = pipe.value.strip()
    if text.startswith("docker://"):
        yield from images(pipe.source, markers, role="run", engine="bitbucket", job=around.job, step=around.step)
        name = ""
    else:
        name, colon, ref = text.partition(":")
        unknown = "$" in text
        parts = {} if unknown else {"name": pipe.source.at(0, len(name))}
        if colon and not unknown:
            parts["ref"] = pipe.source.at(len(name) + 1, len(text))
        yield Component(
            span=parts.get("ref", pipe.span),
            parts=parts,
            job=around.job,
            step=around.step,
            system="bitbucket",
            kind="pipe",
            name=UNKNOWN if unknown else name,
            owner=UNKNOWN if unknown else name.partition("/")[0],
            ref=UNKNOWN if unknown else ref,
            ref_kind=UNKNOWN if unknown else classify_ref(ref),
        )
    given: dict[str, Node] = {key.value.lower(): value for key, value in variables.pairs()} if variables else {}
    call = Call(place=pipe.span, inputs=given, markers=markers, around=around, engine="bitbucket")
    said = list(known_facts("bitbucket", name, call))
    yield from said
    yield from placed(_handed_secrets(variables, said), around)


def _handed_secrets(variables: Mapping | None, said: list[Fact]) -> Iterator[Credential]:
    """Yield the secrets that are written out in the variables of a pipe, whatever pipe it is."""
    known = {fact.span for fact in said if isinstance(fact, Credential)}
    for name, value in _scalars(variables):
        text = value.value
        mixed = any(letter.isdigit() for letter in text) and any(letter.isalpha() for letter in text)
        if looks_secret_name(name) and len(text) >= _SHORTEST and mixed and value.span not in known:
            found = credential(value.source, name)
            if found.form == "literal":
                yield found


def _import(value: Scalar) -> Component:
    """`REPOSITORY:REF:FILE`: pipelines of another repository, at a branch or a tag; a path alone is of this one."""
    name, colon, rest = value.value.partition(":")
    ref = rest.rpartition(":")[0] if ":" in rest else rest
    unknown = "$" in value.value
    parts = {} if unknown else {"name": value.source.at(0, len(name))}
    if colon and ref and not unknown:
        parts["ref"] = value.source.at(len(name) + 1, len(name) + 1 + len(ref))
    return Component(
        span=parts.get("ref", value.span),
        parts=parts,
        system="bitbucket",
        kind="import",
        name=UNKNOWN if unknown else name,
        owner="",
        ref=UNKNOWN if unknown else ref,
        ref_kind=UNKNOWN if unknown else classify_ref(ref),
        local=not colon and name.endswith((".yml", ".yaml")),
    )


def _pairs(holder: Mapping | None, name: str) -> Iterator[tuple[Scalar, Node]]:
    found = holder.map(name) if holder is not None else None
    yield from found.pairs(merge=True) if found is not None else ()


def _scalars(node: Mapping | None) -> Iterator[tuple[str, Scalar]]:
    for key, value in node.pairs() if node is not None else ():
        if isinstance(value, Scalar):
            yield key.value, value


def _defaults(node: Node) -> dict[str, Source]:
    """Return the variables of a custom pipeline: those that have a default."""
    defaults: dict[str, Source] = {}
    for item in node.items if isinstance(node, Sequence) else ():
        variables = item.get("variables") if isinstance(item, Mapping) else None
        for entry in list_of(variables):
            default = entry.scalar("default") if isinstance(entry, Mapping) else None
            if isinstance(entry, Mapping) and default is not None:
                defaults[entry.text("name")] = default.source
    return defaults


def _markers(defaults: AnyMapping[str, Source]) -> Markers:
    return Markers(syntax="compose", lookup=lambda name: [defaults[name]] if name in defaults else [])
