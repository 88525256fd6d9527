"""AppVeyor's pipelines: their secrets, what they run and where they publish to (AppVeyor: appveyor.yml reference).

    environment: {NAME: TEXT | {secure: TEXT}, global: {…}, matrix: [{…}]}
    init, install, before_build, …, on_finish: [TEXT | {cmd | sh | ps | pwsh: TEXT}]      TEXT alone is for cmd
    deploy: [{provider, server, api_key | auth_token | password | secret_access_key: TEXT | {secure: TEXT}}]

What stands below `secure` is encrypted with the account's key. Text for cmd is read as far as it says the same to a shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers import embedded
from relcheck.readers.ci_values import list_of
from relcheck.readers.composed import masked
from relcheck.readers.environment import environment_facts
from relcheck.readers.known import credential
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.urls import registry
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_PHASES = (
    "init", "install", "before_build", "build_script", "after_build", "before_package", "before_test", "test_script",
    "after_test", "before_deploy", "deploy_script", "after_deploy", "on_success", "on_failure", "on_finish",
)  # fmt: skip
_VARIABLE = re.compile(r"%\w+%")
_CMD_ONLY = re.compile(r"[\\^]|(?i:^\s*(?:if|for|set|call|ren|del|copy|xcopy)\b)")
"""What cmd reads in another way than a shell: paths with backslashes, its own words."""
_SECRETS = ("api_key", "auth_token", "password", "secret_access_key")


def read(source: Source) -> Iterator[Fact]:
    """Yield the variables with secrets, and the keys of deployments."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid YAML here: {fault.reason}")
    for document in loaded.documents:
        if not isinstance(document, Mapping):
            continue
        yield from _variables(document.get("environment"))
        for phase in _PHASES:
            for item in list_of(document.get(phase)):
                yield from _command(item)
        deployments = document.get("deploy")
        for entry in deployments if isinstance(deployments, Sequence) else (deployments,):
            yield from _deployment(entry)


def _command(item: Node) -> Iterator[Fact]:
    pairs = item.pairs() if isinstance(item, Mapping) else [(None, item)]
    for key, text in pairs:
        shell = key.value if key is not None else "cmd"
        if not isinstance(text, Scalar):
            continue
        if shell in ("ps", "pwsh"):
            yield from embedded("powershell", text.source)
        elif shell == "sh":
            yield from embedded("shell", text.source)
        elif shell == "cmd" and not _CMD_ONLY.search(text.value):
            yield from embedded("shell", masked(text.source, _VARIABLE))


def _variables(node: Node | None) -> Iterator[Fact]:
    for table in node if isinstance(node, Sequence) else (node,):
        for key, value in table.pairs() if isinstance(table, Mapping) else ():
            if isinstance(value, Scalar):
                yield from environment_facts(key.value, value.source, where="ci")
            elif key.value in ("global", "matrix"):
                yield from _variables(value)


def _deployment(entry: Node | None) -> Iterator[Fact]:
    server = entry.scalar("server") if isinstance(entry, Mapping) else None
    if server is not None:
        yield from registry(server.source, ecosystem="nuget", purpose="publish", key="server")
    for key in _SECRETS if isinstance(entry, Mapping) else ():
        value = entry.scalar(key) if isinstance(entry, Mapping) else None
        if value is not None and value.value:
            yield credential(value.source, key)
