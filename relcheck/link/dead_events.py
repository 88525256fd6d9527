"""Workflows that wait for an event which never comes: a release made with the job's own token starts nothing."""

from __future__ import annotations

from relcheck.facts import Job, Publish
from relcheck.link import Repository

_BY_HAND = frozenset(("workflow_dispatch", "workflow_call", "repository_dispatch", "workflow_run"))


def link(repository: Repository) -> None:
    """Fill `unstarted` of the first publishing job of such a workflow.

    Events that the token of a job causes start no workflow, dispatches excepted (GitHub: Triggering a workflow from a
    workflow). A release that anything makes with another token, or a person, does start them: nothing is said where
    one of the repository's steps may.
    """
    releases = [
        (path, step) for path, _, step in repository.all(Publish)
        if step.ecosystem == "github-release" and not step.rolling and not step.uploads
        and repository.format_of(path) == "github-workflow"
    ]  # fmt: skip
    made = [(path, step) for path, step in releases if step.dry_run is False]
    if not made or not repository.whole or any(step.dry_run is not False or not step.job_token for _, step in releases):
        return
    told: set[str] = set()
    for path, index, job in list(repository.all(Job)):
        if job.system != "github" or path in told or not (job.publishes or job.pushes) or job.calls:
            continue
        waits = _waits_for(job)
        cause = next(
            (
                other
                for other, step in made
                if other != path and step.events and "release" not in step.events and step.guarded is False
                and not (waits == "tag" and "push:tags" in step.events)
            ),
            "",
        )  # fmt: skip
        if waits and cause:
            told.add(path)
            repository.put(path, index, job.replace(unstarted=cause))


def _waits_for(job: Job) -> str:
    """Return whether only a release or only a pushed tag starts the workflow, the empty string for anything else."""
    events = {name.split(":")[0] for name in job.triggers}
    if events == {"release"}:
        return "release"
    return "tag" if set(job.triggers) == {"push:tags"} else ""
