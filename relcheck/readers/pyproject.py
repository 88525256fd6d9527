"""pyproject.toml: what is published (PEP 621, Poetry, Flit), what it depends on, and the indexes of its tools.

uv.toml is the table `[tool.uv]` on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Package, Registry, Text, Unreadable
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.package_metadata import first, of_python
from relcheck.readers.package_sources import git_dependency, url_dependency
from relcheck.readers.package_versions import version_fields
from relcheck.readers.python_requirement import python_firmness, requirement
from relcheck.readers.toml_tree import load
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

_POETRY_SOURCES = {"explicit": "explicit-index", "supplemental": "second-index", "secondary": "second-index"}
_UV_URLS = (
    ("index-url", "index"), ("extra-index-url", "first-index"), ("find-links", "find-links"), ("publish-url", "publish"),
    ("check-url", "check"),
)  # fmt: skip
_CARET = re.compile(r"[~^]?\d+(\.\d+)*\S*$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, its dependencies in every group, and the indexes that its tools are given."""
    top, faults = load(source)
    for fault in faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    folder = source.path.rpartition("/")[0]
    if source.path.rsplit("/", 1)[-1].lower() == "uv.toml":
        yield from _uv(top)
        return
    tool = top.map("tool")
    yield from _package(top, tool, folder)
    yield from _with_sources(_standard_dependencies(top), tool.map("uv") if tool else None)
    if tool is not None:
        yield from _poetry(tool.map("poetry"))
        yield from _uv(tool.map("uv"))
        yield from _pdm(tool.map("pdm"))
        yield from _hatch(tool.map("hatch"))
        yield from _flit(tool.map("flit"), folder)
        yield from _setuptools(tool.map("setuptools"))
        if any(tool.get(name) is not None for name in ("hatch", "pdm", "poe", "cibuildwheel", "tox", "pixi")):
            from relcheck.readers.pyproject_tasks import tasks  # noqa: PLC0415 - brings the shell grammar

            yield from tasks(source, tool)


def script_facts(top: Mapping) -> Iterator[Fact]:
    """Yield what the comment of a single script depends on (PEP 723), and the indexes of its tools."""
    tool = top.map("tool")
    uv = tool.map("uv") if tool else None
    yield from _with_sources(_list(top.get("dependencies"), "prod"), uv)
    yield from _uv(uv)


def _package(top: Mapping, tool: Mapping | None, folder: str) -> Iterator[Fact]:
    project = top.map("project")
    poetry = tool.map("poetry") if tool else None
    table = project if project is not None and project.get("name") is not None else poetry
    if table is None:
        return
    name, version = table.scalar("name"), table.scalar("version")
    if version is None and poetry is not None and table is project:
        version = poetry.scalar("version")
    dynamic = any(isinstance(item, Scalar) and item.value == "version" for item in table.seq("dynamic") or ())
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.span
    if version is not None:
        parts["version"] = version.span
    written: Text = version.value if version is not None else UNKNOWN
    fault = first(of_python(table)) if table is project else None
    if fault is not None:
        parts["value"] = fault.place
    yield Package(
        span=parts.get("version") or parts.get("name") or table.span,
        parts=parts,
        ecosystem="pypi",
        name=name.value if name else UNKNOWN,
        folder=folder,
        version=written,
        version_dynamic=dynamic or version is None,
        private=_is_private(table, poetry),
        invalid=fault.why if fault is not None else "",
        blocked=_blocked(table, poetry),
        **version_fields("pypi", written),
    )


def _is_private(table: Mapping, poetry: Mapping | None) -> bool:
    return _has_private_classifier(table) or (poetry is not None and poetry.text("package-mode") == "false")


def _blocked(table: Mapping, poetry: Mapping | None) -> str:
    """Return the words that forbid to publish: the index refuses the one, Poetry builds nothing with the other."""
    if _has_private_classifier(table):
        return "the classifier Private ::"
    return "package-mode = false" if poetry is not None and poetry.text("package-mode") == "false" else ""


def _has_private_classifier(table: Mapping) -> bool:
    return any(
        isinstance(item, Scalar) and item.value.startswith("Private ::") for item in table.seq("classifiers") or ()
    )


def _standard_dependencies(top: Mapping) -> Iterator[Fact]:
    """`[project]` (PEP 621), `[dependency-groups]` (PEP 735), `[build-system]` (PEP 518)."""
    project = top.map("project")
    if project is not None:
        yield from _list(project.seq("dependencies"), "prod")
        for _, extra in (project.map("optional-dependencies") or _EMPTY).pairs():
            yield from _list(extra, "optional")
    for _, group in (top.map("dependency-groups") or _EMPTY).pairs():
        yield from _list(group, "dev")
    build = top.map("build-system")
    if build is not None:
        yield from _list(build.seq("requires"), "build")


def _list(node: Node | None, group: str) -> Iterator[Fact]:
    for item in node if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield from requirement(item.source, where="manifest", group=group)


def _poetry(poetry: Mapping | None) -> Iterator[Fact]:
    """`[tool.poetry]`: `name = "^1.0"`, `name = {version = …}` or a list of such tables."""
    if poetry is None:
        return
    yield from _poetry_group(poetry.map("dependencies"), "prod")
    yield from _poetry_group(poetry.map("dev-dependencies"), "dev")
    for _, group in (poetry.map("group") or _EMPTY).pairs():
        if isinstance(group, Mapping):
            yield from _poetry_group(group.map("dependencies"), "dev")
    for entry in poetry.seq("source") or ():
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if url is not None and isinstance(entry, Mapping):
            priority = entry.text("priority")
            purpose = _POETRY_SOURCES.get(priority, "index")
            yield from registry(url.source, ecosystem="pypi", purpose=purpose, key="tool.poetry.source")


def _poetry_group(table: Mapping | None, group: str) -> Iterator[Fact]:
    for key, value in (table or _EMPTY).pairs():
        if key.value != "python":
            for item in value if isinstance(value, Sequence) else (value,):
                yield from _poetry_dependency(key, item, group)


def _poetry_dependency(key: Scalar, node: Node, group: str) -> Iterator[Fact]:
    shared: dict[str, Any] = {"ecosystem": "pypi", "where": "manifest", "group": group, "name": key.value}
    parts = {"name": key.span}
    if isinstance(node, Scalar):
        yield _poetry_version(node, parts, shared)
    elif isinstance(node, Mapping):
        version = node.scalar("version")
        url = node.scalar("url")
        shared["index"] = node.text("source")
        shared["conditional"] = any(node.get(key) is not None for key in ("python", "platform", "markers"))
        if node.get("git") is not None:
            yield from git_table(node, parts, shared)
        elif node.get("path") is not None:
            shared["constraint"] = version.value if version is not None else UNKNOWN
            found = {**parts, "constraint": version.span} if version is not None else parts
            yield Dependency(span=key.span, parts=found, firmness="path", source="path", **shared)
        elif url is not None:
            yield from url_dependency(url.source, parts, shared)
        elif version is not None:
            yield _poetry_version(version, parts, shared)


def _poetry_version(node: Scalar, parts: dict[str, Span], shared: dict[str, Any]) -> Dependency:
    text = node.value.strip()
    bare = re.fullmatch(r"\d+(?:\.\d+)*[A-Za-z0-9.+-]*", text)
    firmness = "any" if text in ("*", "") else "exact" if bare else python_firmness(text)
    if _CARET.match(text) and not bare:
        firmness = "range"
    return Dependency(
        span=node.span,
        parts={**parts, "constraint": node.span},
        constraint=node.value,
        firmness=firmness,
        **shared,
    )


def git_table(node: Mapping, parts: dict[str, Span], shared: dict[str, Any]) -> Iterator[Fact]:
    """Yield a dependency from a table with `git` and one of `rev`, `ref`, `tag`, `branch` (Poetry, uv, Pipenv)."""
    url = node.scalar("git")
    rev, tag, branch = node.scalar("rev") or node.scalar("ref"), node.scalar("tag"), node.scalar("branch")
    if url is not None:
        yield from git_dependency(
            url.source,
            parts,
            shared,
            commit=rev.source if rev else None,
            tag=tag.source if tag else None,
            branch=branch.source if branch else None,
        )


def _uv(uv: Mapping | None) -> Iterator[Fact]:
    """`[tool.uv]`, which is also all of uv.toml: dependencies, indexes, and settings that weaken an install."""
    if uv is None:
        return
    for name in ("dev-dependencies", "constraint-dependencies", "override-dependencies"):
        yield from _list(uv.seq(name), "dev")
    yield from _list(uv.seq("build-constraint-dependencies"), "constraint")
    yield from _uv_indexes(uv)
    pip = uv.map("pip")
    if pip is not None:
        yield from _uv_indexes(pip)
    for host in uv.seq("allow-insecure-host") or ():
        if isinstance(host, Scalar):
            yield Registry(
                span=host.span, ecosystem="pypi", purpose="trusted-host", url=host.value, host=host.value.split(":")[0],
                tls="off", key="allow-insecure-host",
            )  # fmt: skip
    for key, value in (uv.map("sources") or _EMPTY).pairs():
        for item in value if isinstance(value, Sequence) else (value,):
            if isinstance(item, Mapping):
                yield from _uv_source(key, item)


def _uv_indexes(uv: Mapping) -> Iterator[Fact]:
    """An index serves only the packages that name it (explicit), replaces the default, or is asked first."""
    for entry in uv.seq("index") or ():
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if url is not None and isinstance(entry, Mapping):
            explicit, default = entry.text("explicit") == "true", entry.text("default") == "true"
            purpose = "explicit-index" if explicit else "index" if default else "first-index"
            yield from registry(url.source, ecosystem="pypi", purpose=purpose, key="tool.uv.index")
    for name, purpose in _UV_URLS:
        node = uv.get(name)
        for item in node if isinstance(node, Sequence) else (node,):
            if isinstance(item, Scalar):
                yield from registry(item.source, ecosystem="pypi", purpose=purpose, key=f"tool.uv.{name}")
    strategy = uv.scalar("index-strategy")
    if strategy is not None and strategy.value.startswith("unsafe"):
        yield Registry(
            span=strategy.span, ecosystem="pypi", purpose="index-strategy", url="", host="", key=strategy.value
        )


def _uv_source(key: Scalar, item: Mapping) -> Iterator[Fact]:
    """`name = {git = …}`, `{url = …}`; folders, workspace members and indexes only change the plain dependency."""
    shared: dict[str, Any] = {"ecosystem": "pypi", "where": "manifest", "name": key.value, "group": "override"}
    url = item.scalar("url")
    if item.get("git") is not None:
        yield from git_table(item, {"name": key.span}, shared)
    elif url is not None:
        yield from url_dependency(url.source, {"name": key.span}, shared)


def _with_sources(facts: Iterator[Fact], uv: Mapping | None) -> Iterator[Fact]:
    """Let `[tool.uv.sources]` say where a plain dependency comes from; those that it replaces are left out."""
    sources = {normal_name(key.value): value for key, value in ((uv.map("sources") if uv else None) or _EMPTY).pairs()}
    for fact in facts:
        node = sources.get(normal_name(str(fact.name))) if isinstance(fact, Dependency) else None
        item = node if isinstance(node, Mapping) else None
        if not isinstance(fact, Dependency) or item is None:
            yield fact
        elif item.get("index") is not None:
            yield fact.replace(index=item.text("index"))
        elif item.get("workspace") is not None:
            yield fact.replace(firmness="workspace", source="workspace")
        elif item.get("path") is not None:
            yield fact.replace(firmness="path", source="path")
        elif item.get("git") is None and item.get("url") is None:
            yield fact


def normal_name(name: str) -> str:
    """Return a Python package's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pdm(pdm: Mapping | None) -> Iterator[Fact]:
    """`[tool.pdm]`: PDM takes the best version from all sources, unless they are told apart."""
    if pdm is None:
        return
    for _, group in (pdm.map("dev-dependencies") or _EMPTY).pairs():
        yield from _list(group, "dev")
    resolution = pdm.map("resolution")
    for key, value in ((resolution.map("overrides") if resolution is not None else None) or _EMPTY).pairs():
        if isinstance(value, Scalar):
            yield from _pdm_override(key, value)
    ordered = resolution is not None and resolution.text("respect-source-order") == "true"
    for entry in pdm.seq("source") or ():
        url = entry.scalar("url") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or url is None or entry.text("type") == "find_links":
            continue
        replaces, chosen = entry.text("name") == "pypi", entry.get("include_packages") is not None
        purpose = "index" if replaces else "explicit-index" if chosen else "first-index" if ordered else "extra-index"
        for fact in registry(url.source, ecosystem="pypi", purpose=purpose, key="tool.pdm.source"):
            off = isinstance(fact, Registry) and entry.text("verify_ssl") == "false"
            yield fact.replace(tls="off", key="verify_ssl") if off else fact


def _pdm_override(key: Scalar, value: Scalar) -> Iterator[Fact]:
    """`name = "version"`, or a URL, which may be one of git."""
    if "://" not in value.value:
        shared = {"ecosystem": "pypi", "where": "manifest", "group": "override", "name": key.value}
        yield _poetry_version(value, {"name": key.span}, shared)
        return
    for fact in requirement(value.source, where="manifest", group="override"):
        named = isinstance(fact, Dependency)
        yield fact.replace(name=key.value, parts={**fact.parts, "name": key.span}) if named else fact


def _flit(flit: Mapping | None, folder: str) -> Iterator[Fact]:
    """`[tool.flit.metadata]`, which came before `[project]`: the module itself states the version."""
    metadata = flit.map("metadata") if flit is not None else None
    name = (metadata.scalar("dist-name") or metadata.scalar("module")) if metadata is not None else None
    if metadata is None or name is None:
        return
    forbidden = _has_private_classifier(metadata)
    yield Package(
        span=name.span, parts={"name": name.span}, ecosystem="pypi", name=name.value, folder=folder, version_dynamic=True,
        private=forbidden, blocked="the classifier Private ::" if forbidden else "",
    )  # fmt: skip
    yield from _list(metadata.get("requires"), "prod")
    yield from _list(metadata.get("dev-requires"), "dev")
    for _, extra in (metadata.map("requires-extra") or _EMPTY).pairs():
        yield from _list(extra, "optional")


def _setuptools(setuptools: Mapping | None) -> Iterator[Fact]:
    """`[tool.setuptools.dynamic]`: the files of requirements that become the dependencies of the package."""
    dynamic = setuptools.map("dynamic") if setuptools is not None else None
    optional = dynamic.map("optional-dependencies") if dynamic is not None else None
    tables = [dynamic.get("dependencies") if dynamic is not None else None]
    tables += [value for _, value in optional.pairs()] if optional is not None else []
    for table in tables:
        node = table.get("file") if isinstance(table, Mapping) else None
        for file in node if isinstance(node, Sequence) else (node,):
            if isinstance(file, Scalar):
                yield Component(
                    span=file.span, parts={"name": file.span}, system="pypi", kind="requirements", name=file.value, ref="",
                    ref_kind="none", local=True,
                )  # fmt: skip


def _hatch(hatch: Mapping | None) -> Iterator[Fact]:
    """`[tool.hatch]`: dependencies of environments and build hooks, and the index that it publishes to."""
    for _, environment in ((hatch.map("envs") if hatch else None) or _EMPTY).pairs():
        if isinstance(environment, Mapping):
            yield from _list(environment.seq("dependencies"), "dev")
            yield from _list(environment.seq("extra-dependencies"), "dev")
    build = hatch.map("build") if hatch else None
    for _, hook in ((build.map("hooks") if build else None) or _EMPTY).pairs():
        yield from _list(hook.seq("dependencies") if isinstance(hook, Mapping) else None, "build")
    publish = hatch.map("publish") if hatch else None
    indexes = publish.map("index") if publish else None
    for _, repository in ((indexes.map("repos") if indexes else None) or _EMPTY).pairs():
        url = repository.scalar("url") if isinstance(repository, Mapping) else repository
        if isinstance(url, Scalar):
            yield from registry(url.source, ecosystem="pypi", purpose="publish", key="tool.hatch.publish.index.repos")


_EMPTY = Mapping(Source("", ""), 0, flow=False)
