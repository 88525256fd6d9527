"""Credential files that git ignores and keeps all the same: they were added before the pattern was."""

from __future__ import annotations

from relcheck.facts import Credential, IgnoreFile
from relcheck.link import Repository
from relcheck.source import Span


def link(repository: Repository) -> None:
    """Add a fact to each client's file that holds a credential, is tracked, and matches an ignore pattern."""
    _written(repository)
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


def _written(repository: Repository) -> None:
    """Say of files with credentials that a pipeline writes into the workspace whether an ignore file keeps them out."""
    written = [found for found in repository.all(Credential) if found[2].kind == "written" and found[2].job]
    if not written:
        return
    from relcheck.ignorefiles import Ignored  # noqa: PLC0415 - few pipelines write such a file

    files = [path for path in (".gitignore", ".dockerignore") if path in repository.paths]
    ignored = Ignored.of(
        pattern
        for path in files
        for fact in repository.of(path)
        if isinstance(fact, IgnoreFile)
        for pattern in fact.patterns
    )
    for path, index, fact in written:
        kept = fact.key in repository.paths or ignored.matches(fact.key, folder=False)
        repository.put(path, index, fact.replace(unignored=not kept))
