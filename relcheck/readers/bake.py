"""Docker Bake files, HCL and JSON (the Bake file reference of Buildx): what targets build, from what, and where it goes.

    variable NAME { default }                 values of the templates; an environment variable may replace them
    target NAME { context, contexts, dockerfile, dockerfile-inline, args, tags, output, cache-from, cache-to, call,
                  attest, inherits, matrix, secret, ssh, … }
    group NAME { targets }                    nothing of interest

Lists may hold strings in CSV form (`type=registry,ref=…`) or objects. What a target inherits is said where it is written;
only what a build hands to its Dockerfile is joined (`relcheck.readers.bake_targets`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Option, Truth, Unreadable
from relcheck.readers.bake_targets import Targets, joined, said
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
from relcheck.readers.compose import secret_argument
from relcheck.readers.dockerfile_files import git_repository
from relcheck.readers.hcl_tree import blocks, candidates, labelled, load
from relcheck.readers.hcl_values import Values, template
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.yaml_tree import load as load_json
from relcheck.refs.git import parse_git_url
from relcheck.refs.secrets import looks_secret_name
from relcheck.source import Source

_REGISTRY_TYPE = re.compile(r"(?:^|,)\s*type=(?P<type>[\w-]+)")
_REF = re.compile(r"(?:^|,)\s*ref=(?P<value>[^,]*)")
_PUSH = re.compile(r"(?:^|,)\s*push=true\b")
_OTHER_CONTEXTS = ("service:", "target:", "oci-layout:", ".", "/", "~", "cwd://")


def read(source: Source) -> Iterator[Fact]:
    """Read a Bake file."""
    top = None
    if source.path.lower().endswith(".json"):
        loaded = load_json(source)
        faults, what = loaded.faults, "JSON"
        top = loaded.documents[0] if loaded.documents else None
    else:
        top, faults = load(source)
        what = "HCL"
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"is no {what}: {fault.reason}")
    if isinstance(top, Mapping):
        yield from _file(top)


def _file(top: Mapping) -> Iterator[Fact]:
    defaults = {name.value: value for name, body in labelled(top, "variable") if (value := body.scalar("default"))}
    defaults |= {key.value: value for key, value in top.pairs() if isinstance(value, Scalar)}
    for name, value in defaults.items():
        yield from _variable(name, value)
    targets = Targets(top, defaults)
    for label, body in labelled(top, "target"):
        yield from _target(label.value, body, targets)


def _variable(name: str, value: Scalar) -> Iterator[Fact]:
    if looks_secret_name(name) and value.style == '"':
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files have secrets

        yield from environment_facts(name, value.source, where="manifest")


def _target(name: str, body: Mapping, targets: Targets) -> Iterator[Fact]:
    """Read one target; a matrix may say the same image again."""
    rounds = targets.rounds(name)
    seen: set[str] = set()
    for values in rounds:
        for fact in _written(body, values):
            key = repr(fact) if len(rounds) > 1 else ""
            if not key or key not in seen:
                seen.add(key)
                yield fact
    if targets.bodies[name][-1] is body and targets.is_built(name):
        yield from _build(name, body, targets)
    yield from _attest(body, targets.lineage(name), rounds[0])


def _written(body: Mapping, values: Values) -> Iterator[Fact]:
    yield from values.images(body.get("tags"), "output", push=_pushes(body, values))
    for node in _entries(body.get("output")):
        yield from _output(node, values)
    yield from _context(body, values)
    for _, value in _pairs(body, "contexts"):
        yield from _named_context(value, values)
    for key in ("cache-from", "cache-to"):
        for node in _entries(body.get(key)):
            yield from _cache(node, values)
    for name, value in _pairs(body, "args"):
        yield from _argument(name, value, values)


def _entries(node: Node | None) -> list[Node]:
    return list(candidates(node))


def _pairs(body: Mapping, key: str) -> Iterator[tuple[Scalar, Scalar]]:
    for found in blocks(body, key):
        for name, value in found.pairs():
            for item in candidates(value):
                if isinstance(item, Scalar) and item.value != "null":
                    yield name, item


def _pushes(body: Mapping, values: Values) -> Truth:
    """Whether the target itself says that its image is pushed; the command line may say so too."""
    for node in _entries(body.get("output")):
        kind, text = _output_type(node, values)
        if kind == "registry" or (kind == "image" and (_PUSH.search(text) or text == "push")):
            return True
    return UNKNOWN


def _output_type(node: Node, values: Values) -> tuple[str, str]:
    if isinstance(node, Mapping):
        return node.text("type"), "push" if node.text("push") == "true" else ""
    text = values.text(node)
    found = _REGISTRY_TYPE.search(text)
    return (found["type"] if found else ""), text


def _output(node: Node, values: Values) -> Iterator[Fact]:
    """`type=image,name=a/b:1` or {type, name}; several names stand in quotes, with commas between them."""
    kind, text = _output_type(node, values)
    push: Truth = True if kind == "registry" or text == "push" or _PUSH.search(text) else UNKNOWN
    if kind not in IMAGE_OUTPUTS:
        return
    if isinstance(node, Mapping):
        yield from values.images(node.get("name"), "output", push=push)
    elif isinstance(node, Scalar):
        for name in output_names(template(node)):
            yield from _image(name, "output", values, push=push)


def _image(source: Source, role: str, values: Values, **fields: object) -> Iterator[Fact]:
    fact = values.image_of(source, role, **fields)
    if fact is not None:
        yield fact


def _context(body: Mapping, values: Values) -> Iterator[Fact]:
    """Yield the build's context where it is a repository or an archive."""
    for node in _entries(body.get("context")):
        if not isinstance(node, Scalar) or node.value == "null":
            continue
        source = values.expanded(node).source
        if is_archive(source.text):
            yield archive(source, "bake", executed=True)
        elif parse_git_url(source.text) is not None:
            yield from git_repository(source, "context")


def _build(name: str, body: Mapping, targets: Targets) -> Iterator[Fact]:
    """Yield the build of a local folder with what it hands to its Dockerfile, or the Dockerfile that stands here."""
    lineage, rounds = targets.lineage(name), targets.rounds(name)
    inline = said(lineage, "dockerfile-inline")
    if isinstance(inline, Scalar):
        given = {key: rounds[0].expanded(found[0]).source for key, found in joined(lineage, "args").items()}
        named = {key: rounds[0].expanded(found[0]).source for key, found in joined(lineage, "contexts").items()}
        yield from read_inline(rounds[0].expanded(inline).source, given, named)
        return
    nodes = [node for node in _entries(said(lineage, "context")) if isinstance(node, Scalar)]
    if nodes and any("://" in targets.values.text(node) for node in nodes):
        return
    inputs = [*_inputs(lineage, rounds)]
    place = nodes[0] if nodes else body.scalar("dockerfile") or body.scalar("target")
    if place is None and not inputs and said(lineage, "dockerfile") is None:
        return
    first = Option(name="dockerfile", value=rounds[0].text(said(lineage, "dockerfile")))
    folder = targets.values.text(nodes[0]) if nodes else "."
    yield local_build(place.span if place is not None else body.span, folder, [first, *inputs])


def _attest(body: Mapping, lineage: list[Mapping], values: Values) -> Iterator[Fact]:
    """Read attest ["type=provenance,disabled=true"] or [{ type = "provenance", disabled = true }]."""
    for node in _entries(body.get("attest")):
        if isinstance(node, Mapping):
            off = node.text("type") == "provenance" and node.text("disabled") == "true"
        else:
            off = {"type=provenance", "disabled=true"} <= set(values.text(node).replace(" ", "").split(","))
        if off and isinstance(node, Scalar | Mapping):
            yield without_provenance(node.span, push=any(_pushes(one, values) is True for one in lineage))


def _inputs(lineage: list[Mapping], rounds: list[Values]) -> Iterator[Option]:
    """Yield arguments and named contexts; what differs by the matrix once for each of its combinations."""
    for name, items in joined(lineage, "contexts").items():
        yield named_context(name, rounds[0].expanded(items[0]).source)
    for name, items in joined(lineage, "args").items():
        found = [values.expanded(item).source for item in items for values in rounds]
        same = len({source.text for source in found}) == 1
        for source in found[:1] if same else found:
            yield from argument(name, source)


def _named_context(value: Scalar, values: Values) -> Iterator[Fact]:
    source = values.expanded(value).source
    text = source.text
    if text.startswith("docker-image://"):
        yield from _image(template(value), "mount", values)
    elif is_archive(text):
        yield archive(source, "bake")
    elif not text.startswith(_OTHER_CONTEXTS):
        yield from git_repository(source, "context")


def _cache(node: Node, values: Values) -> Iterator[Fact]:
    if isinstance(node, Mapping):
        if node.text("type") in ("", "registry"):
            yield from values.images(node.get("ref"), "cache")
        return
    if not isinstance(node, Scalar):
        return
    source = template(node)
    kind = _REGISTRY_TYPE.search(source.text)
    if kind is None and "=" not in source.text:
        yield from _image(source, "cache", values)
    elif kind is not None and kind["type"] == "registry" and (ref := _REF.search(source.text)):
        yield from _image(source.part(*ref.span("value")), "cache", values)


def _argument(name: Scalar, value: Scalar, values: Values) -> Iterator[Fact]:
    """Yield the frontend that an argument names, or the secret that it hands to the build."""
    if name.value == "BUILDKIT_SYNTAX":
        yield from values.images(value, "frontend")
    expansion = values.expanded(value)
    variables = (*expansion.missing, *(used for used, _ in expansion.used))
    if not any(map(looks_secret_name, (name.value, *variables))):
        return
    found = secret_argument(name.value, expansion.source)
    if found and (found.form == "literal" or expansion.missing or expansion.used):
        yield found.replace(tool="bake")
