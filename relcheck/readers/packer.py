"""Packer's templates, for the logins at registries (Packer documentation: Docker builder, docker-push, docker-tag).

source "docker" NAME, build { post-processor[s] "docker-push" }: {login_server, login_username, login_password}; templates in
JSON have the same keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.hcl_tree import load
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Scalar, walk
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield the passwords that are written out."""
    if source.path.lower().endswith(".json"):
        from relcheck.readers import yaml_tree  # noqa: PLC0415 - most templates are HCL

        loaded = yaml_tree.load(source)
        faults, documents = loaded.faults, loaded.documents
    else:
        top, faults = load(source)
        documents = [top]
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"cannot be read here: {fault.reason}")
    for node in (found for document in documents for found in walk(document)):
        password = node.scalar("login_password") if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and isinstance(password, Scalar) and password.style == '"' and password.value:
            host = node.text("login_server").split("://")[-1].split("/")[0]
            yield home_credential(
                password.source, "client-login", ecosystem="oci", key="password", host=host,
                user=node.text("login_username"),
            )  # fmt: skip
