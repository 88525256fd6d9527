"""vendir.yml: what is copied into folders of the repository (carvel.dev/vendir/docs, vendir.yml).

directories [{path, contents [{path, …}]}], content = git {url, ref} | image {url} | imgpkgBundle {image} | http {url, sha256}
  | githubRelease {slug, tag | latest, checksums} | helmChart {name, version, repository {url}} | directory | manual

vendir.lock.yml beside it settles what a sync took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Component, Fact
from relcheck.readers.gitops import git_source, text_of
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node
from relcheck.readers.remote_files import remote_file
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs.git import classify_ref
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Read a vendir.yml."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        yield from read_document(source, node)


def read_document(_: Source, node: Node) -> Iterator[Fact]:
    """Read one configuration."""
    if not isinstance(node, Mapping) or node.text("kind") != "Config":
        return
    for directory in node.seq("directories") or ():
        for content in (directory.seq("contents") if isinstance(directory, Mapping) else None) or ():
            yield from content_facts(content) if isinstance(content, Mapping) else ()


def content_facts(content: Mapping) -> Iterator[Fact]:
    """Yield what one content is copied from, under the key that says how."""
    for key, value in content.pairs(merge=True):
        if key.value in _READERS and isinstance(value, Mapping):
            yield from _READERS[key.value](value)


def _git(found: Mapping) -> Iterator[Fact]:
    """`ref` is a commit, a tag or `origin/BRANCH`; `refSelection` chooses among tags by version."""
    url, ref = found.scalar("url", merge=True), found.scalar("ref", merge=True)
    if url is None or not url.value:
        return
    kind = "none" if ref is None else "branch" if ref.value.startswith("origin/") else classify_ref(ref.value)
    yield git_source(url.source, ref, "range" if found.map("refSelection") is not None else kind, "vendir")


def _image(found: Mapping) -> Iterator[Fact]:
    name = found.scalar("url", merge=True) or found.scalar("image", merge=True)
    image = image_fact(name.source, role="artifact", engine="vendir") if name is not None else None
    if image is not None:
        ranged = found.map("tagSelection") is not None
        yield image.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if ranged else image


def _http(found: Mapping) -> Iterator[Fact]:
    url = found.scalar("url", merge=True)
    if url is not None:
        yield from remote_file(url.source, tool="vendir", checksum=bool(found.text("sha256")))


def _release(found: Mapping) -> Iterator[Fact]:
    slug, tag = found.scalar("slug", merge=True), found.scalar("tag", merge=True)
    if slug is None or not slug.value:
        return
    ref = tag if tag is not None and tag.value else None
    newest = ref is None and found.text("latest") == "true"
    yield Component(
        span=(ref or slug).span,
        parts={"name": slug.span, **({"ref": ref.span} if ref is not None else {})},
        system="vendir",
        kind="release",
        name=text_of(slug),
        owner=slug.value.partition("/")[0],
        host="github.com",
        ref=text_of(ref),
        ref_kind="latest-alias" if newest else classify_ref(ref.value) if ref is not None else "range",
        verified=found.map("checksums") is not None,
    )


def _chart(found: Mapping) -> Iterator[Fact]:
    name, repository = found.scalar("name", merge=True), found.map("repository", merge=True)
    url = repository.scalar("url", merge=True) if repository is not None else None
    if name is None or not name.value:
        return
    from relcheck.readers.helm_chart import chart_facts  # noqa: PLC0415 - few files name a chart

    yield from chart_facts(name, found.scalar("version", merge=True), url)


_READERS: dict[str, Callable[[Mapping], Iterator[Fact]]] = {
    "git": _git,
    "image": _image,
    "imgpkgBundle": _image,
    "http": _http,
    "githubRelease": _release,
    "helmChart": _chart,
}
