"""Secrets on command lines: which words hold them, and the facts they give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from relcheck.facts import Credential
from relcheck.refs import MARK
from relcheck.refs.secrets import identify, literal_form, redact
from relcheck.refs.url import parse_url
from relcheck.source import Source

if TYPE_CHECKING:
    from relcheck.readers.effects.invocation import Invocation
    from relcheck.refs.shell import SimpleCommand

_LOGIN_TOOLS = ("docker", "podman", "nerdctl", "buildah", "skopeo", "oras", "crane", "regctl", "helm", "cosign")
_TOKEN_OPTIONS: dict[str, tuple[str, ...]] = {
    "cargo": ("--token",),
    "uv": ("--token", "-t", "--password", "-p"),
    "poetry": ("-p", "--password"),
    "twine": ("-p", "--password"),
    "flit": (),
    "hatch": ("-a", "--auth"),
    "pdm": ("-P", "--password"),
    "maturin": ("-p", "--password"),
    "dotnet": ("-k", "--api-key"),
    "nuget": ("-ApiKey",),
    "vsce": ("-p", "--pat"),
    "ovsx": ("-p", "--pat"),
    "helm": ("--password",),
    "kubectl": ("--token",),
    "oc": ("--token", "-p", "--password"),
    "argocd": ("--password", "--auth-token"),
    "az": ("-p", "--password"),
    "npm": ("--otp",),
    "mysql": (),
}
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_DRAWN = re.compile(r"\$\{?RANDOM\b|\b(?:uuidgen|pwgen)\b|\bopenssl rand\b|/dev/u?random\b")
_NEAR = 300
"""So many commands before one may say where its variable comes from: a limit for scripts of any length."""
_CURL_GROUP = re.compile(r"-[fsSLkgjJlnNpqRviI#0-6]+u(?P<value>.*)", re.DOTALL)
_AUTH_KEY = re.compile(r"(?://[^\s=]+:)?_(?:authToken|auth|password)")
_NPM_SETTING = re.compile(r"(?:--)?((?://[^\s=]+:)?_(?:authToken|auth|password))[= ](?P<value>.+)", re.DOTALL)


def secret_values(invocation: Invocation) -> Iterator[Source]:
    """Yield the places of secrets among the words: option values, npm settings, userinfo of URLs."""
    yield from (value for value, _ in secret_options(invocation))
    for word in invocation.words[1:]:
        if "://" in word.text:
            at = word.text.index("://")
            start = max(word.text.rfind(mark, 0, at) for mark in "= \"'") + 1
            url = parse_url(word.text[start:].split()[0]) if word.text[start:].split() else None
            if url is not None and "password" in url.spans:
                first, last = url.spans["password"]
                yield word.source.part(start + first, start + last)


def secret_options(invocation: Invocation) -> Iterator[tuple[Source, str]]:
    """Yield (value, option) for options and settings that hold a password or token."""
    program, verb = invocation.program, invocation.verb
    is_login = program in _LOGIN_TOOLS and verb.split(" ")[-1] == "login"
    if is_login or (program == "buildah" and verb == "login"):
        for value in invocation.values("-p", "--password"):
            yield value, "--password"
    elif program in _TOKEN_OPTIONS and not (program == "uv" and verb != "publish"):
        for name in _TOKEN_OPTIONS[program]:
            if not (name == "-p" and program in ("az", "oc") and "login" not in verb):
                for value in invocation.values(name):
                    yield value, name
    if program in ("skopeo", "podman", "buildah"):
        for value in invocation.values("--creds", "--src-creds", "--dest-creds"):
            user, colon, password = value.text.partition(":")
            if colon and password:
                yield value.part(len(user) + 1, len(value.text)), "--creds"
    if program == "cargo" and verb == "login":
        for word in invocation.operands(("--registry",)):
            yield word.source, "login"
    if program in ("npm", "pnpm", "yarn"):
        yield from _npm_settings(invocation)
    if program in ("curl", "wget"):
        yield from _transfer(invocation)


def _npm_settings(invocation: Invocation) -> Iterator[tuple[Source, str]]:
    """`npm config set //host/:_authToken X`, `//host/:_authToken=X`, `--//host/:_authToken=X`."""
    words = invocation.words[1:]
    for number, word in enumerate(words):
        match = _NPM_SETTING.match(word.text)
        if match is not None:
            yield word.source.part(match.start("value"), match.end("value")), "config"
        elif _AUTH_KEY.fullmatch(word.text.removeprefix("--")) and number + 1 < len(words):
            yield words[number + 1].source, "config"


def _transfer(invocation: Invocation) -> Iterator[tuple[Source, str]]:
    """`curl -u user:password`, `wget --password=X`; `admin:admin` is how a fresh server is asked for the first time."""
    for value in _users(invocation) if invocation.program == "curl" else ():
        user, colon, password = value.text.partition(":")
        if colon and password and (password != user or MARK in user):
            yield value.part(len(user) + 1, len(value.text)), "-u"
    for value in invocation.values("--password", "--http-password", "--ftp-password"):
        yield value, "--password"


def _users(invocation: Invocation) -> Iterator[Source]:
    """Yield the values of `-u` and `--user`, also where `-u` is the last of some letters: `-fsSu VALUE`."""
    yield from invocation.values("-u", "--user")
    for number, word in enumerate(invocation.words):
        group = _CURL_GROUP.fullmatch(word.text)
        if group is None:
            continue
        if group["value"]:
            yield word.source.part(group.start("value"), group.end("value"))
        elif number + 1 < len(invocation.words):
            yield invocation.words[number + 1].source


def reads_secret(command: SimpleCommand) -> bool:
    """Whether a command reads a password or token from its standard input: `--password-stdin`, `cargo login`."""
    words = [word.text for word in command.words]
    flags = ("--password-stdin", "--with-token", "--token-stdin", "--pass-stdin", "--identity-token-stdin")
    return any(flag in words for flag in flags) or words[:2] == ["cargo", "login"]


def credential(
    value: Source, kind: str, invocation: Invocation, *, key: str, where: str = "argv", ecosystem: str = ""
) -> Credential:
    """Return the credential that a word of a command holds."""
    text = value.text
    span = value.all()
    written = value.root.text[span.start : span.end]
    known = MARK not in text and "$" not in written and "${{" not in written
    token = identify(text) if known else None
    return Credential(
        span=span,
        parts={"value": span},
        job=invocation.setting.job,
        step=invocation.setting.step,
        kind=kind,
        form=literal_form(text) if known else "placeholder" if _is_drawn(written, invocation) else "reference",
        where=where,
        ecosystem=ecosystem,
        key=key,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access=token.access if token else "",
        redacted=redact(text) if known else "",
        length=len(text) if known else 0,
        tool=invocation.program,
    )


def _is_drawn(written: str, invocation: Invocation) -> bool:
    """Whether a variable holds what the script itself has drawn, for a registry that it starts: nobody else knows it."""
    name = _VARIABLE.fullmatch(written.strip("\"'"))
    at = invocation.command.index
    for command in reversed(invocation.script[max(at - _NEAR, 0) : at]) if name is not None else ():
        for assignment in command.assignments:
            if name is not None and assignment.name == (name[1] or name[2]):
                place = assignment.value.source.all()
                return _DRAWN.search(assignment.value.source.root.text[place.start : place.end]) is not None
    return False
