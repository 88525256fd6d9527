"""Credential files that git ignores and keeps all the same: they were added before the pattern was."""

from __future__ import annotations

from relcheck.facts import Credential
from relcheck.link import Repository
from relcheck.source import Span


def link(repository: Repository) -> None:
    """Add a fact to each client's file that holds a credential, is tracked, and matches an ignore pattern."""
    if repository.history is None:
        return
    holders = sorted(
        {path for path, _, fact in repository.all(Credential) if fact.where == "home" and fact.form == "literal"}
    )
    if not holders:
        return
    from relcheck.vcs import GitProblem  # noqa: PLC0415 - few repositories hold such a file

    try:
        ignored = repository.history.ignored_yet_tracked()
    except GitProblem:
        return
    for path in holders:
        if path in ignored and path in repository.reported:
            fact = Credential(
                span=Span(0, 0), kind="tracked-ignored", form="literal", where="home", key=path.rpartition("/")[2]
            )
            repository.add(path, fact)
