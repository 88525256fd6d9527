""".pre-commit-config.yaml: hooks of other repositories, their extra dependencies, and container hooks.

`.pre-commit-hooks.yaml` is the other side, a list of hooks that a repository offers: [{id, entry, language, …}].
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Text, Unreadable
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.npm_spec import npm_firmness
from relcheck.readers.python_requirement import requirement
from relcheck.readers.yaml_tree import load
from relcheck.refs.container_options import image_index
from relcheck.refs.git import classify_ref, parse_git_url, version_comment
from relcheck.refs.url import parse_url
from relcheck.source import Source

_VERSIONED = {
    "rust": ("cargo", r"(?P<name>[^:]*):?(?P<version>.*)"),
    "ruby": ("gem", r"(?P<name>[^:]*):?(?P<version>.*)"),
    "dart": ("pub", r"(?P<name>[^:]*):?(?P<version>.*)"),
    "conda": ("conda", r"(?:[\w.-]+::)?(?P<name>[\w.-]+)\s*={0,2}\s*(?P<version>.*)"),
    "lua": ("luarocks", r"(?P<name>\S+)\s*(?P<version>.*)"),
    "r": ("cran", r"(?P<name>[\w./-]+)@?(?P<version>.*)"),
}
"""How the languages name a package and its version; those that are not here have grammars of their own."""
_OWN = ("local", "meta", "builtin")


def read(source: Source) -> Iterator[Fact]:
    """Yield a component for each foreign repository, and what its hooks (or those that are offered) install or run."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=fault.reason)
    for top in loaded.documents:
        for entry in (top.seq("repos") if isinstance(top, Mapping) else None) or ():
            if isinstance(entry, Mapping):
                yield from _entry(entry)
        for hook in top if isinstance(top, Sequence) else ():
            if isinstance(hook, Mapping):
                yield from _hook(hook, own=True)


def _entry(entry: Mapping) -> Iterator[Fact]:
    """`- repo: URL`, `rev: REF`, `hooks: […]`."""
    repo, rev = entry.scalar("repo", merge=True), entry.scalar("rev", merge=True)
    if repo is None:
        return
    own = repo.value in _OWN or repo.value.startswith((".", "/", "~"))
    if not own:
        yield _component(repo, rev)
    for hook in entry.seq("hooks", merge=True) or ():
        if isinstance(hook, Mapping):
            yield from _hook(hook, own=own)


def _component(repo: Scalar, rev: Scalar | None) -> Component:
    git = parse_git_url(repo.value, any_https=True)
    url = parse_url(repo.value)
    parts = {"name": repo.span}
    if rev is not None:
        parts["ref"] = rev.span
    owner: Text = git.owner if git else UNKNOWN
    return Component(
        span=parts.get("ref", repo.span),
        parts=parts,
        system="pre-commit",
        kind="hook",
        name=repo.value,
        owner=owner,
        host=git.host if git else url.host if url else UNKNOWN,
        ref=rev.value if rev is not None else "",
        ref_kind=classify_ref(rev.value) if rev is not None else "none",
        version_comment=version_comment(rev.comment.removeprefix("frozen:")) if rev is not None else "",
    )


def _hook(hook: Mapping, *, own: bool) -> Iterator[Fact]:
    language, entry = hook.text("language"), hook.scalar("entry")
    if language == "docker_image" and entry is not None:
        yield from _docker_entry(entry)
    elif own and entry is not None and language in ("system", "script", "unsupported", ""):
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - only local hooks run commands

        arguments = [item.source for item in hook.seq("args") or () if isinstance(item, Scalar)]
        if arguments:
            from relcheck.readers.shell import read_argv  # noqa: PLC0415 - only local hooks run commands

            words = [entry.source.part(*match.span()) for match in re.finditer(r"\S+", entry.source.text)]
            yield from read_argv([*words, *arguments], context="hook")
        else:
            yield from read_shell(entry.source, context="hook")
    for item in hook.seq("additional_dependencies") or ():
        if isinstance(item, Scalar):
            yield from _dependency(item, language)


def _docker_entry(entry: Scalar) -> Iterator[Fact]:
    """`[docker options] IMAGE [arguments]`: the first word that is no option."""
    words = entry.value.split()
    index = image_index(words)
    if index is None:
        return
    at = 0
    for word in words[:index]:
        at = entry.value.index(word, at) + len(word)
    at = entry.value.index(words[index], at)
    found = image_fact(entry.source.part(at, at + len(words[index])), role="run", engine="pre-commit")
    if found is not None:
        yield found


def _versioned(item: Scalar, language: str) -> Iterator[Fact]:
    """`NAME[MARK VERSION]`, whose mark and ecosystem `_VERSIONED` gives; `cli:` of Rust says that it is a program."""
    ecosystem, mark = _VERSIONED[language]
    skip = len("cli:") if language == "rust" and item.value.startswith("cli:") else 0
    match = re.match(mark, item.value[skip:])
    name = match["name"] if match else item.value[skip:]
    version = (match["version"] or "") if match else ""
    begin = skip + (match.start("name") if match else 0)
    parts = {"name": item.source.at(begin, begin + len(name))}
    if match and version:
        start, end = match.span("version")
        parts["constraint"] = item.source.at(skip + start, skip + end)
    exact = language in ("rust", "ruby", "dart") or not re.match(r"[<>~!^]|.*\*", version)
    yield Dependency(
        span=parts.get("constraint", parts["name"]), parts=parts, ecosystem=ecosystem, where="tool", name=name,
        constraint=version, firmness=("exact" if exact else "range") if version else "any", group="dev",
    )  # fmt: skip


def _dependency(item: Scalar, language: str) -> Iterator[Fact]:
    """An entry of `additional_dependencies`, in the grammar of the hook's language."""
    text = item.value
    if language in _VERSIONED:
        yield from _versioned(item, language)
        return
    if (
        language in ("python", "")
        and not text.startswith(("@", "file:"))
        and (text.startswith("git+") or ":" not in text.split("@")[0].split(";")[0])
    ):
        if language == "python" or any(mark in text for mark in ("==", ">=", "~=", "<")):
            yield from requirement(item.source, where="tool", group="dev")
        return
    if language == "golang":
        yield _module(item)
        return
    if language == "node" or text.startswith("@"):
        name, at, spec = text.rpartition("@") if "@" in text[1:] else (text, "", "")
        parts = {"name": item.source.at(0, len(name))}
        if at:
            parts["constraint"] = item.source.at(len(name) + 1, len(text))
        yield Dependency(
            span=parts.get("constraint", parts["name"]),
            parts=parts,
            ecosystem="npm",
            where="tool",
            name=name,
            constraint=spec,
            firmness=npm_firmness(spec),
            group="dev",
        )


def _module(item: Scalar) -> Dependency:
    """`MODULE@VERSION`, as `go install` takes it; latest and branches move."""
    name, at, version = item.value.partition("@")
    parts = {"name": item.source.at(0, len(name))}
    if at:
        parts["constraint"] = item.source.at(len(name) + 1, len(item.value))
    kind = classify_ref(version)
    firmness = {"semver-full": "exact", "sha": "git-commit", "short-sha": "git-commit", "branch": "git-branch"}.get(
        kind, "tag"
    )
    return Dependency(
        span=parts.get("constraint", parts["name"]),
        parts=parts,
        ecosystem="go",
        where="tool",
        name=name,
        constraint=version,
        firmness=firmness if at else "any",
        group="dev",
    )
