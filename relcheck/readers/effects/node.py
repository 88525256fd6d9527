"""npm, pnpm, yarn, bun and their runners: installs, publishes, registries, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from relcheck.facts import UNKNOWN, Dependency, Fact, Install, Publish, Registry
from relcheck.readers.effects import EFFECTS
from relcheck.readers.effects.invocation import Invocation, where_of
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.npm_spec import npm_firmness
from relcheck.readers.urls import registry
from relcheck.refs import MARK
from relcheck.refs.shell import Word
from relcheck.source import Piece

_INSTALL = frozenset(
    ["install", "i", "in", "ins", "inst", "insta", "instal", "isnt", "isnta", "isntal", "isntall", "add"]
)  # npm's own spellings
_CLEAN = frozenset(("ci", "clean-install", "ic", "install-clean", "isntall-clean"))
_VALUES = (
    "--registry", "--prefix", "--tag", "--cache", "-w", "--workspace", "--omit", "--include", "--access", "--otp",
    "--filter", "-F",
    "-C", "--dir", "--cwd", "--userconfig", "--loglevel", "-p", "--package", "-c", "--call", "--location",
)  # fmt: skip
_RUNNERS = frozenset(("npx", "pnpx", "bunx"))
_PUBLISHERS = frozenset(
    ("lerna", "changeset", "semantic-release", "nx", "auto", "release-it", "np", "vsce", "ovsx", "jsr")
)
_PACKAGES = {"@changesets/cli": "changeset", "@vscode/vsce": "vsce", "auto-release": "auto"}
"""The command that a package brings, where it is not the package's own name."""


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a tool of the npm world does."""
    for value, key in secret_options(invocation):
        if key != "--otp":
            yield credential(
                value, "argv-token", invocation, key="_authToken" if key == "config" else key, ecosystem="npm"
            )
    yield from _settings(invocation)
    program, verb = invocation.program, invocation.verb
    if program in _RUNNERS or verb in ("exec", "dlx", "x", "npm exec"):
        yield from _run(invocation)
    elif (
        verb in ("publish", "npm publish", "stage publish", "release publish")
        or (program == "semantic-release" and not verb)
        or (program == "auto" and verb == "shipit")
    ):
        yield _publish(invocation)
    elif program in ("yarn", "pnpm", "bun") and invocation.verb_words and verb.split(" ", maxsplit=1)[0] in _PUBLISHERS:
        yield from _inner(invocation, [invocation.verb_words[0], *invocation.behind])
    elif verb in ("init", "create", "innit") and invocation.operands(_VALUES):
        yield from _initialiser(invocation, invocation.operands(_VALUES)[0])
    elif verb in _CLEAN:
        yield _install(invocation, frozen=True)
    elif verb in _INSTALL or (program == "yarn" and not verb):
        yield from _add(invocation)


def _settings(invocation: Invocation) -> Iterator[Fact]:
    """`--registry URL`, `npm config set registry URL`, `npm config set strict-ssl false`."""
    for value in invocation.values("--registry"):
        purpose = "publish" if "publish" in invocation.verb else "index"
        yield from registry(value, ecosystem="npm", purpose=purpose, key="--registry", **where_of(invocation))
    words = [word for word in invocation.rest if not word.text.startswith("-")]
    if invocation.verb in ("config set", "set") or (invocation.verb == "config" and words and words[0].text == "set"):
        words = words[1:] if invocation.verb == "config" else words
        pairs = [
            (word.text.partition("=")[0], word.text.partition("=")[2], word, word) for word in words if "=" in word.text
        ]
        if len(words) > 1 and not pairs:
            pairs = [(words[0].text, words[1].text, words[0], words[1])]
        for key, text, _, place in pairs:
            if key == "strict-ssl" and text == "false":
                yield Registry(
                    span=place.source.all(), ecosystem="npm", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                    key="strict-ssl=false", **where_of(invocation),
                )  # fmt: skip
            elif key.endswith("registry"):
                source = place.source.part(len(key) + 1, len(place.text)) if "=" in place.text else place.source
                scope = key.partition(":")[0] if key.startswith("@") else ""
                yield from registry(
                    source, ecosystem="npm", purpose="index", key=key, scope=scope, **where_of(invocation)
                )


def _publish(invocation: Invocation) -> Publish:
    return publish(
        invocation,
        "npm",
        host=host_of(invocation.value("--registry")),
        # Only semantic-release has a short word for a rehearsal.
        dry_run=invocation.program == "semantic-release" and invocation.has("-d") is not None,
    )


def _inner(invocation: Invocation, words: list[Word]) -> Iterator[Fact]:
    """Yield what a program does that npx and its kin run, or that a script runner finds among the packages."""
    first = words[0].text
    at = first.find("@", 1)
    name = first[:at] if at > 0 else first
    program = _PACKAGES.get(name, name)
    if program not in _PUBLISHERS:
        return
    size = len(name)
    place = words[0].source.embed(program, (Piece(0, len(program), 0, size),), "composed")
    inner = Invocation(
        [Word(source=place, static=True), *words[1:]],
        invocation.command,
        invocation.script,
        invocation.setting,
        (*invocation.wrappers, invocation.program),
    )
    yield from import_module(f"relcheck.readers.effects.{EFFECTS[program]}").facts(inner)


def _frozen(invocation: Invocation) -> bool | None:
    """Whether flags forbid (True) or allow (False) to change the lock file; None when the tool decides."""
    if invocation.has("--frozen-lockfile", "--immutable", "--frozen"):
        word = invocation.has("--frozen-lockfile", "--immutable", "--frozen")
        return word is None or not word.text.endswith("=false")
    return (
        False
        if invocation.has("--no-frozen-lockfile", "--no-immutable", "--no-lockfile", "--no-package-lock")
        else None
    )


def _install(invocation: Invocation, *, frozen: bool | None) -> Install:
    scripts = invocation.has("--ignore-scripts") is None
    in_ci = invocation.setting.context == "run" or bool(invocation.setting.job)
    settled: Any = frozen
    if frozen is None:
        # pnpm and current yarn refuse to change the lock file when they run in CI; npm install never refuses.
        settled = False if invocation.program in ("npm", "bun") else UNKNOWN
    return Install(
        span=(invocation.verb_words or invocation.words)[-1].source.all(),
        ecosystem="npm",
        tool=invocation.program,
        frozen=settled,
        scripts=scripts,
        ci=in_ci,
        **where_of(invocation),
    )


def _add(invocation: Invocation) -> Iterator[Fact]:
    """`npm install` settles the manifest; `npm install PACKAGE…` adds packages."""
    values = [name for name in _VALUES if name != "-w" or invocation.program != "pnpm"]  # pnpm's -w is the root
    packages = [word for word in invocation.operands(values) if _is_package(word)]
    if not packages and not invocation.operands(values):
        if invocation.has("--package-lock-only", "--lockfile-only", "--mode=update-lockfile") is None:
            yield _install(invocation, frozen=_frozen(invocation))
        return
    everywhere = invocation.has("-g", "--global", "--location=global") is not None
    for word in packages:
        yield _dependency(invocation, word, "tool" if everywhere else "command", everywhere=everywhere)


def _initialiser(invocation: Invocation, word: Word) -> Iterator[Dependency]:
    """`npm init acme@latest` runs the package `create-acme` in that version."""
    for found in [_dependency(invocation, word, "run")] if _is_package(word) else []:
        name = found.name
        if isinstance(name, str) and not name.startswith("@"):
            parts = {key: place for key, place in found.parts.items() if key != "name"}
            yield found.replace(name=f"create-{name}", parts=parts)


def _is_package(word: Word) -> bool:
    text = word.text
    return bool(re.match(r"@?[A-Za-z0-9]", text)) and "://" not in text and not text.endswith((".tgz", ".tar.gz"))


def _dependency(invocation: Invocation, word: Word, where: str, *, everywhere: bool = False) -> Dependency:
    text = word.text
    at = text.find("@", 1)
    name, spec = (text[:at], text[at + 1 :]) if at > 0 else (text, "")
    known = MARK not in spec
    parts = {"name": word.source.at(0, len(name))} if MARK not in name else {}
    if spec and known:
        parts["constraint"] = word.source.at(at + 1, len(text))
    return Dependency(
        span=parts.get("constraint", word.source.all()),
        parts=parts,
        ecosystem="npm",
        where=where,
        name=name if MARK not in name else UNKNOWN,
        constraint=spec if known else UNKNOWN,
        firmness=npm_firmness(spec) if known else UNKNOWN,
        global_install=everywhere,
        **where_of(invocation),
    )


def _run(invocation: Invocation) -> Iterator[Fact]:
    """`npx PACKAGE[@VERSION]`, `pnpm dlx PACKAGE`: runs whatever the newest release is, unless a version stands there."""
    named = [word for word in invocation.words[1:] if word.text.startswith(("--package=",))]
    operands = invocation.operands(_VALUES)
    if operands:
        at = next(number for number, word in enumerate(invocation.words) if word is operands[0])
        yield from _inner(invocation, invocation.words[at:])
    if invocation.has("--no-install", "--no", "--offline") is not None:
        return
    if invocation.program not in _RUNNERS and invocation.verb == "exec" and invocation.program != "npm":
        return  # `pnpm exec` and `yarn exec` run what is installed
    if not named and operands and _is_package(operands[0]):
        yield _dependency(invocation, operands[0], "run")
