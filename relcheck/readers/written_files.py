r"""Files that a shell text writes: `cat > ~/.npmrc <<EOF`, `echo … >> .pypirc`, `tee FILE <<EOF`, `echo … | sudo tee FILE`.

The text is read as the file that it becomes, by the reader of its format. `echo` and `printf` write their words, in which
`\n` is a line break; what `printf` puts in for `%s` is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relcheck.facts import Credential, Fact
from relcheck.refs import MARK
from relcheck.refs.shell import SimpleCommand
from relcheck.source import Piece, Source, Span

_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name, path)
    for pattern, name, path in (
        (r"(?:.*/)?\.npmrc", "npmrc", ".npmrc"),
        (r"(?:.*/)?\.pypirc", "pypirc", ".pypirc"),
        (r"(?:.*/)?pip\.(?:conf|ini)", "pip-conf", "pip.conf"),
        (r"(?:.*/)?[._]netrc", "netrc", ".netrc"),
        (r"(?:.*/)?\.docker/config\.json|.*\bDOCKER_CONFIG\}?/config\.json", "docker-config", ".docker/config.json"),
        (r"(?:.*/)?\.dockercfg", "docker-config", ".dockercfg"),
        (r"(?:.*/)?containers/auth\.json", "docker-config", "containers/auth.json"),
        (r"(?:.*/)?settings\.xml", "maven-settings", "settings.xml"),
        (r"(?:.*/)?nuget\.config", "nuget", "nuget.config"),
        (r"(?:.*/)?\.yarnrc\.yml", "yarnrc", ".yarnrc.yml"),
        (r"(?:.*/)?\.yarnrc", "yarnrc", ".yarnrc"),
        (
            r"(?:.*/)?(?:\.cargo|\$\{?CARGO_HOME\}?)/(?:credentials|config)(?:\.toml)?",
            "cargo-config",
            ".cargo/credentials",
        ),
        (r"(?:.*/)?\.gem/credentials", "gem-credentials", ".gem/credentials"),
        (r"(?:.*/)?\.bundle/config", "gem-credentials", ".bundle/config"),
        (r"(?:.*/)?auth\.json", "composer-auth", "auth.json"),
        (r"(?:.*/)?gradle\.properties", "gradle-catalog", "gradle.properties"),
        (r"(?:.*/)?\.git-credentials", "git-credentials", ".git-credentials"),
        (r"(?:.*/)?\.gitconfig", "git-config", ".gitconfig"),
        (r"(?:.*/)?(?:\.terraformrc|\.tofurc|[\w.-]+\.tfrc)", "terraform", ".terraformrc"),
        (r"(?:.*/)?[\w.-]+\.tfrc\.json", "terraform", "credentials.tfrc.json"),
        (r"(?:.*/)?(?:\.kube/config|\.?kubeconfig)|\$\{?KUBECONFIG\}?", "kubeconfig", ".kube/config"),
        (r"(?:.*/)?\.aws/(?:credentials|config)", "aws-config", ".aws/credentials"),
        (r"(?:.*/)?\.condarc", "condarc", ".condarc"),
        (r"(?:.*/)?\.env(?:\.\w+)?", "env-file", ".env"),
        (r".*/sources\.list(?:\.d/[^/]+\.list)?", "apt-sources", "sources.list"),
        (r".*/sources\.list\.d/[^/]+\.sources", "apt-sources", "a.sources"),
        (r"(?:.*/)?Dockerfile(?:\.\w+)?", "dockerfile", "Dockerfile"),
        (r".*\.sh", "shell", "x.sh"),
    )
)
_SECRETS_ONLY = frozenset((
    "gradle-catalog", "terraform", "kubeconfig", "aws-config", "env-file", "git-config", "cargo-config", "condarc",
))  # fmt: skip
"""Formats of which the credentials count in a script; what else they say is about the folder of the file."""
_TEXT_ONLY = frozenset(("echo", "printf"))
_INTO = (">", ">>", ">|")
_NOWHERE = re.compile(r"/dev/(?:null|stdout|stderr|fd/\d)")
_ESCAPE = re.compile(r"\\(?P<letter>[nt\\\"])|(?P<format>%[-0-9.]*[sdbq])|(?P<percent>%%)")
_LETTERS = {"n": "\n", "t": "\t"}
_IN_WORKSPACE = re.compile(r"(?:\./)?(?:[\w.-]+/)*(?:\.npmrc|\.pypirc|auth\.json|settings\.xml|\.docker/config\.json)")
_WRAPPERS = ("sudo", "doas")


class Written(NamedTuple):
    """A text that becomes a file: the format of the file, its name as written, the text."""

    format: str
    target: str
    text: Source


def written(command: SimpleCommand, script: Sequence[SimpleCommand]) -> Iterator[Written]:
    """Yield each known file that a command writes."""
    target = _target(command, script)
    known = known_file(_raw(target)) if target is not None else None
    if known is None or target is None:
        return
    name, path = known
    bodies = [redirect.body for redirect in command.redirects if redirect.body is not None]
    if command.program in _TEXT_ONLY:
        words = [word.source for word in command.words[1:] if not re.fullmatch(r"-[neE]+", word.text)]
        bodies = [_unescaped(word, formats=command.program == "printf") for word in words]
    for body in bodies:
        yield Written(name, target.text, as_file(path, body))


def known_file(target: str) -> tuple[str, str] | None:
    """Return the format of a file by the name that it is written under, and the name by which its reader knows it."""
    return next(((name, path) for pattern, name, path in _KNOWN if pattern.fullmatch(target)), None)


def as_file(path: str, text: Source) -> Source:
    """Return a text under the name of the file that it becomes: some readers tell by it what they read."""
    return Source(path, text.text, text, (Piece(0, len(text.text), 0, len(text.text)),))


def facts_of(file: Written, place: Span, job: str = "", step: int = -1) -> Iterator[Fact]:
    """Yield the facts of a written file, and say where a file with credentials is written into the workspace."""
    from relcheck.readers import embedded  # noqa: PLC0415 - the table imports no reader, this one asks it for one

    found = [fact.replace(job=job, step=step) for fact in embedded(file.format, file.text)]
    yield from (fact for fact in found if file.format not in _SECRETS_ONLY or isinstance(fact, Credential))
    secret = any(isinstance(fact, Credential) and fact.where == "home" for fact in found)
    if secret and _IN_WORKSPACE.fullmatch(file.target):
        yield Credential(
            span=place, job=job, step=step, kind="written", form="reference", where="workspace",
            key=file.target.removeprefix("./"),
        )  # fmt: skip


def _target(command: SimpleCommand, script: Sequence[SimpleCommand]) -> Source | None:
    """Return the file that a command writes, itself or by the `tee` behind it in the pipe."""
    if command.program == "tee":
        return _teed(command)
    for redirect in command.redirects:
        if redirect.operator in _INTO and redirect.target is not None and not _NOWHERE.match(redirect.target.text):
            return redirect.target.source
    following = script[command.index + 1 : command.index + 2] if command.piped_to in ("tee", *_WRAPPERS) else ()
    return next((_teed(found) for found in following if found.piped_from), None)


def _teed(command: SimpleCommand) -> Source | None:
    """Return the first file of `[sudo] tee [-a] FILE`."""
    words = [word for word in command.words if not word.text.startswith("-")]
    if words and words[0].text in _WRAPPERS:
        words = words[1:]
    is_tee = len(words) > 1 and words[0].text.rpartition("/")[2] == "tee"
    return words[1].source if is_tee else None


def _raw(target: Source) -> str:
    """Return a target with its variables by name, where the file says them, else with a letter in their place."""
    place = target.all()
    words = target.root.text[place.start : place.end].strip("\"'")
    return words if MARK in target.text and "\n" not in words else target.text.replace(MARK, "x")


def _unescaped(word: Source, *, formats: bool) -> Source:
    """Return a word with its line breaks; what a format puts in is not known."""
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, 0
    for match in [*_ESCAPE.finditer(word.text), None]:
        end = match.start() if match is not None else len(word.text)
        stretches = [(word.text[at:end], at, end)]
        if match is not None:
            stretches.append((_meaning(match, formats=formats), *match.span()))
            at = match.end()
        for text, first, last in stretches:
            pieces.append(Piece(size, size + len(text), first, last))
            out.append(text)
            size += len(text)
    return word.embed("".join(out), tuple(pieces), "composed") if len(pieces) > 1 else word


def _meaning(match: re.Match[str], *, formats: bool) -> str:
    if match["letter"]:
        return _LETTERS.get(match["letter"], match["letter"])
    if not formats:
        return match[0]
    return MARK if match["format"] else "%"
