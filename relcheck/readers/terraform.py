"""Terraform, OpenTofu and Terragrunt (the Terraform language; provider documentation for the resources).

    module NAME { source, version }            registry [host/]ns/name/provider[//sub], git::, github.com/, archives, OCI
    terraform { required_version, required_providers { NAME = { source, version } }, source (Terragrunt) }
    provider NAME { version, … }               the form before 0.13; credentials
    variable NAME { default }, locals { … }    values of the templates
    resource | data TYPE NAME { … }            `relcheck.readers.terraform_resources`
    .terraform.lock.hcl: provider SOURCE { version, hashes }; *.tfvars: NAME = value
    .terraformrc, terraform.rc, credentials.tfrc.json: credentials HOST { token }

`*.tf.json` and `*.tofu.json` say the same in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Download, Fact, Option, Text, Unreadable, Variables
from relcheck.readers.hcl_tree import blocks, candidates, labelled, load
from relcheck.readers.hcl_values import Values, template
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.readers.urls import registry, url_parts, userinfo
from relcheck.readers.yaml_tree import load as load_json
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.refs.secrets import is_publish_variable, looks_secret_name
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source, Span

_REGISTRY = re.compile(r"(?:(?P<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?)/)?(?P<name>[\w-]+/[\w-]+/[\w-]+)(?://.*)?")
_ARCHIVE = re.compile(r"(?:https?::)?(?P<url>https?://\S*)")
_PACKED = re.compile(r"\.(?:zip|tar(?:\.\w+)?|tgz|tbz2|txz)(?:$|[?/])|[?&]archive=")
_CHECKSUM = re.compile(r"[?&]checksum=(?!none\b)")
_BUCKET = ("s3::", "gcs::", "hg::", "oss::")
_OCI_REF = re.compile(r"[?&](?:tag|digest)=(?P<ref>[^&]*)")
_TFR = re.compile(
    r"tfr://(?P<host>[^/?]*)/(?P<name>[\w-]+/[\w-]+/[\w-]+)(?://[^?]*)?(?:\?(?:version|ref)=(?P<version>[^\s&]*))?"
)
_EXACT = re.compile(r"\s*=?\s*v?\d+(?:\.\d+){1,3}(?:[-+][0-9A-Za-z.+-]+)?\s*")
_ANY = re.compile(r"\s*(?:>=?\s*v?0(?:\.0)*\s*)?")
_CLIENT = re.compile(r"(?:^\.(?:terraform|tofu)rc|^(?:terraform|tofu)\.rc|\.tfrc(?:\.json)?)$")
_INSTANCES = 30
"""How many instances of one resource are read; more say nothing new."""
_MERCURIAL_REF = re.compile(r"[?&]rev=(?P<ref>[^&]*)")
_SUBFOLDER = re.compile(r"(?<!:)//[^?]*")


def read(source: Source) -> Iterator[Fact]:
    """Read a file of the Terraform family; the name tells which."""
    name = source.path.rsplit("/", 1)[-1].lower()
    if name.endswith(".json"):
        loaded = load_json(source)
        faults, what = loaded.faults, "JSON"
        top = loaded.documents[0] if loaded.documents else None
    else:
        top, faults = load(source)
        what = "HCL"
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"is no {what}: {fault.reason}")
    if not isinstance(top, Mapping):
        return
    if name.endswith(".terraform.lock.hcl"):
        yield from _lock(top)
    elif ".tfvars" in name:
        yield from _variables(source, {key.value: value for key, value in top.pairs()}, "var.")
    elif _CLIENT.search(name):
        yield from _client(top)
    else:
        yield from _configuration(source, top)


def _configuration(source: Source, top: Mapping) -> Iterator[Fact]:
    defaults = {
        f"var.{label.value}": value for label, body in labelled(top, "variable") if (value := body.get("default"))
    }
    for body in blocks(top, "locals"):
        defaults |= {f"local.{key.value}": value for key, value in body.pairs()}
    yield from _variables(source, defaults, "")
    values = Values({name: value for name, value in defaults.items() if isinstance(value, Scalar)}, "terraform")
    for _, body in labelled(top, "module"):
        yield from _module(body.scalar("source"), body.scalar("version"), values)
    for _, body in labelled(top, "run"):  # *.tftest.hcl
        for module in blocks(body, "module"):
            yield from _module(module.scalar("source"), module.scalar("version"), values)
    for body in blocks(top, "terraform"):
        yield from _settings(body, values)
    for label, body in labelled(top, "provider"):
        yield from _provider(label, body)
    for kind in ("resource", "data"):
        for label, body in labelled(top, kind):
            for _, resource in body.pairs():
                for made in candidates(resource):
                    if isinstance(made, Mapping):
                        yield from _resource(kind, label, made, values, defaults)


def _resource(kind: str, label: Scalar, body: Mapping, values: Values, nodes: dict[str, Node]) -> Iterator[Fact]:
    """Yield what a resource says, for each of its instances where `for_each` is written out."""
    from relcheck.readers.terraform_resources import resource_facts  # noqa: PLC0415 - many files have no resources

    each = body.get("for_each")
    if isinstance(each, Scalar):
        each = nodes.get(each.value)
    instances = list(_instances(each, values))[:_INSTANCES]
    if not instances:
        yield from resource_facts(kind, label, body, values)
        return
    said: list[Fact] = []
    for instance in instances:
        for fact in resource_facts(kind, label, body, instance):
            if fact not in said:
                said.append(fact)
    yield from said


def _instances(each: Node | None, values: Values) -> Iterator[Values]:
    """Yield the values with `each.key` and `each.value` for the entries of a map, or of a set of texts."""
    entries: list[tuple[Scalar, Node]] = []
    if isinstance(each, Mapping):
        entries = list(each.pairs())
    elif isinstance(each, Sequence) and each.tag == "call toset":
        entries = [(item, item) for item in candidates(each) if isinstance(item, Scalar)]
    for key, value in entries:
        own = {"each.key": key}
        if isinstance(value, Scalar):
            own["each.value"] = value
        elif isinstance(value, Mapping):
            own |= {f"each.value.{name.value}": part for name, part in value.pairs() if isinstance(part, Scalar)}
        yield Values({**values.defaults, **own}, values.engine)


def _variables(source: Source, values: dict[str, Node], prefix: str) -> Iterator[Fact]:
    """The values that other files of the folder may refer to, and secrets among them."""
    options = []
    for name, value in values.items():
        if not isinstance(value, Scalar) or value.value == "null":
            continue
        if looks_secret_name(name.rpartition(".")[2]) and value.style in ('"', "<<"):
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files have secrets

            key = name.rpartition(".")[2]
            key = key.upper() if is_publish_variable(key.upper()) else key  # names of variables are small here
            yield from environment_facts(key, value.source, where="manifest")
            continue
        text = template(value).text
        options.append(Option(name=prefix + name, value=UNKNOWN if "\n" in text else text, span=value.span))
    if options:
        yield Variables(span=source.at(0, 0), values_of=tuple(options))


def _settings(body: Mapping, values: Values) -> Iterator[Fact]:
    """Terraform { required_version, required_providers, backend; source and extra_arguments of Terragrunt }."""
    version = body.scalar("required_version")
    if version is not None and version.style == '"':
        yield Dependency(
            span=version.span, parts={"constraint": version.span}, ecosystem="terraform", where="tool", name="terraform",
            constraint=version.value, firmness=constraint_firmness(version.value), group="tool",
        )  # fmt: skip
    yield from _module(body.scalar("source"), None, values)
    for found in blocks(body, "required_providers"):
        for key, value in found.pairs():
            if isinstance(value, Scalar):
                yield _required(key, None, value)
            elif isinstance(value, Mapping):
                yield _required(key, value.scalar("source"), value.scalar("version"))
    for found in blocks(body, "backend"):
        for label, backend in found.pairs():
            if isinstance(backend, Mapping):
                yield from _secrets(label.value, backend)
    for cloud in blocks(body, "cloud"):
        token = cloud.scalar("token")
        if token is not None and token.style == '"' and token.value:
            host = cloud.text("hostname") or "app.terraform.io"
            yield home_credential(token.source, "terraform-token", ecosystem="terraform", key="token", host=host)


def _required(key: Scalar, source: Scalar | None, version: Scalar | None) -> Dependency:
    """NAME = { source = "[host/]namespace/type", version = "~> 1.2" }."""
    if source is not None and source.value.startswith("oci://"):
        return _oci_provider(source.source)
    parts: dict[str, Span] = {"name": source.span if source is not None else key.span}
    constraint: Text = ""
    if version is not None:
        constraint = version.value if version.style == '"' else UNKNOWN
        if constraint is not UNKNOWN and MARK not in version.value:
            parts["constraint"] = version.span
    return Dependency(
        span=parts.get("constraint", parts["name"]), parts=parts, ecosystem="terraform", where="manifest",
        name=source.value if source is not None else key.value, constraint=constraint,
        firmness=UNKNOWN if constraint is UNKNOWN else constraint_firmness(str(constraint)),
    )  # fmt: skip


def _oci_provider(where: Source) -> Dependency:
    """A provider from an OCI registry: oci://REPOSITORY?tag=T (OpenTofu)."""
    match = _OCI_REF.search(where.text)
    end = where.text.find("?") if "?" in where.text else len(where.text)
    parts = {"name": where.at(len("oci://"), end)}
    if match:
        parts["constraint"] = where.at(*match.span("ref"))
    return Dependency(
        span=parts.get("constraint", parts["name"]), parts=parts, ecosystem="terraform", where="manifest",
        name=where.text[len("oci://") : end], constraint=match["ref"] if match else "",
        firmness=("tag" if match["ref"] == "latest" else "exact") if match else "any",
        hashed=bool(match and match[0][1:].startswith("digest")),
    )  # fmt: skip


def constraint_firmness(text: str) -> str:
    """Return how firmly a version constraint binds: exact, range or any."""
    if _EXACT.fullmatch(text):
        return "exact"
    return "any" if _ANY.fullmatch(text) else "range"


def _provider(label: Scalar, body: Mapping) -> Iterator[Fact]:
    version = body.scalar("version")
    if version is not None:
        yield _required(label, None, version)
    yield from _secrets(label.value, body)


def _secrets(key: str, body: Mapping) -> Iterator[Fact]:
    """Passwords and tokens written into the configuration of a provider or a backend; some log in at a registry."""
    for node in walk(body):
        if not isinstance(node, Mapping):
            continue
        address = node.text("address") or node.text("url") if key in ("docker", "helm") else ""
        host = address.split("://")[-1].split("/")[0]
        for name, value in node.pairs():
            if not (isinstance(value, Scalar) and value.style == '"' and looks_secret_name(name.value)):
                continue
            if host:
                yield home_credential(value.source, "client-login", ecosystem="oci", key=name.value, host=host)
            else:
                kind = "env" if _on_this_machine(node) else "terraform-secret"
                found = home_credential(value.source, kind, ecosystem="terraform", key=f"{key}.{name.value}")
                yield found.replace(where="manifest")


def _on_this_machine(node: Mapping) -> bool:
    """Whether a provider is told to find its service here, as only a trial does."""
    given = (node.text(key) for key in ("host", "address", "url", "endpoint"))
    return any(is_loopback(text.split("://")[-1].split("/")[0].partition(":")[0]) for text in given if text)


def _module(source: Scalar | None, version: Scalar | None, values: Values) -> Iterator[Fact]:
    """The source of a module: local, a registry's address, git, an archive, or an OCI artifact."""
    if source is None or source.value in ("", "null"):
        return
    where = values.expanded(source).source
    text = where.text
    if text.startswith((".", "/")) or MARK in text.split("?")[0][:1]:
        return
    found = userinfo(where, key="module")
    if found is not None:
        yield found
    if match := _TFR.fullmatch(text):
        yield _registry_module(
            where, match, match["version"], where.at(*match.span("version")) if match["version"] else None
        )
    elif match := _REGISTRY.fullmatch(text):
        known = values.expanded(version).source if version is not None else None
        constraint: Text = "" if known is None else UNKNOWN if MARK in known.text else known.text
        yield _registry_module(where, match, constraint, known.all() if known is not None else None)
    elif text.startswith("oci://"):
        yield from _oci(where)
    elif text.startswith(_BUCKET):
        yield from _kept(where)
    elif (archive := _ARCHIVE.fullmatch(text)) and (_PACKED.search(text) or parse_git_url(text) is None):
        yield _download(where.part(*archive.span("url")), verified=bool(_CHECKSUM.search(text)))
    else:
        yield from _git(where)


def _registry_module(where: Source, match: re.Match[str], version: Text, place: Span | None) -> Component:
    parts = {"name": where.at(*match.span("name"))}
    if match["host"]:
        parts["host"] = where.at(*match.span("host"))
    kind: Text = UNKNOWN
    if version is not UNKNOWN:
        firm = constraint_firmness(str(version or ""))
        kind = {"exact": "semver-full", "range": "range", "any": "none" if not version else "range"}[firm]
        if version and place is not None:
            parts["ref"] = place
    return Component(
        span=parts.get("ref", parts["name"]), parts=parts, system="terraform", kind="module", name=match["name"],
        owner=match["name"].partition("/")[0], host=match["host"] or "", ref=version or "", ref_kind=kind,
    )  # fmt: skip


def _git(where: Source) -> Iterator[Fact]:
    """git::URL[//folder]?ref=R, github.com/o/r, git@host:o/r.git, bitbucket.org/o/r."""
    found = parse_git_url(where.text)
    if found is None:
        return
    owner, repository = found.owner, found.repository
    parts = {name: where.at(*place) for name, place in found.spans.items() if name in ("owner", "host", "ref")}
    yield Component(
        span=parts.get("ref", where.all()), parts=parts, system="terraform", kind="module",
        name=UNKNOWN if owner is UNKNOWN or repository is UNKNOWN else f"{owner}/{repository}".lstrip("/"), owner=owner,
        host=found.host, ref=found.ref, ref_kind=found.ref_kind,
    )  # fmt: skip
    if found.scheme in ("http", "git") and isinstance(found.url, str):
        url = re.search(r"(?:http|git)://", where.text)
        if url:
            yield from registry(where.part(url.start(), len(where.text)), ecosystem="git", purpose="vcs", key="module")


def _oci(where: Source) -> Iterator[Component]:
    match = _OCI_REF.search(where.text)
    name = where.text.removeprefix("oci://").partition("?")[0]
    ref = match["ref"] if match else ""
    digest = bool(match and match[0][1:].startswith("digest"))
    parts = {"ref": where.at(*match.span("ref"))} if match else {}
    yield Component(
        span=parts.get("ref", where.all()), parts=parts, system="terraform", kind="module", name=_SUBFOLDER.sub("", name),
        owner="", host=name.partition("/")[0], ref=ref, ref_kind="sha" if digest else classify_ref(ref), verified=digest,
    )  # fmt: skip


def _kept(where: Source) -> Iterator[Fact]:
    """s3::URL, gcs::URL: what the object of a bucket holds is not told. hg::URL[?rev=R]: a repository of Mercurial."""
    start = where.text.index("::") + 2
    address = where.text[start:].partition("?")[0].partition("://")[2] or where.text[start:]
    match = _MERCURIAL_REF.search(where.text) if where.text.startswith("hg::") else None
    ref = match["ref"] if match else ""
    kind: Text = UNKNOWN
    if where.text.startswith("hg::"):
        kind = "branch" if ref == "tip" else classify_ref(ref)  # the newest commit of all branches
    parts = {"ref": where.at(*match.span("ref"))} if match else {}
    yield Component(
        span=parts.get("ref", where.all()), parts=parts, system="terraform", kind="module",
        name=UNKNOWN if MARK in address else _SUBFOLDER.sub("", address), owner="",
        host=UNKNOWN if MARK in address else address.partition("/")[0], ref=ref, ref_kind=kind,
    )  # fmt: skip
    if where.text.startswith("http://", start):
        yield from registry(where.part(start, len(where.text)), ecosystem="git", purpose="vcs", key="module")


def _download(where: Source, *, verified: bool) -> Download:
    url = parse_url(where.text)
    return Download(
        span=where.all(), parts=url_parts(where, url), tool="terraform",
        url=url.redacted if url and MARK not in url.redacted else UNKNOWN, scheme=url.scheme if url else UNKNOWN,
        host=url.host if url else UNKNOWN, verified_by="checksum" if verified else "", executed_by="terraform",
        unpacked=True, context="manifest",
    )  # fmt: skip


def _lock(top: Mapping) -> Iterator[Fact]:
    """Provider "host/namespace/type" { version, constraints, hashes }."""
    for label, body in labelled(top, "provider"):
        version = body.scalar("version")
        if version is None:
            continue
        yield Dependency(
            span=version.span, parts={"name": label.span, "constraint": version.span}, ecosystem="terraform", where="lock",
            name=label.value, constraint=version.value, firmness="exact",
            hashed=any(True for _ in candidates(body.get("hashes"))), locked=True,
        )  # fmt: skip


def _client(top: Mapping) -> Iterator[Fact]:
    """.terraformrc: credentials HOST { token }, provider_installation { network_mirror { url } }."""
    for label, body in labelled(top, "credentials"):
        token = body.scalar("token")
        if token is not None and token.style == '"':
            yield home_credential(token.source, "terraform-token", ecosystem="terraform", key="token", host=label.value)
    for mirror in blocks(top, "provider_installation", "network_mirror"):
        url = mirror.scalar("url")
        if url is not None:
            yield from registry(url.source, ecosystem="terraform", purpose="mirror", key="network_mirror")
