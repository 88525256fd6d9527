"""AppVeyor's pipelines, for their secrets (AppVeyor documentation: appveyor.yml reference).

    environment: {NAME: TEXT | {secure: TEXT}, global: {…}, matrix: [{…}]}
    deploy: [{provider, api_key | auth_token | password | secret_access_key: TEXT | {secure: TEXT}}]

What stands below `secure` is encrypted with the account's key.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.environment import environment_facts
from relcheck.readers.known import credential
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

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
        deployments = document.get("deploy")
        for entry in deployments if isinstance(deployments, Sequence) else (deployments,):
            yield from _deployment(entry)


def _variables(node: Node | None) -> Iterator[Fact]:
    for table in node if isinstance(node, Sequence) else (node,):
        for key, value in table.pairs() if isinstance(table, Mapping) else ():
            if isinstance(value, Scalar):
                yield from environment_facts(key.value, value.source, where="ci")
            elif key.value in ("global", "matrix"):
                yield from _variables(value)


def _deployment(entry: Node | None) -> Iterator[Fact]:
    for key in _SECRETS if isinstance(entry, Mapping) else ():
        value = entry.scalar(key) if isinstance(entry, Mapping) else None
        if value is not None and value.value:
            yield credential(value.source, key)
