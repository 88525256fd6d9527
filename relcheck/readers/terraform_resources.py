"""What resources of Terraform run and configure: images, manifests, charts, registries, commands.

The tables name where each provider's resources keep what matters (the documentation of the providers docker, kubernetes,
kubectl, helm, aws, google, azurerm). A path leads through nested blocks, in HCL or in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Dependency, Deploy, Fact, Registry, Resource, Text, Truth
from relcheck.readers.composed import composed, in_file, reference
from relcheck.readers.hcl_tree import blocks, candidates
from relcheck.readers.hcl_values import Values
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.readers.yaml_tree import load as load_yaml
from relcheck.refs import MARK
from relcheck.refs.secrets import looks_secret_name
from relcheck.source import Source, Span

_IMAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "docker_container": (("image", "run"),),
    "docker_service": (("task_spec.container_spec.image", "workload"),),
    "aws_lambda_function": (("image_uri", "workload"),),
    "aws_apprunner_service": (("source_configuration.image_repository.image_identifier", "workload"),),
    "aws_codebuild_project": (("environment.image", "job"),),
    "aws_lightsail_container_service_deployment_version": (("container.image", "workload"),),
    "aws_sagemaker_model": (("primary_container.image", "workload"), ("container.image", "workload")),
    "google_cloud_run_service": (("template.spec.containers.image", "workload"),),
    "google_cloud_run_v2_service": (("template.containers.image", "workload"),),
    "google_cloud_run_v2_job": (("template.template.containers.image", "workload"),),
    "google_cloudbuild_trigger": (("build.step.name", "job"),),
    "azurerm_container_group": (("container.image", "workload"), ("init_container.image", "workload")),
    "azurerm_container_app": (("template.container.image", "workload"), ("template.init_container.image", "workload")),
    "azurerm_container_app_job": (("template.container.image", "workload"),),
    "azurerm_batch_pool": (("container_configuration.container_image_names", "workload"),),
}
_KUBERNETES = re.compile(
    r"kubernetes_(?P<kind>pod|deployment|daemonset|daemon_set|stateful_set|job|cron_job|replication_controller)(?:_v1(?:beta1)?)?"
)
_KINDS = {
    "pod": ("v1", "Pod"), "deployment": ("apps/v1", "Deployment"), "daemonset": ("apps/v1", "DaemonSet"),
    "daemon_set": ("apps/v1", "DaemonSet"), "stateful_set": ("apps/v1", "StatefulSet"), "job": ("batch/v1", "Job"),
    "cron_job": ("batch/v1", "CronJob"), "replication_controller": ("v1", "ReplicationController"),
}  # fmt: skip
_DEFINITIONS = {"aws_ecs_task_definition": "container_definitions", "aws_batch_job_definition": "container_properties"}
_ARGUMENTS = ("build_args", "build_arg")
_IMMUTABLE = ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION")


def resource_facts(kind: str, label: Scalar, body: Mapping, values: Values) -> Iterator[Fact]:
    """Yield what one `resource TYPE NAME` or `data TYPE NAME` says."""
    what = label.value
    for path, role in _IMAGES.get(what, ()):
        for node in _select(body, path.split(".")):
            yield from values.images(node, role)
    if what == "docker_registry_image":
        yield from values.images(body.get("name"), "pulled" if kind == "data" else "pushed")
    if found := _KUBERNETES.fullmatch(what):
        yield from _workload(body, found["kind"], values)
    if what in _DEFINITIONS:
        yield from _definitions(body.get(_DEFINITIONS[what]), values)
    known = _READERS.get(what)
    if known is not None:
        yield from known(body, values)
    if kind == "data" and what == "external":
        yield from _argv(body.get("program"), values)
    user_data = body.scalar("user_data")
    if user_data is not None and user_data.value.startswith("#!"):
        yield from _script(user_data, values)
    yield from _provisioners(body, values)


def _docker_image(body: Mapping, values: Values) -> Iterator[Fact]:
    """docker_image { name, build { build_args } }: pulled, or made here."""
    builds = list(blocks(body, "build"))
    yield from values.images(body.get("name"), "output" if builds else "pulled")
    for arguments in (found for build in builds for key in _ARGUMENTS for found in blocks(build, key)):
        from relcheck.readers.compose import secret_argument  # noqa: PLC0415 - few images are built by Terraform

        for name, value in arguments.pairs():
            if looks_secret_name(name.value) and isinstance(value, Scalar):
                found = secret_argument(name.value, values.expanded(value).source)
                if found is not None:
                    yield found


def _app_service(body: Mapping, values: Values) -> Iterator[Fact]:
    """site_config { application_stack { docker_registry_url, docker_image_name } }, or without the prefix in `docker { … }`."""
    for stack in blocks(body, "site_config", "application_stack"):
        yield from _app_image(stack, "docker_", values)
        for inner in blocks(stack, "docker"):
            yield from _app_image(inner, "", values)


def _app_image(holder: Mapping, prefix: str, values: Values) -> Iterator[Fact]:
    """PREFIXimage_name (older: image), PREFIXimage_tag and PREFIXregistry_url are one reference."""
    name = holder.scalar(f"{prefix}image_name") or holder.scalar(f"{prefix}image")
    if name is None or name.value == "null":
        return
    tag, host = (_piece(holder, f"{prefix}{key}", values) for key in ("image_tag", "registry_url"))
    if tag is None and host is None:
        yield from values.images(name, "workload")
        return
    found = image_fact(
        reference(in_file(values.expanded(name).source), tag, None, host), role="workload", engine=values.engine
    )
    if found is not None:
        yield found


def _piece(holder: Mapping, key: str, values: Values) -> Source | None:
    """Return the text of a value that is a part of a reference, without the scheme of a URL."""
    scalar = holder.scalar(key)
    source = values.expanded(scalar).source if scalar is not None and scalar.value != "null" else None
    if source is None:
        return None
    start = source.text.find("://") + 3 if "://" in source.text else 0
    return in_file(source.part(start, len(source.text)))


def _compute_instance(body: Mapping, values: Values) -> Iterator[Fact]:
    """google_compute_instance { metadata = { gce-container-declaration = YAML } }: spec.containers in the words of a pod."""
    from relcheck.readers.kubernetes import workload_facts  # noqa: PLC0415 - few machines run a container

    for metadata in blocks(body, "metadata"):
        for node in candidates(metadata.get("gce-container-declaration")):
            for document in _documents(node, values):
                yield from workload_facts(document)


def _documents(node: Node, values: Values) -> Iterator[Mapping]:
    """Yield the YAML that a heredoc or string holds, or an object that is encoded as such."""
    if isinstance(node, Mapping):
        found = _plain(node, values)
        yield from (found,) if isinstance(found, Mapping) else ()
    elif isinstance(node, Scalar) and node.style in ('"', "<<"):
        for document in load_yaml(values.expanded(node).source).documents:
            if isinstance(document, Mapping):
                yield document


def _select(body: Mapping, path: list[str]) -> Iterator[Node]:
    holders = blocks(body, *path[:-1]) if len(path) > 1 else iter([body])
    for holder in holders:
        for key, value in holder.pairs():
            if key.value == path[-1]:
                yield value


def _workload(body: Mapping, kind: str, values: Values) -> Iterator[Fact]:
    """Pod templates of the kubernetes provider: containers at any depth, the namespace of the metadata."""
    for node in walk(body):
        for key in ("container", "init_container"):
            for container in blocks(node, key) if isinstance(node, Mapping) else ():
                yield from values.images(
                    container.get("image"), "workload", pull_policy=values.text(container.get("image_pull_policy"))
                )
    for metadata in blocks(body, "metadata"):
        version, name = _KINDS[kind]
        parts = {
            key: place for key in ("name", "namespace") if (place := _place(metadata.get(key), values)) is not None
        }
        yield Resource(
            span=metadata.span, parts=parts, api_version=version, kind=name, name=_known(metadata.get("name"), values),
            namespace=_known(metadata.get("namespace"), values), namespace_from="own" if metadata.get("namespace") else "",
            scope="namespaced",
        )  # fmt: skip
        break


def _place(node: Node | None, values: Values) -> Span | None:
    """Return where a known value stands, or where it is used."""
    found = values.expanded(node).source if isinstance(node, Scalar) and node.value != "null" else None
    return found.all() if found is not None and MARK not in found.text else None


def _known(node: Node | None, values: Values) -> Text:
    text = values.text(node)
    return UNKNOWN if MARK in text else text


def _definitions(node: Node | None, values: Values) -> Iterator[Fact]:
    """Container definitions of ECS and Batch: `jsonencode([…])`, or JSON in a string or a heredoc."""
    if isinstance(node, Sequence):
        yield from _container_images(node, values)
    elif isinstance(node, Scalar) and node.style in ('"', "<<"):
        for found in load_yaml(values.expanded(node).source).documents:
            yield from _container_images(found, Values({}, values.engine))


def _container_images(node: Node, values: Values) -> Iterator[Fact]:
    for found in candidates(node):
        if isinstance(found, Mapping):
            yield from values.images(found.get("image"), "workload")


def _helm_release(body: Mapping, values: Values) -> Iterator[Fact]:
    """helm_release { name, repository, chart, version, namespace, set { name, value }, values }."""
    chart, version, repository = (body.scalar(key) for key in ("chart", "version", "repository"))
    if chart is None or chart.style == "expr":
        return
    from relcheck.readers.helm_chart import chart_dependency, chart_firmness  # noqa: PLC0415 - few files have charts

    text = values.text(chart)
    if text.startswith((".", "/")) or "${path." in chart.value:
        yield Deploy(
            span=chart.span, parts={"path": chart.span} if text == chart.value else {}, tool="helm",
            path=text if MARK not in text else UNKNOWN, namespace=_known(body.get("namespace"), values),
        )  # fmt: skip
    else:
        found = chart_dependency(chart, None, None)
        constraint = _known(version, values) if version is not None else ""
        url = values.text(repository)
        parts = {"name": chart.span}
        if version is not None and constraint == version.value and constraint:
            parts["constraint"] = version.span
        where: Text = url or (text if "://" in text else "")
        yield found.replace(
            span=parts.get("constraint", chart.span), parts=parts, constraint=constraint, source="registry", locked=False,
            firmness=UNKNOWN if constraint is UNKNOWN else chart_firmness(str(constraint)),
            url=UNKNOWN if MARK in str(where) else where, scheme=url.partition("://")[0] if "://" in url else "",
        )  # fmt: skip
    if repository is not None and "://" in repository.value:
        from relcheck.readers.urls import registry  # noqa: PLC0415 - few files name a repository

        yield from registry(values.expanded(repository).source, ecosystem="helm", purpose="chart", key="repository")
        yield from _chart_password(body, repository, values)
    for node in candidates(body.get("values")):
        if isinstance(node, Scalar) and node.style == "<<":
            from relcheck.readers import embedded  # noqa: PLC0415 - few files hold values

            yield from embedded("helm-values", values.expanded(node).source)
        elif isinstance(node, Mapping):
            from relcheck.readers.helm_values import value_facts  # noqa: PLC0415 - few files hold values

            made = _plain(node, values)
            yield from value_facts(made) if isinstance(made, Mapping) else ()
    yield from _set_images(body, values)


_IMAGE_SETTING = re.compile(
    r"(?P<path>(?:.*\.)?[\w-]*image[\w-]*)\.(?P<key>repository|registry|tag|digest)", re.IGNORECASE
)


def _set_images(body: Mapping, values: Values) -> Iterator[Fact]:
    """Set { name = "image.tag", value }: the image that a chart is given; without a repository the chart's own is meant."""
    given: dict[str, dict[str, Source]] = {}
    for block in (*blocks(body, "set"), *blocks(body, "set_sensitive")):
        match = _IMAGE_SETTING.fullmatch(values.text(block.get("name")))
        value = block.scalar("value")
        if match is not None and value is not None:
            source = in_file(values.expanded(value).source)
            if source.text:
                given.setdefault(match["path"], {})[match["key"].lower()] = source
    for path, pieces in given.items():
        tag, digest = pieces.get("tag"), pieces.get("digest")
        if tag is None and digest is None:
            continue
        shown = " ".join(f"{path}.{key}={piece.text.replace(MARK, '…')}" for key, piece in pieces.items())
        if "repository" in pieces:
            source = reference(pieces["repository"], tag, digest, pieces.get("registry"))
        elif tag is not None:
            source = composed([MARK, ":", tag])
        else:
            continue
        found = image_fact(source, role="override", engine="terraform", written="" if "repository" in pieces else shown)
        if found is not None:
            yield found


def _chart_password(body: Mapping, repository: Scalar, values: Values) -> Iterator[Fact]:
    password = body.scalar("repository_password")
    if password is not None and password.style != "expr":
        from relcheck.readers.home_secrets import home_credential  # noqa: PLC0415 - few files hold a password
        from relcheck.refs.url import parse_url  # noqa: PLC0415 - as above

        url, value = parse_url(values.text(repository)), values.expanded(password).source
        made = home_credential(
            value, "helm-repo-password", ecosystem="helm", key="repository_password", host=url.host if url else ""
        )
        yield made.replace(where="manifest")


def _manifest(body: Mapping, values: Values) -> Iterator[Fact]:
    """kubernetes_manifest { manifest = { … } | yamldecode(<<EOT) }, kubectl_manifest { yaml_body = <<EOT }."""
    from relcheck.readers.kubernetes import Setting, is_object, read_document  # noqa: PLC0415 - few files hold one

    for node in (*candidates(body.get("manifest")), *candidates(body.get("yaml_body"))):
        for document in _documents(node, values):
            if is_object(document):
                yield from read_document(document, Setting(engine="terraform"))


def _plain(node: Node, values: Values, depth: int = 0) -> Node:
    """Return a tree whose scalars are expanded, as the reader of another format expects them."""
    if isinstance(node, Scalar):
        source = values.expanded(node).source
        return Scalar(node._file, source.text, node.start, node.end, '"', lambda *_: source)
    if isinstance(node, Sequence):
        out = Sequence(node._file, node.start, flow=True)
        out.end = node.end
        out.items = [_plain(item, values, depth + 1) for item in node.items] if depth < 60 else []
        return out
    made = Mapping(node._file, node.start, flow=True)
    made.end = node.end
    made.items = [(key, _plain(value, values, depth + 1)) for key, value in node.pairs()] if depth < 60 else []
    return made


def _ecr(body: Mapping, values: Values) -> Iterator[Fact]:
    """aws_ecr_repository { name, image_tag_mutability }."""
    setting = body.scalar("image_tag_mutability")
    text = values.text(setting)
    mutable: Truth = UNKNOWN if MARK in text else text not in _IMMUTABLE
    yield _repository(body, "name", setting, mutable, "aws_ecr_repository", "image_tag_mutability", values)


def _artifact_registry(body: Mapping, values: Values) -> Iterator[Fact]:
    """google_artifact_registry_repository { repository_id, format, docker_config { immutable_tags } }."""
    kind = values.text(body.get("format"))
    if kind.upper() != "DOCKER" or values.text(body.get("mode")).upper() in ("REMOTE_REPOSITORY", "VIRTUAL_REPOSITORY"):
        return
    setting = next((found.scalar("immutable_tags") for found in blocks(body, "docker_config")), None)
    text = values.text(setting)
    mutable: Truth = UNKNOWN if MARK in text else text != "true"
    where = "google_artifact_registry_repository"
    yield _repository(body, "repository_id", setting, mutable, where, "docker_config.immutable_tags", values)
    policies = list(blocks(body, "cleanup_policies"))
    keeps = any(values.text(policy.get("action")).upper() == "KEEP" for policy in policies)
    for policy in policies:
        if values.text(policy.get("action")).upper() == "DELETE" and not keeps:
            conditions = list(blocks(policy, "condition"))
            states = [values.text(condition.get("tag_state")).upper() for condition in conditions]
            prefixes = [node for condition in conditions for node in candidates(condition.get("tag_prefixes"))]
            covered = tuple(values.text(node) + "*" for node in prefixes) or ("*",)
            if "UNTAGGED" not in states:
                yield _cleanup(policy, where, covered)


def _repository(
    body: Mapping, name_key: str, setting: Scalar | None, mutable: Truth, kind: str, key: str, values: Values
) -> Registry:
    name = body.scalar(name_key)
    place = setting or name
    return Registry(
        span=place.span if place is not None else body.span, ecosystem="oci", purpose="repository", url="", host="",
        key=f"{kind}.{key}", scope=_shown(_known(name, values)), tags_mutable=mutable,
    )  # fmt: skip


def _shown(text: Text) -> str:
    return "" if text is UNKNOWN else str(text)


def _lifecycle(body: Mapping, values: Values) -> Iterator[Fact]:
    """aws_ecr_lifecycle_policy { policy }: rules with a selection, in JSON or `jsonencode({…})`."""
    for node in candidates(body.get("policy")):
        documents: list[Node] = [node]
        if isinstance(node, Scalar) and node.style in ('"', "<<"):
            documents = load_yaml(values.expanded(node).source).documents
        for document in documents:
            for rule in blocks(document, "rules") if isinstance(document, Mapping) else ():
                yield from _rule(rule, values)


def _rule(rule: Mapping, values: Values) -> Iterator[Fact]:
    for selection in blocks(rule, "selection"):
        status = values.text(selection.get("tagStatus"))
        prefixes = [values.text(node) + "*" for node in candidates(selection.get("tagPrefixList"))]
        patterns = [values.text(node) for node in candidates(selection.get("tagPatternList"))]
        if status == "any":
            yield _cleanup(selection.scalar("tagStatus") or selection, "tagStatus", ("*",))
        elif status == "tagged" and (prefixes or patterns):
            place = selection.get("tagPrefixList") or selection.get("tagPatternList") or selection
            yield _cleanup(place, "tagPrefixList" if prefixes else "tagPatternList", (*prefixes, *patterns))


def _cleanup(place: Node, key: str, covers: tuple[str, ...]) -> Registry:
    return Registry(
        span=place.span, ecosystem="oci", purpose="retention", url="", host="", key=key,
        covers=tuple(pattern for pattern in covers if MARK not in pattern),
    )  # fmt: skip


def _nomad_job(body: Mapping, values: Values) -> Iterator[Fact]:
    """nomad_job { jobspec = <<EOT … EOT }: job > group > task > config { image }, in HCL (or in JSON, which is not read)."""
    from relcheck.readers.hcl_tree import load as load_hcl  # noqa: PLC0415 - few files hold a job

    spec = body.scalar("jobspec")
    if spec is None or spec.style != "<<" or "{" not in spec.value:
        return
    top, _ = load_hcl(spec.source)
    inner = Values({}, values.engine)
    for node in walk(top):
        for task in blocks(node, "task") if isinstance(node, Mapping) else ():
            for _, found in task.pairs():
                for config in blocks(found, "config") if isinstance(found, Mapping) else ():
                    yield from inner.images(config.get("image"), "workload")


def _workspace(body: Mapping, values: Values) -> Iterator[Fact]:
    """tfe_workspace { terraform_version }."""
    version = body.scalar("terraform_version")
    text = _known(version, values)
    if version is not None and text:
        from relcheck.readers.terraform import constraint_firmness  # noqa: PLC0415 - the module that calls this one

        known = text is not UNKNOWN and version.style == '"'
        yield Dependency(
            span=version.span, parts={"constraint": version.span} if known and text == version.value else {},
            ecosystem="terraform", where="tool", name="terraform", constraint=text,
            firmness=UNKNOWN if text is UNKNOWN else constraint_firmness(str(text)), group="tool",
        )  # fmt: skip


def _secret(body: Mapping, values: Values) -> Iterator[Fact]:
    """github_actions_secret { plaintext_value }."""
    from relcheck.readers.home_secrets import home_credential  # noqa: PLC0415 - few files hold one

    scalar = body.scalar("plaintext_value")
    if scalar is not None and scalar.style == '"':
        found = home_credential(
            values.expanded(scalar).source, "terraform-secret", ecosystem="github", key="plaintext_value"
        )
        yield found.replace(where="manifest")


def _provisioners(body: Mapping, values: Values) -> Iterator[Fact]:
    """Provisioner "local-exec" { command }, provisioner "remote-exec" { inline }."""
    for found in blocks(body, "provisioner"):
        for label, block in found.pairs():
            if not isinstance(block, Mapping):
                continue
            if label.value == "local-exec" and block.get("interpreter") is None:
                command = block.scalar("command")
                if command is not None:
                    yield from _script(command, values)
            for line in candidates(block.get("inline")):
                if label.value == "remote-exec" and isinstance(line, Scalar):
                    yield from _script(line, values)


def _script(scalar: Scalar, values: Values) -> Iterator[Fact]:
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    if scalar.style != "expr":
        yield from read_shell(values.expanded(scalar).source, context="script")


def _argv(node: Node | None, values: Values) -> Iterator[Fact]:
    words: list[Source] = [values.expanded(item).source for item in candidates(node) if isinstance(item, Scalar)]
    if words:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv(words, context="script")


_READERS: dict[str, Callable[[Mapping, Values], Iterator[Fact]]] = {
    "docker_image": _docker_image,
    "azurerm_linux_web_app": _app_service,
    "azurerm_linux_web_app_slot": _app_service,
    "azurerm_linux_function_app": _app_service,
    "azurerm_linux_function_app_slot": _app_service,
    "google_compute_instance": _compute_instance,
    "google_compute_instance_template": _compute_instance,
    "helm_release": _helm_release,
    "kubernetes_manifest": _manifest,
    "kubectl_manifest": _manifest,
    "aws_ecr_repository": _ecr,
    "google_artifact_registry_repository": _artifact_registry,
    "aws_ecr_lifecycle_policy": _lifecycle,
    "github_actions_secret": _secret,
    "tfe_workspace": _workspace,
    "nomad_job": _nomad_job,
}
