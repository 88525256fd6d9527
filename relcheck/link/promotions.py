"""Images that a later job of the same run builds again instead of promoting the ones that were tested.

Two jobs build the same thing where their builds say the same in every word but the tags, on the same kind of runner and
from the commit of the run. Where a word is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Command, Component, Fact, Image, Job, Publish
from relcheck.link import Repository
from relcheck.refs.order import needs_first

_ACTION = "docker/build-push-action"
_NO_CONTENT = frozenset((
    "tags", "labels", "annotations", "push", "load", "outputs", "cache-from", "cache-to", "no-cache", "pull", "provenance",
    "sbom", "attests", "github-token", "builder", "call",
))  # fmt: skip
"""Inputs that name, cache or describe what is built."""
_NO_FLAGS = frozenset((
    "-t", "--tag", "--label", "--cache-from", "--cache-to", "--push", "--load", "--pull", "--no-cache", "--progress", "--iidfile",
    "--metadata-file", "-q", "--quiet", "--provenance", "--sbom", "--network",
))  # fmt: skip
_HARMLESS = frozenset((
    "docker", "podman", "buildah", "crane", "skopeo", "cosign", "trivy", "aws", "gcloud", "az", "set", "export", "test", "sleep",
))  # fmt: skip
_OWNERS = frozenset(("actions", "docker", "aws-actions", "google-github-actions", "azure", "sigstore"))
"""Programs, and owners of actions, that leave the files of the checkout as they are."""
_LONE = frozenset(("--push", "--load", "--pull", "--no-cache", "-q", "--quiet"))

Build = tuple[object, ...]


def link(repository: Repository) -> None:
    """Fill `rebuilds` of the publishes of images."""
    for path in sorted({path for path, _, step in repository.all(Publish) if step.ecosystem == "oci" and step.job}):
        jobs = {fact.id: fact for fact in repository.of(path) if isinstance(fact, Job)}
        if len(jobs) > 1:
            _link_file(repository, path, jobs)


def _link_file(repository: Repository, path: str, jobs: dict[str, Job]) -> None:
    inside: dict[str, list[Fact]] = {name: [] for name in jobs}
    for fact in repository.of(path):
        if fact.job in inside:
            inside[fact.job].append(fact)
    makes = {name: _makes(job, inside[name]) for name, job in jobs.items()}
    first: dict[tuple[object, ...], list[str]] = {}
    for name in jobs:
        for key in makes[name]:
            first.setdefault(key, []).append(name)
    for index, fact in enumerate(list(repository.of(path))):
        if isinstance(fact, Publish) and fact.ecosystem == "oci" and fact.job in jobs and fact.dry_run is False:
            earlier = [
                other for key in makes[fact.job] if key[:2] == (fact.host, fact.target)
                for other in first[key] if _runs_before(jobs, other, fact.job, first[key])
            ]  # fmt: skip
            if earlier:
                repository.put(path, index, fact.replace(rebuilds=earlier[0]))


def _runs_before(jobs: dict[str, Job], other: str, name: str, order: list[str]) -> bool:
    """Whether a run that reaches a job has run the other for sure: its needs say so, or (GitLab) both belong to it."""
    if other == name or not set(jobs[other].events) & set(jobs[name].events):
        return False
    if jobs[name].system == "gitlab":
        return order.index(other) < order.index(name)
    return other in set(needs_first([name], lambda each: [need for need in jobs[each].needs if need in jobs]))


def _makes(job: Job, facts: list[Fact]) -> set[Build]:
    """Return what a job builds and pushes: host, name, and all that decides about the content."""
    if job.matrix or job.writes_files is not False or any(_changes_files(fact) for fact in facts):
        return set()
    pushed = {(fact.host, fact.name) for fact in facts if isinstance(fact, Image) and fact.role == "pushed"}
    builds = [words for fact in facts if (words := tuple(_words(fact)))]
    if len(pushed) != 1 or len(builds) != 1:
        return set()  # which build makes which image is not certain
    ((host, name),) = pushed
    return set() if UNKNOWN in (host, name, *builds[0]) else {(host, name, job.runner, *builds[0])}


def _words(fact: Fact) -> Iterator[object]:
    """Yield the inputs of the action, or the words of the command, that decide about the content of an image."""
    if isinstance(fact, Component) and str(fact.name).lower() == _ACTION:
        yield _ACTION
        for option in sorted(fact.inputs, key=lambda option: option.name):
            if option.name not in _NO_CONTENT:
                yield from (option.name, option.value)
    elif isinstance(fact, Command) and "build" in fact.argv[1:3]:
        yield from _arguments(fact.argv)


def _arguments(argv: tuple[str, ...]) -> Iterator[object]:
    skipped = False
    for word in argv:
        name, equals, _ = word.partition("=")
        if skipped or name in _NO_FLAGS:
            skipped = not skipped and not equals and name not in _LONE
            continue
        yield UNKNOWN if "$" in word or "…" in word else word


def _changes_files(fact: Fact) -> bool:
    """Whether the files that are built may be others than those of the run's commit."""
    if isinstance(fact, Command):
        return fact.program not in _HARMLESS and not (fact.program == "cat" and fact.piped_to)
    if not isinstance(fact, Component) or fact.kind == "context":
        return False
    if fact.name == "actions/checkout":
        return any(option.name in ("ref", "repository") for option in fact.inputs)
    return fact.local or fact.owner not in _OWNERS or fact.name == "actions/download-artifact"
