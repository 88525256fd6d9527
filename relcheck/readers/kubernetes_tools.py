"""Objects that tools around a cluster read: what they fetch, mirror and install.

    App, PackageRepository, Package (Carvel): fetch [{imgpkgBundle | image | git | http | helmChart}], as in vendir.yml
    ImageSetConfiguration (oc-mirror): mirror.helm.repositories [{url, charts [{name, version}]}]
    ClusterConfiguration (kubeadm): kubernetesVersion (v1.31.2 | stable | latest-1.31), imageRepository
    ClusterPackage, Package (Glasskube): spec.packageInfo {name, version}
    GitRepo (Fleet): spec {repo, branch, revision}       Build (Shipwright): spec.source.git {url, revision}
    ClusterProfile (Sveltos): spec.helmCharts [{repositoryURL, chartName, chartVersion}]
    DataVolume (CDI): spec.source.http.url               KafkaConnect (Strimzi): artifacts [{url, sha512sum}]

Sources: carvel.dev/kapp-controller, docs.openshift.com (oc-mirror), the references of the kinds by their projects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Registry
from relcheck.readers.gitops import chart, git_source, text_of
from relcheck.readers.kubernetes import Setting
from relcheck.readers.kubernetes_parameters import walk_keys
from relcheck.readers.nodes import Mapping, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.refs.git import classify_ref

_EXACT = re.compile(r"v?\d+\.\d+\.\d+\S*")


def object_facts(node: Mapping, group: str, kind: str, _: Setting) -> Iterator[Fact]:
    """Yield what an object of one of the groups takes from elsewhere."""
    reader = _READERS.get((group, kind), _fetched if group in _CARVEL else None)
    if reader is not None:
        yield from reader(node)


def _fetched(node: Mapping) -> Iterator[Fact]:
    from relcheck.readers.vendir import content_facts  # noqa: PLC0415 - the controller runs vendir

    for key, value in walk_keys(node):
        if key == "fetch":
            for item in value if isinstance(value, Sequence) else [value]:
                yield from content_facts(item) if isinstance(item, Mapping) else ()


def _mirrored(node: Mapping) -> Iterator[Fact]:
    mirror = node.map("mirror", merge=True)
    helm = mirror.map("helm", merge=True) if mirror is not None else None
    for repository in (helm.seq("repositories", merge=True) if helm is not None else None) or ():
        url = repository.scalar("url", merge=True) if isinstance(repository, Mapping) else None
        for item in (repository.seq("charts", merge=True) if isinstance(repository, Mapping) else None) or ():
            name = item.scalar("name", merge=True) if isinstance(item, Mapping) else None
            if isinstance(item, Mapping) and name is not None and name.value:
                yield from chart(name, item.scalar("version", merge=True), url)


def _cluster(node: Mapping) -> Iterator[Fact]:
    version, images = node.scalar("kubernetesVersion"), node.scalar("imageRepository")
    if version is not None and version.value and text_of(version) is not UNKNOWN:
        yield Dependency(
            span=version.span,
            parts={"constraint": version.span},
            ecosystem="github-tool",
            where="tool",
            name="kubernetes/kubernetes",
            constraint=version.value,
            firmness="exact" if _EXACT.fullmatch(version.value) else "tag",
        )
    if images is not None and images.value and text_of(images) is not UNKNOWN:
        host = images.value.partition("/")[0]
        yield Registry(span=images.span, ecosystem="docker", purpose="mirror", url=images.value, host=host)


def _package(node: Mapping) -> Iterator[Fact]:
    spec = node.map("spec", merge=True)
    info = spec.map("packageInfo", merge=True) if spec is not None else None
    name, version = (info.scalar(key, merge=True) if info is not None else None for key in ("name", "version"))
    if name is None or not name.value:
        return
    ref = version if version is not None and version.value else None
    yield Component(
        span=(ref or name).span,
        parts={"name": name.span, **({"ref": ref.span} if ref is not None else {})},
        system="glasskube",
        kind="package",
        name=text_of(name),
        owner="",
        ref=text_of(ref),
        ref_kind=classify_ref(ref.value) if ref is not None else "none",
    )


def _git(node: Mapping) -> Iterator[Fact]:
    """A repository of Fleet or of a build; without a revision and a branch it is the default branch."""
    spec = node.map("spec", merge=True)
    source = spec.map("source", merge=True) if spec is not None else None
    holder = (source.map("git", merge=True) if source is not None else None) or spec
    url = (holder.scalar("repo", merge=True) or holder.scalar("url", merge=True)) if holder is not None else None
    if holder is None or url is None or not url.value:
        return
    ref = holder.scalar("revision", merge=True) or holder.scalar("branch", merge=True)
    yield git_source(url.source, ref, classify_ref(ref.value) if ref is not None else "none", "fleet")


def _profile(node: Mapping) -> Iterator[Fact]:
    spec = node.map("spec", merge=True)
    for item in (spec.seq("helmCharts", merge=True) if spec is not None else None) or ():
        name = item.scalar("chartName", merge=True) if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and name is not None and name.value:
            yield from chart(name, item.scalar("chartVersion", merge=True), item.scalar("repositoryURL", merge=True))


def _downloaded(node: Mapping) -> Iterator[Fact]:
    """Disks and plugins by their URL, a plugin with a checksum beside it."""
    for key, value in walk_keys(node):
        for item in value if key == "artifacts" and isinstance(value, Sequence) else [value] if key == "http" else []:
            url = item.scalar("url", merge=True) if isinstance(item, Mapping) else None
            if isinstance(item, Mapping) and url is not None:
                checked = bool(item.text("sha512sum", merge=True))
                yield from remote_file(url.source, tool="kubernetes", checksum=checked)


_CARVEL = frozenset(("kappctrl.k14s.io", "packaging.carvel.dev", "data.packaging.carvel.dev"))
_READERS: dict[tuple[str, str], Callable[[Mapping], Iterator[Fact]]] = {
    ("mirror.openshift.io", "ImageSetConfiguration"): _mirrored,
    ("kubeadm.k8s.io", "ClusterConfiguration"): _cluster,
    ("packages.glasskube.dev", "ClusterPackage"): _package,
    ("packages.glasskube.dev", "Package"): _package,
    ("fleet.cattle.io", "GitRepo"): _git,
    ("shipwright.io", "Build"): _git,
    ("config.projectsveltos.io", "ClusterProfile"): _profile,
    ("config.projectsveltos.io", "Profile"): _profile,
    ("cdi.kubevirt.io", "DataVolume"): _downloaded,
    ("kafka.strimzi.io", "KafkaConnect"): _downloaded,
}
