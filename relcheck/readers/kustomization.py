"""Kustomizations: what they build on, which images and namespace they put in (the Kustomize reference, kubectl.docs).

resources, bases, components, crds [path | URL]      generators, transformers [path | inline object]
validators [path | inline object]
namespace                                            images [{name, newName, newTag, digest, tagSuffix}]
patches [{path | patch, target}], patchesStrategicMerge [path | inline], patchesJson6902 [{path | patch}]
helmCharts [{name, repo, version, namespace, valuesInline}]   helmChartInflationGenerator (older)
secretGenerator, configMapGenerator [{literals [K=V]}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

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

MARKER = re.compile(r"\{\{|\$\{|\$\(|<[^>]*>|\ue000")
_IMAGE_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)/(?:\d+|-)/image")
_CONTAINER_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)/(?:\d+|-)")
_CONTAINERS_POINTER = re.compile(r"/(?:containers|initContainers|ephemeralContainers)")
_NAMESPACE_POINTER = "/metadata/namespace"
_PLUGINS = ("generators", "transformers", "validators")


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
    for item in _scalars(node, "resources", "bases", "components", "crds", *_PLUGINS):
        yield from _remote(item)
    yield from override_images(node.seq("images"), engine="kustomize")
    yield from override_images(node.seq("imageTags"), engine="kustomize")
    yield from patch_facts(node)
    for inflated in _maps(node, "helmCharts"):
        yield from chart(inflated, "name", "repo", "version")
    for inflated in _maps(node, "helmChartInflationGenerator"):
        yield from chart(inflated, "chartName", "chartRepoUrl", "chartVersion")
    for generator in _maps(node, "secretGenerator"):
        yield from literals(generator)
    for generator in _maps(node, "configMapGenerator"):
        found = literals(generator)
        yield from (fact for fact in found if isinstance(fact, Credential) and fact.access == "publish")
    for name in _PLUGINS:
        for text in _texts(node, name):
            for inner in load(text.source).documents:
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
    transformers = _transformers(node)
    for name in ("patches", "patchesJson6902"):
        patches += [item.text("path") for item in _maps(node, name) if item.text("path")]
    return Kustomization(
        span=parts.get("namespace", node.span),
        parts=parts,
        folder=source.path.rpartition("/")[0],
        namespace=transformers.namespace or _namespace(node, namespace if written else None),
        resources=tuple(item.value.strip() for item in _scalars(node, "resources", "bases", "components")),
        patches=tuple(patches),
        images=(
            *(override(entry) for entry in (*_maps(node, "images"), *_maps(node, "imageTags"))),
            *transformers.images,
        ),
        transformers=transformers.files,
        replaces_images=_replaces_images(node),
        component=node.text("kind") == "Component",
    )


class _Transformers(NamedTuple):
    """What the transformers of a kustomization change: those that are written inline, and the files of the others."""

    namespace: Text = ""
    images: tuple[ImageOverride, ...] = ()
    files: tuple[str, ...] = ()


def _transformers(node: Mapping) -> _Transformers:
    """Read the transformers; one that is not understood stands among the files as an empty path."""
    namespace: Text = ""
    images: list[ImageOverride] = []
    files: list[str] = []
    for item in _scalars(node, "transformers"):
        if "\n" not in item.value:
            files.append(item.value.strip())
            continue
        from relcheck.readers.kustomize_plugins import is_understood, namespace_of  # noqa: PLC0415 - few have any

        for inner in load(item.source).documents:
            if not isinstance(inner, Mapping) or not is_understood(inner):
                files.append("")
                continue
            namespace = namespace_of(inner) or namespace
            entry = inner.map("imageTag")
            images += [override(entry)] if entry is not None else []
    return _Transformers(namespace, tuple(images), tuple(files))


def _replaces_images(node: Mapping) -> bool:
    """Whether a replacement may copy an image or a tag into an object: it names such a field, or stands in a file."""
    for item in _maps(node, "replacements"):
        fields = [field.value for field in walk(item) if isinstance(field, Scalar) and "image" in field.value.lower()]
        if fields or item.text("path"):
            return True
    return False


def _namespace(node: Mapping, written: Scalar | None) -> Text:
    """Return the namespace that is put in; UNKNOWN where something that is not read here may put one in."""
    if written is not None:
        return UNKNOWN if MARKER.search(written.value) else written.value.strip()
    for name in ("patches", "patchesJson6902", "replacements"):
        found = node.seq(name)
        for value in walk(found) if found is not None else ():
            if isinstance(value, Scalar) and (_NAMESPACE_POINTER in value.value or "metadata.namespace" in value.value):
                return UNKNOWN
        if name == "replacements" and any(item.text("path") for item in _maps(node, name)):
            return UNKNOWN
    return ""


def override(entry: Mapping) -> ImageOverride:
    """Return an entry of `images` as what link compares with the images of objects."""
    tag = entry.text("newTag") or entry.text("tagSuffix")
    return ImageOverride(
        name=entry.text("name"), new_name=entry.text("newName"), new_tag=tag, digest=entry.text("digest")
    )


def override_images(images: Sequence | None, *, engine: str) -> Iterator[Image]:
    """Yield the images that the entries of `images` put in: `newName` or `name`, with `newTag` and `digest`."""
    for entry in images or ():
        if isinstance(entry, Mapping):
            yield from override_image(entry, engine=engine)


def override_image(entry: Mapping, *, engine: str) -> Iterator[Image]:
    """Yield the image that one entry of `images` puts in."""
    name = entry.scalar("newName", merge=True) or entry.scalar("name", merge=True)
    tag, digest = entry.scalar("newTag", merge=True), entry.scalar("digest", merge=True)
    if name is None or not name.value.strip():
        return
    source = reference(name.source, tag.source if tag else None, digest.source if digest else None)
    found = image_fact(source, role="override", engine=engine)
    if found is None:
        return
    if found.tag == "" and found.digest == "":  # the tag of what it replaces stays
        found = found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial")
    yield found


def _remote(item: Scalar) -> Iterator[Fact]:
    if "\n" not in item.value:
        yield from remote_base(item.source)


def remote_base(source: Source) -> Iterator[Fact]:
    """Yield the repository or the file elsewhere that a text names; nothing for a path."""
    found = parse_kustomize_url(source.text)
    if found is None:
        return
    parts = {name: source.at(*place) for name, place in found.spans.items() if name in ("owner", "host", "ref")}
    if found.file:
        yield from remote_file(source, tool="kustomize")
        return
    named = found.owner is not UNKNOWN and found.repository is not UNKNOWN
    path = f"/{found.path}" if found.path and found.path is not UNKNOWN else ""
    yield Component(
        span=parts.get("ref", source.all()),
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
        yield from inline_patch(patch.source) if isinstance(patch, Scalar) else _patched(patch)


def inline_patch(source: Source) -> Iterator[Fact]:
    """Read a text as a patch: part of an object, or a list of JSON operations."""
    for document in load(source).documents:
        yield from _patched(document)


def _patched(patch: Node) -> Iterator[Fact]:
    if isinstance(patch, Sequence):
        yield from json_patch(patch)
    elif kubernetes.is_object(patch):
        yield from kubernetes.read_document(patch, Setting(patch=True))
    elif isinstance(patch, Mapping):  # a target says elsewhere what it is a part of
        yield from kubernetes.workload_facts(patch)


def _is_inline(item: Node) -> bool:
    return not isinstance(item, Scalar) or "\n" in item.value


def json_patch(operations: Sequence) -> Iterator[Fact]:
    """Yield the images that JSON operations (RFC 6902) put into containers."""
    for item in operations:
        if not isinstance(item, Mapping) or item.text("op") not in ("add", "replace", "test"):
            continue
        path, value, container = item.text("path"), item.get("value"), "*"
        if _IMAGE_POINTER.search(path) and path.endswith("/image"):
            images: list[Node | None] = [value]
        elif _CONTAINER_POINTER.search(path) and path.rpartition("/")[2].strip("-0123456789") == "":
            images = [value.get("image")] if isinstance(value, Mapping) else []
            if isinstance(value, Mapping) and item.text("op") == "add":
                container = value.text("name")  # one more container: the others keep their images
        elif _CONTAINERS_POINTER.search(path) and isinstance(value, Sequence):
            images = [inner.get("image") for inner in value if isinstance(inner, Mapping)]
        else:
            continue
        for image in images:
            found = workload_image(image, "workload", Setting()) if isinstance(image, Scalar) else None
            if found is not None:
                yield found.replace(replaceable="phemeral" not in path, container=container)


def chart(entry: Mapping, name: str, repository: str, version: str) -> Iterator[Fact]:
    """Yield a chart that is inflated, by the keys of its name, repository and version, and the images in its values."""
    from relcheck.readers.helm_chart import chart_facts  # noqa: PLC0415 - few kustomizations inflate charts

    named, repo = entry.scalar(name, merge=True), entry.scalar(repository, merge=True)
    if named is not None and named.value and repo is not None and repo.value:
        for fact in chart_facts(named, entry.scalar(version, merge=True), repo):
            yield fact.replace(locked=False) if isinstance(fact, Dependency) else fact
    values = entry.map("valuesInline", merge=True)
    if values is not None:
        from relcheck.readers.helm_values import value_facts  # noqa: PLC0415 - few kustomizations inflate charts

        yield from value_facts(values)


def literals(generator: Mapping) -> Iterator[Fact]:
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
    from relcheck.readers.kustomize_plugins import inline_facts  # noqa: PLC0415 - few kustomizations have plugins

    yield from inline_facts(node)
