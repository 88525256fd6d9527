"""pip, uv, poetry, twine and their kin: installs, indexes, publishes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Install, Publish, Registry, Truth
from relcheck.readers.effects.invocation import Invocation, where_of
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.python_requirement import requirement
from relcheck.readers.urls import registry, trusted
from relcheck.refs import MARK

_VALUES = (
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url",
    "-f", "--find-links", "-t", "--target", "--prefix", "--root", "--platform", "--python-version", "--trusted-host",
    "--cache-dir", "--timeout",
    "--no-binary", "--only-binary", "--progress-bar", "--python", "-p", "--index", "--default-index", "--build", "-d", "--dest",
    "--src", "--log", "--proxy", "--retries", "--cert", "--upgrade-strategy", "--report", "--config-settings", "--spec", "--from",
    "--with", "--extra", "--group", "-G", "--publish-url", "--repository-url", "--repository", "-u", "--username", "--password",
    "--token", "--check-url", "-w", "--wheel-dir", "--suffix", "--exclude-newer", "--keyring-provider",
)  # fmt: skip
_INDEXES = {
    "-i": "index", "--index-url": "index", "--pypi-url": "index", "--extra-index-url": "extra-index", "-f": "find-links",
    "--find-links": "find-links", "--default-index": "index", "--repository-url": "publish", "--publish-url": "publish",
}  # fmt: skip
_PUBLISH = {
    "twine": ("upload",), "uv": ("publish",), "poetry": ("publish",), "hatch": ("publish",), "flit": ("publish",),
    "pdm": ("publish",), "maturin": ("publish", "upload"),
}  # fmt: skip


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a Python packaging tool does."""
    program, verb = invocation.program, invocation.verb
    for value, key in secret_options(invocation):
        yield credential(value, "argv-token", invocation, key=key, ecosystem="pypi")
    if program.startswith("pip") and program not in ("pipx", "pipenv"):
        yield from _indexes(invocation)
        if verb in ("install", "download", "wheel"):
            yield from _pip(invocation)
    elif program == "uv" and verb in (
        "pip install",
        "pip sync",
        "sync",
        "add",
        "tool install",
        "tool run",
        "publish",
        "run",
    ):
        yield from _indexes(invocation)
        yield from _uv(invocation)
    elif program == "uvx" or program == "pipx" and verb in ("install", "run", "inject"):
        yield from _run(invocation)
    elif program == "poetry" and verb == "install":
        yield _install(invocation, frozen=True)
    elif program == "pipenv" and verb in ("install", "sync"):
        yield _install(invocation, frozen=verb == "sync" or invocation.has("--deploy") is not None)
        yield from _added(invocation)
    elif verb == "add" and program in ("poetry", "pdm"):
        yield from _added(invocation)
    elif verb in _PUBLISH.get(program, ()):
        yield from _indexes(invocation)
        yield _publish(invocation)
    elif program.startswith("python") and verb == "setup.py" and any(word.text == "upload" for word in invocation.rest):
        yield _publish(invocation)


def _added(invocation: Invocation) -> Iterator[Fact]:
    """Yield the packages that a command adds to the project."""
    from relcheck.readers.effects import installs  # noqa: PLC0415 - few scripts add packages

    yield from installs.facts(invocation)


def _indexes(invocation: Invocation) -> Iterator[Fact]:
    for name, purpose in _INDEXES.items():
        short = name in ("-f", "-i")
        if short and invocation.program not in ("pip", "pip3") and invocation.verb != "pip install":
            continue
        for value in invocation.values(name):
            yield from registry(value, ecosystem="pypi", purpose=purpose, key=name, **where_of(invocation))
    for value in invocation.values("--trusted-host", "--allow-insecure-host"):
        host, parts = trusted(value)
        yield Registry(
            span=value.all(), parts=parts, ecosystem="pypi", purpose="trusted-host", host=host, tls="off",
            url=UNKNOWN if host is UNKNOWN else value.text.strip(), key="--trusted-host", **where_of(invocation),
        )  # fmt: skip


def _pip(invocation: Invocation) -> Iterator[Fact]:
    """`pip install -r FILE` settles a file; `pip install NAME…` adds packages."""
    files = list(invocation.values("-r", "--requirement"))
    constrained = invocation.has("-c", "--constraint") is not None
    if files:
        yield _install(invocation, frozen=UNKNOWN)
    for word in invocation.operands(_VALUES):
        text = word.text
        if (
            text.startswith((".", "/", "~", "$", MARK))
            or text.endswith((".whl", ".tar.gz", ".zip", "/"))
            or "*" in text
        ):
            continue
        for fact in requirement(word.source, where="command", group="dev"):
            if isinstance(fact, Dependency):
                yield fact.replace(**where_of(invocation), hashed=fact.hashed or constrained)


def _install(invocation: Invocation, *, frozen: Truth) -> Install:
    return Install(
        span=(invocation.verb_words or invocation.words)[-1].source.all(),
        ecosystem="pypi",
        tool="pip"
        if invocation.verb in ("pip install", "install") and invocation.program in ("pip", "pip3", "uv")
        else invocation.program,
        frozen=frozen,
        ci=bool(invocation.setting.job),
        hashes=True if invocation.has("--require-hashes") is not None else UNKNOWN,
        **where_of(invocation),
    )


def _uv(invocation: Invocation) -> Iterator[Fact]:
    verb = invocation.verb
    if verb in ("pip install", "pip sync"):
        yield from _pip(invocation)
    elif verb == "sync":
        strict = invocation.has("--locked", "--frozen") is not None
        yield _install(invocation, frozen=True if strict else UNKNOWN)
    elif verb in ("tool install", "tool run"):
        yield from _run(invocation)
    elif verb == "add":
        yield from _added(invocation)
    elif verb == "publish":
        yield _publish(invocation)


def with_packages(invocation: Invocation) -> Iterator[Fact]:
    """`uv run --with NAME[==V] …`: packages that one run has beside those of the project."""
    before = itertools.takewhile(lambda word: word.text not in ("python", "python3"), invocation.words[2:])
    waiting = False
    for word in before:
        text = word.text
        if (waiting or text.startswith("--with=")) and "," not in text:
            place = word.source if waiting else word.source.part(len("--with="), len(text))
            for fact in requirement(place, where="run", group="dev") if not text.startswith((".", "/")) else ():
                if isinstance(fact, Dependency):
                    yield fact.replace(**where_of(invocation))
        waiting = text == "--with"


def _run(invocation: Invocation) -> Iterator[Fact]:
    """`uvx NAME[@VERSION]`, `pipx run NAME`, `uv tool install NAME`."""
    operands = invocation.operands(_VALUES)
    where = "tool" if "install" in invocation.verb or invocation.verb == "inject" else "run"
    if not operands or invocation.has("--from", "--spec") is not None:
        return
    word = operands[0]
    name, at, version = word.text.partition("@")
    if at and MARK not in word.text:
        parts = {"name": word.source.at(0, len(name)), "constraint": word.source.at(len(name) + 1, len(word.text))}
        yield Dependency(
            span=parts["constraint"], parts=parts, ecosystem="pypi", where=where, name=name, constraint=version,
            firmness="tag" if version == "latest" else "exact", **where_of(invocation),
        )  # fmt: skip
    elif not word.text.startswith((".", "/", "~")):
        for fact in requirement(word.source, where=where, group="dev"):
            if isinstance(fact, Dependency):
                yield fact.replace(**where_of(invocation))


def _publish(invocation: Invocation) -> Publish:
    """An upload; one to the test index, which is named or known by its host, releases nothing."""
    target = invocation.value("--repository-url", "--publish-url")
    named = invocation.value("-r", "--repository", "--index")
    host = host_of(target)
    test = (named is not None and "test" in named.text.lower()) or (isinstance(host, str) and host.startswith("test."))
    return publish(
        invocation,
        "pypi",
        host=UNKNOWN if named is not None and not test else host,
        dry_run=test,
        tool=f"{invocation.program} {invocation.verb}",
    )
