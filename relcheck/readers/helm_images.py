"""Images in the templates of a Helm chart: literal ones, and those of which a part is known."""

from __future__ import annotations

import re

from relcheck.facts import Image
from relcheck.readers.go_template import actions
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Scalar
from relcheck.refs import MARK
from relcheck.source import Piece, Source

_VALUE = r"\.Values(?:\.\w+)+"
_DEFAULT = re.compile(
    rf"\{{\{{-?\s*(?:default\s+\"(?P<before>[^\"]*)\"\s+\(?{_VALUE}\)?"
    rf"|{_VALUE}\s*\|\s*default\s+\"(?P<behind>[^\"]*)\")(?:\s*\|\s*(?:quote|toString|trim))*\s*-?\}}\}}"
)


def template_image(scalar: Scalar, template: Source, role: str, pull_policy: str) -> Image | None:
    """Return the image that a masked scalar names; the literal of `default "x" .Values.y` counts as defaulted.

    `template` is the text before it was masked; the scalar's offsets are the same there. `raw` keeps the text with its
    actions, so that link can see whether values.yaml gives what the default would.
    """
    text = scalar.value
    if MARK not in text:
        return image_fact(scalar.source, role=role, engine="helm", pull_policy=pull_policy)
    if any(letter.isspace() for letter in text.strip()) or scalar.style in ("|", ">"):
        return None
    first, last = _inside(scalar)
    source, defaulted = _with_defaults(template, first, last, text)
    written = template.text[first:last]
    return image_fact(
        source,
        role=role,
        engine="helm",
        written=written,
        state="defaulted" if defaulted and MARK not in source.text else "literal",
        floating_default=defaulted,
        pull_policy=pull_policy,
        raw=written,
    )


def _inside(scalar: Scalar) -> tuple[int, int]:
    quoted = 1 if scalar.style in ("'", '"') else 0
    return scalar.start + quoted, scalar.end - quoted


def _with_defaults(template: Source, first: int, last: int, text: str) -> tuple[Source, bool]:
    """Return the text with the literals of its defaults, and whether there are any."""
    written = template.text[first:last]
    if len(written) != len(text):
        return template.embed(text, (Piece(0, len(text), first, last),), "variable"), False
    pieces: list[Piece] = []
    out: list[str] = []
    size, at, defaulted = 0, 0, False

    def add(words: str, start: int, end: int) -> None:
        nonlocal size
        if words or end > start:
            pieces.append(Piece(size, size + len(words), first + start, first + end))
            out.append(words)
            size += len(words)

    for action in actions(written):
        match = _DEFAULT.fullmatch(written, action.start, action.end)
        if match is None or text[action.start : action.end].strip(MARK):
            continue
        group = "before" if match["before"] is not None else "behind"
        add(text[at : action.start], at, action.start)
        add(match[group], *match.span(group))
        at, defaulted = action.end, True
    add(text[at:], at, len(text))
    return template.embed("".join(out), tuple(pieces), "variable"), defaulted
