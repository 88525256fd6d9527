"""GitHub workflows (documentation: "Workflow syntax for GitHub Actions"); Gitea and Forgejo read the same files.

    on: EVENT | [EVENT…] | {EVENT: {branches, tags, types, inputs, …}}
    permissions: read-all | write-all | {scope: level}       at the workflow, replaced by a job's own
    env: {NAME: value}                                       at the workflow, the job, the step, a container
    concurrency: group | {group, cancel-in-progress}
    jobs:
      ID:
        needs, if, runs-on, environment, permissions, strategy: {matrix}, continue-on-error, defaults: {run: {shell}}
        container: IMAGE | {image, credentials: {username, password}, env}
        services: {NAME: IMAGE | {image, …}}
        steps: […]                                           see github_steps
        uses: owner/repository/.github/workflows/x.yml@ref   a job that calls a reusable workflow
        with, secrets: inherit | {NAME: value}

Keys are compared as text (`on` is no boolean here), `<<` contributes nothing, a mapping given as an expression is
unknown. Expressions are never guessed; what a matrix, a literal `env` or the default of an input gives, is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Credential, Fact, Job, SecretUse, Truth
from relcheck.readers.ci_common import NAMES_TAG, WRITES_FILE, env_facts, merged_secrets
from relcheck.readers.github_events import Scenario, names, scenarios, words
from relcheck.readers.github_steps import DUMP, Frame, component, image_facts, named_scalars, secret_uses, step_facts
from relcheck.readers.github_values import Scope, legs_alike, legs_of
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load, walk
from relcheck.refs.conditions import STATUS, both, either, evaluate, holds, truth
from relcheck.refs.order import needs_first
from relcheck.refs.secrets import identify, literal_form, redact
from relcheck.source import Source, Span

_SEPARATES = re.compile(r"\b(?:sha|run_id|run_number|run_attempt)\b")
_NO_TEXT = ("name", "uses")
_COMPUTED = re.compile(r"\b(?:steps|needs|env)\.")
_BY_REF = re.compile(r"github\.(?:ref|ref_name|head_ref|event\.ref|event\.release)\b")

Reached = tuple[tuple[Scenario, Truth], ...]


class Permissions:
    """What a `permissions` key grants."""

    __slots__ = ("id_token", "is_set", "lines", "span", "write_all")

    def __init__(self, node: Node | None) -> None:
        self.is_set = node is not None
        self.lines: tuple[str, ...] = ()
        self.write_all = False
        self.id_token = "none"  # noqa: S105 - a level, not a secret
        self.span = node.span if node is not None else None
        if isinstance(node, Mapping):
            self.lines = tuple(
                f"{key.value}: {value.value}" for key, value in node.pairs() if isinstance(value, Scalar)
            )
            self.id_token = "write" if "id-token: write" in self.lines else "none"
        elif isinstance(node, Scalar) and node.value:
            self.lines = (node.value,)
            self.write_all = node.value == "write-all"
            self.id_token = "write" if self.write_all else "none" if node.value == "read-all" else "unknown"


def read(source: Source) -> Iterator[Fact]:
    """Read a workflow."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            yield from _Workflow(document).facts()
            yield from dumped_secrets(document)


def dumped_secrets(document: Node) -> Iterator[Credential]:
    """Yield the expressions that hand over every secret of the repository."""
    for node in walk(document):
        if isinstance(node, Scalar) and "secrets" in node.value:
            for match in DUMP.finditer(node.value):
                place = node.source.at(*match.span())
                yield Credential(span=place, kind="secrets-dump", form="reference", where="text", key=match[0])


class _Workflow:
    """One workflow: what its jobs inherit."""

    def __init__(self, top: Mapping) -> None:
        self.top = top
        self.scenarios = scenarios(top.get("on"))
        self.jobs = top.map("jobs")
        self.reached: dict[str, Reached] = {}
        self.inputs = self._inputs()

    def facts(self) -> Iterator[Fact]:
        if self.jobs is None:
            return
        frame = Frame(
            scope=Scope(env=_env(self.top), inputs=self.inputs),
            shell=_default(self.top, "shell"),
            folder=_default(self.top, "working-directory"),
        )
        yield from env_facts(self.top.map("env"))
        for key, body in self.jobs.pairs():
            if isinstance(body, Mapping):
                yield from _JobReader(self, key, body, frame).facts()

    def _inputs(self) -> Mapping | None:
        on = self.top.map("on")
        for event in ("workflow_dispatch", "workflow_call"):
            body = on.map(event) if on else None
            if body is not None and body.map("inputs") is not None:
                return body.map("inputs")
        return None

    def release_place(self) -> dict[str, Span]:
        """Return where the release event is written, if it is."""
        on = self.top.get("on")
        named: list[Node | None] = [*on.items] if isinstance(on, Sequence) else [on]
        if isinstance(on, Mapping):
            named = [key for key, _ in on.pairs()]
        places = [node.span for node in named if isinstance(node, Scalar) and node.value == "release"]
        return {"triggers": places[-1]} if places else {}

    def reach(self, job: str) -> Reached:
        """Return whether each scenario reaches a job: its own `if`, and the jobs that it needs."""
        if job not in self.reached:
            for name in needs_first([job], self._needed):
                self.reached[name] = self._reach(name)
        return self.reached[job]

    def _needed(self, job: str) -> list[str]:
        return [name for name in self._needs(job) if name not in self.reached]

    def _needs(self, job: str) -> tuple[str, ...]:
        """Return what a job needs, none where it runs whatever became of them."""
        body = self.jobs.map(job) if self.jobs else None
        condition = body.text("if") if body is not None else ""
        anyway = bool(STATUS.search(condition)) and not re.search(r"\bsuccess\s*\(", condition)
        return () if anyway or body is None else words(body.get("needs"))

    def _reach(self, job: str) -> Reached:
        body = self.jobs.map(job) if self.jobs else None
        if body is None:
            return tuple((scenario, UNKNOWN) for scenario in self.scenarios)
        needed = [self.reached.get(name) for name in self._needs(job)]
        found = []
        for index, scenario in enumerate(self.scenarios):
            before = [UNKNOWN if reached is None else reached[index][1] for reached in needed]
            found.append((scenario, both([*before, holds(body.text("if"), scenario.lookup)])))
        return tuple(found)


class _JobReader:
    """One job: the `Job` fact, then what stands in it."""

    def __init__(self, workflow: _Workflow, key: Scalar, body: Mapping, frame: Frame) -> None:
        self.workflow = workflow
        self.key = key
        self.body = body
        own = body.get("permissions")
        self.permissions = Permissions(own if own is not None else workflow.top.get("permissions"))
        self.reached = workflow.reach(key.value)
        strategy = body.map("strategy")
        self.matrix = strategy is not None and strategy.get("matrix") is not None
        scope = frame.scope
        self.scope = scope.replace(
            env=(*scope.env, *_env(body)), legs=legs_of(strategy.map("matrix") if strategy else None)
        )
        called = {scenario.event for scenario in workflow.scenarios} == {"workflow_call"}
        self.reusable = called
        id_token = self.permissions.id_token if self.permissions.is_set or not called else "unknown"
        container = body.get("container")
        labels = self._labels()
        self.frame = frame.replace(
            job=key.value,
            scope=self.scope,
            reached=self.reached,
            shell=_default(body, "shell") or frame.shell,
            folder=_default(body, "working-directory") or frame.folder,
            container=container is not None and not (isinstance(container, Scalar) and not container.value),
            windows=bool(labels) and all(label.lower().startswith("windows") for label in labels),
            tolerant=_is_true(body.get("continue-on-error")),
            id_token=id_token,
            per_leg=legs_alike(body, self.scope.legs),
        )

    def facts(self) -> Iterator[Fact]:
        """Yield the job, its environment, its steps or the workflow that it calls."""
        yield self.job()
        yield from self._container()
        yield from self._services()
        yield from env_facts(self.body.map("env"), self.key.value)
        steps = self.body.get("steps")
        if isinstance(steps, Sequence):
            yield from step_facts(steps, self.frame)
        uses = self.body.scalar("uses")
        if uses is not None:
            yield from self._called(uses)

    def job(self) -> Job:
        """Return the fact about the job itself."""
        held = [scenario for scenario, reached in self.reached if reached is True]
        possible = [scenario for scenario, reached in self.reached if reached is not False]
        parts = {"id": self.key.span, **self.workflow.release_place()}
        mode = self.body.scalar("cache-mode") or self.workflow.top.scalar("cache-mode")
        written = {"permissions": self._permissions_node(), "secrets": self.body.get("secrets"), "cache_mode": mode}
        for name, node in written.items():
            if node is not None:
                parts[name] = node.span
        labels = self._labels()
        return Job(
            span=self.key.span,
            parts=parts,
            job=self.key.value,
            system="github",
            id=self.key.value,
            workflow=self.workflow.top.text("name"),
            triggers=names(self.workflow.scenarios),
            events=names(held),
            guarded=any(reached is UNKNOWN for _, reached in self.reached),
            permissions=self.permissions.lines,
            permissions_set=self.permissions.is_set,
            write_all=self.permissions.write_all,
            id_token=self.frame.id_token,
            environment=self._environment(),
            runner=", ".join(labels),
            self_hosted=self._self_hosted(labels),
            matrix=self.matrix,
            reusable=self.reusable,
            tag_trigger=any(scenario.tag or scenario.event == "workflow_dispatch" for scenario in held),
            tag_only=bool(possible) and all(scenario.tag for scenario in possible),
            reads_tag=self._reads_tag(possible),
            writes_files=any(WRITES_FILE.search(body.text("run")) for body in Frame.numbered(self.body.get("steps"))),
            cancels=self._cancels(possible),
            cancels_tags=self._cancels([scenario for scenario in possible if scenario.tag]),
            tolerant=self.frame.tolerant,
            needs=words(self.body.get("needs")),
            cache_mode=mode.value if mode is not None else "",
            calls=self.body.get("uses") is not None,
            inherits_permissions=self.permissions.is_set and self.body.get("permissions") is None,
            any_branch=any(scenario.ref == "branches" and not scenario.branches for scenario in held),
            secrets=merged_secrets(self._secrets()),
        )

    def _permissions_node(self) -> Node | None:
        own = self.body.get("permissions")
        return own if own is not None else self.workflow.top.get("permissions")

    def _environment(self) -> str:
        found = self.body.get("environment")
        return found.text("name") if isinstance(found, Mapping) else found.value if isinstance(found, Scalar) else ""

    def _labels(self) -> tuple[str, ...]:
        """Return the runner's labels; those of a matrix are resolved, a label that is not known stays as written."""
        node = self.body.get("runs-on")
        given = words(node.get("labels") if isinstance(node, Mapping) else node)
        found: list[str] = []
        for label in given:
            match = re.fullmatch(r"\$\{\{\s*(matrix\.[\w.-]+)\s*\}\}", label.strip())
            values = [self.scope.lookup(match[1], leg) for leg in self.scope.legs] if match else []
            found += [value.value for value in values if value is not None] or [label]
        return tuple(dict.fromkeys(found))

    def _self_hosted(self, labels: tuple[str, ...]) -> Truth:
        if "self-hosted" in labels:
            return True
        return UNKNOWN if any("${{" in label for label in labels) else False

    def _reads_tag(self, possible: list[Scenario]) -> Truth:
        """Whether a step, or a variable that it can read, names the tag; asked only where a tag starts the job."""
        if not any(scenario.tag for scenario in possible):
            return UNKNOWN
        holders = (self.workflow.top.map("env"), self.body.map("env"), self.body.get("steps"), self.body.map("with"))
        texts = [pair for holder in holders for pair in named_scalars(holder) if pair[0] not in _NO_TEXT]
        condition = self.body.scalar("if")
        texts += [("if", condition)] if condition is not None else []
        return any(
            NAMES_TAG.search(found.value) and (key != "if" or _COMPUTED.search(found.value)) for key, found in texts
        )

    def _cancels(self, possible: list[Scenario]) -> Truth:
        """Whether a newer run stops this one half-way; a group of its own for each run or tag keeps it alive."""
        found: list[Truth] = []
        for holder in (self.workflow.top, self.body):
            node = holder.map("concurrency")
            if node is None:
                continue
            text, group = node.text("cancel-in-progress"), node.text("group")
            by_tag = bool(_BY_REF.search(group)) and bool(possible) and all(scenario.tag for scenario in possible)
            if not text or text == "false" or _SEPARATES.search(group) or by_tag:
                continue
            values = [truth(evaluate(text, scenario.lookup)) for scenario in possible] if "${{" in text else [True]
            found.append(either(values) if text != "true" else True)
        return either(found)

    def _secrets(self) -> Iterator[SecretUse]:
        yield from secret_uses(self.workflow.top.map("env"), "workflow")
        yield from secret_uses(self.body.map("env"), "job")
        yield from secret_uses(self.body.get("container"), "job")
        handed = self.body.get("secrets")
        if isinstance(handed, Scalar) and handed.value == "inherit":
            yield SecretUse(name="*", level="job")
        yield from secret_uses(handed, "job")
        yield from secret_uses(self.body.map("with"), "job")
        for number, step in enumerate(self.frame.numbered(self.body.get("steps"))):
            for use in secret_uses(step, "step"):
                yield use.replace(step=number)

    def _container(self) -> Iterator[Fact]:
        node = self.body.get("container")
        yield from self._image(node, "job")

    def _services(self) -> Iterator[Fact]:
        services = self.body.map("services")
        for _, service in services.pairs() if services else ():
            yield from self._image(service, "service")

    def _image(self, node: Node | None, role: str) -> Iterator[Fact]:
        written = node.get("image") if isinstance(node, Mapping) else node
        if isinstance(written, Scalar):
            yield from image_facts(written.source, self.scope, role=role, job=self.key.value)
        if isinstance(node, Mapping):
            yield from credentials(node.map("credentials"), self.key.value)
            yield from env_facts(node.map("env"), self.key.value)

    def _called(self, uses: Scalar) -> Iterator[Fact]:
        """Yield the reusable workflow that the job is."""
        handed = self.body.get("secrets")
        inherits = isinstance(handed, Scalar) and handed.value == "inherit"
        given = self.body.map("with")
        for found in component(uses, self.frame, inputs=given):
            if isinstance(found, Component):
                secrets = inherits or any(True for _ in secret_uses(handed, "job"))
                yield found.replace(kind="workflow", inherits_secrets=inherits, secrets=secrets)
            else:
                yield found
        if given is not None:
            from relcheck.readers.github_inputs import named_images  # noqa: PLC0415 - few jobs hand something on

            yield from named_images(given, self.scope, job=self.key.value)


def credentials(node: Mapping | None, job: str) -> Iterator[Credential]:
    """Yield the password of `credentials: {username, password}` beside an image."""
    password = node.scalar("password") if node else None
    if node is None or password is None:
        return
    form = literal_form(password.value)
    token = identify(password.value)
    yield Credential(
        span=password.span,
        parts={"value": password.span},
        job=job,
        kind="ci-env",
        form=form,
        where="manifest",
        ecosystem="oci",
        key="credentials.password",
        user=node.text("username") if "${{" not in node.text("username") else UNKNOWN,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        redacted=redact(password.value) if form == "literal" else "",
        length=len(password.value) if form == "literal" else 0,
    )


def _env(holder: Mapping) -> tuple[Mapping, ...]:
    found = holder.map("env")
    return (found,) if found is not None else ()


def _default(holder: Mapping, name: str) -> str:
    defaults = holder.map("defaults")
    run = defaults.map("run") if defaults else None
    return run.text(name) if run else ""


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value.strip().lower() in ("true", "${{ true }}")
