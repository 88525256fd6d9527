"""Argo Workflows and Events: what templates and sensors fetch (argo-workflows.readthedocs.io, argoproj.github.io).

    inputs.artifacts [{http {url}, git {repo, revision}}]
    Sensor source: {url {path}, git {url, branch, tag, ref}, resource: object | text}

Containers, scripts and manifests in them are read as in every object.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.gitops import git_source
from relcheck.readers.kubernetes import Setting, manifest_facts
from relcheck.readers.kubernetes_parameters import walk_keys
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.refs.git import classify_ref

_KINDS = frozenset(("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Sensor"))


def object_facts(node: Mapping, _: str, kind: str, __: Setting) -> Iterator[Fact]:
    """Yield what a workflow or a sensor takes from elsewhere."""
    for key, value in walk_keys(node) if kind in _KINDS else ():
        if key == "artifacts" and isinstance(value, Sequence):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _artifact(item)
        elif key == "source" and kind == "Sensor" and isinstance(value, Mapping):
            yield from _sensor(value)


def _artifact(item: Mapping) -> Iterator[Fact]:
    http, git = item.map("http", merge=True), item.map("git", merge=True)
    address = http.scalar("url", merge=True) if http is not None else None
    if address is not None:
        yield from remote_file(address.source, tool="argo")
    repository = git.scalar("repo", merge=True) if git is not None else None
    if git is not None and repository is not None and repository.value:
        yield _git(repository, git.scalar("revision", merge=True) or git.scalar("branch", merge=True))


def _sensor(source: Mapping) -> Iterator[Fact]:
    yield from manifest_facts(source.scalar("resource"))
    url, git = source.map("url"), source.map("git")
    path = url.scalar("path") if url is not None else None
    if path is not None:
        yield from remote_file(path.source, tool="argo")
    repository = git.scalar("url") if git is not None else None
    if git is not None and repository is not None and repository.value:
        yield _git(repository, git.scalar("ref") or git.scalar("tag") or git.scalar("branch"))


def _git(url: Scalar, ref: Scalar | None) -> Fact:
    return git_source(url.source, ref, classify_ref(ref.value) if ref is not None else "none", "argo")
