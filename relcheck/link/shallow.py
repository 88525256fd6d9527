"""Versions that a build backend asks git for, in a checkout that holds one commit and no tags."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Command, Component, Dependency, Fact, Job, Package, Publish
from relcheck.link import Repository

_ASK_GIT = frozenset((
    "setuptools-scm", "hatch-vcs", "versioningit", "poetry-dynamic-versioning", "uv-dynamic-versioning", "flit-scm",
    "setuptools-git-versioning", "dunamai",
))  # fmt: skip
_BUILDS = {
    "build": ("",), "python": ("build",), "pyproject-build": ("",), "hatch": ("build",), "uv": ("build",), "poetry": ("build",),
    "pip": ("wheel",), "flit": ("build",), "pdm": ("build",),
}  # fmt: skip
_TAGGED = ("push:tags", "release")


def link(repository: Repository) -> None:
    """Fill `shallow` of the checkouts whose job builds a package for a publish that not only a tag starts."""
    backends = _backends(repository)
    if not backends:
        return
    (backend,) = set(backends) if len(set(backends)) == 1 else ("",)
    if not backend:
        return
    for path in sorted({path for path, _, step in repository.all(Publish) if step.ecosystem == "pypi"}):
        facts = repository.of(path)
        for name in _building_jobs(facts):
            inside = [(index, fact) for index, fact in enumerate(facts) if fact.job == name]
            if not any(isinstance(fact, Command) and _builds(fact) for _, fact in inside):
                continue
            if any(isinstance(fact, Command) and _deepens(fact) for _, fact in inside):
                continue
            for index, fact in inside:
                if isinstance(fact, Component) and fact.name == "actions/checkout" and _is_shallow(fact):
                    repository.put(path, index, fact.replace(shallow=backend))


def _backends(repository: Repository) -> list[str]:
    """Return what each package's build asks for its version, where every package of Python asks git."""
    found = []
    for path, _, package in repository.all(Package):
        if package.ecosystem != "pypi" or package.version_only:
            continue
        names = [
            str(fact.name).lower().replace("_", "-")
            for fact in repository.of(path)
            if isinstance(fact, Dependency) and fact.group == "build"
        ]
        asks = next((name for name in names if name in _ASK_GIT), "") if package.version_dynamic else ""
        found.append(asks)
    return [] if "" in found else found


def _building_jobs(facts: list[Fact]) -> list[str]:
    """Return the jobs that publish to a package index from a branch, and those that they need."""
    jobs = {fact.id: fact for fact in facts if isinstance(fact, Job) and fact.system == "github"}
    publishing = [
        fact.job for fact in facts
        if isinstance(fact, Publish) and fact.ecosystem == "pypi" and fact.dry_run is False and fact.guarded is False
        and fact.job in jobs and _from_branch(fact)
    ]  # fmt: skip
    return list(dict.fromkeys(name for job in publishing for name in (job, *jobs[job].needs) if name in jobs))


def _from_branch(step: Publish) -> bool:
    return any(
        event in ("workflow_dispatch", "schedule") or event == "push:branches" for event in step.events
    )  # fmt: skip


def _builds(command: Command) -> bool:
    words = " ".join(command.argv)
    return str(command.program) in _BUILDS and any(
        not verb or verb in (command.verb, *command.argv[1:3]) for verb in _BUILDS[str(command.program)]
    ) and "--version" not in words  # fmt: skip


def _deepens(command: Command) -> bool:
    return command.program == "git" and command.verb in ("fetch", "pull", "describe", "tag")


def _is_shallow(checkout: Component) -> bool:
    given = {option.name: option.value for option in checkout.inputs}
    if UNKNOWN in (given.get("fetch-depth"), given.get("fetch-tags")) or "ref" in given or "path" in given:
        return False
    return given.get("fetch-depth", "1") not in ("0", "") and given.get("fetch-tags", "false") != "true"
