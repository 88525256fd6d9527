"""Publishing to npm with the identity of the run: what the client and the manifest must be for that."""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Command, Credential, Dependency, Package, Publish, Related
from relcheck.link import Repository
from relcheck.refs.git import owner_and_name

_BUNDLES_OLD_NPM = 23
"""The last major version of Node whose npm knows no trusted publishing (npm 11.5.1 came with Node 24)."""


def identity(repository: Repository, path: str, step: Publish, package: Package, remote: str) -> dict[str, object]:
    """Return what stands against a publish to npm's public registry with the identity of the run."""
    if step.tool != "npm publish" or not _public(step, package) or _own_token(repository, path, step):
        return {}
    changes: dict[str, object] = {}
    proves = any(option.name == "--provenance" for option in step.options)
    if step.token == "oidc" and not proves:  # noqa: S105 - a kind
        changes |= _old_client(repository, path, step)
    if (step.token == "oidc" or proves) and remote and isinstance(package.repository, str):  # noqa: S105
        named = owner_and_name(package.repository)
        if named != remote and (named or not package.repository):
            changes["origin"] = remote
    return changes


def _public(step: Publish, package: Package) -> bool:
    hosts = {host for host in (step.host, package.publish_host) if host != ""}
    return all(isinstance(host, str) and host.startswith("registry.npm") for host in hosts)


def _own_token(repository: Repository, path: str, step: Publish) -> bool:
    """Whether the job hands the client a token in another way than by a variable, or a file of the repository does."""
    for fact in repository.of(path):
        if fact.job != step.job:
            continue
        if isinstance(fact, Credential) and fact.ecosystem == "npm" and fact.where == "home":
            return True
        if isinstance(fact, Command) and any(
            "npmrc" in word or "_auth" in word or word == "login" for word in fact.argv
        ):
            return True
    return any(
        isinstance(fact, Credential)
        for name in repository.named(".npmrc", ".yarnrc.yml")
        for fact in repository.of(name)
    )


def _old_client(repository: Repository, path: str, step: Publish) -> dict[str, object]:
    """Return the version of Node that brings an npm too old, where nothing in the job brings another npm."""
    inside = [fact for fact in repository.of(path) if fact.job == step.job]
    nodes = [fact for fact in inside if isinstance(fact, Dependency) and fact.where == "setup" and fact.name == "node"]
    upgraded = any(
        (isinstance(fact, Dependency) and fact.ecosystem == "npm" and fact.name == "npm")
        or (isinstance(fact, Command) and (fact.program == "corepack" or "npm@" in fact.written))
        for fact in inside
    )
    if len(nodes) != 1 or upgraded or nodes[0].constraint is UNKNOWN or nodes[0].step >= step.step:
        return {}
    major = re.match(r"v?(\d+)(?:\.|$)", str(nodes[0].constraint))
    if major is None or int(major[1]) > _BUNDLES_OLD_NPM:
        return {}
    related = Related(span=nodes[0].span, note="the version of Node")
    return {"old_tool": f"the npm of Node {major[1]}", "related": (*step.related, related)}
