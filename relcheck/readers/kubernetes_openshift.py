"""OpenShift: what builds start from and make, and the images that streams import (docs.openshift.com, build and image API).

BuildConfig: spec.strategy.<kind>.from, spec.source.images[].from {kind: DockerImage, name}, spec.output.to
spec.source {git {uri, ref}, dockerfile}
ImageStream: spec.tags [{from, importPolicy {insecure}}]
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.gitops import git_source, insecure
from relcheck.readers.images import image_fact
from relcheck.readers.kubernetes import Setting, workload_image
from relcheck.readers.kubernetes_parameters import walk_keys
from relcheck.readers.nodes import Mapping, Sequence
from relcheck.refs.git import classify_ref


def object_facts(node: Mapping, _: str, kind: str, setting: Setting) -> Iterator[Fact]:
    """Yield the images and sources of a BuildConfig, Build or ImageStream."""
    spec = node.map("spec", merge=True)
    if spec is None:
        return
    if kind == "ImageStream":
        yield from _tags(spec.seq("tags", merge=True), setting)
        return
    for key, value in walk_keys(spec):
        if key == "from" and isinstance(value, Mapping):
            yield from _image(value, "base", setting)
    output = spec.map("output", merge=True)
    target = output.map("to", merge=True) if output is not None else None
    if target is not None and target.text("kind") == "DockerImage" and (name := target.scalar("name")) is not None:
        found = image_fact(name.source, role="output", engine="kubernetes", push=True)
        if found is not None:
            yield found
    yield from _source(spec.map("source", merge=True))


def _tags(tags: Sequence | None, setting: Setting) -> Iterator[Fact]:
    for tag in tags or ():
        origin = tag.map("from", merge=True) if isinstance(tag, Mapping) else None
        if origin is None or not isinstance(tag, Mapping):
            continue
        yield from _image(origin, "pulled", setting)
        policy = tag.map("importPolicy", merge=True)
        if policy is not None:
            flag, name = policy.scalar("insecure", merge=True), origin.scalar("name")
            yield from insecure(flag, name, ecosystem="docker", purpose="container", key="importPolicy.insecure")


def _image(holder: Mapping, role: str, setting: Setting) -> Iterator[Fact]:
    name = holder.scalar("name", merge=True)
    if holder.text("kind", merge=True) == "DockerImage" and name is not None:
        found = workload_image(name, role, setting)
        if found is not None:
            yield found


def _source(source: Mapping | None) -> Iterator[Fact]:
    git = source.map("git", merge=True) if source is not None else None
    url = git.scalar("uri", merge=True) if git is not None else None
    if git is not None and url is not None and url.value:
        ref = git.scalar("ref", merge=True)
        yield git_source(url.source, ref, classify_ref(ref.value) if ref is not None else "none", "openshift")
    text = source.scalar("dockerfile", merge=True) if source is not None else None
    if text is not None:
        from relcheck.readers import embedded  # noqa: PLC0415 - the table of formats imports readers by name

        yield from embedded("dockerfile", text.source)
