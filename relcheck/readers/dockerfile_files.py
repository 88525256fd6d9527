"""What COPY and ADD bring into an image: files of the context, credential files, downloads, git repositories."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from relcheck.facts import UNKNOWN, Component, Copy, Credential, Download, Fact
from relcheck.patterns import lazy_pattern
from relcheck.readers.dockerfile_lines import Heredoc
from relcheck.readers.urls import url_parts, userinfo
from relcheck.refs import MARK
from relcheck.refs.git import parse_git_url
from relcheck.refs.url import parse_url
from relcheck.refs.variables import expand
from relcheck.source import Source, Span

_REMOTE = lazy_pattern(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|git@[^/]+:)")
_WEB = lazy_pattern(r"https?://", re.IGNORECASE)
_GIT_PATH = lazy_pattern(r"\.git(?:[?#]|$)")
_EXECUTABLE = lazy_pattern(r"0?[0-7]*[1357][0-7]*|[ugoa]*[+=][rwst]*x[rwxst]*")
_EVERYTHING = (".", "*", "**", "**/*")
_CREDENTIAL_FILE = lazy_pattern(
    r"(?:.*/)?(\.npmrc|\.pypirc|\.netrc|_netrc|\.git-credentials|settings\.xml|auth\.json|\.dockercfg"
    r"|\.docker/config\.json|\.aws/credentials|credentials(?:\.json|\.ya?ml)?|id_(?:rsa|dsa|ecdsa|ed25519))"
)
_DOCKER_HOME = lazy_pattern(r"(?:.*/)?\.docker/?")
_ECOSYSTEMS = {".npmrc": "npm", ".pypirc": "pypi", "settings.xml": "maven"}


def copied_facts(words: Sequence[Source], heredocs: Sequence[Heredoc]) -> Iterator[Fact]:
    """Yield what a COPY from the context copies; the last word is the target, heredocs are files written in place."""
    if heredocs and words:
        yield from _written(heredocs, words[-1])
    sources = _context_files(words[:-1], heredocs)
    if not sources:
        return
    texts = tuple(word.text for word in sources)
    everything = [word for word in sources if _everything(word.text)]
    span = everything[0].all() if everything else _across(sources)
    yield Copy(span=span, sources=texts, whole=bool(everything))
    target = words[-1].text
    for word in sources:
        yield from _credential_file(word, target)


def added_facts(
    words: Sequence[Source], flags: Mapping[str, Source], heredocs: Sequence[Heredoc], variables: Mapping[str, Source]
) -> Iterator[Fact]:
    """Yield what an ADD fetches and copies."""
    remote = [word for word in words[:-1] if _REMOTE.match(word.text)]
    verified = "checksum" in flags
    for word in remote:
        mode = flags["chmod"].text if "chmod" in flags else ""
        executed = "chmod" if _EXECUTABLE.fullmatch(mode) else ""
        yield from _remote(word, words[-1].text, variables, verified=verified, executed=executed)
    if len(remote) < len(words) - 1:
        yield from copied_facts([word for word in words if word not in remote], heredocs)


def _context_files(words: Sequence[Source], heredocs: Sequence[Heredoc]) -> list[Source]:
    return [word for word in words if not (heredocs and word.text.lstrip("0123456789").startswith("<<"))]


def _written(heredocs: Sequence[Heredoc], target: Source) -> Iterator[Fact]:
    """Read the files that an instruction writes in place: under the target's name, or in a folder under their own."""
    from relcheck.readers.written_files import Written, as_file, facts_of, known_file  # noqa: PLC0415 - rarely needed

    for heredoc in heredocs:
        name = target.text + heredoc.name if target.text.endswith("/") else target.text
        known = known_file(name)
        if known is not None and known[0] not in ("shell", "dockerfile"):
            yield from facts_of(Written(known[0], name, as_file(known[1], heredoc.body)), target.all())


def _everything(text: str) -> bool:
    return bool(text) and posixpath.normpath(text.lstrip("/") or ".") in _EVERYTHING


def _across(words: Sequence[Source]) -> Span:
    first, last = words[0].all(), words[-1].all()
    return first if first == last else Span(first.start, max(first.end, last.end), "composed")


def _credential_file(word: Source, target: str) -> Iterator[Fact]:
    """Yield a file that clients keep their credentials in; whether it holds any is for link to find out."""
    match = _CREDENTIAL_FILE.fullmatch(word.text)
    docker_home = _DOCKER_HOME.fullmatch(word.text) and _DOCKER_HOME.fullmatch(target)
    if not match and not docker_home:
        return
    name = match[1] if match else ".docker"
    yield Credential(
        span=word.all(),
        parts={"key": word.all()},
        kind="file",
        form="literal",
        where="layer",
        ecosystem=_ECOSYSTEMS.get(name, ""),
        key=word.text,
        tool="COPY",
    )


def _remote(
    word: Source, target: str, variables: Mapping[str, Source], *, verified: bool, executed: str = ""
) -> Iterator[Fact]:
    source = expand(word, variables.get, "docker").source
    text = source.text
    if not _WEB.match(text) or _GIT_PATH.search(text):
        yield from git_repository(source, "added", verified=verified)
        return
    url = parse_url(text)
    if url is None:
        return
    secret = userinfo(source, key="ADD")
    if secret is not None:
        yield secret
    yield Download(
        span=word.all(),
        parts=url_parts(source, url),
        tool="ADD",
        url=UNKNOWN if MARK in url.redacted else url.redacted,
        scheme=url.scheme,
        host=url.host,
        output=target,
        verified_by="checksum" if verified else "",
        executed_by=executed,
        context="run",
    )


def git_repository(source: Source, kind: str, *, verified: bool = False) -> Iterator[Component]:
    """Yield the git repository that a text names as the context of a build or as a source of ADD."""
    found = parse_git_url(source.text)
    if found is None:
        return
    owner, repository = found.owner, found.repository
    parts = {name: source.at(*place) for name, place in found.spans.items() if name in ("owner", "host", "ref")}
    yield Component(
        span=parts.get("ref", source.all()),
        parts=parts,
        system="git",
        kind=kind,
        name=UNKNOWN if owner is UNKNOWN or repository is UNKNOWN else f"{owner}/{repository}".lstrip("/"),
        owner=owner,
        host=found.host,
        ref=found.ref,
        ref_kind=found.ref_kind,
        verified=verified,
    )
