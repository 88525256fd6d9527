"""Shell text as facts: a `Command` for each program that runs, and what follows from it.

Used for script files and for the shell text in Dockerfiles, pipelines, manifests and hooks. What a command means
(images pulled and pushed, dependencies, downloads, logins, publishes) is known by the modules of `effects`, one a family
of tools, imported only when one of its programs turns up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from relcheck.facts import UNKNOWN, Command, Credential, Fact, Option, Publish
from relcheck.readers.effects import EFFECTS, STDIN, TELLING
from relcheck.readers.effects.invocation import Invocation, Setting, unwrap
from relcheck.refs import MARK
from relcheck.refs.secrets import looks_secret_name, redact
from relcheck.refs.shell import SHELLS, SimpleCommand, Word, parse
from relcheck.source import Source, Span

if TYPE_CHECKING:
    from relcheck.readers.written_files import Written

_SHEBANG = re.compile(r"#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?")
_TEXT_ONLY = frozenset(("echo", "printf"))
_NESTING = 6


def read(source: Source) -> Iterator[Fact]:
    """Yield the facts of a script file; a script for another interpreter gives none."""
    match = _SHEBANG.match(source.text)
    if match is not None:
        program = (match[2] if match[1].endswith(("/env", "/busybox")) else match[1]) or ""
        if program.rsplit("/", 1)[-1] not in SHELLS:
            return
    options = "e" if match is not None and "-e" in match[0] else ""
    yield from read_shell(source, context="script", shell_options=options)


def read_shell(
    source: Source,
    *,
    context: str = "script",
    job: str = "",
    step: int = -1,
    expressions: re.Pattern[str] | None = None,
    variables: Mapping[str, str] | None = None,
    secret_names: frozenset[str] = frozenset(),
    tolerant: bool = False,
    shell_options: str = "",
) -> Iterator[Fact]:
    """Yield the facts of a shell text.

    `context` says where it stands; `expressions` are markers of the format around it; `variables` are known values, and
    `secret_names` variables that hold secrets; `tolerant` when the whole step may fail; `shell_options` as given by the caller.
    """
    setting = Setting(
        context=context, job=job, step=step, secret_names=secret_names, tolerant=tolerant,
        variables=dict(variables or {}), expressions=expressions, options=shell_options,
    )  # fmt: skip
    yield from _script(source, setting, 0)


def read_argv(
    words: Sequence[Source],
    *,
    context: str = "runtime",
    job: str = "",
    step: int = -1,
    expressions: re.Pattern[str] | None = None,
    variables: Mapping[str, str] | None = None,
    secret_names: frozenset[str] = frozenset(),
    tolerant: bool = False,
    shell_options: str = "",
) -> Iterator[Fact]:
    """Yield the facts of a command given as a list of words, without a shell; `sh -c TEXT` is looked into."""
    setting = Setting(
        context=context, job=job, step=step, secret_names=secret_names, tolerant=tolerant,
        variables=dict(variables or {}), expressions=expressions, options=shell_options,
    )  # fmt: skip
    made = tuple(Word(source=word, static=MARK not in word.text and "$" not in word.text) for word in words)
    if made:
        yield from _command(SimpleCommand(words=made), [], setting, 0)


def read_commands(
    commands: Sequence[SimpleCommand], script: Sequence[SimpleCommand], setting: Setting
) -> Iterator[Fact]:
    """Yield the facts of commands of a script that a parser of another language than the shell found."""
    for command in commands:
        if command.words:
            yield from _command(command, script, setting, 0)


def _script(source: Source, setting: Setting, depth: int) -> Iterator[Fact]:
    if depth > _NESTING or not source.text.strip():
        return
    commands = parse(source, expressions=setting.expressions, variables=setting.variables, options=setting.options)
    files: dict[int, list[Written]] = {}
    if depth < _NESTING and any(command.redirects or command.group or command.piped_to for command in commands):
        from relcheck.readers.written_files import written  # noqa: PLC0415 - many scripts write no file

        files = written(commands, source)
    for command in commands:
        yield from _assignments(command, setting)
        if command.words:
            yield from _command(command, commands, setting, depth)
        for file in files.get(command.index, ()):
            yield from _written(file, setting, depth)


def _assignments(command: SimpleCommand, setting: Setting) -> Iterator[Fact]:
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few scripts set variables that matter

    for assignment in command.assignments:
        yield from environment_facts(
            assignment.name, assignment.value.source, job=setting.job, step=setting.step, where="script"
        )


def _command(command: SimpleCommand, script: Sequence[SimpleCommand], setting: Setting, depth: int) -> Iterator[Fact]:
    """One simple command: the program behind its wrappers, the text it hands to a shell, and what it means."""
    if command.program in _PRINTERS:
        yield from _shown(command, setting)
    words, wrappers, inner = unwrap(command)
    for text in inner:
        yield from _script(text, setting, depth + 1)
    if wrappers[:1] == ("uv",):
        from relcheck.readers.effects.python import with_packages  # noqa: PLC0415 - few commands run through uv

        yield from with_packages(Invocation(command.words, command, script, setting))
    if not words:
        return
    program = words[0].text.rsplit("/", 1)[-1].removesuffix(".exe")
    if program in _TEXT_ONLY:
        if command.piped_to in SHELLS:
            for word in words[1:]:
                yield from _script(word.source, setting, depth + 1)
        yield from _azure_variable(words, setting)
        yield from _printed(command, words, setting)
        if command.piped_to in STDIN:
            yield from _piped(command, words, script, setting)
        return
    if program == "cat" and command.piped_to in SHELLS and len(words) == 1 or program in SHELLS:
        for redirect in command.redirects:
            if redirect.body is not None and len(words) < 3:
                yield from _script(redirect.body, setting, depth + 1)
    if not program or program == MARK or _asks_only(words):
        return
    invocation = Invocation(words, command, script, setting, wrappers)
    yield _fact(invocation, wrappers)
    if program in STDIN and command.redirects:
        yield from _handed(invocation)
    if program in TELLING:
        from relcheck.readers.effects.told import told  # noqa: PLC0415 - most commands are told no secret

        yield from told(invocation)
    module = EFFECTS.get(program) or EFFECTS.get(re.sub(r"[\d.]+$", "", program))
    if module is not None:
        found: Iterator[Fact] = import_module(f"relcheck.readers.effects.{module}").facts(invocation)
        yield from (_guarded(fact) for fact in found) if command.conditional else found


def _guarded(fact: Fact) -> Fact:
    """Say of a publish in the body of a condition that the condition decides: what it asks is not understood."""
    return fact.replace(guarded=UNKNOWN) if isinstance(fact, Publish) and fact.guarded is False else fact


def _asks_only(words: Sequence[Word]) -> bool:
    return any(word.text in ("--help", "--version") for word in words[1:3]) and len(words) <= 3


def _fact(invocation: Invocation, wrappers: tuple[str, ...]) -> Command:
    first, last = invocation.words[0], invocation.verb_words[-1] if invocation.verb_words else invocation.words[0]
    start, end = first.source.all(), last.source.all()
    span = start._replace(end=max(start.end, end.end), form="composed" if first is not last else start.form)
    secrets = invocation.secret_words()
    shown = [_hidden(word.text) if id(word) in secrets else word.text.replace(MARK, "…") for word in invocation.words]
    verifies = verification(invocation)
    names = tuple(dict.fromkeys(word.partition("=")[0] for word in shown[1:] if word.startswith("-")))
    return Command(
        span=span,
        job=invocation.setting.job,
        step=invocation.setting.step,
        program=invocation.program,
        verb=invocation.verb,
        argv=tuple(shown),
        flags=names,
        options=tuple(
            Option(name=word.partition("=")[0], value=word.partition("=")[2]) for word in shown[1:]
            if word.startswith("--") and "=" in word
        ),
        operands=tuple(word for word in shown[1:] if not word.startswith("-")),
        assignments=tuple(
            Option(name=found.name, value="" if looks_secret_name(found.name) else found.value.text)
            for found in invocation.command.assignments
        ),
        piped_from=invocation.command.piped_from,
        piped_to=invocation.command.piped_to,
        # A check whose failure skips what stands behind its `&&` does its work, though the script goes on.
        swallowed=invocation.swallowed and not (verifies and invocation.command.guards),
        wrappers=wrappers,
        written=" ".join(shown)[:200],
        context=invocation.setting.context,
        verifies=verifies,
        moves_tag=_moved_tag(invocation) if invocation.program == "git" else "",
    )  # fmt: skip


_PRINTERS = frozenset(("cat", "env", "printenv"))
_CREDENTIAL_FILE = re.compile(r"(?:.*/)?(?:\.npmrc|\.pypirc|\.netrc|\.docker/config\.json|\.git-credentials)$")
_SECRET_EXPRESSION = re.compile(r"\$\{\{\s*secrets\.(\w+)\s*\}\}")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def _goes_to_log(command: SimpleCommand) -> bool:
    """Whether what a command prints is seen: not piped on, not caught by a substitution, not written to a file."""
    return not (command.piped_to or command.inside or command.output)


def _printed(command: SimpleCommand, words: Sequence[Word], setting: Setting) -> Iterator[Fact]:
    """`echo $TOKEN`: a variable that holds a secret of the pipeline, or the secret itself, goes to the log."""
    if not _goes_to_log(command) or (words[1:2] and words[1].text == "-v"):
        return
    for word in words[1:]:
        place = word.source.all()
        raw = word.source.root.text[place.start : place.end]
        if "::add-mask::" in raw:
            return
        variables = [match[1] or match[2] for match in _VARIABLE.finditer(raw)]
        named = [name for name in variables if name in setting.secret_names] + _SECRET_EXPRESSION.findall(raw)
        if named:
            yield _seen(place, named[0], setting)


def _piped(
    command: SimpleCommand, words: Sequence[Word], script: Sequence[SimpleCommand], setting: Setting
) -> Iterator[Fact]:
    """`echo SECRET | docker login --password-stdin`: the value stands in the file."""
    from relcheck.readers.effects.secrets import credential, reads_secret  # noqa: PLC0415 - few secrets go this way

    for following in script[command.index + 1 : command.index + 2]:
        if following.piped_from and reads_secret(following) and len(words) > 1:
            invocation = Invocation(following.words, following, script, setting)
            found = credential(words[-1].source, "argv-password", invocation, key="stdin", where="stdin")
            if found.form == "literal":
                yield found


def _handed(invocation: Invocation) -> Iterator[Fact]:
    """`docker login --password-stdin <<< SECRET`, the same with a heredoc."""
    from relcheck.readers.effects.secrets import credential, reads_secret  # noqa: PLC0415 - few secrets go this way

    for redirect in invocation.command.redirects if reads_secret(invocation.command) else ():
        here = redirect.target.source if redirect.operator == "<<<" and redirect.target is not None else redirect.body
        if here is not None and here.text.strip():
            start = len(here.text) - len(here.text.lstrip())
            value = here.part(start, max(start, len(here.text.rstrip())))
            found = credential(value, "argv-password", invocation, key="stdin", where="stdin")
            if found.form == "literal":
                yield found


def _shown(command: SimpleCommand, setting: Setting) -> Iterator[Fact]:
    """`cat ~/.npmrc`, `env`: a whole file of credentials, or every variable of a step that has secrets."""
    program, words = command.program, command.words
    if not setting.secret_names or not _goes_to_log(command):
        return
    if program == "cat":
        for word in words[1:]:
            if _CREDENTIAL_FILE.match(word.text.replace(MARK, "x")):
                yield _seen(word.source.all(), word.text.replace(MARK, "…").rsplit("/", 1)[-1], setting)
    elif len(words) == 1 or (program == "printenv" and words[1].text in setting.secret_names):
        yield _seen(words[-1].source.all(), "the environment" if len(words) == 1 else words[1].text, setting)


def _seen(place: Span, name: str, setting: Setting) -> Credential:
    return Credential(
        span=place, job=setting.job, step=setting.step, kind="printed", form="reference", where="log", key=name
    )


def _hidden(text: str) -> str:
    """Return a word without the secret in it: the name of the option or setting stays, of other words the beginning."""
    name, _, value = text.partition("=")
    # Base64 ends in `=`, and a password may hold one: what stands before it is a name only where it looks like one.
    named = value.strip("=") and _NAME.fullmatch(name) and (name.startswith("--") or looks_secret_name(name))
    return f"{name.replace(MARK, '…')}=…" if named else redact(text)


_NAME = re.compile(rf"[\w./{MARK}\[\]\\-]*(?:/:[\w-]+)?")


_CHECKSUMS = frozenset(("sha256sum", "sha512sum", "sha1sum", "shasum", "md5sum", "sha384sum", "b2sum"))


def verification(invocation: Invocation) -> str:
    """Return what a command checks: checksum, signature, attestation, or the empty string."""
    program, flags = invocation.program, {word.text for word in invocation.words[1:] if word.text.startswith("-")}
    if program in _CHECKSUMS and any(re.fullmatch(r"-\w*c\w*|--check", flag) for flag in flags):
        return "checksum"
    if program in ("gpg", "gpg2", "gpgv", "minisign", "signify") and (
        program == "gpgv" or flags & {"--verify", "-V", "-Vm"}
    ):
        return "signature"
    if program in ("cosign", "notation", "slsa-verifier") and invocation.verb.startswith("verify"):
        return "signature"
    return "attestation" if program == "gh" and invocation.verb == "attestation verify" else ""


def _moved_tag(invocation: Invocation) -> str:
    from relcheck.readers.effects.git import moved_tag  # noqa: PLC0415 - imported with the first git command

    return moved_tag(invocation)


def _written(file: Written, setting: Setting, depth: int) -> Iterator[Fact]:
    """Read the text that a script writes as the file it becomes, or as the script it is."""
    from relcheck.readers.written_files import STEPS, facts_of  # noqa: PLC0415 - many scripts write no file

    if file.format == "shell":
        yield from _script(file.text, setting, depth + 1)
    elif file.format == STEPS:
        yield from _for_later_steps(file.text, setting)
    else:
        place = file.by.words[0].source.all() if file.by.words else file.text.all()
        yield from facts_of(file, place, setting.job, setting.step)


_SETS_VARIABLE = re.compile(
    r"##vso\[task\.setvariable\s+(?:[\w]+=[^;\]]*;)*variable=(?P<name>[\w.-]+)[^\]]*\](?P<value>.+)"
    r"|::set-env\s+name=(?P<old>\w+)::(?P<given>.+)"
)


def _azure_variable(words: Sequence[Word], setting: Setting) -> Iterator[Fact]:
    """`echo "##vso[task.setvariable variable=NAME;issecret=true]value"` sets a variable for the steps that follow.

    So did `::set-env name=NAME::value` on GitHub.
    """
    for word in words[1:]:
        match = _SETS_VARIABLE.search(word.text) if "##vso[" in word.text or "::set-env" in word.text else None
        if match is not None:
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - rarely needed

            value = word.source.part(*match.span("value" if match["name"] else "given"))
            name = match["name"] or match["old"]
            yield from environment_facts(name, value, job=setting.job, step=setting.step, where="script")


_FOR_LATER = re.compile(
    r"(?m)^(?P<name>\w+)(?:=(?P<value>.*)|<<(?P<end>\w+)\n(?P<lines>(?s:.{0,10000}?))\n(?P=end)[ \t]*$)"
)


def _for_later_steps(text: Source, setting: Setting) -> Iterator[Fact]:
    """`echo NAME=value >> $GITHUB_ENV` sets a variable for the steps that follow."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - rarely needed

    for match in _FOR_LATER.finditer(text.text):
        value = text.part(*match.span("value" if match["value"] is not None else "lines"))
        yield from environment_facts(match["name"], value, job=setting.job, step=setting.step, where="script")
