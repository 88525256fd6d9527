"""Dependabot (documentation: "Configuration options for dependency updates"), version 2.

registries: {NAME: {type, url, username, password, token, key, replaces-base}}
updates: [{package-ecosystem, directory | directories, schedule, registries, cooldown, insecure-external-code-execution}]
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry, Updates
from relcheck.readers.ci_values import list_of, scalars
from relcheck.readers.known import credential
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.urls import registry, trusted
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source

_ECOSYSTEMS = {
    "npm-registry": "npm", "python-index": "pypi", "maven-repository": "maven", "nuget-feed": "nuget", "rubygems-server": "gem",
    "docker-registry": "oci", "helm-registry": "helm", "composer-repository": "composer", "cargo-registry": "cargo",
    "terraform-registry": "terraform", "git": "git", "hex-organization": "hex", "hex-repository": "hex", "pub-repository": "pub",
    "goproxy-server": "go",
}  # fmt: skip
_SECRETS = ("password", "token", "key", "auth-key")


def read(source: Source) -> Iterator[Fact]:
    """Read the registries that updates ask, and the updates."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            registries = document.map("registries")
            for _, entry in registries.pairs() if registries is not None else ():
                if isinstance(entry, Mapping):
                    yield from _registry(entry)
            for item in list_of(document.get("updates")):
                if isinstance(item, Mapping):
                    yield from _update(item)


def _registry(entry: Mapping) -> Iterator[Fact]:
    """One registry; unless it replaces the public one, only the update tool asks it besides, which installs nothing."""
    ecosystem = _ECOSYSTEMS.get(entry.text("type"), "")
    base = "index" if entry.text("replaces-base") == "true" else "updates"
    url = entry.scalar("url")
    if url is not None:
        purpose = "container" if ecosystem == "oci" else base
        if "://" in url.value:
            yield from registry(url.source, ecosystem=ecosystem, purpose=purpose, key="url")
        elif url.value:
            yield _named(url.source, ecosystem, purpose)
    for name in _SECRETS:
        secret = entry.scalar(name)
        if secret is not None:
            yield credential(secret.source, name, ecosystem=ecosystem)


def _named(source: Source, ecosystem: str, purpose: str) -> Registry:
    """A registry that is named by its host alone, which Dependabot asks over https."""
    host, parts = trusted(source)
    place = parts.get("host", source.all())
    return Registry(
        span=place, parts={"host": place} if parts else {}, ecosystem=ecosystem, purpose=purpose, url=UNKNOWN, host=host,
        scheme="https", key="url",
    )  # fmt: skip


def _update(item: Mapping) -> Iterator[Updates]:
    ecosystem = item.scalar("package-ecosystem")
    if ecosystem is None:
        return
    directories = [*scalars(item.get("directory")), *scalars(item.get("directories"))]
    yield Updates(
        span=ecosystem.span,
        parts={"ecosystem": ecosystem.span},
        tool="dependabot",
        ecosystem=ecosystem.value,
        directories=tuple(found.value for found in directories),
        cooldown=_cooldown(item),
        external_code=item.text("insecure-external-code-execution") == "allow",
    )


def _cooldown(item: Mapping) -> bool:
    """Whether a new version waits some days before it is proposed."""
    cooldown = item.map("cooldown")
    for key, value in cooldown.pairs() if cooldown is not None else ():
        if key.value.endswith("days") and isinstance(value, Scalar) and value.value.strip("0 "):
            return True
    return False
