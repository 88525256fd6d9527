"""Earthfiles (the Earthfile reference, VERSION 0.8): what targets build from, save, and take from other repositories.

    FROM IMAGE | TARGET | DOCKERFILE [-f FILE] [--build-arg NAME=VALUE] CONTEXT
    BUILD, COPY (TARGET/artifact …), DO TARGET+FUNCTION, IMPORT REFERENCE AS ALIAS
    ARG NAME=default, LET, SET              values; those of a target are its own, `--global` ones of the base are everyone's
    RUN, ENTRYPOINT, CMD, LOCALLY, IF, FOR  commands
    WITH DOCKER --pull IMAGE --load NAME=+T, SAVE IMAGE [--push] NAME…, GIT CLONE [--branch R] URL PATH

A target is `+name`, `./path+name`, `alias+name`, or `host/owner/repository[/path][:ref]+name`, which is someone else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Fact, Image, Option, Related
from relcheck.readers.build_inputs import argument, compose_file
from relcheck.readers.build_inputs import build as local_build
from relcheck.readers.composed import masked
from relcheck.readers.dockerfile_words import json_words, unquote
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url
from relcheck.refs.variables import expand
from relcheck.source import Piece, Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_CONTINUED = re.compile(r"\\[ \t]*[\r\n]*$")
_COMMENT = re.compile(r"[ \t]*(?:#.*)?[\r\n]*$", re.DOTALL)
_TARGET = re.compile(r"(?P<name>[A-Za-z][\w.-]*):[ \t]*(?:#.*)?[\r\n]*$")
_OWN_TARGET = re.compile(r"\(?\+(?P<name>[A-Za-z][\w.-]*)")
_COMMAND = re.compile(r"[ \t]*(?P<name>[A-Z]+)\b(?P<rest>.*)$", re.DOTALL)
_REMOTE = re.compile(r"(?P<name>(?P<host>[\w-]+(?:\.[\w-]+)+)/[^:+\s]+)(?::(?P<ref>[^+\s]*))?(?:\+\S*)?")
_WORD = re.compile(
    r"(?:\$\((?:[^()]|\([^()]*\))*\)|\((?:[^()\"]|\"[^\"]*\")*\)|\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'()\\])+|[()\"'\\]",
    re.DOTALL,
)
_COMMAND_VALUE = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)")
_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>.*))?", re.DOTALL)
_FLAG = re.compile(r"--(?P<name>[\w-]+)(?:=(?P<value>.*))?$", re.DOTALL)
_VALUED = frozenset((
    "branch", "pull", "load", "compose", "platform", "cache-from", "secret", "mount", "network", "build-arg", "allow-privileged",
    "f", "target", "interval", "retries", "start-period", "timeout", "chown", "from", "sep", "oidc", "service", "image",
))  # fmt: skip
_BLOCKS = ("IF", "FOR", "WITH", "WAIT", "TRY")
_CHOICES = ("IF", "FOR")
_TEXTS = ("RUN", "IF", "LOCALLY")
_RUNTIME = ("ENTRYPOINT", "CMD", "HEALTHCHECK")
_FLAGS = re.compile(
    r"(?:\s*--(?:secret|mount|network|oidc)\s+(?!-)(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+(?=\s)"
    r"|\s*--[\w-]+(?:=(?:\"[^\"]*\"|'[^']*'|\S)*|\s+(?=\")\"[^\"]*\")?(?=\s))*\s*(?:--\s+)?"
)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)$", re.DOTALL)
_SUBSHELL = re.compile(r"\$\((?P<script>.*)\)$", re.DOTALL)


def read(source: Source) -> Iterator[Fact]:
    """Read an Earthfile. An image that ends in none which a target saves is the environment of commands, as in a CI job."""
    reader = _Reader()
    found = [(reader.recipe, fact) for line in _logical_lines(source) for fact in reader.line(line)]
    shipped = reader.shipped()
    for recipe, fact in found:
        aside = isinstance(fact, Image) and fact.role == "base" and recipe not in shipped
        yield fact.replace(role="job") if aside else fact


def _logical_lines(source: Source) -> Iterator[Source]:
    """Yield the lines, those that end in a backslash joined with the next; comments between them are dropped."""
    pieces: list[Piece] = []
    words: list[str] = []
    size = 0
    for match in _LINE.finditer(source.text):
        if match.start() == match.end() or (pieces or not match[0].strip()) and _COMMENT.fullmatch(match[0]):
            continue
        cut = _CONTINUED.search(match[0])
        end = match.start() + cut.start() if cut else match.start() + len(match[0].rstrip("\r\n"))
        text = source.text[match.start() : end]
        pieces.append(Piece(size, size + len(text), match.start(), end))
        words.append(text)
        size += len(text)
        if cut is None:
            yield _joined(source, words, pieces)
            pieces, words, size = [], [], 0
    if pieces:
        yield _joined(source, words, pieces)


def _joined(source: Source, words: list[str], pieces: list[Piece]) -> Source:
    if len(pieces) == 1:
        return source.part(pieces[0].parent_start, pieces[0].parent_end)
    return source.embed("".join(words), tuple(pieces), "continued")


def _words(source: Source) -> Iterator[Source]:
    """Yield the words without their quotes up to a comment; blanks in `$(…)` and `(+target --arg=x)` do not divide."""
    for match in _WORD.finditer(source.text):
        if match[0].startswith("#"):
            return
        yield unquote(source.part(*match.span()))


class _Reader:
    """What is known at one line: the values of the base and of the target around it."""

    def __init__(self) -> None:
        self.shared: dict[str, Source] = {}
        self.values: dict[str, Source] = {}
        self.in_target = False
        self.entrypoint = False  # it stands above, in the target
        self.recipe = ""  # the target around the line; "" in the base recipe
        self.saved_by: set[str] = set()  # the targets that save an image
        self.made_of: dict[str, set[str]] = {}  # the targets that one starts from, copies from or calls
        self.blocks: list[str] = []
        self.asked: list[dict[str, Source]] = []  # by block: what its condition decides about, known again behind it

    def line(self, line: Source) -> Iterator[Fact]:
        target = _TARGET.fullmatch(line.text)
        if target is not None:
            self.values = dict(self.shared)
            self.in_target, self.recipe, self.entrypoint = True, target["name"], False
            self.made_of.setdefault(self.recipe, set()).add("")  # until it has a FROM of its own
            self.blocks, self.asked = [], []
            return
        match = _COMMAND.match(line.text)
        if match is None:
            return
        if match["name"] in _BLOCKS:
            self.blocks.append(match["name"])
        elif match["name"] == "END" and self.blocks:
            self.blocks.pop()
            self.values |= self.asked.pop()
        known = _COMMANDS.get(match["name"])
        if known is not None:
            yield from known(self, line.part(*match.span("rest")))
        elif match["name"] in _TEXTS:
            yield from self.script(line.part(*match.span("rest")))
        elif match["name"] in _RUNTIME:
            yield from self.runtime(match["name"], line.part(*match.span("rest")))
        if match["name"] in _BLOCKS:
            names = set(_VARIABLE.findall(match["rest"])) if match["name"] == "IF" else set()
            self.asked.append({name: self.values.pop(name) for name in sorted(names & self.values.keys())})

    def shipped(self) -> set[str]:
        """Return the recipes that save an image, and all that goes into one."""
        found: set[str] = set()
        waiting = list(self.saved_by)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.made_of.get(name, ()))
        return found

    def uses(self, word: Source) -> None:
        """Note a target of this file that the recipe is made of."""
        match = _OWN_TARGET.match(word.text)
        if match is not None:
            self.made_of.setdefault(self.recipe, set()).add(match["name"])

    def words(self, rest: Source) -> tuple[list[tuple[str, Source | None]], list[Source]]:
        """Split into flags with their values, and the other words."""
        flags: list[tuple[str, Source | None]] = []
        others: list[Source] = []
        waiting = ""
        for word in _words(rest):
            if waiting:
                flags.append((waiting, word))
                waiting = ""
                continue
            match = _FLAG.fullmatch(word.text)
            if match is None or others:
                others.append(word)
            elif match["value"] is None and match["name"] in _VALUED:
                waiting = match["name"]
            else:
                value = word.part(*match.span("value")) if match["value"] is not None else None
                flags.append((match["name"], value))
        return flags, others

    def image(self, word: Source, role: str, **fields: bool) -> Iterator[Fact]:
        known = masked(word, _COMMAND_VALUE) if "$(" in word.text else word
        expansion = expand(known, self.values.get, "docker")
        fact = image_fact(
            expansion.source, role=role, engine="earthly", written=word.text, state=expansion.state,
            floating_default=expansion.defaulted,
            related=tuple(
                Related(span=value.all(), note=f"{name} is set here")
                for name, value in expansion.used if isinstance(value, Source)
            ),
            **fields,  # type: ignore[arg-type]
        )  # fmt: skip
        if isinstance(fact, Image):
            yield fact

    def from_(self, rest: Source) -> Iterator[Fact]:
        """FROM IMAGE, FROM +target, FROM DOCKERFILE [-f FILE] CONTEXT."""
        _, words = self.words(rest)
        self.made_of.setdefault(self.recipe, set()).discard("")
        if words and words[0].text == "DOCKERFILE":
            yield from self.dockerfile(words[1:])
        if not words or words[0].text in ("DOCKERFILE", "scratch"):
            return
        self.uses(words[0])
        if "+" in expand(words[0], self.values.get, "docker").source.text:
            yield from self.target(words[0])
        else:
            yield from self.image(words[0], "base")

    def dockerfile(self, words: list[Source]) -> Iterator[Fact]:
        """FROM DOCKERFILE [-f FILE] [--build-arg NAME=VALUE]… [--target STAGE] CONTEXT: both paths seen from the Earthfile."""
        inputs: list[Option] = []
        folder: Source | None = None
        waiting = ""
        for word in words:
            match = _OPTION.fullmatch(word.text)
            if match is not None and not waiting and match["value"] is None:
                waiting = match["name"]
                continue
            name, value = waiting, word
            if match is not None and not waiting:
                name, value = match["name"], word.part(*match.span("value"))
            waiting = ""
            if name == "build-arg":
                inputs += self.handed(value)
            elif name == "f":
                inputs.append(Option(name="file", value=self.known(value), span=value.all()))
            elif not name:
                folder = value
        if folder is not None and not any("+" in str(option.value) for option in inputs if option.name == "file"):
            path = self.known(folder)
            if "+" not in path:
                yield local_build(folder.all(), path, inputs)

    def known(self, word: Source) -> str:
        """Return a word as far as it is known."""
        return expand(word, self.values.get, "docker").source.text

    def handed(self, pair: Source) -> Iterator[Option]:
        """Yield what NAME=VALUE hands to a Dockerfile."""
        name, equals, _ = pair.text.partition("=")
        value = pair.part(len(name) + 1, len(pair.text)) if equals else None
        yield from argument(name, expand(value, self.values.get, "docker").source if value is not None else None)

    def target(self, word: Source) -> Iterator[Fact]:
        """Yield the repository of a target that is someone else's."""
        source = expand(word, self.values.get, "docker").source
        match = _REMOTE.fullmatch(source.text)
        if match is None:
            return
        parts = {"host": source.at(*match.span("host"))}
        if match["ref"]:
            parts["ref"] = source.at(*match.span("ref"))
        path = match["name"].partition("/")[2]
        owner, _, repository = path.partition("/")
        yield Component(
            span=parts.get("ref", word.all()), parts=parts, system="earthly", kind="target",
            name="/".join([owner, *repository.split("/")[:1]]) if repository else path, owner=owner, host=match["host"],
            ref=match["ref"] or "", ref_kind=classify_ref(match["ref"] or ""),
        )  # fmt: skip

    def referred(self, rest: Source) -> Iterator[Fact]:
        """BUILD and DO: the words that name targets."""
        text = rest
        for match in re.finditer(r"[^\s()]+", text.text):
            word = unquote(text.part(*match.span()))
            if "+" in word.text or not match.start() or word.text.count("/") > 1:
                yield from self.target(word)

    def called(self, rest: Source) -> Iterator[Fact]:
        """DO FUNCTION: its commands are those of the target that calls it, and what it saves is that target."""
        _, words = self.words(rest)
        match = _OWN_TARGET.match(words[0].text) if words else None
        if match is not None:
            self.uses(words[0])
            self.made_of.setdefault(match["name"], set()).add(self.recipe)
        yield from self.referred(rest)

    def imported(self, rest: Source) -> Iterator[Fact]:
        _, words = self.words(rest)
        if words:
            yield from self.target(words[0])

    def copied(self, rest: Source) -> Iterator[Fact]:
        for match in re.finditer(r"[^\s()]+", rest.text):
            if "+" in match[0]:
                word = unquote(rest.part(*match.span()))
                self.uses(word)
                yield from self.target(word)

    def saved(self, rest: Source) -> Iterator[Fact]:
        """SAVE IMAGE [--push] [--cache-from IMAGE] NAME…; SAVE ARTIFACT says nothing."""
        kind = re.match(r"\s*IMAGE\b", rest.text)
        if kind is None:
            return
        self.saved_by.add(self.recipe)
        flags, words = self.words(rest.part(kind.end(), len(rest.text)))
        push = any(name == "push" for name, _ in flags)
        for name, value in flags:
            if name == "cache-from" and value is not None:
                yield from self.image(value, "cache")
        for word in words:
            yield from self.image(word, "output", push=push)

    def with_docker(self, rest: Source) -> Iterator[Fact]:
        """WITH DOCKER --pull IMAGE --load [NAME=]+TARGET --compose FILE."""
        start = re.match(r"\s*DOCKER\b", rest.text)
        flags, _ = self.words(rest.part(start.end(), len(rest.text))) if start else ([], [])
        for name, value in flags:
            if value is None:
                continue
            if name == "pull":
                yield from self.image(value, "run")
            elif name == "load":
                yield from self.loaded(value)
            elif name == "compose":
                path = expand(value, self.values.get, "docker").source.text
                if path and MARK not in path:
                    yield compose_file(value.all(), path)

    def loaded(self, value: Source) -> Iterator[Fact]:
        """[NAME=]+TARGET or [NAME=](TARGET --ARG=VALUE): the image by the name that it gets, and whose target builds it."""
        named = re.match(r"[^=()+]+=", value.text)
        if named is not None:
            yield from self.image(value.part(0, named.end() - 1), "output", push=False)
        yield from self.copied(value.part(named.end() if named else 0, len(value.text)))

    def git(self, rest: Source) -> Iterator[Fact]:
        """GIT CLONE [--branch REF] URL PATH."""
        start = re.match(r"\s*CLONE\b", rest.text)
        flags, words = self.words(rest.part(start.end(), len(rest.text))) if start else ([], [])
        if not words:
            return
        source = expand(words[0], self.values.get, "docker").source
        found = parse_git_url(source.text, any_https=True)
        if found is None:
            return
        branch = next((value for name, value in flags if name == "branch" and value is not None), None)
        known = expand(branch, self.values.get, "docker") if branch is not None else None
        ref = (
            known.source.text
            if known is not None and known.state in ("literal", "defaulted")
            else ""
            if known is None
            else UNKNOWN
        )
        unknown = found.owner is UNKNOWN or found.repository is UNKNOWN
        yield Component(
            span=branch.all() if branch is not None else words[0].all(),
            parts={"ref": known.source.all()} if known is not None and ref else {}, system="git", kind="repository",
            name=UNKNOWN if unknown else f"{found.owner}/{found.repository}", owner=found.owner, host=found.host, ref=ref,
            ref_kind=UNKNOWN if ref is UNKNOWN else classify_ref(str(ref)),
        )  # fmt: skip

    def assigned(self, rest: Source) -> Iterator[Fact]:
        """ARG [--global] NAME[=default], LET NAME=value, SET NAME=value, ENV NAME=value."""
        flags = re.match(r"\s*(?:--[\w-]+\s+)*", rest.text)
        start = flags.end() if flags else 0
        match = _ASSIGNED.match(rest.text, start)
        if match is None:
            name = rest.text[start:].strip()
            self.values.pop(name, None)
            return
        value = unquote(rest.part(match.start("value"), match.end("value")))
        script = _SUBSHELL.match(value.text)
        if script is not None:
            self.values.pop(match["name"], None)
            yield from self.script(value.part(*script.span("script")))
            return
        if any(name in _CHOICES for name in self.blocks):
            # One of several values, or one a round: which is not known.
            self.values.pop(match["name"], None)
            for aside in self.asked:
                aside.pop(match["name"], None)
            return
        self.values[match["name"]] = value
        if not self.in_target and "--global" in rest.text[:start]:
            self.shared[match["name"]] = value
        from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - many files set nothing

        yield from environment_facts(match["name"], value, where="layer")

    def script(self, rest: Source) -> Iterator[Fact]:
        """The shell text behind the flags."""
        flags = _FLAGS.match(rest.text)
        body = rest.part(flags.end() if flags else 0, len(rest.text))
        # Behind --entrypoint stand arguments of the image's own program.
        if flags is None or "--entrypoint" not in flags[0].split():
            yield from self.commands(body, "run")

    def commands(self, body: Source, context: str) -> Iterator[Fact]:
        """A list of words in JSON, or a text for a shell."""
        words = json_words(body)
        known = {name: value.text for name, value in self.values.items() if "$" not in value.text}
        if words:
            from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_argv(words, context=context)
        elif body.text.strip():
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_shell(body, context=context, variables=known)

    def runtime(self, name: str, rest: Source) -> Iterator[Fact]:
        """ENTRYPOINT, CMD and HEALTHCHECK [flags] CMD; after ENTRYPOINT the words of CMD are arguments."""
        if name == "HEALTHCHECK":
            word = re.search(r"\bCMD\s", rest.text)
            rest = rest.part(word.end() if word else len(rest.text), len(rest.text))
        arguments = name == "CMD" and self.entrypoint and json_words(rest) is not None
        self.entrypoint = self.entrypoint or name == "ENTRYPOINT"
        if not arguments:
            yield from self.commands(rest, "runtime")

    def each(self, rest: Source) -> Iterator[Fact]:
        """FOR NAME IN WORDS: the commands that make the words."""
        for match in _COMMAND_VALUE.finditer(rest.text):
            yield from self.commands(rest.part(match.start() + 2, match.end() - 1), "run")


_COMMANDS = {
    "FROM": _Reader.from_, "BUILD": _Reader.referred, "DO": _Reader.called, "IMPORT": _Reader.imported,
    "COPY": _Reader.copied, "SAVE": _Reader.saved, "WITH": _Reader.with_docker, "GIT": _Reader.git, "ARG": _Reader.assigned,
    "LET": _Reader.assigned, "SET": _Reader.assigned, "ENV": _Reader.assigned, "FOR": _Reader.each,
}  # fmt: skip
