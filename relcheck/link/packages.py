"""Packages and what stands around them: other places of their version, lock files, private scopes."""

from __future__ import annotations

from typing import Any

from relcheck.facts import (
    UNKNOWN,
    Command,
    Dependency,
    Install,
    Package,
    Publish,
    Registry,
    Related,
    Sibling,
    Text,
    Truth,
)
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.refs.ranges import allows
from relcheck.refs.version import same_version

LOCKS: dict[str, tuple[str, ...]] = {
    "npm": (
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
    ),
    "jsr": ("deno.lock",),
    "pypi": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"),
    "cargo": ("Cargo.lock",),
    "gem": ("Gemfile.lock", "gems.locked"),
    "composer": ("composer.lock",),
    "go": ("go.sum",),
    "nuget": ("packages.lock.json",),
    "helm": ("Chart.lock", "requirements.lock"),
    "terraform": (".terraform.lock.hcl",),
    "maven": ("gradle.lockfile",),
    "conda": ("pixi.lock", "conda-lock.yml", "conda-lock.yaml"),
}
TOOL_LOCKS: dict[str, tuple[str, ...]] = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock", "bun.lockb"),
    "poetry": ("poetry.lock",),
    "uv": ("uv.lock",),
    "pdm": ("pdm.lock",),
    "pipenv": ("Pipfile.lock",),
    "bundle": ("Gemfile.lock", "gems.locked"),
    "cargo": ("Cargo.lock",),
    "composer": ("composer.lock",),
    "dotnet": ("packages.lock.json",),
}
_WRAPPED = {"pypi": ("Cargo.toml",), "npm": ("jsr.json", "deno.json", "deno.jsonc")}
_STATED_TWICE = ("pypi", "gem", "npm", "cargo")
_MANIFESTS = (
    "package.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "composer.json",
)
_FULL_VERSION = lazy_pattern(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:[-.+].*)?")
_NEVER_BUMPED = ("0.0.0", "0.0.1")
"""What a manifest says whose package is never published: the image has a version of its own."""
_VERSION_FILES = ("__init__.py", "_version.py", "__version__.py", "version.py", "__about__.py")


def link(repository: Repository) -> None:
    """Fill what packages, dependencies and installs cannot know alone."""
    _promote(repository)
    _inherit(repository)
    _siblings(repository)
    _locks(repository)
    _scopes(repository)
    _skew(repository)
    if repository.named("go.mod"):
        from relcheck.link.go_tags import mark_replacements  # noqa: PLC0415 - only for Go

        mark_replacements(repository)


def _promote(repository: Repository) -> None:
    """setup.cfg, else setup.py, is the manifest of a folder without a package in pyproject.toml."""
    for name in ("setup.cfg", "setup.py"):
        for path in repository.named(name):
            beside = [repository.beside(path, "pyproject.toml"), repository.beside(path, "setup.cfg")]
            known = [
                fact
                for other in beside
                if other and other != path
                for fact in repository.of(other)
                if isinstance(fact, Package) and not fact.version_only
            ]
            for index, fact in enumerate(repository.of(path)):
                if isinstance(fact, Package) and not known and fact.name is not UNKNOWN and fact.name:
                    repository.put(path, index, fact.replace(version_only=False))


def _inherit(repository: Repository) -> None:
    """Give crates what they leave to their workspace (`version.workspace = true`, `publish.workspace = true`)."""
    for path, index, package in list(repository.all(Package)):
        if package.ecosystem != "cargo" or package.version_only:
            continue
        shared = _workspace(repository, path) if package.version_dynamic or package.private is UNKNOWN else None
        if shared is None:
            continue
        repository.put(path, index, _inherited(package, shared))


def _inherited(package: Package, shared: Package) -> Package:
    changes: dict[str, Any] = {}
    if package.version_dynamic:
        changes = {
            "version": shared.version,
            "version_problem": shared.version_problem,
            "version_canonical": shared.version_canonical,
            "prerelease": shared.prerelease,
        }
    if package.private is UNKNOWN:
        blocked = "publish = false in its workspace" if shared.private is True else ""
        changes |= {"private": shared.private, "publish_to": shared.publish_to, "blocked": blocked}
    return package.replace(**changes)


def _workspace(repository: Repository, path: str) -> Package | None:
    """Return `[workspace.package]` of the nearest Cargo.toml, in the same folder or above."""
    folder = folder_of(path)
    while True:
        candidate = f"{folder}/Cargo.toml" if folder else "Cargo.toml"
        if candidate in repository.paths:
            for fact in repository.of(candidate):
                if isinstance(fact, Package) and fact.version_only and fact.ecosystem == "cargo":
                    return fact
        if not folder:
            return None
        folder = folder_of(folder)


def _siblings(repository: Repository) -> None:
    """A package and the other places that state its version; the finding belongs to the manifest."""
    for path, index, package in list(repository.all(Package)):
        if package.version_only or package.ecosystem not in _STATED_TWICE or path not in repository.reported:
            continue
        stated = [(other, found) for other, found in _stated(repository, path, package) if found.version is not UNKNOWN]
        base: Text = package.version
        if base is UNKNOWN and stated:
            base = stated[0][1].version
        stated += _labelled(repository, path, package)
        siblings = tuple(Sibling(path=other, version=str(found.version), span=found.span) for other, found in stated)
        differing = tuple(
            sibling for sibling in siblings
            if base is not UNKNOWN and not same_version(package.ecosystem, str(base), sibling.version)
        )  # fmt: skip
        related = tuple(
            Related(span=other.span, note=f"states {other.version}", path=other.path) for other in differing
        )
        repository.put(
            path,
            index,
            package.replace(siblings=siblings, disagrees=differing, related=package.related + related, version=base),
        )


def _stated(repository: Repository, path: str, package: Package) -> list[tuple[str, Package]]:
    """Return the other places of a package's version: beside the manifest and in the package's own folder."""
    found = [
        (other, fact)
        for other in _version_paths(repository, path, package)
        for fact in repository.of(other)
        if isinstance(fact, Package) and fact.version_only and _may_belong(fact, package)
    ]
    return found + _wrapped(repository, path, package)


def _labelled(repository: Repository, path: str, package: Package) -> list[tuple[str, Package]]:
    """Return the version that the label of an image states, where the folder of its Dockerfile holds one package only."""
    folder = folder_of(path)
    manifests = [name for name in _MANIFESTS if name != path.rsplit("/", 1)[-1] and repository.beside(path, name)]
    found = [repository.beside(path, name) for name in ("Dockerfile", "Containerfile")] if not manifests else []
    return [
        (other, fact)
        for other in filter(None, found)
        for fact in repository.of(other)
        if isinstance(fact, Package) and fact.ecosystem == "oci" and fact.folder == folder and _may_belong(fact, package)
        and _FULL_VERSION.fullmatch(str(fact.version)) and package.version not in _NEVER_BUMPED
    ]  # fmt: skip


def _wrapped(repository: Repository, path: str, package: Package) -> list[tuple[str, Package]]:
    """Return the package of the same name for another registry beside one: a crate (maturin), a package for JSR."""
    found = [repository.beside(path, name) for name in _WRAPPED.get(package.ecosystem, ())]
    return [
        (other, fact)
        for other in filter(None, found)
        for fact in repository.of(other)
        if isinstance(fact, Package) and not fact.version_only and fact.name is not UNKNOWN
        and fact.version is not UNKNOWN and package.name is not UNKNOWN and _bare(fact) == _bare(package)
    ]  # fmt: skip


def _bare(package: Package) -> str:
    return _normal(str(package.name).rpartition("/")[2])


def _may_belong(stated: Package, package: Package) -> bool:
    names = [_normal(str(name)) for name in (stated.name, package.name) if name is not UNKNOWN and name]
    return len(set(names)) < 2 or len(names) < 2


def _version_paths(repository: Repository, path: str, package: Package) -> list[str]:
    folder = folder_of(path)
    prefix = f"{folder}/" if folder else ""
    name = str(package.name) if package.name is not UNKNOWN else ""
    if package.ecosystem in ("npm", "cargo"):
        return []
    if package.ecosystem == "gem":
        wanted = [f"{prefix}lib/{name.replace('-', mark)}/version.rb" for mark in ("/", "_")] if name else []
    else:
        wanted = [f"{prefix}setup.cfg", f"{prefix}setup.py"]
        module = _normal(name).replace("-", "_")
        for base in (f"{prefix}{module}", f"{prefix}src/{module}", f"{prefix}lib/{module}") if name else ():
            wanted += [f"{base}/{file}" for file in _VERSION_FILES]
    return [found for found in dict.fromkeys(wanted) if found in repository.paths and found != path]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _locks(repository: Repository) -> None:
    """Lock files beside or above a manifest settle its ranges; those at the root belong to CI's installs."""
    manifests = {
        path: fact for path, _, fact in repository.all(Package) if not fact.version_only
    }  # fmt: skip
    steps = {fact.ecosystem for _, _, fact in repository.all(Publish) if fact.dry_run is not True}
    for path, index, dependency in list(repository.all(Dependency)):
        if dependency.where != "manifest" or dependency.locked is not UNKNOWN:
            continue
        package = manifests.get(path)
        published: Truth = UNKNOWN if package is None else _is_published(package, steps, repository.whole)
        locked = bool(repository.above(path, *LOCKS.get(dependency.ecosystem, ())))
        released: Truth = UNKNOWN if package is None else _not(package.prerelease)
        found = dependency.replace(locked=locked, published=published, in_release=released)
        repository.put(path, index, found)
    cloned = _first_clones(repository)
    installs = list(repository.all(Install))
    from_the_lock = {(path, fact.job, fact.tool) for path, _, fact in installs if fact.job and fact.frozen is True}
    for path, index, install in installs:
        elsewhere = path in cloned and cloned[path] < install.span.start
        lockfile = install.lockfile
        if lockfile is UNKNOWN and not elsewhere:
            lockfile = _lock_of(repository, path, install.tool)
        # Who updates with composer in a job that also installs from the lock file tests both ends of the ranges.
        both = install.tool == "composer" and (path, install.job, install.tool) in from_the_lock
        frozen = UNKNOWN if both and install.frozen is False else install.frozen
        if frozen is UNKNOWN and install.tool == "yarn" and lockfile is True and _is_first_yarn(repository, path):
            frozen = False
        repository.put(path, index, install.replace(lockfile=lockfile, frozen=frozen))


def _is_first_yarn(repository: Repository, path: str) -> bool:
    """Whether Yarn 1 wrote the lock file, which it also changes in a pipeline unless it is told not to."""
    lock, settings = repository.above(path, "yarn.lock"), repository.above(path, ".yarnrc")
    told = b"frozen-lockfile" in repository.content(settings) if settings else False
    return b"# yarn lockfile v1" in repository.content(lock)[:500] and not told if lock else False


def _first_clones(repository: Repository) -> dict[str, int]:
    """Return where a Dockerfile fetches another repository: what it installs behind that may be the other's."""
    found: dict[str, int] = {}
    for path, _, command in repository.all(Command):
        if command.program == "git" and command.verb == "clone" and repository.format_of(path) == "dockerfile":
            found[path] = min(command.span.start, found.get(path, command.span.start))
    return found


def _not(value: Truth) -> Truth:
    return UNKNOWN if value is UNKNOWN else not value


def _skew(repository: Repository) -> None:
    """Say of a dependency on a package of this repository which version of it the constraint leaves out."""
    if not repository.whole:
        return  # another package of the same name may stand in a file that is not read
    own: dict[tuple[str, str], list[Package]] = {}
    private: set[str] = set()
    for path, _, package in repository.all(Package):
        if not package.version_only and package.ecosystem in ("npm", "cargo") and package.name is not UNKNOWN:
            own.setdefault((package.ecosystem, str(package.name)), []).append(package)
            private |= {path} if package.private is not False else set()
    for path, index, fact in list(repository.all(Dependency)):
        siblings = own.get((fact.ecosystem, str(fact.name)), [])
        wanted = fact.where == "manifest" and fact.group in ("prod", "optional", "build") and path not in private
        if not wanted or len(siblings) != 1 or siblings[0].version is UNKNOWN or siblings[0].private is not False:
            continue
        version = str(siblings[0].version)
        if isinstance(fact.constraint, str) and allows(fact.ecosystem, fact.constraint, version) is False:
            repository.put(path, index, fact.replace(excluded=version))


def _is_published(package: Package, steps: set[str], whole: bool) -> Truth:
    """Whether a package may be published: not private, and a step of the repository publishes its ecosystem."""
    if package.private is True:
        return False
    if package.private is UNKNOWN or not (whole or package.ecosystem in steps):
        return UNKNOWN
    return package.ecosystem in steps


def _lock_of(repository: Repository, path: str, tool: str) -> Truth:
    """Whether a lock file of the tool stands where the command most likely runs: beside the file, or at the root."""
    names = TOOL_LOCKS.get(tool, ())
    if not names:
        return UNKNOWN
    if repository.beside(path, *names) or any(name in repository.paths for name in names):
        return True
    return UNKNOWN if repository.named(*names) else False


def _scopes(repository: Repository) -> None:
    """Scopes of npm that are private here, and whether a client configuration maps them to a registry."""
    scoped = [
        (path, index, fact) for path, index, fact in repository.all(Dependency)
        if fact.ecosystem == "npm" and fact.source == "registry" and isinstance(fact.name, str) and fact.name.startswith("@")
    ]  # fmt: skip
    if not scoped:
        return
    packages = [
        fact for path in repository.named("package.json") for fact in repository.of(path) if isinstance(fact, Package)
    ]
    private = {fact.scope for fact in packages if fact.scope and fact.publish_host}
    own = {fact.name for fact in packages}
    clients = repository.named(".npmrc", ".yarnrc.yml", ".yarnrc", "pnpm-workspace.yaml", "bunfig.toml")
    registries = [fact for path in clients for fact in repository.of(path) if isinstance(fact, Registry)]
    unread = any(not repository.format_of(path) for path in clients)
    mapped = {fact.scope for fact in registries if fact.purpose == "index"}
    for path, index, fact in scoped:
        scope = str(fact.name).partition("/")[0]
        known: Truth = True if scope in mapped or "" in mapped else UNKNOWN if unread else False
        repository.put(
            path, index, fact.replace(scope_private=scope in private and fact.name not in own, scope_mapped=known)
        )
