"""What a repository publishes, and what that means for its packages: flags, registries, contents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Command, Dependency, IgnoreFile, Package, Publish, Truth
from relcheck.link import Repository, folder_of
from relcheck.link.packages import LOCKS
from relcheck.refs.names import name_problem

_TOGETHER = frozenset(("lerna", "changeset", "nx", "changesets/action"))
_PLAIN = frozenset(("npm", "pnpm", "yarn", "bun"))
_RECURSIVE = frozenset(("-r", "--recursive", "--workspaces", "-ws", "--workspace", "--all"))
_SECRET = re.compile(
    r"(?:^|/)\.env(?:[.*]|$)|\.(?:pem|key|p12|pfx|jks)$|(?:^|/)(?:id_rsa|secrets?|credentials?)(?:[./*]|$)|\.npmrc$"
)


def link(repository: Repository) -> None:
    """Fill what packages are told by publish steps, by their neighbours and by ignore files."""
    steps = {
        fact.ecosystem for _, _, fact in repository.all(Publish) if fact.dry_run is not True
    }  # fmt: skip
    together = _published_together(repository)
    indexes = _private_indexes(repository)
    tagged = _tagged(repository)
    gem_host = _gem_host(repository)
    for path, index, package in list(repository.all(Package)):
        if package.version_only or package.ecosystem not in ("npm", "cargo", "gem", "pypi", "composer"):
            continue
        step: Truth = package.ecosystem in steps or (False if repository.whole else UNKNOWN)
        made = package.replace(
            publish_step=step,
            published_together=package.ecosystem in together,
            name_problem=name_problem(package.ecosystem, "" if package.name is UNKNOWN else str(package.name)),
            lock_ignored=_ignored_lock(repository, path, package),
        )
        if package.ecosystem == "npm":
            made = _npm_contents(repository, path, made).replace(publish_tagged=tagged)
        elif package.ecosystem == "gem" and not package.publish_host:
            made = made.replace(foreign_index=gem_host)
        elif package.ecosystem == "cargo" and not package.publish_to and package.private is False:
            made = made.replace(foreign_index=indexes.get(path, indexes.get("", "")))
        repository.put(path, index, made)


def _published_together(repository: Repository) -> set[str]:
    """Return the ecosystems of which one command publishes every package that is not private."""
    found = {
        fact.ecosystem for _, _, fact in repository.all(Publish) if fact.tool.split(" ")[0] in _TOGETHER
    }  # fmt: skip
    tools = {"npm": "npm", "pnpm": "npm", "cargo": "cargo"}
    for _, _, command in repository.all(Command):
        program = command.program if isinstance(command.program, str) else ""
        if program in tools and "publish" in command.argv and not _RECURSIVE.isdisjoint(command.flags):
            found.add(tools[program])
    return found


def _tagged(repository: Repository) -> Truth:
    """Whether a step that publishes to npm gives a dist-tag, or is a tool that chooses one itself."""
    steps = [fact for _, _, fact in repository.all(Publish) if fact.ecosystem == "npm" and fact.dry_run is not True]
    return any(
        fact.tool.split(" ")[0] not in _PLAIN or any(option.name == "--tag" for option in fact.options)
        for fact in steps
    )


def _gem_host(repository: Repository) -> str:
    """Return the host of its own that the repository pushes gems to, the empty string for the public one."""
    for _, _, fact in repository.all(Publish):
        if fact.ecosystem == "gem" and isinstance(fact.host, str) and fact.host not in ("", "rubygems.org"):
            return fact.host
    return ""


def _ignored_lock(repository: Repository, path: str, package: Package) -> str:
    """Return the lock file that .gitignore beside an application keeps out of the repository."""
    locks = LOCKS.get(package.ecosystem, ())
    if package.private is not True or package.root or repository.above(path, *locks):
        return ""
    beside = repository.beside(path, ".gitignore")
    patterns = {pattern.strip("/") for pattern in _patterns(repository, beside)} if beside else set()
    return next((lock for lock in locks if lock in patterns), "")


def _private_indexes(repository: Repository) -> dict[str, str]:
    """Return the registry of each Cargo.toml's dependencies, and under "" one that a neighbour publishes to."""
    found: dict[str, str] = {}
    for path, _, dependency in repository.all(Dependency):
        if dependency.ecosystem == "cargo" and dependency.index not in ("", "crates-io"):
            found.setdefault(path, dependency.index)
    for _, _, package in repository.all(Package):
        if package.ecosystem == "cargo" and package.publish_to and "crates-io" not in package.publish_to:
            found.setdefault("", package.publish_to[0])
    return found


def _npm_contents(repository: Repository, path: str, package: Package) -> Package:
    """Say what keeps files out of the package, and which secrets of .gitignore an .npmignore forgets."""
    if package.contents:
        return package
    ignore = repository.beside(path, ".npmignore")
    if not ignore:
        return package.replace(contents="none")
    kept = {pattern.strip("/") for pattern in _patterns(repository, ignore)}
    forgotten = [
        pattern
        for other in _git_ignores(repository, path)
        for pattern in _patterns(repository, other)
        if _SECRET.search(pattern) and pattern.strip("/") not in kept
    ]
    if not forgotten:
        return package.replace(contents="ignore-file")
    return package.replace(contents="shadowed", unignored=forgotten[0])


def _git_ignores(repository: Repository, path: str) -> Iterator[str]:
    folder = folder_of(path)
    for candidate in dict.fromkeys((f"{folder}/.gitignore" if folder else ".gitignore", ".gitignore")):
        if candidate in repository.paths:
            yield candidate


def _patterns(repository: Repository, path: str) -> list[str]:
    return [
        pattern
        for fact in repository.of(path)
        if isinstance(fact, IgnoreFile)
        for pattern in fact.patterns
        if not pattern.startswith("!")
    ]
