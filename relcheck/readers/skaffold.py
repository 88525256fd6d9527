"""skaffold.yaml: what is built, from which images, by which commands, and what is deployed (skaffold.dev, reference).

build: artifacts [{image, context, docker | kaniko | buildpacks | jib | ko | custom, hooks}], googleCloudBuild, cluster,
  insecureRegistries []
manifests, deploy: helm.releases [{remoteChart, repo, version, namespace, setValues}], kustomize.paths [], rawYaml []
test [{custom [{command}]}], verify [{container}], customActions [{containers}]
requires [{git {repo, ref, path}}], profiles [{… all of it, patches [{path, value}]}]

Skaffold rewrites the references to what it builds, so the names of artifacts need no tag in manifests.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Deploy, Download, Fact, Option, Registry, Truth
from relcheck.readers.build_inputs import argument, build
from relcheck.readers.gitops import git_source, text_of
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.readers.urls import url_parts
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref
from relcheck.refs.url import is_loopback, parse_url, split_port
from relcheck.source import Source

_CLOUD_IMAGES = ("dockerImage", "kanikoImage", "mavenImage", "gradleImage", "packImage", "koImage")
_BUILD_IMAGES = (
    ("kaniko", "image", "run"),
    ("kaniko", "initImage", "run"),
    ("buildpacks", "builder", "base"),
    ("buildpacks", "runImage", "base"),
    ("jib", "fromImage", "base"),
    ("ko", "fromImage", "base"),
)
_DEPLOYERS = ("helm", "kubectl", "kustomize")
_KANIKO_FLAGS = ("insecure", "insecurePull", "skipTLS", "skipTLSVerifyPull")
_IMAGE_VALUE = re.compile(r"(?:.*\.)?(?:\w*[iI]mage|image)(?:\.repository)?")
_ROLES = {(builder, key): role for builder, key, role in _BUILD_IMAGES}
_ARTIFACT_POINTER = re.compile(
    r"/build/artifacts/(?:\d+|-)(?:(?P<image>/image)|/(?P<builder>[A-Za-z]+)/(?P<key>[A-Za-z]+))?"
)
_URN = re.compile(r"urn:cnb:|from=|[\w.-]+/[\w.-]+@")


def read(source: Source) -> Iterator[Fact]:
    """Read a skaffold.yaml: one or several configurations."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        yield from read_document(source, node)


def read_document(source: Source, node: Node) -> Iterator[Fact]:
    """Read one configuration and its profiles."""
    if not isinstance(node, Mapping):
        return
    folder = source.path.rpartition("/")[0]
    yield from _pipeline(node, folder)
    for item in _maps(node.seq("requires")):
        yield from _requirement(item)
    for profile in _maps(node.seq("profiles")):
        yield from _pipeline(profile, folder)
        for patch in _maps(profile.seq("patches")):
            yield from _patch(patch)


def _maps(found: Sequence | None) -> Iterator[Mapping]:
    for item in found or ():
        if isinstance(item, Mapping):
            yield item


def _pipeline(node: Mapping, folder: str) -> Iterator[Fact]:
    """Read what a configuration and a profile have in common."""
    build = node.map("build", merge=True)
    if build is not None:
        yield from _build(build)
    for name in ("manifests", "deploy"):
        holder = node.map(name, merge=True)
        if holder is not None:
            yield from _deployed(holder, node, folder)
    for test in _maps(node.seq("test", merge=True)):
        for custom in _maps(test.seq("custom", merge=True)):
            yield from _shell(custom.scalar("command", merge=True))
    for check in _maps(node.seq("verify", merge=True)):
        yield from _container(check.map("container", merge=True))
    for action in _maps(node.seq("customActions", merge=True)):
        for container in _maps(action.seq("containers", merge=True)):
            yield from _container(container)


def _image(scalar: Scalar | None, role: str, *, build_here: bool = False, push: Truth = False) -> Iterator[Fact]:
    if scalar is not None and scalar.value and not scalar.value.startswith("ko://"):
        found = image_fact(scalar.source, role=role, engine="skaffold", build_here=build_here, push=push)
        if found is not None:
            yield found


def _build(build: Mapping) -> Iterator[Fact]:
    for artifact in _maps(build.seq("artifacts", merge=True)):
        yield from _artifact(artifact)
    cloud = build.map("googleCloudBuild", merge=True)
    for name in _CLOUD_IMAGES if cloud is not None else ():
        yield from _image(cloud.scalar(name, merge=True) if cloud is not None else None, "run")
    for item in build.seq("insecureRegistries", merge=True) or ():
        if isinstance(item, Scalar) and item.value:
            yield _untrusted(item, item, "insecureRegistries")


def _untrusted(place: Scalar, host: Scalar | None, key: str) -> Registry:
    name = text_of(host)
    bare = name if name is UNKNOWN else split_port(str(name).rpartition("://")[2].partition("/")[0])[0]
    return Registry(
        span=place.span,
        ecosystem="docker",
        purpose="container",
        url=UNKNOWN,
        host=bare or UNKNOWN,
        tls="off",
        key=key,
        loopback=UNKNOWN if bare is UNKNOWN else is_loopback(str(bare)),
    )


def _artifact(artifact: Mapping) -> Iterator[Fact]:
    """Read what is built; what is written without a tag is tagged by Skaffold."""
    name = artifact.scalar("image", merge=True) or artifact.scalar("imageName", merge=True)  # the name until v1beta1
    yield from _image(name, "output", build_here=True)
    docker, kaniko = artifact.map("docker", merge=True), artifact.map("kaniko", merge=True)
    if docker is not None or not any(artifact.map(name) for name in ("buildpacks", "jib", "ko", "custom")):
        yield from _context(artifact, docker if docker is not None else kaniko)
    for cached in (docker.seq("cacheFrom", merge=True) if docker is not None else None) or ():
        yield from _image(cached if isinstance(cached, Scalar) else None, "cache")
    for builder, key, role in _BUILD_IMAGES:
        holder = artifact.map(builder, merge=True)
        yield from _image(holder.scalar(key, merge=True) if holder is not None else None, role)
    packs = artifact.map("buildpacks", merge=True)
    for pack in (packs.seq("buildpacks", merge=True) if packs is not None else None) or ():
        if isinstance(pack, Scalar) and "/" in pack.value and not _URN.match(pack.value):
            yield from _image(pack, "artifact")
    if kaniko is not None:
        yield from _kaniko(kaniko)
    yield from _secret_arguments(docker if docker is not None else kaniko)
    custom = artifact.map("custom", merge=True)
    yield from _shell(custom.scalar("buildCommand", merge=True) if custom is not None else None)
    yield from _hooks(artifact.map("hooks", merge=True))


def _context(artifact: Mapping, docker: Mapping | None) -> Iterator[Fact]:
    """The folder that a Dockerfile is given, for what is copied from it."""
    context = artifact.scalar("context", merge=True)
    dockerfile = docker.scalar("dockerfile", merge=True) if docker is not None else None
    place = context or artifact.scalar("image", merge=True)
    if place is None or (context is not None and parse_url(context.value) is not None):
        return
    name = text_of(context, ".")
    inputs = [Option(name="dockerfile", value=text_of(dockerfile))] if dockerfile is not None else []
    inputs += _handed(artifact, docker)
    made = build(place.span, "", inputs)
    parts = {"name": context.span} if context is not None and name is not UNKNOWN else {}
    yield made.replace(name=name, parts=parts)


def _handed(artifact: Mapping, builder: Mapping | None) -> Iterator[Option]:
    """Yield the build arguments; an artifact that this one requires is one too: the name of what Skaffold built."""
    for required in _maps(artifact.seq("requires", merge=True)):
        name, alias = required.scalar("image", merge=True), required.text("alias", merge=True)
        if name is not None and name.value:
            yield Option(name=f"arg:{alias or name.value}", value=f"{name.value}:{MARK}", span=name.span)
    given = builder.map("buildArgs", merge=True) if builder is not None else None
    for key, value in given.pairs(merge=True) if given is not None else ():
        if isinstance(value, Scalar):
            yield from argument(key.value, None if "{{" in value.value or not value.value else value.source)


def _secret_arguments(builder: Mapping | None) -> Iterator[Fact]:
    """Yield the build arguments that are called like secrets."""
    from relcheck.readers.compose import secret_argument  # noqa: PLC0415 - few builds are handed arguments
    from relcheck.refs.secrets import looks_secret_name  # noqa: PLC0415 - see above

    given = builder.map("buildArgs", merge=True) if builder is not None else None
    for key, value in given.pairs(merge=True) if given is not None else ():
        if isinstance(value, Scalar) and looks_secret_name(key.value):
            found = secret_argument(key.value, value.source)
            if found is not None:
                yield found.replace(tool="skaffold")


def _kaniko(kaniko: Mapping) -> Iterator[Fact]:
    for target in kaniko.seq("destination", merge=True) or ():
        yield from _image(target if isinstance(target, Scalar) else None, "output", push=True)
    mirror = kaniko.scalar("registryMirror", merge=True)
    if mirror is not None and mirror.value:
        yield from _mirror(mirror)
    cache = kaniko.map("cache", merge=True)
    yield from _image(cache.scalar("repo", merge=True) if cache is not None else None, "cache")
    for name in _KANIKO_FLAGS:
        flag = kaniko.scalar(name, merge=True)
        if flag is not None and flag.value == "true":
            yield _untrusted(flag, None, f"{name}: true")
    for name in ("insecureRegistry", "skipTLSVerifyRegistry"):
        for item in kaniko.seq(name, merge=True) or ():
            if isinstance(item, Scalar) and item.value:
                yield _untrusted(item, item, name)


def _mirror(mirror: Scalar) -> Iterator[Fact]:
    """A registry that kaniko asks first: a host, or a URL."""
    from relcheck.readers.urls import registry, trusted  # noqa: PLC0415 - few configurations name one

    if "://" in mirror.value:
        yield from registry(mirror.source, ecosystem="docker", purpose="mirror", key="registryMirror")
        return
    host, parts = trusted(mirror.source)
    yield Registry(
        span=mirror.span, parts={"host": parts["host"]} if parts else {}, ecosystem="docker", purpose="mirror",
        url=UNKNOWN, host=host, key="registryMirror",
    )  # fmt: skip


def _shell(command: Scalar | None) -> Iterator[Fact]:
    if command is not None and command.value:
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_shell(command.source, context="script")


def _hooks(hooks: Mapping | None) -> Iterator[Fact]:
    from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

    for name in ("before", "after") if hooks is not None else ():
        for hook in _maps(hooks.seq(name, merge=True) if hooks is not None else None):
            host = hook.map("host", merge=True) or hook.map("container", merge=True) or hook
            command = host.seq("command", merge=True)
            words = [item.source for item in command or () if isinstance(item, Scalar)]
            if words:
                yield from read_argv(words, context="hook")


def _container(container: Mapping | None) -> Iterator[Fact]:
    yield from _image(container.scalar("image", merge=True) if container is not None else None, "run")


def _deployed(holder: Mapping, node: Mapping, folder: str) -> Iterator[Fact]:
    """Read `manifests` or `deploy`: charts, raw manifests and kustomizations, and where kubectl puts them."""
    helm = holder.map("helm", merge=True)
    for release in _maps(helm.seq("releases", merge=True) if helm is not None else None):
        yield from _release(release, folder)
    for name in _DEPLOYERS:
        deployer = holder.map(name, merge=True)
        yield from _hooks(deployer.map("hooks", merge=True) if deployer is not None else None)
    kustomize = holder.map("kustomize", merge=True)
    paths = [*(holder.seq("rawYaml", merge=True) or ())]
    paths += (kustomize.seq("paths", merge=True) if kustomize is not None else None) or ()
    kubectl = holder.map("kubectl", merge=True)
    paths += (kubectl.seq("manifests", merge=True) if kubectl is not None else None) or ()
    run = holder.map("docker", merge=True)
    for item in (run.seq("images", merge=True) if run is not None else None) or ():
        yield from _image(item if isinstance(item, Scalar) else None, "run", build_here=True)
    namespace = _namespace(node)
    for item in paths:
        if not isinstance(item, Scalar) or not item.value:
            continue
        yield from remote_file(item.source, tool="skaffold")
        if namespace is not None and parse_url(item.value) is None:
            yield _into(namespace, item, folder)


def _namespace(node: Mapping) -> Scalar | None:
    deploy = node.map("deploy", merge=True)
    kubectl = deploy.map("kubectl", merge=True) if deploy is not None else None
    found = kubectl.scalar("defaultNamespace", merge=True) if kubectl is not None else None
    return found if found is not None and found.value else None


def _into(namespace: Scalar, path: Scalar, folder: str) -> Deploy:
    fixed = re.split(r"[*?\[{$]", path.value)[0]
    below = fixed if fixed == path.value else fixed.rpartition("/")[0]
    joined = posixpath.normpath(posixpath.join(folder, below))
    return Deploy(
        span=namespace.span,
        parts={"namespace": namespace.span},
        tool="skaffold",
        path="" if joined == "." else joined,
        namespace=text_of(namespace),
    )


def _release(release: Mapping, folder: str) -> Iterator[Fact]:
    """A chart from elsewhere or in a folder (`chartPath`), where it lands, and the images that values put in."""
    namespace, path = release.scalar("namespace", merge=True), release.scalar("chartPath", merge=True)
    if namespace is not None and namespace.value and path is not None and path.value:
        yield _into(namespace, path, folder)
    name, version = release.scalar("remoteChart", merge=True), release.scalar("version", merge=True)
    repository = release.scalar("repo", merge=True)
    if name is not None and name.value and parse_url(name.value.replace("oci://", "")) is None:
        from relcheck.readers.gitops import chart  # noqa: PLC0415 - few configurations deploy charts

        yield from chart(name, version, repository)
    values = release.map("setValues", merge=True)
    for key, value in values.pairs(merge=True) if values is not None else ():
        if isinstance(value, Scalar) and _IMAGE_VALUE.fullmatch(key.value) and re.search(r"[/:@]", value.value):
            yield from _given(value)


def _given(value: Scalar) -> Iterator[Fact]:
    """Yield the image that a value gives to a chart; without a tag, another value has it."""
    found = image_fact(value.source, role="override", engine="skaffold")
    if found is not None:
        bare = found.tag == "" and found.digest == ""
        yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if bare else found


def _requirement(item: Mapping) -> Iterator[Fact]:
    """A configuration that is taken from a repository; without a ref its default branch decides."""
    git = item.map("git", merge=True)
    repository = git.scalar("repo", merge=True) if git is not None else None
    if git is not None and repository is not None and repository.value and MARK not in repository.value:
        ref = git.scalar("ref", merge=True)
        kind = classify_ref(ref.value) if ref is not None else "none"
        yield git_source(repository.source, ref, kind, "skaffold", "config", git.text("path", merge=True))
    bucket = item.map("googleCloudStorage", merge=True)
    source = bucket.scalar("source", merge=True) if bucket is not None else None
    url = parse_url(source.value) if source is not None else None
    if source is not None and url is not None:
        yield Download(
            span=source.span,
            parts=url_parts(source.source, url),
            tool="skaffold",
            url=url.redacted,
            scheme=url.scheme,
            host=url.host,
            context="manifest",
        )


def _patch(patch: Mapping) -> Iterator[Fact]:
    """A JSON patch of a profile: another artifact, or another name of one."""
    match, value = _ARTIFACT_POINTER.fullmatch(patch.text("path")), patch.get("value")
    if match is None or patch.text("op") == "remove":
        return
    if match["builder"]:
        role = _ROLES.get((match["builder"], match["key"]), "")
        yield from _image(value if role and isinstance(value, Scalar) else None, role)
    elif match["image"]:
        yield from _image(value if isinstance(value, Scalar) else None, "output", build_here=True)
    elif isinstance(value, Mapping):
        yield from _artifact(value)
