"""Chart.yaml: the chart as a package, its default tag, and the charts that it depends on (helm.sh/docs/topics/charts).

name, version, appVersion, type, deprecated
dependencies [{name, alias, version, repository}]   repository = https:// | oci:// | file:// | git+https:// | @alias | alias: | ""
annotations {artifacthub.io/images: "- {name, image}"}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Chart, Dependency, Fact, Option, Package, Text, Variables
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.package_versions import version_fields
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs import MARK
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_MARKER = re.compile(r"\{\{|\$\{|\$\(|\{%|@@|@[A-Z_]+@|__[A-Z_]+__|%[A-Z_]+%|\ue000")
_EXACT = re.compile(r"=?\s*v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_ANY = re.compile(r"[*xX]?|>=?\s*v?0(?:\.0)*(?:-0)?|(?:[*xX]\.){1,2}[*xX]")
_RANGE = re.compile(r"\d|[*^~<>=]")
_IMAGES = "artifacthub.io/images"


def read(source: Source) -> Iterator[Fact]:
    """Read a Chart.yaml."""
    loaded = load(source)
    if loaded.faults and "{{" in source.text:
        from relcheck.readers.go_template import masked  # noqa: PLC0415 - charts made by a generator are few

        loaded = load(masked(source))
    else:
        yield from faults(loaded)
    for node in loaded.documents[:1]:
        if isinstance(node, Mapping):
            yield from _chart(source, node)


def _chart(source: Source, node: Mapping) -> Iterator[Fact]:
    name, version, app = (node.scalar(key) for key in ("name", "version", "appVersion"))
    parts = {
        field: scalar.span
        for field, scalar in (("name", name), ("version", version), ("app_version", app))
        if scalar is not None and scalar.value and known(scalar) is not UNKNOWN
    }
    folder = source.path.rpartition("/")[0]
    yield Chart(
        span=parts.get("name") or node.span,
        parts=parts,
        folder=folder,
        name=known(name) or UNKNOWN,
        version=known(version) or UNKNOWN,
        app_version=known(app),
        deprecated=node.text("deprecated").lower() == "true",
    )
    if name is not None and version is not None:
        parts.pop("app_version", None)
        yield _package(name, version, parts, folder)
    yield from dependencies(node)
    annotations = node.map("annotations")
    yield from _images(annotations.scalar(_IMAGES) if annotations is not None else None)


def dependencies(node: Mapping) -> Iterator[Fact]:
    """Yield the charts that a chart depends on, where they come from, and the names that values know them by."""
    aliases: list[Option] = []
    for entry in node.seq("dependencies") or ():
        chart = entry.scalar("name", merge=True) if isinstance(entry, Mapping) else None
        if isinstance(entry, Mapping) and chart is not None:
            aliases.append(Option(name=entry.text("alias") or chart.value, span=chart.span))
            repository = entry.scalar("repository", merge=True)
            yield from chart_facts(chart, entry.scalar("version", merge=True), repository, vendored=True)
    if aliases:
        yield Variables(span=aliases[0].span, values_of=tuple(aliases))


def known(scalar: Scalar | None) -> Text:
    """Return the text of a scalar, UNKNOWN where a marker of some template stands in it, "" for none."""
    if scalar is None:
        return ""
    return UNKNOWN if _MARKER.search(scalar.value) else scalar.value


def _package(name: Scalar, version: Scalar, parts: dict[str, Span], folder: str) -> Package:
    written = known(version)
    # Helm takes a leading v; what is left must be SemVer.
    bare = written.removeprefix("v") if isinstance(written, str) else written
    fields = version_fields("helm", bare or UNKNOWN)
    return Package(
        span=parts.get("version") or parts.get("name") or name.span,
        parts=parts,
        ecosystem="helm",
        name=known(name) or UNKNOWN,
        folder=folder,
        version=written or UNKNOWN,
        private=UNKNOWN,
        **fields,
    )


def chart_firmness(version: str) -> str:
    """Return how firmly a version of a chart is asked for: exact, range or any (nothing, or a wildcard)."""
    text = version.strip()
    if _ANY.fullmatch(text):
        return "any"
    if not _RANGE.search(text):
        return "unknown"  # a word, such as the HEAD of a git repository
    return "exact" if _EXACT.fullmatch(text) else "range"


def chart_facts(
    name: Scalar, version: Scalar | None, repository: Scalar | None, *, vendored: bool = False
) -> Iterator[Fact]:
    """Yield a chart as a dependency, and the repository that it comes from."""
    yield chart_dependency(name, version, repository, vendored=vendored)
    if repository is not None and repository.value.startswith("git+"):
        from relcheck.readers.gitops import git_folder  # noqa: PLC0415 - few charts come from a repository of git

        yield git_folder(repository, "helm", "chart")
    elif repository is not None and "://" in repository.value and not repository.value.startswith("file:"):
        from relcheck.readers.urls import registry  # noqa: PLC0415 - most charts depend on no other

        yield from registry(repository.source, ecosystem="helm", purpose="chart", key="repository")


def chart_dependency(
    name: Scalar, version: Scalar | None, repository: Scalar | None, *, vendored: bool = False
) -> Dependency:
    """Return a chart as a dependency. `vendored`: without a repository the chart stands in `charts/`."""
    place = repository.value.strip() if repository is not None else ""
    url = parse_url(place) if repository is not None else None
    constraint = known(version)
    source = "path" if place.startswith("file://") or (vendored and not place) else "registry"
    source = "git" if place.startswith("git+") else source
    parts = {"name": name.span}
    if version is not None and version.value and constraint is not UNKNOWN:
        parts["constraint"] = version.span
    where: Text = url.redacted if url is not None else place
    if isinstance(where, str) and MARK in where:
        where = UNKNOWN
    firmness: Text = UNKNOWN if constraint is UNKNOWN else chart_firmness(str(constraint))
    return Dependency(
        span=parts.get("constraint", name.span),
        parts=parts,
        ecosystem="helm",
        where="manifest",
        name=known(name) or UNKNOWN,
        constraint=constraint,
        firmness="path" if source == "path" else firmness,
        source=source,
        url=where,
        scheme=url.scheme if url is not None else "",
    )


def _images(scalar: Scalar | None) -> Iterator[Fact]:
    """The list of images that Artifact Hub shows, YAML in a string."""
    if scalar is None or "{{" in scalar.value:
        return
    for node in load(scalar.source).documents:
        for entry in node if isinstance(node, Sequence) else ():
            image = entry.scalar("image") if isinstance(entry, Mapping) else None
            found = image_fact(image.source, role="workload", engine="helm") if image is not None else None
            if found is not None:
                yield found
