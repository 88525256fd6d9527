r"""Files that a shell text writes: `cat > ~/.npmrc <<EOF`, `{ echo …; echo …; } >> .pypirc`, `echo … | sudo tee FILE`.

The text is read as the file that it becomes, by the reader of its format. `echo` and `printf` write their words, in which
`\n` is a line break; `printf` puts its words into its format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relcheck.facts import Credential, Fact, Image, Unreadable
from relcheck.refs import MARK
from relcheck.refs.shell import SimpleCommand
from relcheck.source import Piece, Source, Span, joined_below

STEPS = "variables of steps"
"""What a script writes for the steps behind it: lines NAME=VALUE, and NAME<<END with lines up to END."""
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
        (r"(?:.*/)?\.boto", "storage-clients", ".boto"),
        (r"(?:.*/)?\.s3cfg", "storage-clients", ".s3cfg"),
        (r"(?:.*/)?rclone\.conf", "storage-clients", "rclone.conf"),
        (r"(?:.*/)?\.condarc", "condarc", ".condarc"),
        (r"(?:.*/)?\.env(?:\.\w+)?", "env-file", ".env"),
        (r".*/sources\.list(?:\.d/[^/]+\.list)?", "apt-sources", "sources.list"),
        (r".*/sources\.list\.d/[^/]+\.sources", "apt-sources", "a.sources"),
        (r"(?:.*/)?Dockerfile(?:\.\w+)?", "dockerfile", "Dockerfile"),
        (r".*/yum\.repos\.d/[^/]+\.repo|(?:.*/)?(?:yum|dnf)\.conf", "dnf-repo", "a.repo"),
        (r"(?:.*/)?requirements[\w.-]*\.(?:txt|in)", "requirements", "requirements.txt"),
        (r".*/docker/daemon\.json", "container-registries", "docker/daemon.json"),
        (r"(?:.*/)?(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml", "compose", "compose.yaml"),
        (r"\$\{?GITHUB_ENV\}?", STEPS, "GITHUB_ENV"),
        (r"\$\{?BASH_ENV\}?", "shell", "x.sh"),
        (r".*\.sh", "shell", "x.sh"),
    )
)
_WHOLE = frozenset(name for _, name, _ in _KNOWN) - frozenset((
    "gradle-catalog", "terraform", "kubeconfig", "aws-config", "env-file", "git-config", "cargo-config", "condarc",
))  # fmt: skip
"""Formats of which everything counts in a script; what others say beside credentials is about the folder of the file."""
_TEXT_ONLY = frozenset(("echo", "printf"))
_NOWHERE = re.compile(r"/dev/(?:null|stdout|stderr|fd/\d)")
_ESCAPE = re.compile(r"\\(?P<letter>[nt\\\"])|%%")
_PUT_IN = re.compile(r"(?P<percent>%%)|%[-0-9.]*[sdbq]")
_OPTION = re.compile(r"-[neE]+|--")
_LONGEST = 100_000
_NEAR = 200
"""How many commands behind one in a group its `tee` may stand: a limit for scripts of any length."""
_LETTERS = {"n": "\n", "t": "\t"}
_IN_WORKSPACE = re.compile(r"(?:\./)?(?:[\w.-]+/)*(?:\.npmrc|\.pypirc|auth\.json|settings\.xml|\.docker/config\.json)")
_WRAPPERS = ("sudo", "doas")


class Written(NamedTuple):
    """A text that becomes a file: the format of the file, its name as written, the text, the command that begins it."""

    format: str
    target: str
    text: Source
    by: SimpleCommand = SimpleCommand()


class Writing(NamedTuple):
    """A command that writes: the word that names the file, whether it goes on in the file, and the text."""

    by: SimpleCommand
    into: Source
    goes_on: bool
    texts: list[Source | str]


class _Open:
    """A file while a script writes it: `by` is the command that began it, `into` the word that names it."""

    def __init__(self, begun: Writing) -> None:
        self.by = begun.by
        self.into = begun.into
        self.texts: list[Source | str] = []


def written(script: Sequence[SimpleCommand], around: Source) -> dict[int, list[Written]]:
    """Return the known files that a script writes, by the number of the command that begins each.

    `around` is the script's text.
    """
    writings = []
    paths: dict[str, Source] = {}
    for command in script:
        paths.update((found.name, found.value.source) for found in command.assignments)
        target = _target(command, script)
        if target is not None:
            name = _VARIABLE.fullmatch(_written_as(target[0])) if target[0].text == MARK else None
            into = paths.get(name[1], target[0]) if name is not None else target[0]
            writings.append(Writing(command, into, target[1], _texts(command)))
    found: dict[int, list[Written]] = {}
    for file in written_texts(writings, around):
        found.setdefault(file.by.index, []).append(file)
    return found


def written_texts(writings: Sequence[Writing], around: Source) -> Iterator[Written]:
    """Yield the known files among those that a script writes.

    What several commands write to one file is one text: `>` begins it, `>>` goes on.
    """
    files: list[tuple[_Open, str]] = []
    opened: dict[str, _Open] = {}
    for made in writings:
        raw = _raw(made.into).replace("\\", "/") if made.texts else ""
        if not raw:
            continue
        file = opened.get(raw)
        if file is None or not (made.goes_on or file.into is made.into):
            file = opened[raw] = _Open(made)
            files.append((file, raw))
        file.into = made.into
        file.texts += made.texts
    for file, raw in files:
        known = known_file(raw) or _recognised(raw, file.texts)
        if known is None:
            continue
        first = file.texts[0]
        alone = isinstance(first, Source) and file.texts[1:] in ([], ["\n"])
        text = first if alone and isinstance(first, Source) else joined_below(around, file.texts)
        yield Written(known[0], file.into.text, as_file(known[1], text), file.by)


def _recognised(raw: str, texts: list[Source | str]) -> tuple[str, str] | None:
    """Return the format of another file by its name, or as a script by its first line, and its path."""
    from relcheck.readers import recognise  # noqa: PLC0415 - the table imports no reader

    path = _HOME.sub("", raw)

    def content() -> bytes:
        return "".join(text if isinstance(text, str) else text.text for text in texts).encode("utf-8", "replace")

    name = recognise(path, content)[0]
    return (name, path) if name else None


_HOME = re.compile(r"^(?:~|\$\{?[\w:]+\}?)?/+")


def _texts(command: SimpleCommand) -> list[Source | str]:
    """Return what a command writes: its words, or the text that it is handed."""
    if command.program in _TEXT_ONLY:
        words = [word.source for word in command.words[1:]]
        while words and _OPTION.fullmatch(words[0].text):
            words.pop(0)
        return _formatted(words) if command.program == "printf" else _echoed(command, words)
    texts: list[Source | str] = []
    for redirect in command.redirects:
        if redirect.body is not None:
            texts.append(redirect.body)
        elif redirect.operator == "<<<" and redirect.target is not None:
            texts += [redirect.target.source, "\n"]
    return texts


def _echoed(command: SimpleCommand, words: list[Source]) -> list[Source | str]:
    texts: list[Source | str] = []
    for word in words:
        texts += [_unescaped(word), " "]
    ends = not any(word.text.startswith("-") and "n" in word.text for word in command.words[1:2])
    return [*texts[:-1], "\n"] if ends else texts[:-1]


def _formatted(words: list[Source]) -> list[Source | str]:
    """Return what `printf FORMAT WORD…` writes: the format again and again until no word is left."""
    if not words:
        return []
    parts = _parts(words[0])
    waiting = list(reversed(words[1:]))
    texts: list[Source | str] = []
    size = 0
    while True:
        before = len(waiting)
        for part in parts:
            made: Source | str = part if isinstance(part, Source) else waiting.pop() if waiting else ""
            texts.append(made)
            size += len(made.text) if isinstance(made, Source) else 0
        if not waiting or len(waiting) == before or size > _LONGEST:
            return texts


def _parts(form: Source) -> list[Source | None]:
    """Cut a format at what it puts in, each of which is None here."""
    parts: list[Source | None] = []
    at = 0
    for match in _PUT_IN.finditer(form.text):
        if match["percent"] is None:
            parts += [_unescaped(form.part(at, match.start()), percent=True), None]
            at = match.end()
    return [*parts, _unescaped(form.part(at, len(form.text)), percent=True)]


def known_file(target: str) -> tuple[str, str] | None:
    """Return the format of a file by the name that it is written under, and the name by which its reader knows it."""
    return next(((name, path) for pattern, name, path in _KNOWN if pattern.fullmatch(target)), None)


def as_file(path: str, text: Source) -> Source:
    """Return a text under the name of the file that it becomes: some readers tell by it what they read."""
    return Source(path, text.text, text, (Piece(0, len(text.text), 0, len(text.text)),))


def facts_of(file: Written, place: Span, job: str = "", step: int = -1) -> Iterator[Fact]:
    """Yield the facts of a written file, and say where a file with credentials is written into the workspace."""
    from relcheck.readers import embedded  # noqa: PLC0415 - the table imports no reader, this one asks it for one

    read = [fact for fact in embedded(file.format, file.text) if not isinstance(fact, Unreadable)]
    found = [fact.replace(job=job, step=step) for fact in read]
    if file.format == "documents":
        found = [fact for fact in found if isinstance(fact, Credential | Image)]
    elif file.format not in _WHOLE:
        found = [fact for fact in found if isinstance(fact, Credential)]
    yield from found
    secret = any(isinstance(fact, Credential) and fact.where == "home" for fact in found)
    if secret and _IN_WORKSPACE.fullmatch(file.target):
        yield Credential(
            span=place, job=job, step=step, kind="written", form="reference", where="workspace",
            key=file.target.removeprefix("./"),
        )  # fmt: skip


def _target(command: SimpleCommand, script: Sequence[SimpleCommand]) -> tuple[Source, bool] | None:
    """Return the file that a command writes, itself or by the `tee` behind it in the pipe, and whether it goes on in it."""
    teed = _teed(command)
    if teed is not None:
        return teed
    if command.piped_to == "tee":
        following = script[command.index + 1 : command.index + _NEAR]
        return next((made for found in following if found.piped_from and (made := _teed(found)) is not None), None)
    redirect = command.output
    if command.piped_to == "envsubst":  # what it puts in is not known, all else goes through
        redirect = next((found.output for found in script[command.index + 1 : command.index + 2]), None)
    if redirect is None or redirect.target is None or _NOWHERE.match(redirect.target.text):
        return None
    return redirect.target.source, redirect.operator in (">>", "&>>")


def _teed(command: SimpleCommand) -> tuple[Source, bool] | None:
    """Return the first file of `[sudo] tee [-a] FILE`."""
    words = [word for word in command.words if not word.text.startswith("-")]
    if words and words[0].text in _WRAPPERS:
        words = words[1:]
    if len(words) < 2 or words[0].text.rpartition("/")[2] != "tee":
        return None
    return words[1].source, any(word.text in ("-a", "--append") for word in command.words)


_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def _written_as(target: Source) -> str:
    place = target.all()
    return target.root.text[place.start : place.end].strip("\"'")


def _raw(target: Source) -> str:
    """Return a target with its variables by name, where the file says them, else with a letter in their place."""
    words = _written_as(target)
    return words if MARK in target.text and "\n" not in words else target.text.replace(MARK, "x")


def _unescaped(word: Source, *, percent: bool = False) -> Source:
    """Return a word with its line breaks; in a format `%%` is one sign."""
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, 0
    for match in [*_ESCAPE.finditer(word.text), None]:
        end = match.start() if match is not None else len(word.text)
        stretches = [(word.text[at:end], at, end)]
        if match is not None:
            letter = match["letter"]
            meaning = _LETTERS.get(letter, letter) if letter else "%" if percent else match[0]
            stretches.append((meaning, *match.span()))
            at = match.end()
        for text, first, last in stretches:
            pieces.append(Piece(size, size + len(text), first, last))
            out.append(text)
            size += len(text)
    return word.embed("".join(out), tuple(pieces), "composed") if len(pieces) > 1 else word
