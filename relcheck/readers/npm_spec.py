"""One npm dependency as a fact: the grammar of npm's package arguments, and what Yarn, pnpm and Bun add to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.package_sources import INSECURE, firmness_of_ref, transport, url_dependency
from relcheck.readers.urls import userinfo
from relcheck.refs.git import parse_git_url
from relcheck.source import Source, Span

_LOCAL = ("file:", "link:", "portal:", "./", "../", "~/", "/")
_WORKSPACE = ("workspace:", "catalog:")
_EXACT = re.compile(r"[=v]?\s*\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*$")
_RANGE_WORD = re.compile(r"[vV]?\d|[xX](?:\.|$)")
_FLOOR = re.compile(r">=\s*0(?:\.0){0,2}$")
_HOSTED = re.compile(
    r"(?:github:|gitlab:|bitbucket:|gist:)?[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:#.*)?$|gist:[0-9a-f]+(?:#.*)?$"
)
_HOSTED_URL = re.compile(r"https?://(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)/[^/]+/[^/#]+(?:\.git)?(?:#.*)?$")
_ARCHIVE = re.compile(r".*\.(?:tgz|tar\.gz|tar)$")
_REGISTRY_PREFIX = re.compile(r"(?:npm|jsr|gh|work):")
_TEMPLATE = re.compile(r"\{\{|<%|\$\{")
_PARENT = re.compile(r"[^ |@]>")  # pnpm's `parent>child`; the sign in `a@>1` is part of a range


def group_of(table: Mapping | None, group: str) -> Iterator[Fact]:
    """Yield the dependencies of a mapping `name: spec`."""
    for key, value in table.pairs() if table else ():
        if isinstance(value, Scalar) and not _TEMPLATE.search(value.value):
            yield from dependency(key, value, group)


def overrides(table: Mapping | None) -> Iterator[Fact]:
    """Yield `overrides`: nested by parent; `.` is the parent itself, `$name` refers to an own dependency."""
    stack: list[tuple[Scalar | None, Node]] = [(None, table)] if table else []
    seen: set[int] = set()
    while stack:
        key, node = stack.pop()
        if isinstance(node, Mapping) and id(node) not in seen:
            seen.add(id(node))
            stack.extend((name if name.value != "." else key or name, value) for name, value in node.pairs())
        elif isinstance(node, Scalar) and key is not None and not node.value.startswith("$") and node.value != "-":
            yield from dependency(key, node, "override")


def _name(key: Scalar, group: str) -> tuple[str, Span]:
    """Return the package that a key names: of `a>b`, `**/b`, `p/b` and `@s/b@1` in overrides it is the last part."""
    text = key.value
    if group != "override":
        return text, key.span
    start = max((match.end() for match in _PARENT.finditer(text)), default=0)
    at = text.find("@", start + 1)
    while at > 0 and text[at - 1] == "/":  # the scope of `**/@s/b`
        at = text.find("@", at + 1)
    end = at if at > 0 else len(text)
    parts = text[start:end].split("/")
    scoped = len(parts) > 1 and parts[-2].startswith("@")
    name = "/".join(parts[-2:] if scoped else parts[-1:])
    return (name, key.source.at(end - len(name), end)) if name else (text, key.span)


def dependency(key: Scalar, value: Scalar, group: str) -> Iterator[Fact]:
    """Yield `name: spec`, where spec is a range, a dist-tag, an alias, a path, a URL or a git reference."""
    spec = value.value.strip()
    name, place = _name(key, group)
    shared: dict[str, Any] = {"ecosystem": "npm", "where": "manifest", "group": group, "name": name}
    parts: dict[str, Span] = {"name": place}
    if is_git(spec):
        yield from _git(value, parts, shared)
    elif "://" in spec and not spec.startswith((*_LOCAL, *_WORKSPACE, "patch:", "exec:")):
        yield from url_dependency(value.source, parts, shared)
    else:
        kind, origin = _kind(spec)
        yield Dependency(
            span=value.span if value.value else key.span, parts={**parts, "constraint": value.span},
            constraint=value.value, firmness=UNKNOWN if kind == "unknown" else kind, source=origin, **shared,
        )  # fmt: skip


def _kind(spec: str) -> tuple[str, str]:
    """Return firmness and source of a spec that is neither a git reference nor a URL."""
    if spec.startswith(_WORKSPACE):
        return "workspace", "workspace"
    if spec.startswith(_LOCAL) or _ARCHIVE.match(spec):
        return "path", "path"
    if spec.startswith(("patch:", "exec:")):
        return "unknown", "registry"
    prefix = _REGISTRY_PREFIX.match(spec)
    if prefix is not None:
        return npm_firmness(_alias_range(spec[prefix.end() :])), "registry"
    return npm_firmness(spec), "registry"


def _alias_range(text: str) -> str:
    """Return the range of `name@range`, `@scope/name@range` or, for named registries, of a bare range."""
    if re.match(r"[\d^~<>=*]|$", text):
        return text
    at = text.find("@", 1)
    return text[at + 1 :] if at > 0 else ""


def npm_firmness(spec: str) -> str:
    """Say how firmly a version spec binds: exact, range, any (empty, `*`, `x`), tag (`latest`, `next`)."""
    if spec in ("", "*", "x", "X") or _FLOOR.match(spec):
        return "any"
    if _EXACT.match(spec):
        return "exact"
    return "tag" if _TAG.match(spec) and not _RANGE_WORD.match(spec) else "range"


def is_git(spec: str) -> bool:
    """Whether a spec names a git repository: a git URL, or a repository of a known forge without its host."""
    if spec.startswith(_LOCAL):
        return False
    return bool(spec.startswith(("git+", "git:", "git@", "ssh:")) or _HOSTED_URL.match(spec) or _HOSTED.match(spec))


def _git(value: Scalar, parts: dict[str, Span], shared: dict[str, Any]) -> Iterator[Fact]:
    """A git reference; the committish stands behind `#` (`semver:RANGE` asks the tags, `path:` names a folder)."""
    spec = value.value
    git = parse_git_url(spec, any_https=True)
    start = spec.find("#") + 1
    end = spec.find("::", start) if start and "::" in spec[start:] else len(spec)
    ref = spec[start:end] if start and not spec.startswith("path:", start) else ""
    if ref:
        parts = {**parts, "ref": value.source.at(start, end)}
    firmness = "git-tag" if ref.startswith("semver:") else firmness_of_ref(ref)
    yield Dependency(
        span=parts.get("ref", value.span),
        parts=parts,
        firmness=UNKNOWN if firmness == "unknown" else firmness,
        source="git",
        ref=ref,
        url=git.url if git else spec.partition("#")[0],
        scheme=git.scheme if git else "",
        **shared,
    )
    cut = spec.find("#")
    address = value.source.part(0, cut if cut >= 0 else len(spec))
    if git is not None and git.scheme in INSECURE:
        yield from transport(address, "npm")
    else:
        yield from secret(value.source)


def secret(url: Source) -> Iterator[Fact]:
    """Yield the credential in a URL, if there is one."""
    found = userinfo(url, ecosystem="npm")
    if found is not None:
        yield found


def tool(value: Source, name: str, constraint: Source | None, *, hashed: bool = False) -> Dependency:
    """Return a tool that a manifest asks for (`packageManager`, `volta`): its name and version."""
    place = constraint.all() if constraint is not None else value.all()
    text = constraint.text if constraint is not None else ""
    parts = {"constraint": place} if constraint is not None else {}
    if value.text.startswith(f"{name}@"):
        parts["name"] = value.part(0, len(name)).all()
    return Dependency(
        span=place, parts=parts, ecosystem="npm", where="manifest",
        name=name, constraint=text, firmness=npm_firmness(text), group="tool", hashed=hashed,
    )  # fmt: skip
