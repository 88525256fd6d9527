"""What COPY and ADD bring into an image: files of the context, credential files, downloads, git repositories."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from relcheck.facts import UNKNOWN, Command, Component, Copy, Credential, Download, Fact
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
_HOMES = lazy_pattern(r"(?:.*/)?(\.(?:docker|aws))/?")
_PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_ESCAPED = lazy_pattern(r"\\\$(?:\w+|\{[^{}\n]*\})?")
_INTERPRETERS = frozenset(
    ("sh", "bash", "ash", "dash", "zsh", "ksh", "python", "python3", "perl", "ruby", "node", "php", ".")
)
_INSTALLERS = frozenset(("dpkg", "rpm", "dnf", "yum", "apt", "apt-get", "apk", "gdebi"))
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
        if known is not None:
            body = heredoc.body if heredoc.quoted else unescaped(heredoc.body)
            yield from facts_of(Written(known[0], name, as_file(known[1], body)), target.all())


def unescaped(body: Source) -> Source:
    """Return the body of a heredoc without quotes; a variable that is escaped there becomes one of the file."""
    from relcheck.readers.composed import masked  # noqa: PLC0415 - few heredocs become files

    return masked(body, _ESCAPED) if _ESCAPED.search(body.text) else body


def run_later(found: Sequence[tuple[int, Fact]]) -> dict[int, Download]:
    """Return by their number the files of ADD that a later command of their stage executes or checks.

    `found` are the facts of a Dockerfile, each with its stage.
    """
    waiting: dict[int, dict[str, int]] = {}
    settled: dict[int, Download] = {}
    for number, (stage, fact) in enumerate(found):
        if isinstance(fact, Download) and fact.tool == "ADD" and not fact.executed_by and not fact.verified_by:
            for name in _names(fact):
                waiting.setdefault(stage, {})[name] = number
        elif isinstance(fact, Command) and stage in waiting:
            for name in _executes(fact):
                at = waiting[stage].get(name, -1)
                download = found[at][1] if at >= 0 and at not in settled else None
                if isinstance(download, Download):
                    settled[at] = download.replace(executed_by=_short(fact))
            if fact.verifies:
                del waiting[stage]  # who checks one of them had that in mind
    return settled


def _short(command: Command) -> str:
    return command.argv[0].rpartition("/")[2] if command.argv else ""


def _names(download: Download) -> Iterator[str]:
    """Yield how commands may call a file that ADD fetches."""
    output = download.output
    if output.endswith("/") and isinstance(download.url, str):
        output += download.url.rstrip("/").rpartition("/")[2]
    yield output
    if posixpath.dirname(output) in _PROGRAMS:
        yield posixpath.basename(output)


def _executes(command: Command) -> Iterator[str]:
    """Yield the files that a command executes, installs, hands to an interpreter or makes executable."""
    words = command.argv
    yield from words[:1]
    if command.program in _INTERPRETERS:
        yield from words[1:3]
    elif command.program in _INSTALLERS and "--import" not in words:
        yield from words[1:]
    elif command.program == "chmod" and len(words) > 2 and _EXECUTABLE.fullmatch(words[1]):
        yield from words[2:]


def _everything(text: str) -> bool:
    return bool(text) and posixpath.normpath(text.lstrip("/") or ".") in _EVERYTHING


def _across(words: Sequence[Source]) -> Span:
    first, last = words[0].all(), words[-1].all()
    return first if first == last else Span(first.start, max(first.end, last.end), "composed")


def _credential_file(word: Source, target: str) -> Iterator[Fact]:
    """Yield a file that clients keep their credentials in; whether it holds any is for link to find out."""
    home, into = _HOMES.fullmatch(word.text), _HOMES.fullmatch(target)
    whole = home is not None and into is not None and home[1] == into[1]
    match = home if whole else _CREDENTIAL_FILE.fullmatch(word.text)
    if match is None:
        return
    yield Credential(
        span=word.all(),
        parts={"key": word.all()},
        kind="file",
        form="literal",
        where="layer",
        ecosystem=_ECOSYSTEMS.get(match[1], ""),
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
