"""CircleCI configurations and orbs (documentation: "Configuration reference", "Reusable configuration").

    setup: true
    orbs:       {NAME: namespace/orb@version | URL | {orbs, executors, commands, jobs}}        the map is an inline orb
    parameters: {NAME: {type, default}}                                            << pipeline.parameters.NAME >>
    executors:  {NAME: {docker: [{image, auth, environment, …}], machine, parameters, environment, shell}}
    commands:   {NAME: {parameters, steps}}
    jobs:       {NAME: {executor | docker | machine, parameters, environment, shell, steps, resource_class}}
    workflows:  {NAME: {jobs: [JOB | {JOB: {context, filters, requires, matrix, pre-steps, …}}], triggers, when}}
    steps:      - run: TEXT | {command, shell, environment}      - when | unless: {condition, steps}
                - COMMAND | orb/COMMAND: {arguments}             - setup_remote_docker: {version}

The first image of a job is its own, the others are services. A command of the file is read in each job that uses it,
with what that job hands it; executors likewise. Keys that nothing knows hold anchors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Sequence_

from relcheck.facts import UNKNOWN, Component, Fact, Job, SecretUse
from relcheck.readers.ci_common import Around, merged_secrets, placed
from relcheck.readers.ci_values import Markers, images, list_of, pairs_of, scalars, variable_facts
from relcheck.readers.circleci_workflows import Use, uses_of
from relcheck.readers.known import Call, credential, known, known_facts, powershell_facts, tool_dependency
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load, walk
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_KNOWN_KEYS = frozenset({"version", "setup", "orbs", "parameters", "executors", "commands", "jobs", "workflows"})
_OWN_STEPS = frozenset({
    "checkout", "setup_remote_docker", "save_cache", "restore_cache", "store_artifacts", "store_test_results",
    "persist_to_workspace", "attach_workspace", "add_ssh_keys", "deploy", "run", "when", "unless", "steps",
})  # fmt: skip
_SHELL = re.compile(r"(?:/\S*/)?(?:ba|da|a|z|k)?sh(?=\s|$)")
_POWERSHELL = re.compile(r"(?i)(?:pwsh|powershell)(?:\.exe)?(?=\s|$)")
_SECRETS = ("password", "aws_secret_access_key", "aws_access_key_id")
_DEPTH = 8
_BUDGET = 20_000


def read(source: Source) -> Iterator[Fact]:
    """Read a configuration, a continuation of one, or the source of an orb."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        yield from read_document(source, document)


def read_document(source: Source, node: Node) -> Iterator[Fact]:
    """Read one document."""
    if isinstance(node, Mapping):
        yield from _Config(source, node).facts()


class _Scope(Record):
    """What surrounds steps: the job, its values of parameters, its variables, its shell, how it is reached.

    prefix: the inline orb that the steps stand in, with a slash; its names go before those of the file.
    """

    markers: Markers = Markers(syntax="circleci")
    around: Around = Around()
    shell: str = ""
    depth: int = 0
    prefix: str = ""


class _Config:
    """One configuration with everything that its jobs may name; inline orbs add to it under their own name."""

    def __init__(self, source: Source, top: Mapping) -> None:
        self.source = source
        self.top = top
        self.executors: dict[str, Mapping] = {}
        self.commands: dict[str, Mapping] = {}
        self.jobs: dict[str, tuple[Scalar, Mapping]] = {}
        self.orbs: dict[str, str] = {}
        self.used: set[int] = set()
        self.left = _BUDGET
        self._collect(top, "", 0)
        self.uses = uses_of(top, self.markers({}))

    def _collect(self, holder: Mapping, prefix: str, depth: int) -> None:
        for name, table in (("executors", self.executors), ("commands", self.commands)):
            for key, value in _entries(holder.map(name)):
                table[prefix + key.value] = value
        for key, value in _entries(holder.map("jobs")):
            self.jobs[prefix + key.value] = (key, value)
        for key, orb in _pairs(holder.map("orbs")):
            if isinstance(orb, Scalar):
                self.orbs.setdefault(prefix + key.value, orb.value.partition("@")[0])
            elif isinstance(orb, Mapping) and depth < _DEPTH:
                self._collect(orb, f"{prefix}{key.value}/", depth + 1)

    def markers(self, given: dict[str, list[Source | None]]) -> Markers:
        """Return the variables: `parameters.x` as given, `pipeline.parameters.x` by its default."""
        declared = self.top.map("parameters")

        def lookup(name: str) -> list[Source | str | None]:
            if name.startswith("pipeline.parameters."):
                entry = declared.map(name.removeprefix("pipeline.parameters.")) if declared else None
                default = entry.scalar("default") if entry else None
                return [default.source] if default is not None else []
            return [*given.get(name.removeprefix("parameters.").removeprefix("matrix."), [])]

        return Markers(syntax="circleci", lookup=lookup)

    def facts(self) -> Iterator[Fact]:
        yield from self._orbs(self.top.map("orbs"), 0)
        for name, (key, job) in self.jobs.items():
            yield from self._job(name, key, job)
        yield from self._foreign_jobs()
        for executor in self.executors.values():
            if id(executor) not in self.used:
                yield from self._executor(executor, None, _Scope())
        for command in self.commands.values():
            if id(command) not in self.used:
                scope = _Scope(
                    markers=self.markers(_given(command.map("parameters"), [None], Markers(syntax="circleci")))
                )
                yield from self._steps(list_of(command.get("steps", merge=True)), scope)
        yield from self._anchors()

    def _orbs(self, orbs: Mapping | None, depth: int) -> Iterator[Fact]:
        for _, value in _pairs(orbs):
            if isinstance(value, Scalar) and value.value:
                yield _orb(value)
            elif isinstance(value, Mapping) and depth < _DEPTH:
                yield from self._orbs(value.map("orbs"), depth + 1)

    def _job(self, name: str, key: Scalar, job: Mapping) -> Iterator[Fact]:
        uses = self.uses.get(name, [])
        given = _given(job.map("parameters", merge=True), [use.body for use in uses] or [None], self.markers({}))
        markers = self.markers(given)
        variables = dict(pairs_of(job.get("environment", merge=True)))
        prefix = name.removesuffix(key.value)
        executor = self._executor_of(job, prefix)
        if executor is not None:
            variables = {**dict(pairs_of(executor.get("environment", merge=True))), **variables}
        fact = self._fact(name, key, job, uses)
        yield fact
        scope = _Scope(
            markers=markers,
            around=_around(fact, {key: value.value for key, value in variables.items()}),
            shell=job.text("shell", merge=True) or (executor.text("shell", merge=True) if executor else ""),
            prefix=prefix,
        )
        yield from variable_facts(pairs_of(job.get("environment", merge=True)), job=name)
        if executor is not None:
            chosen = job.get("executor", merge=True)
            yield from self._executor(executor, chosen if isinstance(chosen, Mapping) else None, scope)
        yield from self._docker(job, scope)
        body = list_of(job.get("steps", merge=True))
        for use in uses:
            body = [*use.steps("pre-steps"), *body, *use.steps("post-steps")]
        yield from self._steps(body, scope)

    def _executor_of(self, job: Mapping, prefix: str) -> Mapping | None:
        chosen = job.get("executor", merge=True)
        name = (
            chosen.value if isinstance(chosen, Scalar) else chosen.text("name") if isinstance(chosen, Mapping) else ""
        )
        return self.executors.get(prefix + name) or self.executors.get(name)

    def _fact(self, name: str, key: Scalar, job: Mapping, uses: list[Use]) -> Job:
        runner = job.text("resource_class", merge=True)
        foreign = any(
            "/" in step and step not in self.commands and not self._logs_in(step)
            for step in _step_names(job.seq("steps", merge=True))
        )
        return _job_fact(name, key.span, uses).replace(
            parts={"id": key.span} if key.value == name else {},
            runner=runner,
            self_hosted=True if "/" in runner else UNKNOWN if "<<" in runner else False,
            foreign_login=foreign or self.top.get("setup") is not None,
        )

    def _logs_in(self, step: str) -> bool:
        return known("circleci", self._full_name(step))

    def _full_name(self, name: str) -> str:
        alias, _, rest = name.rpartition("/")
        return f"{self.orbs.get(alias, alias)}/{rest}"

    def _foreign_jobs(self) -> Iterator[Fact]:
        """Yield what a workflow hands to the jobs of orbs."""
        for name, uses in self.uses.items():
            if "/" not in name or name in self.jobs:
                continue
            fact = _job_fact(name, uses[0].place, uses).replace(foreign_login=not self._logs_in(name))
            yield fact
            for use in uses:
                call = Call(
                    place=use.place,
                    inputs=_inputs(use.body),
                    markers=self.markers({}),
                    around=_around(fact, {}),
                    engine="circleci",
                )
                yield from known_facts("circleci", self._full_name(name), call)
                scope = _Scope(markers=self.markers({}), around=_around(fact, {}))
                yield from self._steps([*use.steps("pre-steps"), *use.steps("post-steps")], scope)

    def _executor(self, executor: Mapping, chosen: Mapping | None, scope: _Scope) -> Iterator[Fact]:
        self.used.add(id(executor))
        given = _given(executor.map("parameters", merge=True), [chosen], scope.markers)
        inner = scope.replace(markers=self.markers(given))
        yield from variable_facts(pairs_of(executor.get("environment", merge=True)), job=scope.around.job)
        yield from self._docker(executor, inner)

    def _docker(self, holder: Mapping, scope: _Scope) -> Iterator[Fact]:
        for number, item in enumerate(list_of(holder.get("docker", merge=True))):
            if isinstance(item, Mapping):
                yield from self._container(item, "service" if number else "job", scope)

    def _container(self, item: Mapping, role: str, scope: _Scope) -> Iterator[Fact]:
        image = item.scalar("image", merge=True)
        if image is not None:
            self.used.add(id(image))
            yield from images(image.source, scope.markers, role=role, engine="circleci", job=scope.around.job)
        for name in ("auth", "aws_auth"):
            for key, value in _pairs(item.map(name, merge=True)):
                if isinstance(value, Scalar) and key.value in _SECRETS:
                    yield credential(value.source, f"{name}.{key.value}", ecosystem="oci").replace(job=scope.around.job)
        yield from variable_facts(pairs_of(item.get("environment", merge=True)), job=scope.around.job)

    def _anchors(self) -> Iterator[Fact]:
        """Yield the images of anchors that no job uses."""
        for key, value in self.top.pairs():
            for node in walk(value) if key.value not in _KNOWN_KEYS else ():
                docker = node.get("docker") if isinstance(node, Mapping) else None
                for number, item in enumerate(list_of(docker)):
                    if isinstance(item, Mapping) and id(item.get("image", merge=True)) not in self.used:
                        yield from self._container(
                            item, "service" if number else "job", _Scope(markers=self.markers({}))
                        )

    def _steps(self, steps: list[Node], scope: _Scope) -> Iterator[Fact]:
        numbered = scope.depth == 0
        for number, step in enumerate(steps):
            self.left -= 1
            if self.left < 0:
                return
            inner = scope.replace(around=scope.around.replace(step=number)) if numbered and scope.around.job else scope
            if isinstance(step, Scalar):
                yield from self._command(step, None, inner)
            elif isinstance(step, Mapping):
                for key, value in step.pairs(merge=True):
                    yield from self._step(key, value, inner)

    def _step(self, key: Scalar, value: Node, scope: _Scope) -> Iterator[Fact]:
        if key.value in ("run", "deploy"):
            yield from self._run(value, scope)
        elif key.value in ("when", "unless") and isinstance(value, Mapping):
            if scope.depth < _DEPTH:
                around = scope.around.replace(guarded=True)
                inner = scope.replace(around=around, depth=scope.depth + 1)
                yield from self._steps(list_of(value.get("steps", merge=True)), inner)
        elif key.value == "setup_remote_docker":
            version = value.scalar("version") if isinstance(value, Mapping) else None
            if version is not None:
                text = scope.markers.one(version.source).text
                yield tool_dependency("docker", version.source, UNKNOWN if MARK in text else text).replace(
                    job=scope.around.job
                )
        else:
            yield from self._command(key, value, scope)

    def _command(self, key: Scalar, value: Node | None, scope: _Scope) -> Iterator[Fact]:
        """A command of this file is read in place; one of an orb by what is known of it."""
        name, given = key.value, value if isinstance(value, Mapping) else None
        full = scope.prefix + name if scope.prefix + name in self.commands else name
        command = self.commands.get(full)
        if command is not None and scope.depth < _DEPTH:
            self.used.add(id(command))
            values = _given(command.map("parameters", merge=True), [given], scope.markers)
            prefix = full.rpartition("/")[0]
            inner = scope.replace(
                markers=self.markers(values), depth=scope.depth + 1, prefix=f"{prefix}/" if prefix else ""
            )
            yield from self._steps(list_of(command.get("steps", merge=True)), inner)
        elif "/" in name and name not in _OWN_STEPS:
            call = Call(
                place=key.span, inputs=_inputs(given), markers=scope.markers, around=scope.around, engine="circleci"
            )
            yield from known_facts("circleci", self._full_name(name), call)

    def _run(self, value: Node, scope: _Scope) -> Iterator[Fact]:
        """`run: TEXT` or `run: {command, shell, environment, background, when}`."""
        command = value.scalar("command", merge=True) if isinstance(value, Mapping) else value
        environment = value.get("environment", merge=True) if isinstance(value, Mapping) else None
        shell = (value.text("shell", merge=True) if isinstance(value, Mapping) else "") or scope.shell
        own = dict(pairs_of(environment))
        yield from variable_facts(own.items(), job=scope.around.job, step=scope.around.step)
        if isinstance(command, Scalar) and _POWERSHELL.match(shell):
            yield from powershell_facts(scope.markers.one(command.source), scope.around)
        if not isinstance(command, Scalar) or (shell and not _SHELL.match(shell)):
            return
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        variables = {**scope.around.variables, **{name: node.value for name, node in own.items()}}
        found = read_shell(
            scope.markers.one(command.source),
            context="run",
            job=scope.around.job,
            step=scope.around.step,
            variables={name: text for name, text in variables.items() if "$" not in text and "<<" not in text},
            shell_options=_options(shell),
        )
        yield from placed(found, scope.around.replace(variables=variables))


def _options(shell: str) -> str:
    if not shell:
        return "eo pipefail"
    letters = "".join(word[1:] for word in shell.split()[1:] if re.fullmatch(r"-[a-z]+", word))
    return ("e" if "e" in letters else "") + ("o pipefail" if "pipefail" in shell else "")


def _orb(value: Scalar) -> Component:
    """`namespace/orb@version`, or the URL of an orb."""
    if (url := parse_url(value.value)) is not None:
        place = value.span
        return Component(
            span=place, parts={"name": place}, system="circleci", kind="orb", name=value.value, host=url.host, owner="",
            ref="", ref_kind="none",
        )  # fmt: skip
    name, at, version = value.value.partition("@")
    unknown = "<<" in version
    parts = {"name": value.source.at(0, len(name))}
    if at and not unknown:
        parts["ref"] = value.source.at(len(name) + 1, len(value.value))
    return Component(
        span=parts.get("ref", parts["name"]),
        parts=parts,
        system="circleci",
        kind="orb",
        name=name,
        owner=name.partition("/")[0],
        ref=UNKNOWN if unknown else version,
        ref_kind=UNKNOWN if unknown else classify_ref(version),
    )


def _pairs(node: Mapping | None) -> Iterator[tuple[Scalar, Node]]:
    yield from node.pairs(merge=True) if node is not None else ()


def _entries(node: Mapping | None) -> Iterator[tuple[Scalar, Mapping]]:
    for key, value in _pairs(node):
        if isinstance(value, Mapping):
            yield key, value


def _inputs(given: Mapping | None) -> dict[str, Node]:
    return {key.value.lower(): value for key, value in _pairs(given)}


def _step_names(steps: Sequence | None) -> Iterator[str]:
    for step in steps or ():
        if isinstance(step, Scalar):
            yield step.value
        elif isinstance(step, Mapping):
            yield from (key.value for key, _ in step.pairs(merge=True))


def _around(job: Job, variables: dict[str, str]) -> Around:
    return Around(job=job.id, events=job.events, guarded=job.guarded, variables=variables, id_token="unknown")  # noqa: S106 - a level


def _job_fact(name: str, place: Span, uses: list[Use]) -> Job:
    events = tuple(dict.fromkeys(event for use in uses for event in use.events))
    contexts = [context for use in uses for context in use.contexts]
    return Job(
        span=place,
        parts={"id": place},
        job=name,
        system="circleci",
        id=name,
        workflow=uses[0].workflow if uses else "",
        triggers=events,
        events=events,
        guarded=any(use.guarded for use in uses),
        tag_trigger="tag" in events,
        tag_only=events == ("tag",),
        tag_blocked_by=next((use.blocked_by for use in uses if use.blocked_by), ""),
        environment=next((use.gate for use in uses if use.gate), ""),
        matrix=any(use.matrix for use in uses),
        secrets=merged_secrets(SecretUse(name=context, level="job") for context in contexts),
    )


def _given(declared: Mapping | None, uses: Sequence_[Mapping | None], outer: Markers) -> dict[str, list[Source | None]]:
    """Return the values of declared parameters: what each use hands over, else the default."""
    out: dict[str, list[Source | None]] = {}
    for key, entry in _entries(declared):
        default = entry.get("default", merge=True)
        values: list[Source | None] = []
        for use in uses:
            given = _argument(use, key.value)
            for node in given or list_of(default):
                values += (
                    [found.source for found in outer.readings(node.source)] if isinstance(node, Scalar) else [None]
                )
        out[key.value] = [None if value is None or MARK in value.text else value for value in values]
    return out


def _argument(use: Mapping | None, name: str) -> list[Node]:
    """Return what a use hands over for a parameter: an argument, or the values of its matrix."""
    if use is None:
        return []
    matrix = use.map("matrix")
    table = matrix.map("parameters") if matrix is not None else None
    values = table.get(name) if table is not None else None
    if values is not None:
        return [*scalars(values)] or [values]
    found = use.get(name, merge=True)
    return [found] if found is not None else []
