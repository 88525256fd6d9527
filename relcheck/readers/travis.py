"""Travis CI (documentation: "Build config reference").

    import: SOURCE | [SOURCE | {source, mode, if}]              SOURCE: [owner/repository:]path[@ref]
    before_install … after_deploy: TEXT | [TEXT]                at the top and of each entry of jobs.include
    env: [NAME=value …] | {global: […], jobs: […]}              {secure: …} is encrypted
    deploy: {provider, on: {tags, branch, all_branches, condition}, …} | […]
    addons: {apt: {sources: [{sourceline, key_url}]}, snaps: [NAME | {name, channel}]}
    deploy.edge: true | {source, branch}                        the deployment tool itself, from a branch
    node_js, python, go, …: VERSION | [VERSION]

Every branch, tag and pull request is built. A deployment never starts for a pull request, and only for the default
branch unless `on` says otherwise. There is no image here: images come from commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Job, Publish, Registry, Text, Truth
from relcheck.readers.ci_common import Around, placed
from relcheck.readers.ci_values import list_of, scalars, script_of, variable_facts
from relcheck.readers.known import credential, tool_dependency
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs.git import classify_ref
from relcheck.refs.url import parse_url
from relcheck.source import Source

_PHASES = (
    "before_install", "install", "before_script", "script", "before_cache", "after_success", "after_failure",
    "before_deploy", "after_deploy", "after_script",
)  # fmt: skip
_LANGUAGES = {
    "node_js": "node", "python": "python", "go": "go", "rvm": "ruby", "php": "php", "jdk": "java", "rust": "rust",
    "dotnet": "dotnet", "elixir": "elixir",
    "otp_release": "erlang", "scala": "scala", "perl": "perl", "dart": "dart", "julia": "julia", "r": "r",
}  # fmt: skip
_PROVIDERS = {
    "npm": "npm", "pypi": "pypi", "rubygems": "gem", "cargo": "cargo", "releases": "github-release", "nuget": "nuget",
    "packagecloud": "os", "bintray": "generic", "maven": "maven",
}  # fmt: skip
_SERVERS = ("server", "registry", "repository_url")
_TOKENS = ("api_key", "api_token", "token", "password", "key", "secret_access_key")
_PAIR = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']*))")
_SOURCE = re.compile(r"(?P<name>[\w.-]+/[\w.-]+):(?P<path>[^@\s]+)(?:@(?P<ref>\S+))?")
_TAG = re.compile(r"(?i)\s*tag\s+is\s+present\s*")
_EVENTS = ("branch", "tag", "pull_request")


def read(source: Source) -> Iterator[Fact]:
    """Read a build configuration."""
    loaded = load(source)
    yield from faults(loaded)
    for document in loaded.documents:
        if isinstance(document, Mapping):
            yield from _Config(source, document).facts()


class _Config:
    """One configuration; `seen` are scripts that were read already, shared by anchors."""

    def __init__(self, source: Source, top: Mapping) -> None:
        self.source = source
        self.top = top
        self.seen: set[tuple[int, str]] = set()

    def facts(self) -> Iterator[Fact]:
        """Yield imports and languages, the job that the top describes, then the jobs that are listed."""
        for item in list_of(self.top.get("import")):
            found = item.get("source") if isinstance(item, Mapping) else item
            if isinstance(found, Scalar):
                yield from _import(found)
        yield from self._job(self.top, "build", None)
        jobs = self.top.get("jobs") or self.top.get("matrix")
        listed = jobs.get("include") if isinstance(jobs, Mapping) else jobs
        for number, entry in enumerate(list_of(listed)):
            if isinstance(entry, Mapping):
                name = entry.scalar("name", merge=True)
                yield from self._job(entry, name.value if name is not None else f"job {number + 1}", name)

    def _job(self, holder: Mapping, name: str, key: Scalar | None) -> Iterator[Fact]:
        job = _job_fact(holder, name, key)
        yield job
        around = Around(job=name, events=job.events, guarded=job.guarded, variables=_variables(holder), id_token="none")  # noqa: S106 - a level
        yield from _languages(holder, name)
        yield from _environment(holder.get("env", merge=True), name)
        yield from _addons(holder.map("addons", merge=True), name)
        for number, phase in enumerate(_PHASES):
            yield from self._phase(holder.get(phase, merge=True), around.replace(step=number), phase)
        for item in list_of(holder.get("deploy", merge=True)):
            if isinstance(item, Mapping) and (id(item), name) not in self.seen:
                self.seen.add((id(item), name))
                yield from self._deploy(item, around.replace(step=len(_PHASES)))

    def _phase(self, node: Node | None, around: Around, phase: str) -> Iterator[Fact]:
        lines = scalars(node)
        if not lines or (len(lines) == 1 and lines[0].value in ("skip", "true", "ignore")):
            return
        source = script_of(self.source, lines)
        if source is None:
            return
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        tolerant = phase in ("before_cache", "after_success", "after_failure", "after_script")
        variables = {name: value for name, value in around.variables.items() if "$" not in value}
        found = read_shell(
            source, context="run", job=around.job, step=around.step, variables=variables, tolerant=tolerant
        )
        yield from placed(found, around.replace(tolerant=tolerant))

    def _deploy(self, node: Mapping, around: Around) -> Iterator[Fact]:
        provider = node.scalar("provider", merge=True)
        if provider is None:
            return
        events, guarded = _deployed(node.get("on", merge=True))
        reach = around.replace(events=events, guarded=guarded)
        for key, value in node.pairs(merge=True):
            if key.value in _TOKENS and isinstance(value, Scalar):
                yield credential(value.source, f"deploy.{key.value}").replace(job=around.job)
        script = node.get("script", merge=True)
        if provider.value == "script" and isinstance(script, Scalar):
            yield from self._phase(script, reach, "deploy")
        yield from _edge(node.get("edge", merge=True), around.job)
        ecosystem = _PROVIDERS.get(provider.value)
        if ecosystem is not None:
            yield from placed([*_registries(node, ecosystem), _publish(provider, ecosystem, node)], reach)


def _job_fact(holder: Mapping, name: str, key: Scalar | None) -> Job:
    condition = holder.text("if", merge=True)
    tagged = bool(_TAG.fullmatch(condition))
    return Job(
        span=key.span if key is not None else holder.span,
        parts={"id": key.span} if key is not None else {},
        job=name,
        system="travis",
        id=name,
        triggers=_EVENTS,
        events=("tag",) if tagged else _EVENTS,
        guarded=bool(condition) and not tagged,
        tag_trigger=True,
        tag_only=tagged,
        id_token="none",  # noqa: S106 - a level, not a secret
        matrix=holder.get("jobs") is not None or holder.get("matrix") is not None,
    )


def _publish(provider: Scalar, ecosystem: str, node: Mapping) -> Publish:
    """Return what a provider publishes; no registry takes the identity of a build here, so a token is no choice."""
    return Publish(
        span=provider.span,
        ecosystem=ecosystem,
        tool=f"travis {provider.value}",
        host=_host(node),
        target="",
        dry_run=_switch(node, "dry_run", "draft"),
        skip_existing=_switch(node, "skip_existing"),
        token="unknown",  # noqa: S106 - a kind, not a secret
    )


def _registries(node: Mapping, ecosystem: str) -> Iterator[Fact]:
    """The registry that a provider publishes to, where a key names it."""
    from relcheck.readers.urls import registry  # noqa: PLC0415 - few deployments name one

    for name in _SERVERS:
        value = node.scalar(name, merge=True)
        if value is not None and "$" not in value.value:
            yield from registry(value.source, ecosystem=ecosystem, purpose="publish", key=name)


def _host(node: Mapping) -> Text:
    for name in _SERVERS:
        text = node.text(name, merge=True)
        if text:
            url = parse_url(text)
            return UNKNOWN if "$" in text else url.host if url is not None else text.partition("/")[0]
    return ""


def _switch(node: Mapping, *names: str) -> Truth:
    return any(node.text(name, merge=True).lower() in ("true", "yes", "on") for name in names)


def _deployed(node: Node | None) -> tuple[tuple[str, ...], bool]:
    """Return what starts a deployment: the default branch, or what `on` says."""
    if not isinstance(node, Mapping):
        return ("branch",), False
    condition = node.get("condition", merge=True) is not None
    if node.text("tags", merge=True).lower() in ("true", "yes", "on"):
        return ("tag",), condition
    if node.text("tags", merge=True) or node.text("all_branches", merge=True):
        return ("branch", "tag") if not node.text("tags", merge=True) else ("branch",), condition
    return ("branch",), condition


def _variables(holder: Mapping) -> dict[str, str]:
    env = holder.get("env", merge=True)
    texts = scalars(env.get("global") if isinstance(env, Mapping) and env.get("global") is not None else env)
    return {match["name"]: _value(match) for text in texts for match in _PAIR.finditer(text.value)}


def _value(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or match["bare"] or ""


def _environment(node: Node | None, job: str) -> Iterator[Fact]:
    """`NAME=value NAME=value` texts, mappings, and what is encrypted."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files set variables that matter

    if isinstance(node, Mapping):
        for key, value in node.pairs(merge=True):
            if key.value in ("global", "jobs", "matrix"):
                yield from _environment(value, job)
            elif isinstance(value, Scalar) and key.value != "secure":
                yield from variable_facts([(key.value, value)], job=job)
        return
    for item in list_of(node):
        if isinstance(item, Mapping):
            yield from _environment(item, job)
        elif isinstance(item, Scalar):
            for match in _PAIR.finditer(item.value):
                group = next(name for name in ("double", "single", "bare") if match[name] is not None)
                yield from environment_facts(match["name"], item.source.part(*match.span(group)), job=job, where="ci")


def _addons(addons: Mapping | None, job: str) -> Iterator[Fact]:
    """Repositories of apt, keys that are fetched in plain text, and snaps with the channel that they follow."""
    from relcheck.readers.apt_sources import source_lines  # noqa: PLC0415 - few builds add any

    apt = addons.map("apt") if addons is not None else None
    for item in list_of(apt.get("sources")) if apt is not None else []:
        line, key = (
            (item.scalar(name) for name in ("sourceline", "key_url")) if isinstance(item, Mapping) else (None, None)
        )
        if line is not None:
            yield from source_lines(line.source, job=job)
        if key is not None and key.value.startswith("http://"):
            yield Registry(
                span=key.span, job=job, ecosystem="os", purpose="os", url="", host="", key=f"key_url {key.value}",
                integrity_off=True,
            )  # fmt: skip
    packages = scalars(apt.get("packages")) if apt is not None else []
    if packages:
        yield Dependency(
            span=packages[0].span, parts={"name": packages[0].span}, job=job, ecosystem="os", where="system",
            name=packages[0].value, constraint="", firmness="any", others=len(packages) - 1,
        )  # fmt: skip
    for item in list_of(addons.get("snaps")) if addons is not None else []:
        yield from _snap(item, job)


def _snap(item: Node, job: str) -> Iterator[Dependency]:
    """`NAME` or `{name, channel}`; a channel may follow a track, as in `latest/edge`."""
    name = item.scalar("name") if isinstance(item, Mapping) else item
    channel = item.scalar("channel") if isinstance(item, Mapping) else None
    if not isinstance(name, Scalar) or not name.value:
        return
    if channel is None or not channel.value:
        yield Dependency(
            span=name.span, parts={"name": name.span}, job=job, ecosystem="ci-tool", where="setup", name=name.value,
            constraint="", firmness="any", group="build",
        )  # fmt: skip
        return
    found = tool_dependency(name.value, channel.source, channel.value)
    moving = re.fullmatch(r"(?:[\w.-]+/)?(?:edge|beta|candidate|stable)", channel.value)
    yield found.replace(job=job, firmness="tag" if moving else found.firmness)


def _edge(node: Node | None, job: str) -> Iterator[Component]:
    """`edge: true` takes the deployment tool from its branch `master`, a mapping says from where else."""
    if isinstance(node, Scalar) and node.value == "true":
        yield Component(
            span=node.span, job=job, system="travis", kind="plugin", name="travis-ci/dpl", owner="travis-ci", ref="master",
            ref_kind="branch",
        )  # fmt: skip
    elif isinstance(node, Mapping):
        source, branch = node.scalar("source"), node.scalar("branch")
        place = branch or source
        if place is not None and "$" not in place.value:
            name = source.value if source is not None else "travis-ci/dpl"
            ref = branch.value if branch is not None else "master"
            kind = classify_ref(ref)
            parts = {"name": source.span} if source is not None else {}
            yield Component(
                span=place.span, parts=parts | ({"ref": branch.span} if branch is not None else {}), job=job, system="travis",
                kind="plugin", name=name, owner=name.partition("/")[0], ref=ref, ref_kind="branch" if kind == "tag" else kind,
            )  # fmt: skip


def _languages(holder: Mapping, job: str) -> Iterator[Fact]:
    for name, tool in _LANGUAGES.items():
        node = holder.get(name, merge=True)
        for item in scalars(node) if isinstance(node, (Scalar, Sequence)) else ():
            if item.value:
                text: Text = UNKNOWN if "$" in item.value else item.value
                yield tool_dependency(tool, item.source, text).replace(job=job)


def _import(node: Scalar) -> Iterator[Component]:
    """`owner/repository:path@ref`; a path alone is of this repository."""
    match = _SOURCE.fullmatch(node.value.strip())
    if match is None:
        return
    parts = {"name": node.source.at(*match.span("name"))}
    ref = match["ref"] or ""
    if ref:
        parts["ref"] = node.source.at(*match.span("ref"))
    yield Component(
        span=parts.get("ref", parts["name"]),
        parts=parts,
        system="travis",
        kind="import",
        name=match["name"],
        owner=match["name"].partition("/")[0],
        ref=ref,
        ref_kind=classify_ref(ref),
    )
