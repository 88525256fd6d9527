"""Flux and Argo CD: which folder goes into which namespace, and the sources, charts and images that they name.

Flux (fluxcd.io/flux/components)
    Kustomization: spec.path, spec.targetNamespace, spec.images
    HelmRelease: spec.chart.spec {chart, version, sourceRef}, spec.targetNamespace, spec.values, spec.postRenderers
    GitRepository, OCIRepository, HelmRepository: spec.url, spec.ref; HelmChart: spec.chart, spec.version
Argo CD (argo-cd.readthedocs.io, Application and ApplicationSet)
    spec.source, spec.sources[], template.spec: repoURL, path, chart, targetRevision, kustomize.images, helm.values;
    spec.destination.namespace
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Deploy, Fact, Image, Text
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.source import Span

_MARKER = re.compile(r"\{\{|\$\{|\$\(|\ue000")
_ARGO_IMAGE = re.compile(r"(?:[^=]*=)?")


def gitops_facts(node: Mapping, group: str, kind: str, setting: Setting) -> Iterator[Fact]:
    """Yield what an object of Flux or Argo CD deploys."""
    reader = _READERS.get((group, kind))
    spec = node.map("spec", merge=True)
    if reader is not None and spec is not None:
        yield from reader(node, spec, setting)


def _text(scalar: Scalar | None, default: str = "") -> Text:
    if scalar is None:
        return default
    return UNKNOWN if _MARKER.search(scalar.value) else scalar.value.strip()


def _folder(scalar: Scalar | None) -> Text:
    """Return a folder relative to the root of the repository; the empty string is the root itself."""
    text = _text(scalar)
    return text if text is UNKNOWN else "/".join(part for part in str(text).split("/") if part not in ("", "."))


# Flux


def _flux_kustomization(_: Mapping, spec: Mapping, setting: Setting) -> Iterator[Fact]:
    namespace, path = spec.scalar("targetNamespace"), spec.scalar("path")
    if namespace is not None and namespace.value:
        yield Deploy(
            span=namespace.span,
            parts={"namespace": namespace.span},
            tool="flux",
            path=_folder(path),
            namespace=_text(namespace),
        )
    yield from _overrides(spec, setting)


def _overrides(holder: Mapping, _: Setting) -> Iterator[Fact]:
    if holder.seq("images") is not None:
        from relcheck.readers.kustomization import override_images  # noqa: PLC0415 - few objects override images

        yield from override_images(holder.seq("images"), engine="kustomize")


def _helm_release(_: Mapping, spec: Mapping, setting: Setting) -> Iterator[Fact]:
    chart = spec.map("chart", merge=True)
    inner = chart.map("spec", merge=True) if chart is not None else None
    if inner is not None:
        yield from _flux_chart(inner)
    yield from _values(spec.map("values"))
    for renderer in spec.seq("postRenderers") or ():
        kustomize = renderer.map("kustomize") if isinstance(renderer, Mapping) else None
        if kustomize is not None:
            yield from _overrides(kustomize, setting)


def _flux_chart(spec: Mapping) -> Iterator[Fact]:
    """A chart by name and version; `./x` is a folder of a git source, and no version means the newest."""
    name = spec.scalar("chart", merge=True)
    if name is None or not name.value or name.value.startswith((".", "/")):
        return
    source = spec.map("sourceRef", merge=True)
    if source is not None and source.text("kind") in ("GitRepository", "Bucket"):
        return
    yield from _chart(name, spec.scalar("version", merge=True), None)


def _chart(name: Scalar, version: Scalar | None, repository: Scalar | None) -> Iterator[Fact]:
    from relcheck.readers.helm_chart import chart_dependency  # noqa: PLC0415 - few objects name a chart

    yield chart_dependency(name, version, repository)


def _values(values: Mapping | None) -> Iterator[Fact]:
    if values is not None:
        from relcheck.readers.helm_values import value_facts  # noqa: PLC0415 - few objects hold values

        yield from value_facts(values)


def _helm_chart(_: Mapping, spec: Mapping, __: Setting) -> Iterator[Fact]:
    yield from _flux_chart(spec)


def _git_repository(_: Mapping, spec: Mapping, __: Setting) -> Iterator[Fact]:
    """`commit` wins over `name`, `semver`, `tag` and `branch`; nothing means the branch master."""
    ref = spec.map("ref", merge=True)
    chosen, kind = None, "none"
    for key in ("commit", "name", "semver", "tag", "branch"):
        chosen = ref.scalar(key, merge=True) if ref is not None else None
        if chosen is not None:
            kind = {"branch": "branch", "semver": "range"}.get(key) or classify_ref(chosen.value)
            break
    url = spec.scalar("url", merge=True)
    if url is not None:
        yield _git_source(url, chosen, kind, "flux")


def _git_source(url: Scalar, ref: Scalar | None, ref_kind: str, system: str) -> Component:
    found = parse_git_url(url.value, any_https=True)
    known = found is not None and found.owner is not UNKNOWN and found.repository is not UNKNOWN
    parts: dict[str, Span] = {}
    if ref is not None and ref.value:
        parts["ref"] = ref.span
    return Component(
        span=parts.get("ref", url.span),
        parts=parts,
        system=system,
        kind="repository",
        name=f"{found.owner}/{found.repository}".lstrip("/") if found is not None and known else UNKNOWN,
        owner=found.owner if found is not None else UNKNOWN,
        host=found.host if found is not None else UNKNOWN,
        ref=_text(ref),
        ref_kind=UNKNOWN if _text(ref) is UNKNOWN else ref_kind,
    )


def _oci_repository(_: Mapping, spec: Mapping, __: Setting) -> Iterator[Fact]:
    url, ref = spec.scalar("url", merge=True), spec.map("ref", merge=True)
    if url is None or not url.value:
        return
    tag = ref.scalar("tag", merge=True) if ref is not None else None
    digest = ref.scalar("digest", merge=True) if ref is not None else None
    from relcheck.readers.composed import reference  # noqa: PLC0415 - only where a reference stands in pieces

    found = image_fact(
        reference(url.source, tag.source if tag else None, digest.source if digest else None),
        role="artifact",
        engine="flux",
    )
    if found is None:
        return
    if ref is not None and tag is None and digest is None and ref.items:
        found = found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial")  # a range of versions chooses
    yield found


def _helm_repository(_: Mapping, spec: Mapping, __: Setting) -> Iterator[Fact]:
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few objects name an endpoint

    url = spec.scalar("url", merge=True)
    if url is not None:
        yield from registry(url.source, ecosystem="helm", purpose="chart", key="url")


# Argo CD


def _application(_: Mapping, spec: Mapping, __: Setting) -> Iterator[Fact]:
    sources = [source for source in [spec.map("source"), *(spec.seq("sources") or ())] if isinstance(source, Mapping)]
    hydrator = spec.map("sourceHydrator")
    dry = hydrator.map("drySource") if hydrator is not None else None
    sources += [dry] if dry is not None else []
    destination = spec.map("destination", merge=True)
    namespace = destination.scalar("namespace", merge=True) if destination is not None else None
    for source in sources:
        yield from _argo_source(source, namespace)


def _application_set(_: Mapping, spec: Mapping, setting: Setting) -> Iterator[Fact]:
    template = spec.map("template", merge=True)
    inner = template.map("spec", merge=True) if template is not None else None
    if inner is not None and template is not None:
        yield from _application(template, inner, setting)


def _argo_source(source: Mapping, namespace: Scalar | None) -> Iterator[Fact]:
    url, chart, revision = (source.scalar(name, merge=True) for name in ("repoURL", "chart", "targetRevision"))
    path = source.scalar("path", merge=True)
    kustomize, helm = source.map("kustomize", merge=True), source.map("helm", merge=True)
    if chart is not None:
        yield from _chart(chart, revision, url)
    elif url is not None and not url.value.startswith("oci://"):
        kind = classify_ref(revision.value) if revision is not None else "none"
        yield _git_source(url, revision, kind, "argocd")
    own = kustomize.scalar("namespace", merge=True) if kustomize is not None else None
    given = own or namespace
    if given is not None and given.value and chart is None and path is not None:
        yield Deploy(
            span=given.span,
            parts={"namespace": given.span},
            tool="argocd",
            path=_folder(path),
            namespace=_text(given),
        )
    if kustomize is not None:
        yield from _argo_images(kustomize.seq("images", merge=True))
    if helm is not None:
        yield from _values(helm.map("valuesObject", merge=True))
        yield from _values_text(helm.scalar("values", merge=True))


def _values_text(values: Scalar | None) -> Iterator[Fact]:
    if values is not None and values.value.strip() and not _MARKER.search(values.value):
        from relcheck.readers.helm_values import read  # noqa: PLC0415 - few objects hold values

        yield from read(values.source)


def _argo_images(images: Sequence | None) -> Iterator[Image]:
    """`[old=]new[:tag][@digest]`: what follows the `=` replaces what stands before it."""
    for item in images or ():
        if not isinstance(item, Scalar):
            continue
        match = _ARGO_IMAGE.match(item.value)
        start = match.end() if match else 0
        found = image_fact(item.source.part(start, len(item.value)), role="override", engine="argocd")
        if found is not None:
            bare = found.tag == "" and found.digest == ""
            yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if bare else found


_READERS = {
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _flux_kustomization,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _helm_release,
    ("source.toolkit.fluxcd.io", "GitRepository"): _git_repository,
    ("source.toolkit.fluxcd.io", "OCIRepository"): _oci_repository,
    ("source.toolkit.fluxcd.io", "HelmRepository"): _helm_repository,
    ("source.toolkit.fluxcd.io", "HelmChart"): _helm_chart,
    ("argoproj.io", "Application"): _application,
    ("argoproj.io", "ApplicationSet"): _application_set,
}
