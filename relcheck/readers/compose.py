"""Compose files (the Compose Specification): what services run, build, pull and carry in their environment.

    services.<s>: image, build (context, dockerfile, dockerfile_inline, args, additional_contexts, cache_from, cache_to,
        tags, provenance), command, entrypoint, healthcheck, environment, volumes of type image, provider, pre_start, post_start,
        pre_stop, develop.watch
    x-*.image, models.<m>.model, include; files of the first version have their services at the top

Variables are expanded in values only, after aliases and `<<`. Their values may come from `.env` beside the file, so an
image that uses any keeps its text in `raw` for link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Component, Credential, Fact, Image, Option
from relcheck.readers.build_inputs import (
    IMAGE_OUTPUTS,
    archive,
    argument,
    is_archive,
    output_names,
    read_inline,
    without_provenance,
)
from relcheck.readers.build_inputs import build as local_build
from relcheck.readers.build_inputs import context as named_context
from relcheck.readers.dockerfile_files import git_repository
from relcheck.readers.dockerfile_words import split_words, unquote
from relcheck.readers.images import image_fact
from relcheck.readers.yaml_tree import Mapping, Node, Scalar, Sequence, faults, load
from relcheck.refs.git import parse_git_url
from relcheck.refs.secrets import looks_secret_name
from relcheck.refs.url import is_loopback, split_port
from relcheck.refs.variables import expand
from relcheck.source import Source

_PAIR = re.compile(r"([^=]+)=")
_REGISTRY_CACHE = re.compile(r"(?:^|,)\s*ref=([^,]*)")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_TYPED = re.compile(r"(?:^|,)\s*type=")
_TYPE = re.compile(r"(?:^|,)\s*type=([\w-]+)")


def read(source: Source) -> Iterator[Fact]:
    """Read a compose file."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        yield from read_document(source, node)


def read_document(source: Source, node: Node) -> Iterator[Fact]:  # noqa: ARG001 - the shape of all readers of documents
    """Read one document; what aliases and `<<` repeat is said once."""
    if not isinstance(node, Mapping):
        return
    seen: set[tuple[type[Fact], int, str]] = set()
    own_machine = _is_for_own_machine(node)
    for fact in _document(node):
        # What stands at one place is one thing, however many services share it; a build output is no image to run.
        key = (type(fact), fact.span.start, getattr(fact, "key", "") or _built_with(fact))
        if key not in seen:
            seen.add(key)
            yield fact.replace(own_machine=True) if own_machine and isinstance(fact, Image) else fact


def _is_for_own_machine(node: Mapping) -> bool:
    """Whether a service is told that it is reached at localhost, by a port that the file publishes: nobody else is served."""
    services = list(_services(node.map("services")))
    ports = {
        port for service in services for item in _items(service.get("ports", merge=True)) for port in _published(item)
    }
    values = (
        _expanded(value).text
        for service in (services if ports else ())
        for _, value in _pairs(service.get("environment", merge=True))
        if value is not None and ":" in value.text
    )
    for value in values:
        name, port = split_port(value.rpartition("://")[2].partition("/")[0])
        if port and port in ports and is_loopback(name):
            return True
    return False


def _published(port: Node) -> Iterator[str]:
    """Yield the port of the host in `[ADDRESS:]HOST:CONTAINER[/PROTOCOL]` and in the long form."""
    if isinstance(port, Mapping):
        yield port.text("published")
    elif isinstance(port, Scalar):
        yield from _expanded(port.source).text.split(":")[:-1][-1:]


def _built_with(fact: Fact) -> str:
    """Return what tells components of one place apart: services that share a context hand it their own arguments."""
    if not isinstance(fact, Component):
        return ""
    return " ".join((fact.system, *(f"{option.name}@{option.span.start}" for option in fact.inputs)))


def _document(node: Mapping) -> Iterator[Fact]:
    services = node.map("services")
    if services is None and node.get("services") is None:
        services = node if _is_first_version(node) else None
    built = {name for service in _services(services) for name in _built_names(service)}
    for service in _services(services):
        yield from _service(service, built)
    for key, value in node.pairs():
        if key.value.startswith("x-") and isinstance(value, Mapping):
            yield from _service_image(value, built)
    for model in _mappings(node.map("models")):
        yield from _images(model.get("model", merge=True), "artifact")
    yield from _includes(node.get("include"))
    yield from _files(node)


def _is_first_version(node: Mapping) -> bool:
    values = [value for key, value in node.pairs() if key.value != "version" and not key.value.startswith("x-")]
    return bool(values) and all(
        isinstance(value, Mapping) and any(value.get(name) is not None for name in ("image", "build", "extends"))
        for value in values
    )


def _services(services: Mapping | None) -> Iterator[Mapping]:
    yield from _mappings(services)


def _mappings(holder: Mapping | None) -> Iterator[Mapping]:
    for key, value in holder.pairs(merge=True) if holder is not None else ():
        if isinstance(value, Mapping) and not key.value.startswith("x-"):
            yield value


def _built_names(service: Mapping) -> Iterator[str]:
    if service.get("build", merge=True) is not None:
        yield service.text("image", merge=True)


def _service(service: Mapping, built: set[str]) -> Iterator[Fact]:
    yield from _service_image(service, built)
    yield from _build(service.get("build", merge=True))
    provider = service.map("provider", merge=True)
    kind = provider.scalar("type") if provider else None
    if kind:
        parts = {"name": kind.span}
        yield Component(
            span=kind.span,
            parts=parts,
            system="compose-provider",
            kind="plugin",
            name=kind.value,
            ref="",
            ref_kind="none",
        )
    yield from environment(service.get("environment", merge=True))
    for name in ("pre_start", "post_start", "pre_stop"):
        for hook in _items(service.get(name, merge=True)):
            if isinstance(hook, Mapping):
                yield from _images(hook.get("image", merge=True), "run")
                yield from _command(hook.get("command", merge=True))
    develop = service.map("develop", merge=True)
    for watch in _items(develop.get("watch", merge=True) if develop else None):
        run = watch.map("exec") if isinstance(watch, Mapping) else None
        yield from _command(run.get("command") if run else None)
    for volume in _items(service.get("volumes", merge=True)):
        if isinstance(volume, Mapping) and volume.text("type") == "image":
            yield from _images(volume.get("source"), "mount")
    if service.get("entrypoint", merge=True) is None:
        yield from _command(service.get("command", merge=True))
    yield from _command(service.get("entrypoint", merge=True))
    healthcheck = service.map("healthcheck", merge=True)
    yield from _health(healthcheck.get("test", merge=True) if healthcheck else None)


def environment(node: Node | None) -> Iterator[Fact]:
    """Yield what variables say: secrets written as literals, registries, switches."""
    for name, value in _pairs(node):
        if value is not None:
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - many files have none

            yield from environment_facts(name, value, where="environment")


def _command(node: Node | None) -> Iterator[Fact]:
    """Yield the command of a list of words, or of a text that is split into words without a shell."""
    words = [item.source for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else []
    if (
        isinstance(node, Scalar)
        and node.style != ""
        or isinstance(node, Scalar)
        and node.value not in ("", "null", "~")
    ):
        words = [unquote(word) for word in split_words(node.source)]
    if any("--insecure-registry" in word.text for word in words):
        from relcheck.readers.insecure_engines import insecure_registries  # noqa: PLC0415 - few services are engines

        yield from insecure_registries([_expanded(word) for word in words])
    # Words that begin with a dash are arguments of the image's own entrypoint.
    if words and words[0].text and not words[0].text.startswith("-"):
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv([_expanded(word) for word in words], context="runtime")


def _health(node: Node | None) -> Iterator[Fact]:
    """Yield the command of a health check: `[CMD, word, …]`, `[CMD-SHELL, script]` or a text, which is a script."""
    words = [item for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else []
    script = node if isinstance(node, Scalar) else None
    if len(words) > 1 and words[0].value == "CMD":
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv([_expanded(word.source) for word in words[1:]], context="runtime")
    if len(words) > 1 and words[0].value == "CMD-SHELL":
        script = words[1]
    if script is not None and script.value not in ("", "NONE"):
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_shell(_expanded(script.source), context="runtime")


def _expanded(source: Source) -> Source:
    return expand(source, lambda _: None, "compose").source


def _service_image(service: Mapping, built: set[str]) -> Iterator[Fact]:
    image = service.scalar("image", merge=True)
    if image is None or image.tag.lstrip("!") == "reset":
        return
    is_built = service.get("build", merge=True) is not None
    policy = service.text("pull_policy", merge=True)
    fact = compose_image(
        image.source,
        "output" if is_built else "run",
        pull_policy=policy,
        build_here=is_built or bool(image.value) and image.value in built or policy == "build",
    )
    if fact:
        yield fact


def compose_image(source: Source, role: str, *, pull_policy: str = "", build_here: bool = False) -> Image | None:
    """Return the image that a value names after the expansion of its variables by their inline defaults."""
    expansion = expand(source, lambda _: None, "compose")
    fact = image_fact(
        expansion.source,
        role=role,
        engine="compose",
        written=source.text,
        state=expansion.state,
        floating_default=expansion.defaulted,
        pull_policy=pull_policy,
        build_here=build_here,
    )
    if fact is None or expansion.source is source:
        return fact
    return fact.replace(raw=source.text, parts={**fact.parts, "raw": source.all()})


def _images(node: Node | None, role: str) -> Iterator[Fact]:
    for item in _items(node):
        if isinstance(item, Scalar):
            fact = compose_image(item.source, role)
            if fact:
                yield fact


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.items) if isinstance(node, Sequence) else [node]


def _pairs(node: Node | None) -> Iterator[tuple[str, Source | None]]:
    """Yield (key, value) of a mapping or of a list of `K=V`; None for a key without a value."""
    if isinstance(node, Mapping):
        for key, value in node.pairs(merge=True):
            if isinstance(value, Scalar):
                yield key.value, None if value.plain and value.value in ("", "~", "null") else value.source
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            match = _PAIR.match(item.value)
            if match:
                yield match[1].strip(), item.source.part(match.end(), len(item.value))
            else:
                yield item.value, None


def _build(build: Node | None) -> Iterator[Fact]:
    if isinstance(build, Scalar):
        yield from _context(build, None)
    if not isinstance(build, Mapping):
        return
    yield from _context(build.scalar("context", merge=True), build)
    yield from _images(build.get("tags", merge=True), "output")
    for name in ("cache_from", "cache_to"):
        for item in _items(build.get(name, merge=True)):
            if isinstance(item, Scalar):
                yield from _cache(item.source)
    for _, value in _pairs(build.get("additional_contexts", merge=True)):
        if value is not None:
            yield from _named_context(value)
    for name, value in _pairs(build.get("args", merge=True)):
        yield from _build_argument(name, value)
    provenance = build.scalar("provenance", merge=True)
    if provenance is not None and provenance.value == "false":
        yield without_provenance(provenance.span, push=False)
    yield from _inline(build)
    yield from _bake(build.map("x-bake", merge=True))


def _bake(extension: Mapping | None) -> Iterator[Fact]:
    """x-bake { tags, cache-from, cache-to, contexts }: what `docker buildx bake` reads beside Compose's own keys."""
    if extension is None:
        return
    yield from _images(extension.get("tags", merge=True), "output")
    for item in _items(extension.get("output", merge=True)):
        if isinstance(item, Scalar):
            yield from _output(item.source)
    for name in ("cache-from", "cache-to"):
        for item in _items(extension.get(name, merge=True)):
            if isinstance(item, Scalar):
                yield from _cache(item.source)
    for _, value in _pairs(extension.get("contexts", merge=True)):
        if value is not None:
            yield from _named_context(value)


def _output(source: Source) -> Iterator[Fact]:
    """type=registry,name=IMAGE, or type=image,name=IMAGE,push=true."""
    kind = _TYPE.search(source.text)
    push = kind is not None and (kind[1] == "registry" or "push=true" in source.text)
    for name in output_names(source) if kind is not None and kind[1] in IMAGE_OUTPUTS else ():
        fact = compose_image(name, "output")
        if fact:
            yield fact.replace(push=push or fact.push)


def _context(context: Scalar | None, build: Mapping | None) -> Iterator[Fact]:
    """Yield the build's context: a repository, or a folder with what link needs to find the Dockerfile."""
    if context is None and build is None:
        return
    text = _known(context.source if context else None, ".")
    if context is not None and is_archive(text):
        yield archive(_expanded(context.source), "compose", executed=True)
        return
    if context is not None and parse_git_url(context.value) is not None:
        yield from git_repository(context.source, "context")
        return
    options = [Option(name="dockerfile", value=_known(_source(build, "dockerfile"), ""))]
    elsewhere = build is None or build.get("dockerfile_inline", merge=True) is None
    options += [named_context(name, value) for name, value in _contexts(build)]
    for name, value in _pairs(build.get("args", merge=True) if build and elsewhere else None):
        # A name without a value takes that of the environment, which may be in `.env`.
        raw = f"${{{name}}}" if value is None else value.text if "$" in value.text else ""
        options += argument(name, _expanded(value) if value is not None else None, raw)
    span = context.span if context is not None else build.span if build is not None else None
    if span is not None:
        yield local_build(span, text, options)


def _contexts(build: Mapping | None) -> Iterator[tuple[str, Source | None]]:
    bake = build.map("x-bake", merge=True) if build else None
    for holder, key in ((build, "additional_contexts"), (bake, "contexts")):
        for name, value in _pairs(holder.get(key, merge=True) if holder else None):
            yield name, _expanded(value) if value is not None else None


def _source(node: Mapping | None, name: str) -> Source | None:
    found = node.scalar(name, merge=True) if node is not None else None
    return found.source if found is not None else None


def _known(source: Source | None, default: str) -> str:
    """Return a path with its inline defaults, as far as it is known."""
    return expand(source, lambda _: None, "compose").source.text if source is not None else default


def _cache(source: Source) -> Iterator[Fact]:
    if _TYPED.search(source.text):
        match = _REGISTRY_CACHE.search(source.text)
        if not match or "type=registry" not in source.text:
            return
        source = source.part(*match.span(1))
    fact = compose_image(source, "cache")
    if fact:
        yield fact


def _named_context(value: Source) -> Iterator[Fact]:
    if value.text.startswith("docker-image://"):
        fact = compose_image(value, "mount")
        if fact:
            yield fact
    elif not value.text.startswith(("service:", "target:", "oci-layout:", ".", "/", "~")):
        yield from git_repository(value, "context")


def _build_argument(name: str, value: Source | None) -> Iterator[Fact]:
    """Yield the frontend that an argument names, or a secret that an argument hands to the build."""
    if name == "BUILDKIT_SYNTAX" and value is not None:
        fact = compose_image(value, "frontend")
        if fact:
            yield fact
    if value is None or not (looks_secret_name(name) or any(map(looks_secret_name, _VARIABLE.findall(value.text)))):
        return
    found = secret_argument(name, value)
    if found:
        yield found


def secret_argument(name: str, value: Source) -> Credential | None:
    """Return the secret that a build argument hands on: by reference, or as a literal; None where it is neither."""
    from relcheck.refs.secrets import literal_form, redact  # noqa: PLC0415 - few files hand secrets on

    form = literal_form(value.text)
    if form not in ("literal", "reference"):
        return None
    return Credential(
        span=value.all(),
        parts={"value": value.all()},
        kind="build-arg",
        form=form,
        where="manifest",
        key=name,
        redacted=redact(value.text) if form == "literal" else "",
        length=len(value.text) if form == "literal" else 0,
        tool="compose",
    )


def _inline(build: Mapping) -> Iterator[Fact]:
    scalar = build.scalar("dockerfile_inline", merge=True)
    if scalar is not None:
        arguments = {
            name: _expanded(value) for name, value in _pairs(build.get("args", merge=True)) if value is not None
        }
        contexts = {name: value for name, value in _contexts(build) if value is not None}
        yield from read_inline(_expanded(scalar.source), arguments, contexts)


def _files(node: Mapping) -> Iterator[Fact]:
    """Read the configurations that are written in place (`configs.NAME.content`) as the files that services get."""
    configs = node.map("configs")
    written = [(key.value, value) for key, value in configs.pairs() if isinstance(value, Mapping)] if configs else []
    written = [(name, value) for name, value in written if value.scalar("content") is not None]
    if not written:
        return
    from relcheck.readers.written_files import Written, as_file, facts_of, known_file  # noqa: PLC0415 - rarely needed

    targets = {
        item.text("source"): item.text("target")
        for service in _services(node.map("services"))
        for item in _items(service.get("configs", merge=True))
        if isinstance(item, Mapping)
    }
    for name, value in written:
        target, content = targets.get(name) or f"/{name}", value.scalar("content")
        known = known_file(target)
        if known is None and content is not None and looks_secret_name(name) and "\n" not in content.value:
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few configurations are secrets

            yield from environment_facts(name, content.source, where="environment")
        if known is not None and content is not None and known[0] not in ("shell", "dockerfile"):
            text = as_file(known[1], _expanded(content.source))
            found = facts_of(Written(known[0], f"/{name}", text), content.span)
            yield from (fact for fact in found if isinstance(fact, Credential))


def _includes(node: Node | None) -> Iterator[Fact]:
    for item in _items(node):
        paths = _items(item.get("path")) if isinstance(item, Mapping) else [item]
        for path in paths:
            if not isinstance(path, Scalar):
                continue
            if path.value.startswith("oci://"):
                yield from _images(path, "artifact")
            else:
                yield from git_repository(path.source, "include")
