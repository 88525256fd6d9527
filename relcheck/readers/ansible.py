"""Ansible's tasks that log in at registries (Ansible: community.docker.docker_login, containers.podman.podman_login).

`registry_url` of Docker's and `registry` of Podman's module name the host, Docker Hub where there is none; `username` and
`password` stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, walk
from relcheck.readers.yaml_tree import load
from relcheck.source import Source

_MODULES = ("docker_login", "podman_login")


def read(source: Source) -> Iterator[Fact]:
    """Yield the passwords of logins; those that Ansible encrypts are said to be."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid YAML here: {fault.reason}")
    for node in (found for document in loaded.documents for found in walk(document)):
        for key, task in node.pairs() if isinstance(node, Mapping) else ():
            if key.value.rpartition(".")[2] in _MODULES and isinstance(task, Mapping):
                yield from _login(task)


def _login(task: Mapping) -> Iterator[Fact]:
    password = task.scalar("password")
    if password is None or not password.value:
        return
    written = task.text("registry_url") or task.text("registry")
    host = written.split("://")[-1].split("/")[0] or "docker.io"
    form = "encrypted" if password.tag == "!vault" else ""
    yield home_credential(
        password.source, "client-login", ecosystem="oci", key="password", host="" if "{{" in host else host,
        user=task.text("username"), form=form,
    )  # fmt: skip
