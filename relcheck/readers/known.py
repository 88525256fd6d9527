"""Known components of pipelines (orbs, tasks, pipes, plugins): what their inputs say.

Which component has which inputs is data: `relcheck/data/components.json`, by system and by lower-case name without the
version, and what the configuration adds (`known-components`). The keys of an entry:

    login       {tool, host, username, password, cloud, default}       default: the host when none is written
    images      [{input, role, tag, host, split, after, only, unless}] tag, host: inputs that complete the name; after: it
                                                                       stands behind this text, as in `service:name:tag`
    publish     {ecosystem, tool, host, target, token, dry, skip, only, unless, present}
    setup       [{input, name}]                                        an installed tool
    registries  [{input, ecosystem, purpose}]
    charts      [{name, version, repository, only}]
    scripts     [{input, language, command, only, unless}]             shell text, or that of PowerShell; or what a command is
                                                                       given, which stands there as `docker build {} -`
    credentials [input]
    arguments   [input]                                                build arguments: NAME=VALUE, or a mapping of them
    insecure    [{input, host}]                                        switches TLS off for the registry that `host` names

`only` and `unless` map inputs to patterns; an input that is not written counts as the empty text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from typing import Any

from relcheck.components import table
from relcheck.facts import UNKNOWN, Credential, Dependency, Fact, Image, Login, Publish, Registry, Text, Truth
from relcheck.readers.ci_common import Around, placed, value_kind
from relcheck.readers.ci_values import Markers, images, scalars
from relcheck.readers.composed import composed, in_file
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.nodes import Sequence as Items
from relcheck.readers.urls import registry
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.image import login_host
from relcheck.refs.secrets import identify, literal_form, looks_secret_name, redact
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source, Span

_ITEM = re.compile(r"[^,\s](?:[^,\r\n]*[^,\s])?")
_YES = ("true", "1", "yes")
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_MOVING = re.compile(
    r"(?i:latest|lts(?:/[\w*-]+)?|stable|nightly|beta|current|node|edge|canary|(?:[\w.-]+-)?head|main|master)"
)
Entry = dict[str, Any]


class Call(Record):
    """One use of a component: its place, its inputs by lower-case name, and what stands around it."""

    place: Span
    inputs: AnyMapping[str, Node] = {}
    markers: Markers
    around: Around = Around()
    engine: str

    def source(self, name: str) -> Source | None:
        """Return the text of an input as written, None where it is not written or no text."""
        found = self.inputs.get(name)
        return found.source if isinstance(found, Scalar) else None

    def text(self, name: str) -> Text:
        """Return the one text that an input comes to: "" when it is not written, UNKNOWN when variables decide."""
        source = self.source(name)
        if source is None:
            return UNKNOWN if name in self.inputs else ""
        text = self.markers.one(source).text.strip()
        return UNKNOWN if MARK in text else text

    def applies(self, spec: Entry) -> bool:
        """Whether one of `present` is written, and the inputs fit `only` and not `unless`; what is not known fits neither."""
        if "present" in spec and not any(name in self.inputs for name in spec["present"]):
            return False
        for name, pattern in spec.get("only", {}).items():
            text = self.text(name)
            if text is UNKNOWN or not re.search(pattern, str(text)):
                return False
        return not any(
            (text := self.text(name)) is UNKNOWN or re.search(pattern, str(text))
            for name, pattern in spec.get("unless", {}).items()
        )


def known_facts(system: str, name: str, call: Call) -> Iterator[Fact]:
    """Yield what the inputs of a known component say; nothing for an unknown one."""
    entry = table(system).get(name.lower())
    if entry:
        yield from placed(_facts(entry, call), call.around)


def known(system: str, name: str) -> bool:
    """Whether the table has the component."""
    return name.lower() in table(system)


def _facts(entry: Entry, call: Call) -> Iterator[Fact]:
    if "login" in entry and call.applies(entry["login"]):
        yield from _login(entry["login"], call)
    for spec in entry.get("images", ()):
        if call.applies(spec):
            yield from _images(spec, call)
    for spec in entry.get("setup", ()):
        yield from _setup(spec, call)
    for spec in entry.get("registries", ()):
        source = call.source(spec["input"])
        if source is not None:
            yield from registry(source, ecosystem=spec["ecosystem"], purpose=spec["purpose"], key=spec["input"])
    for spec in entry.get("charts", ()):
        if call.applies(spec):
            yield from _chart(spec, call)
    if "publish" in entry and call.applies(entry["publish"]):
        yield _publish(entry["publish"], call)
    for spec in entry.get("scripts", ()):
        if call.applies(spec):
            yield from script(call, spec["input"], spec.get("language", ""), spec.get("command", "{}"))
    for name in entry.get("credentials", ()):
        source = call.source(name)
        if source is not None:
            yield credential(source, name)
    for name in entry.get("arguments", ()):
        yield from _arguments(call.inputs.get(name))
    for spec in entry.get("insecure", ()):
        yield from _insecure(spec, call)


def _arguments(node: Node | None) -> Iterator[Credential]:
    """Yield the build arguments with the names of secrets; one without a value has that of the environment."""
    for item in _items(node, split=True):
        name, equals, _ = item.text.partition("=")
        if looks_secret_name(name):
            place = item.part(len(name) + 1, len(item.text)) if equals else item
            made = credential(place, name, ecosystem="oci", kind="build-arg")
            yield made if equals else made.replace(form="reference", redacted="", length=0)
    for key, given in node.pairs(merge=True) if isinstance(node, Mapping) else ():
        found = given.get("from_secret") if isinstance(given, Mapping) else given
        if looks_secret_name(key.value) and isinstance(found, Scalar) and found.value:
            made = credential(found.source, key.value, ecosystem="oci", kind="build-arg")
            yield made if found is given else made.replace(form="reference", secret=found.value, redacted="", length=0)


def _insecure(spec: Entry, call: Call) -> Iterator[Registry]:
    source = call.source(spec["input"])
    if source is not None and str(call.text(spec["input"])).lower() in _YES:
        given = call.text(spec.get("host", ""))
        host: Text = given if given is UNKNOWN else login_host(str(given))
        yield Registry(
            span=source.all(), ecosystem="oci", purpose="container", url=host, host=host, tls="off",
            key=f"{spec['input']}: {source.text}", loopback=host is not UNKNOWN and is_loopback(str(host)),
        )  # fmt: skip


def _login(spec: Entry, call: Call) -> Iterator[Fact]:
    if spec.get("cloud"):
        yield Login(span=call.place, tool=spec["tool"], secret_form="helper", cloud=True)  # noqa: S106 - names a form
        return
    given = call.text(spec.get("host", ""))
    host: Text = given if given is UNKNOWN else login_host(str(given) or spec.get("default", ""))
    password = call.source(spec.get("password", ""))
    form = literal_form(password.text) if password is not None else "empty"
    yield Login(
        span=call.place,
        tool=spec["tool"],
        host=host,
        username=call.text(spec.get("username", "")),
        secret_form={"literal": "input-literal", "reference": "input-reference"}.get(form, "none"),
    )
    if password is not None:
        yield credential(password, spec["password"], host=host, ecosystem="oci")


def credential(source: Source, key: str, *, host: Text = "", ecosystem: str = "", kind: str = "ci-env") -> Credential:
    """Return the secret that an input holds, or the reference to it."""
    form = literal_form(source.text)
    token = identify(source.text) if form == "literal" else None
    return Credential(
        span=source.all(),
        parts={"value": source.all()},
        kind=kind,
        form=form,
        where="manifest",
        ecosystem=ecosystem,
        key=key,
        host=host,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access=token.access if token else "",
        redacted=redact(source.text) if form == "literal" else "",
        length=len(source.text) if form == "literal" else 0,
    )


def _items(node: Node | None, *, split: bool) -> list[Source]:
    """Return the texts of a list, or of a text that holds one by commas and lines."""
    if not isinstance(node, Items) and not split:
        return [node.source] if isinstance(node, Scalar) else []
    return [item.source.part(*match.span()) for item in scalars(node) for match in _ITEM.finditer(item.value)]


def _images(spec: Entry, call: Call) -> Iterator[Image]:
    """Yield the images of an input; `tag` and `host` name inputs that hold the rest of the reference."""
    tags: list[Source | None] = [*_items(call.inputs.get(spec.get("tag", "")), split=True)] or [None]
    host = call.source(spec.get("host", ""))
    names = _items(call.inputs.get(spec["input"]), split=spec.get("split", False))
    if mark := spec.get("after"):
        names = [name.part(name.text.index(mark) + 1, len(name.text)) for name in names if mark in name.text]
    for name in names:
        for tag in tags:
            source = _reference(
                name, tag or (f":{MARK}" if "tag" in spec else ""), host, hidden=spec.get("host") == "?"
            )
            yield from images(
                source,
                call.markers,
                role=spec["role"],
                engine=call.engine,
                job=call.around.job,
                step=call.around.step,
                push=spec["role"] == "pushed",
            )


def _reference(name: Source, tag: Source | str, host: Source | None, *, hidden: bool) -> Source:
    """Return `[host/]name[:tag]`; a default that the component makes of the run is unknown text."""
    words: list[Source | str] = []
    if hidden:
        words.append(f"{MARK}/")
    elif host is not None and host.text.strip() and not name.text.startswith(host.text):
        words += [in_file(host), "" if host.text.endswith("/") else "/"]
    words.append(in_file(name))
    if tag and ":" not in name.text.rpartition("/")[2]:
        words += [tag] if isinstance(tag, str) else [":", in_file(tag)]
    return name if len(words) == 1 else composed(words)


def _setup(spec: Entry, call: Call) -> Iterator[Dependency]:
    source, text = call.source(spec["input"]), call.text(spec["input"])
    if source is not None and text != "":
        yield tool_dependency(spec["name"], source, text)


def tool_dependency(name: str, source: Source, text: Text) -> Dependency:
    """Return an installed tool whose version stands in a file."""
    return Dependency(
        span=source.all(),
        parts={"constraint": source.all()} if source.text == text else {},
        ecosystem="ci-tool",
        where="setup",
        name=name,
        constraint=text,
        firmness=firmness(text),
        locked=False,
        published=False,
        group="build",
    )


def firmness(text: Text) -> Text:
    """Say how firmly a version of a tool is named: exact, range, any, tag or unknown."""
    if not isinstance(text, str):
        return UNKNOWN
    if text in ("*", "x"):
        return "any"
    if _MOVING.fullmatch(text):
        return "tag"
    return "exact" if _EXACT.fullmatch(text) else "range"


def _chart(spec: Entry, call: Call) -> Iterator[Dependency]:
    name, version = call.source(spec["name"]), call.source(spec.get("version", ""))
    if name is None or name.text.startswith((".", "/", "$")) or "/" not in name.text or name.text.endswith(".tgz"):
        return
    text = call.text(spec.get("version", ""))
    parts = {"name": name.all()} if MARK not in call.markers.one(name).text else {}
    yield Dependency(
        span=version.all() if version is not None else name.all(),
        parts=parts | ({"constraint": version.all()} if version is not None and version.text == text else {}),
        ecosystem="helm",
        where="command",
        name=name.text if parts else UNKNOWN,
        constraint=text,
        firmness="any" if text == "" else firmness(text),
        locked=False,
    )


def _publish(spec: Entry, call: Call) -> Publish:
    token = next((source for name in spec.get("token", ()) if (source := call.source(name)) is not None), None)
    return Publish(
        span=call.place,
        parts={"value": token.all()} if token is not None else {},
        ecosystem=spec["ecosystem"],
        tool=spec["tool"],
        host=_host(spec, call),
        target=call.text(spec["target"]) if "target" in spec else UNKNOWN,
        dry_run=_switch(spec.get("dry", ()), call),
        skip_existing=_switch(spec.get("skip", ()), call),
        token=value_kind(token.text) if token is not None else "unknown",
    )


def _switch(names: tuple[str, ...], call: Call) -> Truth:
    for name in names:
        text = call.text(name)
        if text != "":
            return UNKNOWN if text is UNKNOWN else str(text).lower() in _YES
    return False


def _host(spec: Entry, call: Call) -> Text:
    for name in spec.get("host", ()):
        text = call.text(name)
        if text is UNKNOWN:
            return UNKNOWN
        if text:
            url = parse_url(str(text))
            return url.host if url is not None else str(text).partition("/")[0]
    return ""


def script(call: Call, name: str, language: str = "", command: str = "{}") -> Iterator[Fact]:
    """Yield what the shell text of an input says, or its text in PowerShell."""
    source = call.source(name)
    if source is None or not source.text.strip():
        return
    before, _, after = command.partition("{}")
    if before or after:
        source = composed([before, in_file(source), after])
    if language == "powershell":
        yield from powershell_facts(call.markers.one(source), call.around)
        return
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    yield from read_shell(
        call.markers.one(source),
        context="run",
        job=call.around.job,
        step=call.around.step,
        tolerant=call.around.tolerant,
        shell_options="e",
    )


def powershell_facts(source: Source, around: Around) -> Iterator[Fact]:
    """Yield what a step in PowerShell says."""
    from relcheck.readers.powershell import read_powershell  # noqa: PLC0415 - few steps are written in it

    found = read_powershell(source, context="run", job=around.job, step=around.step, tolerant=around.tolerant)
    yield from placed(found, around)
