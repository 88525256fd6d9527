"""Kubernetes tools: images they set, files they apply into a namespace, charts they install and push."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Deploy, Download, Fact, Image, Login, Publish, Registry, Text
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.images import image_fact
from relcheck.readers.urls import registry, url_parts
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.refs.image import tag_kind
from relcheck.refs.remote_file import is_moving
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
_LOGIN_VALUES = (
    "-u", "--username", "-p", "--password", "--ca-file", "--cert-file", "--key-file", "--registry-config",
)  # fmt: skip
_SETTING = re.compile(
    r"(?:^|(?<=,))(?P<path>(?:[^,=]*\.)?[^,=.]*[iI]mage)\.(?P<key>repository|tag|digest|pullPolicy)=(?P<value>[^,]*)"
)
_PACKED = re.compile(rf"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?:v?\d+\.|{MARK}|\*)")
"""The file of a packed chart: `NAME-VERSION.tgz`."""
_TAGGED = re.compile(r"(?P<name>oci://[^@]*):(?P<version>[^/:@]+)\Z")


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a Kubernetes tool does."""
    for word in invocation.words[1:]:
        name = word.text.partition("=")[0]
        plain = invocation.program == "helm" and (
            name == "--plain-http" or name == "--insecure" and invocation.verb == "registry login"
        )
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
    elif invocation.program == "kustomize" and invocation.verb == "build":
        for word in invocation.operands(("-o", "--output", "--load-restrictor", "-e", "--env"))[:1]:
            yield from _base(invocation, word.source)
    elif invocation.program == "argocd" and invocation.verb in ("app set", "app create"):
        yield from _application(invocation)
    elif invocation.program == "flux" and invocation.verb.startswith("create"):
        yield from _created(invocation)
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
        files = list(invocation.values("-f", "--filename"))
        folders = list(invocation.values("-k", "--kustomize"))
        paths = [value.text for value in (*files, *folders)]
        yield from (_download(invocation, value) for value in files if value.text.startswith(("http://", "https://")))
        for value in folders:
            yield from _base(invocation, value)
        yield from _deploy(invocation, paths)
        body = invocation.standard_input() if "-" in paths else None
        if body is not None:
            from relcheck.readers import embedded  # noqa: PLC0415 - manifests in scripts are rare

            yield from embedded("documents", body)
    elif verb == "patch":
        for value in invocation.values("-p", "--patch"):
            yield from _patched(invocation, value)


def _patched(invocation: Invocation, patch: Source) -> Iterator[Image]:
    """The images in a patch: part of an object, or a list of JSON operations."""
    from relcheck.readers.kubernetes import workload_facts  # noqa: PLC0415 - patches in scripts are rare
    from relcheck.readers.kustomization import json_patch  # noqa: PLC0415 - see above
    from relcheck.readers.nodes import Mapping, Sequence  # noqa: PLC0415 - see above
    from relcheck.readers.yaml_tree import load  # noqa: PLC0415 - see above

    for node in load(patch).documents:
        found = json_patch(node) if isinstance(node, Sequence) else ()
        for fact in workload_facts(node) if isinstance(node, Mapping) else found:
            if isinstance(fact, Image):
                yield fact.replace(job=invocation.setting.job, step=invocation.setting.step)


def _base(invocation: Invocation, value: Source) -> Iterator[Fact]:
    """`kustomize build URL`, `kubectl apply -k URL`: manifests of another repository, at a ref or its default branch."""
    if "://" in value.text or value.text.startswith(("git@", "github.com/")):
        from relcheck.readers.kustomization import remote_base  # noqa: PLC0415 - few scripts build what is elsewhere

        place = {"job": invocation.setting.job, "step": invocation.setting.step}
        yield from (fact.replace(**place) for fact in remote_base(value))


def _application(invocation: Invocation) -> Iterator[Fact]:
    """`argocd app create|set NAME [--repo URL --revision REF] [--kustomize-image NAME=IMAGE | IMAGE]`."""
    for value in invocation.values("--kustomize-image"):
        name, equals, _ = value.text.partition("=")
        yield from _image(invocation, value.part(len(name) + 1, len(value.text)) if equals else value, "deployed")
    url = invocation.value("--repo")
    if url is not None:
        yield from _source(invocation, "argocd", url, invocation.value("--revision"))


def _created(invocation: Invocation) -> Iterator[Fact]:
    """`flux create source git NAME --url URL --branch REF`, `flux create helmrelease NAME --chart C --chart-version V`."""
    chart, url = invocation.value("--chart"), invocation.value("--url")
    kind = [word.text for word in invocation.operands()[:1]]
    if invocation.verb == "create source" and kind == ["git"] and url is not None:
        pinned = invocation.value("--commit", "--tag", "--tag-semver")
        yield from _source(invocation, "flux", url, pinned or invocation.value("--branch"))
    elif invocation.verb in ("create helmrelease", "create hr") and chart is not None and MARK not in chart.text:
        version = invocation.value("--chart-version")
        if not chart.text.startswith((".", "/")):
            yield _charted(invocation, chart, chart, version)


def _source(invocation: Invocation, system: str, url: Source, ref: Source | None) -> Iterator[Fact]:
    """The repository that a GitOps tool is told to follow."""
    found = parse_git_url(url.text, any_https=True)
    if found is None:
        return
    given: Text = "" if ref is None else UNKNOWN if MARK in ref.text else ref.text
    parts = {"ref": ref.all()} if ref is not None and given is not UNKNOWN else {}
    known = found.owner is not UNKNOWN and found.repository is not UNKNOWN
    yield Component(
        span=parts.get("ref", url.all()), parts=parts, system=system, kind="source",
        name=f"{found.owner}/{found.repository}".lstrip("/") if known else UNKNOWN, owner=found.owner, host=found.host,
        ref=given, ref_kind="expr" if given is UNKNOWN else classify_ref(str(given)),
        job=invocation.setting.job, step=invocation.setting.step,
    )  # fmt: skip
    yield from _plain(invocation, url)


def _plain(invocation: Invocation, url: Source) -> Iterator[Fact]:
    if url.text.startswith(("http://", "git://")):
        yield from registry(
            url,
            ecosystem="git",
            purpose="vcs",
            key=invocation.verb,
            job=invocation.setting.job,
            step=invocation.setting.step,
        )


def _download(invocation: Invocation, value: Source) -> Download:
    """A manifest that is fetched and applied in one go."""
    url = parse_url(value.text)
    known = url is not None and MARK not in value.text
    return Download(
        span=value.all(), job=invocation.setting.job, step=invocation.setting.step, tool=invocation.program,
        url=url.redacted if url is not None and known else UNKNOWN,
        scheme=url.scheme if url is not None else UNKNOWN, host=url.host if url is not None else UNKNOWN,
        context=invocation.setting.context, moving=known and is_moving(value.text), parts=url_parts(value, url),
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
        operands = invocation.operands(_LOGIN_VALUES)
        host = operands[0].text if operands else ""
        place = (operands[0] if operands else invocation.verb_words[-1]).source.all()
        yield Login(
            span=place, job=invocation.setting.job, step=invocation.setting.step, tool="helm",
            host=UNKNOWN if MARK in host or not host else host.split("://")[-1].split("/")[0],
            secret_form="stdin" if invocation.has("--password-stdin") else "argv-variable",
        )  # fmt: skip
    elif verb in ("plugin install", "plugin add") and operands:
        yield from _plugin(invocation, operands[0].source)
    elif verb == "push" and len(operands) > 1:
        chart = _PACKED.match(operands[0].text.rpartition("/")[2])
        yield _pushed(invocation, operands[1]).replace(package=chart["name"] if chart is not None else "")


def _plugin(invocation: Invocation, url: Source) -> Iterator[Fact]:
    """`helm plugin install URL [--version REF]`: a program that helm runs from then on."""
    yield from (
        fact.replace(kind="plugin") if isinstance(fact, Component) else fact
        for fact in _source(invocation, "helm", url, invocation.value("--version"))
    )


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
        policy = pieces.get("pullPolicy")
        loaded = policy is not None and policy.text == "Never"  # nobody pulls it: it was built, and put on the node
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
                    build_here=fact.build_here or loaded,
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
    text, repository = word.text, invocation.value("--repo")
    if text.startswith((".", "/", "~")) or text.endswith((".tgz", "/", MARK)) or MARK in text[:1]:
        return
    if "/" not in text and repository is None or _is_folder(text):
        return
    if repository is not None:
        yield from registry(
            repository, ecosystem="helm", purpose="chart", key="--repo", job=invocation.setting.job,
            step=invocation.setting.step,
        )  # fmt: skip
    version = invocation.value("--version")
    name, tag = word.source, _TAGGED.match(text) if version is None else None
    if tag is not None:
        name, version = word.source.part(*tag.span("name")), word.source.part(*tag.span("version"))
    yield _charted(invocation, word.source, name, version)


_FOLDERS = frozenset((
    "chart", "charts", "helm", "helm-chart", "helm-charts", "deploy", "deployment", "deployments", "k8s", "kubernetes",
    "manifests", "infra", "install",
))  # fmt: skip
"""Folders in which charts are kept: a name with one slash may be that of a repository too."""


def _is_folder(text: str) -> bool:
    return "://" not in text and (text.count("/") > 1 or text.partition("/")[0] in _FOLDERS)


def _charted(invocation: Invocation, place: Source, name: Source, version: Source | None) -> Dependency:
    constraint = "" if version is None else version.text
    exact = (
        bool(constraint) and MARK not in constraint and constraint.strip("v").replace(".", "").split("-")[0].isdigit()
    )
    parts = {"name": name.all()} if MARK not in name.text else {}
    if version is not None and constraint and MARK not in constraint:
        parts["constraint"] = version.all()
    return Dependency(
        span=place.all(),
        parts=parts,
        job=invocation.setting.job,
        step=invocation.setting.step,
        ecosystem="helm",
        where="command",
        name=name.text if MARK not in name.text else UNKNOWN,
        constraint=UNKNOWN if MARK in constraint else constraint,
        firmness=UNKNOWN if MARK in constraint else "exact" if exact else "any" if not constraint else "range",
    )
