"""Secrets that a command hands to a tool beside the options that all tools share.

They stand in settings that it keeps, headers that it sends, properties of builds, package sources, variables of containers.
Only what is written out counts here. Variables in these places are how the tools are configured in pipelines: what warns
of them stands in `relcheck.readers.effects.secrets`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from relcheck.facts import Credential
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.secrets import credential
from relcheck.readers.environment import environment_facts
from relcheck.readers.home_secrets import header_secret
from relcheck.readers.urls import userinfo
from relcheck.refs.secrets import looks_secret_name
from relcheck.refs.shell import Word
from relcheck.source import Source, Span

Told = Iterator[tuple[Source, str]]

_PROPERTY = re.compile(r"-[DP](?P<name>[\w.-]+)=(?P<value>.+)", re.DOTALL)
_PUBLISHING = re.compile(
    r"(?i)(?:password|passphrase|.*(?:gpg|ossrh|sonatype|nexus|central|artifactory|gpr|github|registry|repo|deploy|publish"
    r"|signing|jfrog|sonar|plugin).*)"
)
"""Properties of builds that open a registry, among those that are called like secrets."""
_YARN_KEY = re.compile(r"(?:.*\.)?npmAuth(?:Token|Ident)$")
_COMPOSER_KEY = re.compile(
    r"(?:http-basic|github-oauth|gitlab-oauth|gitlab-token|bearer|forgejo-token|bitbucket-oauth)\..+"
)
_BUNDLE_HOST = re.compile(r"(?!build\.|local\.|mirror\.)(?:https?://)?[\w-]+(?:\.[\w-]+)+/?$")
_CONDA_TOKEN = re.compile(r"://[^/\s]+/t/(?P<token>[^/\s]+)/")
_HEADER_SETTING = re.compile(r"(?i)http\.(?:.*\.)?extraheader(?P<equals>=)?")


def told(invocation: Invocation) -> Iterator[Credential]:
    """Yield the secrets that are written out."""
    finder = _FINDERS.get(invocation.program)
    for value, key in finder(invocation) if finder is not None else ():
        yield from _literal(credential(value, "argv-token", invocation, key=key))
    others = _OTHERS.get(invocation.program)
    for fact in others(invocation) if others is not None else ():
        yield from _literal(fact.replace(job=invocation.setting.job, step=invocation.setting.step))


def told_places(invocation: Invocation) -> Iterator[Span]:
    """Yield the places of the secrets, known or not, so that the words with them are never shown."""
    finder = _FINDERS.get(invocation.program)
    for value, _ in finder(invocation) if finder is not None else ():
        yield value.all()
    others = _OTHERS.get(invocation.program)
    for fact in others(invocation) if others is not None else ():
        yield fact.span


def _literal(fact: Credential) -> Iterator[Credential]:
    if fact.form == "literal":
        yield fact


def _operands(invocation: Invocation, *skipped: str) -> list[Word]:
    words = [word for word in invocation.rest if not word.text.startswith("-")]
    return words[1:] if words and words[0].text in skipped else words


def _options(*names: str, verbs: tuple[str, ...] = ()) -> Callable[[Invocation], Told]:
    """Return a finder of the values of options, below some verbs."""

    def finder(invocation: Invocation) -> Told:
        said = f"{invocation.verb} {' '.join(word.text for word in invocation.rest[:1])}"
        if not verbs or said.startswith(verbs):
            for name in names:
                for value in invocation.values(name):
                    yield value, name

    return finder


def _poetry(invocation: Invocation) -> Told:
    """`poetry config pypi-token.NAME TOKEN`, `poetry config http-basic.NAME USER PASSWORD`."""
    words = _operands(invocation) if invocation.verb == "config" else []
    if len(words) > 1 and words[0].text.startswith("pypi-token."):
        yield words[1].source, words[0].text
    elif len(words) > 2 and words[0].text.startswith("http-basic."):
        yield words[2].source, words[0].text


def _pdm(invocation: Invocation) -> Told:
    """`pdm config repository.NAME.password PASSWORD`."""
    words = _operands(invocation) if invocation.verb == "config" else []
    if len(words) > 1 and words[0].text.endswith(".password"):
        yield words[1].source, words[0].text


def _yarn(invocation: Invocation) -> Told:
    """`yarn config set npmAuthToken TOKEN`, the same below a scope or a registry."""
    words = _operands(invocation, "set") if invocation.verb == "config" else []
    if len(words) > 1 and _YARN_KEY.match(words[0].text):
        yield words[1].source, words[0].text.rpartition(".")[2]


def _bundle(invocation: Invocation) -> Told:
    """`bundle config [set] HOST USER:PASSWORD`."""
    words = _operands(invocation, "set") if invocation.verb == "config" else []
    if len(words) == 2 and _BUNDLE_HOST.match(words[0].text) and "/" not in words[1].text:
        value = words[1].source
        user, colon, _ = value.text.partition(":")
        yield value.part(len(user) + 1, len(value.text)) if colon else value, words[0].text


def _composer(invocation: Invocation) -> Told:
    """`composer config KIND.HOST [USER] SECRET`."""
    words = (
        _operands(invocation) if invocation.verb.split(" ")[-1] == "config" or "config" in _texts(invocation) else []
    )
    words = [word for word in words if word.text != "config"]
    if len(words) > 1 and _COMPOSER_KEY.fullmatch(words[0].text):
        yield words[-1].source, words[0].text.partition(".")[0]


def _texts(invocation: Invocation) -> list[str]:
    return [word.text for word in invocation.words[1:4]]


def _properties(invocation: Invocation) -> Told:
    """`mvn -Dgpg.passphrase=X`, `gradle -PmavenCentralPassword=X`."""
    for word in invocation.words[1:]:
        match = _PROPERTY.match(word.text)
        if match is not None and looks_secret_name(match["name"]) and _PUBLISHING.fullmatch(match["name"]):
            yield word.source.part(*match.span("value")), f"-{word.text[1]}{match['name']}"


def _nuget(invocation: Invocation) -> Told:
    """`nuget sources add -Password X`, `nuget setapikey X`."""
    for before, word in pairwise(invocation.words[1:]):
        if before.text.lower() == "-password" or (before.text.lower() == "setapikey" and not word.text.startswith("-")):
            yield word.source, before.text


def _settings(*names: str) -> Callable[[Invocation], Told]:
    """Return a finder of `NAME=VALUE` behind options, `-var NAME=VALUE` and `-var=NAME=VALUE`, with the name of a secret."""

    def finder(invocation: Invocation) -> Told:
        waiting = False
        for word in invocation.words[1:]:
            option = next((name for name in names if word.text.startswith(f"{name}=")), "")
            if waiting or option:
                yield from _pairs(word.source.part(len(option) + 1 if option else 0, len(word.text)))
            waiting = word.text in names

    return finder


def _pairs(value: Source) -> Told:
    """`name=value other=value`, as Ansible takes them; one pair everywhere else."""
    for match in _PAIR.finditer(value.text):
        if looks_secret_name(match["name"]):
            yield value.part(*match.span("value")), match["name"]


_PAIR = re.compile(r"(?:^|(?<=\s))(?P<name>[\w.-]+)=(?P<value>[^\s'\"]+)")


def _words_set(*verbs: str) -> Callable[[Invocation], Told]:
    """Return a finder of the words `NAME=VALUE` below some verbs: `heroku config:set`, `fly secrets set`."""

    def finder(invocation: Invocation) -> Told:
        said = " ".join(word.text for word in invocation.words[1:3])
        for word in invocation.words[2:] if said.startswith(verbs) else ():
            yield from _pairs(word.source)

    return finder


def _pulumi(invocation: Invocation) -> Told:
    """`pulumi config set --secret NAME VALUE`."""
    words = _operands(invocation, "set") if invocation.verb == "config" else []
    if len(words) > 1 and (invocation.has("--secret") is not None or looks_secret_name(words[0].text)):
        yield words[1].source, words[0].text


def _cluster(invocation: Invocation) -> Told:
    """`kubectl create secret docker-registry --docker-password X`, `kubectl create secret generic --from-literal=NAME=X`."""
    for value in invocation.values("--docker-password"):
        yield value, "--docker-password"
    for value in invocation.values("--from-literal"):
        yield from _pairs(value)


def _headers(invocation: Invocation) -> Iterator[Credential]:
    """`curl -H "Authorization: Bearer X"`, `wget --header="PRIVATE-TOKEN: X"`."""
    for value in invocation.values("-H", "--header"):
        yield from _header(invocation, value)


def _header(invocation: Invocation, value: Source) -> Iterator[Credential]:
    found = header_secret(value, "argv-password")
    if found is not None:
        yield found.replace(where="argv", tool=invocation.program)


def _git(invocation: Invocation) -> Iterator[Credential]:
    """`git -c http.extraheader="Authorization: Bearer X"`, `git config http.extraheader "…"`."""
    words = invocation.words[1:]
    for number, word in enumerate(words):
        match = _HEADER_SETTING.match(word.text)
        if match is None:
            continue
        if match["equals"]:
            yield from _header(invocation, word.source.part(match.end(), len(word.text)))
        elif match.end() == len(word.text) and number + 1 < len(words):
            yield from _header(invocation, words[number + 1].source)


def _index(*verbs: str) -> Callable[[Invocation], Iterator[Credential]]:
    """Return a finder of passwords in addresses of indexes, below some verbs."""

    def finder(invocation: Invocation) -> Iterator[Credential]:
        for word in invocation.words[2:] if invocation.verb in verbs else ():
            found = userinfo(word.source, kind="index-url", key=invocation.verb) if "://" in word.text else None
            if found is not None:
                yield found

    return finder


def _pip(invocation: Invocation) -> Iterator[Credential]:
    """`pip config set global.index-url URL`, `pip install git+https://user:password@host/…`."""
    yield from _index("config")(invocation)
    for word in invocation.words[2:] if invocation.verb != "config" else ():
        at = word.text.find("git+")
        if at >= 0 and "://" in word.text:
            found = userinfo(word.source.part(at, len(word.text)), ecosystem="git", key="git+")
            if found is not None:
                yield found


def _conda(invocation: Invocation) -> Iterator[Credential]:
    """`conda config --add channels URL`, `conda install -c URL`: a token may stand in the path."""
    for word in invocation.words[1:]:
        match = _CONDA_TOKEN.search(word.text)
        if match is not None:
            value = word.source.part(*match.span("token"))
            yield credential(value, "index-url", invocation, key="channels", where="url", ecosystem="conda")
        elif "://" in word.text:
            found = userinfo(word.source, kind="index-url", ecosystem="conda", key="channels")
            if found is not None:
                yield found


def _containers(invocation: Invocation) -> Iterator[Credential]:
    """`docker run -e NPM_TOKEN=X`."""
    if invocation.verb.split(" ")[-1] not in ("run", "create"):
        return
    for value in invocation.values("-e", "--env"):
        name, equals, _ = value.text.partition("=")
        if equals:
            piece = value.part(len(name) + 1, len(value.text))
            for fact in environment_facts(name, piece, where="script"):
                if isinstance(fact, Credential):
                    yield fact


_FINDERS: dict[str, Callable[[Invocation], Told]] = {
    "poetry": _poetry, "pdm": _pdm, "yarn": _yarn, "bundle": _bundle, "composer": _composer, "nuget": _nuget,
    "mvn": _properties, "mvnw": _properties, "gradle": _properties, "gradlew": _properties,
    "dotnet": _options("-p", "--password", verbs=("nuget add", "nuget update")),
    "oras": _options("-p", "--password", "--from-password", "--to-password", verbs=("push", "pull", "cp", "attach", "copy")),
    "notation": _options("-p", "--password"),
    "kubectl": _cluster, "oc": _cluster,
    "luarocks": _options("--api-key"), "choco": _options("-k", "--api-key"), "nomad": _options("-token", "--token"),
    "doctl": _options("-t", "--access-token"), "terraform": _settings("-var", "-backend-config", "--var"),
    "tofu": _settings("-var", "-backend-config"), "packer": _settings("-var", "--var"),
    "ansible-playbook": _settings("-e", "--extra-vars"), "ansible": _settings("-e", "--extra-vars"),
    "pulumi": _pulumi, "heroku": _words_set("config:set", "config:add"), "fly": _words_set("secrets set"),
    "flyctl": _words_set("secrets set"),
    "az": _options("-p", "--password", verbs=("acr login", "login")),
    "gpg": _options("--passphrase"), "gpg2": _options("--passphrase"),
    "ansible-galaxy": _options("--token", "--api-key"),
}  # fmt: skip
_OTHERS: dict[str, Callable[[Invocation], Iterator[Credential]]] = {
    "curl": _headers, "wget": _headers, "git": _git, "pip": _pip, "pip3": _pip, "uv": _pip, "gem": _index("sources"),
    "conda": _conda, "mamba": _conda, "micromamba": _conda, "docker": _containers, "podman": _containers,
    "nerdctl": _containers,
}  # fmt: skip
TOLD = frozenset(_FINDERS) | frozenset(_OTHERS)
