"""Kubernetes tools: images they set, files they apply into a namespace, charts they install and push."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Deploy, Download, Fact, Image, Login, Publish, Registry, Text
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.images import image_fact
from relcheck.readers.urls import registry
from relcheck.refs import MARK
from relcheck.refs.image import tag_kind
from relcheck.refs.shell import Word
from relcheck.refs.url import parse_url, passes_away
from relcheck.source import Source

_CHART_VALUES = (
    "-f", "--values", "--set", "--set-string", "--set-file", "--version", "--repo", "-n", "--namespace", "--timeout",
    "--kube-context", "--username", "--password", "--description", "--set-json", "--post-renderer", "--kubeconfig", "--ca-file",
    "--history-max", "-d", "--destination", "--untardir", "--keyring",
)  # fmt: skip
_KUBECTL_VALUES = (
    "-f", "--filename", "-k", "--kustomize", "-n", "--namespace", "-l", "--selector", "-o", "--output", "--context", "-c", "-p",
    "--patch", "--type", "--image", "--timeout", "--for", "--kubeconfig", "--replicas", "--port", "--env", "--overrides",
)  # fmt: skip
_SETTING = re.compile(
    r"(?:^|(?<=,))(?P<path>(?:[^,=]*\.)?[^,=.]*[iI]mage)\.(?P<key>repository|tag|digest)=(?P<value>[^,]*)"
)
_PACKED = re.compile(rf"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?:v?\d+\.|{MARK}|\*)")
"""The file of a packed chart: `NAME-VERSION.tgz`."""
_TAGGED = re.compile(r"(?P<name>oci://[^@]*):(?P<version>[^/:@]+)\Z")


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a Kubernetes tool does."""
    for word in invocation.words[1:]:
        name = word.text.partition("=")[0]
        plain = name == "--plain-http" and invocation.program == "helm"
        if (plain or name == "--insecure-skip-tls-verify") and not word.text.endswith("=false"):
            yield Registry(
                span=word.source.all(), job=invocation.setting.job, step=invocation.setting.step, ecosystem="kubernetes",
                purpose="deploy", url=UNKNOWN, host=UNKNOWN, tls="off", key=name,
            )  # fmt: skip
    for value, key in secret_options(invocation):
        yield credential(value, "argv-token", invocation, key=key)
    if invocation.program in ("kubectl", "oc"):
        yield from _kubectl(invocation)
    elif invocation.program == "helm":
        yield from _helm(invocation)
    elif invocation.program == "kustomize" and invocation.verb == "edit set":
        yield from _images(invocation, invocation.operands()[1:])
    elif invocation.program == "flux" and invocation.verb.startswith("push"):
        for word in invocation.words[2:]:
            if word.text.startswith("oci://"):
                for image in _image(invocation, word.source, "pushed"):
                    yield image
                    host = host_of(word.source)
                    yield publish(
                        invocation, "oci", span=image.span, host=host, target=UNKNOWN, dry_run=passes_away(host)
                    )
    elif invocation.program in ("skaffold", "helmfile"):
        yield from _deploy(invocation, ["."])


def _image(invocation: Invocation, source: Source, role: str) -> Iterator[Fact]:
    found = image_fact(
        source,
        role=role,
        engine="command",
        state="partial" if MARK in source.text else "literal",
        job=invocation.setting.job,
        step=invocation.setting.step,
    )
    if found is not None:
        yield found


def _images(invocation: Invocation, words: list[Word]) -> Iterator[Fact]:
    """`NAME=IMAGE` pairs."""
    for word in words:
        name, equals, _ = word.text.partition("=")
        if equals:
            yield from _image(invocation, word.source.part(len(name) + 1, len(word.text)), "deployed")


def _kubectl(invocation: Invocation) -> Iterator[Fact]:
    verb = invocation.verb
    if verb == "set image":
        yield from _images(invocation, invocation.operands(_KUBECTL_VALUES))
    elif verb in ("run", "debug") or verb.startswith("create "):
        for value in invocation.values("--image"):
            yield from _image(invocation, value, "deployed")
    elif verb in ("apply", "create", "replace"):
        given = list(invocation.values("-f", "--filename", "-k", "--kustomize"))
        paths = [value.text for value in given]
        yield from (_download(invocation, value) for value in given if value.text.startswith(("http://", "https://")))
        yield from _deploy(invocation, paths)
        for redirect in invocation.command.redirects:
            if "-" in paths and redirect.body is not None:
                from relcheck.readers import embedded  # noqa: PLC0415 - manifests in scripts are rare

                yield from embedded("documents", redirect.body)


def _download(invocation: Invocation, value: Source) -> Download:
    """A manifest that is fetched and applied in one go."""
    url = parse_url(value.text)
    known = url is not None and MARK not in value.text
    return Download(
        span=value.all(), job=invocation.setting.job, step=invocation.setting.step, tool=invocation.program,
        url=url.redacted if url is not None and known else UNKNOWN,
        scheme=url.scheme if url is not None else UNKNOWN, host=url.host if url is not None else UNKNOWN,
        context=invocation.setting.context,
    )  # fmt: skip


def _deploy(invocation: Invocation, paths: list[str]) -> Iterator[Fact]:
    """`-n NAMESPACE` supplies the namespace of everything below the given paths."""
    for word_value in invocation.values("-n", "--namespace"):
        namespace: Text = UNKNOWN if MARK in word_value.text else word_value.text
        for path in paths:
            known = MARK not in path and "://" not in path and path != "-"
            yield Deploy(
                span=word_value.all(), job=invocation.setting.job, step=invocation.setting.step, tool=invocation.program,
                path=path.removeprefix("./").rstrip("/") if known else UNKNOWN, namespace=namespace,
            )  # fmt: skip


def _helm(invocation: Invocation) -> Iterator[Fact]:
    verb, operands = invocation.verb, invocation.operands(_CHART_VALUES)
    if verb in ("install", "upgrade", "template") and operands:
        yield from _chart(invocation, operands[-1] if len(operands) > 1 or verb != "install" else operands[0])
        yield from _deploy(invocation, [operands[-1].text] if operands[-1].text.startswith((".", "/")) else [])
        yield from _set_images(invocation) if verb != "template" else ()
    elif verb in ("pull", "fetch") and operands:
        yield from _chart(invocation, operands[0])
    elif verb == "repo add" and len(operands) > 1:
        yield from registry(
            operands[1].source, ecosystem="helm", purpose="chart", key="helm repo add", job=invocation.setting.job,
            step=invocation.setting.step,
        )  # fmt: skip
    elif verb == "registry login":
        host = operands[0].text if operands else ""
        place = (operands[0] if operands else invocation.verb_words[-1]).source.all()
        yield Login(
            span=place, job=invocation.setting.job, step=invocation.setting.step, tool="helm",
            host=UNKNOWN if MARK in host or not host else host.split("://")[-1].split("/")[0],
            secret_form="stdin" if invocation.has("--password-stdin") else "argv-variable",
        )  # fmt: skip
    elif verb == "push" and len(operands) > 1:
        chart = _PACKED.match(operands[0].text.rpartition("/")[2])
        yield _pushed(invocation, operands[1]).replace(package=chart["name"] if chart is not None else "")


def _set_images(invocation: Invocation) -> Iterator[Fact]:
    """`--set image.repository=NAME,image.tag=TAG`: the image that a release is given, where both are set."""
    given: dict[str, dict[str, Source]] = {}
    for value in invocation.values("--set", "--set-string"):
        for match in _SETTING.finditer(value.text):
            given.setdefault(match["path"], {})[match["key"]] = value.part(*match.span("value"))
    for pieces in given.values():
        name, tag = pieces.get("repository"), pieces.get("tag")
        if name is None or tag is None or "digest" in pieces:
            continue
        for fact in _image(invocation, name, "deployed"):
            if isinstance(fact, Image) and fact.tag == "" and fact.digest == "":
                known = MARK not in tag.text
                yield fact.replace(
                    span=tag.all(),
                    parts={**fact.parts, "tag": tag.all()} if known else fact.parts,
                    written=f"{fact.written}:{tag.text.replace(MARK, '…')}",
                    tag=tag.text if known else UNKNOWN,
                    tag_kind=tag_kind(tag.text) if known else UNKNOWN,
                    state="literal" if known else "partial",
                )


def _pushed(invocation: Invocation, word: Word) -> Publish:
    target = word.text
    host = target.removeprefix("oci://").split("/")[0]
    known: Text = UNKNOWN if MARK in host else host
    return publish(
        invocation,
        "helm",
        span=word.source.all(),
        parts={"target": word.source.all()} if MARK not in target else {},
        host=known,
        target=UNKNOWN if MARK in target else target,
        dry_run=passes_away(known),
    )


def _chart(invocation: Invocation, word: Word) -> Iterator[Fact]:
    """A chart by repository alias, `oci://` or URL; `--version` pins it, or `:VERSION` behind an `oci://` reference.

    The version stays in the name where `--version` stands beside it: helm compares the two.
    """
    text = word.text
    if text.startswith((".", "/", "~")) or text.endswith((".tgz", MARK)) or "/" not in text or MARK in text[:1]:
        return
    version = invocation.value("--version")
    name, tag = word.source, _TAGGED.match(text) if version is None else None
    if tag is not None:
        name, version = word.source.part(*tag.span("name")), word.source.part(*tag.span("version"))
    constraint = "" if version is None else version.text
    exact = (
        bool(constraint) and MARK not in constraint and constraint.strip("v").replace(".", "").split("-")[0].isdigit()
    )
    parts = {"name": name.all()} if MARK not in name.text else {}
    if version is not None and constraint and MARK not in constraint:
        parts["constraint"] = version.all()
    yield Dependency(
        span=word.source.all(),
        parts=parts,
        job=invocation.setting.job,
        step=invocation.setting.step,
        ecosystem="helm",
        where="command",
        name=name.text if MARK not in name.text else UNKNOWN,
        constraint=UNKNOWN if MARK in constraint else constraint,
        firmness=UNKNOWN if MARK in constraint else "exact" if exact else "any" if not constraint else "range",
    )
