"""composer.json: packages of PHP, the repositories they come from, and scripts (Composer: The composer.json schema).

`dev-NAME` and `1.x-dev` are branches; `#commit` behind them pins. Names without a slash are the platform (php, ext-*).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Package, Registry, Text, Unreadable
from relcheck.readers.composer_auth import logins
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_sources import plain_http, transport
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.source import Source, Span

_BRANCH = re.compile(
    r"(?P<ref>dev-[^\s#@|,]+|v?\d+(?:\.\d+)*(?:\.[x*])?-dev)(?:#(?P<commit>[0-9a-f]{7,40}))?(?:\s+as\s+\S+)?$"
)
_EXACT = re.compile(r"=?\s*v?\d+(?:\.\d+){1,3}(?:-?(?:alpha|beta|RC|rc|patch|pl|p|a|b)\.?\d*)?(?:@\w+)?$")
_ANY = re.compile(r"(?:\*|>=\s*0(?:\.0)*|@\w+|\*@\w+|)$")
_VCS = frozenset(("vcs", "git", "github", "gitlab", "bitbucket", "git-bitbucket"))
_REFERENCE = re.compile(r"@(?!php\b|composer\b|putenv\b)\S+|[\w\\]+::\w+$|[A-Z]\w*(?:\\\w+)+$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its dependencies, repositories, weakened transport, and what its scripts do."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid JSON here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    yield from _package(source, top)
    for key, group in (("require", "prod"), ("require-dev", "dev")):
        for name, value in (top.map(key) or _EMPTY).pairs():
            if isinstance(value, Scalar) and "/" in name.value:
                yield _dependency(name, value, group)
    yield from _repositories(top.get("repositories"))
    config = top.map("config")
    yield from _settings(config)
    yield from logins(config) if config is not None else ()
    yield from _scripts(top.map("scripts"))


def _package(source: Source, top: Mapping) -> Iterator[Package]:
    name, version = top.scalar("name"), top.scalar("version")
    if name is None:
        return
    parts: dict[str, Span] = {"name": name.span}
    if version is not None:
        parts["version"] = version.span
    written: Text = version.value if version is not None else UNKNOWN
    yield Package(
        span=parts.get("version", name.span),
        parts=parts,
        ecosystem="composer",
        name=name.value,
        scope=name.value.partition("/")[0],
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        private=top.text("type") == "project",
        **version_fields("composer", written),
    )


def _dependency(name: Scalar, value: Scalar, group: str) -> Dependency:
    text = value.value.strip()
    parts: dict[str, Span] = {"name": name.span, "constraint": value.span}
    shared: dict[str, Any] = {
        "ecosystem": "composer",
        "where": "manifest",
        "group": group,
        "name": name.value,
        "constraint": value.value,
    }
    branch = _BRANCH.match(text)
    if branch is not None:
        found = "commit" if branch["commit"] else "ref"
        start = len(value.value) - len(value.value.lstrip())
        first, last = branch.span(found)
        parts["ref"] = value.source.at(start + first, start + last)
        firmness = "git-commit" if branch["commit"] else "git-branch"
        return Dependency(span=value.span, parts=parts, firmness=firmness, source="git", ref=branch[found], **shared)
    return Dependency(span=value.span, parts=parts, firmness=composer_firmness(text), **shared)


def composer_firmness(constraint: str) -> str:
    """Say how firmly a constraint binds: exact, range, any (`*`, `@dev`), workspace (`self.version`)."""
    if constraint == "self.version":
        return "workspace"
    if _ANY.match(constraint):
        return "any"
    return "exact" if _EXACT.match(constraint) else "range"


def _repositories(node: Node | None) -> Iterator[Fact]:
    """A list, or a mapping of names; `{"packagist.org": false}` or `packagist.org: false` leaves the public one out."""
    entries: list[Node] = list(node.items) if isinstance(node, Sequence) else []
    alone = any(isinstance(item, Mapping) and _leaves_out(item) for item in entries)
    if isinstance(node, Mapping):
        entries = [value for _, value in node.pairs()]
        alone = _leaves_out(node)
    for entry in entries:
        if isinstance(entry, Mapping):
            yield from _repository(entry, alone)


def _leaves_out(node: Mapping) -> bool:
    return any(
        key.value in ("packagist.org", "packagist") and node.text(key.value) == "false" for key, _ in node.pairs()
    )


def _repository(entry: Mapping, alone: bool) -> Iterator[Fact]:
    url, kind = entry.scalar("url"), entry.text("type")
    if kind == "package":
        package = entry.get("package")
        for one in package.items if isinstance(package, Sequence) else [package]:
            yield from _inline(one) if isinstance(one, Mapping) else ()
    if url is None:
        return
    if kind in _VCS:
        yield from transport(url.source, "composer")
    elif kind == "composer":
        chosen = entry.get("only") is not None or entry.get("exclude") is not None
        loose = entry.text("canonical") == "false" and not chosen and not alone
        yield from registry(
            url.source, ecosystem="composer", purpose="noncanonical-index" if loose else "index", key="repositories"
        )


def _inline(package: Mapping) -> Iterator[Fact]:
    """A package that the manifest itself describes: its archive, whose `shasum` verifies it, and its repository."""
    archive, origin = package.map("dist"), package.map("source")
    url = archive.scalar("url") if archive is not None else None
    if url is not None and archive is not None and not archive.text("shasum"):
        yield from plain_http(url.source, "composer")
    address = origin.scalar("url") if origin is not None else None
    if address is not None:
        yield from transport(address.source, "composer")


def _settings(config: Mapping | None) -> Iterator[Fact]:
    for key, off in (("secure-http", "false"), ("disable-tls", "true")):
        value = config.scalar(key) if config else None
        if value is not None and value.value == off:
            yield Registry(
                span=value.span, ecosystem="composer", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                key=f"{key}: {off}",
            )  # fmt: skip
    plugins = config.scalar("allow-plugins") if config else None
    if plugins is not None and plugins.value == "true":
        yield Registry(
            span=plugins.span, ecosystem="composer", purpose="scripts", url="", host="", key="allow-plugins: true"
        )


def _scripts(table: Mapping | None) -> Iterator[Fact]:
    """A command or a list of them; `@name` calls another script, `Class::method` runs PHP."""
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - the shell grammar is only needed here

    for key, value in table.pairs() if table else ():
        for item in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(item, Scalar) and not _REFERENCE.match(item.value):
                yield from read_shell(item.source, context=f"composer:{key.value}")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
