"""package.json: what is published, what it depends on (the grammar of npm's package arguments), and its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Package, Text, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.pyproject import version_fields
from relcheck.readers.urls import registry, userinfo
from relcheck.readers.yaml_tree import load
from relcheck.refs.git import parse_git_url
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_GROUPS = {
    "dependencies": "prod",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
    "resolutions": "override",
}
_LOCAL = ("file:", "link:", "portal:", "./", "../", "~/", "/")
_WORKSPACE = ("workspace:", "catalog:")
_EXACT = re.compile(r"[=v]?\s*\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*$")
_HOSTED = re.compile(
    r"(?:github:|gitlab:|bitbucket:|gist:)?[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:#.*)?$|gist:[0-9a-f]+(?:#.*)?$"
)
_ARCHIVE = re.compile(r".*\.(?:tgz|tar\.gz|tar)$")
_GIT_FIRMNESS = {
    "sha": "git-commit",
    "short-sha": "git-commit",
    "none": "git-default",
    "branch": "git-branch",
    "latest-alias": "git-branch",
    "pull": "git-branch",
}
_TEMPLATE = re.compile(r"\{\{|<%|\$\{")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its dependencies, the registry it publishes to, and what its scripts do."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping) or top.get("_id") is not None:
        return
    yield _package(source, top)
    config = top.map("publishConfig")
    target = config.scalar("registry") if config else None
    if target is not None:
        yield from registry(target.source, ecosystem="npm", purpose="publish", key="publishConfig.registry")
    for key, group in _GROUPS.items():
        yield from _group(top.map(key), group)
    yield from _overrides(top.map("overrides"))
    pnpm = top.map("pnpm")
    yield from _group(pnpm.map("overrides") if pnpm else None, "override")
    yield from _repository(top)
    yield from _scripts(top.map("scripts"))


def _package(source: Source, top: Mapping) -> Package:
    name, version, config = top.scalar("name"), top.scalar("version"), top.map("publishConfig")
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.span
    if version is not None:
        parts["version"] = version.span
    words = name.value if name else ""
    target = parse_url(config.text("registry")) if config else None
    written: Text = version.value if version is not None else UNKNOWN
    if version is not None and _TEMPLATE.search(version.value):
        written = UNKNOWN
        parts.pop("version")
    return Package(
        span=parts.get("version") or parts.get("name") or top.span,
        parts=parts,
        ecosystem="npm",
        name=words or UNKNOWN,
        scope=words.partition("/")[0] if words.startswith("@") else "",
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        private=top.text("private") == "true" or name is None or version is None,
        publish_host=target.host if target else "",
        access=config.text("access") if config else "",
        **version_fields("npm", written),
    )


def _group(table: Mapping | None, group: str) -> Iterator[Fact]:
    for key, value in table.pairs() if table else ():
        if isinstance(value, Scalar) and not _TEMPLATE.search(value.value):
            yield from dependency(key, value, group)


def _overrides(table: Mapping | None) -> Iterator[Fact]:
    """`overrides`: nested by parent; `.` is the parent itself, `$name` refers to an own dependency."""
    stack: list[tuple[Scalar | None, Node]] = [(None, table)] if table else []
    seen: set[int] = set()
    while stack:
        key, node = stack.pop()
        if isinstance(node, Mapping) and id(node) not in seen:
            seen.add(id(node))
            stack.extend((name if name.value != "." else key or name, value) for name, value in node.pairs())
        elif isinstance(node, Scalar) and key is not None and not node.value.startswith("$"):
            yield from dependency(key, node, "override")


def dependency(key: Scalar, value: Scalar, group: str) -> Iterator[Fact]:
    """`name: spec`, where spec is a range, a dist-tag, an alias, a path, a URL or a git reference."""
    spec = value.value.strip()
    shared: dict[str, Any] = {"ecosystem": "npm", "where": "manifest", "group": group, "name": key.value}
    parts: dict[str, Span] = {"name": key.span, "constraint": value.span}
    if spec.startswith(_WORKSPACE):
        kind = "workspace"
    elif spec.startswith("npm:"):
        kind = npm_firmness(spec[4:].rpartition("@")[2] if "@" in spec[5:] else "")
    elif spec.startswith(_LOCAL) or (_ARCHIVE.match(spec) and "://" not in spec):
        kind = "path"
    elif spec.startswith(("patch:", "exec:", "jsr:")):
        kind = "unknown"
    elif _is_git(spec):
        yield _git(key, value, shared)
        yield from _secret(value)
        return
    elif "://" in spec:
        url = parse_url(spec)
        yield Dependency(
            span=value.span, parts={"name": key.span}, firmness="url", source="url",
            url=url.redacted if url else UNKNOWN, scheme=url.scheme if url else "", **shared,
        )  # fmt: skip
        yield from _secret(value)
        return
    else:
        kind = npm_firmness(spec)
    origin = {"workspace": "workspace", "path": "path"}.get(kind, "registry")
    yield Dependency(
        span=value.span if value.value else key.span, parts=parts, constraint=value.value,
        firmness=UNKNOWN if kind == "unknown" else kind, source=origin, **shared,
    )  # fmt: skip


def npm_firmness(spec: str) -> str:
    """Say how firmly a version spec binds: exact, range, any (empty, `*`, `x`), tag (`latest`, `next`)."""
    if spec in ("", "*", "x", "X") or re.fullmatch(r">=\s*0(?:\.0){0,2}", spec):
        return "any"
    if _EXACT.match(spec):
        return "exact"
    return "tag" if _TAG.match(spec) and not re.match(r"[vV]?\d|[xX](?:\.|$)", spec) else "range"


def _is_git(spec: str) -> bool:
    hosted = re.match(
        r"https?://(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)/[^/]+/[^/#]+(?:\.git)?(?:#.*)?$", spec
    )
    return bool(spec.startswith(("git+", "git:", "git@", "ssh:")) or hosted or _HOSTED.match(spec))


def _git(key: Scalar, value: Scalar, shared: dict[str, Any]) -> Dependency:
    """A git reference; the committish stands behind `#` (`semver:RANGE` asks the tags)."""
    spec = value.value
    git = parse_git_url(spec, any_https=True)
    ref, at = spec.partition("#")[2], spec.find("#") + 1
    kind = "range" if ref.startswith("semver:") else str(git.ref_kind) if git and ref else "none"
    if git is None and ref and not ref.startswith("semver:"):
        from relcheck.refs.git import classify_ref  # noqa: PLC0415 - only for shorthands

        kind = classify_ref(ref)
    parts = {"name": key.span}
    if ref:
        parts["ref"] = value.source.at(at, len(spec))
    return Dependency(
        span=parts.get("ref", value.span),
        parts=parts,
        firmness=_GIT_FIRMNESS.get(kind, "git-tag"),
        source="git",
        ref=ref,
        url=git.url if git else spec.partition("#")[0],
        scheme=git.scheme if git else "",
        **shared,
    )


def _secret(value: Scalar) -> Iterator[Fact]:
    found = userinfo(value.source, ecosystem="npm")
    if found is not None:
        yield found


def _repository(top: Mapping) -> Iterator[Fact]:
    node = top.get("repository")
    url = node.scalar("url") if isinstance(node, Mapping) else node
    if isinstance(url, Scalar):
        yield from _secret(url)


def _scripts(table: Mapping | None) -> Iterator[Fact]:
    if table is None or not table.items:
        return
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - the shell grammar is only needed here

    for key, value in table.pairs():
        if isinstance(value, Scalar):
            yield from read_shell(value.source, context=f"npm:{key.value}")
