"""Which package a publish step means, and whether that package may go where the step sends it."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from relcheck.facts import UNKNOWN, Command, Component, Credential, Fact, Package, Publish, Registry, Related
from relcheck.link import Repository, folder_of
from relcheck.link.oidc import identity
from relcheck.link.tag_guards import unguarded
from relcheck.vcs import origin

_MANIFESTS = {"npm": "package.json", "cargo": "Cargo.toml"}
_TOOLS = frozenset(("npm publish", "pnpm publish", "bun publish", "yarn publish", "yarn npm publish", "cargo publish"))
_BUILT = frozenset(("gh-action-pypi-publish", "twine upload", "uv publish", "poetry publish", "flit publish",
                    "hatch publish", "pdm publish"))  # fmt: skip
_NPM_PUBLIC = "registry.npm"
"""How the host of npm's public registry begins."""


def link(repository: Repository) -> None:
    """Fill what a publish step learns from the manifest of the package that it publishes."""
    manifests: dict[str, dict[str, list[tuple[str, Package]]]] = {}
    for path, _, package in repository.all(Package):
        if not package.version_only and package.ecosystem in ("npm", "cargo", "pypi"):
            manifests.setdefault(package.ecosystem, {}).setdefault(str(package.name), []).append((path, package))
    remote = _remote(repository) if "npm" in manifests else ""
    for path, index, step in list(repository.all(Publish)):
        if step.ecosystem not in manifests or step.dry_run is not False:
            continue
        found = _meant(repository, path, step, manifests[step.ecosystem])
        if found is None:
            continue
        changes = {
            **_blocked(step, *found),
            **_elsewhere(repository, path, step, *found),
            **identity(repository, path, step, found[1], remote),
            **unguarded(repository, path, step, *found),
        }
        if changes:
            repository.put(path, index, step.replace(**changes))


def _remote(repository: Repository) -> str:
    """Return owner and name of the origin where it is on GitHub, the only forge that npm compares with."""
    tokenless = any(step.ecosystem == "npm" and step.dry_run is False for _, _, step in repository.all(Publish))
    host, _, path = origin(repository.root).partition("/") if repository.root and tokenless else ("", "", "")
    return path if host == "github.com" else ""


def _meant(
    repository: Repository, path: str, step: Publish, named: dict[str, list[tuple[str, Package]]]
) -> tuple[str, Package] | None:
    """Return the manifest that a step publishes, None where it is not certain."""
    if step.ecosystem == "pypi":
        alone = [pair for pairs in named.values() for pair in pairs]
        return alone[0] if len(alone) == 1 and step.tool in _BUILT and repository.whole else None
    if step.tool not in _TOOLS or _rewritten(repository, path, step):
        return None
    if step.package:
        pairs = named.get(step.package, [])
        return pairs[0] if len(pairs) == 1 and repository.whole else None
    base = _base(repository, path, step)
    if base is None or step.folder is UNKNOWN:
        return None
    name = _MANIFESTS[step.ecosystem]
    manifest = normpath("/".join(part for part in (base, str(step.folder), name) if part))
    found = (
        [fact for fact in repository.of(manifest) if isinstance(fact, Package)] if manifest in repository.paths else []
    )
    found = [fact for fact in found if not fact.version_only]
    return (manifest, found[0]) if len(found) == 1 else None


def _base(repository: Repository, path: str, step: Publish) -> str | None:
    """Return the folder in which a step's commands start, None where the files do not tell."""
    form = repository.format_of(path)
    if form in ("package-json", "makefile"):
        return folder_of(path)
    if form == "github-workflow":
        checkouts = [
            fact
            for fact in _around(repository, path, step)
            if isinstance(fact, Component) and fact.name == "actions/checkout"
        ]
        moved = any(option.name in ("path", "repository") for fact in checkouts for option in fact.inputs)
        return path.rpartition(".github/")[0].rstrip("/") if checkouts and not moved else None
    return folder_of(path) if form == "gitlab-ci" and path.rsplit("/", 1)[-1] == ".gitlab-ci.yml" else None


def _around(repository: Repository, path: str, step: Publish) -> Iterator[Fact]:
    return (fact for fact in repository.of(path) if fact.job == step.job)


def _rewritten(repository: Repository, path: str, step: Publish) -> bool:
    """Whether the job may change the manifest before it publishes, or brings it from elsewhere."""
    for fact in _around(repository, path, step):
        if isinstance(fact, Component) and fact.name == "actions/download-artifact":
            return True
        if isinstance(fact, Command) and not fact.context.startswith("npm:") and (
            any("package.json" in word or "Cargo.toml" in word for word in fact.argv)
            or (fact.program == "npm" and str(fact.verb).startswith("pkg"))
        ):  # fmt: skip
            return True
    return False


def _blocked(step: Publish, path: str, package: Package) -> dict[str, object]:
    """Return the words of the manifest that forbid this upload."""
    why = package.blocked
    if package.ecosystem == "pypi" and step.host != "" and not str(step.host).startswith(("upload.", "pypi.")):
        return {}
    if not why and step.index and package.publish_to and step.index not in package.publish_to:
        why = f"publish = [{', '.join(package.publish_to)}]"
    if not why:
        return {}
    related = Related(span=package.parts.get("private", package.span), note="the package", path=path)
    return {"blocked_by": why, "blocked_at": path, "related": (*step.related, related)}


def _elsewhere(repository: Repository, path: str, step: Publish, manifest: str, package: Package) -> dict[str, object]:
    """Return where npm sends the package, when the job's only token is for another registry.

    The client takes `--registry` first, then a line of `.npmrc` for the scope, then `publishConfig`.
    """
    if step.ecosystem != "npm":
        return {}
    inside = list(_around(repository, path, step))
    registries = [fact for fact in inside if isinstance(fact, Registry) and fact.ecosystem == "npm"]
    prepared = {fact.host for fact in registries if fact.key == "registry-url"}
    flags = {fact.host for fact in registries if fact.key == "--registry" and fact.step == step.step}
    if len(prepared) != 1 or len(flags) > 1 or UNKNOWN in prepared | flags:
        return {}
    host, by = (flags.pop(), "--registry") if flags else (package.publish_host, f"publishConfig of {manifest}")
    (ours,) = prepared
    if not host or host == ours or _knows(repository, path, str(host), step):
        return {}
    return {"sent_to": host, "sent_by": by, "prepared_for": ours}


def _knows(repository: Repository, path: str, host: str, step: Publish) -> bool:
    """Whether the client may have a credential for a host after all, from a file, a command or its identity."""
    if step.id_token == "write" and host.startswith(_NPM_PUBLIC):  # noqa: S105 - a level, not a secret
        return True
    if repository.named(".npmrc", ".yarnrc.yml"):
        return True
    return any(
        (isinstance(fact, Command) and any("npmrc" in word or "_auth" in word for word in fact.argv))
        or (
            isinstance(fact, Command)
            and fact.program in ("npm", "yarn", "pnpm")
            and str(fact.verb).startswith(("config", "set", "login"))
        )
        or (isinstance(fact, Credential) and fact.host == host)
        for fact in _around(repository, path, step)
    )
