"""Which CI system a document is for, where the name of its file does not tell.

Azure Pipelines: `jobs` or `stages` that are lists, or `steps` with tasks      (templates lie anywhere)
Bitbucket: `pipelines` with the sections that it knows                         (files that imports name)
CircleCI: version 2 with workflows, orbs, executors or commands                (continuations, orbs)
Cloud Build: `steps` whose names are images of the platform's builders
"""

from __future__ import annotations

import re

from relcheck.readers.nodes import Mapping, Node, Sequence

_TASK = re.compile(r"[\w.-]+@\d+")
_AZURE_TOP = ("pool", "trigger", "pr", "parameters", "resources", "extends")
_AZURE_STEPS = ("script", "bash", "pwsh", "powershell", "template", "checkout")
_SECTIONS = frozenset({"default", "branches", "tags", "bookmarks", "pull-requests", "custom"})
_CIRCLECI = ("workflows", "orbs", "executors", "commands")
_BUILDERS = re.compile(r"(?:[\w-]+\.)?gcr\.io/|[\w-]+-docker\.pkg\.dev/")


def pipeline_module(node: Mapping) -> str:
    """Return the module that reads a document, or the empty string."""
    if _is_azure(node):
        return "azure_pipelines"
    pipelines = node.map("pipelines")
    if pipelines is not None and pipelines.items and {key.value for key, _ in pipelines.pairs()} <= _SECTIONS:
        return "bitbucket"
    if node.text("version").startswith("2") and any(node.map(name) is not None for name in _CIRCLECI):
        return "circleci"
    steps = _mappings(node.get("steps"))
    return "cloudbuild" if any(_BUILDERS.match(step.text("name")) for step in steps) else ""


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
    return _has(node, _AZURE_TOP) and any(_has(step, _AZURE_STEPS) for step in steps)
