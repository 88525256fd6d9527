"""An option of the engine `dockerd` among the words of a container's command: `--insecure-registry=HOST`.

Docker in Docker is started that way in pipelines, Compose and pods (dockerd's command line reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from relcheck.facts import Fact, Registry
from relcheck.refs import MARK
from relcheck.refs.url import is_loopback
from relcheck.source import Source

OPTION = "--insecure-registry"
_ADDRESS = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9A-Fa-f:]+\])(?::\d+)?(?:/\d+)?")


def insecure_registries(words: Sequence[Source], job: str = "") -> Iterator[Fact]:
    """Yield the registries that a container's words let its engine ask without TLS."""
    for number, word in enumerate(words):
        name, equals, host = word.text.partition("=")
        if name != OPTION:
            continue
        value = word.part(len(name) + 1, len(word.text)) if equals else next(iter(words[number + 1 : number + 2]), None)
        if value is None or MARK in value.text or not _ADDRESS.fullmatch(value.text):
            continue
        host = value.text
        yield Registry(
            span=value.all(), parts={"host": value.all()}, job=job, ecosystem="oci", purpose="container", url="", host=host,
            tls="off", key=OPTION, loopback=is_loopback(host.partition(":")[0]) or host.startswith("127."),
        )  # fmt: skip
