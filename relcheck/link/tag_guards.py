"""Whether anything compares the tag that starts a publish with the version that the manifest states.

A job that names the tag nowhere, runs no script of its own and calls nothing that is not known compares nothing. Where
any of that is open, nothing is said.
"""

from __future__ import annotations

from relcheck.facts import Command, Component, Fact, Job, Package, Publish
from relcheck.link import Repository
from relcheck.link.jobs import runs_script
from relcheck.refs.order import needs_first
from relcheck.refs.version import is_placeholder_version

_COMPARES_NOTHING = frozenset((
    "actions", "github", "docker", "pypa", "astral-sh", "sigstore", "dtolnay", "swatinem", "pnpm", "oven-sh", "rust-lang",
    "actions-rs", "actions-rust-lang", "taiki-e", "codecov", "step-security", "softprops", "ncipollo", "js-devtools",
    "snok", "prefix-dev", "denoland", "volta-cli", "hynek", "jdx", "katyo", "awalsh128", "mozilla-actions",
))  # fmt: skip
"""Owners of actions that set tools up, cache, upload or publish, and look at no version."""
_MAY_COMPARE = frozenset(
    ("relcheck", "pre-commit", "hatch", "bump-my-version", "bumpversion", "cargo-release", "npx", "uvx", "pipx")
)


def unguarded(repository: Repository, path: str, step: Publish, manifest: str, package: Package) -> dict[str, object]:
    """Return the manifest whose version goes out under whatever tag starts the step, nothing where that is open."""
    version = package.version
    if package.version_dynamic or not isinstance(version, str) or not version or is_placeholder_version(version):
        return {}
    facts = repository.of(path)
    jobs = {fact.id: fact for fact in facts if isinstance(fact, Job)}
    job = jobs.get(step.job)
    if job is None or not job.tag_only:
        return {}
    chain = set(jobs) if job.system == "gitlab" else _chain(jobs, job.id)
    if chain is None or any(jobs[name].reads_tag is not False for name in chain if not _apart(jobs[name])):
        return {}
    inside = [fact for fact in facts if not fact.job or fact.job in chain]
    return {} if any(map(_may_compare, inside)) else {"unguarded": manifest}


def _apart(job: Job) -> bool:
    """Whether a job of GitLab runs in other pipelines than those of tags."""
    return job.system == "gitlab" and bool(job.events) and "tag" not in job.events


def _chain(jobs: dict[str, Job], first: str) -> set[str] | None:
    """Return a job and all that it needs, None where one of them stands elsewhere."""
    chain = set(needs_first([first], lambda name: jobs[name].needs if name in jobs else ()))
    return chain if chain <= jobs.keys() and not any(jobs[name].calls for name in chain) else None


def _may_compare(fact: Fact) -> bool:
    if isinstance(fact, Command):
        return runs_script(fact) or bool(_MAY_COMPARE.intersection(fact.argv[:3]))
    if not isinstance(fact, Component) or fact.kind not in ("action", "workflow", "include"):
        return False
    return fact.local or str(fact.owner).lower() not in _COMPARES_NOTHING
