"""Known actions: what their inputs say. Which action has which inputs is data (`relcheck/data/actions.json`).

The keys of an entry: `build` and `bake` (docker's own build actions), `login`, `images`, `setup` (an installed tool),
`registries`, `publish`, `credentials` (inputs that hold secrets), `repository` (another repository is checked out),
`attest`, `mint` (a short-lived token).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from relcheck.components import table
from relcheck.facts import UNKNOWN, Component, Credential, Dependency, Fact, Image, Login, Option, Publish, Text, Truth
from relcheck.readers.ci_common import Around, is_job_token, secret_name, value_kind
from relcheck.readers.github_inputs import named_images
from relcheck.readers.github_steps import Step, image_facts, input_options, name_template
from relcheck.readers.github_values import readings
from relcheck.readers.known import firmness
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.urls import registry as registry_facts
from relcheck.refs import MARK
from relcheck.refs.conditions import evaluate, truth
from relcheck.refs.git import classify_ref, is_rolling
from relcheck.refs.image import login_host
from relcheck.refs.secrets import identify, is_publish_variable, literal_form, looks_secret_name, redact
from relcheck.refs.url import passes_away
from relcheck.refs.variables import expand
from relcheck.source import Piece, Source, Span

_ITEM = re.compile(r"(?:\$\{\{(?:'[^']*'|(?!\}\})[^'])*\}\}|[^,\r\n])+")
_META = re.compile(r"\$\{\{\s*steps\.([\w-]+)\.outputs\.tags\s*\}\}")
_PUSHES = re.compile(r"(?:^|,)\s*\"?(?:type=registry|push=true|push-by-digest=true)")
_CONTEXT = re.compile(r"\{\{ *defaultContext *\}\}:?")
_NAME = re.compile(r"(?:^|,)\s*\"?name=([^,\"\s]+)")


def action_facts(uses: Scalar, name: str, step: Step) -> Iterator[Fact]:
    """Yield what the inputs of a known action say; of an unknown one, the image that an input of that name holds."""
    entry = table("github").get("/".join(name.lower().split("/")[:2])) or table("github").get(name.lower())
    if not entry:
        yield from named_images(step.body.map("with"), step.scope)
        return
    place = uses.span
    if "login" in entry:
        yield from _login(place, entry["login"], step)
    if "build" in entry:
        yield from _build(place, step)
    if "bake" in entry:
        yield from _bake(place, step)
    for spec in entry.get("images", ()):
        yield from _images(spec, step)
    for spec in entry.get("setup", ()):
        yield from _setup(spec, step)
    for spec in entry.get("registries", ()):
        given = step.input(spec["input"])
        for source in _values(given, step):
            yield from registry_facts(source, ecosystem=spec["ecosystem"], purpose=spec["purpose"], key=spec["input"])
    if "repository" in entry:
        yield from _repository(entry["repository"], step)
    if "publish" in entry:
        yield from _publish(place, entry["publish"], step)
    for key in entry.get("credentials", ()):
        secret = step.input(key)
        if secret is not None:
            yield _credential(secret.source, key, ecosystem="")
    if "attest" in entry:
        given = step.input(entry["attest"])
        if given is not None:
            yield from image_facts(given.source, step.scope, role="signed")


def _values(given: Scalar | None, step: Step) -> list[Source]:
    return [reading.source for reading in readings(given.source, step.scope)] if given is not None else []


def _one(given: Scalar | None, step: Step) -> Text:
    """Return the one text that an input comes to: "" when it is not written, UNKNOWN when expressions decide."""
    texts = {source.text for source in _values(given, step)}
    if not texts:
        return ""
    text = texts.pop().strip()
    return UNKNOWN if texts or MARK in text else text


def _login(place: Span, spec: dict[str, Any], step: Step) -> Iterator[Fact]:
    if spec.get("cloud"):
        yield Login(span=place, tool=spec["tool"], secret_form="helper", cloud=True)  # noqa: S106 - names a form
        return
    registry, username, password = (step.input(spec[name]) for name in ("host", "username", "password"))
    given, user = _one(registry, step), _one(username, step)
    host = given if given is UNKNOWN else login_host(str(given))
    form = literal_form(password.value) if password is not None else "empty"
    parts = {"host": registry.span} if registry is not None and isinstance(host, str) else {}
    yield Login(
        span=registry.span if registry is not None else place,
        parts=parts if registry is not None and registry.value == host else {},
        tool=spec["tool"],
        host=host,
        username=user,
        secret_form="input-literal" if form == "literal" else "input-reference" if form == "reference" else "none",
    )
    if password is not None:
        yield _credential(password.source, "password", host=host, user=user)


def _credential(source: Source, key: str, *, host: Text = "", user: Text = "", ecosystem: str = "oci") -> Credential:
    """Return the secret that an input holds, or the reference to it."""
    value = source.text
    form = literal_form(value)
    token = identify(value) if form == "literal" else None
    return Credential(
        span=source.all(),
        parts={"value": source.all()},
        kind="ci-env",
        form=form,
        where="manifest",
        ecosystem=ecosystem,
        key=key,
        host=host,
        user=user,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access=token.access if token else "",
        redacted=redact(value) if form == "literal" else "",
        length=len(value) if form == "literal" else 0,
    )


_SECRET_INPUTS = frozenset((
    "token", "password", "api-key", "apikey", "npm-token", "pypi-token", "github-token", "gh-token", "access-token", "auth-token",
    "registry-password", "registry-token", "docker-password", "dockerhub-token", "nuget-api-key", "cargo-token", "gpg-passphrase",
))  # fmt: skip
"""Inputs that are called like what they hold in every action; those of databases beside the tests are others."""
_SHORTEST = 8


def handed_secrets(given: Mapping | None, said: Sequence[Fact]) -> Iterator[Credential]:
    """Yield the secrets that are written out in the inputs of an action, whatever action it is."""
    known = {fact.span for fact in said if isinstance(fact, Credential)}
    for key, value in given.pairs() if given is not None else ():
        name = key.value.lower().replace("_", "-")
        if not isinstance(value, Scalar) or not (name in _SECRET_INPUTS or is_publish_variable(key.value.upper())):
            continue
        mixed = any(letter.isdigit() for letter in value.value) and any(letter.isalpha() for letter in value.value)
        if len(value.value) >= _SHORTEST and mixed and value.source.all() not in known:
            found = _credential(value.source, key.value, ecosystem="")
            if found.form == "literal":
                yield found


def items(source: Source) -> Iterator[Source]:
    """Split a list of lines and commas, as docker's actions do; expressions are kept whole."""
    for match in _ITEM.finditer(source.text):
        text = match[0]
        start = match.start() + len(text) - len(text.lstrip())
        end = match.end() - (len(text) - len(text.rstrip()))
        if start < end:
            yield source.part(start, end)


def lines(source: Source) -> Iterator[Source]:
    """Split a list of lines."""
    for match in re.finditer(r"[^\r\n]*\S", source.text):
        yield source.part(match.start() + len(match[0]) - len(match[0].lstrip()), match.end())


def _build(place: Span, step: Step) -> Iterator[Fact]:
    """build-push-action: `tags`, and whether `push` or an entry of `outputs` sends them to their registry."""
    push, outputs, arguments = step.input("push"), step.input("outputs"), step.input("build-args")
    sends, around = _pushing(push, step)
    pushed_by_output = outputs is not None and bool(_PUSHES.search(outputs.value))
    sends = True if pushed_by_output else sends
    found = list(_built(step, outputs, pushed=sends))
    yield from found
    if sends is not False:
        yield _pushed(push.span if push is not None and sends is not True else place, found, around, sends, step)
    yield from _handed(place, step)
    for line in lines(arguments.source) if arguments is not None else ():
        yield from _argument_secret(line, max_provenance=_publishes_arguments(step))
    secrets = step.input("secrets")
    for line in lines(secrets.source) if secrets is not None else ():
        start = line.text.find("=") + 1
        if start and literal_form(line.text[start:]) == "literal":
            yield _credential(line.part(start, len(line.text)), line.text[: start - 1], ecosystem="")


def _argument_secret(line: Source, *, max_provenance: bool = False) -> Iterator[Credential]:
    """Yield the secret of a build argument `NAME=value`, by its name or by that of the secret that it is made of."""
    name, equals, _ = line.text.partition("=")
    if equals and (looks_secret_name(name.strip()) or looks_secret_name(secret_name(line.text))):
        handed = _credential(line.part(len(name) + 1, len(line.text)), name.strip(), ecosystem="")
        yield handed.replace(kind="build-arg", secret=secret_name(line.text), max_provenance=max_provenance)


def _handed(place: Span, step: Step) -> Iterator[Fact]:
    """Say which Dockerfile is built and what is handed to it; the default context is the repository at the commit."""
    given = [(step.input("build-args"), "arg"), (step.input("build-contexts"), "context")]
    if not any(found for found, _ in given) and step.input("file") is None:
        return
    from relcheck.readers import build_inputs  # noqa: PLC0415 - few builds are handed anything

    inputs = []
    file, context = step.input("file"), step.input("context")
    if file is not None:
        inputs.append(
            Option(name="file", value=build_inputs.project_path(expand(file.source, _nothing, "github").source))
        )
    for found, kind in given:
        for line in lines(found.source) if found is not None else ():
            name, equals, _ = line.text.partition("=")
            for said in readings(line.part(len(name) + 1, len(line.text)), step.scope) if equals else ():
                inputs += (
                    build_inputs.argument(name.strip(), said.source)
                    if kind == "arg"
                    else [build_inputs.context(name.strip(), said.source)]
                )
    known = expand(context.source, _nothing, "github").source if context is not None else None
    folder = "." if known is None else _CONTEXT.sub("./", build_inputs.project_path(known)).strip()
    if "://" not in folder:
        yield build_inputs.build(place, folder or ".", inputs, job=step.frame.job, step=step.number)


def _nothing(_: str) -> None:
    return None


def _publishes_arguments(step: Step) -> bool:
    """Whether the provenance of the build is asked for in its long form, which lists the build arguments."""
    asked = [step.input("provenance"), step.input("attests")]
    return any(given is not None and "mode=max" in given.value for given in asked)


def _pushing(push: Scalar | None, step: Step) -> tuple[Truth, Around]:
    """Say whether `push` holds in some event that reaches the step, and in which for sure."""
    text = push.value.strip() if push is not None else "false"
    if text.lower() in ("true", "false", ""):
        return text.lower() == "true", step.around
    around = step.deciding(text)
    values = [truth(evaluate(text, scenario.lookup)) for scenario, known in step.reached if known is not False]
    if True in values:
        return True, around
    return UNKNOWN if UNKNOWN in values or not values else False, around


def _built(step: Step, outputs: Scalar | None, *, pushed: Truth) -> Iterator[Image]:
    """Yield the names of what is built; a push by digest alone carries no tag."""
    tags = step.input("tags")
    for item in items(tags.source) if tags is not None else ():
        for source in _described(item, step):
            for fact in image_facts(source, step.scope, role="output", push=pushed):
                template = name_template(item.text) if source is item else ""
                yield fact.replace(role="pushed" if pushed is True else "output", name_template=template)
    for line in lines(outputs.source) if outputs is not None else ():
        if name := _NAME.search(line.text):
            for fact in image_facts(line.part(*name.span(1)), step.scope, role="output", push=pushed):
                by_digest = "push-by-digest=true" in line.text
                changes: dict[str, Any] = {"tag": UNKNOWN, "tag_kind": UNKNOWN} if by_digest else {}
                yield fact.replace(role="pushed" if pushed is True else "output", **changes)


def _described(item: Source, step: Step) -> Iterator[Source]:
    """Replace `steps.ID.outputs.tags` of metadata-action by its images, with a tag that is not known."""
    match = _META.fullmatch(item.text)
    meta = step.frame.ids.get(match[1]) if match else None
    if meta is None or not meta.text("uses").lower().startswith("docker/metadata-action@"):
        yield item
        return
    given = meta.map("with")
    images = given.scalar("images") if given else None
    for line in items(images.source) if images is not None else ():
        size = len(line.text)
        yield line.embed(
            f"{line.text}:{MARK}", (Piece(0, size, 0, size), Piece(size, size + 2, size, size)), "variable"
        )


def _pushed(place: Span, found: list[Image], around: Around, sends: Truth, step: Step) -> Publish:
    hosts = {fact.host for fact in found}
    host = hosts.pop() if len(hosts) == 1 else UNKNOWN
    named = [fact.name for fact in found]
    return Publish(
        span=place,
        ecosystem="oci",
        tool="build-push-action",
        host=host,
        target=named[0] if named else UNKNOWN,
        dry_run=bool(found) and all(passes_away(fact.host) for fact in found),
        events=around.events,
        guarded=sends is UNKNOWN or around.guarded,
        digest_used=_digest_used(step),
    )


def _digest_used(step: Step) -> bool:
    """Whether anything in the workflow reads what the step hands out: `steps.ID.outputs`."""
    name, uses = step.body.text("id"), step.body.scalar("uses")
    text = uses.source.root.text if uses is not None else ""
    return bool(name) and re.search(rf"\bsteps\.{re.escape(name)}\.outputs\.(?:digest|metadata)", text) is not None


def _bake(place: Span, step: Step) -> Iterator[Fact]:
    """bake-action: `push`, and what `set` puts into targets: `*.tags=IMAGE`, `*.args.NAME=value`, `*.contexts.NAME=…`."""
    push, overrides = step.input("push"), step.input("set")
    sends, around = _pushing(push, step)
    found: list[Image] = []
    for line in lines(overrides.source) if overrides is not None else ():
        if match := re.match(r"[\w.*-]+\.tags?=", line.text):
            source = line.part(match.end(), len(line.text))
            found += image_facts(source, step.scope, role="pushed" if sends is True else "output", push=sends)
        elif match := _BAKE_ARGUMENT.match(line.text):
            yield from _argument_secret(
                line.part(match.end(), len(line.text)), max_provenance=_publishes_arguments(step)
            )
        else:
            yield from _bake_image(line, step)
    yield from found
    if sends is not False:
        yield _pushed(push.span if push is not None else place, found, around, sends, step).replace(tool="bake-action")


_BAKE_ARGUMENT = re.compile(r"[\w.*-]+\.args?\.(?=\w+=)")
_BAKE_IMAGES = (
    (re.compile(r"[\w.*-]+\.contexts?\.[\w./:@-]+=docker-image://(\S+)"), "mount"),
    (re.compile(r"[\w.*-]+\.cache-(?:from|to)=(?:\S*?,)?ref=([^,\s]+)"), "cache"),
)


def _bake_image(line: Source, step: Step) -> Iterator[Image]:
    for pattern, role in _BAKE_IMAGES:
        if match := pattern.match(line.text):
            yield from image_facts(line.part(*match.span(1)), step.scope, role=role)


def _images(spec: dict[str, Any], step: Step) -> Iterator[Fact]:
    given = step.input(spec["input"])
    prefix = spec.get("prefix", "")
    for item in items(given.source) if given is not None else ():
        text = item.text
        if prefix and not text.startswith(prefix):
            continue
        after = spec.get("after", "")
        if after and after not in text:
            continue
        if after:
            item = item.part(text.index(after) + len(after), len(text))  # noqa: PLW2901 - the narrower place
        if spec["role"] == "cache":
            match = re.search(r"(?:^|,)ref=([^,\s]+)", text)
            if match is None and ("type=" in text or "=" in text):
                continue
            item = item.part(*match.span(1)) if match else item  # noqa: PLW2901 - the narrower place
        elif prefix:
            item = item.part(len(prefix), len(text))  # noqa: PLW2901 - the narrower place
        yield from image_facts(item, step.scope, role=spec["role"])


def _setup(spec: dict[str, Any], step: Step) -> Iterator[Dependency]:
    given = step.input(spec["input"])
    for source in _values(given, step):
        text: Text = UNKNOWN if MARK in source.text or "\n" in source.text.strip() else source.text.strip()
        if text == "":
            continue
        yield Dependency(
            span=source.all(),
            parts={"constraint": source.all()} if source.text == text else {},
            ecosystem="github-tool",
            where="setup",
            name=spec["name"],
            constraint=text,
            firmness=firmness(text),
            locked=False,
            published=False,
            group="build",
        )


def _repository(spec: dict[str, Any], step: Step) -> Iterator[Component]:
    """Checkout of another repository: what else `repository` and `ref` bring in."""
    given, wanted = step.input(spec["input"]), step.input(spec["ref"])
    name = _one(given, step)
    if given is None or name in ("", UNKNOWN):
        return
    ref = _one(wanted, step)
    place = wanted.span if wanted is not None else given.span
    yield Component(
        span=place,
        parts={"name": given.span} if given.value == name else {},
        system="git",
        kind="repository",
        name=name,
        owner=str(name).partition("/")[0],
        ref=ref,
        ref_kind="expr" if ref is UNKNOWN else classify_ref(str(ref)),
    )


def _publish(place: Span, spec: dict[str, Any], step: Step) -> Iterator[Publish]:
    if not _publishes(spec, step):
        return
    skipped, skip_span = _switch(spec.get("skip", ()), step)
    dry, _ = _switch(spec.get("dry", ()), step)
    parts = {"skip_existing": skip_span} if skip_span else {}
    replaced, replaced_span = _all_on(spec.get("overwrite", ()), step)
    if replaced_span:
        parts["overwrites"] = replaced_span
    argument = spec.get("skip_argument")
    arguments = step.input("args")
    if argument and arguments is not None and argument in arguments.value:
        at = arguments.source.text.find(argument)
        skipped, parts = True, {"skip_existing": arguments.source.at(at, at + len(argument))}
    token, token_span = _token(spec, step)
    if token_span:
        parts["value"] = token_span
    target = step.input(spec["target"]) if "target" in spec else None
    yield Publish(
        span=place,
        parts=parts,
        ecosystem=spec["ecosystem"],
        tool=spec["tool"],
        host=_host(spec, step),
        target=_one(target, step) if target is not None else UNKNOWN,
        rolling=target is not None and is_rolling(_one(target, step)),
        dry_run=dry,
        skip_existing=skipped,
        token=token,
        options=input_options(step.body.map("with")),
        overwrites=replaced,
        uploads=any(step.input(name) is not None for name in spec.get("uploads", ())),
        job_token=spec["ecosystem"] == "github-release" and _takes_job_token(spec["tool"], step),
    )


_TOKEN_INPUTS = ("token", "github_token", "github-token", "repo_token", "repo-token")


def _takes_job_token(tool: str, step: Step) -> bool:
    """Whether an action that makes releases does so with the token of the job: given, or its default."""
    given = [found.value for name in _TOKEN_INPUTS if (found := step.input(name)) is not None]
    given += [value for name, value in step.around.variables.items() if name in ("GITHUB_TOKEN", "GH_TOKEN")]
    return bool(given or tool in ("action-gh-release", "release-action")) and all(map(is_job_token, given))


def _publishes(spec: dict[str, Any], step: Step) -> bool:
    """Whether the inputs make the action publish: `only` must match, `unless` must not."""
    for name, pattern in spec.get("only", {}).items():
        given = step.input(name)
        if given is None or not re.search(pattern, given.value):
            return False
    for name, pattern in spec.get("unless", {}).items():
        given = step.input(name)
        if re.search(pattern, given.value if given is not None else ""):
            return False
    return True


def _switch(inputs: Iterable[str], step: Step) -> tuple[Truth, Span | None]:
    for name in inputs:
        given = step.input(name)
        if given is not None:
            value = _one(given, step)
            known = UNKNOWN if value is UNKNOWN else str(value).lower() in ("true", "1", "yes")
            return known, given.span if known is True else None
    return False, None


def _all_on(inputs: Iterable[str], step: Step) -> tuple[bool, Span | None]:
    """Whether all of several inputs are on, and where the last of them is."""
    found = [_switch((name,), step) for name in inputs]
    return (True, found[-1][1]) if found and all(known is True for known, _ in found) else (False, None)


def _host(spec: dict[str, Any], step: Step) -> Text:
    from relcheck.refs.url import parse_url  # noqa: PLC0415 - only where a registry is written

    for name in spec.get("host", ()):
        given = step.input(name)
        if given is not None:
            value = _one(given, step)
            url = parse_url(str(value)) if isinstance(value, str) else None
            return url.host if url is not None else UNKNOWN if value is UNKNOWN else str(value).partition("/")[0]
    return ""


def _token(spec: dict[str, Any], step: Step) -> tuple[str, Span | None]:
    for name in spec.get("token", ()):
        given = step.input(name)
        if given is not None and given.value.strip():
            return value_kind(given.value, step.around.minted), given.span
    return ("oidc", None) if spec.get("oidc") else ("", None)


def mints(step: Mapping) -> bool:
    """Whether a step gives out a short-lived publish token for the job's identity."""
    name = step.text("uses").partition("@")[0].strip().lower()
    entry = table("github").get(name, {}) if name else {}
    given = step.map("with")
    return "mint" in entry and not (given is not None and given.get(entry["mint"].get("unless", "")) is not None)
