"""Package managers that add one package at a time: which package, and whether a version stands beside it.

bundle add NAME [-v V]                    composer [global] require NAME[:V]       dotnet add [PROJECT] package NAME [-v V]
nuget install NAME [-Version V]           choco install NAME [--version V]         cargo binstall NAME[@V]
gem fetch NAME [-v V]                     conda|mamba install [-c CHANNEL] NAME[=V]
easy_install NAME[==V]                    cpan, cpanm [install] NAME[@V]           R -e 'install.packages("NAME")'
brew install [--HEAD] NAME | URL          snap install NAME [--channel C]
uv add, poetry add, pdm add, pipenv install NAME[==V]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Dependency, Download, Fact, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.effects.invocation import Invocation, where_of
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.python_requirement import requirement
from relcheck.readers.urls import registry, url_parts
from relcheck.refs import MARK
from relcheck.refs.remote_file import is_moving
from relcheck.refs.shell import Word
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_NAME = lazy_pattern(r"[@A-Za-z][\w.+:-]*(?:/[\w.+-]+)*")
_EXACT = lazy_pattern(r"[=v]*\d+(?:\.\d+)*(?:[-+.]\w+)*")
_CONDA_SPEC = lazy_pattern(r"(?P<name>[\w.-]+)(?:\s*(?P<operator>[=<>!~]+)\s*(?P<version>[^=\s]+)(?:=\S*)?)?")
_R_PACKAGE = re.compile(r"install\.packages\(\s*['\"](?P<name>[\w.]+)['\"]")


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield the packages that a command adds."""
    handler = _HANDLERS.get(invocation.program)
    if handler is not None:
        yield from handler(invocation)


def added(
    invocation: Invocation, ecosystem: str, words: list[Word], *, separator: str = "", options: tuple[str, ...] = ()
) -> Iterator[Dependency]:
    """Yield the packages that words name: the version stands behind a separator or is the value of an option."""
    given = next((value for value in invocation.values(*options)), None) if options else None
    for word in words:
        name, at, _ = word.text.partition(separator) if separator else (word.text, "", "")
        if not _NAME.fullmatch(name.replace(MARK, "x")) or "://" in word.text:
            continue
        place = word.source.part(len(name) + len(at), len(word.text)) if at else given
        yield package(invocation, ecosystem, word.source.part(0, len(name)), place)


def package(invocation: Invocation, ecosystem: str, name: Source, version: Source | None) -> Dependency:
    """Return one package with the version that is asked for."""
    text = version.text if version is not None else ""
    known: Text = UNKNOWN if MARK in text else text
    parts: dict[str, Span] = {} if MARK in name.text else {"name": name.all()}
    if version is not None and text and MARK not in text:
        parts["constraint"] = version.all()
    firm = "any" if text in ("", "*") else "tag" if text == "latest" else "exact" if _EXACT.fullmatch(text) else "range"
    return Dependency(
        span=name.all(), parts=parts, job=invocation.setting.job, step=invocation.setting.step, ecosystem=ecosystem,
        where="tool", name=UNKNOWN if MARK in name.text else name.text, constraint=known,
        firmness=UNKNOWN if known is UNKNOWN else firm,
    )  # fmt: skip


def _bundle(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "add":
        values = ("-v", "--version", "-g", "--group", "-s", "--source", "--git", "--github", "--branch", "--path", "-r")
        if invocation.has("--git", "--github", "--path") is None:
            yield from added(invocation, "gem", invocation.operands(values), options=("-v", "--version"))


def _composer(invocation: Invocation) -> Iterator[Fact]:
    """`require NAME:V` and `require NAME V`: a word that is no name belongs to the one before it."""
    if invocation.verb not in ("require", "r", "global require"):
        return
    words = [
        word for word in invocation.operands(("-d", "--working-dir")) if "/" in word.text or word.text[:1].isdigit()
    ]
    for number, word in enumerate(words):
        if "/" not in word.text:
            continue
        behind = words[number + 1].source if number + 1 < len(words) and "/" not in words[number + 1].text else None
        name, at, _ = re.sub("=", ":", word.text, count=1).partition(":")
        inline = word.source.part(len(name) + 1, len(word.text)) if at else behind
        yield package(invocation, "composer", word.source.part(0, len(name)), inline)


def _dotnet(invocation: Invocation) -> Iterator[Fact]:
    words = invocation.operands(("-v", "--version", "-s", "--source", "-f", "--framework", "--package-directory"))
    if invocation.verb.startswith("add") and invocation.verb != "add package":
        words = words[1:] if [word.text for word in words[:1]] == ["package"] else []
    elif invocation.verb != "add package":
        return
    yield from added(invocation, "nuget", words[:1], options=("-v", "--version"))


def _nuget(invocation: Invocation) -> Iterator[Fact]:
    words = invocation.operands(("-Version", "-OutputDirectory", "-Source", "-ConfigFile", "-version"))
    if invocation.verb == "install" and not any(word.text.endswith(".config") for word in words):
        yield from added(invocation, "nuget", words[:1], options=("-Version", "-version"))


def _choco(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "push":
        source = invocation.value("-s", "--source")
        if source is not None:
            yield from registry(
                source, ecosystem="chocolatey", purpose="publish", key="--source", **where_of(invocation)
            )
        yield publish(invocation, "chocolatey", host=host_of(source))
    if invocation.verb in ("install", "upgrade"):
        words = invocation.operands(("--version", "-s", "--source", "--params", "-a", "--install-arguments"))
        named = [word for word in words if word.text != "all" and not word.text.endswith(".config")]
        yield from added(invocation, "chocolatey", named, options=("--version",))


def _gem(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "fetch":
        words = invocation.operands(("-v", "--version", "-s", "--source"))
        yield from added(invocation, "gem", words, options=("-v", "--version"))


def _cargo(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "binstall":
        words = invocation.operands(("--version", "--root", "--targets", "--git", "--manifest-path", "--strategies"))
        yield from added(invocation, "cargo", words, separator="@", options=("--version",))


def _conda(invocation: Invocation) -> Iterator[Fact]:
    """Channels that are URLs, and packages without a version."""
    if invocation.verb not in ("install", "create", "update"):
        return
    for value in invocation.values("-c", "--channel"):
        if "://" in value.text:
            yield from registry(value, ecosystem="conda", purpose="index", key="--channel", **where_of(invocation))
    values = ("-c", "--channel", "-n", "--name", "-p", "--prefix", "-f", "--file", "--revision", "--solver", "--subdir")
    for word in invocation.operands(values):
        match = _CONDA_SPEC.fullmatch(word.text.replace(MARK, "x"))
        if match is None or "/" in word.text or word.text.endswith((".yml", ".yaml", ".conda", ".bz2")):
            continue
        version = word.source.part(match.start("operator"), len(word.text)) if match["operator"] else None
        yield package(invocation, "conda", word.source.part(0, match.end("name")), version)


def _python(invocation: Invocation) -> Iterator[Fact]:
    """`uv add NAME`, `poetry add NAME`: the newest release, or what is asked for."""
    verbs = {"pipenv": ("install",), "easy_install": ("",)}.get(invocation.program, ("add",))
    words = invocation.words[1:] if invocation.program == "easy_install" else invocation.behind
    if invocation.verb not in verbs and invocation.program != "easy_install":
        return
    waiting = False
    for word in words:
        text = word.text
        if waiting or text.startswith("-"):
            waiting = not waiting and text in _PYTHON_VALUES
            continue
        plain = not text.startswith((".", "/", "~", MARK)) and "://" not in text and "git+" not in text
        named, at, _ = text.partition("@")
        if plain and at and invocation.program == "poetry":
            yield package(
                invocation, "pypi", word.source.part(0, len(named)), word.source.part(len(named) + 1, len(text))
            )
        elif plain:
            for fact in requirement(word.source, where="command", group="dev"):
                if isinstance(fact, Dependency):
                    yield fact.replace(job=invocation.setting.job, step=invocation.setting.step)


_PYTHON_VALUES = (
    "-G", "--group", "--extra", "--source", "--index", "-r", "--requirements", "--python", "-p", "--script", "--optional",
    "--package", "--default-index", "-i", "-E", "--extras", "--platform", "--constraints", "-c", "--branch", "--tag", "--rev",
)  # fmt: skip


def _perl(invocation: Invocation) -> Iterator[Fact]:
    words = [word for word in invocation.words[1:] if word.text not in ("install", "-i", "-T", "-n", "-f")]
    for word in words:
        if "::" in word.text or word.text[:1].isupper():
            yield from added(invocation, "cpan", [word], separator="@")


def _r(invocation: Invocation) -> Iterator[Fact]:
    for value in invocation.values("-e"):
        for match in _R_PACKAGE.finditer(value.text):
            yield package(invocation, "cran", value.part(*match.span("name")), None)


def _brew(invocation: Invocation) -> Iterator[Fact]:
    """`brew install --HEAD NAME` builds the tip of a branch; a URL is a formula that is run."""
    if invocation.verb not in ("install", "reinstall"):
        return
    head = invocation.has("--HEAD", "--head") is not None
    for word in invocation.operands(("--appdir", "--cc", "--language")):
        if "://" in word.text:
            yield _formula(invocation, word)
            continue
        for found in added(invocation, "brew", [word], separator="@"):
            yield found.replace(source="git", firmness="git-default") if head else found


def _formula(invocation: Invocation, word: Word) -> Download:
    url = parse_url(word.text)
    known = url is not None and MARK not in word.text
    return Download(
        span=word.source.all(), parts=url_parts(word.source, url), job=invocation.setting.job, step=invocation.setting.step,
        tool="brew", url=url.redacted if url is not None and known else UNKNOWN,
        scheme=url.scheme if url is not None else UNKNOWN, host=url.host if url is not None else UNKNOWN,
        executed_by="brew", moving=known and is_moving(word.text), context=invocation.setting.context,
    )  # fmt: skip


def _snap(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "install":
        channel = invocation.value("--channel", "--revision")
        words = [word for word in invocation.operands(("--channel", "--revision")) if not word.text.endswith(".snap")]
        for found in added(invocation, "snap", words):
            said = "" if channel is None else channel.text
            yield found.replace(
                constraint=UNKNOWN if MARK in said else said, firmness="exact" if said.isdigit() else "tag"
            )


_HANDLERS: dict[str, Callable[[Invocation], Iterator[Fact]]] = {
    "bundle": _bundle, "composer": _composer, "dotnet": _dotnet, "nuget": _nuget, "choco": _choco, "gem": _gem, "cargo": _cargo,
    "conda": _conda, "mamba": _conda, "micromamba": _conda, "uv": _python, "poetry": _python, "pdm": _python,
    "pipenv": _python, "easy_install": _python, "cpan": _perl, "cpanm": _perl, "R": _r, "Rscript": _r,
    "brew": _brew, "snap": _snap,
}  # fmt: skip
