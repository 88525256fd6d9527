"""Argo CD: which folder goes into which namespace, and the repositories, charts and images that applications name.

    Application: spec.source, spec.sources [], spec.sourceHydrator.drySource; spec.destination.namespace
    source: repoURL, targetRevision, path, chart, ref, kustomize {images, patches, namespace},
            helm {values, valuesObject, parameters [{name, value}], valueFiles}
            plugin {env [{name, value}]}
    ApplicationSet: spec.template, spec.templatePatch, generators [].<kind>.template, generators [].git {repoURL, revision},
            matrix and merge {generators []}
    annotations argocd-image-updater.argoproj.io/image-list: "alias=image[:constraint], …"
    repository without a scheme beside a chart, or oci:// = an OCI registry

Sources: argo-cd.readthedocs.io (Application, ApplicationSet specification), argocd-image-updater.readthedocs.io.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Download, Fact, Image
from relcheck.readers.composed import composed, reference
from relcheck.readers.gitops import MARKER, chart, deploy, git_source, text_of, values, values_text
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting, environment_of
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.readers.yaml_tree import load
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref

_OLD = re.compile(r"(?:[^=]*=)?")
_DEEPEST = 2
"""How deep generators stand in generators: the documentation allows two levels."""
_UPDATED = "argocd-image-updater.argoproj.io/image-list"
_ENTRY = re.compile(r"\s*(?:[\w.-]+=)?(?P<image>[^,\s]+)\s*(?:,|$)")
_RANGE = re.compile(r"[~^<>=*|, ]|(?:^|\.)[xX](?:\.|$)")
_PARAMETER = re.compile(r"(?:.*\.)?(?:\w*[iI]mage|image)(?P<tag>\.tag|\.imageTag|Tag|\.version)?|(?:.*\.)?image[._]tag")


def object_facts(node: Mapping, _: str, kind: str, __: Setting) -> Iterator[Fact]:
    """Yield what an Application or ApplicationSet deploys."""
    spec = node.map("spec", merge=True)
    if kind == "Application" and spec is not None:
        yield from _application(node, spec)
    elif kind == "ApplicationSet" and spec is not None:
        yield from _template(spec.map("template", merge=True))
        yield from _generators(spec.seq("generators"), 0)
        yield from _template_patch(spec.scalar("templatePatch"))


def _generators(generators: Sequence | None, depth: int) -> Iterator[Fact]:
    """Read what makes the applications of a set: templates, and repositories whose files and folders are listed."""
    for generator in generators or ():
        for name, inner in generator.pairs() if isinstance(generator, Mapping) else ():
            if not isinstance(inner, Mapping):
                continue
            yield from _template(inner.map("template"))
            if name.value == "git":
                yield from _repository(inner.scalar("repoURL"), inner.scalar("revision"))
            elif depth < _DEEPEST:
                yield from _generators(inner.seq("generators"), depth + 1)


def _template(template: Mapping | None) -> Iterator[Fact]:
    spec = template.map("spec", merge=True) if template is not None else None
    if template is not None and spec is not None:
        yield from _application(template, spec)


def _template_patch(text: Scalar | None) -> Iterator[Fact]:
    """Read the text of a patch, which is a Go template."""
    if text is None:
        return
    from relcheck.readers.go_template import masked  # noqa: PLC0415 - few sets have a patch

    for inner in load(masked(text.source)).documents:
        yield from _template(inner if isinstance(inner, Mapping) else None)


def _application(node: Mapping, spec: Mapping) -> Iterator[Fact]:
    sources = [source for source in [spec.map("source"), *(spec.seq("sources") or ())] if isinstance(source, Mapping)]
    hydrator = spec.map("sourceHydrator")
    dry = hydrator.map("drySource") if hydrator is not None else None
    sources += [dry] if dry is not None else []
    destination = spec.map("destination", merge=True)
    namespace = destination.scalar("namespace", merge=True) if destination is not None else None
    for source in sources:
        yield from _source(source, namespace)
    yield from _updated_images(node)


def _source(source: Mapping, namespace: Scalar | None) -> Iterator[Fact]:
    yield from _origin(source)
    kustomize, helm = source.map("kustomize", merge=True), source.map("helm", merge=True)
    own = kustomize.scalar("namespace", merge=True) if kustomize is not None else None
    given, path = own or namespace, source.scalar("path", merge=True)
    if given is not None and given.value and path is not None and source.scalar("chart", merge=True) is None:
        yield deploy("argocd", given, path)
    if kustomize is not None:
        from relcheck.readers.kustomization import patch_facts  # noqa: PLC0415 - few applications patch

        yield from _images(kustomize.seq("images", merge=True))
        yield from patch_facts(kustomize)
    plugin = source.map("plugin", merge=True)
    if plugin is not None:
        yield from environment_of(plugin)
    if helm is not None:
        yield from values(helm.map("valuesObject", merge=True))
        yield from values_text(helm.scalar("values", merge=True))
        yield from _parameters(helm.seq("parameters", merge=True))
        yield from _value_files(helm.seq("valueFiles", merge=True))


def _origin(source: Mapping) -> Iterator[Fact]:
    """Yield the chart, the artifact in an OCI registry, or the git repository that a source names."""
    url, name, revision = (source.scalar(key, merge=True) for key in ("repoURL", "chart", "targetRevision"))
    if name is not None and name.value:
        yield from chart(name, revision, url)
    elif url is not None and url.value.startswith("oci://"):
        yield from _artifact(url, revision)
    else:
        yield from _repository(url, revision)


def _repository(url: Scalar | None, revision: Scalar | None) -> Iterator[Fact]:
    """Yield a git repository; without a revision it is HEAD, and a revision may be a range of versions."""
    if url is None or not url.value:
        return
    kind = classify_ref(revision.value) if revision is not None else "none"
    if kind == "tag" and revision is not None and _RANGE.search(revision.value):
        kind = "range"
    yield git_source(url.source, revision, kind, "argocd")


def _artifact(url: Scalar, revision: Scalar | None) -> Iterator[Image]:
    ranged = revision is not None and bool(_RANGE.search(revision.value))
    digest = revision if revision is not None and revision.value.startswith("sha256:") else None
    tag = None if ranged or digest is not None else revision
    found = image_fact(
        reference(url.source, tag.source if tag else None, digest.source if digest else None),
        role="artifact",
        engine="argocd",
    )
    if found is not None:
        yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if ranged else found


def _images(images: Sequence | None) -> Iterator[Image]:
    """`[old=]new[:tag][@digest]`: what follows the `=` replaces what stands before it."""
    for item in images or ():
        if isinstance(item, Scalar):
            match = _OLD.match(item.value)
            start = match.end() if match else 0
            yield from _override(image_fact(item.source.part(start, len(item.value)), role="override", engine="argocd"))


def _override(found: Image | None) -> Iterator[Image]:
    """Yield what replaces an image; without a tag of its own, the tag of what it replaces stays."""
    if found is not None:
        bare = found.tag == "" and found.digest == ""
        yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if bare else found


def _parameters(parameters: Sequence | None) -> Iterator[Image]:
    """`image.tag` and its kin: values that are given to a chart one by one."""
    for item in parameters or ():
        name, value = (item.scalar(key) for key in ("name", "value")) if isinstance(item, Mapping) else (None, None)
        match = _PARAMETER.fullmatch(name.value) if name is not None else None
        if match is None or name is None or value is None or not value.value or text_of(value) is UNKNOWN:
            continue
        if match["tag"] or name.value.endswith("tag"):
            source = composed([MARK, ":", value.source])
            found = image_fact(source, role="override", engine="argocd", written=f"{name.value}={value.value}")
        elif re.search(r"[/:@]", value.value):
            found = image_fact(value.source, role="override", engine="argocd")
        else:
            continue
        yield from _override(found)


def _value_files(files: Sequence | None) -> Iterator[Download]:
    for item in files or ():
        if isinstance(item, Scalar):
            yield from remote_file(item.source, tool="argocd")


def _updated_images(node: Mapping) -> Iterator[Image]:
    """Images that the image updater moves; which tag runs is its choice, within the constraint."""
    metadata = node.map("metadata", merge=True)
    annotations = metadata.map("annotations", merge=True) if metadata is not None else None
    listed = annotations.scalar(_UPDATED) if annotations is not None else None
    for match in _ENTRY.finditer(listed.value) if listed is not None and not MARKER.search(listed.value) else ():
        if listed is not None:
            found = image_fact(listed.source.part(*match.span("image")), role="override", engine="argocd")
            if found is not None:
                yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial", problem="")
