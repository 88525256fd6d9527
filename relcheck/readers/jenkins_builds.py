"""What Jenkins hands to a Dockerfile, and the images of its pods.

The options of `docker.build` and of `agent { dockerfile }` are those of the command.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Component, Credential, Fact
from relcheck.readers.composed import composed
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.shell import read_shell
from relcheck.source import Source


def handed(words: list[Source | str], *, job: str, step: int) -> Iterator[Fact]:
    """Yield the build of `docker build` with these words, where it hands anything over, and the secrets among them."""
    parents = {id(word.parent) for word in words if isinstance(word, Source)}
    if len(parents) != 1:
        return
    text: list[Source | str] = ["docker build"]
    for word in words:
        text += [" ", word]
    for fact in read_shell(composed(text), context="run", job=job, step=step):
        if isinstance(fact, Credential) or (
            isinstance(fact, Component) and fact.system == "docker" and fact.kind == "context"
        ):
            yield fact


def agent_words(filename: Source | None, folder: Source | None, options: Source) -> list[Source | str]:
    """Return the words of `agent { dockerfile { filename; dir; additionalBuildArgs } }`: the file lies in the folder."""
    file: list[Source | str] = [filename if filename is not None else "Dockerfile"]
    if folder is not None:
        file = [composed([folder, "/", file[0]])]
    return ["-f", *file, options, folder if folder is not None else "."]


def pod_images(manifest: Source) -> Iterator[Source]:
    """Yield the images of a pod that is an agent; where it runs is for the server to say."""
    from relcheck.readers.yaml_tree import load, walk  # noqa: PLC0415 - few files hold a manifest

    for document in load(manifest).documents:
        for node in walk(document):
            for name in ("containers", "initContainers"):
                listed = node.get(name) if isinstance(node, Mapping) else None
                for entry in listed.items if isinstance(listed, Sequence) else ():
                    image = entry.get("image") if isinstance(entry, Mapping) else None
                    if isinstance(image, Scalar):
                        yield image.source
