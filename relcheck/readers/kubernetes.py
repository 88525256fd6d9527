"""Kubernetes objects: what is declared in which namespace, the images, commands and variables of workloads, secrets.

    object = apiVersion, kind, metadata {name | generateName, namespace}, spec …
    List and *List = items [object …]
    a list called containers, initContainers or ephemeralContainers, wherever it stands, holds containers
    container = image, imagePullPolicy, command, args, env [{name, value}], lifecycle and probes with exec.command

Objects of policies and schemas hold patterns and are not walked; neither are status, data and annotations. Sources:
the Kubernetes API reference; for kinds of others see `kubernetes_kinds`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module

from relcheck.facts import UNKNOWN, Fact, Image, Related, Resource, Text
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes_kinds import (
    BUILTIN,
    CONTAINER_LISTS,
    CONTAINER_MAPS,
    CONTAINER_PATHS,
    IMAGE_PATHS,
    group_of,
    is_silent,
    scope_of,
)
from relcheck.readers.kubernetes_parameters import Parameters, walk_keys
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.records import Record
from relcheck.source import Source, Span

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]*[A-Za-z0-9-])?")
_GENERATED = re.compile(r"^#.*(?:DO NOT EDIT|[Gg]enerated (?:by|with|using|from)|auto-?generated)", re.MULTILINE)
_IMPORT_PATHS = ("ko://", "github.com/", "bitbucket.org/", "golang.org/", "knative.dev/", "sigs.k8s.io/", "gopkg.in/")
"""Import paths of Go, which `ko` builds and replaces; none of these hosts is a registry."""
_LOCAL = "config.kubernetes.io/local-config"
_NULLS = ("", "~", "null", "Null", "NULL")
_LIST_DEPTH = 4
_REPLACED_LISTS = frozenset(("containers", "initContainers"))
"""The lists in which Kustomize's `images` replace something (its image transformer, in whatever kind they stand)."""
_PIPELINES_AS_CODE = ".tekton/"
_DEPRECATED = "tekton.dev/deprecated"
_FUNCTION = "config.kubernetes.io/function"
_MODULES: dict[str, tuple[str, ...]] = {
    "source.toolkit.fluxcd.io": ("flux",),
    "helm.toolkit.fluxcd.io": ("flux",),
    "kustomize.toolkit.fluxcd.io": ("flux",),
    "image.toolkit.fluxcd.io": ("flux",),
    "fluxcd.controlplane.io": ("flux",),
    "argoproj.io": ("argocd", "kubernetes_argo"),
    "tekton.dev": ("kubernetes_tekton",),
    "triggers.tekton.dev": ("kubernetes_tekton",),
    "build.openshift.io": ("kubernetes_openshift",),
    "image.openshift.io": ("kubernetes_openshift",),
    "helm.cattle.io": ("kubernetes_charts",),
    "monitoring.coreos.com": ("kubernetes_operators",),
    BUILTIN: ("kustomize_plugins",),
    "kappctrl.k14s.io": ("kubernetes_tools",),
    "packaging.carvel.dev": ("kubernetes_tools",),
    "data.packaging.carvel.dev": ("kubernetes_tools",),
    "mirror.openshift.io": ("kubernetes_tools",),
    "kubeadm.k8s.io": ("kubernetes_tools",),
    "packages.glasskube.dev": ("kubernetes_tools",),
    "fleet.cattle.io": ("kubernetes_tools",),
    "shipwright.io": ("kubernetes_tools",),
    "config.projectsveltos.io": ("kubernetes_tools",),
    "cdi.kubevirt.io": ("kubernetes_tools",),
    "kafka.strimzi.io": ("kubernetes_tools",),
}
"""Which modules know more of the objects of a group; each has `object_facts(node, group, kind, setting)`."""
_OLD_GROUPS = {"BuildConfig": "build.openshift.io", "ImageStream": "image.openshift.io"}
"""Kinds that were once written with the core's `v1`."""
ObjectReader = Callable[["Mapping", str, str, "Setting"], Iterator[Fact]]
_MANY_WORDS = 500
_SHELL = re.compile(r"(?:\S*/)?(?:ba|da|a|k|z)?sh")
_OTHER_INTERPRETER = re.compile(r"\s*#!(?!\S*/(?:env\s+(?:-S\s+)?)?(?:ba|da|a|k|z)?sh\b)")
_EXPRESSIONS = {
    "tekton": re.compile(
        r"\$\((?:params|tasks|workspaces|context|steps|results|resources|inputs|outputs|finally)[.\[][^()]*\)"
    ),
    "braces": re.compile(r"\{\{.{0,400}?\}\}"),
}


class Setting(Record):
    """What the surroundings of an object say: who reads it, whether it is a patch, who supplies its namespace.

    template: the text before it was masked, where the object stands in one.
    """

    engine: str = "kubernetes"
    patch: bool = False
    namespace_from: str = ""
    namespace_unknown: bool = False
    generated: bool = False
    template: Source | None = None


def read(source: Source) -> Iterator[Fact]:
    """Read a file of manifests; documents that are no objects say nothing."""
    loaded = load(source)
    yield from faults(loaded)
    setting = setting_of(source)
    for node in loaded.documents:
        yield from read_document(node, setting)


def setting_of(source: Source) -> Setting:
    """Return what a file's head and path say of its objects; Pipelines as Code runs those in `.tekton` where it is told."""
    as_code = f"/{source.path}".rpartition("/")[0].endswith(f"/{_PIPELINES_AS_CODE.rstrip('/')}")
    return Setting(generated=is_generated(source), namespace_from="tekton" if as_code else "")


def is_generated(source: Source) -> bool:
    """Whether a comment at the top of a file says that a program wrote it."""
    return bool(_GENERATED.search(source.text[:2000]))


def is_object(node: Node) -> bool:
    """Whether a node has the two keys that every Kubernetes object has."""
    return isinstance(node, Mapping) and bool(node.text("apiVersion")) and bool(node.text("kind"))


def read_document(node: Node, setting: Setting) -> Iterator[Fact]:
    """Read one document: an object or a list of objects."""
    if isinstance(node, Mapping) and is_object(node):
        yield from _object(node, node.text("apiVersion"), node.text("kind"), setting, 0)


def _object(node: Mapping, api_version: str, kind: str, setting: Setting, depth: int) -> Iterator[Fact]:
    if kind.endswith("List") and node.get("items") is not None:
        yield from _items(node, api_version, kind, setting, depth)
        return
    if kind == "Template" and node.seq("objects") is not None:
        yield from _objects(node, setting, depth)
        return
    resource = _resource(node, api_version, kind, setting)
    if resource is not None and api_version != BUILTIN and not _is_local(node):
        yield resource
    if kind == "Secret" and api_version == "v1":
        from relcheck.readers.kubernetes_secrets import secret_facts  # noqa: PLC0415 - few objects are secrets

        yield from secret_facts(node)
    elif kind == "ConfigMap" and api_version == "v1":
        from relcheck.readers.kubernetes_secrets import config_facts  # noqa: PLC0415 - few manifests have one

        yield from config_facts(node)
    if not is_silent(api_version, kind):
        found = _workload(node, api_version, kind, setting)
        yield from _in_run(found, node) if kind == "PipelineRun" else found
    yield from function_facts(node, setting)
    group = group_of(api_version) or _OLD_GROUPS.get(kind, "")
    for name in _MODULES.get(group, ()):
        reader: ObjectReader = import_module(f"relcheck.readers.{name}").object_facts
        yield from reader(node, group, kind, setting)


def _in_run(found: Iterator[Fact], node: Mapping) -> Iterator[Fact]:
    from relcheck.readers.kubernetes_tekton import in_run  # noqa: PLC0415 - few objects are runs of pipelines

    return in_run(found, node)


def _is_local(node: Mapping) -> bool:
    """Whether an object only configures the tools that read the file: it is never sent to a cluster."""
    metadata = node.map("metadata", merge=True)
    annotations = metadata.map("annotations", merge=True) if metadata is not None else None
    return annotations is not None and (annotations.text(_LOCAL) == "true" or bool(annotations.text(_FUNCTION)))


def function_facts(node: Mapping, setting: Setting) -> Iterator[Fact]:
    """What a KRM function runs, in an annotation of its configuration: `container: {image}` or `exec: {path, args}`."""
    metadata = node.map("metadata")
    annotations = metadata.map("annotations") if metadata is not None else None
    text = annotations.scalar(_FUNCTION) if annotations is not None else None
    for inner in load(text.source).documents if text is not None else ():
        container = inner.map("container") if isinstance(inner, Mapping) else None
        if container is not None:
            yield from _images(container, "image", "run", setting, Parameters(node, ""))
        program = inner.map("exec") if isinstance(inner, Mapping) else None
        path = program.scalar("path") if program is not None else None
        if program is not None and path is not None and path.value:
            yield from _argv([path.source, *_words(program.get("args"))], Parameters(node, ""))


def _objects(node: Mapping, setting: Setting, depth: int) -> Iterator[Fact]:
    """Read the objects of an OpenShift template; whoever processes it chooses the namespace."""
    inner = setting.replace(namespace_unknown=True)
    for item in node.seq("objects") or ():
        if isinstance(item, Mapping) and is_object(item) and depth < _LIST_DEPTH:
            yield from _object(item, item.text("apiVersion"), item.text("kind"), inner, depth + 1)


def _items(node: Mapping, api_version: str, kind: str, setting: Setting, depth: int) -> Iterator[Fact]:
    """Read the items of a list; those of a typed list (`PodList`) need not repeat what they are."""
    if depth >= _LIST_DEPTH:
        return
    own_kind = "" if kind == "List" else kind.removesuffix("List")
    for item in node.seq("items") or ():
        if isinstance(item, Mapping):
            item_kind, item_version = item.text("kind") or own_kind, item.text("apiVersion") or api_version
            if item_kind:
                yield from _object(item, item_version, item_kind, setting, depth + 1)


def _deprecated(metadata: Mapping | None) -> bool:
    """Whether an object says of itself that nothing more comes of it, as Tekton's catalogues do."""
    annotations = metadata.map("annotations", merge=True) if metadata is not None else None
    return annotations is not None and annotations.text(_DEPRECATED).lower() == "true"


def _resource(node: Mapping, api_version: str, kind: str, setting: Setting) -> Resource | None:
    """Return the object itself; its place is the namespace where one is written, else the name, else the kind."""
    metadata = node.map("metadata", merge=True)
    name = (metadata.scalar("name", merge=True) or metadata.scalar("generateName", merge=True)) if metadata else None
    namespace = metadata.scalar("namespace", merge=True) if metadata else None
    if namespace is not None and namespace.plain and namespace.value in _NULLS:
        namespace = None
    if metadata is None and setting.patch:
        return None
    parts: dict[str, Span] = {}
    for field, scalar in (("kind", node.scalar("kind")), ("name", name), ("namespace", namespace)):
        if scalar is not None and scalar.value:
            parts[field] = scalar.span
    written = bool(namespace is not None and namespace.value)
    defines, defines_scope = _definition(node) if kind == "CustomResourceDefinition" else ("", "")
    return Resource(
        span=parts.get("namespace") or parts.get("name") or parts.get("kind") or node.span,
        parts=parts,
        api_version=api_version,
        kind=kind if _NAME.fullmatch(kind) else UNKNOWN,
        name=_known(name, _NAME),
        namespace=_known(namespace, _LABEL) if written else UNKNOWN if setting.namespace_unknown else "",
        namespace_from="own" if written else setting.namespace_from,
        scope=scope_of(api_version, kind),
        patch=setting.patch,
        generated=setting.generated,
        deprecated=_deprecated(metadata),
        defines=defines,
        defines_scope=defines_scope,
    )


def _definition(node: Mapping) -> tuple[str, str]:
    """Return the group and kind that a CustomResourceDefinition makes, and their scope."""
    spec = node.map("spec")
    names = spec.map("names") if spec is not None else None
    if spec is None or names is None or not names.text("kind"):
        return "", ""
    scope = {"Namespaced": "namespaced", "Cluster": "cluster"}.get(spec.text("scope"), "")
    return f"{spec.text('group')}/{names.text('kind')}", scope


def _known(scalar: Scalar | None, pattern: re.Pattern[str]) -> Text:
    """Return a name, UNKNOWN where a marker of some template stands in it."""
    if scalar is None or not scalar.value:
        return ""
    return scalar.value if pattern.fullmatch(scalar.value) else UNKNOWN


def _workload(node: Mapping, api_version: str, kind: str, setting: Setting) -> Iterator[Fact]:
    """Walk an object for containers, image volumes and the single images of known kinds."""
    group = group_of(api_version)
    parameters = Parameters(node, group)
    lists = CONTAINER_LISTS[""] | CONTAINER_LISTS.get(group, frozenset())
    maps = CONTAINER_MAPS.get(group, frozenset())
    for key, value in walk_keys(node):
        if key in lists and isinstance(value, Sequence):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _container(item, setting, parameters, replaceable=key in _REPLACED_LISTS)
        elif key in maps and isinstance(value, Mapping):
            yield from _container(value, setting, parameters)
        elif key == "volumes" and isinstance(value, Sequence):
            yield from _volumes(value, setting, parameters, replaceable=kind != "CronJob")
        elif key == "resource" and group == "argoproj.io" and isinstance(value, Mapping):
            yield from manifest_facts(value.scalar("manifest"))
    if (group, kind) in CONTAINER_PATHS:
        for found in _select(node, CONTAINER_PATHS[group, kind]):
            yield from _container(found, setting, parameters)
    for path, role in IMAGE_PATHS.get((group, kind), ()):
        holder, _, last = path.rpartition(".")
        for found in _select(node, holder):
            yield from _images(found, last, role, setting, parameters)


def workload_facts(node: Mapping) -> Iterator[Fact]:
    """Yield the containers below a node that is no object of Kubernetes, but describes a workload in its words."""
    yield from _workload(node, "", "", Setting())


def _container(
    container: Mapping, setting: Setting, parameters: Parameters, *, replaceable: bool = False
) -> Iterator[Fact]:
    policy = _policy(container, "imagePullPolicy")
    for found in _images(container, "image", "workload", setting, parameters, pull_policy=policy):
        yield found.replace(replaceable=True, container=container.text("name", merge=True)) if replaceable else found
    yield from environment_of(container)
    yield from _commands(container, parameters)


def _policy(holder: Mapping, key: str) -> str:
    policy = holder.text(key, merge=True)
    return policy if policy in ("Always", "IfNotPresent", "Never") else ""


def environment_of(container: Mapping) -> Iterator[Fact]:
    """Yield what the variables of a container say: `env [{name, value}]`."""
    for item in container.seq("env", merge=True) or ():
        name, value = (item.scalar(key) for key in ("name", "value")) if isinstance(item, Mapping) else (None, None)
        if name is not None and value is not None and value.value:
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few objects set variables

            yield from environment_facts(name.value, value.source, where="manifest")


def _commands(container: Mapping, parameters: Parameters) -> Iterator[Fact]:
    """What a container runs: its command with arguments, hooks and probes, and scripts of Tekton and Argo."""
    command, arguments = (_words(container.get(name, merge=True)) for name in ("command", "args"))
    if command or (arguments and _SHELL.fullmatch(arguments[0].text)):
        yield from _argv([*command, *arguments], parameters)
    if any("--insecure-registry" in word.text for word in (*command, *arguments)):
        from relcheck.readers.insecure_engines import insecure_registries  # noqa: PLC0415 - few containers are engines

        yield from insecure_registries([*command, *arguments])
    script = container.scalar("script" if parameters.syntax == "tekton" else "source", merge=True)
    is_shell = not command or _SHELL.fullmatch(command[0].text)
    if script is not None and parameters.syntax and is_shell and not _OTHER_INTERPRETER.match(script.value):
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_shell(script.source, context="script", expressions=_EXPRESSIONS[parameters.syntax])
    lifecycle = container.map("lifecycle", merge=True)
    hooks: list[Node | None] = [hook for _, hook in lifecycle.pairs(merge=True)] if lifecycle is not None else []
    hooks += [container.get(name, merge=True) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    for hook in hooks:
        action = hook.map("exec", merge=True) if isinstance(hook, Mapping) else None
        if action is not None:
            yield from _argv(_words(action.get("command", merge=True)), parameters)


def _words(node: Node | None) -> list[Source]:
    return [item.source for item in node if isinstance(item, Scalar)] if isinstance(node, Sequence) else []


def _argv(words: list[Source], parameters: Parameters) -> Iterator[Fact]:
    if words and len(words) <= _MANY_WORDS:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - brings what commands mean

        yield from read_argv(words, context="runtime", expressions=_EXPRESSIONS.get(parameters.syntax))


def _volumes(
    volumes: Sequence, setting: Setting, parameters: Parameters, *, replaceable: bool = False
) -> Iterator[Fact]:
    for volume in volumes:
        image = volume.map("image", merge=True) if isinstance(volume, Mapping) else None
        if image is not None:
            policy = _policy(image, "pullPolicy")
            for found in _images(image, "reference", "mount", setting, parameters, pull_policy=policy):
                yield found.replace(replaceable=replaceable)


def _images(
    holder: Mapping, key: str, role: str, setting: Setting, parameters: Parameters, *, pull_policy: str = ""
) -> Iterator[Image]:
    """Yield the image of every occurrence of a key: the branches of a template repeat it."""
    seen: set[int] = set()
    for name, value in holder.pairs(merge=True):
        if name.value == key and isinstance(value, Scalar) and id(value) not in seen:
            seen.add(id(value))
            found = workload_image(value, role, setting, parameters, pull_policy=pull_policy)
            if found is not None:
                yield found


def workload_image(
    scalar: Scalar, role: str, setting: Setting, parameters: Parameters | None = None, *, pull_policy: str = ""
) -> Image | None:
    """Return the image that a scalar names; None for nothing and for what `ko` builds."""
    text = scalar.value.strip()
    if text.startswith(_IMPORT_PATHS) or (scalar.plain and text in _NULLS):
        return None
    if setting.template is not None:
        from relcheck.readers.helm_images import template_image  # noqa: PLC0415 - only for templates

        return template_image(scalar, setting.template, role, pull_policy)
    if parameters is not None and parameters.syntax:
        return _parameter_image(scalar, role, setting, parameters, pull_policy)
    if "${" in text:
        return _substituted(scalar, role, setting, pull_policy)
    return image_fact(scalar.source, role=role, engine=setting.engine, pull_policy=pull_policy)


def _substituted(scalar: Scalar, role: str, setting: Setting, pull_policy: str) -> Image | None:
    """Return an image with variables, as Flux puts them in: `${V:=default}` has a default, `${V}` is not known here."""
    from relcheck.refs.variables import expand  # noqa: PLC0415 - few manifests hold variables

    expansion = expand(scalar.source, lambda _: None, "flux")
    found = image_fact(
        expansion.source,
        role=role,
        engine=setting.engine,
        written=scalar.value.strip() if expansion.missing else expansion.source.text,
        state=expansion.state,
        floating_default=expansion.defaulted,
        pull_policy=pull_policy,
        raw=scalar.value,
    )
    return found.replace(parts={**found.parts, "raw": scalar.span}) if found is not None else None


def _parameter_image(
    scalar: Scalar, role: str, setting: Setting, parameters: Parameters, pull_policy: str
) -> Image | None:
    """Return the image with its parameters put in; a parameter that is the whole reference is repaired where it is set."""
    from relcheck.refs.variables import expand  # noqa: PLC0415 - only where parameters are declared

    whole = parameters.whole(scalar.source)
    source = scalar.source if whole is None else whole
    expansion = expand(source, parameters.lookup, parameters.syntax)
    return image_fact(
        expansion.source,
        role=role,
        engine=setting.engine,
        written=source.text.strip(),
        state=expansion.state if whole is None or expansion.state != "literal" else "defaulted",
        floating_default=whole is not None or expansion.defaulted,
        pull_policy=pull_policy,
        related=() if whole is None else (Related(span=scalar.span, note="used here"),),
    )


def _select(node: Mapping, path: str) -> Iterator[Mapping]:
    """Yield the mappings at a path such as `spec` or `nodes[]`; the empty path is the object itself."""
    found: list[Mapping] = [node]
    for name in path.split(".") if path else ():
        below: list[Mapping] = []
        for holder in found:
            value = holder.get(name.removesuffix("[]"), merge=True)
            inner = list(value) if name.endswith("[]") and isinstance(value, Sequence) else [value]
            below += [item for item in inner if isinstance(item, Mapping)]
        found = below
    yield from found


def manifest_facts(manifest: Scalar | None) -> Iterator[Fact]:
    """Yield what an object in a string says; it goes wherever the workflow runs, so its namespace is not known."""
    if manifest is None:
        return
    from relcheck.readers import embedded  # noqa: PLC0415 - the table of formats imports readers by name

    for fact in embedded("documents", manifest.source):
        if isinstance(fact, Resource) and fact.namespace == "":
            yield fact.replace(namespace=UNKNOWN)
        else:
            yield fact
