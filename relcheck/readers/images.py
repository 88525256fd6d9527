"""Image facts from text: the one way in which every reader names an image."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Image, Related
from relcheck.patterns import lazy_pattern
from relcheck.refs import MARK
from relcheck.refs.image import ImageRef, parse_image
from relcheck.source import Source, Span

_COMMIT = lazy_pattern(
    r":(?:\$\{\{ *github\.sha *\}\}|\$\{?(?:GITHUB_SHA|CI_COMMIT_(?:SHORT_)?SHA|BITBUCKET_COMMIT|CIRCLE_SHA1|BUILDKITE_COMMIT"
    r"|DRONE_COMMIT_SHA|CI_COMMIT_SHA|COMMIT_SHA|SHORT_SHA)\}?|\$\(Build\.SourceVersion\))[\"']?\Z"
)
_NOTHING = ("null", "~", "Null", "NULL")
"""How YAML writes that there is no value: `image: null`."""
_STRING_FIELDS = ("name", "registry", "host", "namespace", "repository", "tag", "digest", "tag_kind")


def image_fact(
    source: Source,
    *,
    role: str,
    engine: str,
    written: str = "",
    state: str = "literal",
    primary: str = "",
    related: tuple[Related, ...] = (),
    job: str = "",
    step: int = -1,
    **fields: object,
) -> Image | None:
    """Return the image that the source's text names, or None where the text names none (empty, a transport, an id).

    `written` is the reference as it stands in the file when `source` is already expanded; `primary` names the part
    whose place is the fact's own (default: the tag if one is written, else the name; what is malformed comes first).
    """
    ref = parse_image(source.text)
    if ref is None or source.text in _NOTHING:
        return None
    parts: dict[str, Span] = {name: source.at(start, end) for name, (start, end) in ref.spans.items()}
    chosen = primary or next((name for name in _deciding(ref) if name in parts), "")
    whole = source.at(*ref.whole)
    known = {name: getattr(ref, name) for name in _STRING_FIELDS}
    if known["registry"] == "localhost":
        fields["build_here"] = True  # where Podman and Buildah keep what they built; no registry answers there
    if MARK in source.text and state == "literal":
        state = "unknown" if ref.name is UNKNOWN and ref.tag is UNKNOWN and ref.digest is UNKNOWN else "partial"
    return Image(
        span=parts.get(chosen, whole),
        parts=parts,
        related=related,
        job=job,
        step=step,
        role=role,
        engine=engine,
        written=(written or source.text).strip().replace(MARK, "…"),
        state=state,
        problem=ref.problem,
        digest_problem=ref.digest_problem,
        commit_tag=ref.tag is UNKNOWN and _COMMIT.search(source.root.text, *source.all()[:2]) is not None,
        **known,
        **fields,  # type: ignore[arg-type]
    )


def _deciding(ref: ImageRef) -> tuple[str, ...]:
    """Name the parts of which the first that is written is where a repair goes; none for the whole reference."""
    if ref.digest_problem:
        return "digest", "name"
    if ref.problem:
        return ("tag",) if "the tag" in ref.problem else ()
    return "tag", "name"
