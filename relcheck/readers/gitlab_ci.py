"""GitLab CI: images and services, included pipeline code, jobs with their triggers, scripts.

Facts stand where they are written: a hidden job or an anchor gives its image once, not once a use. Documentation: the
CI/CD YAML syntax reference of GitLab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import (
    UNKNOWN,
    Credential,
    Fact,
    Image,
    Job,
    Publish,
    Related,
    SecretUse,
    Truth,
    Unreadable,
)
from relcheck.readers.ci_common import NAMES_TAG, WRITES_FILE
from relcheck.readers.gitlab_includes import function, include, triggered
from relcheck.readers.gitlab_rules import Reach, reach
from relcheck.readers.images import image_fact
from relcheck.readers.insecure_engines import insecure_registries
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.readers.yaml_tree import load
from relcheck.refs.secrets import is_publish_variable
from relcheck.refs.variables import expand
from relcheck.source import Source, Span, joined

_GLOBAL = frozenset((
    "default", "include", "stages", "variables", "workflow", "spec", "cache", "image", "services", "before_script",
    "after_script", "types", "$schema",
))  # fmt: skip
_SCRIPTS = ("before_script", "script", "after_script")
_PROXY = re.compile(r"\$\{?CI_DEPENDENCY_PROXY(?:_DIRECT)?_GROUP_IMAGE_PREFIX\}?/")
_OWN_REGISTRY = re.compile(r"\$\{?CI_REGISTRY(?:_IMAGE)?\b")
_MACHINE = re.compile(r"(?:macos-\d|windows-\d|saas-)")
_EXTENDS_DEPTH = 10


def read(source: Source) -> Iterator[Fact]:
    """Yield the facts of a pipeline file; a `spec` document before it holds the defaults of inputs."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    yield from read_documents(source, loaded.documents)


def read_documents(source: Source, loaded: list[Node]) -> Iterator[Fact]:
    """Yield the facts of the documents of a file."""
    documents = [document for document in loaded if isinstance(document, Mapping)]
    header = documents[0] if len(documents) > 1 and documents[0].get("spec") is not None else None
    for document in documents[1:] if header is not None else documents:
        yield from _Pipeline(source, document, header).read()


class _Pipeline:
    """One configuration document with the variables and templates that its jobs share."""

    def __init__(self, source: Source, top: Mapping, header: Mapping | None) -> None:
        self._source = source
        self._top = top
        spec = header.map("spec") if header else None
        self._inputs = spec.map("inputs") if spec else None
        self._jobs = {
            key.value: value for key, value in top.pairs(merge=True)
            if isinstance(value, Mapping) and key.value not in _GLOBAL
        }  # fmt: skip
        self._changed = _conditional_variables(top, list(self._jobs.values()))
        self._seen: set[int] = set()

    def read(self) -> Iterator[Fact]:
        """Yield facts in the order of the file: globals, includes, jobs."""
        default = self._top.map("default")
        for holder in (self._top, default) if default else (self._top,):
            yield from self._environment(holder, None, "")
            yield from self._hooks(holder, None, "")
            for name in _SCRIPTS:
                yield from self._script(holder.get(name), None, "")
        yield from self._variables(self._top.map("variables"), "")
        yield from self._rule_variables(self._top.map("workflow"), "")
        yield from self._includes(self._top.get("include"))
        for key, job in self._top.pairs(merge=True):
            if isinstance(job, Mapping) and key.value not in _GLOBAL:
                yield from self._job(key, job)

    def _job(self, key: Scalar, job: Mapping) -> Iterator[Fact]:
        """One job or hidden template: its image, services, variables, scripts, triggers and what it releases.

        Of two jobs with one name GitLab takes the last; what is written in the first counts as written all the same.
        """
        name = key.value
        if not name.startswith(".") and job is self._jobs[name]:
            yield self._job_fact(key, job)
        yield from self._environment(job, job, name)
        yield from self._variables(job.map("variables"), name)
        yield from self._rule_variables(job, name)
        yield from self._hooks(job, job, name)
        for word in _SCRIPTS:
            yield from self._script(job.get(word), job, name)
        yield from self._steps(job.seq("run"), job, name)
        yield from self._trigger(job.get("trigger"), name)
        release = job.get("release")
        if release is not None and not name.startswith("."):
            written = job.key("release")
            yield Publish(
                span=written.span if written else release.span,
                job=name,
                ecosystem="gitlab-release",
                tool="release",
                host="",
                target="",
            )

    def _hooks(self, holder: Mapping, job: Mapping | None, name: str) -> Iterator[Fact]:
        hooks = holder.map("hooks")
        yield from self._script(hooks.get("pre_get_sources_script") if hooks else None, job, name)

    def _rule_variables(self, holder: Mapping | None, name: str) -> Iterator[Fact]:
        for rule in (holder.seq("rules") if holder is not None else None) or ():
            yield from self._variables(rule.map("variables") if isinstance(rule, Mapping) else None, name)

    def _effective(self, job: Mapping, key: str) -> Node | None:
        """Return a job's own value of a key, else that of what it extends, else the default."""
        waiting, depth = [job], 0
        while waiting and depth < _EXTENDS_DEPTH:
            found = waiting.pop(0)
            value = found.get(key, merge=True)
            if value is not None:
                return value
            parents = found.get("extends", merge=True)
            names = parents.items if isinstance(parents, Sequence) else [parents]
            waiting += [
                self._jobs[name.value] for name in reversed(names)
                if isinstance(name, Scalar) and name.value in self._jobs
            ]  # fmt: skip
            depth += 1
        default = self._top.map("default")
        return default.get(key) if default is not None and key not in ("rules", "only", "except") else None

    def _reach(self, job: Mapping) -> Reach:
        """Return how a job is reached; a condition may stand in a template that this file does not hold."""
        rules, only, excepted = (self._effective(job, name) for name in ("rules", "only", "except"))
        found = reach(rules, only, excepted, self._top.map("workflow"))
        told = any(condition is not None for condition in (rules, only, excepted))
        return found if told or not self._extends_unseen(job) else found.replace(guarded=True, any_branch=False)

    def _extends_unseen(self, job: Mapping) -> bool:
        """Whether a job is made of a template of another file."""
        waiting, seen = [job], 0
        while waiting and seen < _EXTENDS_DEPTH:
            parents = waiting.pop(0).get("extends", merge=True)
            names = [parents.value] if isinstance(parents, Scalar) else _texts(parents)
            if any(name not in self._jobs for name in names):
                return True
            waiting += [self._jobs[name] for name in names]
            seen += 1
        return False

    def _job_fact(self, key: Scalar, job: Mapping) -> Job:
        name = key.value
        found = self._reach(job)
        environment = self._effective(job, "environment")
        tokens = self._effective(job, "id_tokens")
        allowed = self._effective(job, "allow_failure")
        cancels = self._effective(job, "interruptible")
        secrets = self._effective(job, "secrets")
        runners = self._effective(job, "tags")
        named = environment.text("name") if isinstance(environment, Mapping) else _text(environment)
        return Job(
            span=key.span,
            job=name,
            system="gitlab",
            id=name,
            triggers=found.events,
            events=() if found.guarded else found.events,
            guarded=found.guarded,
            tag_trigger="tag" in found.events or found.guarded,
            tag_only=found.events == ("tag",),
            reads_tag=self._says(job, NAMES_TAG),
            writes_files=self._says(job, WRITES_FILE),
            any_branch=found.any_branch,
            id_token="write" if isinstance(tokens, Mapping) else "",
            environment=named,
            runner=", ".join(_texts(runners)),
            self_hosted=UNKNOWN,
            matrix=isinstance(self._effective(job, "parallel"), Mapping),
            cancels=_text(cancels) == "true",
            tolerant=_text(allowed) == "true",
            secrets=tuple(
                SecretUse(name=key.value, level="job", publishes=is_publish_variable(key.value))
                for key, _ in (secrets.pairs() if isinstance(secrets, Mapping) else ())
            ),
            foreign_login=isinstance(self._effective(job, "extends"), (Scalar, Sequence)) or self._has_includes(),
        )

    def _says(self, job: Mapping, pattern: re.Pattern[str]) -> Truth:
        """Whether a script or variable holds something; unknown where other files add to the job."""
        if self._has_includes():
            return UNKNOWN
        holders: list[Node | None] = [self._top.map("variables"), job.map("variables", merge=True)]
        for key in _SCRIPTS:
            holders += [self._effective(job, key), self._top.get(key)]
        nodes = [node for holder in holders if holder is not None for node in walk(holder)]
        if any(isinstance(node, Sequence) and node.tag == "!reference" for node in nodes):
            return UNKNOWN
        return any(isinstance(node, Scalar) and pattern.search(node.value) for node in nodes)

    def _has_includes(self) -> bool:
        return self._top.get("include") is not None

    def _environment(self, holder: Mapping, job: Mapping | None, name: str) -> Iterator[Fact]:
        """`image: NAME` or `image: {name: NAME}`; `services:` a list of the same."""
        image = holder.get("image")
        yield from self._image(image, "job", job, name)
        for item in holder.seq("services") or ():
            yield from self._image(item, "service", job, name)
            command = item.seq("command") if isinstance(item, Mapping) else None
            yield from insecure_registries([word.source for word in command or () if isinstance(word, Scalar)], name)

    def _image(self, node: Node | None, role: str, job: Mapping | None, name: str) -> Iterator[Image]:
        found = node.get("name") if isinstance(node, Mapping) else node
        if not isinstance(found, Scalar) or found.tag or _MACHINE.match(found.value) or not self._first_time(found):
            return
        source = found.source
        proxy = _PROXY.match(source.text)
        if proxy is not None:
            source = source.part(proxy.end(), len(source.text))
        expansion = expand(source, lambda variable: self._value(variable, job), "gitlab")
        place = found.span
        related = tuple(
            Related(span=value.all(), note=f"{variable} is set here")
            for variable, value in expansion.used
            if isinstance(value, Source)
        )
        image = image_fact(
            expansion.source,
            role=role,
            engine="gitlab",
            written=found.value,
            state="defaulted" if expansion.defaulted and not expansion.missing else "literal",
            related=related,
            job=name,
            build_here=bool(_OWN_REGISTRY.match(found.value)),
        )
        if image is not None:
            whole = [value for _, value in expansion.used if isinstance(value, Source)]
            if len(whole) == 1 and re.fullmatch(r"\$\{?\w+\}?", found.value) and expansion.defaulted:
                image = _at_definition(image, whole[0], place)
            yield image

    def _value(self, variable: str, job: Mapping | None) -> Source | str | None:
        """Return what a variable is, where one literal value decides: the job's own, else the pipeline's."""
        if variable.startswith("inputs."):
            declared = self._inputs.map(variable[7:]) if self._inputs else None
            default = declared.scalar("default") if declared else None
            return default.source if default else None
        if variable in self._changed:
            return None
        for holder in (job, self._top):
            table = holder.map("variables", merge=True) if holder is not None else None
            found = table.get(variable, merge=True) if table is not None else None
            if isinstance(found, Mapping):
                found = found.get("value")
            if isinstance(found, Scalar):
                return found.source
        return None

    def _first_time(self, node: Node) -> bool:
        if id(node) in self._seen:
            return False
        self._seen.add(id(node))
        return True

    def _variables(self, table: Mapping | None, name: str) -> Iterator[Fact]:
        if table is None or not self._first_time(table):
            return
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - only where variables are set

        for key, value in table.pairs():
            found = value.get("value") if isinstance(value, Mapping) else value
            if not isinstance(found, Scalar):
                continue
            if key.value == "DOCKER_AUTH_CONFIG" and found.value.lstrip().startswith("{"):
                yield from _docker_auth(found, name)
            else:
                yield from environment_facts(key.value, found.source, job=name, where="ci")

    def _script(self, node: Node | None, job: Mapping | None, name: str) -> Iterator[Fact]:
        """A text, or a list of texts and lists that GitLab flattens and runs as one script that stops at a failure."""
        lines = [line for line in _flatten(node) if self._first_time(line)]
        if not lines:
            return
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - the shell grammar is only needed here

        tolerant = job is not None and _text(self._effective(job, "allow_failure")) == "true"
        script = joined(self._source, [line.source for line in lines])
        yield from read_shell(
            script, context="script", job=name, tolerant=tolerant, shell_options="e", variables=self._known(job)
        )

    def _known(self, job: Mapping | None) -> dict[str, str]:
        out: dict[str, str] = {}
        for holder in (self._top, job):
            table = holder.map("variables", merge=True) if holder is not None else None
            for key, value in table.pairs(merge=True) if table is not None else ():
                found = value.get("value") if isinstance(value, Mapping) else value
                if isinstance(found, Scalar) and key.value not in self._changed and "$" not in found.value:
                    out[key.value] = found.value
        return out

    def _steps(self, steps: Sequence | None, job: Mapping, name: str) -> Iterator[Fact]:
        """`run:` a list of functions: `script` is shell text, `func` (once `step`) names code that lies elsewhere."""
        for step in steps or ():
            if not isinstance(step, Mapping):
                continue
            script, called = step.scalar("script"), step.get("func")
            if script is not None:
                yield from self._script(script, job, name)
            yield from function(called if called is not None else step.get("step"), name)

    def _includes(self, node: Node | None) -> Iterator[Fact]:
        for item in node.items if isinstance(node, Sequence) else [node]:
            yield from include(item, "")

    def _trigger(self, node: Node | None, name: str) -> Iterator[Fact]:
        yield from triggered(node, name)
        inner = node.get("include") if isinstance(node, Mapping) else None
        for item in inner.items if isinstance(inner, Sequence) else [inner]:
            yield from include(item, name)


def _at_definition(image: Image, definition: Source, use: Span) -> Image:
    """Move an image that one variable names whole to the variable's value: that is where the repair goes."""
    moved = image_fact(definition, role=image.role, engine=image.engine, written=image.written, job=image.job)
    if moved is None:
        return image
    related = (Related(span=use, note="used here"),)
    return image.replace(span=moved.span, parts=moved.parts, related=related)


def _docker_auth(node: Scalar, job: str) -> Iterator[Fact]:
    from relcheck.readers import embedded  # noqa: PLC0415 - only where a login is written into a variable

    for fact in embedded("docker-config", node.source):
        yield fact.replace(job=job) if isinstance(fact, Credential) else fact


def _conditional_variables(top: Mapping, jobs: list[Mapping]) -> frozenset[str]:
    """Return the variables that rules may change: their value depends on the pipeline."""
    names: set[str] = set()
    for holder in (top.map("workflow"), *jobs):
        rules = holder.seq("rules", merge=True) if holder is not None else None
        for rule in rules or ():
            table = rule.map("variables") if isinstance(rule, Mapping) else None
            names.update(key.value for key, _ in (table.pairs() if table else ()))
    return frozenset(names)


def _flatten(node: Node | None) -> list[Scalar]:
    """Return the lines of a script; references to other places (`!reference`) are read where they are written."""
    out: list[Scalar] = []
    waiting: list[Node] = [node] if node is not None else []
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, Scalar):
            out.append(found)
        elif isinstance(found, Sequence) and found.tag != "!reference" and id(found) not in seen:
            seen.add(id(found))
            waiting[:0] = found.items
    return out


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, Scalar) else ""


def _texts(node: Node | None) -> list[str]:
    return [item.value for item in node if isinstance(item, Scalar)] if isinstance(node, Sequence) else []
