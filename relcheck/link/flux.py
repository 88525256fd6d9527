"""What objects of Flux say of other files: values of variables in manifests, and where the charts of releases come from.

A Kustomization puts its values into the manifests of its folder and into what the kustomizations there build on. A
HelmRelease names its repository by kind, namespace and name, a source the Secret that opens it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from relcheck.facts import (
    UNKNOWN,
    Credential,
    Dependency,
    Image,
    Option,
    Registry,
    Related,
    Resource,
    Unknown,
    Variables,
)
from relcheck.link import Repository
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source, Span

if TYPE_CHECKING:
    from relcheck.link.kubernetes import Graph

_PARSED = (
    "name", "registry", "host", "namespace", "repository", "tag", "digest", "tag_kind", "problem", "digest_problem", "written",
    "state", "related", "floating_default",
)  # fmt: skip
_VARIABLE = ("name", "registry", "host", "namespace", "repository", "tag", "digest", "tag_kind")
_OPENING = ("password", "bearerToken", "secretkey", "token")
"""Keys of a Secret that open a source; a private key is told as such."""
_MANIFESTS_READ = 1000
_HIGHEST = 1000
"""So many kustomizations above a manifest are looked at."""


def link(repository: Repository) -> None:
    """Fill images that hold variables of Flux, the addresses of charts, and say what the passwords of Secrets open."""
    _substitute(repository)
    _patched_versions(repository)
    _chart_sources(repository)
    _opened(repository)


def _substitute(repository: Repository) -> None:
    waiting = [found for found in repository.all(Image) if found[2].engine == "kubernetes" and found[2].raw]
    if not waiting:
        return
    if not _read(repository, b"postBuild"):
        for path, index, image in waiting:
            repository.put(path, index, image.replace(**dict.fromkeys(_VARIABLE, UNKNOWN), state="partial"))
        return
    given = [(path, fact) for path, _, fact in repository.all(Variables) if fact.folder]
    if not given:
        return
    from relcheck.link.kubernetes import Graph  # noqa: PLC0415 - few repositories are deployed by Flux

    graph = Graph(repository)
    for path, index, image in waiting:
        around = _around(graph, path)
        sets = [(other, fact) for other, fact in given if _covers(fact, around)]
        if sets and "raw" in image.parts:
            repository.put(path, index, _with_values(image, path, sets))


def _read(repository: Repository, word: bytes) -> bool:
    """Look at the manifests that hold a word, where only some files are scanned; false when that is too much."""
    if repository.whole:
        return True
    paths = sorted(path for path in repository.paths if path.endswith((".yaml", ".yml")))
    if len(paths) > _MANIFESTS_READ:
        return False
    for path in paths:
        if word in repository.content(path):
            repository.of(path)
    return True


def _around(graph: Graph, path: str) -> set[str]:
    """Return a manifest and all kustomizations that build it."""
    found, waiting = {path}, [path]
    while waiting and len(found) < _HIGHEST:
        above = [other for other in graph.builders(waiting.pop()) if other not in found]
        found.update(above)
        waiting += above
    return found


def _covers(variables: Variables, paths: set[str]) -> bool:
    folder = variables.folder
    if isinstance(folder, Unknown):
        return True  # any folder: what it gives is only used where all agree
    prefix = "" if folder == "." else f"{posixpath.normpath(folder)}/"
    return any(path.startswith(prefix) for path in paths)


def _with_values(image: Image, path: str, sets: list[tuple[str, Variables]]) -> Image:
    """Put in the values on which all agree that deploy the manifest; one that they do not agree on is not known."""
    values: dict[str, list[tuple[str, Option]]] = {}
    for other, fact in sets:
        for option in fact.values_of:
            values.setdefault(option.name, []).append((other, option))

    def lookup(name: str) -> str | None:
        found = values.get(name, [])
        texts = {option.value for _, option in found}
        if not found:
            return None
        (text,) = texts if len(texts) == 1 and len(found) == len(sets) else (UNKNOWN,)
        return MARK if isinstance(text, Unknown) else text

    expansion = expand(Source(path, image.raw), lookup, "flux")
    if not expansion.used:
        return image
    related = tuple(
        Related(span=option.span, note=f"{name} is set here", path="" if other == path else other)
        for name, _ in expansion.used
        for other, option in values[name]
    )
    found = image_fact(
        expansion.source, role=image.role, engine=image.engine, written=expansion.source.text, state=expansion.state,
        related=related,
    )  # fmt: skip
    if found is None:
        return image
    whole = image.parts["raw"]
    parts = {name: Span(whole.start, whole.end, f"{whole.form}>variable") for name in found.parts}
    changed = {name: getattr(found, name) for name in _PARSED}
    return image.replace(**changed, span=whole, parts={**parts, "raw": whole})


def _patched_versions(repository: Repository) -> None:
    """Leave the version of a chart open where a patch of its release gives one."""
    patches = {path for path, _, found in repository.all(Dependency) if found.where == "patch"}
    if not patches:
        return
    named = {name for path in patches for name in _releases(repository, path)}
    for path, index, chart in list(repository.all(Dependency)):
        if chart.index and chart.where == "manifest" and not named.isdisjoint(_releases(repository, path)):
            parts = {name: span for name, span in chart.parts.items() if name != "constraint"}
            open_version = dict.fromkeys(("constraint", "firmness"), UNKNOWN)
            repository.put(path, index, chart.replace(**open_version, parts=parts))


def _releases(repository: Repository, path: str) -> set[str]:
    """Return the names of the releases that a file holds."""
    found = (fact for fact in repository.of(path) if isinstance(fact, Resource) and fact.kind == "HelmRelease")
    return {fact.name for fact in found if isinstance(fact.name, str) and fact.name}


def _chart_sources(repository: Repository) -> None:
    """Give each chart the URL of the repository that its release names: the one of its namespace, else of its name."""
    waiting = [found for found in repository.all(Dependency) if found[2].index.startswith("HelmRepository/")]
    if not waiting or not _read(repository, b"HelmRepository"):
        return
    named: dict[str, list[tuple[str, Registry]]] = {}
    for path, _, registry in repository.all(Registry):
        if registry.called:
            named.setdefault(registry.called, []).append((path, registry))
            named.setdefault(registry.called.rpartition("/")[2], []).append((path, registry))
    for path, index, chart in waiting:
        found = named.get(chart.index) or _of_open_namespace(chart.index, named)
        urls = {registry.url for _, registry in found}
        if len(urls) == 1 and UNKNOWN not in urls:
            other, registry = found[0]
            place = Related(span=registry.span, note="its repository", path="" if other == path else other)
            repository.put(
                path,
                index,
                chart.replace(url=registry.url, scheme=registry.scheme, related=(*chart.related, place)),
            )


def _opened(repository: Repository) -> None:
    """Say of a password in a Secret which source it opens: the one that names the Secret, in the same namespace.

    What deploys them may give one of the two namespaces.
    """
    waiting = [found for found in repository.all(Credential) if found[2].holder and found[2].kind == "k8s-secret"]
    waiting = [found for found in waiting if found[2].key in _OPENING and found[2].form == "literal"]
    if not waiting or not _read(repository, b"secretRef"):
        return
    named: dict[tuple[str, str], tuple[str, Registry]] = {}
    for path, _, source in repository.all(Registry):
        if source.credential_in:
            _, namespace, name = source.credential_in.split("/")
            for space in (namespace, "*"):
                named.setdefault((space, name), (path, source))
    for path, index, secret in waiting if named else ():
        _, namespace, name = secret.holder.split("/")
        found = named.get((namespace or "*", name)) or named.get(("", name))
        if found is not None:
            repository.put(path, index, _opening(secret, path, *found))


def _opening(secret: Credential, path: str, other: str, source: Registry) -> Credential:
    return secret.replace(
        kind="helm-repo-password" if source.ecosystem == "helm" else "client-login",
        host="" if isinstance(source.host, Unknown) else source.host,
        related=(
            *secret.related,
            Related(span=source.span, note="what it opens", path="" if other == path else other),
        ),
    )


def _of_open_namespace(called: str, named: dict[str, list[tuple[str, Registry]]]) -> list[tuple[str, Registry]]:
    """Return the repositories of a name where one of the two namespaces is given by what deploys it."""
    _, namespace, name = called.split("/")
    return [
        (path, registry)
        for path, registry in named.get(name, [])
        if not namespace or "//" in registry.called
    ]  # fmt: skip
