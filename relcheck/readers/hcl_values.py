"""Values of HCL: templates and references expanded by the defaults of variables, and images in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from relcheck.facts import Fact, Image, Related
from relcheck.readers.composed import masked
from relcheck.readers.hcl_tree import candidates
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Node, Scalar
from relcheck.refs import MARK
from relcheck.refs.variables import Expansion, expand
from relcheck.source import Piece, Source

_WHOLE = re.compile(r"\$\{\s*(?P<path>[A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}")
_BRACES = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\}){0,2000}\}")
_DIRECTIVE = re.compile(r"%\{[^}]*\}")

Defaults = Mapping[str, Scalar]
"""Default values by the path that names them: `TAG`, `var.tag`, `local.image`."""


def template(scalar: Scalar) -> Source:
    """Return a scalar as a template: a bare reference `var.x` is `${var.x}`."""
    source = scalar.source
    if scalar.style != "expr":
        return source
    text = source.text
    pieces = (
        Piece(0, 2, 0, 0),
        Piece(2, 2 + len(text), 0, len(text)),
        Piece(2 + len(text), 3 + len(text), len(text), len(text)),
    )
    return source.embed("${" + text + "}", pieces, "variable")


class Values:
    """Expands the values of one file."""

    def __init__(self, defaults: Defaults, engine: str) -> None:
        self.defaults = defaults
        self.engine = engine

    def lookup(self, name: str) -> Source | None:
        """Return the default of a variable as a template, None where the file gives none; an empty one waits for a value."""
        found = self.defaults.get(name)
        return template(found) if found is not None and found.value not in ("null", "") else None

    def expanded(self, scalar: Scalar) -> Expansion:
        """Return a value with what is known of its variables."""
        return self.expand(template(scalar))

    def expand(self, source: Source) -> Expansion:
        """Expand a template; a directive, or an expression with braces of its own, is not known."""
        if "%{" in source.text:
            source = masked(source, _DIRECTIVE)
        if any("{" in match[0][2:] for match in _BRACES.finditer(source.text)):
            source = masked(source, _BRACES)
        return expand(source, self.lookup, "terraform")

    def text(self, node: Node | None) -> str:
        """Return the text of a scalar as far as it is known."""
        return self.expanded(node).source.text if isinstance(node, Scalar) and node.value != "null" else ""

    def image(self, scalar: Scalar, role: str, **fields: Any) -> Image | None:  # noqa: ANN401 - fields of Image
        """Return the image that a value names; a default that is the whole reference is judged where it stands."""
        if scalar.style == "" and scalar.value == "null":
            return None
        return self.image_of(template(scalar), role, **fields)

    def image_of(self, source: Source, role: str, **fields: Any) -> Image | None:  # noqa: ANN401 - fields of Image
        """Return the image that a template names."""
        whole = _WHOLE.fullmatch(source.text.strip())
        default = self.lookup(whole["path"]) if whole else None
        related: tuple[Related, ...] = ()
        if default is not None and whole and MARK not in self.expand(source).source.text:
            related = (Related(span=source.all(), note="used here"),)
            inner = self.expand(default)
            written, state, text = default.text, inner.state, inner.source
            state = "defaulted" if state == "literal" else state
        else:
            expansion = self.expand(source)
            written, state, text = _shown(source.text), expansion.state, expansion.source
            related = tuple(
                Related(span=value.all(), note=f"{name} is set here")
                for name, value in expansion.used
                if isinstance(value, Source)
            )
        fact = image_fact(
            text, role=role, engine=self.engine, written=written, state=state, related=related,
            floating_default=state == "defaulted", **fields,
        )  # fmt: skip
        if fact is None or "${" not in source.text or not (MARK in text.text or "${var." in source.text):
            return fact
        return fact.replace(raw=source.text, parts={**fact.parts, "raw": source.all()})

    def images(self, node: Node | None, role: str, **fields: Any) -> Iterator[Fact]:  # noqa: ANN401 - fields of Image
        """Yield the images that a value, a list, or the arms of a condition name."""
        for found in candidates(node):
            if isinstance(found, Scalar):
                fact = self.image(found, role, **fields)
                if fact is not None:
                    yield fact


def _shown(text: str) -> str:
    """Return a template as a person would write it: an expression alone without the braces around it."""
    whole = text.startswith("${") and text.endswith("}") and text.count("${") - text.count("$${") == 1
    return text[2:-1] if whole else text
