"""Conda's environment.yml: channels and packages (conda documentation: Managing environments).

`[channel::]name[=version[=build]]`: one equals sign is a prefix match, two are exact; a nested `pip` list holds
requirement lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Dependency, Fact, Unreadable
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.requirements import requirement_line
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.source import Source, Span

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s:]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?:\[[^\]]*\])?\s*(?P<constraint>[=<>!~\d].*)?$"
)


def read(source: Source) -> Iterator[Fact]:
    """Yield the channels that are URLs, and the packages."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid YAML here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    for channel in top.seq("channels") or ():
        if isinstance(channel, Scalar):
            yield from registry(channel.source, ecosystem="conda", purpose="index", key="channels")
    for item in top.seq("dependencies") or ():
        if isinstance(item, Scalar):
            yield from _package(item)
        elif isinstance(item, Mapping):
            for line in item.seq("pip") or ():
                if isinstance(line, Scalar):
                    yield from requirement_line(line.source, "requirements")


def _package(item: Scalar) -> Iterator[Fact]:
    match = _SPEC.match(item.value.strip())
    if match is None:
        return
    start = len(item.value) - len(item.value.lstrip())
    constraint = match["constraint"] or ""
    parts: dict[str, Span] = {"name": _place(item, start, match, "name")}
    if constraint:
        parts["constraint"] = _place(item, start, match, "constraint")
    yield Dependency(
        span=parts.get("constraint", parts["name"]),
        parts=parts,
        ecosystem="conda",
        where="manifest",
        name=match["name"],
        constraint=constraint,
        firmness=conda_firmness(constraint),
        index=match["channel"] or "",
    )


def _place(item: Scalar, start: int, match: re.Match[str], name: str) -> Span:
    return item.source.at(start + match.start(name), start + match.end(name))


def conda_firmness(constraint: str) -> str:
    """Say how firmly a match specification binds: exact (`==1.2.3`, `=1.2.3=build`), range, or any."""
    text = constraint.strip()
    if text in ("", "*", "=*", ">=0"):
        return "any"
    if re.match(r"==[^*,|]+$", text) or re.match(r"=[^=*,|<>]+=[^=*]+$", text):
        return "exact"
    return "range"
