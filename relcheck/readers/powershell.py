"""PowerShell: script files and the steps of pipelines that are written in it (`relcheck.refs.powershell` has the grammar).

Programs mean what they mean in a shell. Of PowerShell's own commands these say something of a release:

    Invoke-WebRequest, Invoke-RestMethod, iwr, irm, Start-BitsTransfer   [-Uri] URL [-OutFile FILE]
    [Environment]::SetEnvironmentVariable(NAME, VALUE, …)
    (New-Object Net.WebClient).DownloadFile(URL, FILE), .DownloadString(URL)
    Invoke-Expression, iex                                               executes text
    Install-Module, Install-Script, Save-Module, Install-PSResource      [-Name] NAME [-RequiredVersion | -Version VERSION]
    Publish-Module, Publish-Script, Publish-PSResource                   [-NuGetApiKey KEY] [-Repository NAME]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from relcheck.facts import UNKNOWN, Credential, Dependency, Download, Fact, Publish, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers import script_variables
from relcheck.readers.effects.invocation import Setting
from relcheck.readers.environment import environment_facts
from relcheck.readers.shell import read_commands
from relcheck.readers.urls import url_parts, userinfo
from relcheck.refs import MARK
from relcheck.refs.powershell import parse_powershell
from relcheck.refs.secrets import literal_form
from relcheck.refs.shell import SimpleCommand, Word
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_FETCH = frozenset(("invoke-webrequest", "invoke-restmethod", "iwr", "irm", "start-bitstransfer"))
_EVALUATE = frozenset(("invoke-expression", "iex"))
_INSTALL = frozenset(("install-module", "install-script", "save-module", "install-psresource", "save-psresource"))
_PUBLISH = frozenset(("publish-module", "publish-script", "publish-psresource"))
_UNPACK = frozenset(("expand-archive", "7z", "tar"))
_CHECK = frozenset(("get-filehash", "certutil", "get-authenticodesignature", "gpg", "cosign"))
_RUN = frozenset(("start-process", "start", "saps", "msiexec", "python", "pwsh", "powershell", "bash", "sh"))
_SENDS = frozenset(("post", "put", "delete", "patch"))
_CLIENT = lazy_pattern(
    r"(?i:(?P<run>\b(?:iex|Invoke-Expression)\b[^\r\n;|]{0,200}?)?)"
    r"\.(?P<verb>(?i:DownloadString|DownloadFile))\(\s*(?P<quote>['\"])(?P<url>https?://[^'\"\s$`]{1,500})(?P=quote)"
    r"(?:\s*,\s*(?P<file>[^)\r\n]{1,200}))?\)(?P<pipe>[ \t)]*\|[ \t]*(?i:iex|Invoke-Expression)\b)?"
)
_CMDLET = re.compile(r"[A-Za-z]+-[A-Z]\w*|[A-Z]\w*-\w+")
"""`Verb-Noun`: what is PowerShell's own, and no program."""
_WRITES = lazy_pattern(
    r"(?i:>|::WriteAll|::AppendAll|\b(?:(?:Set|Add)-Content|Out-File|New-Item|Tee-Object|sc|ac|ni|tee)\b)"
)
_NEAR = 100


def read(source: Source) -> Iterator[Fact]:
    """Yield the facts of a script file."""
    found = list(read_powershell(source))
    told = {fact.span for fact in found if isinstance(fact, Credential)}
    yield from (fact for fact in script_variables.read(source) if fact.span not in told)
    yield from found


def read_powershell(
    source: Source,
    *,
    context: str = "script",
    job: str = "",
    step: int = -1,
    expressions: re.Pattern[str] | None = None,
    secret_names: frozenset[str] = frozenset(),
    tolerant: bool = False,
) -> Iterator[Fact]:
    """Yield the facts of a PowerShell text; the arguments are those of `relcheck.readers.shell.read_shell`."""
    setting = Setting(context=context, job=job, step=step, secret_names=secret_names, tolerant=tolerant)
    commands = parse_powershell(source, expressions=expressions)
    own = [command for command in commands if _CMDLET.fullmatch(command.program) or command.program.lower() in _FETCH]
    programs = [found for found in commands if not _CMDLET.fullmatch(found.program) and found.program[:1] != "["]
    yield from read_commands(programs, commands, setting)
    for command in own:
        yield from _own(command, commands, setting)
    for command in commands:
        if command.program.lower().endswith("]::setenvironmentvariable") and len(command.words) > 2:
            name, value = command.words[1].text, command.words[2].source
            yield from environment_facts(name, value, job=job, step=step, where="script")
    if _WRITES.search(source.text):
        from relcheck.readers.powershell_files import written_facts  # noqa: PLC0415 - many scripts write no file

        yield from written_facts(commands, source, job, step)
    for match in _CLIENT.finditer(source.text):
        yield _by_client(source, match, setting)


def _own(command: SimpleCommand, script: Sequence[SimpleCommand], setting: Setting) -> Iterator[Fact]:
    """What a command of PowerShell itself says."""
    name = command.program.lower()
    if name in _FETCH and _option(command, "method").lower() not in _SENDS:
        word = _argument(command, "uri", "source")
        if word is not None and "://" in word.text:
            yield _download(word, command, script, setting)
            secret = userinfo(word.source, job=setting.job, step=setting.step)
            if secret is not None:
                yield secret
    elif name in _INSTALL:
        yield from _installed(command, setting)
    elif name in _PUBLISH:
        yield _published(command, setting)


def _argument(command: SimpleCommand, *names: str) -> Word | None:
    """Return the value of a parameter (`-Name value`, `-Name:value`), or the first word that belongs to none."""
    waiting, first = "", None
    for word in command.words[1:]:
        if word.text.startswith("-") and not word.text.startswith("--"):
            waiting, colon, _ = word.text[1:].lower().partition(":")
            if colon and waiting in names:
                return Word(source=word.source.part(len(waiting) + 2, len(word.text)), static=word.static)
            waiting = "" if waiting in _SWITCHES or colon else waiting
        elif waiting in names:
            return word
        elif not waiting:
            first = first or word
        else:
            waiting = ""
    return first


_SWITCHES = frozenset((
    "usebasicparsing", "force", "allowclobber", "acceptlicense", "skippublishercheck", "passthru", "verbose", "quiet",
    "allowprerelease", "prerelease", "trustrepository", "reinstall", "disablekeepalive", "usedefaultcredentials", "asynchronous",
    "skipcertificatecheck", "resume",
))  # fmt: skip


def _option(command: SimpleCommand, *names: str) -> str:
    """Return the value of a parameter as text, the empty string where it is not given."""
    given = next(_values(command, *names), None)
    return given.text if given is not None else ""


def _download(word: Word, command: SimpleCommand, script: Sequence[SimpleCommand], setting: Setting) -> Download:
    url = parse_url(word.text)
    redacted = url.redacted if url is not None else word.text
    output = _option(command, "outfile", "destination", "o")
    piped = command.piped_to.lower() in _EVALUATE or command.outer.lower() in _EVALUATE
    later = script[command.index + 1 : command.index + 1 + _NEAR] if output else ()
    return Download(
        span=word.source.all(),
        parts=url_parts(word.source, url),
        job=setting.job,
        step=setting.step,
        tool=command.program,
        url=UNKNOWN if MARK in redacted else redacted,
        scheme=url.scheme if url else UNKNOWN,
        host=url.host if url else UNKNOWN,
        output=output.replace(MARK, "…"),
        verified_by="checksum" if any(found.program.lower() in _CHECK for found in later) else "",
        executed_by="Invoke-Expression" if piped else _executed(output, later),
        piped=piped,
        unpacked=any(found.program.lower() in _UNPACK and _names(found, output) for found in later),
        context=setting.context,
    )


def _executed(output: str, later: Sequence[SimpleCommand]) -> str:
    """Return what runs the file that a download wrote: itself, or a program that is handed its name."""
    name = _base(output)
    if len(name.replace(MARK, "")) < 3:
        return ""
    for command in later:
        if command.words and _base(command.words[0].text) == name:
            return name.replace(MARK, "…")
        if command.program.lower().removesuffix(".exe") in _RUN and _names(command, output):
            return command.program
    return ""


def _names(command: SimpleCommand, output: str) -> bool:
    return bool(output) and any(_base(word.text) == _base(output) for word in command.words[1:])


def _base(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _installed(command: SimpleCommand, setting: Setting) -> Iterator[Dependency]:
    word = _argument(command, "name")
    if word is None or MARK in word.text or not re.fullmatch(r"[\w.-]+", word.text):
        return
    given = next(_values(command, "requiredversion", "version", "maximumversion"), None)
    version = given.text if given is not None else ""
    exact = re.fullmatch(r"\d+(?:\.\d+)+(?:-\w+)?", version) is not None
    parts = {"name": word.source.all()} | ({"constraint": given.source.all()} if given is not None else {})
    yield Dependency(
        span=word.source.all(), parts=parts, job=setting.job, step=setting.step, ecosystem="nuget",
        where="tool", name=word.text, constraint=UNKNOWN if MARK in version else version,
        firmness=UNKNOWN if MARK in version else "exact" if exact else "range" if version else "any", group="tool",
    )  # fmt: skip


def _published(command: SimpleCommand, setting: Setting) -> Publish:
    key = next((word for word in _values(command, "nugetapikey", "apikey")), None)
    form = literal_form(key.text) if key is not None and MARK not in key.text else "reference"
    return Publish(
        span=command.words[0].source.all(), job=setting.job, step=setting.step, ecosystem="nuget", tool=command.words[0].text,
        host=_gallery(command), target="", swallowed=setting.tolerant,
        token="none" if key is None else "static" if form in ("literal", "reference") else "unknown",
    )  # fmt: skip


def _values(command: SimpleCommand, *names: str) -> Iterator[Word]:
    for number, word in enumerate(command.words[1:-1], start=1):
        if word.text[:1] == "-" and word.text[1:].lower() in names:
            yield command.words[number + 1]


def _gallery(command: SimpleCommand) -> Text:
    """Return the host that a module is published to; a repository has a name only the machine knows."""
    return UNKNOWN if _option(command, "repository").lower() not in ("", "psgallery") else ""


def _by_client(source: Source, match: re.Match[str], setting: Setting) -> Download:
    """`(New-Object Net.WebClient).DownloadString(URL) | iex`, the way of installers."""
    piece = source.part(*match.span("url"))
    url = parse_url(match["url"])
    evaluated = bool((match["run"] or match["pipe"]) and match["verb"].lower() == "downloadstring")
    place: Span = piece.all()
    return Download(
        span=place, parts=url_parts(piece, url), job=setting.job, step=setting.step, tool="WebClient",
        url=url.redacted if url is not None else match["url"], scheme=url.scheme if url else UNKNOWN,
        host=url.host if url else UNKNOWN, executed_by="Invoke-Expression" if evaluated else "", piped=evaluated,
        context=setting.context,
    )  # fmt: skip
