"""What a GitLab pipeline takes from elsewhere: included code, components, functions, pipelines that it starts.

    include: TEXT | {local | remote, integrity | project, file, ref | template | component, inputs} | a list of them
    trigger: PROJECT | {project, branch} | {include}
    run: [{func: REFERENCE | {git: {url, rev}} | {oci: {registry, repository, tag}}}]

The templates that come with the server have no version of their own, and local files are read for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Component, Fact, Text
from relcheck.readers.composed import composed, in_file
from relcheck.readers.image_inputs import named_images
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.refs.git import classify_ref
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_RAW_REF = re.compile(r"/(?:-/)?raw/(?:refs/heads/)?(?P<ref>[^/]+)/")


def include(node: Node | None, job: str) -> Iterator[Fact]:
    """`local`, `project` with `ref`, `remote`, `template`, `component: HOST/PATH@REF`; a text is local or remote."""
    if isinstance(node, Scalar):
        if re.match(r"https?://", node.value):
            yield _remote(node, verified=False, job=job)
        return
    if not isinstance(node, Mapping):
        return
    project, remote, component = node.scalar("project"), node.scalar("remote"), node.scalar("component")
    if project is not None:
        yield _project(project, node.scalar("ref"), job)
    elif remote is not None:
        yield _remote(remote, verified=node.get("integrity") is not None, job=job)
    elif component is not None:
        yield _component(component, job)
    yield from _inputs(node.map("inputs"), job)


def _inputs(given: Mapping | None, job: str) -> Iterator[Fact]:
    """Yield the images that inputs of included code name: it runs its jobs in them."""
    for source, made in named_images(given):
        if "$" not in source.text:
            found = image_fact(source, role="output" if made else "job", engine="gitlab", job=job)
            if found is not None:
                yield found


def triggered(node: Node | None, job: str) -> Iterator[Component]:
    """`trigger: PROJECT` or `{project, branch}`: the pipeline of another project is started, on its default branch."""
    project = node.scalar("project") if isinstance(node, Mapping) else node
    if isinstance(project, Scalar) and project.value:
        branch = node.scalar("branch") if isinstance(node, Mapping) else None
        yield _project(project, branch, job).replace(kind="trigger")


def function(node: Node | None, job: str) -> Iterator[Fact]:
    """`func:` an OCI reference or a local path, `{git: {url, rev}}`, or `{oci: {registry, repository, tag}}`."""
    if isinstance(node, Scalar) and not node.value.startswith((".", "/")):
        found = image_fact(node.source, role="artifact", engine="gitlab", job=job)
        if found is not None:
            yield found
    if not isinstance(node, Mapping):
        return
    git, oci = node.map("git"), node.map("oci")
    url = git.scalar("url") if git is not None else None
    if git is not None and url is not None:
        yield _project(url, git.scalar("rev"), job).replace(kind="function", owner=UNKNOWN)
    repository = oci.scalar("repository") if oci is not None else None
    if oci is not None and repository is not None:
        registry, tag = oci.scalar("registry"), oci.scalar("tag") or oci.scalar("version")
        words: list[Source | str] = [in_file(registry.source), "/"] if registry is not None else []
        words.append(in_file(repository.source))
        words += [":", in_file(tag.source)] if tag is not None else []
        found = image_fact(composed(words), role="artifact", engine="gitlab", job=job)
        if found is not None:
            yield found


def _project(project: Scalar, ref: Scalar | None, job: str) -> Component:
    parts: dict[str, Span] = {"name": project.span} if "$" not in project.value else {}
    known = ref is not None and "$" not in ref.value
    if ref is not None and known:
        parts["ref"] = ref.span
    found: dict[str, Any] = {
        "ref": ref.value if ref is not None else "",
        "ref_kind": classify_ref(ref.value) if ref else "none",
    }
    if ref is not None and not known:
        found = {"ref": UNKNOWN, "ref_kind": UNKNOWN}
    return Component(
        span=parts.get("ref", project.span),
        parts=parts,
        job=job,
        system="gitlab",
        kind="include",
        name=project.value if "$" not in project.value else UNKNOWN,
        owner=project.value.strip("/").partition("/")[0] if "$" not in project.value else UNKNOWN,
        **found,
    )


def _remote(url: Scalar, *, verified: bool, job: str) -> Component:
    parsed, raw = parse_url(url.value), _RAW_REF.search(url.value)
    parts: dict[str, Span] = {"name": url.span}
    kind: Text = UNKNOWN
    if raw is not None and "$" not in raw["ref"]:
        parts["ref"] = url.source.at(*raw.span("ref"))
        kind = classify_ref(raw["ref"])
    return Component(
        span=parts.get("ref", url.span),
        parts=parts,
        job=job,
        system="gitlab",
        kind="remote",
        name=url.value,
        host=parsed.host if parsed else UNKNOWN,
        ref=raw["ref"] if raw is not None and "ref" in parts else UNKNOWN,
        ref_kind=kind,
        verified=verified,
    )


def _component(node: Scalar, job: str) -> Component:
    name, at, ref = node.value.rpartition("@")
    name, ref = (name, ref) if at else (node.value, "")
    known = "$" not in ref
    parts: dict[str, Span] = {}
    if at and known:
        parts["ref"] = node.source.at(len(name) + 1, len(node.value))
    if "$" not in name:
        parts["name"] = node.source.at(0, len(name))
    own = re.match(r"\$\{?CI_SERVER_(?:FQDN|HOST)\}?/\$\{?CI_PROJECT_PATH", name) is not None
    return Component(
        span=parts.get("ref", node.span),
        parts=parts,
        job=job,
        system="gitlab",
        kind="component",
        name=name if "$" not in name else UNKNOWN,
        ref=ref if known else UNKNOWN,
        ref_kind=(classify_ref(ref) if ref else "none") if known else UNKNOWN,
        local=own,
    )
