"""A program with its words as effects ask for them: the verb, options with values, operands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relcheck.readers.effects import TELLING
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.shell import SHELLS, SimpleCommand, Word
from relcheck.source import Source

_DEEP = {
    "docker": ("buildx", "image", "manifest", "compose", "container", "trust", "context"),
    "podman": ("image", "manifest", "compose", "container"),
    "nerdctl": ("image", "compose", "container"),
    "helm": ("registry", "repo", "dependency", "dep", "plugin"),
    "kubectl": ("set", "create", "rollout"),
    "oc": ("set", "create", "rollout"),
    "gh": ("release", "auth", "workflow", "attestation", "api", "pr"),
    "glab": ("release",),
    "hub": ("release",),
    "nx": ("release",),
    "uv": ("pip", "tool"),
    "yarn": ("npm", "workspace"),
    "npm": ("stage", "config", "run"),
    "dotnet": ("nuget", "tool", "add"),
    "cargo": ("workspaces", "ws", "dist"),
    "git": (),
    "crane": ("auth",),
    "skopeo": (),
    "regctl": ("image", "registry"),
    "oras": (),
    "kustomize": ("edit",),
    "composer": ("global",),
    "flux": ("create", "push"),
    "argocd": ("app",),
}
_GLOBAL_VALUES = {
    "docker": ("--context", "-H", "--host", "--config", "-l", "--log-level"),
    "podman": ("--connection", "-c", "--root", "--url"),
    "nerdctl": ("-n", "--namespace", "-H", "--host", "-a", "--address", "--snapshotter", "--cni-path", "--data-root"),
    "git": ("-C", "-c", "--git-dir", "--work-tree"),
    "kubectl": ("-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--token", "-s", "--server"),
    "helm": ("-n", "--namespace", "--kube-context", "--kubeconfig"),
    "npm": ("--registry", "--prefix", "-w", "--workspace", "--cache", "--userconfig"),
    "pnpm": ("--filter", "-F", "-C", "--dir", "--registry"),
    "yarn": ("--cwd", "--registry"),
    "uv": ("--directory", "--project", "--config-file"),
    "poetry": ("-C", "--directory", "-P", "--project"),
    "mvn": ("-f", "-s", "-P", "-pl"),
    "composer": ("-d", "--working-dir"),
    "pip": ("--proxy", "--cache-dir", "--timeout", "--retries", "--log"),
    "oras": (),
    "terraform": (),
    "argocd": ("--server", "--auth-token"),
    "flux": ("-n", "--namespace", "--context"),
}
_TOGETHER = ("kubectl", "oc")
"""Programs whose two verbs stand side by side: what stands behind an option of the first is none."""
_PREFIXES: dict[str, tuple[str, ...]] = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "--user", "--group"),
    "doas": ("-u", "-C"),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "command": (), "builtin": (), "exec": ("-a",), "nohup": (), "time": ("-f", "-o"), "nice": ("-n",), "ionice": ("-c", "-n"),
    "timeout": ("-s", "-k", "--signal", "--kill-after"),
    "stdbuf": ("-i", "-o", "-e"), "setsid": (), "xvfb-run": ("-s", "-n"), "winpty": (), "catchsegv": (), "then": (), "do": (),
    "chroot": (), "gosu": (), "su-exec": (), "flock": ("-w",), "parallel": ("-j", "-N", "--jobs"), "{": (),
    "retry": ("-t", "-n", "-d", "--times", "--tries", "--delay", "--max"), "travis_retry": (),
    "xargs": ("-n", "-I", "-P", "-d", "-L"),
}  # fmt: skip
_WITHOUT_VERB = frozenset((
    "semantic-release", "release-it", "np", "R", "Rscript", "rpm", "yum-config-manager", "http", "https", "xh", "fetch",
    "curl", "wget", "aria2c", "npx", "pnpx", "bunx", "uvx", "executor", "apt-key", "sha256sum", "sha512sum", "shasum", "md5sum",
    "sha1sum", "chmod", "tar", "unzip", "gpg", "sh", "bash", "zsh", "dash", "cat", "cp", "mv", "rm", "mkdir", "cd", "test", "[",
))  # fmt: skip
_EXEC_VALUES = ("-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "--detach-keys")
_ONE_OPERAND = ("timeout", "chroot", "gosu", "su-exec", "flock")
_RUNNERS = {"poetry": "run", "uv": "run", "pipenv": "run", "pdm": "run", "hatch": "run", "bundle": "exec", "rye": "run"}


class Setting(Record):
    """Where a shell text stands, for every fact that it gives."""

    context: str = "script"
    job: str = ""
    step: int = -1
    secret_names: frozenset[str] = frozenset()
    tolerant: bool = False
    variables: Mapping[str, str] = {}
    expressions: re.Pattern[str] | None = None
    options: str = ""


class Invocation:
    """One program call, wrappers removed."""

    def __init__(
        self,
        words: Sequence[Word],
        command: SimpleCommand,
        script: Sequence[SimpleCommand],
        setting: Setting,
        wrappers: tuple[str, ...] = (),
    ) -> None:
        self.words = list(words)
        self.command = command
        self.script = script
        self.setting = setting
        self.wrappers = wrappers
        self.program = words[0].text.rsplit("/", 1)[-1].removesuffix(".exe")
        self.behind: list[Word] = self.words[1:]
        self._before = 0  # so many words of `rest` are options before the verb, and their values
        self.verb_words, self.rest = self._split()

    @property
    def verb(self) -> str:
        """The words that choose what the program does, joined by a blank."""
        return " ".join(word.text for word in self.verb_words)

    @property
    def swallowed(self) -> bool:
        """Whether the failure of the command is lost."""
        return self.command.swallowed or self.setting.tolerant

    @property
    def place(self) -> dict[str, object]:
        """The job and step, for every fact."""
        return {"job": self.setting.job, "step": self.setting.step}

    def _split(self) -> tuple[list[Word], list[Word]]:
        if self.program in _WITHOUT_VERB:
            return [], self.words[1:]
        takes = _GLOBAL_VALUES.get(self.program, ())
        verbs: list[Word] = []
        at, wanted = 1, 1
        before: list[Word] = []
        while at < len(self.words) and len(verbs) < wanted:
            word = self.words[at]
            if word.text.startswith("-") or (self.program == "cargo" and word.text.startswith("+")):
                if verbs and self.program in _TOGETHER:
                    break
                before.append(word)
                if word.text in takes and at + 1 < len(self.words):
                    at += 1
                    before.append(self.words[at])
            else:
                verbs.append(word)
                if len(verbs) == 1 and word.text in _DEEP.get(self.program, ()):
                    wanted = 2
            at += 1
        self.behind = self.words[at:]
        self._before = len(before)
        return verbs, before + self.behind

    def values(self, *names: str) -> Iterator[Source]:
        """Yield the values of options: `--name value`, `--name=value`, `-nvalue` for one-letter names."""
        waiting = False
        for word in self.rest:
            text = word.text
            if waiting:
                waiting = False
                yield word.source
            elif text in names:
                waiting = True
            else:
                for name in names:
                    if name.startswith("--") and text.startswith(f"{name}="):
                        yield word.source.part(len(name) + 1, len(text))
                    elif len(name) == 2 and text.startswith(name) and not text.startswith("--"):
                        skip = 3 if text[2:3] == "=" else 2
                        yield word.source.part(skip, len(text))

    def value(self, *names: str) -> Source | None:
        """Return the last value of an option, or None."""
        return next(reversed(list(self.values(*names))), None)

    def standard_input(self) -> Source | None:
        """Return the here-document that the command reads, itself or by the `cat` before it in the pipe."""
        at = self.command.index
        before = self.script[at - 1 : at] if at and self.command.piped_from == "cat" else ()
        for command in (self.command, *before):
            for redirect in command.redirects:
                if redirect.body is not None:
                    return redirect.body
        return None

    def has(self, *flags: str) -> Word | None:
        """Return the word that gives one of the flags (with or without a value), or None."""
        for word in self.rest:
            if word.text.partition("=")[0] in flags:
                return word
        return None

    def is_on(self, flag: str) -> bool:
        """Whether a boolean flag is given and not switched off by `=false`."""
        word = self.has(flag)
        return word is not None and not word.text.lower().endswith(("=false", "=0"))

    def operands(self, takes: Sequence[str] = (), booleans: Sequence[str] = ()) -> list[Word]:
        """Return the words that are no options; `takes` are options with a separate value.

        When `booleans` are given, every other long option without `=` is taken to have a value too.
        """
        out: list[Word] = []
        at, ended = self._before, False
        while at < len(self.rest):
            word = self.rest[at]
            text = word.text
            if ended or not text.startswith("-") or text == "-":
                out.append(word)
            elif text == "--":
                ended = True
            elif text in takes or (
                booleans and "=" not in text and text.startswith("--") and text not in booleans
                and at + 1 < len(self.rest) and not self.rest[at + 1].text.startswith("-")
            ):  # fmt: skip
                at += 1
            at += 1
        return out

    def secret_words(self) -> set[int]:
        """Return the identities of words that hold a literal secret, so that they are never shown."""
        from relcheck.readers.effects.secrets import secret_values  # noqa: PLC0415 - shared with the effects

        places = [value.all() for value in secret_values(self)]
        if self.program in TELLING:
            from relcheck.readers.effects.told import told_places  # noqa: PLC0415 - see above

            places += told_places(self)
        hidden: set[int] = set()
        for place in places:
            for word in self.words:
                found = word.source.all()
                if found.start <= place.start and place.end <= found.end:
                    hidden.add(id(word))
        return hidden


def unwrap(command: SimpleCommand) -> tuple[list[Word], tuple[str, ...], list[Source]]:
    """Return the words of the program behind its wrappers, the wrappers, and texts handed to a shell."""
    words, wrappers, inner = list(command.words), [], []
    for _ in range(8):
        if not words:
            break
        program = words[0].text.rsplit("/", 1)[-1]
        stripped = _stripped(program, words)
        if stripped is not None:
            wrappers.append(program)
            words = stripped
            continue
        text = _script_text(program, words)
        if text is not None:
            inner.append(text)
        break
    if words and words[0].text in ("python", "python3") and len(words) > 2 and words[1].text == "-m":
        wrappers.append(words[0].text)
        words = words[2:]
    return words, tuple(wrappers), inner


def _stripped(program: str, words: list[Word]) -> list[Word] | None:
    """Return what a wrapper runs, None when the program is none."""
    if program in _RUNNERS and len(words) > 2 and words[1].text == _RUNNERS[program]:
        return _behind_options(words[2:], ("--with", "--extra", "--group", "--python", "-p", "--env", "-e"))
    if program == "find":
        marks = [number for number, word in enumerate(words) if word.text in ("-exec", "-execdir")]
        return words[marks[0] + 1 :] if marks else None
    if program in ("docker", "podman", "nerdctl") and [word.text for word in words[1:2]] == ["exec"]:
        return _behind_options(words[2:], _EXEC_VALUES)[1:]
    if program in ("docker", "podman", "docker-compose", "podman-compose") and len(words) > 3:
        behind = _composed(words)
        if behind:
            return _behind_options(behind, _EXEC_VALUES)[1:]
    if program in ("kubectl", "oc") and "exec" in [word.text for word in words[1:6]]:
        marks = [number for number, word in enumerate(words) if word.text == "--"]
        return words[marks[0] + 1 :] if marks else None
    if program == "flock" and any(word.text == "-c" for word in words):
        return None
    if program not in _PREFIXES:
        return None
    if program == "command" and len(words) > 1 and words[1].text in ("-v", "-V"):
        return []
    rest = _behind_options(words[1:], _PREFIXES[program])
    while rest and program in ("env", "sudo") and re.match(r"\w+=", rest[0].text):
        rest = rest[1:]
    if program in _ONE_OPERAND or program == "retry" and rest and rest[0].text.isdigit():
        rest = rest[1:]
    return rest


def _composed(words: list[Word]) -> list[Word]:
    """Return what stands behind `exec` in `docker compose [OPTIONS] exec [OPTIONS] SERVICE COMMAND`, if that is it."""
    texts = [word.text for word in words[:10]]
    composes = texts[0].endswith("-compose") or texts[1] == "compose"
    return words[texts.index("exec") + 1 :] if composes and "exec" in texts else []


def _behind_options(words: list[Word], takes: Sequence[str]) -> list[Word]:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        if words[at].text == "--":
            return words[at + 1 :]
        at += 2 if words[at].text in takes else 1
    return words[at:]


def _script_text(program: str, words: list[Word]) -> Source | None:
    """Return the text that `sh -c TEXT`, `eval TEXT`, `su -c TEXT` or `ssh HOST TEXT` runs, if it is written."""
    if program in SHELLS or program in ("su", "script", "flock"):
        for number, word in enumerate(words[1:-1], start=1):
            if re.fullmatch(r"-[a-z]*c", word.text):
                return words[number + 1].source
        return None
    if program == "nix-shell":
        runs = [number for number, word in enumerate(words[:-1]) if word.text in ("--run", "--command")]
        return words[runs[0] + 1].source if runs else None
    if program == "eval" and len(words) == 2 and words[1].text != MARK:
        return words[1].source
    if program == "ssh" and len(words) > 2 and not words[-1].text.startswith("-") and " " in words[-1].text:
        return words[-1].source
    return None


def where_of(invocation: Invocation) -> dict[str, Any]:
    """Return the job and the step of a command, as the fields that each of its facts has."""
    return {"job": invocation.setting.job, "step": invocation.setting.step}
