"""Tekton: tasks, pipelines and steps that are taken from elsewhere, and what triggers create.

    taskRef, pipelineRef, steps[].ref = {resolver, params [{name, value}]} | {bundle} (older)
    resolver: bundles {bundle}, git {url | org, repo; revision, pathInRepo}, hub {name, version, url}, http {url, digest}
    TriggerTemplate: spec.resourcetemplates [object …]
    annotations pipelinesascode.tekton.dev/task[-N], …/pipeline: "[name:version, https://…, ./path]"
    annotations …/on-event: "[push, pull_request]", …/on-target-branch: "[main, refs/tags/*]", …/on-cel-expression

`resolver: cluster` and a bare name are what the cluster holds. Sources: tekton.dev/docs/pipelines (resolvers),
pipelinesascode.com/docs/guide/resolver.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Component, Fact, Job, Text
from relcheck.readers.ci_common import Around, placed
from relcheck.readers.gitops import git_source, text_of
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting, read_document
from relcheck.readers.kubernetes_parameters import Parameters, walk_keys
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.remote_files import remote_file
from relcheck.refs.git import classify_ref
from relcheck.refs.variables import expand
from relcheck.source import Source

_KINDS = {"taskRef": "task", "pipelineRef": "pipeline", "ref": "step"}
_ANNOTATION = re.compile(r"pipelinesascode\.tekton\.dev/(?P<kind>task|pipeline)(?:-\d+)?")
_ITEM = re.compile(r"[^\[\],\s\"']+")
_HUB = re.compile(r"(?:[\w-]+://)?(?P<name>[\w][\w.-]*)(?::(?P<version>[\w.-]+))?")
_CONSTRAINT = re.compile(r"[<>=~^!|]")
_AS_CODE = "pipelinesascode.tekton.dev/"
_CONDITIONS = ("on-cel-expression", "on-comment", "on-label", "on-path-change", "on-path-change-ignore")
"""What decides besides the event whether Pipelines as Code starts a run."""


def object_facts(node: Mapping, group: str, kind: str, setting: Setting) -> Iterator[Fact]:
    """Yield what an object of Tekton takes from elsewhere, and the objects that a trigger makes."""
    if kind == "TriggerTemplate":
        yield from _templates(node, setting)
        return
    if kind == "PipelineRun":
        yield from _jobs(node)
    parameters = Parameters(node, group)
    for key, value in walk_keys(node):
        if key in _KINDS and isinstance(value, Mapping):
            yield from _reference(_KINDS[key], value, parameters)
    yield from _annotations(node)


def in_run(found: Iterator[Fact], node: Mapping) -> Iterator[Fact]:
    """Say of the facts of a run what starts it, where Pipelines as Code is told by annotations."""
    for job in _jobs(node):
        return placed(found, Around(job=job.id, events=job.events, guarded=job.guarded, tag_only=job.tag_only))
    return found


def _jobs(node: Mapping) -> Iterator[Job]:
    """Yield the job that Pipelines as Code makes of a run; one without annotations is started by something else."""
    metadata = node.map("metadata")
    annotations = metadata.map("annotations") if metadata is not None else None
    name = (metadata.scalar("name") or metadata.scalar("generateName")) if metadata is not None else None
    if annotations is None or name is None or annotations.get(f"{_AS_CODE}on-event") is None:
        return
    branches = _ITEM.findall(annotations.text(f"{_AS_CODE}on-target-branch"))
    tags = [branch.startswith("refs/tags/") for branch in branches]
    events: list[str] = []
    for event in _ITEM.findall(annotations.text(f"{_AS_CODE}on-event")):
        if event == "push":
            events += ["branch"] if not all(tags) or not tags else []
            events += ["tag"] if any(tags) else []
        else:
            events.append(event)
    yield Job(
        span=name.span,
        parts={"id": name.span},
        job=name.value,
        system="tekton",
        id=name.value,
        triggers=tuple(events),
        events=tuple(events),
        guarded=any(annotations.get(f"{_AS_CODE}{condition}") is not None for condition in _CONDITIONS),
        tag_trigger="tag" in events,
        tag_only=events == ["tag"],
        self_hosted=UNKNOWN,
    )


def _templates(node: Mapping, setting: Setting) -> Iterator[Fact]:
    spec = node.map("spec")
    for item in (spec.seq("resourcetemplates") if spec is not None else None) or ():
        yield from read_document(item, setting.replace(namespace_unknown=True))


class _Values:
    """The parameters of a resolver by name (once `resource`), with the parameters of the object around them put in."""

    def __init__(self, reference: Mapping, parameters: Parameters) -> None:
        self._given = {
            item.text("name"): value
            for item in reference.seq("params") or reference.seq("resource") or ()
            if isinstance(item, Mapping) and (value := item.scalar("value")) is not None
        }
        self._parameters = parameters

    def scalar(self, name: str) -> Scalar | None:
        """Return a value as it is written."""
        found = self._given.get(name)
        return found if found is not None and found.value.strip() else None

    def source(self, name: str) -> Source | None:
        """Return a value with what is known of its variables."""
        found = self.scalar(name)
        return expand(found.source, self._parameters.lookup, "tekton").source if found is not None else None


def _reference(kind: str, node: Mapping, parameters: Parameters) -> Iterator[Fact]:
    bundle = node.scalar("bundle")
    if bundle is not None and bundle.value:
        yield from _bundle(expand(bundle.source, parameters.lookup, "tekton").source, bundle.value)
    reader = _RESOLVERS.get(node.text("resolver"))
    if reader is not None:
        yield from reader(kind, _Values(node, parameters))


def _bundle(source: Source, written: str) -> Iterator[Fact]:
    found = image_fact(source, role="artifact", engine="tekton", written=written)
    if found is not None:
        yield found


def _bundles(_: str, values: _Values) -> Iterator[Fact]:
    source, scalar = values.source("bundle"), values.scalar("bundle")
    if source is not None and scalar is not None:
        yield from _bundle(source, scalar.value)


def _git(kind: str, values: _Values) -> Iterator[Fact]:
    """A file in a repository; without a revision the cluster's own default, a branch, decides."""
    revision, path = values.scalar("revision"), values.scalar("pathInRepo")
    file = path.value if path is not None and text_of(path) is not UNKNOWN else ""
    ref_kind = classify_ref(revision.value) if revision is not None else "none"
    url, repository, owner = (values.scalar(name) for name in ("url", "repo", "org"))
    if url is not None:
        yield git_source(url.source, revision, ref_kind, "tekton", kind, file)
    elif repository is not None:
        names = [text_of(owner), text_of(repository)]
        known = UNKNOWN not in names
        yield Component(
            span=(revision or repository).span,
            parts={"ref": revision.span} if revision is not None and text_of(revision) is not UNKNOWN else {},
            system="tekton",
            kind=kind,
            name="/".join(str(name) for name in (*names, file) if name) if known else UNKNOWN,
            owner=names[0],
            host=UNKNOWN,
            ref=text_of(revision),
            ref_kind=UNKNOWN if text_of(revision) is UNKNOWN else ref_kind,
        )


def _hub(kind: str, values: _Values) -> Iterator[Fact]:
    name, version = values.scalar("name"), values.scalar("version")
    if name is not None:
        yield _from_hub(kind, name.source, version.source if version is not None else None)
    url = values.scalar("url")
    if url is not None:
        from relcheck.readers.urls import registry  # noqa: PLC0415 - few references name a hub of their own

        yield from registry(url.source, ecosystem="tekton", purpose="index", key="url")


def _from_hub(kind: str, name: Source, version: Source | None) -> Component:
    named: Text = UNKNOWN if "$(" in name.text or "{{" in name.text else name.text
    ref: Text = "" if version is None else UNKNOWN if "$(" in version.text or "{{" in version.text else version.text
    ref_kind: Text = UNKNOWN
    if isinstance(ref, str):
        ref_kind = "range" if _CONSTRAINT.search(ref) else classify_ref(ref)
    parts = {"name": name.all()} if named is not UNKNOWN else {}
    if version is not None and ref is not UNKNOWN:
        parts["ref"] = version.all()
    return Component(
        span=parts.get("ref", name.all()),
        parts=parts,
        system="tekton",
        kind=kind,
        name=named,
        owner="",
        host="",
        ref=ref,
        ref_kind=ref_kind,
    )


def _http(_: str, values: _Values) -> Iterator[Fact]:
    url = values.source("url")
    if url is not None:
        checked = values.scalar("digest") is not None
        yield from remote_file(url, tool="tekton", checksum=checked, executed_by="tekton")


def _annotations(node: Mapping) -> Iterator[Fact]:
    """Tasks and pipelines that Pipelines as Code puts into a run: from the hub, from a URL, from this repository."""
    metadata = node.map("metadata")
    annotations = metadata.map("annotations") if metadata is not None else None
    for key, value in annotations.pairs() if annotations is not None else ():
        match = _ANNOTATION.fullmatch(key.value)
        if match is None or not isinstance(value, Scalar):
            continue
        for item in _ITEM.finditer(value.value):
            yield from _remote(match["kind"], value.source.part(*item.span()))


def _remote(kind: str, item: Source) -> Iterator[Fact]:
    if item.text.startswith(("http://", "https://")):
        yield from remote_file(item, tool="tekton", executed_by="tekton")
        return
    match = _HUB.fullmatch(item.text)
    if match is not None and not item.text.endswith((".yaml", ".yml")):
        version = item.part(*match.span("version")) if match["version"] else None
        yield _from_hub(kind, item.part(*match.span("name")), version)


_RESOLVERS: dict[str, Callable[[str, _Values], Iterator[Fact]]] = {
    "bundles": _bundles,
    "git": _git,
    "hub": _hub,
    "http": _http,
}
