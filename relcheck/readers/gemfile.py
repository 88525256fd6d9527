"""Gemfile: sources and gems of Bundler (Bundler documentation: Gemfiles).

`source "URL"` serves every gem, `source "URL" do … end` only those in its block; `git`, `path` and `group` blocks give
their options to the gems inside.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from relcheck.facts import Dependency, Fact, Unreadable
from relcheck.readers.package_sources import git_dependency
from relcheck.readers.ruby_tree import Call, Ruby, Syntax, statements
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

_FORGES = {"github": "https://github.com/", "gitlab": "https://gitlab.com/", "bitbucket": "https://bitbucket.org/"}
_DEVELOPMENT = frozenset(("test", "development", "ci", "lint", "doc", "docs", "rubocop", "benchmark", "dev", "tools"))
_EXACT = re.compile(r"(?:=\s*)?\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z.-]+)?$")
_DEEPEST = 20


class Around(NamedTuple):
    """What the blocks around a gem say."""

    group: str = "prod"
    served_by: str = ""
    options: dict[str, Syntax] = {}
    depth: int = 0


def read(source: Source) -> Iterator[Fact]:
    """Yield sources and gems, in order."""
    ruby = Ruby(source)
    if ruby.given_up:
        yield Unreadable(span=source.at(0, 0), reason="The text is no Ruby that can be read in reasonable time.")
    yield from _Gemfile(ruby).read()


class _Gemfile:
    """One file: how many sources serve everything decides what a further one means."""

    def __init__(self, ruby: Ruby) -> None:
        self._ruby = ruby
        self._sources = 0

    def read(self) -> Iterator[Fact]:
        top = statements(self._ruby.root)
        library = any(call.name == "gemspec" for node in top if (call := self._ruby.call(node)) is not None)
        yield from self._block(top, Around(group="dev" if library else "prod"))

    def _block(self, nodes: list[Syntax], around: Around) -> Iterator[Fact]:
        for node in nodes:
            if node.type == "assignment":
                self._ruby.bind(node)
                continue
            call = self._ruby.call(node)
            if call is not None and not call.receiver:
                yield from self._call(call, around)

    def _call(self, call: Call, around: Around) -> Iterator[Fact]:
        if call.name == "gem" and call.arguments:
            yield from self._gem(call, around)
            return
        if call.name == "ruby" and call.arguments:
            yield from self._interpreter(call)
        inner = around
        if call.name == "source":
            index = yield from self._source_call(call)
            inner = around._replace(served_by=index)
        elif call.name == "group":
            inner = around._replace(
                group=_group([w for node in call.arguments for w in self._ruby.words(node)], around)
            )
        elif call.name in ("git", "path", *_FORGES) and call.arguments:
            inner = around._replace(options={**call.options, call.name: call.arguments[0]})
        if call.block is not None and around.depth < _DEEPEST:
            yield from self._block(statements(call.block), inner._replace(depth=around.depth + 1))

    def _source_call(self, call: Call) -> Generator[Fact, None, str]:
        url = self._ruby.literal(call.arguments[0]) if call.arguments else None
        if call.block is not None:
            purpose = "explicit-index"
        else:
            purpose = "extra-index" if self._sources else "index"
            self._sources += 1
        if url is None:
            return ""
        yield from registry(url, ecosystem="gem", purpose=purpose, key="source")
        return url.text

    def _interpreter(self, call: Call) -> Iterator[Fact]:
        version = self._ruby.literal(call.arguments[0])
        if version is not None:
            yield Dependency(
                span=version.all(), parts={"constraint": version.all()}, ecosystem="ruby", where="manifest", name="ruby",
                constraint=version.text, firmness=gem_firmness([version.text]), group="tool",
            )  # fmt: skip

    def _gem(self, call: Call, around: Around) -> Iterator[Fact]:
        name = self._ruby.literal(call.arguments[0])
        if name is None:
            return
        options = {**around.options, **call.options}
        groups = [word for key in ("group", "groups") for word in self._ruby.words(options.get(key))]
        index = self._ruby.literal(options.get("source"))
        shared: dict[str, Any] = {
            "ecosystem": "gem",
            "where": "manifest",
            "name": name.text,
            "group": _group(groups, around) if groups else around.group,
            "index": index.text if index is not None else around.served_by,
        }
        if index is not None:
            yield from registry(index, ecosystem="gem", purpose="explicit-index", key="source")
        yield from self._origin(call, options, name, shared)

    def _origin(self, call: Call, options: dict[str, Syntax], name: Source, shared: dict[str, Any]) -> Iterator[Fact]:
        parts: dict[str, Span] = {"name": name.all()}
        forge = next((key for key in ("git", "gist", *_FORGES) if key in options), "")
        if forge:
            found = next(iter(requirement(self._ruby, call.arguments[1:], name, shared)), None)
            if found is not None and found.constraint:
                shared, parts = {**shared, "constraint": found.constraint}, dict(found.parts)
            yield from self._git(forge, options, parts, shared)
        elif "path" in options:
            yield Dependency(span=name.all(), parts=parts, firmness="path", source="path", **shared)
        else:
            yield from requirement(self._ruby, call.arguments[1:], name, shared)

    def _git(
        self, forge: str, options: dict[str, Syntax], parts: dict[str, Span], shared: dict[str, Any]
    ) -> Iterator[Fact]:
        url = self._ruby.literal(options[forge])
        if url is None:
            return
        refs = {key: self._ruby.literal(options.get(key)) for key in ("ref", "tag", "branch")}
        if any(key in options and refs[key] is None for key in refs):
            return
        for fact in git_dependency(url, parts, shared, commit=refs["ref"], tag=refs["tag"], branch=refs["branch"]):
            short = isinstance(fact, Dependency) and forge in _FORGES
            yield fact.replace(url=_FORGES[forge] + url.text, scheme="https") if short else fact


def requirement(ruby: Ruby, nodes: list[Syntax], name: Source, shared: dict[str, Any]) -> Iterator[Dependency]:
    """Yield a gem with its requirements, each a text; nothing where one of them is computed."""
    found = [
        ruby.literal(child) for node in nodes for child in (node.named_children if node.type == "array" else [node])
    ]
    texts = [text for text in found if text is not None]
    if len(texts) != len(found):
        return
    parts = {"name": name.all()}
    if len(texts) == 1:
        parts["constraint"] = texts[0].all()
    yield Dependency(
        span=texts[0].all() if texts else name.all(),
        parts=parts,
        constraint=", ".join(text.text for text in texts),
        firmness=gem_firmness([text.text for text in texts]),
        **shared,
    )


def gem_firmness(requirements: list[str]) -> str:
    """Say how firmly requirements bind together: exact (`1.2.3`, `= 1.2.3`), range, or any (none, `>= 0`)."""
    bound = [text for text in requirements if not re.match(r"\s*>=\s*0+(?:\.0+)*\s*$", text)]
    if not bound:
        return "any"
    return "exact" if any(_EXACT.match(text.strip()) for text in bound) else "range"


def _group(names: list[str], around: Around) -> str:
    if not names:
        return around.group
    return "dev" if all(name in _DEVELOPMENT for name in names) else "prod" if "default" in names else "optional"
