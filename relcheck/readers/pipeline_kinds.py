"""Which CI system a document is for, where the name of its file does not tell.

Azure Pipelines: lists of `jobs`, `stages` or `variables`, or `steps` with tasks         (templates lie anywhere)
Bitbucket: `pipelines` with the sections that it knows, or `export` with `definitions`   (files that imports name)
CircleCI: version 2 with workflows, orbs, executors or commands                (continuations, orbs)
Cloud Build: `steps` whose names are images of the platform's builders
GitLab: entries with `script` and another word of jobs, or a `spec` document first (included files, components)
"""

from __future__ import annotations

import re
from collections.abc import Sequence as AnySequence

from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence

_TASK = re.compile(r"[\w.-]+@\d+")
_AZURE_TOP = ("pool", "trigger", "pr", "parameters", "resources", "extends")
_AZURE_STEPS = ("script", "bash", "pwsh", "powershell", "template", "checkout")
_SECTIONS = frozenset({"default", "branches", "tags", "bookmarks", "pull-requests", "custom"})
_CIRCLECI = ("workflows", "orbs", "executors", "commands")
_GITLAB_JOB = (
    "stage", "rules", "only", "except", "extends", "needs", "before_script", "artifacts", "image", "services",
)  # fmt: skip
_GITLAB_ANY = (*_GITLAB_JOB, "script")
_BUILDERS = re.compile(r"(?:[\w-]+\.)?gcr\.io/|[\w-]+-docker\.pkg\.dev/")


def pipeline_module(node: Mapping) -> str:
    """Return the module that reads a document, or the empty string."""
    if _is_azure(node):
        return "azure_pipelines"
    pipelines = node.map("pipelines")
    if pipelines is not None and pipelines.items and {key.value for key, _ in pipelines.pairs()} <= _SECTIONS:
        return "bitbucket"
    shared = node.map("definitions")
    if node.text("export") == "true" and shared is not None and shared.map("pipelines") is not None:
        return "bitbucket"
    if node.text("version").startswith("2") and any(node.map(name) is not None for name in _CIRCLECI):
        return "circleci"
    steps = _mappings(node.get("steps"))
    return "cloudbuild" if any(_BUILDERS.match(step.text("name")) for step in steps) else ""


def is_gitlab(documents: AnySequence[Node]) -> bool:
    """Whether the documents of a file are a pipeline of GitLab: one, with a header before it where it has inputs."""
    found = [node for node in documents if isinstance(node, Mapping)]
    if not found or len(found) > 2 or any(node.get("apiVersion") is not None for node in found):
        return False
    header = found[0].map("spec") if len(found) == 2 else None
    if len(found) == 2 and (header is None or header.map("inputs") is None):
        return False
    needed = _GITLAB_ANY if header is not None else _GITLAB_JOB
    return any(
        isinstance(job, Mapping) and isinstance(job.get("script"), Scalar | Sequence) and _has(job, needed)
        for _, job in found[-1].pairs()
    )


def _mappings(node: Node | None) -> list[Mapping]:
    return [item for item in node if isinstance(item, Mapping)] if isinstance(node, Sequence) else []


def _has(node: Mapping, names: tuple[str, ...]) -> bool:
    return any(node.get(name) is not None for name in names)


def _is_azure(node: Mapping) -> bool:
    jobs, stages, steps = (_mappings(node.get(name)) for name in ("jobs", "stages", "steps"))
    if any(_has(job, ("job", "deployment", "template")) for job in jobs):
        return True
    if any(_has(stage, ("stage", "template")) for stage in stages):
        return True
    if any(_TASK.fullmatch(step.text("task")) for step in steps):
        return True
    if _has(node, _AZURE_TOP) and any(_has(step, _AZURE_STEPS) for step in steps):
        return True
    if _is_azure_variables(node):
        return True
    return {key.value for key, _ in node.pairs()} == {"steps"} and bool(steps) and all(map(_is_azure_step, steps))


def _is_azure_variables(node: Mapping) -> bool:
    """Whether a document is a template of variables: a list of them, beside parameters at most."""
    listed = _mappings(node.get("variables"))
    named = any(_has(item, ("group", "template")) or all(map(item.get, ("name", "value"))) for item in listed)
    return named and {key.value for key, _ in node.pairs()} <= {"variables", "parameters"}


def _is_azure_step(step: Mapping) -> bool:
    """Whether a step begins with what it is, as Azure wants it: `script` or `bash`, without an image around it."""
    first = next((key.value for key, _ in step.pairs()), "")
    return first in _AZURE_STEPS and not _has(step, ("image", "name", "commands"))
