"""Dockerfiles and Containerfiles (the reference of BuildKit's Dockerfile frontend).

    # syntax=IMAGE                                   the frontend
    ARG name=default                                 before the first FROM: the only variables that FROM sees
    FROM [--platform=P] IMAGE|STAGE [AS name]        a stage
    COPY [--from=IMAGE|STAGE|N] src… dst | <<EOF     from the context, a stage, an image, a named context
    ADD [--checksum=D] src|URL|GIT… dst
    RUN [--mount=type=…,from=IMAGE|STAGE]… command   shell form, JSON form or heredocs
    CMD, ENTRYPOINT, HEALTHCHECK CMD                 commands of the running container
    ENV name=value…, SHELL ["program", …], ONBUILD instruction

A name after FROM or from= is a stage only if the stage is defined further up; names of stages are compared without
case. What FROM names is "final" where the last stage descends from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from relcheck.facts import Copy, Credential, Dependency, Fact, Image, Related, Unreadable
from relcheck.patterns import lazy_pattern
from relcheck.readers.dockerfile_files import added_facts, copied_facts, run_later
from relcheck.readers.dockerfile_labels import label_facts
from relcheck.readers.dockerfile_lines import Instruction, read_lines
from relcheck.readers.dockerfile_secrets import written_arguments
from relcheck.readers.dockerfile_words import (
    environment_pairs,
    json_words,
    pairs,
    split_flags,
    split_words,
    template,
    unquote,
)
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.image import parse_image
from relcheck.refs.variables import Expansion, expand
from relcheck.source import Piece, Source, Span

_WHOLE = lazy_pattern(r"\$(?:(\w+)|\{(\w+)(?::?-[^{}]*)?\})")
_NUMBER = lazy_pattern(r"[0-9]+")
_IMAGE_SHAPE = lazy_pattern(r"[/:@]")
_ONLY_HEREDOC = lazy_pattern(r"\d*<<-?[^\s<]+")
_HEREDOC_WORD = lazy_pattern(r"\d*<<-?[^\s<]+")
_MARKUP = lazy_pattern(r"\{\{|\{%|<%|%%\w|@[A-Za-z_]+@|^#(?:include|if|ifdef)\b", re.MULTILINE)
_ACTION = lazy_pattern(r"\{\{[^{}]{0,500}\}\}|\{%[^%{}]{0,500}%\}|<%[^%<>]{0,500}%>|%%\w{1,80}%%|@[A-Za-z_]{1,80}@")
_TEMPLATE_NAME = lazy_pattern(r"[._-](?:tmpl|tpl|template|j2|jinja2?|in|erb|m4|mustache|gotmpl)$", re.IGNORECASE)
_JSON_OBJECT = lazy_pattern(r'\s*\{\s*"')
_FRONTENDS = ("docker/dockerfile", "docker.io/docker/dockerfile")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})
_SILENT = frozenset({"VOLUME", "USER", "WORKDIR", "EXPOSE", "MAINTAINER", "STOPSIGNAL"})
_SEARCHED = 500
"""How many stages or inherited variables are looked through one by one; no real file comes near it."""
_NOT_IN_ONBUILD = ("ONBUILD", "FROM", "MAINTAINER")


class _Stage:
    """A stage while it is read: its name, the stage it builds on, its variables and its shell."""

    def __init__(self, name: str, parent: _Stage | None, shell: bool) -> None:
        self.name = name
        self.parent = parent
        self.shell = shell
        self.powershell: bool = parent.powershell if parent else False
        self.image = -1  # the fact that names its base
        self.arguments: dict[str, Source] = {}  # names of ARG, by their place
        inherited = parent.variables if parent and len(parent.variables) <= _SEARCHED else {}
        self.variables: dict[str, Source] = dict(inherited)
        self.entrypoint: bool = parent.entrypoint if parent else False


def read(source: Source) -> Iterator[Fact]:
    """Read a Dockerfile; a fragment without FROM is legal."""
    if _JSON_OBJECT.match(source.text):
        yield from _json_frontend(source)
    else:
        yield from _Reader(source).facts()


def _json_frontend(source: Source) -> Iterator[Fact]:
    """Yield the frontend of a file that is a JSON object, which only that frontend understands: {"syntax": IMAGE, …}."""
    from relcheck.readers.yaml_tree import Mapping as Object  # noqa: PLC0415 - few frontends read JSON
    from relcheck.readers.yaml_tree import faults, load  # noqa: PLC0415 - see above

    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents:
        named = node.scalar("syntax") if isinstance(node, Object) else None
        fact = image_fact(named.source, role="frontend", engine="dockerfile") if named is not None else None
        if fact is not None:
            yield fact


def read_built(source: Source, arguments: Mapping[str, Source]) -> Iterator[Fact]:
    """Read a Dockerfile that is known to be built with these arguments; they replace the defaults."""
    yield from _Reader(source, arguments).facts()


class _Reader:
    """One file: what was read so far, and the stage that is being read."""

    def __init__(self, source: Source, given: Mapping[str, Source] | None = None) -> None:
        self.lines = lines = read_lines(source)
        self.escape = lines.escape
        self.given = given or {}
        self.globals: dict[str, Source | None] = {}
        self.templates: dict[str, str] = {}  # the defaults of the globals, with the variables in them by their own
        self.stages: list[_Stage] = []
        self.named: dict[str, _Stage] = {}  # by lower-case name; the last of a name wins
        self.outside = _Stage("", None, shell=lines.escape == "\\")
        # Templates and the files of other frontends than Docker's hold lines that are no instructions.
        self.tolerant = bool(_MARKUP.search(source.text) or _TEMPLATE_NAME.search(source.path))
        self.names: frozenset[str] = frozenset()
        self.found: list[tuple[_Stage, Fact]] = []

    @property
    def stage(self) -> _Stage:
        """The stage that is being read."""
        return self.stages[-1] if self.stages else self.outside

    def facts(self) -> Iterator[Fact]:
        """Read all instructions; then it is known which stages are part of the result."""
        for fault in self.lines.faults:
            yield Unreadable(span=fault.span, reason=f"{fault.reason}.")
        self.names = frozenset(self._stage_names())
        for directive in self.lines.directives:
            if directive.name == "syntax":
                self._frontend(directive.value)
        for instruction in self.lines.instructions:
            self._add(self._instruction(instruction.name, instruction, instruction.value, onbuild=False))
        final = self._final_stages()
        members = set(map(id, final))
        later = run_later([(id(stage), fact) for stage, fact in self.found])
        for number, (stage, fact) in enumerate(self.found):
            is_base = bool(final) and stage is final[-1]
            yield _placed(later.get(number, fact), id(stage) in members, is_base=is_base)

    def _stage_names(self) -> Iterator[str]:
        for instruction in self.lines.instructions:
            words = instruction.value.text.split() if instruction.name == "FROM" else []
            if len(words) >= 3 and words[-2].lower() == "as":
                yield words[-1].lower()

    def _final_stages(self) -> list[_Stage]:
        chain: list[_Stage] = []
        stage = self.stages[-1] if self.stages else None
        while stage is not None:
            chain.append(stage)
            stage = stage.parent
        return chain

    def _add(self, facts: Iterator[Fact]) -> None:
        for fact in facts:
            self.found.append((self.stage, fact))

    def _frontend(self, value: Source) -> None:
        word = value.part(0, len(value.text.split()[0]))
        fact = image_fact(word, role="frontend", engine="dockerfile")
        if fact:
            self.tolerant = self.tolerant or not word.text.startswith(_FRONTENDS)
            self.found.append((self.outside, fact))

    def _instruction(self, name: str, whole: Instruction, value: Source, *, onbuild: bool) -> Iterator[Fact]:
        if name == "FROM":
            yield from self._from(value)
        elif name == "ARG":
            yield from self._arg(value)
        elif name == "ENV":
            yield from self._env(value)
        elif name == "COPY":
            yield from self._copy(whole, value, onbuild=onbuild)
        elif name == "ADD":
            yield from self._add_files(whole, value)
        elif name == "RUN":
            yield from self._run(whole, value, onbuild=onbuild)
        elif name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield from self._runtime(name, value)
        elif name == "SHELL":
            yield from self._shell(value)
        elif name == "LABEL":
            yield from label_facts(value, self.escape)
        elif name == "ONBUILD":
            yield from self._onbuild(whole, value)
        elif name not in _SILENT and not self.tolerant:
            self.tolerant = True  # the builder stops here, and a file of another kind would go on and on
            yield Unreadable(span=whole.span, reason="This is no instruction of a Dockerfile.")

    def _from(self, value: Source) -> Iterator[Fact]:
        words = split_words(split_flags(value, self.escape)[1], self.escape)
        named = len(words) == 3 and words[1].text.lower() == "as"
        if len(words) != 1 and not named:
            self._open("", None, value.text)
            if not self.tolerant:
                yield Unreadable(span=value.all(), reason="FROM takes an image and, after AS, a name.")
            return
        word = unquote(words[0], self.escape)
        expansion = self._expand(word)
        name = expansion.source.text
        parent = self._stage_named(name)
        self._open(words[2].text.lower() if named else "", parent, name)
        if parent is None and name != "scratch":
            fact = self._base(word, expansion)
            if fact:
                yield self._open_to_builds(fact, word)

    def _open_to_builds(self, fact: Image, word: Source) -> Image:
        """Keep the text with its variables, which the builds of the file may give other values."""
        raw = template(word.text, self.templates) if "$" in word.text else ""
        whole = word.all()
        place = Span(whole.start, whole.end, "variable" if whole.form == "plain" else f"{whole.form}>variable")
        return fact.replace(raw=raw, parts={**fact.parts, "raw": place}) if raw else fact

    def _open(self, name: str, parent: _Stage | None, image: str) -> None:
        windows = self.escape != "\\" or "windows" in image.lower() or "nanoserver" in image.lower()
        self.stages.append(_Stage(name, parent, shell=parent.shell if parent else not windows))
        if name:
            self.named[name] = self.stages[-1]

    def _stage_named(self, text: str) -> _Stage | None:
        """Return the stage of that name that is defined last; an unknown stretch of a name may be anything."""
        name = text.lower()
        if MARK in name and name.strip(MARK) and name.count(MARK) <= 3 and len(self.named) <= _SEARCHED:
            pattern = re.compile(".*".join(map(re.escape, name.split(MARK))))
            return next((stage for known, stage in reversed(self.named.items()) if pattern.fullmatch(known)), None)
        return self.named.get(name)

    def _expand(self, word: Source) -> Expansion:
        """Expand with the ARGs before the first FROM; an empty default that breaks the reference is not known."""
        expansion = expand(word, self.globals.get, "docker")
        empty = [name for name, value in expansion.used if value == "" or isinstance(value, Source) and not value.text]
        ref = parse_image(expansion.source.text)
        if not empty or ref is not None and not ref.problem and not ref.digest_problem:
            return expansion
        return expand(word, lambda name: None if name in empty else self.globals.get(name), "docker")

    def _base(self, word: Source, expansion: Expansion) -> Image | None:
        default = self._whole_default(word)
        if default is None:
            return image_fact(
                expansion.source,
                role="base",
                engine="dockerfile",
                written=word.text,
                state=expansion.state,
                related=_definitions(expansion),
                floating_default=expansion.state == "defaulted",
            )
        inner = self._expand(default)
        return image_fact(
            inner.source,
            role="base",
            engine="dockerfile",
            written=default.text,
            state="defaulted" if inner.state == "literal" else inner.state,
            related=(Related(span=word.all(), note="used here"), *_definitions(inner)),
            floating_default=True,
        )

    def _whole_default(self, word: Source) -> Source | None:
        """Return the default that is the whole reference (`ARG BASE=alpine`, `FROM $BASE`): the repair goes there."""
        found: Source | None = None
        seen: set[str] = set()
        while match := _WHOLE.fullmatch((found or word).text):
            name = match[1] or match[2]
            default = self.globals.get(name)
            if default is None or not default.text or name in seen:
                break
            seen.add(name)
            found = default
        return found

    def _arg(self, value: Source) -> Iterator[Fact]:
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - a fragment may have no variables

        stage = self.stage
        for name, default in pairs(value, self.escape):
            handed = self.given.get(name.text, default)
            if not self.stages:
                self.globals[name.text] = handed if handed is not None else self.globals.get(name.text)
                if handed is not None:
                    self.templates[name.text] = template(handed.text, self.templates)
            else:
                stage.arguments[name.text] = name
                known = handed if handed is not None else self.globals.get(name.text)
                if known is not None:
                    stage.variables.setdefault(name.text, known)
            if default is not None:
                yield from environment_facts(name.text, default, where="layer")

    def _env(self, value: Source) -> Iterator[Fact]:
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - a fragment may have no variables

        for name, text in environment_pairs(value, self.escape):
            if text is None:
                yield Unreadable(span=name.all(), reason="ENV takes name=value.")
                continue
            self.stage.variables[name.text] = text
            yield from environment_facts(name.text, text, where="layer")
            yield from written_arguments(text, self.stage.arguments, env=True)

    def _copy(self, whole: Instruction, value: Source, *, onbuild: bool) -> Iterator[Fact]:
        flags, rest = split_flags(value, self.escape)
        origin = next((text for name, text in reversed(flags) if name == "from"), None)
        if origin is not None:
            yield from self._origin(origin, "copied", onbuild=onbuild)
        else:
            yield from copied_facts(self._words(rest), whole.heredocs)

    def _add_files(self, whole: Instruction, value: Source) -> Iterator[Fact]:
        flags, rest = split_flags(value, self.escape)
        yield from added_facts(self._words(rest), dict(flags), whole.heredocs, self.stage.variables)

    def _words(self, rest: Source) -> list[Source]:
        words = json_words(rest)
        return words if words is not None else [unquote(word, self.escape) for word in split_words(rest, self.escape)]

    def _origin(self, origin: Source, role: str, *, onbuild: bool) -> Iterator[Fact]:
        """Yield the image behind `from=`: neither a stage nor a number; BuildKit expands no variables there."""
        text = origin.text
        expansion = expand(origin, lambda _: None, "docker")
        name = expansion.source.text
        if not text or _NUMBER.fullmatch(text) or text == "scratch" or text.lower() in self.names:
            return
        if self._stage_named(name) is not None or onbuild and not _IMAGE_SHAPE.search(text):
            return
        fact = image_fact(
            expansion.source, role=role, engine="dockerfile", written=text, state=expansion.state, overridden=False
        )
        if fact:
            yield fact

    def _run(self, whole: Instruction, value: Source, *, onbuild: bool) -> Iterator[Fact]:
        flags, rest = split_flags(value, self.escape)
        for name, mount in flags:
            if name == "mount":
                yield from self._mount(mount, onbuild=onbuild)
        at = len(whole.value.text) - len(rest.text)
        script = whole.script.part(at, len(whole.script.text))
        if len(whole.heredocs) > 1:
            script = _without_heredocs(rest)
        yield from written_arguments(script, self.stage.arguments)
        if _ONLY_HEREDOC.fullmatch(rest.text) and len(whole.heredocs) == 1:
            yield from self._document(whole.heredocs[0].body)
        else:
            yield from self._command(rest, script, "run")

    def _document(self, body: Source) -> Iterator[Fact]:
        """Read a heredoc that is the whole command: a script of the stage's shell, or of what its first line names."""
        if body.text.startswith("#!"):
            words = body.text.partition("\n")[0][2:].split()
            if any(word.rsplit("/", 1)[-1] in _SHELLS for word in words):
                yield from _script(self._plain(body), "run", self.stage.variables)
        elif self.stage.shell:
            yield from _script(self._plain(body), "run", self.stage.variables)

    def _command(self, value: Source, script: Source, context: str) -> Iterator[Fact]:
        words = json_words(value)
        if words is not None:
            yield from _arguments([self._plain(word) for word in words], context)
        elif self.stage.shell:
            yield from _script(self._plain(script), context, self.stage.variables)
        elif self.stage.powershell:
            from relcheck.readers.powershell import read_powershell  # noqa: PLC0415 - few images are of Windows

            yield from read_powershell(self._plain(value), context=context)

    def _plain(self, text: Source) -> Source:
        """Return a text without the actions of a template around it: what they give is not known."""
        if not self.tolerant or not _ACTION.search(text.text):
            return text
        from relcheck.readers.composed import masked  # noqa: PLC0415 - few Dockerfiles are templates

        return masked(text, _ACTION)

    def _runtime(self, name: str, value: Source) -> Iterator[Fact]:
        """Read what the container runs; after ENTRYPOINT the JSON form of CMD holds arguments only."""
        if name == "HEALTHCHECK":
            rest = split_flags(value, self.escape)[1]
            word = re.match(r"CMD\s+", rest.text, re.IGNORECASE)
            if word:
                part = rest.part(word.end(), len(rest.text))
                yield from self._command(part, part, "runtime")
            return
        arguments_only = name == "CMD" and self.stage.entrypoint and json_words(value) is not None
        self.stage.entrypoint = self.stage.entrypoint or name == "ENTRYPOINT"
        if not arguments_only:
            yield from self._command(value, value, "runtime")

    def _mount(self, mount: Source, *, onbuild: bool) -> Iterator[Fact]:
        for field in re.finditer(r"[^,]+", mount.text):
            name, equals, _ = field[0].partition("=")
            if name.strip().lower() == "from" and equals:
                yield from self._origin(
                    mount.part(field.start() + len(name) + 1, field.end()), "mount", onbuild=onbuild
                )

    def _shell(self, value: Source) -> Iterator[Fact]:
        words = json_words(value)
        if words is None:
            yield Unreadable(span=value.all(), reason='SHELL takes the JSON form, as in ["/bin/sh", "-c"].')
            return
        self.stage.shell = any(word.text.rsplit("/", 1)[-1] in _SHELLS for word in words)
        program = re.split(r"[\\/]", words[0].text.lower())[-1] if words else ""
        self.stage.powershell = program.removesuffix(".exe") in ("powershell", "pwsh")

    def _onbuild(self, whole: Instruction, value: Source) -> Iterator[Fact]:
        word = re.match(r"[A-Za-z]+", value.text)
        name = word[0].upper() if word else ""
        if not name or name in _NOT_IN_ONBUILD:
            yield Unreadable(span=value.all(), reason=f"ONBUILD takes an instruction, not {name or 'this'}.")
            return
        rest = value.text[len(name) :]
        begin = len(name) + len(rest) - len(rest.lstrip())
        yield from self._instruction(name, whole, value.part(begin, len(value.text)), onbuild=True)


def _without_heredocs(command: Source) -> Source:
    """Return a command with blanks for its heredocs: the grammar of the shell knows one of them a command."""
    text = _HEREDOC_WORD.sub(lambda match: " " * len(match[0]), command.text)
    return command.embed(text, (Piece(0, len(text), 0, len(text)),), "plain")


def _script(script: Source, context: str, variables: Mapping[str, Source]) -> Iterator[Fact]:
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    known = {name: value.text for name, value in variables.items() if "$" not in value.text and MARK not in value.text}
    yield from read_shell(script, context=context, variables=known)


def _arguments(words: list[Source], context: str) -> Iterator[Fact]:
    from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

    if words:
        yield from read_argv(words, context=context)


def _definitions(expansion: Expansion) -> tuple[Related, ...]:
    return tuple(
        Related(span=value.all(), note=f"{name} is set here")
        for name, value in expansion.used
        if isinstance(value, Source)
    )


def _placed(fact: Fact, in_final: bool, *, is_base: bool) -> Fact:
    """Fill in what only the end of the file tells: whether the fact's stage is part of the result."""
    if isinstance(fact, Image):
        return fact.replace(role="final") if fact.role == "base" and is_base else fact
    if isinstance(fact, Copy):
        return fact.replace(final=in_final)
    if isinstance(fact, (Credential, Dependency)):
        return fact.replace(in_final_stage=in_final)
    return fact
