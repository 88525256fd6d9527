"""YAML and JSON files whose names say nothing: each document is read as what it holds.

    Kubernetes: a mapping with `apiVersion` and `kind`; Kustomize, Skaffold and vendir: the group in `apiVersion`
    JSON patches of a kustomization: a list of {op, path, value}; Container Apps of Azure: `type: Microsoft.App/…`
    Values of a chart: a mapping `image` with `repository` and `tag`, wherever it stands
    Compose: a mapping with `services` whose entries run or build images, and nothing that Compose does not know
    Pipelines of Azure, Bitbucket, CircleCI, GitLab and Cloud Build: see `pipeline_kinds`

A file is loaded once, whatever it holds. Text in which the actions of some template stand is read as far as it is
certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from relcheck.facts import Fact, Unreadable
from relcheck.readers.json_top import json_top
from relcheck.readers.kubernetes import Setting, is_object, read_document, setting_of, workload_facts
from relcheck.readers.kubernetes_kinds import group_of
from relcheck.readers.kubernetes_parameters import walk_keys
from relcheck.readers.kubernetes_schemas import without_schemas
from relcheck.readers.nodes import Mapping, Node, Sequence
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_TEMPLATE = re.compile(r"\{\{|\{%|<%|\$\{\{|^[ \t]*@@|\{\$", re.MULTILINE)
_OBJECT = re.compile(r"^(?:apiVersion|kind):\s*\S", re.MULTILINE)
_COMPOSE_KEYS = frozenset((
    "services", "version", "name", "networks", "volumes", "configs", "secrets", "include", "models", "x",
))  # fmt: skip
_PIPELINE_KEYS = ("jobs", "stages", "steps", "pipelines", "orbs", "executors", "commands", "export", "variables")
_AZURE = "Microsoft.App/"
_MODULES = {"kustomize.config.k8s.io": "kustomization", "skaffold": "skaffold", "vendir.k14s.io": "vendir"}
"""Groups whose files have readers of their own, which know them by name too."""
DocumentReader = Callable[[Source, Node], Iterator[Fact]]


def read(source: Source) -> Iterator[Fact]:
    """Read all documents of a file."""
    top = json_top(source.text) if source.path.endswith(".json") else None
    if top is not None and not _may_hold_facts(top):
        return
    loaded = load(without_schemas(source))
    if loaded.faults and _TEMPLATE.search(source.text):
        yield from _template(source)
        return
    for fault in loaded.faults:
        if _OBJECT.search(source.text):
            yield Unreadable(span=fault.span, reason=f"is no YAML: {fault.reason}")
    if source.path.endswith("gotk-components.yaml"):
        from relcheck.readers.flux import installed  # noqa: PLC0415 - one file of this name in a repository

        yield from installed(source)
    if "script:" in source.text:
        from relcheck.readers import gitlab_ci, pipeline_kinds  # noqa: PLC0415 - few files look like one

        if pipeline_kinds.is_gitlab(loaded.documents):
            yield from gitlab_ci.read_documents(source, loaded.documents)
            return
    setting = setting_of(source)
    for node in loaded.documents:
        yield from _document(source, node, setting)


def _may_hold_facts(top: dict[str, Any]) -> bool:
    """Whether an object may be one of those that `_document` reads, by the members that it asks for."""
    return (
        "kind" in top
        or isinstance(top.get("services"), dict)
        or str(top.get("type", "")).startswith(_AZURE)
        or any(key in top for key in _PIPELINE_KEYS)
    )


def _document(source: Source, node: Node, setting: Setting) -> Iterator[Fact]:
    if isinstance(node, Sequence):
        yield from _operations(node)
    if not isinstance(node, Mapping):
        return
    if node.text("kind") == "Config":
        from relcheck.readers import kubeconfig  # noqa: PLC0415 - few repositories hold one

        if kubeconfig.is_kubeconfig(node):
            yield from kubeconfig.read_document(source, node)
            return
    if is_object(node):
        module = _MODULES.get(group_of(node.text("apiVersion")))
        if module is not None:
            reader: DocumentReader = import_module(f"relcheck.readers.{module}").read_document
            yield from reader(source, node)
        else:
            yield from read_document(node, setting)
    elif _is_compose(node):
        from relcheck.readers import compose  # noqa: PLC0415 - few files hold one under another name

        yield from compose.read_document(source, node)
    elif node.text("type").startswith(_AZURE):
        yield from workload_facts(node)
    elif any(node.get(name) is not None for name in _PIPELINE_KEYS):
        from relcheck.readers.pipeline_kinds import pipeline_module  # noqa: PLC0415 - few files look like one

        module = pipeline_module(node)
        if module:
            pipeline: DocumentReader = import_module(f"relcheck.readers.{module}").read_document
            yield from pipeline(source, node)
        else:
            yield from _images_in_pieces(node)
    else:
        yield from _images_in_pieces(node)


def _images_in_pieces(node: Mapping) -> Iterator[Fact]:
    """Read values of a chart under a name that does not tell: `image: {repository, tag}` is an image anywhere."""
    if any(key == "repository" for key, _ in walk_keys(node)):
        from relcheck.readers.helm_values import pieces  # noqa: PLC0415 - few files hold values

        yield from pieces(node)


def _operations(node: Sequence) -> Iterator[Fact]:
    """Read the operations of a patch (RFC 6902), which a kustomization names by its path."""
    first = next(iter(node), None)
    if isinstance(first, Mapping) and first.text("op") and first.text("path").startswith("/"):
        from relcheck.readers.kustomization import json_patch  # noqa: PLC0415 - few files are patches

        yield from json_patch(node)


def _template(source: Source) -> Iterator[Fact]:
    """Read a file that is YAML only after some template engine ran: objects, whose namespace may come from there."""
    from relcheck.readers.go_template import masked  # noqa: PLC0415 - few files are templates

    hidden = masked(source)
    setting = Setting(template=source, namespace_unknown=True)
    for node in load(hidden).documents:
        yield from read_document(node, setting)


def _is_compose(node: Mapping) -> bool:
    services = node.map("services")
    if services is None or not services.items:
        return False
    if any(key.value.partition("-")[0] not in _COMPOSE_KEYS for key, _ in node.pairs()):
        return False
    entries = [value for _, value in services.pairs(merge=True)]
    return all(isinstance(entry, Mapping) for entry in entries) and any(
        entry.get("image", merge=True) is not None or entry.get("build", merge=True) is not None
        for entry in entries
        if isinstance(entry, Mapping)
    )
