"""Metadata that is there and that a registry refuses: of PyPI (PEP 621, PEP 639) and of crates.io.

Only what is certain without asking the registry: lengths, counts, characters, and licence expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.readers.nodes import Mapping, Scalar
from relcheck.source import Source, Span

_LONGEST_SUMMARY, _LONGEST_LABEL, _MOST, _LONGEST_KEYWORD = 512, 32, 5, 20
_KEYWORD = re.compile(r"[A-Za-z0-9][\w+-]*", re.ASCII)
_TEMPLATE = re.compile(r"\{\{|\{%|<%|\$\{|@[A-Z_]+@")


class Fault(NamedTuple):
    """What is refused, in words, and where it stands."""

    why: str
    place: Span


def first(faults: Iterator[Fault]) -> Fault | None:
    """Return the first fault, None where there is none."""
    return next(faults, None)


def of_python(project: Mapping) -> Iterator[Fault]:
    """Yield what PyPI refuses of `[project]`."""
    summary = project.scalar("description")
    if summary is not None and not _TEMPLATE.search(summary.value):
        if len(summary.value) > _LONGEST_SUMMARY:
            yield Fault(f"the description is longer than {_LONGEST_SUMMARY} characters", summary.span)
        elif "\n" in summary.value.strip():
            yield Fault("the description has more than one line", summary.span)
    for key, _ in (project.map("urls") or _NOTHING).pairs():
        if len(key.value) > _LONGEST_LABEL:
            yield Fault(f"the label of a URL is longer than {_LONGEST_LABEL} characters", key.span)
    licence = project.scalar("license")
    if licence is not None and not _TEMPLATE.search(licence.value):
        yield from _licence(project, licence)


def _licence(project: Mapping, licence: Scalar) -> Iterator[Fault]:
    from packaging.licenses import (  # noqa: PLC0415 - a table of licences, only for a project that names one
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    try:
        canonicalize_license_expression(licence.value)
    except InvalidLicenseExpression:
        yield Fault(f"{licence.value!r} is no SPDX licence expression", licence.span)
        return
    for item in project.seq("classifiers") or ():
        if isinstance(item, Scalar) and item.value.startswith("License ::"):
            yield Fault("a classifier for the licence stands beside a licence expression", item.span)


def of_crate(table: Mapping) -> Iterator[Fault]:
    """Yield what crates.io refuses of `[package]`."""
    for name in ("keywords", "categories"):
        items = [item for item in table.seq(name) or () if isinstance(item, Scalar)]
        if len(items) > _MOST:
            yield Fault(f"there are more than {_MOST} {name}", items[_MOST].span)
        for item in items if name == "keywords" else ():
            if _TEMPLATE.search(item.value):
                continue
            if len(item.value) > _LONGEST_KEYWORD:
                yield Fault(f"a keyword is longer than {_LONGEST_KEYWORD} characters", item.span)
            elif not _KEYWORD.fullmatch(item.value):
                yield Fault("a keyword holds more than letters, numbers, `_`, `-` and `+`", item.span)


_NOTHING = Mapping(Source("", ""), 0, flow=False)
