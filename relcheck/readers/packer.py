"""Packer's templates (Packer documentation: Docker builder, docker-push, shell provisioner, ISO builders).

    source "docker" NAME { image }                      build { provisioner "shell" { inline } }
    login_server, login_username, login_password        of a source or of a post-processor "docker-push"
    iso_url, iso_checksum                               a file that a machine starts from; "none" checks nothing
    variable NAME { default }, locals { … }             values of the templates

Templates in JSON have the same keys: {builders: [{type, image, iso_url}], provisioners: [{type, inline}]}.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers import embedded
from relcheck.readers.hcl_tree import blocks, candidates, labelled, load
from relcheck.readers.hcl_values import Values
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Scalar, walk
from relcheck.readers.remote_files import remote_file
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield what a template starts from, runs and logs in with."""
    if source.path.lower().endswith(".json"):
        from relcheck.readers import yaml_tree  # noqa: PLC0415 - most templates are HCL

        loaded = yaml_tree.load(source)
        faults, documents = loaded.faults, loaded.documents
    else:
        top, faults = load(source)
        documents = [top]
    for fault in faults:
        yield Unreadable(span=fault.span, reason=f"cannot be read here: {fault.reason}")
    for document in documents:
        if isinstance(document, Mapping):
            yield from _template(document)
        for node in walk(document):
            if isinstance(node, Mapping):
                yield from _login(node)


def _login(node: Mapping) -> Iterator[Fact]:
    password = node.scalar("login_password")
    if isinstance(password, Scalar) and password.style == '"' and password.value:
        host = node.text("login_server").split("://")[-1].split("/")[0]
        yield home_credential(
            password.source, "client-login", ecosystem="oci", key="password", host=host, user=node.text("login_username"),
        )  # fmt: skip


def _template(top: Mapping) -> Iterator[Fact]:
    """What machines and images start from, and the commands that make them."""
    defaults = {
        f"var.{label.value}": value for label, body in labelled(top, "variable") if (value := body.scalar("default"))
    }
    for body in blocks(top, "locals"):
        defaults |= {f"local.{key.value}": value for key, value in body.pairs() if isinstance(value, Scalar)}
    values = Values(defaults, "packer")
    for kind, made in _parts(top, "source", "builders"):
        if kind == "docker":
            yield from values.images(made.get("image"), "base")
        yield from _iso(made, values)
    for build in (top, *blocks(top, "build")):
        for kind, made in _parts(build, "provisioner", "provisioners"):
            for line in candidates(made.get("inline")) if kind.startswith("shell") else ():
                if isinstance(line, Scalar) and line.style != "expr":
                    yield from embedded("shell", values.expanded(line).source)


def _parts(holder: Mapping, block: str, listed: str) -> Iterator[tuple[str, Mapping]]:
    """Yield kind and body: of `source "KIND" "NAME" { … }` and `provisioner "KIND" { … }`, and of lists in JSON."""
    for label, body in labelled(holder, block):
        named = [value for _, value in body.pairs()]
        inner = named if block == "source" else [body]
        yield from ((label.value, found) for found in inner if isinstance(found, Mapping))
    for entry in holder.seq(listed) or ():
        if isinstance(entry, Mapping):
            yield entry.text("type"), entry


def _iso(machine: Mapping, values: Values) -> Iterator[Fact]:
    checksum = machine.scalar("iso_checksum")
    unchecked = checksum is not None and values.text(checksum).lower() == "none"
    for node in candidates(machine.get("iso_url")):
        if isinstance(node, Scalar) and unchecked:
            yield from remote_file(values.expanded(node).source, tool="packer", executed_by="packer")
