"""Google Cloud Build (documentation: "Build configuration file schema", "Substituting variable values").

    steps: [{name: IMAGE, entrypoint, args, script, env, secretEnv}]
    images: [IMAGE]                                    pushed when every step has succeeded
    artifacts: {pythonPackages, npmPackages, mavenArtifacts: [{repository}], goModules: [{repositoryName, …}],
                objects: {location: gs://…}}
    substitutions: {_NAME: value}      options: {env, pool}      availableSecrets: {secretManager: [{env, versionName}]}

`$NAME` and `${NAME}` are replaced before anything runs, `$$` stands for a dollar sign. An image of the platform's own
builders is the program that its name says. What starts a build is not in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Image, Job, Publish, SecretUse, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.ci_common import Around, merged_secrets, placed, publishes_by_name
from relcheck.readers.ci_values import Markers, images, list_of, scalars, variable_facts
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs import MARK
from relcheck.refs.url import parse_url
from relcheck.source import Source

_BUILDERS = frozenset({
    "docker", "gcloud", "kubectl", "npm", "yarn", "mvn", "gradle", "go", "git", "curl", "wget", "gsutil", "helm", "bazel",
})  # fmt: skip
_OWN_REGISTRIES = ("gcr.io/cloud-builders/", "gcr.io/cloud-builders-community/")
_PACKAGES = {"pythonPackages": "pypi", "npmPackages": "npm", "mavenArtifacts": "maven"}
_JOB = "build"
_BAZEL = ("bazel:", "bazel/")
"""The names under which Bazel's rules for containers load what they build: bazel/PACKAGE:TARGET."""
_BARE = lazy_pattern(r"\$([A-Za-z_]\w*)", re.ASCII)
_TAGS = ("-t", "--tag")
_LINE = lazy_pattern(r"(?:[^\\\n;&|]|\\.)+", re.DOTALL)
_TAGGED = lazy_pattern(r"(?<!\S)(?:-t|--tag)[ =][\"']?(?P<name>[^\s\"']+)")
_PUSHED = lazy_pattern(r"\bdocker (?:push|tag \S+) [\"']?(?P<name>[^\s\"']+)")


def read(source: Source) -> Iterator[Fact]:
    """Read a build configuration."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        yield from read_document(source, document)


def read_document(source: Source, node: Node) -> Iterator[Fact]:  # noqa: ARG001 - the shape of all readers of documents
    """Read one document."""
    if isinstance(node, Mapping) and node.seq("steps", merge=True) is not None:
        yield from _Build(node).facts()


class _Build:
    """One build."""

    def __init__(self, top: Mapping) -> None:
        self.top = top
        substitutions = top.map("substitutions")
        self.values = {
            key.value: value for key, value in (substitutions.pairs() if substitutions is not None else ())
            if isinstance(value, Scalar)
        }  # fmt: skip
        self.markers = Markers(syntax="compose", lookup=self._lookup)
        self.steps = [step for step in list_of(top.get("steps", merge=True)) if isinstance(step, Mapping)]
        named = [source for step in self.steps for source in _made(step)]
        named += [node.source for node in scalars(top.get("images"))]
        # An image that the build makes and uses follows nobody else; its names are often known in part only.
        self.built = {_braced(source.text) for source in named}
        self.built |= {self.markers.one(source).text.replace(MARK, "…") for source in named}
        # Whatever its tag, an image of the same name as one that a build step tags is that one.
        self.tagged = {_untagged(text) for text in self.built}

    def _is_own(self, written: str) -> bool:
        names = _braced(written) in self.built or _untagged(written) in self.tagged
        return names or written.startswith(_BAZEL)

    def _lookup(self, name: str) -> list[Source | str | None]:
        return [self.values[name].source] if name in self.values else []

    def facts(self) -> Iterator[Fact]:
        """Yield the job, its steps, and what it pushes when all of them have succeeded."""
        yield self._job()
        yield from variable_facts(((name.lstrip("_"), value) for name, value in self.values.items()), job=_JOB)
        options = self.top.map("options")
        yield from self._environment(options.get("env") if options is not None else None, -1)
        for number, step in enumerate(self.steps):
            yield from self._step(step, number)
        yield from self._images()
        yield from self._artifacts()

    def _job(self) -> Job:
        key = self.top.key("steps")
        options = self.top.map("options")
        pool = options.get("pool") if options is not None else None
        return Job(
            span=key.span if key is not None else self.top.span,
            job=_JOB,
            system="cloudbuild",
            id=_JOB,
            guarded=True,
            runner=options.text("machineType") if options is not None else "",
            self_hosted=pool is not None,
            secrets=merged_secrets(self._secrets()),
            foreign_login=True,  # the service account of the build may write to its project's registries
        )

    def _secrets(self) -> Iterator[SecretUse]:
        """What a step is given, or by `options.secretEnv` all of them; what is only declared is in no step's reach."""
        options = self.top.map("options")
        for name in scalars(options.get("secretEnv") if options is not None else None):
            yield SecretUse(name=name.value, level="job", publishes=publishes_by_name(name.value, ""))
        for number, step in enumerate(self.steps):
            for name in scalars(step.get("secretEnv", merge=True)):
                yield SecretUse(name=name.value, step=number, publishes=publishes_by_name(name.value, ""))

    def _environment(self, node: Node | None, step: int) -> Iterator[Fact]:
        """`env: [NAME=value]`."""
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few builds set variables

        for item in scalars(node):
            name, equals, value = item.value.partition("=")
            if equals:
                source = item.source.part(len(name) + 1, len(name) + 1 + len(value))
                yield from environment_facts(name, source, job=_JOB, step=step, where="ci")

    def _step(self, step: Mapping, number: int) -> Iterator[Fact]:
        name = step.scalar("name", merge=True)
        if name is not None:
            yield from images(
                name.source, self.markers, role="job", engine="cloudbuild", job=_JOB, step=number,
                build_here=self._is_own(name.value),
            )  # fmt: skip
        yield from self._environment(step.get("env", merge=True), number)
        around = Around(job=_JOB, step=number, guarded=True, id_token="unknown")  # noqa: S106 - a level, not a secret
        script = step.scalar("script", merge=True)
        if script is not None and _is_shell(script.value):
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            yield from placed(read_shell(script.source, context="run", job=_JOB, step=number), around)
        elif script is None:
            for fact in placed(self._command(step, name, number), around):
                own = isinstance(fact, Image) and fact.role in ("pulled", "run") and self._is_own(fact.written)
                yield fact.replace(build_here=True) if own else fact

    def _command(self, step: Mapping, name: Scalar | None, number: int) -> Iterator[Fact]:
        """The words that run: the entry point or the program that a builder is, then the arguments."""
        entry = step.scalar("entrypoint", merge=True)
        program = entry.source if entry is not None else _builder(name)
        if program is None:
            return
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        words = [program, *(self.markers.one(word.source) for word in scalars(step.get("args", merge=True)))]
        yield from read_argv(words, context="run", job=_JOB, step=number)

    def _images(self) -> Iterator[Fact]:
        for node in scalars(self.top.get("images")):
            found: list[Image] = list(
                images(node.source, self.markers, role="pushed", engine="cloudbuild", job=_JOB, push=True)
            )
            yield from found
            for image in found:
                yield _publish(node, "oci", image.host).replace(target=image.name)

    def _artifacts(self) -> Iterator[Fact]:
        artifacts = self.top.map("artifacts")
        for key, ecosystem in _PACKAGES.items():
            for entry in list_of(artifacts.get(key) if artifacts is not None else None):
                repository = entry.scalar("repository") if isinstance(entry, Mapping) else None
                if repository is not None:
                    source = self.markers.one(repository.source)
                    yield from registry(source, ecosystem=ecosystem, purpose="publish", key="repository", job=_JOB)
                    url = parse_url(source.text)
                    yield _publish(repository, ecosystem, url.host if url is not None else UNKNOWN)
        yield from self._modules(artifacts)
        objects = artifacts.map("objects") if artifacts is not None else None
        location = objects.scalar("location") if objects is not None else None
        if location is not None:
            source = self.markers.one(location.source)
            yield from registry(source, ecosystem="generic", purpose="publish", key="location", job=_JOB)

    def _modules(self, artifacts: Mapping | None) -> Iterator[Publish]:
        """`goModules: [{repositoryName, repositoryLocation, …}]`: a repository of the platform, LOCATION-go.pkg.dev."""
        for entry in list_of(artifacts.get("goModules") if artifacts is not None else None):
            name = entry.scalar("repositoryName") if isinstance(entry, Mapping) else None
            if name is not None and isinstance(entry, Mapping):
                location = entry.text("repositoryLocation")
                known = bool(location) and "$" not in location
                yield _publish(name, "go", f"{location}-go.pkg.dev" if known else UNKNOWN)


def _made(step: Mapping) -> Iterator[Source]:
    """Yield the names that a step gives to images, and those that it pushes, which were made before.

    `build … -t NAME`, `tag A NAME`, `push NAME`, `--destination=NAME` (kaniko), as arguments or in a script.
    """
    words = scalars(step.get("args", merge=True))
    verb = words[0].value if words else ""
    if verb in ("tag", "push") and len(words) > 1:
        yield words[-1].source
    naming = (*_TAGS, "--destination") if verb in ("build", "buildx") else ("--destination",)
    before = ""
    for node in words:
        name, equals, value = node.value.partition("=")
        if before in naming:
            yield node.source
        elif equals and name in naming:
            yield node.source.part(len(name) + 1, len(name) + 1 + len(value))
        before = node.value
    for text in (*words, step.scalar("script", merge=True)):
        if text is not None and "docker" in text.value:
            yield from _made_by_script(text.source)


def _made_by_script(source: Source) -> Iterator[Source]:
    """The same in shell text, command by command."""
    for line in _LINE.finditer(source.text):
        found = _TAGGED if "build" in line[0] else _PUSHED
        for match in found.finditer(source.text, *line.span()):
            yield source.part(*match.span("name"))


def _braced(text: str) -> str:
    """Return a text with `$NAME` in the other way of writing it, `${NAME}`, so that both compare as one."""
    return _BARE.sub(r"${\1}", text)


def _untagged(text: str) -> str:
    """Return a reference without its tag and digest, its variables still in it."""
    name = _braced(text).partition("@")[0]
    tag = name.rpartition(":")[2]
    return name.removesuffix(f":{tag}") if "/" not in tag else name


def _publish(node: Scalar, ecosystem: str, host: Text) -> Publish:
    return Publish(
        span=node.span,
        job=_JOB,
        ecosystem=ecosystem,
        tool="cloudbuild",
        host=host,
        guarded=True,
        token="unknown",  # noqa: S106 - a kind, not a secret
    )


def _builder(name: Scalar | None) -> Source | None:
    """Return the program that one of the platform's own builders is."""
    if name is None:
        return None
    text = name.value.partition("@")[0]
    start = text.rfind("/") + 1
    program = text[start:].partition(":")[0]
    if program in _BUILDERS and text.startswith(_OWN_REGISTRIES):
        return name.source.part(start, start + len(program))
    if text.startswith("gcr.io/kaniko-project/executor"):
        return name.source.part(start, start + len("executor"))
    return None


def _is_shell(text: str) -> bool:
    first = text.lstrip().split("\n", 1)[0]
    return not first.startswith("#!") or any(word.rsplit("/", 1)[-1] in ("sh", "bash") for word in first[2:].split())
