"""Credentials in what commits added: each blob of a range is read once, and told with the commit that brought it.

Only rules about credentials are asked: the coordinates of an old commit are nobody's concern, its secrets are everybody's.
A finding's path is git's own way to name a file of a commit, `COMMIT:path`, so that `git show` takes it as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from relcheck.discover import Candidate, Discovery, is_foreign, path_class
from relcheck.facts import Credential
from relcheck.findings import Finding
from relcheck.judge import FileView, Judge
from relcheck.objects import Added, Blobs, added
from relcheck.readers import recognise
from relcheck.scan import (
    Judging,
    Plan,
    Progress,
    Read,
    Scanned,
    judging_detectors,
    load_plan_rules,
    read_facts,
    secret_spans,
)
from relcheck.secrets.texts import MAX_TEXT
from relcheck.source import Source
from relcheck.tree import BlobTree, Unavailable, checked

SHOWN = 12
"""How many letters of a commit's name stand before a path."""


def scan_history(plan: Plan, revisions: str, progress: Progress | None = None) -> Scanned:
    """Scan what the commits of a range added below the root; `vcs.GitProblem` where git does not know the range."""
    return _History(plan, progress).run(revisions)


class _History:
    """One scan of a history, step by step."""

    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        self._plan = plan
        self._progress = progress
        only = plan.paths[0] if len(plan.paths) == 1 else ""
        self._root = os.path.realpath(plan.root or (only if os.path.isdir(only) else "."))
        self._blobs = Blobs(self._root)
        self._commits: set[str] = set()
        self._count = 0
        self._unread = 0

    def run(self, revisions: str) -> Scanned:
        rules = load_plan_rules(self._plan)
        discovery = Discovery(root=self._root, tree=BlobTree({}, self._blobs.read), whole=False, git=True)
        if self._plan.discovered:
            discovery = self._plan.discovered(discovery)
        judging = self._plan.judging(".", rules)
        judge = _judge(judging)
        reads: dict[str, Read] = {}
        findings: list[Finding] = []
        try:
            for read in self._reads(revisions, judging_detectors(judging)):
                reads[read.candidate.path] = read
                findings += judge.judge(read.view, read.facts)
        finally:
            self._blobs.close()
        notes = [f"{self._count} files that {len(self._commits)} commits added were read for credentials."]
        if self._unread:
            notes.append(f"{self._unread} more could not be: they are too large, damaged, or not in this clone.")
        return Scanned(
            findings=tuple(findings),
            reads=reads,
            rules=rules,
            discovery=discovery.replace(notes=(*discovery.notes, *notes)),
            secrets={path: spans for path, read in reads.items() if (spans := secret_spans(read))},
            unresolved=judge.unresolved,
            faults=tuple(sorted(judge.faults.items())),
            compilations=judge.compilations,
        )

    def _reads(self, revisions: str, detectors: frozenset[str]) -> Iterator[Read]:
        for blob in added(self._root, revisions):
            self._commits.add(blob.commit)
            if is_foreign(blob.path) or (self._plan.excluded and self._plan.excluded(blob.path)):
                continue
            data = self._blobs.read(blob.name)
            if data is None:
                self._unread += 1
                continue
            self._count += 1
            if self._progress:
                self._progress(self._count, self._count)
            read = _read(blob, data, detectors)
            if read is not None:
                yield read


def _read(blob: Added, data: bytes, detectors: frozenset[str]) -> Read | None:
    """Return a blob with its credentials, None where it has none."""
    try:
        checked(data)
    except Unavailable:
        return None
    found = recognise(blob.path, lambda: data)[0]
    if not found and len(data) > MAX_TEXT:
        return None
    path = f"{blob.commit[:SHOWN]}:{blob.path}"
    source = Source.from_bytes(blob.path, data)
    facts = tuple(fact for fact in read_facts(found, source, data, detectors) if isinstance(fact, Credential))
    if not facts:
        return None
    source.path = path
    kind = path_class(blob.path)
    view = FileView(path=blob.path, shown=path, format=found or "text", source=source, **kind.values())
    return Read(candidate=Candidate(path=path, format=found or "text"), source=source, view=view, facts=facts)


def _judge(judging: Judging) -> Judge:
    return Judge(
        [rule for rule in judging.rules if rule.on == "credential"],
        profile=judging.profile,
        asked=judging.asked,
        severities=judging.severities,
        params=judging.params,
        own=judging.own,
    )
