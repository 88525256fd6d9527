"""Generators and transformers of Kustomize that are configured as objects of their own (kubectl.docs, builtin plugins).

    apiVersion: builtin, kind:
    ImageTagTransformer imageTag {name, newName, newTag, digest}      NamespaceTransformer metadata {namespace}
    PatchTransformer patch | path, PatchJson6902Transformer jsonOp | path, PatchStrategicMergeTransformer patches, paths []
    HelmChartInflationGenerator name, repo, version, valuesInline     SecretGenerator, ConfigMapGenerator literals [K=V]
    any other: a function, named by the annotation config.kubernetes.io/function

They stand in a kustomization, or in files that its `generators`, `transformers` and `validators` name.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Kustomization, Text
from relcheck.readers import kustomization as kustomize
from relcheck.readers.kubernetes import Setting, function_facts, read_document
from relcheck.readers.kubernetes_kinds import BUILTIN
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import load

_REPLACES = "ReplacementTransformer"
"""The builtin transformer that copies a value to wherever it is told, an image or a namespace too."""


def object_facts(node: Mapping, _: str, kind: str, __: Setting) -> Iterator[Fact]:
    """Read a builtin plugin in a file of its own; a transformer there is a part of the kustomizations that name it."""
    if is_understood(node):
        yield Kustomization(
            span=node.span,
            folder=node._file.path.rpartition("/")[0],
            namespace=namespace_of(node),
            patches=tuple(_paths(node)),
            images=tuple(kustomize.override(entry) for entry in [node.map("imageTag")] if entry is not None),
            component=True,
        )
    yield from _builtin(node, kind)


def is_understood(node: Mapping) -> bool:
    """Whether a node is a transformer of which all that it changes is known."""
    kind = node.text("kind")
    return node.text("apiVersion") == BUILTIN and kind.endswith("Transformer") and kind != _REPLACES


def namespace_of(node: Mapping) -> Text:
    """Return the namespace that a transformer puts in, the empty string where it puts in none."""
    metadata = node.map("metadata")
    found = metadata.scalar("namespace") if metadata is not None else None
    if node.text("kind") != "NamespaceTransformer" or found is None or not found.value.strip():
        return ""
    return UNKNOWN if kustomize.MARKER.search(found.value) else found.value.strip()


def inline_facts(node: Node) -> Iterator[Fact]:
    """Read a plugin that is written inline: a builtin one, or the configuration of a function."""
    if not isinstance(node, Mapping):
        return
    if node.text("apiVersion") == BUILTIN:
        yield from _builtin(node, node.text("kind"))
    yield from function_facts(node, Setting(engine="kustomize"))


def _paths(node: Mapping) -> Iterator[str]:
    """Yield the files of patches that a transformer reads."""
    if node.text("path"):
        yield node.text("path")
    for item in node.seq("paths") or ():
        if isinstance(item, Scalar):
            yield item.value


def _builtin(node: Mapping, kind: str) -> Iterator[Fact]:
    if kind == "ImageTagTransformer":
        entry = node.map("imageTag")
        yield from kustomize.override_image(entry, engine="kustomize") if entry is not None else ()
    elif kind == "HelmChartInflationGenerator":
        names = (
            ("name", "repo", "version") if node.get("name") is not None else ("chartName", "chartRepo", "chartVersion")
        )
        yield from kustomize.chart(node, *names)
    elif kind == "SecretGenerator":
        yield from kustomize.literals(node)
    elif kind == "ConfigMapGenerator":
        found = kustomize.literals(node)
        yield from (fact for fact in found if isinstance(fact, Credential) and fact.access == "publish")
    else:
        for name in ("patch", "jsonOp", "patches"):
            yield from _patch(node.scalar(name))


def _patch(text: Scalar | None) -> Iterator[Fact]:
    for inner in load(text.source).documents if text is not None else ():
        if isinstance(inner, Sequence):
            yield from kustomize.json_patch(inner)
        else:
            yield from read_document(inner, Setting(patch=True))
