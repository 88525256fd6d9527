"""Azure Pipelines and their templates (documentation: "YAML schema reference").

    trigger, pr, schedules, pool, parameters, variables
    resources:
      containers:   [{container: ALIAS, image | type: ACR, registry, repository}]
      repositories: [{repository: ALIAS, type, name, ref}]       packages: [{package, type, name, version}]
    extends: {template: path@ALIAS}
    stages: [{stage, jobs, variables, condition} | {template}]   jobs: […]   steps: […]       the inner without the outer
    jobs[]: {job | deployment, container, services, pool, strategy, variables, steps, condition, environment} | {template}
    steps[]: script | bash | pwsh | powershell | task: Name@N, inputs | template | checkout

`container` and `services` name an alias of `resources.containers`, or an image; in a template a bare word may be an
alias of the pipeline around it. Every list and mapping may hold `${{ if … }}` (see `azure_tree`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Image, Job, SecretUse, Text, Truth
from relcheck.readers.azure_tree import Variables, events_of, get, items, pairs, reached, text
from relcheck.readers.ci_common import Around, merged_secrets, placed
from relcheck.readers.ci_values import images, variable_facts
from relcheck.readers.composed import composed
from relcheck.readers.known import Call, firmness, known_facts, powershell_facts
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.yaml_tree import faults, load, walk
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.source import Source

_TOP = ("trigger", "pr", "schedules", "extends", "pool", "resources")
_WINDOWS = re.compile(r"(?i:windows|vs20\d\d|win)")
_PARAMETER = re.compile(r"\$\{\{\s*parameters\.(\w+)\s*\}\}")
_TASK = re.compile(r"(?P<name>[^@]+)@(?P<ref>\S+)")
_TOLD = re.compile(r"(?i:docker)@")
"""The task that says itself whether it logs in."""
_LOGS_IN = re.compile(r"(?i:docker|login|azurecli|acr|ecr|gcloud|kube|helm)")


def read(source: Source) -> Iterator[Fact]:
    """Read a pipeline or a template."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        yield from read_document(source, document)


def read_document(source: Source, node: Node) -> Iterator[Fact]:  # noqa: ARG001 - the shape of all readers of documents
    """Read one document."""
    if isinstance(node, Mapping):
        yield from _Pipeline(node).facts()


class _Setting(Record):
    """What surrounds jobs and steps: variables, conditions, the pool."""

    variables: Variables
    conditions: tuple[str, ...] = ()
    pool: Node | None = None
    guarded: bool = False


class _Pipeline:
    """One file."""

    def __init__(self, top: Mapping) -> None:
        self.top = top
        resources = get(top, "resources")
        self.resources = resources if isinstance(resources, Mapping) else None
        self.aliases = {text(item, "container") for item in self._listed("containers")}
        self.template = not any(get(top, name) is not None for name in _TOP)
        self.events = () if self.template else events_of(top)
        self.repositories = {text(item, "repository") for item in self._listed("repositories")}
        self.templated = {name for _, name in _template_names(top)}
        self.left = 20_000

    def _listed(self, name: str) -> list[Mapping]:
        node = get(self.resources, name)
        return [item for item, _ in items(node) if isinstance(item, Mapping)]

    def facts(self) -> Iterator[Fact]:
        """Yield facts in the order of the file: resources, variables, stages or jobs or steps."""
        variables = Variables().parameters(get(self.top, "parameters")).read(get(self.top, "variables"))
        setting = _Setting(variables=variables, pool=get(self.top, "pool"))
        yield from self._resources(setting)
        yield from variable_facts(variables.named)
        yield from self._templates(self.top, "")
        yield from self._holder(self.top, setting)

    def _resources(self, setting: _Setting) -> Iterator[Fact]:
        for item in self._listed("containers"):
            yield from self._container_resource(item, setting)
        for item in self._listed("repositories"):
            found = self._repository(item)
            if found is not None:
                yield found
        for item in self._listed("packages"):
            yield from _package(item)
        for item in [*self._listed("pipelines"), *self._listed("builds")]:
            found = _pipeline_resource(item)
            if found is not None:
                yield found

    def _container_resource(self, item: Mapping, setting: _Setting) -> Iterator[Image]:
        image, repository = get(item, "image"), get(item, "repository")
        if isinstance(image, Scalar):
            yield from images(image.source, setting.variables.markers(), role="job", engine="azure")
        elif isinstance(repository, Scalar) and text(item, "type").upper() == "ACR":
            source = composed([f"{MARK}/", repository.source, f":{MARK}"])
            yield from images(source, setting.variables.markers(), role="job", engine="azure")

    def _repository(self, item: Mapping) -> Component | None:
        """A repository whose templates are used; one that is only checked out is told apart."""
        name, ref = get(item, "name"), get(item, "ref")
        if not isinstance(name, Scalar):
            return None
        parts = {} if "$" in name.value else {"name": name.span}
        known = not isinstance(ref, Scalar) or "$" not in ref.value
        if isinstance(ref, Scalar) and known:
            parts["ref"] = ref.span
        written: Text = (ref.value if isinstance(ref, Scalar) else "") if known else UNKNOWN
        owner = name.value.rpartition("/")[0]
        return Component(
            span=parts.get("ref", name.span),
            parts=parts,
            system="azure",
            kind="repository" if text(item, "repository") in self.templated else "checkout",
            name=name.value if "name" in parts else UNKNOWN,
            owner=owner if "name" in parts else UNKNOWN,
            host="github.com" if text(item, "type") == "github" else "",
            ref=written,
            ref_kind=UNKNOWN if written is UNKNOWN else classify_ref(str(written)),
        )

    def _templates(self, holder: Mapping, job: str) -> Iterator[Component]:
        """`extends: {template}` and the templates among stages, jobs, steps and variables of one holder."""
        extended = get(holder, "extends")
        lists = [get(holder, name) for name in ("stages", "jobs", "steps", "variables")]
        listed = [item for node in lists for item, _ in items(node)]
        for item in [extended, *listed]:
            template = get(item, "template") if isinstance(item, Mapping) else None
            if isinstance(template, Scalar):
                yield self._template(template, job)

    def _template(self, template: Scalar, job: str) -> Component:
        name, at, alias = template.value.rpartition("@")
        name = name if at else template.value
        unknown = "$" in name
        return Component(
            span=template.source.at(0, len(name)),
            parts={} if unknown else {"name": template.source.at(0, len(name))},
            job=job,
            system="azure",
            kind="template",
            name=UNKNOWN if unknown else name,
            owner="",
            ref="" if not at or alias == "self" else UNKNOWN,
            ref_kind="none" if not at or alias == "self" else UNKNOWN,
            local=not at or alias == "self",
        )

    def _holder(self, holder: Mapping, setting: _Setting) -> Iterator[Fact]:
        """Stages, jobs or steps, wherever they begin."""
        for item, conditional in items(get(holder, "stages")):
            if isinstance(item, Mapping) and get(item, "stage") is not None:
                yield from self._stage(item, setting.replace(guarded=setting.guarded or conditional))
        for item, conditional in items(get(holder, "jobs")):
            if isinstance(item, Mapping) and (get(item, "job") is not None or get(item, "deployment") is not None):
                yield from self._job(item, setting.replace(guarded=setting.guarded or conditional))
        if get(holder, "steps") is not None and holder is self.top:
            yield from self._job(holder, setting)

    def _stage(self, stage: Mapping, setting: _Setting) -> Iterator[Fact]:
        variables = Variables(setting.variables).read(get(stage, "variables"))
        yield from variable_facts(variables.named)
        yield from self._templates(stage, "")
        inner = setting.replace(
            variables=variables,
            conditions=(*setting.conditions, text(stage, "condition")),
            pool=get(stage, "pool") or setting.pool,
        )
        yield from self._holder(stage, inner)

    def _job(self, job: Mapping, setting: _Setting) -> Iterator[Fact]:
        key = get(job, "deployment") or get(job, "job")
        name = (key.value if isinstance(key, Scalar) else "") or "job"
        variables = setting.variables if job is self.top else Variables(setting.variables).read(get(job, "variables"))
        variables.matrix(get(job, "strategy"))
        pool = get(job, "pool") or setting.pool
        own = setting.replace(variables=variables, pool=pool, conditions=(*setting.conditions, text(job, "condition")))
        fact = self._fact(name, key, job, own)
        yield fact
        if job is not self.top:
            yield from variable_facts(variables.named, job=name)
            yield from self._templates(job, name)
        for node, role in self._containers(job):
            yield from self._image(node, role, own, name)
        steps = [pair for holder in _step_holders(job) for pair in items(self._step_list(holder))]
        yield from self._steps(steps, fact, own)

    def _step_list(self, holder: Mapping) -> Node | None:
        """Return the steps of a holder, or the default of the parameter (a `stepList`) that stands for them."""
        steps = get(holder, "steps")
        match = _PARAMETER.fullmatch(steps.value.strip()) if isinstance(steps, Scalar) else None
        if match is None:
            return steps
        declared = [item for item, _ in items(get(self.top, "parameters")) if isinstance(item, Mapping)]
        return next((get(item, "default") for item in declared if text(item, "name") == match[1]), None)

    def _fact(self, name: str, key: Node | None, job: Mapping, setting: _Setting) -> Job:
        events, guarded = reached(self.events, [found for found in setting.conditions if found])
        environment = get(job, "environment")
        runner, hosted = _pool(setting.pool)
        names = [
            text(item, "task")
            for holder in _step_holders(job)
            for item, _ in items(get(holder, "steps"))
            if isinstance(item, Mapping)
        ]
        return Job(
            span=key.span if key is not None else job.span,
            parts={"id": key.span} if isinstance(key, Scalar) and key.value == name else {},
            job=name,
            system="azure",
            id=name,
            triggers=self.events,
            events=events,
            guarded=guarded or setting.guarded or self.template,
            tag_trigger="tag" in events,
            tag_only=events == ("tag",),
            environment=(
                environment.value
                if isinstance(environment, Scalar)
                else text(environment, "name")
                if isinstance(environment, Mapping)
                else ""
            ),
            runner=runner,
            self_hosted=hosted,
            matrix=isinstance(get(job, "strategy"), Mapping),
            tolerant=text(job, "continueOnError") == "true",
            secrets=merged_secrets(SecretUse(name=group, level="job") for group in setting.variables.all_groups()),
            foreign_login=any(_LOGS_IN.search(task) for task in names if not _TOLD.match(task))
            or any(_template_names(job)),
        )

    def _containers(self, job: Mapping) -> Iterator[tuple[Scalar, str]]:
        container, services = get(job, "container"), get(job, "services")
        found = [(container, "job")]
        found += [(value, "service") for _, value in pairs(services if isinstance(services, Mapping) else None)]
        for node, role in found:
            image = get(node, "image") if isinstance(node, Mapping) else node
            if isinstance(image, Scalar) and not (image is node and self._is_alias(image.value)):
                yield image, role

    def _is_alias(self, name: str) -> bool:
        bare = not any(letter in name for letter in "/:@$")
        return name in self.aliases or (bare and (self.template or get(self.top, "extends") is not None))

    def _image(self, node: Scalar, role: str, setting: _Setting, job: str) -> Iterator[Image]:
        markers = setting.variables.markers()
        for found in images(node.source, markers, role=role, engine="azure", job=job):
            if not (isinstance(found.name, str) and found.tag == "" and self._is_alias(found.name)):
                yield found

    def _steps(self, steps: list[tuple[Node, bool]], job: Job, setting: _Setting) -> Iterator[Fact]:
        for number, (step, conditional) in enumerate(steps):
            self.left -= 1
            if not isinstance(step, Mapping) or text(step, "enabled") == "false" or self.left < 0:
                continue
            conditions = [found for found in (*setting.conditions, text(step, "condition")) if found]
            events, guarded = reached(self.events, conditions)
            environment = get(step, "env")
            variables = dict(pairs(environment)) if isinstance(environment, Mapping) else {}
            around = Around(
                job=job.id,
                step=number,
                events=events,
                guarded=guarded or conditional or job.guarded,
                tolerant=job.tolerant or text(step, "continueOnError") == "true",
                variables={key.value: value.value for key, value in variables.items() if isinstance(value, Scalar)},
                id_token="unknown",  # noqa: S106 - a level, not a secret
            )
            named = [(key.value, value) for key, value in variables.items() if isinstance(value, Scalar)]
            yield from variable_facts(named, job=job.id, step=number)
            yield from self._step(step, around, setting)

    def _step(self, step: Mapping, around: Around, setting: _Setting) -> Iterator[Fact]:
        task = get(step, "task")
        if isinstance(task, Scalar):
            yield from self._task(task, step, around, setting)
        bash, script = get(step, "bash"), get(step, "script")
        windows = bool(_WINDOWS.match(_pool(setting.pool)[0]))
        if isinstance(script, Scalar) and not windows:
            yield from self._script(script, around, setting)
        if isinstance(bash, Scalar):
            yield from self._script(bash, around, setting)
        for found in (get(step, "pwsh"), get(step, "powershell")):
            if isinstance(found, Scalar):
                yield from powershell_facts(setting.variables.markers().one(found.source), around)

    def _script(self, script: Scalar, around: Around, setting: _Setting) -> Iterator[Fact]:
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        known = {name: value for name, value in around.variables.items() if "$" not in value}
        source = setting.variables.markers().one(script.source)
        found = read_shell(
            source, context="run", job=around.job, step=around.step, variables=known, tolerant=around.tolerant
        )
        yield from placed(found, around)

    def _task(self, task: Scalar, step: Mapping, around: Around, setting: _Setting) -> Iterator[Fact]:
        match = _TASK.fullmatch(task.value.strip())
        if match is None or "$" in task.value:
            return
        parts = {name: task.source.at(*match.span(name)) for name in ("name", "ref")}
        owner, _, name = match["name"].rpartition(".")
        yield Component(
            span=parts["ref"],
            parts=parts,
            job=around.job,
            step=around.step,
            system="azure",
            kind="task",
            name=match["name"],
            owner=owner.partition(".")[0],
            ref=match["ref"],
            ref_kind=classify_ref(match["ref"]),
        )
        inputs = get(step, "inputs")
        given = {key.value.lower(): value for key, value in pairs(inputs if isinstance(inputs, Mapping) else None)}
        call = Call(place=task.span, inputs=given, markers=setting.variables.markers(), around=around, engine="azure")
        yield from known_facts("azure", name, call)
        if name.lower() == "docker":
            from relcheck.readers.azure_builds import docker_build  # noqa: PLC0415 - few pipelines build images by the task

            yield from docker_build(call)


def _pool(pool: Node | None) -> tuple[str, Truth]:
    """Return the runner that a pool names, and whether it is one's own machine."""
    if isinstance(pool, Scalar):
        return pool.value, UNKNOWN if "$" in pool.value else not pool.value.startswith(("Azure Pipelines", "Hosted"))
    if not isinstance(pool, Mapping):
        return "", UNKNOWN
    image, name = text(pool, "vmImage"), text(pool, "name")
    if name and not name.startswith(("Azure Pipelines", "Hosted")):
        return image or name, UNKNOWN if "$" in name else True
    return image, False


def _step_holders(job: Mapping) -> Iterator[Mapping]:
    """Yield the mappings that hold steps: the job, and the hooks of a deployment's strategy."""
    yield job
    strategy = get(job, "strategy")
    for name in ("runOnce", "rolling", "canary"):
        chosen = get(strategy, name) if isinstance(strategy, Mapping) else None
        for _, hook in pairs(chosen if isinstance(chosen, Mapping) else None):
            if isinstance(hook, Mapping):
                yield hook
                yield from (inner for _, inner in pairs(hook) if isinstance(inner, Mapping))


def _template_names(node: Node) -> Iterator[tuple[Scalar, str]]:
    """Yield the templates of other repositories below a node, with the alias of the repository."""
    for found in walk(node):
        template = found.get("template") if isinstance(found, Mapping) else None
        if isinstance(template, Scalar) and "@" in template.value and not template.value.endswith("@self"):
            yield template, template.value.rpartition("@")[2]


def _pipeline_resource(item: Mapping) -> Component | None:
    """Another pipeline whose artifacts are taken, of a branch or of its newest run."""
    name, ref = get(item, "source"), get(item, "branch")
    if not isinstance(name, Scalar) or "$" in name.value:
        return None
    given = ref if isinstance(ref, Scalar) and "$" not in ref.value else None
    parts = {"name": name.span} | ({"ref": given.span} if given is not None else {})
    return Component(
        span=parts.get("ref", name.span), parts=parts, system="azure", kind="pipeline", name=name.value, owner="",
        ref=given.value if given is not None else "", ref_kind=classify_ref(given.value) if given is not None else "none",
    )  # fmt: skip


def _package(item: Mapping) -> Iterator[Dependency]:
    name, version, kind = get(item, "name"), get(item, "version"), text(item, "type").lower()
    tagged = version is None and isinstance(get(item, "tag"), Scalar)
    version = get(item, "tag") if tagged else version
    if not isinstance(name, Scalar) or kind not in ("npm", "nuget"):
        return
    given = version if isinstance(version, Scalar) else None
    parts = {"name": name.span} | ({"constraint": given.span} if given is not None else {})
    yield Dependency(
        span=parts.get("constraint", name.span),
        parts=parts,
        ecosystem=kind,
        where="setup",
        name=name.value,
        constraint=given.value if given is not None else "",
        firmness="tag" if tagged else firmness(given.value) if given is not None else "any",
        group="build",
    )
