"""What a build hands to a Dockerfile: arguments, named contexts, and the file itself, for link.

A build is a `Component` of system docker and kind context; its `inputs` say:

    dockerfile   the path of the Dockerfile, seen from the context
    file         the same, seen from the folder in which the command runs
    folder       that folder, seen from where the step or script starts
    arg:NAME     a value for `ARG NAME`; several entries of one name are the values of a matrix, in its order
    raw:NAME     that value with its variables, where a file beside it may give them
    context:NAME what stands for the image or stage of that name (`docker-image://…`, `target:…`, a folder, …)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from relcheck.facts import UNKNOWN, Component, Download, Fact, Image, Option, Related
from relcheck.patterns import lazy_pattern
from relcheck.readers.urls import url_parts
from relcheck.refs import MARK
from relcheck.refs.image import parse_image
from relcheck.refs.secrets import looks_secret_name
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

Inputs = dict[str, Source]
"""Values by name, each at its place."""

_PROJECT = lazy_pattern(
    r"[\"']?\$(?:\{?(?:CI_PROJECT_DIR|GITHUB_WORKSPACE|BITBUCKET_CLONE_DIR|CIRCLE_WORKING_DIRECTORY|WORKSPACE)\b\}?"
    r"|\{\{ *github\.workspace *\}\}|\(Build\.SourcesDirectory\)|\(System\.DefaultWorkingDirectory\))"
)
_ARCHIVE = lazy_pattern(r"https?://.*\.(?:tar(?:\.\w+)?|tgz|zip)$")
IMAGE_OUTPUTS = ("image", "registry", "docker", "oci")
_NAMES = lazy_pattern(r'(?:^|,)\s*"?name=(?P<value>[^",]*(?:,(?![\w-]+=)[^",]*)*)')
_NAME = lazy_pattern(r"[^,\s]+")
_VALUES = 200
"""So many values of a build are handed on; none that people write comes near it."""


def argument(name: str, value: Source | None, raw: str = "") -> Iterator[Option]:
    """Yield what an argument hands over; the value of a secret goes nowhere, and one that is not written is not known."""
    if looks_secret_name(name) or not name:
        return
    yield Option(name=f"arg:{name}", value=UNKNOWN if value is None else value.text, span=_span(value))
    if raw:
        yield Option(name=f"raw:{name}", value=raw, span=_span(value))


def context(name: str, value: Source | None) -> Option:
    """Return a named context with what it stands for."""
    return Option(name=f"context:{name}", value=UNKNOWN if value is None else value.text, span=_span(value))


def _span(value: Source | None) -> Span:
    return value.all() if value is not None else Span(0, 0)


def build(place: Span, folder: str, inputs: Iterable[Option], *, job: str = "", step: int = -1) -> Component:
    """Return the build of a local folder, with what it hands over."""
    return Component(
        span=place, job=job, step=step, system="docker", kind="context", name=folder, owner="", ref="", ref_kind="none",
        local=True, first_party=True, inputs=tuple(inputs)[:_VALUES],
    )  # fmt: skip


def compose_file(place: Span, path: str) -> Component:
    """Return a compose file that a file of another format runs, its path seen from that file's folder."""
    return Component(
        span=place, system="compose", kind="include", name=path, owner="", ref="", ref_kind="none", local=True,
        first_party=True,
    )  # fmt: skip


def is_archive(text: str) -> bool:
    """Whether a build takes a text for an archive that it fetches."""
    return _ARCHIVE.match(text) is not None


def archive(source: Source, tool: str, *, executed: bool = False) -> Download:
    """Return the archive that a build fetches; the Dockerfile of one that is the context runs at once."""
    url = parse_url(source.text)
    known = url is not None and MARK not in url.redacted
    return Download(
        span=source.all(), parts=url_parts(source, url), tool=tool, url=url.redacted if url and known else UNKNOWN,
        scheme=url.scheme if url else UNKNOWN, host=url.host if url else UNKNOWN, unpacked=True, context="manifest",
        executed_by="docker build" if executed else "",
    )  # fmt: skip


def output_names(source: Source) -> Iterator[Source]:
    """Yield the names of an image in an output, `type=image,name=a/b:1`; several stand in quotes, with commas between them."""
    for match in _NAMES.finditer(source.text):
        for name in _NAME.finditer(match["value"]):
            start = match.start("value")
            yield source.part(start + name.start(), start + name.end())


def without_provenance(place: Span, *, push: bool) -> Component:
    """Return what says of a build that it states no provenance; `push` where its image is pushed for sure."""
    return Component(
        span=place, system="docker", kind="attestation", name="provenance", owner="", ref="", ref_kind="none", local=True,
        first_party=True, inputs=(Option(name="push", value="true"),) if push else (),
    )  # fmt: skip


def project_path(source: Source) -> str:
    """Return a path; the variable by which a platform names the folder of the project is that folder."""
    span = source.all()
    match = _PROJECT.match(source.root.text, span.start, span.end)
    text = source.text
    if match is None or not text.startswith(MARK):
        return text
    return "." if len(text) == 1 else text[1:].lstrip("/") if text[1] == "/" else text


def read_inline(source: Source, arguments: Inputs, contexts: Inputs) -> Iterator[Fact]:
    """Read a Dockerfile that stands in the file that builds it."""
    from relcheck.readers.dockerfile import read_built  # noqa: PLC0415 - few files hold one

    for fact in read_built(source, arguments):
        replaced = contexts.get(familiar(fact.written)) if contexts and isinstance(fact, Image) else None
        yield replaced_by(fact, replaced.all(), replaced.text) if replaced and isinstance(fact, Image) else fact


def replaced_by(image: Image, place: Span, what: str, path: str = "") -> Image:
    """Return an image that a named context stands in for, with the place that says so."""
    note = f"{what} stands in for it" if what else "a named context stands in for it"
    return image.replace(overridden=True, related=(*image.related, Related(span=place, note=note, path=path)))


def familiar(name: str) -> str:
    """Return the name by which BuildKit looks for a named context: without the default host, library and `latest`."""
    text = name.removeprefix("docker-image://")
    ref = parse_image(text)
    if ref is None or ref.problem or ref.digest_problem:
        return text
    text = text.removesuffix(":latest") if "@" not in text else text
    for prefix in ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/"):
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    return text
