"""Kustomizations: what they build on, which images and namespace they put in (the Kustomize reference, kubectl.docs).

resources, bases, components, crds [path | URL]      generators, transformers [path | inline object]
namespace                                            images [{name, newName, newTag, digest, tagSuffix}]
patches [{path | patch, target}], patchesStrategicMerge [path | inline], patchesJson6902 [{path | patch}]
helmCharts [{name, repo, version, namespace, valuesInline}]   helmChartInflationGenerator (older)
secretGenerator, configMapGenerator [{literals [K=V]}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import (
    UNKNOWN,
    Component,
    Credential,
    Dependency,
    Fact,
    Image,
    ImageOverride,
    Kustomization,
    Text,
)
from relcheck.readers import kubernetes
from relcheck.readers.composed import reference
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting, is_object, workload_image
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.readers.yaml_tree import faults, load, walk
from relcheck.refs.git import parse_kustomize_url
from relcheck.source import Source

_MARKER = re.compile(r"\{\{|\$\{|\$\(|<[^>]*>|\ue000")
_IMAGE_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)/(?:\d+|-)/image")
_CONTAINER_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)/(?:\d+|-)")
_CONTAINERS_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)")
_NAMESPACE_POINTER = "/metadata/namespace"


def read(source: Source) -> Iterator[Fact]:
    """Read a kustomization file; what follows it in the same file are manifests."""
    loaded = load(source)
    if loaded.faults and "{{" in source.text:
        from relcheck.readers.go_template import masked  # noqa: PLC0415 - few kustomizations are templates

        loaded = load(masked(source))
    else:
        yield from faults(loaded)
    for node in loaded.documents:
        api_version = node.text("apiVersion") if isinstance(node, Mapping) else ""
        if is_object(node) and "kustomize.config.k8s.io/" not in api_version:
            yield from kubernetes.read_document(node, Setting())
        else:
            yield from read_document(source, node)


def read_document(source: Source, node: Node) -> Iterator[Fact]:
    """Read one kustomization."""
    if not isinstance(node, Mapping):
        return
    yield _kustomization(source, node)
    for item in _scalars(node, "resources", "bases", "components", "crds"):
        yield from _remote(item)
    yield from override_images(node.seq("images"), engine="kustomize")
    yield from override_images(node.seq("imageTags"), engine="kustomize")
    yield from patch_facts(node)
    for chart in _maps(node, "helmCharts"):
        yield from _chart(chart, "name", "repo", "version")
    for chart in _maps(node, "helmChartInflationGenerator"):
        yield from _chart(chart, "chartName", "chartRepoUrl", "chartVersion")
    for generator in _maps(node, "secretGenerator"):
        yield from _literals(generator)
    for generator in _maps(node, "configMapGenerator"):
        found = _literals(generator)
        yield from (fact for fact in found if isinstance(fact, Credential) and fact.access == "publish")
    for plugin in (*_texts(node, "generators"), *_texts(node, "transformers")):
        for inner in load(plugin.source).documents:
            yield from _plugin(inner)


def _scalars(node: Mapping, *names: str) -> Iterator[Scalar]:
    for name in names:
        for item in node.seq(name) or ():
            if isinstance(item, Scalar) and item.value.strip():
                yield item


def _texts(node: Mapping, name: str) -> list[Scalar]:
    """Return the items of a list that are objects written inline."""
    return [item for item in _scalars(node, name) if "\n" in item.value]


def _maps(node: Mapping, name: str) -> Iterator[Mapping]:
    for item in node.seq(name) or ():
        if isinstance(item, Mapping):
            yield item


def _kustomization(source: Source, node: Mapping) -> Kustomization:
    namespace = node.scalar("namespace")
    written = namespace is not None and bool(namespace.value.strip())
    parts = {"namespace": namespace.span} if namespace is not None and written else {}
    patches = [item.value for item in _scalars(node, "patchesStrategicMerge") if "\n" not in item.value]
    for name in ("patches", "patchesJson6902"):
        patches += [item.text("path") for item in _maps(node, name) if item.text("path")]
    return Kustomization(
        span=parts.get("namespace", node.span),
        parts=parts,
        folder=source.path.rpartition("/")[0],
        namespace=_namespace(node, namespace if written else None),
        resources=tuple(item.value.strip() for item in _scalars(node, "resources", "bases", "components")),
        patches=tuple(patches),
        images=tuple(_override(entry) for entry in (*_maps(node, "images"), *_maps(node, "imageTags"))),
        component=node.text("kind") == "Component",
    )


def _namespace(node: Mapping, written: Scalar | None) -> Text:
    """Return the namespace that is put in; UNKNOWN where something that is not read here may put one in."""
    if written is not None:
        return UNKNOWN if _MARKER.search(written.value) else written.value.strip()
    if list(node.seq("transformers") or ()):
        return UNKNOWN
    for name in ("patches", "patchesJson6902", "replacements"):
        found = node.seq(name)
        for value in walk(found) if found is not None else ():
            if isinstance(value, Scalar) and (_NAMESPACE_POINTER in value.value or "metadata.namespace" in value.value):
                return UNKNOWN
        if name == "replacements" and any(item.text("path") for item in _maps(node, name)):
            return UNKNOWN
    return ""


def _override(entry: Mapping) -> ImageOverride:
    tag = entry.text("newTag") or entry.text("tagSuffix")
    return ImageOverride(
        name=entry.text("name"), new_name=entry.text("newName"), new_tag=tag, digest=entry.text("digest")
    )


def override_images(images: Sequence | None, *, engine: str) -> Iterator[Image]:
    """Yield the images that the entries of `images` put in: `newName` or `name`, with `newTag` and `digest`."""
    for entry in images or ():
        if not isinstance(entry, Mapping):
            continue
        name = entry.scalar("newName", merge=True) or entry.scalar("name", merge=True)
        tag, digest = entry.scalar("newTag", merge=True), entry.scalar("digest", merge=True)
        if name is None or not name.value.strip():
            continue
        source = reference(name.source, tag.source if tag else None, digest.source if digest else None)
        found = image_fact(source, role="override", engine=engine)
        if found is None:
            continue
        if found.tag == "" and found.digest == "":  # the tag of what it replaces stays
            found = found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial")
        yield found


def _remote(item: Scalar) -> Iterator[Fact]:
    """Yield the repository or the file elsewhere that an entry names; nothing for a path."""
    if "\n" in item.value:
        return
    found = parse_kustomize_url(item.value)
    if found is None:
        return
    parts = {name: item.source.at(*place) for name, place in found.spans.items() if name in ("owner", "host", "ref")}
    if found.file:
        yield from remote_file(item.source, tool="kustomize")
        return
    named = found.owner is not UNKNOWN and found.repository is not UNKNOWN
    path = f"/{found.path}" if found.path and found.path is not UNKNOWN else ""
    yield Component(
        span=parts.get("ref", item.span),
        parts=parts,
        system="kustomize",
        kind="base",
        name=f"{found.owner}/{found.repository}{path}".lstrip("/") if named else UNKNOWN,
        owner=found.owner,
        host=found.host,
        ref=found.ref,
        ref_kind=found.ref_kind,
    )


def patch_facts(node: Mapping) -> Iterator[Fact]:
    """Read patches that are written inline: parts of objects, or lists of JSON operations, as text or as they are."""
    found: list[Node] = [item for item in node.seq("patchesStrategicMerge") or () if _is_inline(item)]
    for name in ("patches", "patchesJson6902"):
        found += [patch for item in _maps(node, name) if (patch := item.get("patch")) is not None]
    for patch in found:
        for inner in load(patch.source).documents if isinstance(patch, Scalar) else [patch]:
            if isinstance(inner, Sequence):
                yield from json_patch(inner)
            else:
                yield from kubernetes.read_document(inner, Setting(patch=True))


def _is_inline(item: Node) -> bool:
    return not isinstance(item, Scalar) or "\n" in item.value


def json_patch(operations: Sequence) -> Iterator[Fact]:
    """Yield the images that JSON operations (RFC 6902) put into containers."""
    for item in operations:
        if not isinstance(item, Mapping) or item.text("op") not in ("add", "replace", "test"):
            continue
        path, value = item.text("path"), item.get("value")
        if _IMAGE_POINTER.search(path) and path.endswith("/image"):
            images: list[Node | None] = [value]
        elif _CONTAINER_POINTER.search(path) and path.rpartition("/")[2].strip("-0123456789") == "":
            images = [value.get("image")] if isinstance(value, Mapping) else []
        elif _CONTAINERS_POINTER.search(path) and isinstance(value, Sequence):
            images = [inner.get("image") for inner in value if isinstance(inner, Mapping)]
        else:
            continue
        for image in images:
            found = workload_image(image, "workload", Setting()) if isinstance(image, Scalar) else None
            if found is not None:
                yield found.replace(replaceable="phemeral" not in path, container="*")


def _chart(entry: Mapping, name: str, repository: str, version: str) -> Iterator[Fact]:
    from relcheck.readers.helm_chart import chart_facts  # noqa: PLC0415 - few kustomizations inflate charts

    chart, repo = entry.scalar(name, merge=True), entry.scalar(repository, merge=True)
    if chart is not None and chart.value and repo is not None and repo.value:
        for fact in chart_facts(chart, entry.scalar(version, merge=True), repo):
            yield fact.replace(locked=False) if isinstance(fact, Dependency) else fact
    values = entry.map("valuesInline", merge=True)
    if values is not None:
        from relcheck.readers.helm_values import value_facts  # noqa: PLC0415 - few kustomizations inflate charts

        yield from value_facts(values)


def _literals(generator: Mapping) -> Iterator[Fact]:
    """Yield the secrets that are written out as `K=V`."""
    from relcheck.refs.secrets import identify, is_publish_variable, literal_form, redact  # noqa: PLC0415 - few have any

    for item in _scalars(generator, "literals"):
        key, equals, value = item.value.partition("=")
        value = value.strip("\"'")
        form = literal_form(value)
        if not equals or form == "empty":
            continue
        start = item.value.index(value, len(key) + 1)
        place = item.source.at(start, start + len(value))
        literal = form == "literal"
        token = identify(value) if literal else None
        yield Credential(
            span=place,
            parts={"value": place},
            kind="k8s-secret",
            form=form,
            where="manifest",
            ecosystem="kubernetes",
            key=key,
            token=token.name if token else "",
            checksum=token.checksum if token else "none",
            access="publish" if is_publish_variable(key) else token.access if token else "",
            redacted=redact(value) if literal else "",
            length=len(value) if literal else 0,
        )


def _plugin(node: Node) -> Iterator[Fact]:
    """Read a transformer that is written inline: `kind: ImageTagTransformer`, `imageTag: {name, newName, newTag}`."""
    entry = node.map("imageTag") if isinstance(node, Mapping) else None
    if entry is not None and isinstance(node, Mapping) and node.text("kind") == "ImageTagTransformer":
        made = Sequence(entry._file, entry.start, flow=False)
        made.items.append(entry)
        yield from override_images(made, engine="kustomize")
    if isinstance(node, Mapping):
        yield from kubernetes.function_image(node, Setting(engine="kustomize"))
