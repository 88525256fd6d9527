"""GoReleaser (.goreleaser.yaml; goreleaser.com): images that a release makes, and the commands that it runs.

    dockers [{image_templates, dockerfile, build_flag_templates, skip_push}], dockers_v2 [{images, tags, dockerfile, build_args}]
    docker_manifests [{name_template, image_templates, skip_push}], kos [{base_image, repositories, tags, bare}]
    env, builds[].env, release {replace_existing_artifacts, draft}, brews and its kin [{repository {token}}]
    gitlab_urls, gitea_urls {skip_tls_verify}, uploads [{target}]
    before.hooks, builds[].hooks, archives[].hooks, universal_binaries[].hooks, publishers[].cmd
    signs, docker_signs, sboms [{cmd, args}]

`{{ … }}` is a Go template and not known. `skip_push: true` builds only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Option, Publish, Registry, Truth
from relcheck.readers.build_inputs import argument, build
from relcheck.readers.composed import composed, masked, reference
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs import MARK
from relcheck.refs.secrets import looks_secret_name
from relcheck.source import Source

_TEMPLATE = re.compile(r"\{\{.{0,1000}?\}\}", re.DOTALL)
_CONDITION = re.compile(r"\{\{-?\s*(?:if|else|with|range|end)\b")
_BUILD_ARGUMENT = re.compile(r"--build-arg[= ](?P<name>\w+)=")
_VARIABLE = re.compile(r"\.Env\.(\w+)")
_TAPS = ("brews", "homebrew_casks", "scoops", "nix", "winget", "krews")
_TOKENS = ("GITHUB_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN")
_SERVERS = ("github_urls", "gitlab_urls", "gitea_urls")
_HOOKED = ("builds", "archives", "universal_binaries")


def read(source: Source) -> Iterator[Fact]:
    """Read a .goreleaser.yaml."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        if isinstance(node, Mapping):
            yield from _configuration(node)


def _configuration(top: Mapping) -> Iterator[Fact]:
    for docker in _maps(top.get("dockers")):
        for item in _scalars(docker.get("image_templates")):
            yield from _image(item.source, "output", push=_pushes(docker))
        yield from _build(docker, _flags(docker))
    for docker in _maps(top.get("dockers_v2")):
        yield from _second(docker)
    for manifest in _maps(top.get("docker_manifests")):
        for item in _scalars(manifest.get("name_template")):
            yield from _image(item.source, "output", push=_pushes(manifest))
    for made in _maps(top.get("kos")):
        for item in _scalars(made.get("base_image")):
            yield from _image(item.source, "base")
        yield from _made_by_ko(made)
    yield from _commands(top)
    yield from _environment(top)
    yield from _release(top)
    yield from _endpoints(top)


def _flags(docker: Mapping) -> Iterator[tuple[str, Source]]:
    """`--build-arg=NAME=VALUE` among build_flag_templates."""
    for item in _scalars(docker.get("build_flag_templates")):
        match = _BUILD_ARGUMENT.match(item.value)
        if match is not None:
            yield match["name"], item.source.part(match.end(), len(item.value))


def _build(docker: Mapping, given: Iterable[tuple[str, Source]]) -> Iterator[Fact]:
    """The build of a Dockerfile, seen from the configuration; its context is a folder that GoReleaser makes."""
    inputs: list[Option] = []
    for name, value in given:
        inputs += argument(name, _known(value))
        if looks_secret_name(name) or any(map(looks_secret_name, _VARIABLE.findall(value.text))):
            from relcheck.readers.compose import secret_argument  # noqa: PLC0415 - few builds are handed secrets

            found = secret_argument(name, _known(value))
            if found is not None:
                yield found.replace(tool="goreleaser")
    file = docker.scalar("dockerfile")
    path = _known(file.source).text if file is not None else ""
    place = (
        file
        or docker.scalar("ids")
        or next(iter(_scalars(docker.get("image_templates") or docker.get("images"))), None)
    )
    if place is not None and MARK not in path:
        made = build(place.span, "", [Option(name="file", value=path or "Dockerfile"), *inputs])
        yield made.replace(name=UNKNOWN)


def _made_by_ko(made: Mapping) -> Iterator[Fact]:
    """kos: every repository with every tag; what stands behind the repository is the program's name, unless it is bare."""
    bare = made.text("bare") == "true"
    for repository in (*_scalars(made.get("repositories")), *_scalars(made.get("repository"))):
        for tag in _scalars(made.get("tags")):
            name = _known(repository.source)
            text = composed([name, *([] if bare else [f"/{MARK}"]), ":", _known(tag.source)])
            for fact in _image(text, "output", push=True):
                yield fact if bare else fact.replace(span=repository.span)


def _environment(top: Mapping) -> Iterator[Fact]:
    """Read `NAME=VALUE` of env and builds[].env."""
    for holder in (top, *_maps(top.get("builds")), *_maps(top.get("gomod"))):
        for item in _scalars(holder.get("env")):
            name, equals, _ = item.value.partition("=")
            if equals:
                yield from _variable(name, item.source.part(len(name) + 1, len(item.value)))


def _variable(name: str, value: Source, key: str = "") -> Iterator[Fact]:
    """Yield what a variable says; GoReleaser publishes with the tokens of forges."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few set a variable

    for fact in environment_facts(name, _known(value), where="manifest"):
        publishes = isinstance(fact, Credential) and name in _TOKENS
        yield fact.replace(access="publish", key=key or name) if publishes else fact


def _release(top: Mapping) -> Iterator[Fact]:
    """release: files of a release that exists already are replaced; those of a draft are nobody's yet."""
    release = top.map("release")
    replaced = release.scalar("replace_existing_artifacts") if release is not None else None
    if release is None or replaced is None or replaced.value != "true" or release.text("disable") == "true":
        return
    yield Publish(
        span=replaced.span, parts={"overwrites": replaced.span}, ecosystem="github-release", tool="goreleaser",
        target="{{ .Tag }}", overwrites=True, into_draft=release.text("draft") == "true",
    )  # fmt: skip


def _endpoints(top: Mapping) -> Iterator[Fact]:
    """Tokens for the repositories of package managers, servers without a check of certificates, targets of uploads."""
    for section in _TAPS:
        for holder in _maps(top.get(section)):
            repository = holder.map("repository") or holder.map("tap") or holder.map("bucket")
            token = repository.scalar("token") if repository is not None else None
            if token is not None and token.value:
                yield from _variable("GITHUB_TOKEN", token.source, "repository.token")
    for section in _SERVERS:
        server = top.map(section)
        unchecked = server.scalar("skip_tls_verify") if server is not None else None
        if unchecked is not None and unchecked.value == "true":
            yield Registry(
                span=unchecked.span, ecosystem="git", purpose="vcs", url=UNKNOWN, host=UNKNOWN, tls="off",
                key="skip_tls_verify: true",
            )  # fmt: skip
    for section in ("uploads", "artifactories"):
        for upload in _maps(top.get(section)):
            target = upload.scalar("target")
            if target is not None:
                from relcheck.readers.urls import registry  # noqa: PLC0415 - few upload anywhere

                yield from registry(_known(target.source), ecosystem="generic", purpose="publish", key=section)


def _second(docker: Mapping) -> Iterator[Fact]:
    """dockers_v2: every name with every tag; whether a conditional tag is pushed is not known."""
    arguments = docker.map("build_args")
    pairs = (
        [(key.value, value.source) for key, value in arguments.pairs() if isinstance(value, Scalar)]
        if arguments
        else []
    )
    yield from _build(docker, pairs)
    tags = [tag for tag in _scalars(docker.get("tags")) if tag.value]
    for name in _scalars(docker.get("images")):
        for tag in tags:
            whole = _CONDITION.search(tag.value) is not None
            text = reference(name.source, tag.source)
            yield from _image(text, "output", push=UNKNOWN if whole else _pushes(docker))


def _pushes(holder: Mapping) -> Truth:
    value = holder.text("skip_push").lower()
    return True if value in ("", "false") else False if value == "true" else UNKNOWN


def _image(source: Source, role: str, push: Truth = False) -> Iterator[Fact]:
    text = masked(source, _TEMPLATE) if "{{" in source.text else source
    fact = image_fact(text, role=role, engine="goreleaser", written=source.text, push=push)
    if fact is not None:
        yield fact


def _commands(top: Mapping) -> Iterator[Fact]:
    before = top.map("before")
    yield from _hooks(before.get("hooks") if before is not None else None)
    for key in _HOOKED:
        for holder in _maps(top.get(key)):
            hooks = holder.map("hooks")
            for _, value in hooks.pairs() if hooks is not None else ():
                yield from _hooks(value)
    for publisher in _maps(top.get("publishers")):
        yield from _hooks(publisher.get("cmd"))
    for key in ("signs", "docker_signs", "sboms"):
        for holder in _maps(top.get(key)):
            words = [*_scalars(holder.get("cmd")), *_scalars(holder.get("args"))]
            yield from _argv(words)


def _hooks(node: Node | None) -> Iterator[Fact]:
    """Commands as texts, or as {cmd, dir, env}; they run without a shell."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        command = item.scalar("cmd") if isinstance(item, Mapping) else item
        if isinstance(command, Scalar) and command.value:
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_shell(_known(command.source), context="hook")


def _argv(words: list[Scalar]) -> Iterator[Fact]:
    if len(words) > 1 and words[0].value:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv([_known(word.source) for word in words], context="hook")


def _known(source: Source) -> Source:
    return masked(source, _TEMPLATE) if "{{" in source.text else source


def _maps(node: Node | None) -> Iterator[Mapping]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Mapping):
            yield item


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.value != MARK:
            yield item
