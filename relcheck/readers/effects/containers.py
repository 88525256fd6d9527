"""Container tools: what they pull, run, build, tag and push, where they log in, and whether they check certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Fact, Image, Login, Option, Registry, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.dockerfile_files import git_repository
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.publishing import moved_to, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.container_options import image_index
from relcheck.refs.shell import Word
from relcheck.refs.url import is_loopback, passes_away
from relcheck.source import Source

COPIERS = frozenset(("skopeo", "crane", "regctl", "oras", "apko", "imgpkg", "img"))
_INSECURE = (
    "--insecure",
    "--plain-http",
    "--insecure-registry",
    "--allow-insecure-registry",
    "--insecure-skip-tls-verify",
)
_CACHE_REF = lazy_pattern(r"(?:^|,)ref=([^,]+)")
_EXPORTED = lazy_pattern(r"(?:^|[,\"])name=(?P<name>[^,\"]+)")
_DRIVER_IMAGE = lazy_pattern(r"(?:^|[,\"])image=([^,\"]+)")
_LOGIN_VALUES = ("-u", "--username", "-p", "--password", "--authfile", "--creds", "--cert-dir")
_COMMIT_VALUES = ("-a", "--author", "-c", "--change", "-m", "--message")
_BUILD_VALUES = (
    "-t", "--tag", "-f", "--file", "--build-arg", "--target", "--platform", "--cache-from", "--cache-to", "--secret", "--ssh",
    "--label", "--output", "-o", "--progress", "--network", "--iidfile", "--metadata-file", "--build-context", "--builder",
    "--provenance", "--sbom", "--attest", "--add-host", "--allow", "--ulimit", "--shm-size", "--format", "--isolation", "-m",
    "--memory", "--cgroup-parent", "--pull-policy", "--from", "--volume", "-v", "--authfile", "--layers", "--manifest",
)  # fmt: skip


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a container tool does."""
    yield from _certificates(invocation)
    verb = invocation.verb
    if verb.endswith("login"):
        yield from _login(invocation)
        return
    for value, key in secret_options(invocation):
        yield credential(value, "argv-password", invocation, key=key, ecosystem="oci")
    if invocation.program in COPIERS:
        from relcheck.readers.effects.image_copies import copied  # noqa: PLC0415 - few scripts copy images

        yield from copied(invocation, verb)
        return
    handler = _HANDLERS.get(invocation.program, _engine)
    yield from handler(invocation, verb)


def _certificates(invocation: Invocation) -> Iterator[Fact]:
    """`--tls-verify=false`, `--insecure`, `--plain-http`: the registry's certificate is not checked."""
    for word in invocation.words[1:]:
        name, _, value = word.text.partition("=")
        if name == "--disable-content-trust" and value.lower() not in ("false", "0"):
            yield Registry(
                span=word.source.all(), job=invocation.setting.job, step=invocation.setting.step, ecosystem="oci",
                purpose="content-trust", url="", host="", key=name,
            )  # fmt: skip
        off = name in ("--tls-verify", "--src-tls-verify", "--dest-tls-verify") and value.lower() in ("false", "0")
        plain = name in _INSECURE and value.lower() not in ("false", "0") and not name.startswith("--insecure-policy")
        if off or plain or name.startswith("--skip-tls-verify"):
            host = _first_host(invocation)
            yield Registry(
                span=word.source.all(),
                job=invocation.setting.job,
                step=invocation.setting.step,
                ecosystem="oci",
                purpose="container",
                host=host,
                url=host,
                tls="off",
                key=word.text.replace(MARK, "…"),
                loopback=UNKNOWN if host is UNKNOWN else is_loopback(str(host)) or "." not in str(host),
            )


def _first_host(invocation: Invocation) -> Text:
    for word in invocation.operands(_LOGIN_VALUES):
        text = word.text.split("://")[-1]
        host = text.split("/")[0]
        if "/" in text and ("." in host or ":" in host or host == "localhost") and MARK not in host:
            return host
        if invocation.verb.endswith("login") and MARK not in host:
            return host
    return UNKNOWN


def _login(invocation: Invocation) -> Iterator[Fact]:
    """`docker login [-u USER] [-p PASSWORD | --password-stdin] [HOST]`: no host is Docker Hub."""
    operands = invocation.operands(_LOGIN_VALUES)
    host: Text = "docker.io"
    span = invocation.verb_words[-1].source.all()
    parts = {}
    if operands:
        text = operands[0].text.split("://")[-1].split("/")[0]
        host = UNKNOWN if MARK in text else {"index.docker.io": "docker.io"}.get(text, text)
        if operands[0].text == host:
            parts["host"] = operands[0].source.all()
    found = [
        credential(value, "argv-password", invocation, key=key, ecosystem="oci")
        for value, key in secret_options(invocation)
    ]
    form = "stdin" if invocation.has("--password-stdin") else "none"
    for fact in found:
        form = "argv-literal" if fact.form == "literal" else "argv-variable"
    user = invocation.value("-u", "--username")
    yield Login(
        span=parts.get("host", span),
        parts=parts,
        tool=invocation.program,
        host=host,
        username=UNKNOWN if user is not None and MARK in user.text else user.text if user is not None else "",
        secret_form=form,
        job=invocation.setting.job,
        step=invocation.setting.step,
        cloud=invocation.command.piped_from in ("aws", "gcloud", "az", "doctl", "oci", "ibmcloud"),
    )
    yield from (fact.replace(host=host) for fact in found)


def image_of(invocation: Invocation, word: Word | Source | None, role: str, **fields: Any) -> Image | None:  # noqa: ANN401 - of `image_fact`
    """Return the image that a word of a command names; a path or an option names none."""
    source = word.source if isinstance(word, Word) else word
    if source is None or source.text.startswith(("-", ".", "/")):
        return None
    span = source.all()
    return image_fact(
        source,
        role=role,
        engine="command",
        written=source.text,
        state="literal"
        if MARK not in source.text and span.form == "plain"
        else "partial"
        if MARK in source.text
        else "defaulted",
        job=invocation.setting.job,
        step=invocation.setting.step,
        **fields,
    )


def pushed(invocation: Invocation, word: Word | Source | None, ecosystem: str = "oci") -> Iterator[Fact]:
    """Yield what a reference says that is pushed: the image, and the publish step."""
    image = image_of(invocation, word, "pushed", push=True)
    if image is None:
        return
    yield image
    yield publish(
        invocation,
        ecosystem,
        span=image.span,
        tool=f"{invocation.program} {invocation.verb}".strip(),
        host=image.host,
        target=image.name,
        dry_run=passes_away(image.host),
    )


def _engine(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """docker, podman, nerdctl, buildah."""
    if verb in ("pull", "image pull"):
        operands = invocation.operands(("--platform", "--authfile", "--creds", "--arch", "--os"))
        found = image_of(invocation, operands[0], "pulled") if operands else None
        if found is not None:
            yield found
    elif verb in ("run", "create", "container run", "container create"):
        yield from _run(invocation)
    elif verb in ("push", "image push"):
        operands = invocation.operands(("--authfile", "--creds", "--format", "--digestfile", "--platform"))
        if operands:
            yield from pushed(
                invocation, operands[-1] if invocation.program == "buildah" and len(operands) > 1 else operands[0]
            )
    elif verb in ("tag", "image tag"):
        operands = invocation.operands()
        for word in operands[1:]:
            found = image_of(invocation, word, "output")
            if found is not None:
                yield found
    elif verb in ("build", "buildx build", "image build", "bud"):
        yield from _build(invocation)
    elif verb in ("commit", "container commit"):
        operands = invocation.operands(_COMMIT_VALUES)
        found = image_of(invocation, operands[1], "output") if len(operands) > 1 else None
        if found is not None:
            yield found
    elif verb in ("save", "image save", "import", "image import"):
        operands = invocation.operands(("-o", "--output", "-c", "--change", "-m", "--message", "--platform"))
        for word in operands[1:] if verb.endswith("import") else operands:
            yield from _named(invocation, word.source, "output")
    elif verb == "manifest create":
        operands = invocation.operands()
        for word in operands[:1]:
            yield from _named(invocation, word.source, "output")
        yield from _sources(invocation, operands[1:], [word.text for word in operands[:1]])
    elif verb == "manifest push":
        operands = invocation.operands()
        yield from pushed(invocation, operands[-1] if operands else None)
    elif verb == "buildx imagetools":
        targets = list(invocation.values("-t", "--tag"))
        for value in targets:
            yield from pushed(invocation, value)
        operands = invocation.operands(("-t", "--tag", "-f", "--file", "--builder", "--annotation", "--progress"))
        if [word.text for word in operands[:1]] == ["create"]:
            yield from _sources(invocation, operands[1:], [value.text for value in targets])
    elif verb == "buildx create":
        for value in invocation.values("--driver-opt"):
            for match in _DRIVER_IMAGE.finditer(value.text):
                yield from _named(invocation, value.part(*match.span(1)), "run")
    elif verb == "buildx bake":
        yield from _bake(invocation)
    elif verb.startswith("compose"):
        yield from _compose(invocation, verb.removeprefix("compose").strip())


def _sources(invocation: Invocation, words: list[Word], targets: list[str]) -> Iterator[Fact]:
    """Yield the images that an index is made of; those of its own repository were pushed a moment ago."""
    own = {_repository(target) for target in targets}
    for word in words:
        if word.text != MARK and _repository(word.text) not in own:
            yield from _named(invocation, word.source, "pulled")


def _repository(text: str) -> str:
    name = text.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name


def _bake(invocation: Invocation) -> Iterator[Fact]:
    """`docker buildx bake --push`: what is pushed stands in the bake file, but for `--set TARGET.tags=IMAGE`.

    `--set TARGET.args.NAME=VALUE` hands the build an argument.
    """
    is_pushed = invocation.is_on("--push") or any("type=registry" in value.text for value in invocation.values("--set"))
    for value in invocation.values("--set"):
        name, equals, _ = value.text.partition("=")
        if equals and ".args." in name:
            yield from _build_argument(invocation, value.part(name.index(".args.") + 6, len(value.text)))
        elif equals and name.endswith((".tags", ".tag")):
            found = image_of(
                invocation, value.part(len(name) + 1, len(value.text)), "pushed" if is_pushed else "output"
            )
            if found is not None:
                yield found
    if is_pushed:
        yield publish(invocation, "oci", host=UNKNOWN, target=UNKNOWN)


def _run(invocation: Invocation) -> Iterator[Fact]:
    """`docker run [OPTIONS] IMAGE [COMMAND…]`: the first word that is neither an option nor the value of one."""
    rest = invocation.behind
    at = image_index([word.text for word in rest])
    if at is None:
        return
    found = image_of(invocation, rest[at], "run")
    if found is not None:
        yield found
    if len(rest) > at + 1:
        yield from _inner(invocation, rest[at + 1 :])


def _inner(invocation: Invocation, words: list[Word]) -> Iterator[Fact]:
    from relcheck.readers.shell import read_argv  # noqa: PLC0415 - the reader imports this module

    if not words[0].text.startswith("-"):
        setting = invocation.setting
        yield from read_argv(
            [word.source for word in words],
            context="container",
            job=setting.job,
            step=setting.step,
            tolerant=invocation.swallowed,
        )


def _build(invocation: Invocation) -> Iterator[Fact]:
    """`docker build -t NAME [--push] [--build-arg K=V]… CONTEXT`."""
    outputs = [value.text for value in invocation.values("-o", "--output")]
    is_pushed = invocation.is_on("--push") or any("type=registry" in text or "push=true" in text for text in outputs)
    for value in invocation.values("-t", "--tag"):
        if is_pushed:
            yield from pushed(invocation, value)
        else:
            found = image_of(invocation, value, "output", build_here=True)
            if found is not None:
                yield found
    yield from _exported(invocation)
    for value in invocation.values("--build-context"):
        name, _, target = value.text.partition("=")
        if target.startswith("docker-image://"):
            found = image_of(invocation, value.part(len(name) + 1, len(value.text)), "mount")
            if found is not None:
                yield found
    for value in (*invocation.values("--cache-from"), *invocation.values("--cache-to")):
        yield from _cache(invocation, value)
    for value in invocation.values("--from") if invocation.program in ("buildah", "podman") else ():
        yield from _named(invocation, value, "base")
    for value in invocation.values("--build-arg"):
        yield from _build_argument(invocation, value)
    contexts = invocation.operands(_BUILD_VALUES)
    handed = [value.text for value in invocation.values("-f", "--file")] + [word.text for word in contexts]
    body = invocation.standard_input() if "-" in handed else None
    if body is not None:
        from relcheck.readers import embedded  # noqa: PLC0415 - few Dockerfiles stand in scripts

        yield from embedded("dockerfile", body)
    if contexts and "://" in contexts[-1].text:
        yield from git_repository(contexts[-1].source, "context")
    elif contexts:
        yield from _handed(invocation, contexts[-1].source, invocation.value("-f", "--file"))


def _exported(invocation: Invocation) -> Iterator[Fact]:
    """`--output type=image,name=IMAGE,push=true`: the image that the build hands out."""
    for value in invocation.values("-o", "--output"):
        name = _EXPORTED.search(value.text)
        if name is None or "type=image" not in value.text and "type=registry" not in value.text:
            continue
        place = value.part(*name.span("name"))
        if "push=true" in value.text or "type=registry" in value.text:
            yield from pushed(invocation, place)
        else:
            yield from _named(invocation, place, "output")


def _handed(invocation: Invocation, context: Source, file: Source | None) -> Iterator[Fact]:
    """Say which folder is built by which file, and what that is handed: arguments and named contexts."""
    given = [(value, "arg") for value in invocation.values("--build-arg")]
    given += [(value, "context") for value in invocation.values("--build-context")]
    from relcheck.readers import build_inputs  # noqa: PLC0415 - few scripts build images

    folder = moved_to(invocation)
    inputs = [Option(name="folder", value=UNKNOWN if folder is None else folder)]
    if file is not None:
        inputs.append(Option(name="file", value=build_inputs.project_path(file)))
    for value, kind in given:
        name, equals, _ = value.text.partition("=")
        said = value.part(len(name) + 1, len(value.text)) if equals else None
        inputs += build_inputs.argument(name, said) if kind == "arg" else [build_inputs.context(name, said)]
    place = context.all()
    yield build_inputs.build(
        place, build_inputs.project_path(context), inputs, job=invocation.setting.job, step=invocation.setting.step
    )


def _named(invocation: Invocation, value: Source, role: str) -> Iterator[Fact]:
    found = image_of(invocation, value, role)
    if found is not None:
        yield found


def _cache(invocation: Invocation, value: Source) -> Iterator[Fact]:
    """`--cache-from IMAGE` or `type=registry,ref=IMAGE`; other types name no image."""
    match = _CACHE_REF.search(value.text)
    if match is not None and "type=registry" in value.text:
        yield from _named(invocation, value.part(*match.span(1)), "cache")
    elif "=" not in value.text:
        yield from _named(invocation, value, "cache")


def _build_argument(invocation: Invocation, value: Source) -> Iterator[Fact]:
    """`--build-arg NAME=VALUE` with the name of a secret: it stays readable in the image's history."""
    from relcheck.refs.secrets import looks_secret_name  # noqa: PLC0415 - only where there are build arguments

    name, equals, text = value.text.partition("=")
    if name == "BUILDKIT_SYNTAX":
        found = image_of(invocation, value.part(len(name) + 1, len(value.text)), "frontend")
        if found is not None:
            yield found
    elif looks_secret_name(name) and (equals or not text):
        place = value.part(len(name) + 1, len(value.text)) if equals else value
        made = credential(place, "build-arg", invocation, key=name, where="build-arg", ecosystem="oci")
        attests = (*invocation.values("--provenance"), *invocation.values("--attest"))
        made = made.replace(max_provenance=any("mode=max" in given.text for given in attests))
        yield made if equals else made.replace(form="reference", redacted="", length=0)


def _kaniko(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`/kaniko/executor --context DIR [--dockerfile FILE] [--build-arg K=V]… --destination IMAGE`."""
    del verb
    context, file = invocation.value("--context", "-c"), invocation.value("--dockerfile", "-f")
    place = context or file
    if place is not None and (context is None or "://" not in context.text):
        yield from _handed(invocation, place if context is None else context, file)
    if invocation.is_on("--no-push"):
        return
    for value in invocation.values("--destination", "-d"):
        yield from pushed(invocation, value)


def _pack(invocation: Invocation, verb: str) -> Iterator[Fact]:
    operands = invocation.operands(
        ("--builder", "-B", "--run-image", "--env", "-e", "--path", "-p", "--buildpack", "-b", "--tag")
    )
    if verb == "build" and operands:
        if invocation.is_on("--publish"):
            yield from pushed(invocation, operands[0])
        for value in (*invocation.values("--builder", "-B"), *invocation.values("--run-image")):
            found = image_of(invocation, value, "base")
            if found is not None:
                yield found


_UNCHECKED = ("--insecure-ignore-tlog", "--insecure-ignore-sct")
_ANYBODY = (".*", "^.*$", ".+", ".*.*")


def _unsigned(invocation: Invocation) -> Iterator[Fact]:
    """`cosign verify` that leaves the log or the signer unchecked; with a key of one's own neither is needed."""
    if invocation.has("--key", "-k") is not None:
        return
    places = [
        (word.source.all(), word.text) for word in invocation.words[1:]
        if word.text.partition("=")[0] in _UNCHECKED and not word.text.endswith("=false")
    ]  # fmt: skip
    for name in ("--certificate-identity-regexp", "--certificate-oidc-issuer-regexp"):
        places += [(value.all(), f"{name} {value.text}") for value in invocation.values(name) if value.text in _ANYBODY]
    for place, key in places:
        yield Registry(
            span=place, job=invocation.setting.job, step=invocation.setting.step, ecosystem="oci", purpose="signature",
            url="", host="", key=key, integrity_off=True,
        )  # fmt: skip


def _signer(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`cosign sign IMAGE`: addressed by tag, it signs whatever the tag names at that moment."""
    if verb.startswith("verify"):
        yield from _unsigned(invocation)
    if verb.split(" ", maxsplit=1)[0] in ("sign", "attest"):
        operands = invocation.operands(
            ("-k", "-a"), ("--recursive", "--yes", "--upload", "--replace", "--no-upload", "--allow-insecure-registry")
        )
        found = image_of(invocation, operands[0], "signed") if operands else None
        if found is not None:
            yield found


def _ko(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`ko build|publish|apply|resolve`: it pushes to KO_DOCKER_REPO unless it stays local."""
    local = invocation.is_on("--local") or invocation.has("-L") is not None
    kept = any(word.text in ("--push=false", "--push=0") for word in invocation.words)
    named = [found.value for found in invocation.command.assignments if found.name == "KO_DOCKER_REPO"]
    host: Text = named[-1].text.split("/")[0] if named and MARK not in named[-1].text else UNKNOWN
    if verb in ("build", "publish", "apply", "resolve") and not local and not kept:
        away = passes_away(host) or host in ("ko.local", "kind.local")
        yield publish(invocation, "oci", host=host, target=UNKNOWN, dry_run=away)


def _compose(invocation: Invocation, verb: str) -> Iterator[Fact]:
    if verb == "push":
        yield publish(invocation, "oci", host=UNKNOWN, target=UNKNOWN)
    for value in invocation.values("--build-arg"):
        yield from _build_argument(invocation, value)


_HANDLERS: dict[str, Callable[[Invocation, str], Iterator[Fact]]] = {
    "executor": _kaniko,
    "pack": _pack,
    "cosign": _signer,
    "notation": _signer,
    "ko": _ko,
    "docker-compose": _compose,
    "podman-compose": _compose,
}
