r"""Jenkinsfiles, declarative and scripted, and the code of shared libraries (documentation: "Pipeline Syntax").

    agent { docker 'IMAGE' | { image, registryUrl, … } | dockerfile | kubernetes { yaml | containerTemplate } }
    environment { NAME = 'value' | credentials('ID') }
    stages { stage('NAME') { when { buildingTag() | tag | branch } agent, environment, input, steps { … } } }
    sh 'SCRIPT' | sh(script: …, returnStdout: …)      "…" is Groovy's own text, \$ a dollar of the shell
    docker.image('IMAGE').inside | .run | .withRun | .pull | .push('TAG')      docker.build('NAME:TAG', …).push()
    docker.withRegistry('URL', 'CREDENTIAL') { … }    withDockerRegistry(url: …, credentialsId: …) { … }
    withCredentials([usernamePassword(…), string(…)]) { … }      withEnv(['NAME=value']) { … }      powershell | pwsh TEXT
    podTemplate(yaml: …, containers: [containerTemplate(image: …)])
    @Library('NAME@REF') _     library 'NAME@REF'     libraries { lib('NAME@REF') }
    git url: …, branch: …      checkout([$class: 'GitSCM', branches: [[name: …]], userRemoteConfigs: [[url: …]]])

A file is one job: its stages share the machine. What starts it is a setting of the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact, Image, Job, Login, Option, Publish, SecretUse
from relcheck.readers.ci_common import Around, merged_secrets, placed, publishes_by_name
from relcheck.readers.composed import composed
from relcheck.readers.groovy import Call, Group, Item, Token, calls, nested, text_of, tree
from relcheck.readers.images import image_fact
from relcheck.readers.jenkins_library import checkout
from relcheck.readers.jenkins_library import library as shared_library
from relcheck.readers.urls import registry
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.git import parse_git_url
from relcheck.refs.image import login_host
from relcheck.source import Piece, Source

_JOB = "pipeline"
_DEPTH = 40
_SOURCES = (".md", ".txt", ".py", ".go", ".java", ".js", ".ts", ".yml", ".yaml", ".json", ".xml", ".html")
_RUNS = frozenset({"inside", "withRun", "run", "pull"})
_CONDITIONS = frozenset({"if", "else", "when", "catch", "expression", "allOf", "anyOf", "not"})
_ASSIGNED = re.compile(r"(?<![\w.$])(?P<name>[A-Za-z_]\w*)\s*=(?![=~])")


def read(source: Source) -> Iterator[Fact]:
    """Read a Jenkinsfile."""
    if not source.path.lower().endswith(_SOURCES):
        yield from _Jenkinsfile(source).facts()


class _Setting(Record):
    """What surrounds a call: stage, condition, variables, registry, the names of secret variables."""

    around: Around = Around(job=_JOB, guarded=True)
    known: dict[str, Source] = {}
    registry: Source | None = None
    secrets: frozenset[str] = frozenset()
    depth: int = 0


class _Jenkinsfile:
    """One file: `built` are the images that variables hold, `constants` the names that are set once, to a text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.top = tree(source.text)
        self.stages = 0
        self.built: dict[str, Source] = {}
        self.secrets: list[SecretUse] = []
        self.gate = ""
        self.constants = self._constants()

    def facts(self) -> Iterator[Fact]:
        """Yield libraries, what the calls say, and the job that they make."""
        found = [*self._libraries(), *self._walk(self.top.items, _Setting(known=self.constants))]
        if any(not isinstance(fact, Component) for fact in found):
            yield self._job()
        yield from found

    def _job(self) -> Job:
        start = self.top.items[0].start
        return Job(
            span=self.source.at(start, start),
            job=_JOB,
            system="jenkins",
            id=_JOB,
            guarded=True,
            self_hosted=True,
            environment=self.gate,
            secrets=merged_secrets(self.secrets),
            foreign_login=True,
        )

    def _constants(self) -> dict[str, Source]:
        """Return what is set exactly once in the file, to a text, outside every bracket."""
        times: dict[str, int] = {}
        for match in _ASSIGNED.finditer(self.source.text):
            times[match["name"]] = times.get(match["name"], 0) + 1
        found = self._assignments(self.top.items, {})
        return {name: value for name, value in found.items() if times.get(name) == 1 and MARK not in value.text}

    def _assignments(self, items: list[Item], known: dict[str, Source]) -> dict[str, Source]:
        """Return `NAME = text` of a list of items; `@Field` and types before the name do not matter."""
        out: dict[str, Source] = {}
        for at, item in enumerate(items[:-2]):
            sign, value = items[at + 1], items[at + 2]
            named = isinstance(item, Token) and item.kind == "word"
            assigned = (
                isinstance(sign, Token) and sign.text == "=" and isinstance(value, Token) and value.kind == "text"
            )
            if named and assigned and isinstance(item, Token) and isinstance(value, Token):
                text = text_of(self.source, [value], lambda name: {**known, **out}.get(name.removeprefix("env.")))
                if text is not None and (at + 3 >= len(items) or _ends(items[at + 3])):
                    out[item.text] = text
        return out

    def _libraries(self) -> Iterator[Component]:
        """`@Library('NAME@REF') _` and `@Library(['A@1', 'B'])`."""
        items = self.top.items
        for at, item in enumerate(items[:-1]):
            group = items[at + 1]
            if isinstance(item, Token) and item.text == "Library" and isinstance(group, Group):
                yield from self._library_names(group.items)

    def _library_names(self, items: list[Item]) -> Iterator[Component]:
        for item in items:
            if isinstance(item, Group):
                yield from self._library_names(item.items)
            elif item.kind == "text":
                found = self._text([item], _Setting(known=self.constants))
                if found is not None and found.text:
                    yield shared_library(found)

    def _text(self, value: list[Item] | None, setting: _Setting) -> Source | None:
        if not value:
            return None
        return text_of(self.source, value, lambda name: setting.known.get(name.removeprefix("env.")))

    def _walk(self, items: list[Item], setting: _Setting) -> Iterator[Fact]:
        for call in calls(items):
            yield from self._call(call, setting)

    def _call(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """Read a call, what its receiver is, and what stands in its arguments and its closure."""
        chain = call
        while chain.receiver is not None:
            chain = chain.receiver
        handler = _HANDLERS.get(chain.name)
        if chain.name in ("docker.image", "docker.build"):
            yield from self._docker(chain, call, setting)
        elif handler is not None:
            yield from handler(self, chain, setting)
        elif chain.name.endswith(".push") and chain.name.removesuffix(".push") in self.built:
            yield from self._pushed(self.built[chain.name.removesuffix(".push")], chain, setting)
        # What a handler has read is not read again, what is chained to it is.
        yield from self._inside(call, setting, until=chain if handler is not None else None)

    def _inside(self, call: Call, setting: _Setting, until: Call | None = None) -> Iterator[Fact]:
        """Go on into arguments and closures, those of receivers included, up to a call that was read already."""
        if call.name in _CONDITIONS:
            setting = setting.replace(around=setting.around.replace(guarded=True, events=()))
        if setting.depth > _DEPTH:
            return
        setting = setting.replace(depth=setting.depth + 1)
        link: Call | None = call
        while link is not None and link is not until:
            yield from self._walk(link.args, setting)
            if link.closure is not None:
                yield from self._walk(link.closure.items, setting)
            link = link.receiver

    def _stage(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """A stage is a step of the job; its `when` may say what reaches it, its `environment` what variables hold."""
        around = setting.around.replace(step=self.stages)
        self.stages += 1
        body = call.closure.items if call.closure is not None else []
        reached = {"buildingTag": "tag", "tag": "tag", "branch": "branch"}
        for inner in calls(body):
            if inner.name == "when" and inner.closure is not None:
                asked = [each.name for each in calls(inner.closure.items)]
                if len(asked) == 1 and asked[0] in reached:
                    around = around.replace(events=(reached[asked[0]],), guarded=False)
        if setting.depth <= _DEPTH:
            yield from self._block(body, setting.replace(around=around, depth=setting.depth + 1))

    def _pipeline(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        yield from self._block(call.closure.items if call.closure is not None else [], setting)

    def _block(self, body: list[Item], setting: _Setting) -> Iterator[Fact]:
        """A pipeline or a stage: its environment counts for everything in it."""
        known = dict(setting.known)
        for call in calls(body):
            if call.name == "environment" and call.closure is not None:
                known |= self._assignments(call.closure.items, known)
        yield from self._walk(body, setting.replace(known=known))

    def _environment(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`NAME = 'value'`, `NAME = credentials('ID')`."""
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files set variables that matter

        items = call.closure.items if call.closure is not None else []
        for name, value in self._assignments(items, setting.known).items():
            for fact in environment_facts(name, value, job=_JOB, step=setting.around.step, where="ci"):
                yield fact.replace(parts={"value": value.all()} if "value" in fact.parts else fact.parts)
        for inner in calls(items):
            if inner.name == "credentials":
                self._secret(inner, inner.target, setting)
        yield from self._walk(items, setting)

    def _secret(self, call: Call, variable: str, setting: _Setting) -> None:
        positional, named = call.split()
        found = self._text(named.get("credentialsId") or (positional[0] if positional else None), setting)
        if found is not None:
            name = "*" if MARK in found.text else found.text
            publishes = publishes_by_name(variable, name)
            self.secrets.append(SecretUse(name=name, level="job", step=setting.around.step, publishes=publishes))

    def _credentials(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`withCredentials([KIND(credentialsId: …, variable: …), …]) { … }`."""
        names: set[str] = set()
        for item in call.args:
            for inner in calls(item.items) if isinstance(item, Group) else ():
                _, named = inner.split()
                variables = [
                    self._text(value, setting) for key, value in named.items() if key.lower().endswith("variable")
                ]
                names |= {found.text for found in variables if found is not None}
                self._secret(inner, next((found.text for found in variables if found is not None), ""), setting)
        inner_setting = setting.replace(secrets=setting.secrets | names)
        yield from self._walk(call.closure.items if call.closure is not None else [], inner_setting)

    def _sh(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """The text of `sh`, alone or as `script:`."""
        positional, named = call.split()
        script = self._text(named.get("script") or (positional[0] if positional else None), setting)
        if script is None:
            return
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        found = read_shell(
            script,
            context="run",
            job=_JOB,
            step=setting.around.step,
            variables={name: value.text for name, value in setting.known.items() if MARK not in value.text},
            secret_names=setting.secrets,
            shell_options="e",
        )
        yield from placed(found, setting.around)

    def _powershell(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """The text of `powershell` and `pwsh`."""
        positional, named = call.split()
        script = self._text(named.get("script") or (positional[0] if positional else None), setting)
        if script is not None:
            from relcheck.readers.known import powershell_facts  # noqa: PLC0415 - few steps are written in it

            yield from powershell_facts(script, setting.around)

    def _with_variables(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`withEnv(['NAME=value', …]) { … }`: what it sets counts inside."""
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files set variables that matter

        known = dict(setting.known)
        for item in (found for group in call.args if isinstance(group, Group) for found in group.items):
            text = self._text([item], setting) if isinstance(item, Token) and item.kind == "text" else None
            name, equals, _ = text.text.partition("=") if text is not None else ("", "", "")
            if text is not None and equals and name.isidentifier():
                known[name] = text.part(len(name) + 1, len(text.text))
                yield from environment_facts(name, known[name], job=_JOB, step=setting.around.step, where="ci")
        yield from self._walk(call.closure.items if call.closure is not None else [], setting.replace(known=known))

    def _agent(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`agent { docker … | dockerfile … | kubernetes { … } }`."""
        for inner in calls(call.closure.items if call.closure is not None else []):
            if inner.name == "docker":
                yield from self._agent_image(inner, setting)
            elif inner.name == "dockerfile" and inner.closure is not None:
                yield from self._agent_build(inner.closure, setting)
            elif inner.name == "kubernetes" and inner.closure is not None:
                yield from self._pod(inner, setting)

    def _agent_build(self, closure: Group, setting: _Setting) -> Iterator[Fact]:
        """`dockerfile { filename 'D'; dir 'd'; additionalBuildArgs '--build-arg A=1' }`."""
        fields = {inner.name: self._text(inner.args, setting) for inner in calls(closure.items)}
        options = fields.get("additionalBuildArgs")
        if options is not None:
            from relcheck.readers.jenkins_builds import agent_words, handed  # noqa: PLC0415 - few pipelines build so

            words = agent_words(fields.get("filename"), fields.get("dir"), options)
            yield from handed(words, job=_JOB, step=setting.around.step)

    def _agent_image(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        positional, named = call.split()
        fields = {inner.name: inner for inner in calls(call.closure.items)} if call.closure is not None else {}
        written = named.get("image") or (positional[0] if positional else None)
        if "image" in fields:
            written = fields["image"].args
        image = self._text(written, setting)
        url = self._text(fields["registryUrl"].args, setting) if "registryUrl" in fields else None
        if url is not None:
            yield from self._endpoint(url, setting)
            yield self._login(url, fields["registryUrl"], setting)
        if image is not None:
            yield from self._image(image, "job", setting.replace(registry=url or setting.registry))

    def _image(self, image: Source, role: str, setting: _Setting, *, push: bool = False) -> Iterator[Image]:
        """Yield an image; the registry around it is put before its name, as the plugin does."""
        registry = setting.registry
        host = login_host(registry.text) if registry is not None and MARK not in registry.text else ""
        if registry is not None and host not in ("", "docker.io") and not image.text.startswith(host):
            image = composed([f"{host}/", image]) if image.parent is self.source else image
        elif registry is not None and MARK in registry.text and image.parent is self.source:
            image = composed([f"{MARK}/", image])
        found = image_fact(
            image, role=role, engine="jenkins", job=_JOB, step=setting.around.step, push=push,
            state="defaulted" if image.all().form.endswith("variable") and MARK not in image.text else "literal",
        )  # fmt: skip
        if found is not None:
            yield found

    def _docker(self, chain: Call, last: Call, setting: _Setting) -> Iterator[Fact]:
        """`docker.image(…)` and `docker.build(…)` with what is chained to them."""
        positional, _ = chain.split()
        name = self._text(positional[0] if positional else None, setting)
        if name is None:
            return
        build = chain.name == "docker.build"
        if last.target:
            self.built[last.target] = name
        if build:
            yield from self._image(name, "output", setting)
            options = self._text(positional[1], setting) if len(positional) > 1 else None
            if options is not None and "--build-" in options.text:
                from relcheck.readers.jenkins_builds import handed  # noqa: PLC0415 - few pipelines build so

                yield from handed([options], job=_JOB, step=setting.around.step)
        pushed = False
        link: Call | None = last
        while link is not None and link is not chain:
            if link.name == "push":
                pushed = True
                yield from self._pushed(name, link, setting)
            link = link.receiver
        if not build and not pushed:
            yield from self._image(name, "run" if last.name in _RUNS and last.name != "pull" else "pulled", setting)

    def _pushed(self, name: Source, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`.push()` sends the name as it is, `.push('TAG')` under another tag."""
        positional, _ = call.split()
        tag = self._text(positional[0], setting) if positional else None
        if positional:
            end = name.text.rfind(":") if ":" in name.text.rpartition("/")[2] else len(name.text)
            base = _shortened(name, end)
            name = composed([base, ":", tag if tag is not None and tag.parent is self.source else MARK])
        found = list(self._image(name, "pushed", setting, push=True))
        yield from found
        for image in found:
            publish = Publish(
                span=self.source.at(call.start, call.end),
                job=_JOB,
                step=setting.around.step,
                ecosystem="oci",
                tool="docker.push",
                host=image.host,
                target=image.name,
                token="unknown",  # noqa: S106 - a kind, not a secret
            )
            yield from placed([publish], setting.around)

    def _registry(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`docker.withRegistry(URL, CREDENTIAL)`, `withDockerRegistry(url: …, credentialsId: …)`."""
        positional, named = call.split()
        if call.name == "withDockerRegistry":
            named = {key: value for found in nested(call.args) for key, value in found.items()}
        url = self._text(named.get("url") or (positional[0] if positional else None), setting)
        if url is not None:
            yield from self._endpoint(url, setting)
        if named.get("credentialsId") or len(positional) > 1:
            yield self._login(url, call, setting)
        inner = setting.replace(registry=url) if call.name == "docker.withRegistry" else setting
        yield from self._walk(call.closure.items if call.closure is not None else [], inner)

    def _endpoint(self, url: Source, setting: _Setting) -> Iterator[Fact]:
        step = setting.around.step
        yield from registry(url, ecosystem="oci", purpose="container", key="registry", job=_JOB, step=step)

    def _login(self, url: Source | None, call: Call, setting: _Setting) -> Login:
        known = url is not None and MARK not in url.text
        return Login(
            span=url.all() if url is not None else self.source.at(call.start, call.end),
            job=_JOB,
            step=setting.around.step,
            tool="docker",
            host=login_host(url.text) if url is not None and known else UNKNOWN,
            secret_form="input-reference",  # noqa: S106 - names a form
        )

    def _pod(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`podTemplate(yaml: …, containers: […])`, and the same keys as calls in `kubernetes { … }`."""
        _, named = call.split()
        written = named.get("yaml")
        for inner in calls(call.closure.items) if call.closure is not None and call.name == "kubernetes" else ():
            if inner.name == "yaml":
                written = inner.args
            elif inner.name == "containerTemplate":
                yield from self._container(inner, setting)
        manifest = self._text(written, setting)
        if manifest is not None:
            yield from self._manifest(manifest, setting)
        if call.name != "kubernetes":
            yield from self._inside(call, setting)

    def _container(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        _, named = call.split()
        image = self._text(named.get("image"), setting)
        for inner in calls(call.closure.items) if call.closure is not None else ():
            if inner.name == "image":
                image = self._text(inner.args, setting)
        if image is not None:
            yield from self._image(image, "job", setting.replace(registry=None))

    def _manifest(self, manifest: Source, setting: _Setting) -> Iterator[Fact]:
        """The images of a pod that is an agent; where it runs is for the server to say."""
        from relcheck.readers.jenkins_builds import pod_images  # noqa: PLC0415 - few files hold a manifest

        for image in pod_images(manifest):
            yield from self._image(image, "job", setting.replace(registry=None))

    def _git(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`git url: …, branch: …`, `git 'URL'`, and `checkout([…])` of a git repository."""
        positional, named = call.split()
        if call.name == "checkout":
            flat = nested(call.args)
            named = {key: value for found in flat for key, value in found.items()}
            named = {"url": named.get("url", []), "branch": named.get("name", [])}
        url = self._text(named.get("url") or (positional[0] if positional and call.name == "git" else None), setting)
        ref = self._text(named.get("branch"), setting)
        if url is not None:
            yield from checkout(url, ref, job=_JOB, step=setting.around.step)

    def _named_library(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        """`library 'NAME@REF'`, `library identifier: …, retriever: …`, `lib('NAME@REF')`."""
        positional, named = call.split()
        found = self._text(named.get("identifier") or (positional[0] if positional else None), setting)
        if found is None or not found.text.strip(MARK):
            return
        library = shared_library(found)
        remote = next((one["remote"] for one in nested(named.get("retriever") or []) if "remote" in one), None)
        url = self._text(remote, setting)
        parsed = parse_git_url(url.text, any_https=True) if url is not None else None
        if url is None or parsed is None:
            yield library
            return
        remote_of = Option(name="remote", value=url.text, span=url.all())
        yield library.replace(owner=parsed.owner, host=parsed.host, inputs=(remote_of,))

    def _input(self, call: Call, setting: _Setting) -> Iterator[Fact]:
        self.gate = "input"
        yield from self._inside(call, setting)


_HANDLERS = {
    "pipeline": _Jenkinsfile._pipeline,
    "stage": _Jenkinsfile._stage,
    "agent": _Jenkinsfile._agent,
    "environment": _Jenkinsfile._environment,
    "sh": _Jenkinsfile._sh,
    "powershell": _Jenkinsfile._powershell,
    "pwsh": _Jenkinsfile._powershell,
    "withEnv": _Jenkinsfile._with_variables,
    "withCredentials": _Jenkinsfile._credentials,
    "docker.withRegistry": _Jenkinsfile._registry,
    "withDockerRegistry": _Jenkinsfile._registry,
    "podTemplate": _Jenkinsfile._pod,
    "containerTemplate": _Jenkinsfile._container,
    "git": _Jenkinsfile._git,
    "checkout": _Jenkinsfile._git,
    "library": _Jenkinsfile._named_library,
    "lib": _Jenkinsfile._named_library,
    "input": _Jenkinsfile._input,
}
"""What is read of calls by name; every other call is only looked into."""


def _ends(item: Item) -> bool:
    return isinstance(item, Token) and (item.kind == "newline" or item.text == ";")


def _shortened(name: Source, end: int) -> Source:
    """Return a name without its tag, with the same parent."""
    part = name.part(0, end)
    span = part.all()
    return name.root.embed(part.text, (Piece(0, len(part.text), span.start, span.end),), span.form)
