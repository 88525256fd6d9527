"""A gemspec: name, version, dependencies, and where the gem may be pushed (RubyGems: Specification Reference).

The version is often a constant of `lib/NAME/version.rb`, which this reader reads too (`VERSION = "1.2.3"`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Package, Text, Unreadable
from relcheck.readers.gemfile import requirement
from relcheck.readers.package_versions import version_fields
from relcheck.readers.ruby_tree import Call, Ruby, Syntax, statements
from relcheck.readers.urls import registry
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_DEPENDENCIES = {
    "add_dependency": "prod",
    "add_runtime_dependency": "prod",
    "add_development_dependency": "dev",
}
_VERSION = re.compile(
    r"^[ \t]*VERSION[ \t]*=[ \t]*[\"'](?P<version>[^\"'\n#]+)[\"'](?:\.freeze)?[ \t]*(?:#.*)?\r?$", re.MULTILINE
)
_EVERYTHING = re.compile(r"Dir(?:\.glob\(|\[|\.glob )\s*[\"'](?:\./)?\*\*/\*[\"']\s*[\])]?\s*$")
_TRACKED = re.compile(r"`git ls-files(?: -z)?`(?:\.split\([^()]*\)|\.split\b)?\s*$")


def read(source: Source) -> Iterator[Fact]:
    """Yield the package, the host it may be pushed to, and its dependencies; for version.rb, what it states."""
    if source.path.endswith(".rb"):
        yield from _version_file(source)
        return
    ruby = Ruby(source)
    if ruby.given_up:
        yield Unreadable(span=source.at(0, 0), reason="The text is no Ruby that can be read in reasonable time.")
    settings: dict[str, Syntax] = {}
    calls: list[Call] = []
    for node in _specification(ruby):
        _collect(ruby, node, settings, calls)
    if settings:
        yield from _package(source, ruby, settings)
    for call in calls:
        name = ruby.literal(call.arguments[0])
        if name is not None:
            shared = {"ecosystem": "gem", "where": "manifest", "name": name.text, "group": _DEPENDENCIES[call.name]}
            yield from requirement(ruby, call.arguments[1:], name, shared)


def _version_file(source: Source) -> Iterator[Fact]:
    found = list(_VERSION.finditer(source.text))
    if len(found) == 1:
        place = source.at(*found[0].span("version"))
        version = found[0]["version"]
        yield Package(
            span=place, parts={"version": place}, ecosystem="gem", name="", folder=source.path.rpartition("/")[0],
            version=version, version_only=True, **version_fields("gem", version),
        )  # fmt: skip


def _specification(ruby: Ruby) -> Iterator[Syntax]:
    """Yield the statements of `Gem::Specification.new do |s| … end`, and assignments before it."""
    for node in statements(ruby.root):
        made = node
        if node.type == "assignment":
            ruby.bind(node)
            made = node.child_by_field_name("right") or node
        call = ruby.call(made)
        if call is not None and call.receiver.endswith("Gem::Specification") and call.block is not None:
            yield from statements(call.block)


def _collect(ruby: Ruby, node: Syntax, settings: dict[str, Syntax], calls: list[Call]) -> None:
    """Sort a statement: `s.name = value`, `s.metadata["key"] = value`, or a dependency."""
    if node.type == "assignment":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None:
            ruby.bind(node)
            settings[ruby.place(left).text.partition(".")[2].replace("'", '"')] = right
        return
    call = ruby.call(node)
    if call is not None and call.name in _DEPENDENCIES and call.arguments:
        calls.append(call)


def _package(source: Source, ruby: Ruby, settings: dict[str, Syntax]) -> Iterator[Fact]:
    name, version = ruby.literal(settings.get("name")), ruby.literal(settings.get("version"))
    target = ruby.literal(settings.get('metadata["allowed_push_host"]'))
    url = parse_url(target.text) if target is not None else None
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.all()
    if version is not None:
        parts["version"] = version.all()
    written: Text = version.text if version is not None else UNKNOWN
    yield Package(
        span=parts.get("version") or parts.get("name") or source.at(0, 0),
        parts=parts,
        ecosystem="gem",
        name=name.text if name is not None else UNKNOWN,
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        publish_host=url.host if url is not None else "",
        contents=_contents(ruby, settings.get("files")),
        missing=_missing(settings),
        **version_fields("gem", written),
    )
    if target is not None and url is not None:
        yield from registry(target, ecosystem="gem", purpose="publish", key="allowed_push_host")


def _missing(settings: dict[str, Syntax]) -> tuple[str, ...]:
    """Return what RubyGems demands of a gem and the specification does not set."""
    authors = "authors" in settings or "author" in settings
    return tuple(name for name, there in (("summary", "summary" in settings), ("authors", authors)) if not there)


def _contents(ruby: Ruby, node: Syntax | None) -> str:
    text = ruby.place(node).text if node is not None else ""
    return "everything" if _EVERYTHING.match(text) else "tracked" if _TRACKED.match(text) else "files" if text else ""
