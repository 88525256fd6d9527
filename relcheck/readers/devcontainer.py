"""Development containers (containers.dev reference): devcontainer.json, features and templates; JSON with comments.

    image, build.{dockerfile, context, args, cacheFrom}, dockerFile, dockerComposeFile    what the container is made from
    features {REFERENCE: options | version}, dependsOn                                    OCI artifacts by tag or digest
    initializeCommand, onCreateCommand, updateContentCommand, postCreateCommand, postStartCommand, postAttachCommand
        a text is a shell script, a list is a command, an object is several of either by name
    containerEnv, remoteEnv                                                               variables
    build.options, runArgs                          flags of `docker build` (--build-arg, --build-context) and `docker run` (-e)
    id, version, installsAfter                                           devcontainer-feature.json, devcontainer-template.json

Variables are `${localEnv:NAME}`, `${localEnv:NAME:default}`, `${containerEnv:NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import (
    UNKNOWN,
    Component,
    Credential,
    Dependency,
    Download,
    Fact,
    Image,
    Option,
    Package,
    Unreadable,
)
from relcheck.readers.build_inputs import argument, compose_file
from relcheck.readers.build_inputs import build as local_build
from relcheck.readers.build_inputs import context as context_input
from relcheck.readers.images import image_fact
from relcheck.readers.jsonc import load_jsonc
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.urls import url_parts
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.refs.secrets import looks_secret_name
from relcheck.refs.url import parse_url
from relcheck.source import Piece, Source

_COMMANDS = (
    "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand",
    "postAttachCommand",
)  # fmt: skip
_VARIABLE = re.compile(r"\$\{(?P<kind>\w+)(?::(?P<name>\w+)(?::(?P<default>[^{}]*))?)?\}")
_SHORT = re.compile(r"-e\w+=")
_LOCAL = ("./", "../")
_DEPRECATED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+/[\w.-]+)@(?P<ref>[\w.-]+)$")
_FLOATING = ("latest", "lts", "stable", "current", "")
_NOT_INSTALLED = ("none", "os-provided", "system")


def read(source: Source) -> Iterator[Fact]:
    """Read one of the files of a development container; lock files are read by link alone."""
    loaded = load_jsonc(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"is no JSON: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    name = source.path.rsplit("/", 1)[-1]
    if name.endswith("-lock.json"):
        yield from _locked(top)
        return
    if name in ("devcontainer-feature.json", "devcontainer-template.json"):
        yield from _feature_package(source, top)
    yield from _container(top)


def _container(top: Mapping) -> Iterator[Fact]:
    yield from _images(top.get("image"), "run")
    yield from _build(top)
    composed = top.get("dockerComposeFile")
    for item in composed.items if isinstance(composed, Sequence) else [composed]:
        if isinstance(item, Scalar) and item.value and MARK not in (path := _expanded(item.source).text):
            yield compose_file(item.span, path)
    for key in ("features", "dependsOn"):
        for name, value in _pairs(top.map(key)):
            yield from _feature(name, value)
    for key in _COMMANDS:
        yield from _command(top.get(key), key)
    yield from _run_arguments(top.seq("runArgs"))
    for key in ("containerEnv", "remoteEnv"):
        for name, value in _pairs(top.map(key)):
            if isinstance(value, Scalar) and not value.plain:
                yield from _environment(name.value, value)


def _pairs(table: Mapping | None) -> Iterator[tuple[Scalar, Node]]:
    yield from table.pairs() if table is not None else ()


def _expanded(source: Source) -> Source:
    """Put `MARK` for variables; the default of one is its value."""
    if "${" not in source.text:
        return source
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, 0
    for match in [*_VARIABLE.finditer(source.text), None]:
        end = match.start() if match else len(source.text)
        pieces.append(Piece(size, size + end - at, at, end))
        out.append(source.text[at:end])
        size += end - at
        if match:
            value = match["default"] or MARK
            place = match.span("default") if match["default"] else match.span()
            pieces.append(Piece(size, size + len(value), *place))
            out.append(value)
            size, at = size + len(value), match.end()
    return source.embed("".join(out), tuple(pieces), "variable")


def _images(node: Node | None, role: str, **fields: Any) -> Iterator[Fact]:  # noqa: ANN401 - fields of Image
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.value:
            fact = _image(item.source, role, **fields)
            if fact is not None:
                yield fact


def _image(source: Source, role: str, **fields: Any) -> Image | None:  # noqa: ANN401 - fields of Image
    text = _expanded(source)
    default = text is not source and MARK not in text.text
    return image_fact(
        text, role=role, engine="devcontainer", written=source.text, state="defaulted" if default else "literal",
        floating_default=default, **fields,
    )  # fmt: skip


def _build(top: Mapping) -> Iterator[Fact]:
    build = top.map("build")
    dockerfile = (build.scalar("dockerfile") if build else None) or top.scalar("dockerFile")
    context = (build.scalar("context") if build else None) or top.scalar("context")
    if build is not None:
        yield from _images(build.get("cacheFrom"), "cache")
    given, named = [*_arguments(build)], [*_contexts(build)]
    for name, value in given:
        yield from _argument(name, value)
    for _, value in named:
        if value.text.startswith("docker-image://") and (fact := _image(value, "mount")):
            yield fact
    if dockerfile is not None:
        # Both paths are relative to the folder of devcontainer.json; that of the Dockerfile is not to the context.
        folder = _expanded(context.source).text if context is not None else "."
        file = _expanded(dockerfile.source).text
        inputs = [Option(name="dockerfile", value=_from_context(folder, file))]
        inputs += [context_input(name, _expanded(value)) for name, value in named]
        for name, value in given:
            inputs += argument(name, _expanded(value))
        yield local_build(dockerfile.span, folder, inputs)


def _from_context(context: str, dockerfile: str) -> str:
    """Return the path of the Dockerfile as seen from the context, both being relative to the same folder."""
    import posixpath  # noqa: PLC0415 - few files build

    if MARK in context + dockerfile or context.startswith("/"):
        return MARK
    return posixpath.relpath(
        posixpath.join("/x/y/z", dockerfile), posixpath.normpath(posixpath.join("/x/y/z", context))
    )


def _arguments(build: Mapping | None) -> Iterator[tuple[str, Source]]:
    """Yield the build arguments: those of `args`, and `--build-arg` among the options."""
    for name, value in _pairs(build.map("args") if build else None):
        if isinstance(value, Scalar):
            yield name.value, value.source
    yield from _given(build, "--build-arg")


def _contexts(build: Mapping | None) -> Iterator[tuple[str, Source]]:
    """Yield the named contexts among the options."""
    return _given(build, "--build-context")


def _given(build: Mapping | None, flag: str) -> Iterator[tuple[str, Source]]:
    """Yield NAME=VALUE of a flag of `docker build` in `build.options`: `--flag=…`, or in the word behind the flag."""
    words = [item.source for item in (build.seq("options") if build else None) or () if isinstance(item, Scalar)]
    for number, word in enumerate(words):
        if word.text == flag and number + 1 < len(words):
            pair = words[number + 1]
        elif word.text.startswith(f"{flag}="):
            pair = word.part(len(flag) + 1, len(word.text))
        else:
            continue
        name, equals, _ = pair.text.partition("=")
        if equals:
            yield name, pair.part(len(name) + 1, len(pair.text))


def _argument(name: str, value: Source) -> Iterator[Fact]:
    if name == "BUILDKIT_SYNTAX" and (frontend := _image(value, "frontend")):
        yield frontend
    if looks_secret_name(name):
        from relcheck.readers.compose import secret_argument  # noqa: PLC0415 - few files hand secrets on

        found = secret_argument(name, _expanded(value))
        if isinstance(found, Credential):
            yield found.replace(tool="devcontainer")


def _feature(key: Scalar, value: Node) -> Iterator[Fact]:
    """A feature by its key: an OCI reference, an archive, a folder, or one of the forms of the first version."""
    text = key.value
    if text.startswith(_LOCAL) or not text:
        return
    if text.startswith(("https://", "http://")):
        yield from _archive(key.source)
    elif old := _DEPRECATED.match(text):
        yield _old_feature(key.source, old)
    elif "/" not in text:
        yield Component(
            span=key.span, parts={"name": key.span}, system="devcontainer", kind="feature", name=text, owner="devcontainers",
            ref="", ref_kind="none", first_party=False,
        )  # fmt: skip
    else:
        fact = image_fact(_expanded(key.source), role="artifact", engine="devcontainer", written=text)
        if fact is not None:
            yield fact
    yield from _tool(key, value)


def _archive(source: Source) -> Iterator[Fact]:
    url = parse_url(source.text)
    if url is not None:
        yield Download(
            span=source.all(), parts=url_parts(source, url), tool="devcontainer", url=url.redacted, scheme=url.scheme,
            host=url.host, executed_by="devcontainer", unpacked=True, context="manifest",
        )  # fmt: skip


def _old_feature(source: Source, match: re.Match[str]) -> Component:
    """owner/repository/feature@version, a release of a repository."""
    owner = match["name"].partition("/")[0]
    parts = {name: source.at(*match.span(name)) for name in ("name", "ref")}
    return Component(
        span=parts["ref"], parts=parts, system="devcontainer", kind="feature", name=match["name"], owner=owner,
        ref=match["ref"], ref_kind=classify_ref(match["ref"]), first_party=False,
    )  # fmt: skip


def _tool(key: Scalar, value: Node) -> Iterator[Fact]:
    """The tool that a feature installs, where its version is given as an option or as the value itself."""
    version = value.scalar("version") if isinstance(value, Mapping) else value
    if not isinstance(version, Scalar) or version.plain and version.value in ("true", "false", "null"):
        return
    if version.value in _NOT_INSTALLED:
        return
    text = version.value
    name = re.split(r"[:@]", key.value.rsplit("/", 1)[-1])[0]
    firm = "tag" if text in _FLOATING else "exact" if re.fullmatch(r"v?\d+(?:\.\d+){2,}.*", text) else "range"
    yield Dependency(
        span=version.span, parts={"constraint": version.span}, ecosystem="devcontainer", where="setup", name=name or UNKNOWN,
        constraint=text, firmness="any" if not text else firm, group="dev",
    )  # fmt: skip


def _command(node: Node | None, context: str) -> Iterator[Fact]:
    if isinstance(node, Mapping):
        for _, value in node.pairs():
            if not isinstance(value, Mapping):
                yield from _command(value, context)
    elif isinstance(node, Scalar) and node.value and not node.plain:
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_shell(_expanded(node.source), context="hook")
    elif isinstance(node, Sequence):
        words = [_expanded(item.source) for item in node.items if isinstance(item, Scalar)]
        if words:
            from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_argv(words, context="hook")


def _environment(name: str, value: Scalar) -> Iterator[Fact]:
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - many files have none

    yield from environment_facts(name, _expanded(value.source))


def _run_arguments(words: Sequence | None) -> Iterator[Fact]:
    """Options of `docker run`: the variables among them (`-e`, `--env`, `--env=`)."""
    flag = ""
    for item in words or ():
        if not isinstance(item, Scalar):
            continue
        start = 0
        if item.value.startswith("--env="):
            flag, start = "--env", len("--env=")
        elif _SHORT.match(item.value):
            flag, start = "-e", len("-e")
        name, equals, _ = item.value[start:].partition("=")
        if flag in ("-e", "--env") and equals:
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - many files have none

            value = item.source.part(start + len(name) + 1, len(item.value))
            yield from environment_facts(name, _expanded(value))
        flag = item.value if not start else ""


def _feature_package(source: Source, top: Mapping) -> Iterator[Fact]:
    from relcheck.readers.package_versions import version_fields  # noqa: PLC0415 - only features are published

    name, version = top.scalar("id"), top.scalar("version")
    if name is None or version is None:
        return
    yield Package(
        span=version.span, parts={"name": name.span, "version": version.span}, ecosystem="devcontainer", name=name.value,
        folder=source.path.rpartition("/")[0], version=version.value, **version_fields("helm", version.value),
    )  # fmt: skip


def _locked(top: Mapping) -> Iterator[Fact]:
    """Yield what the lock file settles: a feature's key with the digest behind it, for link."""
    for key, value in _pairs(top.map("features")):
        digest = value.scalar("integrity") if isinstance(value, Mapping) else None
        if digest is not None:
            yield Component(
                span=key.span, parts={"name": key.span, "ref": digest.span}, system="devcontainer-lock", kind="feature",
                name=key.value, owner="", ref=digest.value, ref_kind="sha", verified=True, locked=True, first_party=True,
                local=True,
            )  # fmt: skip
