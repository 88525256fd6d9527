"""Lock files and the repository around them: hosts that nobody configured, and versions that were not locked again."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Dependency, Package, Registry, Related, Sibling
from relcheck.link import Repository, folder_of
from relcheck.refs.url import parse_url
from relcheck.refs.version import same_version

_PUBLIC = {
    "cargo": frozenset(("github.com", "index.crates.io", "crates.io", "static.crates.io")),
    "gem": frozenset(("rubygems.org", "index.rubygems.org")),
}
_NAMING = (
    ".npmrc", ".yarnrc.yml", ".yarnrc", "pnpm-workspace.yaml", "bunfig.toml", "package.json", "Cargo.toml", "config.toml",
    "Gemfile", "pyproject.toml", "uv.toml", "Pipfile", "pip.conf", "composer.json",
)  # fmt: skip
_NOT_SOURCES = frozenset(("lock", "vcs", "publish", "proxy", "scripts"))


def link(repository: Repository) -> None:
    """Fill `configured` of the registries in lock files, and `stale_lock` of packages."""
    _hosts(repository)
    _versions(repository)


def _hosts(repository: Repository) -> None:
    """A host is known when the lock file mostly uses it, or a file of the repository names it."""
    locked: dict[str, list[tuple[int, Registry]]] = {}
    for path, index, fact in repository.all(Registry):
        if fact.purpose == "lock":
            locked.setdefault(path, []).append((index, fact))
    named: dict[str, set[object]] | None = None
    own = frozenset(repository.own.get("registries", ()))
    for path, facts in locked.items():
        if len({fact.host for _, fact in facts}) == 1:
            for index, fact in facts:
                repository.put(path, index, fact.replace(configured=True))
            continue
        named = _named_hosts(repository) if named is None else named
        ecosystem = facts[0][1].ecosystem
        home = max(facts, key=lambda pair: pair[1].others)[1].host
        known = named.get(ecosystem, set()) | {home} | own | _public(ecosystem)
        for index, fact in facts:
            repository.put(path, index, fact.replace(configured=fact.host in known))


def _named_hosts(repository: Repository) -> dict[str, set[object]]:
    """Return the hosts that manifests and configuration files name, by ecosystem."""
    for path in repository.named(*_NAMING) if not repository.whole else ():
        repository.of(path)
    named: dict[str, set[object]] = {}
    for _, _, fact in repository.all(Registry):
        if fact.purpose not in _NOT_SOURCES:
            named.setdefault(fact.ecosystem, set()).add(fact.host)
    for _, _, dependency in repository.all(Dependency):
        if dependency.source in ("url", "git") and dependency.where != "lock" and dependency.url is not UNKNOWN:
            url = parse_url(str(dependency.url))
            if url is not None:
                named.setdefault(dependency.ecosystem, set()).add(url.host)
    return named


def _public(ecosystem: str) -> frozenset[str]:
    """Return the hosts of the ecosystem's public registry, as the package URL library knows them."""
    if ecosystem in _PUBLIC:
        return _PUBLIC[ecosystem]
    from packageurl.contrib.purl2url import get_download_url, get_repo_url  # noqa: PLC0415 - only for lock files

    purl = f"pkg:{ecosystem}/a@1"
    asked = (get_download_url(purl), get_repo_url(purl))  # type: ignore[no-untyped-call]
    return frozenset(str(url.host) for text in asked if (url := parse_url(text or "")) is not None)


def _versions(repository: Repository) -> None:
    """A lock file that states another version of a package than its manifest is refused by frozen installs."""
    locks = [
        (path, fact) for path, _, fact in repository.all(Package)
        if fact.version_only and repository.format_of(path).startswith("lock-")
    ]  # fmt: skip
    if not locks:
        return
    manifests: dict[tuple[str, str], list[tuple[str, int, Package]]] = {}
    for path, index, package in repository.all(Package):
        written = package.version is not UNKNOWN and not package.version_dynamic
        if not package.version_only and written and package.name is not UNKNOWN:
            manifests.setdefault((package.ecosystem, _normal(package)), []).append((path, index, package))
    for lock, stated in locks:
        for path, index, package in manifests.get((stated.ecosystem, _normal(stated)), ()):
            if _belongs(lock, path, stated) and not same_version(
                package.ecosystem, str(package.version), str(stated.version)
            ):
                sibling = Sibling(path=lock, version=str(stated.version), span=stated.span)
                related = Related(span=stated.span, note=f"states {stated.version}", path=lock)
                repository.put(path, index, package.replace(stale_lock=(sibling,), related=(*package.related, related)))


def _belongs(lock: str, manifest: str, stated: Package) -> bool:
    """Whether a lock file is the one of a manifest: npm's stands beside it, a workspace's beside it or above."""
    folder, inner = folder_of(lock), folder_of(manifest)
    if stated.ecosystem == "npm":
        return folder == inner
    return not folder or inner == folder or inner.startswith(f"{folder}/")


def _normal(package: Package) -> str:
    name = str(package.name)
    return name.lower().replace("_", "-").replace(".", "-") if package.ecosystem in ("pypi", "cargo") else name
