"""Tools that copy, push and tag images without building them: skopeo, crane, regctl, oras, apko, imgpkg, img."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Fact
from relcheck.readers.effects.containers import image_of, pushed
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.publishing import publish
from relcheck.refs import MARK
from relcheck.refs.image import tag_kind
from relcheck.refs.shell import Word
from relcheck.source import Source


def copied(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """Yield what one of these tools pulls and pushes."""
    yield from _HANDLERS[invocation.program](invocation, verb)


def _named(invocation: Invocation, word: Word | Source, role: str) -> Iterator[Fact]:
    found = image_of(invocation, word, role)
    if found is not None:
        yield found


def _skopeo(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`skopeo copy SOURCE DESTINATION`: the transport says what is an image of a registry."""
    values = ("--src-creds", "--dest-creds", "--authfile", "--format", "--override-arch", "--override-os")
    operands = invocation.operands((*values, "--src", "-s", "--dest", "-d"))
    if verb == "copy" and len(operands) > 1:
        if operands[0].text.startswith("docker://"):
            yield from _named(invocation, operands[0], "pulled")
        if operands[1].text.startswith("docker://"):
            yield from pushed(invocation, operands[1])
    elif verb == "inspect" and operands and operands[0].text.startswith("docker://"):
        yield from _named(invocation, operands[0], "pulled")
    elif verb == "sync" and len(operands) > 1:
        transports = [value.text for value in (*invocation.values("--src"), *invocation.values("--dest"))]
        if transports[:1] == ["docker"]:
            yield from _named(invocation, operands[0], "pulled")
        if transports[1:] == ["docker"]:
            yield publish(invocation, "oci", span=operands[1].source.all(), host=UNKNOWN, target=UNKNOWN)


def _crane(invocation: Invocation, verb: str) -> Iterator[Fact]:
    operands = invocation.operands(("--platform", "-t", "--image-refs", "-f", "-b"))
    if verb == "push" and len(operands) > 1:
        yield from pushed(invocation, operands[1])
    elif verb == "tag" and len(operands) > 1:
        # The new tag is a word of its own; the repository is that of the first.
        found = image_of(invocation, operands[0], "pushed", push=True)
        tag = operands[1]
        if found is not None:
            known = MARK not in tag.text
            yield found.replace(
                span=tag.source.all(), parts={**found.parts, "tag": tag.source.all()} if known else found.parts,
                written=f"{found.written.partition(':')[0]}:{tag.text.replace(MARK, '…')}",
                tag=tag.text if known else UNKNOWN, tag_kind=tag_kind(tag.text) if known else UNKNOWN, digest="",
                state="literal" if known else "partial",
            )  # fmt: skip
        yield publish(invocation, "oci", host=UNKNOWN, target=UNKNOWN)
    elif verb in ("append", "mutate"):
        for value in invocation.values("-b", "--base"):
            yield from _named(invocation, value, "base")
        for value in invocation.values("-t", "--tag", "--new_tag"):
            yield from pushed(invocation, value)
    elif verb in ("copy", "cp") and len(operands) > 1:
        yield from _named(invocation, operands[0], "pulled")
        yield from pushed(invocation, operands[1])
    elif verb == "pull" and operands:
        yield from _named(invocation, operands[0], "pulled")


def _regctl(invocation: Invocation, verb: str) -> Iterator[Fact]:
    operands = invocation.operands()
    if verb == "image copy" and len(operands) > 1:
        yield from _named(invocation, operands[0], "pulled")
        yield from pushed(invocation, operands[1])


def _oras(invocation: Invocation, verb: str) -> Iterator[Fact]:
    operands = invocation.operands(("--artifact-type", "--config", "--annotation", "-a", "-o", "--output", "-u", "-p"))
    if verb == "push" and operands:
        yield from pushed(invocation, operands[0])
    elif verb == "attach" and operands:
        yield from _named(invocation, operands[0], "signed")
    elif verb in ("copy", "cp") and len(operands) > 1:
        yield from pushed(invocation, operands[1])
    elif verb == "pull" and operands:
        yield from _named(invocation, operands[0], "artifact")


def _apko(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`apko publish CONFIG IMAGE…`."""
    if verb == "publish":
        for word in invocation.operands(("--arch", "--sbom-path", "--image-refs", "-k", "-r"))[1:]:
            yield from pushed(invocation, word)


def _imgpkg(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`imgpkg push|pull -b BUNDLE | -i IMAGE`."""
    for value in (*invocation.values("-b", "--bundle"), *invocation.values("-i", "--image")):
        if verb == "push":
            yield from pushed(invocation, value)
        elif verb in ("pull", "copy"):
            yield from _named(invocation, value, "artifact")


def _img(invocation: Invocation, verb: str) -> Iterator[Fact]:
    """`img push|pull IMAGE`."""
    for word in invocation.operands(("-s", "--state", "-b", "--backend"))[:1]:
        if verb == "push":
            yield from pushed(invocation, word)
        elif verb == "pull":
            yield from _named(invocation, word, "pulled")


_HANDLERS: dict[str, Callable[[Invocation, str], Iterator[Fact]]] = {
    "skopeo": _skopeo,
    "crane": _crane,
    "regctl": _regctl,
    "oras": _oras,
    "apko": _apko,
    "imgpkg": _imgpkg,
    "img": _img,
}
