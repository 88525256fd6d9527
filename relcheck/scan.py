"""The way of the data, from paths to findings: discover, read, link, judge. Prints nothing and never exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from relcheck.cache import MIN_FILES, FactCache, cache_folder
from relcheck.discover import (
    Candidate,
    Discovery,
    discover,
    formats_at_root,
    is_misplaced,
    path_class,
    recognise_path,
)
from relcheck.facts import KINDS, Component, Credential, Fact, Unreadable
from relcheck.findings import Finding, Place
from relcheck.judge import FileView, Judge, merged_params, place_of
from relcheck.link import Repository, link
from relcheck.link.deprecated import deprecated_paths
from relcheck.readers import BY_NAME, read_source
from relcheck.records import Record
from relcheck.rules import Rule, RuleSet, load_rules
from relcheck.source import Source, searchable
from relcheck.tree import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

PARALLEL_BYTES = 1_500_000
"""Below this much text one process is faster than several."""

Progress = Callable[[int, int], None]


class Judging(Record):
    """What decides in one folder: the rules in force, the profile, and the settings that rules may ask."""

    rules: tuple[Rule, ...]
    asked: frozenset[str] = frozenset()  # selected by name: they speak in every profile
    profile: str = "default"
    severities: Mapping[str, str] = {}
    params: Mapping[str, Mapping[str, object]] = {}
    own: Mapping[str, tuple[str, ...]] = {}


class Plan(Record):
    """What to scan and how. `judging` gives what decides for a path; equal answers must be the same object."""

    paths: tuple[str, ...] = (".",)
    root: str = ""
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    stdin: tuple[str, bytes] | None = None
    staged: bool = False  # read git's index instead of the work tree
    jobs: int = 0  # 0: as many as the machine has
    cache: bool = True
    rule_folders: tuple[str, ...] = ()
    rules: RuleSet | None = None  # loaded before, by a caller that scans many times
    components: tuple[str, ...] = ()  # files that describe pipeline components
    judging: Callable[[str, RuleSet], Judging]
    discovered: Callable[[Discovery], Discovery] | None = None  # may leave files out, before anything is read
    own: Mapping[str, tuple[str, ...]] = {}
    excluded: Callable[[str], bool] | None = None  # a path that the settings leave out, for what is no work tree


class Read(Record):
    """A file that was read: what it is, its text, its facts after linking."""

    candidate: Candidate
    source: Source
    view: FileView
    facts: tuple[Fact, ...]


class Scanned(Record):
    """What a scan gave. Findings are not sorted yet and none is suppressed."""

    findings: tuple[Finding, ...]
    reads: Mapping[str, Read]
    rules: RuleSet
    discovery: Discovery
    unreadable: tuple[tuple[Place, str], ...] = ()
    secrets: Mapping[str, tuple[tuple[int, int], ...]] = {}
    unresolved: int = 0
    faults: tuple[tuple[str, str], ...] = ()  # rules that failed, by name, and how
    compilations: int = 0


def read_facts(file_format: str, source: Source, data: bytes, detectors: frozenset[str] = frozenset()) -> list[Fact]:
    """Return the facts of a text; whatever goes wrong becomes a fact. `detectors` look for secrets in its lines."""
    facts = read_source(file_format, source) if file_format in BY_NAME else []
    if data:
        from relcheck.secrets.find import finder  # noqa: PLC0415 - a neighbour is read without it

        own = [fact for fact in facts if isinstance(fact, Credential)]
        known = {(fact.kind, fact.span) for fact in own}
        # A lock file repeats an address for every package: what its reader tells once is not told again.
        said = {_words(source, fact): fact.span for fact in own} if file_format.startswith("lock-") else {}
        found = finder(detectors).find(source.path, data, source)[1]
        facts += [
            fact for fact in found
            if (fact.kind, fact.span) not in known and said.get(_words(source, fact), fact.span) == fact.span
        ]  # fmt: skip
    return facts


def _words(source: Source, fact: Fact) -> str:
    return source.text[fact.span.start : fact.span.end]


def run(plan: Plan, progress: Progress | None = None) -> Scanned:
    """Scan what the plan names."""
    return _Scan(plan, progress).run()


def load_plan_rules(plan: Plan) -> RuleSet:
    """Return the rules that a plan may choose from."""
    return plan.rules or load_rules(plan.rule_folders, cache_folder() if plan.cache else "")


def judging_detectors(judging: Judging) -> frozenset[str]:
    """Return the detectors that the rule `secret` is to hear, none where the rule is not in force."""
    rule = next((rule for rule in judging.rules if rule.name == "secret"), None)
    if rule is None:
        return frozenset()
    params = merged_params(rule, judging.params.get(rule.name, {}))
    return frozenset(params["detectors"]) | frozenset(params["strict"] if judging.profile == "strict" else ())


class _Scan:
    """One scan, step by step."""

    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        self._plan = plan
        self._progress = progress
        self._sources: dict[str, Source] = {}
        self._neighbours: dict[str, bytes] = {}
        self._candidates: dict[str, Candidate] = {}
        self._passed: dict[str, str] = {}
        self._judges: dict[int, Judge] = {}

    def run(self) -> Scanned:
        plan = self._plan
        self._rules = load_plan_rules(plan)
        self._discovery = discover(
            plan.paths, root=plan.root, exclude=plan.exclude, force_exclude=plan.force_exclude, stdin=plan.stdin,
            staged=plan.staged,
        )  # fmt: skip
        if plan.discovered:
            self._discovery = plan.discovered(self._discovery)
        self._at_root = formats_at_root(self._discovery.all_paths)
        self._detectors = judging_detectors(plan.judging(".", self._rules))
        self._components = self._use_components()
        facts = self._read_files()
        repository = self._repository(facts)
        link(repository, self._judged())
        self._deprecated = deprecated_paths(repository, self._candidates)
        reads = {path: self._read_record(path, repository) for path in self._candidates}
        findings = [found for read in reads.values() for found in self._judge_file(read)]
        return Scanned(
            findings=tuple(findings),
            reads=reads,
            rules=self._rules,
            discovery=self._discovery.replace(
                passed_over=tuple(sorted({**dict(self._discovery.passed_over), **self._passed}.items())),
                notes=(*self._discovery.notes, *_long_lines(reads.values())),
            ),
            unreadable=tuple(_unreadable(reads.values())),
            secrets={path: spans for path, read in reads.items() if (spans := secret_spans(read))},
            unresolved=sum(judge.unresolved for judge in self._judges.values()),
            faults=tuple(sorted({fault for judge in self._judges.values() for fault in judge.faults.items()})),
            compilations=sum(judge.compilations for judge in self._judges.values()),
        )

    def _judged(self) -> frozenset[type[Fact]]:
        """Return the kinds of facts that the rules in force ask about, wherever in the repository."""
        judgings = {id(found): found for found in (self._plan.judging(path, self._rules) for path in self._candidates)}
        return frozenset(KINDS[rule.on] for judging in judgings.values() for rule in judging.rules)

    def _use_components(self) -> str:
        """Let the readers know what the configuration says of components; return a word that tells it apart."""
        if not self._plan.components and "relcheck.components" not in sys.modules:
            return ""
        from relcheck import components  # noqa: PLC0415 - few scans have any

        tables = components.read_tables(self._plan.components)
        components.use(tables)
        return components.identity(tables)

    def _read_all(self) -> dict[str, list[Fact]]:
        files, tree = self._discovery.files, self._discovery.tree
        cache = FactCache(self._discovery.root) if self._plan.cache and len(files) >= MIN_FILES else None
        facts: dict[str, list[Fact]] = {}
        waiting: list[tuple[Candidate, bytes]] = []
        for candidate in files:
            try:
                data = tree.read(candidate.path)
            except Unavailable as unavailable:
                self._passed[candidate.path] = str(unavailable)
                continue
            self._candidates[candidate.path] = candidate
            self._sources[candidate.path] = Source.from_bytes(candidate.path, data)
            known = cache.get(self._key(cache, candidate, data)) if cache else None
            if known is None:
                facts[candidate.path] = []
                waiting.append((candidate, data))
            else:
                facts[candidate.path] = known
        for done, (candidate, data, found) in enumerate(self._facts_of(waiting), start=1):
            facts[candidate.path] = found
            if cache:
                cache.put(self._key(cache, candidate, data), found)
            if self._progress:
                self._progress(done, len(waiting))
        if cache:
            cache.save()
        return facts

    def _key(self, cache: FactCache, candidate: Candidate, data: bytes) -> str:
        return cache.key(
            candidate.path, "\0".join((candidate.format, self._components, *sorted(self._detectors))), data
        )

    def _read_named(self, facts: dict[str, list[Fact]]) -> None:
        """Read by its meaning what another file names and whose own name says nothing."""
        texts = {candidate.path: candidate for candidate in self._discovery.texts}
        self._read_requirements(facts, texts)
        builds = texts and any(
            type(fact) is Component and fact.system == "docker" for found in facts.values() for fact in found
        )
        if not builds:
            self._discovery = self._discovery.replace(texts=tuple(texts.values()))
            return
        from relcheck.named import begins_like_one, dockerfiles  # noqa: PLC0415 - few builds name their Dockerfile

        formats = {path: candidate.format for path, candidate in self._candidates.items()}
        for path in sorted(dockerfiles(facts, formats, self._discovery.all_paths) & texts.keys()):
            try:
                data = self._discovery.tree.read(path)
            except Unavailable as unavailable:
                self._passed[path] = str(unavailable)
                continue
            if begins_like_one(data):
                self._adopt(texts.pop(path).replace(format="dockerfile"), data, facts)
        self._discovery = self._discovery.replace(texts=tuple(texts.values()))

    def _read_requirements(self, facts: dict[str, list[Fact]], texts: dict[str, Candidate]) -> None:
        """Read as requirements what requirements files read (`-r`), and what those read in turn."""
        waiting = (
            [path for path, candidate in self._candidates.items() if candidate.format in ("requirements", "pyproject")]
            if texts
            else []
        )
        while waiting:
            from relcheck.named import requirements  # noqa: PLC0415 - many repositories have none

            path = waiting.pop()
            for named in sorted(requirements(path, facts.get(path, ())) & texts.keys()):
                try:
                    data = self._discovery.tree.read(named)
                except Unavailable as unavailable:
                    self._passed[named] = str(unavailable)
                    continue
                self._adopt(texts.pop(named).replace(format="requirements"), data, facts)
                waiting.append(named)

    def _adopt(self, candidate: Candidate, data: bytes, facts: dict[str, list[Fact]]) -> None:
        """Make a file that was passed over part of the scan."""
        path = candidate.path
        source = self._sources[path] = Source.from_bytes(path, data)
        self._candidates[path] = candidate
        facts[path] = read_facts(candidate.format, source, data, self._detectors)
        kept = tuple(found for found in self._discovery.passed_over if found[0] != path)
        self._discovery = self._discovery.replace(files=(*self._discovery.files, candidate), passed_over=kept)

    def _read_files(self) -> dict[str, list[Fact]]:
        """Read the files of known formats, and look for secrets in the others: only those that hold any take part."""
        if not self._discovery.texts:
            return self._read_all()
        from relcheck.secrets.texts import TextSearch  # noqa: PLC0415 - a hook may name files of known formats alone

        plan = self._plan
        search = TextSearch(self._discovery, self._detectors, cached=plan.cache, alone=plan.jobs == 1)
        try:
            facts = self._read_all()
            self._read_named(facts)
            for candidate, source, secrets in search.result(self._passed):
                if candidate.path in self._candidates:
                    continue  # read by its meaning, as it turned out
                self._candidates[candidate.path] = candidate
                self._sources[candidate.path] = source
                facts[candidate.path] = secrets
        finally:
            search.stop()
        return facts

    def _facts_of(self, waiting: Sequence[tuple[Candidate, bytes]]) -> Iterator[tuple[Candidate, bytes, list[Fact]]]:
        jobs = self._plan.jobs or os.cpu_count() or 1
        if jobs > 1 and sum(len(data) for _, data in waiting) >= PARALLEL_BYTES:
            from relcheck.workers import facts_in_parallel  # noqa: PLC0415 - only for large scans

            yield from facts_in_parallel(waiting, jobs, self._detectors, self._plan.components)
            return
        for candidate, data in waiting:
            yield candidate, data, read_facts(candidate.format, self._sources[candidate.path], data, self._detectors)

    def _repository(self, facts: dict[str, list[Fact]]) -> Repository:
        discovery = self._discovery
        formats = {path: candidate.format for path, candidate in self._candidates.items()}
        history = None
        if discovery.git and self._plan.stdin is None:
            from relcheck.vcs import History  # noqa: PLC0415 - brings subprocess

            history = History(discovery.root)
        return Repository(
            facts,
            formats,
            paths=discovery.all_paths | facts.keys(),
            read=self._read_neighbour,
            whole=discovery.whole,
            own=dict(self._plan.own),
            history=history,
            root=discovery.root if discovery.git else "",
            content=self._content,
        )

    def _content(self, path: str) -> bytes:
        """Return the bytes of a neighbour, which it is read from if it turns out to matter."""
        try:
            known = self._neighbours.get(path)
            return searchable(self._discovery.tree.peek(path) if known is None else known)
        except Unavailable:
            return b""

    def _read_neighbour(self, path: str) -> tuple[str, list[Fact]]:
        """Read a file that a join asks for and that is not part of the scan; its facts are not judged."""
        file_format = recognise_path(self._discovery, path)
        if not file_format:
            return "", []
        try:
            data = self._neighbours[path] = self._discovery.tree.read(path)
        except Unavailable:
            return "", []
        return file_format, read_source(file_format, Source.from_bytes(path, data))

    def _read_record(self, path: str, repository: Repository) -> Read:
        candidate, source = self._candidates[path], self._sources[path]
        chart = candidate.format in ("helm-template", "helm-values", "helm-chart")
        kind = path_class(path, named=candidate.named, chart=chart, file_format=candidate.format)
        if not candidate.named and is_misplaced(path, candidate.format, self._at_root):
            kind = kind.replace(fixture=True)
        view = FileView(
            path=path, format=candidate.format, source=source, deprecated=path in self._deprecated, **kind.values()
        )
        return Read(candidate=candidate, source=source, view=view, facts=tuple(repository.of(path)))

    def _judge_file(self, read: Read) -> list[Finding]:
        if not read.facts:
            return []
        judging = self._plan.judging(read.candidate.path, self._rules)
        if id(judging) not in self._judges:
            self._judges[id(judging)] = Judge(
                judging.rules,
                profile=judging.profile,
                asked=judging.asked,
                severities=judging.severities,
                params=judging.params,
                own=judging.own,
            )
        return self._judges[id(judging)].judge(read.view, read.facts)


def judge_facts(read: Read, judging: Judging, facts: Sequence[Fact]) -> tuple[list[Finding], dict[str, str]]:
    """Judge facts that were made after the scan (what became of suppressions); return findings and faults of rules."""
    judge = Judge(
        judging.rules,
        profile=judging.profile,
        asked=judging.asked,
        severities=judging.severities,
        params=judging.params,
        own=judging.own,
    )
    return judge.judge(read.view, facts), judge.faults


def _unreadable(reads: Iterable[Read]) -> Iterator[tuple[Place, str]]:
    for read in reads:
        for fact in read.facts:
            if isinstance(fact, Unreadable):
                yield place_of(read.view, fact.span), fact.reason


def _long_lines(reads: Iterable[Read]) -> Iterator[str]:
    """Say how many lines were too long for the detectors of secrets, and where the first is."""
    from relcheck.secrets.needs import UNREAD_LINE  # noqa: PLC0415 - light

    found = [
        (read.candidate.path, read.source.position(fact.span.start).line)
        for read in reads
        for fact in read.facts
        if isinstance(fact, Credential) and fact.kind == UNREAD_LINE
    ]
    if found:
        path, line = min(found)
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield f"{path}:{line}{more}: too long a line for the detectors of secrets, which read up to 10,000 characters."


def secret_spans(read: Read) -> tuple[tuple[int, int], ...]:
    """Return where the secrets of a file stand, so that reports leave them out."""
    spans = {
        (place.start, place.end)
        for fact in read.facts if isinstance(fact, Credential) and fact.form not in ("reference", "empty", "placeholder")
        for name, place in fact.parts.items() if name == "value"
    }  # fmt: skip
    return tuple(sorted(spans))


def scan_examples(folder: Path, rule: str, settings: Mapping[str, object], loaded: RuleSet | None = None) -> list[str]:
    """Scan a folder with one rule, as its examples are tested: `path:line:column message`, sorted."""
    own = {
        name: tuple(str(word) for word in words)
        for name in ("registries", "namespaces", "owners")
        if isinstance(words := settings.get(f"own-{name}"), (list, tuple))
    }
    params = settings.get("params")
    cached: list[Judging] = []

    def judging(_: str, rules: RuleSet) -> Judging:
        if not cached:
            about_comments = rules.rules[rule].on == "suppression"
            cached.append(
                Judging(
                    rules=tuple(rules.rules.values()) if about_comments else (rules.rules[rule],),
                    asked=frozenset((rule,)),
                    profile=str(settings.get("profile", "default")),
                    params={rule: params} if isinstance(params, dict) else {},
                    own=own,
                )
            )
        return cached[0]

    found = run(Plan(paths=(str(folder),), judging=judging, own=own, jobs=1, cache=True, rules=loaded))
    if found.faults:
        raise AssertionError(found.faults[0][1])
    findings = list(found.findings)
    if cached and len(cached[0].rules) > 1:
        from relcheck.suppress import Suppressed  # noqa: PLC0415 - only rules about comments need it

        suppressed = Suppressed(found.rules, found.reads)
        suppressed.apply(findings)
        findings = suppressed.leftovers(lambda _: cached[0])
    places = sorted((f.place.path, f.place.line, f.place.column, f.message) for f in findings if f.rule == rule)
    return [f"{path}:{line}:{column} {message}" for path, line, column, message in places]
