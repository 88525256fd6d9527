"""Flux: which folder goes into which namespace, and the sources, charts and images that it names.

    Kustomization: spec.path, spec.targetNamespace, spec.images, spec.patches, spec.postBuild.substitute {NAME: value}
    HelmRelease: spec.chart.spec {chart, version, sourceRef} | chartRef, spec.values, spec.postRenderers [{kustomize}]
    GitRepository: spec.url, spec.ref {commit, name, semver, tag, branch}; none is the branch master
    every source: spec.secretRef {name}, a Secret of its namespace
    OCIRepository: spec.url, spec.ref {digest, semver, tag}, spec.insecure; none is the tag latest
    HelmRepository: spec.url, spec.insecure; HelmChart: spec.chart, spec.version; Bucket: spec.endpoint, spec.insecure
    ImageRepository: spec.image, whose tags an ImagePolicy chooses
    FluxInstance: spec.distribution.artifact, spec.sync {kind, url, ref}

Source: fluxcd.io/flux/components.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Option, Registry, Variables
from relcheck.readers.gitops import chart, deploy, folder, git_source, insecure, text_of, values
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting
from relcheck.readers.kubernetes_secrets import holder_of
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.refs.git import classify_ref
from relcheck.refs.url import parse_url
from relcheck.source import Source

_VERSION = re.compile(r"^# Flux Version: (?P<version>v\d+\.\d+\.\d+\S*)[ \t]*\r?$", re.MULTILINE)


def object_facts(node: Mapping, group: str, kind: str, setting: Setting) -> Iterator[Fact]:
    """Yield what an object of Flux takes from elsewhere, and what it deploys."""
    reader = _READERS.get((group.partition(".")[0], kind))
    spec = node.map("spec", merge=True)
    metadata = node.map("metadata", merge=True)
    secret = _secret(kind, spec, metadata) if group.startswith("source.") and spec is not None else None
    for fact in reader(spec, setting) if reader is not None and spec is not None else ():
        if isinstance(fact, Registry) and fact.url is not UNKNOWN:
            named = holder_of(kind, metadata, "") if kind == "HelmRepository" else ""
            yield fact.replace(called=named, has_credential=fact.has_credential or secret is not None)
        elif isinstance(fact, Dependency) and fact.where == "manifest" and spec is not None:
            yield _from_source(fact, spec, metadata)
        else:
            yield fact
    if secret is not None:
        yield secret


def _secret(kind: str, spec: Mapping, metadata: Mapping | None) -> Registry | None:
    """Return what says that the credential of a source stands in a Secret; link looks for it in the repository."""
    named, url = (
        spec.map("secretRef", merge=True),
        spec.scalar("url", merge=True) or spec.scalar("endpoint", merge=True),
    )
    name = named.scalar("name", merge=True) if named is not None else None
    about = _SOURCES.get(kind)
    holder = holder_of("Secret", named, metadata.text("namespace", merge=True) if metadata is not None else "")
    if name is None or about is None or not holder:
        return None
    found = parse_url(url.value) if url is not None else None
    return Registry(
        span=name.span, ecosystem=about[0], purpose=about[1], url=found.redacted if found is not None else UNKNOWN,
        host=found.host if found is not None else UNKNOWN, key="secretRef", has_credential=True, credential_in=holder,
    )  # fmt: skip


def _from_source(chart: Dependency, spec: Mapping, metadata: Mapping | None) -> Dependency:
    """Say which object the chart comes from, in the namespace of the release where none is written; link knows its URL."""
    outer = spec.map("chart", merge=True)
    inner = (outer.map("spec", merge=True) if outer is not None else None) or spec
    source = inner.map("sourceRef", merge=True)
    own = metadata.text("namespace", merge=True) if metadata is not None else ""
    kind = source.text("kind", merge=True) if source is not None else ""
    return chart.replace(url=UNKNOWN, index=holder_of(kind, source, own) if kind == "HelmRepository" else "")


def installed(source: Source) -> Iterator[Dependency]:
    """Yield the version of Flux itself, which stands in a comment of the file that `flux install` writes."""
    match = _VERSION.search(source.text, 0, 2000)
    if match is not None:
        place = source.at(*match.span("version"))
        yield Dependency(
            span=place,
            parts={"constraint": place},
            ecosystem="github-tool",
            where="tool",
            name="fluxcd/flux2",
            constraint=match["version"],
            firmness="exact",
        )


def _kustomization(spec: Mapping, _: Setting) -> Iterator[Fact]:
    namespace = spec.scalar("targetNamespace")
    if namespace is not None and namespace.value:
        yield deploy("flux", namespace, spec.scalar("path"))
    yield from _substitutes(spec)
    yield from _overrides(spec)


def _substitutes(spec: Mapping) -> Iterator[Variables]:
    """The values that are put into the manifests of a folder; those of `substituteFrom` are not known here."""
    build = spec.map("postBuild", merge=True)
    if build is None:
        return
    written = build.map("substitute", merge=True)
    pairs = [(key, value) for key, value in written.pairs(merge=True)] if written is not None else []
    yield Variables(
        span=build.span,
        values_of=tuple(
            Option(name=key.value, value=text_of(value), span=value.span)
            for key, value in pairs
            if isinstance(value, Scalar)
        ),
        folder=folder(spec.scalar("path", merge=True)) or ".",
    )


def _overrides(holder: Mapping) -> Iterator[Fact]:
    from relcheck.readers.kustomization import override_images, patch_facts  # noqa: PLC0415 - few objects patch

    yield from override_images(holder.seq("images"), engine="kustomize")
    yield from patch_facts(holder)


def _helm_release(spec: Mapping, _: Setting) -> Iterator[Fact]:
    outer = spec.map("chart", merge=True)
    inner = outer.map("spec", merge=True) if outer is not None else None
    if inner is not None:
        yield from _chart(inner, _)
    yield from values(spec.map("values"))
    for renderer in spec.seq("postRenderers") or ():
        kustomize = renderer.map("kustomize") if isinstance(renderer, Mapping) else None
        if kustomize is not None:
            yield from _overrides(kustomize)


def _chart(spec: Mapping, _: Setting) -> Iterator[Fact]:
    """A chart by name and version; `./x` is a folder of a git source, and no version means the newest.

    A patch gives the version alone.
    """
    name, source = spec.scalar("chart", merge=True), spec.map("sourceRef", merge=True)
    version = spec.scalar("version", merge=True)
    if name is None and version is not None and version.value:
        yield Dependency(
            span=version.span,
            parts={"constraint": version.span} if text_of(version) is not UNKNOWN else {},
            ecosystem="helm",
            where="patch",
            constraint=text_of(version),
        )
    if name is None or not name.value or name.value.startswith((".", "/")):
        return
    if source is not None and source.text("kind") in ("GitRepository", "Bucket"):
        return
    yield from chart(name, version, None)


def _git_repository(spec: Mapping, _: Setting) -> Iterator[Fact]:
    """`commit` wins over `name`, `semver`, `tag` and `branch`; nothing means the branch master."""
    ref = spec.map("ref", merge=True)
    chosen, kind = None, "none"
    for key in ("commit", "name", "semver", "tag", "branch"):
        chosen = ref.scalar(key, merge=True) if ref is not None else None
        if chosen is not None and chosen.value:
            kind = {"branch": "branch", "semver": "range"}.get(key) or classify_ref(chosen.value)
            break
    url = spec.scalar("url", merge=True)
    if url is not None:
        yield git_source(url.source, chosen, kind, "flux")
        yield from _plain_http(url.source)


def _plain_http(url: Source) -> Iterator[Fact]:
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few objects name an endpoint

    for fact in registry(url, ecosystem="git", purpose="vcs", key="url"):
        if not isinstance(fact, Registry) or fact.scheme in ("http", "git"):
            yield fact


def _oci_repository(spec: Mapping, _: Setting) -> Iterator[Fact]:
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
    if found is not None:
        ranged = ref is not None and (ref.text("semver") or ref.text("semverFilter")) and not ref.text("digest")
        yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if ranged else found
    yield from insecure(
        spec.scalar("insecure", merge=True), url, ecosystem="docker", purpose="container", key="insecure"
    )


def _helm_repository(spec: Mapping, _: Setting) -> Iterator[Fact]:
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few objects name an endpoint

    url = spec.scalar("url", merge=True)
    if url is not None:
        yield from registry(url.source, ecosystem="helm", purpose="chart", key="url")
        yield from insecure(spec.scalar("insecure", merge=True), url, ecosystem="helm", purpose="chart", key="insecure")


def _instance(spec: Mapping, _: Setting) -> Iterator[Fact]:
    """What the operator of Flux installs, and the source that it keeps the cluster in step with."""
    distribution, sync = spec.map("distribution", merge=True), spec.map("sync", merge=True)
    artifact = distribution.scalar("artifact", merge=True) if distribution is not None else None
    if artifact is not None and artifact.value:
        found = image_fact(artifact.source, role="artifact", engine="flux")
        yield from (found,) if found is not None else ()
    url = sync.scalar("url", merge=True) if sync is not None else None
    if sync is None or url is None or not url.value:
        return
    ref = sync.scalar("ref", merge=True)
    if sync.text("kind", merge=True) == "GitRepository":
        yield git_source(url.source, ref, classify_ref(ref.value) if ref is not None else "none", "flux")
        yield from _plain_http(url.source)
    elif sync.text("kind", merge=True) == "OCIRepository":
        from relcheck.readers.composed import reference  # noqa: PLC0415 - only where a reference stands in pieces

        digest = ref if ref is not None and ref.value.startswith("sha256:") else None
        tag = ref.source if ref is not None and digest is None else None
        found = image_fact(
            reference(url.source, tag, digest.source if digest is not None else None), role="artifact", engine="flux"
        )
        yield from (found,) if found is not None else ()


def _bucket(spec: Mapping, _: Setting) -> Iterator[Fact]:
    endpoint = spec.scalar("endpoint", merge=True)
    flag = spec.scalar("insecure", merge=True)
    yield from insecure(flag, endpoint, ecosystem="bucket", purpose="mirror", key="insecure")


def _image_repository(spec: Mapping, _: Setting) -> Iterator[Fact]:
    """The image whose tags are watched; which one is used stands where the policy's marker is."""
    image = spec.scalar("image", merge=True)
    if image is not None and text_of(image) is not UNKNOWN:
        found = image_fact(image.source, role="artifact", engine="flux")
        if found is not None:
            yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial")
    yield from insecure(spec.scalar("insecure"), image, ecosystem="docker", purpose="container", key="insecure")


_READERS: dict[tuple[str, str], Callable[[Mapping, Setting], Iterator[Fact]]] = {
    ("kustomize", "Kustomization"): _kustomization,
    ("helm", "HelmRelease"): _helm_release,
    ("source", "GitRepository"): _git_repository,
    ("source", "OCIRepository"): _oci_repository,
    ("source", "HelmRepository"): _helm_repository,
    ("source", "HelmChart"): _chart,
    ("source", "Bucket"): _bucket,
    ("image", "ImageRepository"): _image_repository,
    ("fluxcd", "FluxInstance"): _instance,
}
_SOURCES = {
    "GitRepository": ("git", "vcs"),
    "OCIRepository": ("docker", "container"),
    "HelmRepository": ("helm", "chart"),
    "Bucket": ("bucket", "mirror"),
}
"""The ecosystem and the purpose of each kind of source."""
