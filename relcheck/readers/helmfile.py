"""helmfile.yaml: charts, where they come from, and what is given to them (helmfile.readthedocs.io, configuration).

repositories [{name, url, oci, username, password, skipTLSVerify, plainHttp}]
releases [{chart, version, namespace, values [map | path], set [{name, value}], hooks [{command, args}],
          strategicMergePatches [object | path], jsonPatches [{patch [operation]}]}], templates {…}
environments {NAME: {values [map | path]}}
chart = alias/name | ./path | oci://… | https://….tgz | git::…       helmfiles [{path} | path]

The text is a Go template; what is not certain without it running stays unknown. helmfile.lock settles ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Unreadable
from relcheck.readers.gitops import git_folder, insecure, text_of, values
from relcheck.readers.helm_chart import chart_dependency
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.remote_files import remote_file
from relcheck.readers.yaml_tree import load
from relcheck.refs import MARK
from relcheck.refs.secrets import identify, literal_form, redact
from relcheck.source import Source

_LOCAL = (".", "/", "~", "charts/")


def read(source: Source) -> Iterator[Fact]:
    """Read a helmfile."""
    text = source
    if "{{" in source.text:
        from relcheck.readers.go_template import masked  # noqa: PLC0415 - plain ones need no mask

        text = masked(source)
    loaded = load(text)
    for fault in loaded.faults if text is source else ():
        yield Unreadable(span=fault.span, reason=f"is no YAML: {fault.reason}")
    aliases: dict[str, Mapping] = {}
    for node in loaded.documents:
        if isinstance(node, Mapping):
            yield from _document(node, aliases)


def _document(node: Mapping, aliases: dict[str, Mapping]) -> Iterator[Fact]:
    repositories = [item for item in node.seq("repositories") or () if isinstance(item, Mapping)]
    if repositories:
        aliases.clear()
        aliases.update((item.text("name"), item) for item in repositories)
    for item in repositories:
        yield from _repository(item)
    environments = node.map("environments")
    for _, environment in environments.pairs() if environments is not None else ():
        yield from _values(environment.seq("values", merge=True) if isinstance(environment, Mapping) else None)
    templates = node.map("templates")
    releases: list[Node] = [value for _, value in templates.pairs()] if templates is not None else []
    releases += node.seq("releases") or ()
    for release in releases:
        if isinstance(release, Mapping):
            yield from _release(release, aliases)
    for other in node.seq("helmfiles") or ():
        yield from _elsewhere(other.scalar("path") if isinstance(other, Mapping) else other)
    yield from _hooks(node.seq("hooks"))


def _repository(item: Mapping) -> Iterator[Fact]:
    url = item.scalar("url")
    if url is not None and url.value:
        from relcheck.readers.urls import registry  # noqa: PLC0415 - few files name an endpoint

        yield from registry(url.source, ecosystem="helm", purpose="chart", key="url")
        for key in ("skipTLSVerify", "plainHttp"):
            yield from insecure(item.scalar(key), url, ecosystem="helm", purpose="chart", key=key)
    password = item.scalar("password")
    if password is not None and password.value and MARK not in password.value:
        yield _password(password, item)


def _password(password: Scalar, item: Mapping) -> Credential:
    form = literal_form(password.value)
    literal = form == "literal"
    token = identify(password.value) if literal else None
    return Credential(
        span=password.span,
        parts={"value": password.span},
        kind="helm-repo-password",
        form=form,
        where="manifest",
        ecosystem="helm",
        key="password",
        user=text_of(item.scalar("username")),
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        redacted=redact(password.value) if literal else "",
        length=len(password.value) if literal else 0,
    )


def _release(release: Mapping, aliases: dict[str, Mapping]) -> Iterator[Fact]:
    chart = release.scalar("chart", merge=True)
    if chart is not None and chart.value.strip():
        yield from _chart(chart, release.scalar("version", merge=True), aliases)
    yield from _values(release.seq("values", merge=True))
    yield from _set(release.seq("set", merge=True))
    yield from _patched(release)
    yield from _hooks(release.seq("hooks", merge=True))


def _values(items: Sequence | None) -> Iterator[Fact]:
    """Values that are written here, or in a file elsewhere; those in files of the repository are read there."""
    for item in items or ():
        if isinstance(item, Mapping):
            yield from values(item)
        elif isinstance(item, Scalar):
            yield from _elsewhere(item)


def _patched(release: Mapping) -> Iterator[Fact]:
    """`strategicMergePatches`, parts of objects, and `jsonPatches [{target, patch [{op, path, value}]}]`, where not in files."""
    parts = [item for item in release.seq("strategicMergePatches", merge=True) or () if isinstance(item, Mapping)]
    changes = [item.seq("patch") for item in release.seq("jsonPatches", merge=True) or () if isinstance(item, Mapping)]
    if not (parts or any(changes)):
        return
    from relcheck.readers.kubernetes import Setting, read_document  # noqa: PLC0415 - few releases patch
    from relcheck.readers.kustomization import json_patch  # noqa: PLC0415 - see above

    for part in parts:
        yield from read_document(part, Setting(patch=True))
    for change in changes:
        if change is not None:
            yield from json_patch(change)


def _chart(chart: Scalar, version: Scalar | None, aliases: dict[str, Mapping]) -> Iterator[Fact]:
    """A chart by the name of a repository and its own; a folder is no dependency, a URL is a download."""
    text = chart.value.strip()
    alias, slash, _ = text.partition("/")
    if text.startswith(("git::", "git+")):
        yield git_folder(chart, "helmfile")
    elif text.startswith(("http://", "https://")):
        yield from remote_file(chart.source, tool="helmfile")
    elif text.startswith("oci://"):
        yield chart_dependency(chart, version, None)
    elif not text.startswith(_LOCAL) and slash and (alias in aliases or MARK not in alias):
        holder = aliases.get(alias)
        yield chart_dependency(chart, version, holder.scalar("url") if holder is not None else None)


def _set(items: Sequence | None) -> Iterator[Fact]:
    """`set`: values one by one, the whole image or its tag among them."""
    for item in items or ():
        name, value = (item.scalar(key) for key in ("name", "value")) if isinstance(item, Mapping) else (None, None)
        if name is None or value is None or not value.value.strip(MARK):
            continue
        if name.value.lower().endswith("image") and re.search(r"[/:@]", value.value):
            found = image_fact(value.source, role="override", engine="helm")
        elif name.value.lower().endswith(("image.tag", "imagetag")):
            from relcheck.readers.composed import composed  # noqa: PLC0415 - few releases set a tag

            written = f"{name.value}={value.value}"
            found = image_fact(composed([MARK, ":", value.source]), role="override", engine="helm", written=written)
        else:
            continue
        if found is not None:
            bare = found.tag == "" and found.digest == ""
            yield found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial") if bare else found


def _hooks(hooks: Sequence | None) -> Iterator[Fact]:
    for hook in hooks or ():
        command = hook.scalar("command") if isinstance(hook, Mapping) else None
        if command is None or not isinstance(hook, Mapping) or MARK in command.value:
            continue
        words = [command.source, *(item.source for item in hook.seq("args") or () if isinstance(item, Scalar))]
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv(words, context="hook")


def _elsewhere(path: Node | None) -> Iterator[Fact]:
    """A file that is taken from a repository, `git::https://host/owner/name@path?ref=REF`, or by its URL."""
    if isinstance(path, Scalar) and path.value.startswith("git::"):
        yield git_folder(path, "helmfile")
    elif isinstance(path, Scalar) and path.value.startswith(("http://", "https://")):
        yield from remote_file(path.source, tool="helmfile")
