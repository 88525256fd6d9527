"""Templates of a Helm chart: text that is YAML only after the template engine ran.

The actions are taken out with every letter in its place (`go_template`), and what is left is read as manifests: the
branches of a condition repeat keys, and each counts. What still is no YAML is searched line by line for images. The
release gives the namespace. `NOTES.txt` is prose, files with names in `_` hold only definitions: one whose name ends
in "image" and that has no condition is an image, `{{ define "web.image" }}acme/web:{{ .Values.tag }}{{ end }}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile

from relcheck.facts import Fact
from relcheck.readers.go_template import actions, masked
from relcheck.readers.helm_images import template_image
from relcheck.readers.kubernetes import Setting, is_generated, read_document
from relcheck.readers.nodes import Scalar
from relcheck.readers.yaml_scalars import scalar_source
from relcheck.readers.yaml_tree import load
from relcheck.refs import MARK
from relcheck.source import Source

_DOCUMENT = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_IMAGE_LINE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?image:[ \t]+(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'#|>{\[&*!][^\s#]*)[ \t]*(?:#.*)?$",
    re.MULTILINE,
)


_DEFINE = re.compile(r"\{\{-?\s*define\s+\"[^\"\n]*[iI]mage\"\s*-?\}\}")
_END = re.compile(r"\{\{-?\s*end\s*-?\}\}")
_PIECES = 20
"""So many actions a definition of an image may hold."""


def read(source: Source) -> Iterator[Fact]:
    """Read a template."""
    if source.path.endswith(".txt"):
        return
    hidden = masked(source)
    if source.path.endswith(".tpl"):
        yield from _lines(source, hidden)
        yield from _defined(source)
        return
    if not load(hidden).faults:
        yield from _documents(source, hidden)
        return
    text = source.text
    cuts = [0, *(match.start() for match in _DOCUMENT.finditer(text)), len(text)]
    for start, end in pairwise(cuts):
        if text[start:end].strip():
            yield from _document(source.part(start, end), hidden.part(start, end))


def _documents(source: Source, hidden: Source) -> Iterator[Fact]:
    setting = Setting(engine="helm", namespace_from="helm", template=source, generated=is_generated(source))
    for node in load(hidden).documents:
        yield from read_document(node, setting)


def _document(source: Source, hidden: Source) -> Iterator[Fact]:
    yield from _lines(source, hidden) if load(hidden).faults else _documents(source, hidden)


def _lines(source: Source, hidden: Source) -> Iterator[Fact]:
    """Search text that is no YAML for lines that name an image for certain: a tag, a path or a digest is written."""
    for match in _IMAGE_LINE.finditer(hidden.text):
        start, end = match.span("value")
        words = match["value"]
        style = words[0] if words[0] in "\"'" else ""
        value = words[1:-1] if style else words
        if "\\" in value or not re.search(r"[/:@]", value.replace(MARK, "")):
            continue
        found = template_image(Scalar(hidden, value, start, end, style, scalar_source), source, "workload", "")
        if found is not None and not found.problem:
            yield found


def _defined(source: Source) -> Iterator[Fact]:
    """Yield the images that definitions print, where they are certain: see `_lines`."""
    found = actions(source.text)
    for number, action in enumerate(found):
        if not _DEFINE.fullmatch(source.text, action.start, action.end):
            continue
        inner = list(takewhile(lambda other: not other.control, found[number + 1 : number + 1 + _PIECES]))
        end = found[number + 1 + len(inner)] if number + 1 + len(inner) < len(found) else None
        if end is None or not _END.fullmatch(source.text, end.start, end.end):
            continue
        body = list(source.text[action.end : end.start])
        for piece in inner:
            first, last = piece.start - action.end, piece.end - action.end
            body[first:last] = MARK * (last - first)
        value = "".join(body)
        start = action.end + len(value) - len(value.lstrip())
        text = value.strip()
        if not re.search(r"[/:@]", text.replace(MARK, "")):
            continue
        image = template_image(
            Scalar(source, text, start, start + len(text), "", scalar_source), source, "workload", ""
        )
        if image is not None and not image.problem:
            yield image
