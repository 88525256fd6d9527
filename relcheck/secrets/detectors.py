"""The plugins of detect-secrets, called as a library on single lines, with its own filters; nothing is ever verified.

Importing detect-secrets takes as long as a whole small scan, most of it for `requests`, which only verification uses. It is
imported when the first candidate line turns up, with a stand-in for `requests`.
"""

from __future__ import annotations

import configparser
import logging
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from relcheck.patterns import lazy_pattern
from relcheck.secrets.needs import DETECTORS

MAX_LINE = 10_000
"""Longer lines are not looked at: minified scripts and data, where a detector takes a fifth of a second a line."""

_REFERENCE = lazy_pattern(r"[=:!]\s*[\w.-]+[\[(]")
"""What stands in every line that is an indirect reference: `secret = request.headers[...]`."""


class Found(NamedTuple):
    """What a detector reports: its class, the kind of secret in words, and the secret itself, which goes no further."""

    detector: str
    kind: str
    secret: str


class _Library(NamedTuple):
    plugins: dict[str, Any]
    snippet: Callable[..., Any]
    allowlisted: Callable[..., bool]
    indirect: Callable[[str], bool]
    secret_filters: tuple[Callable[[str], bool], ...]
    likely_id: Callable[..., bool]
    file_filters: tuple[Callable[[str], bool], ...]


@lru_cache(maxsize=1)
def _library() -> _Library:
    """Import detect-secrets without `requests`, and undo what its import changes in the process."""
    stand_in = "requests" not in sys.modules
    parsing_error, capturing = configparser.ParsingError, logging.captureWarnings
    logging.captureWarnings = lambda _: None  # type: ignore[assignment]
    if stand_in:
        sys.modules["requests"] = _no_requests()
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class  # noqa: PLC0415 - 100 ms, only for a candidate line
        from detect_secrets.filters import allowlist, heuristic  # noqa: PLC0415 - 100 ms, only for a candidate line
        from detect_secrets.util.code_snippet import get_code_snippet  # noqa: PLC0415 - 100 ms, only for a candidate line

        classes: list[Any] = list(get_mapping_from_secret_type_to_class().values())
        plugins = {kind.__name__: kind() for kind in classes}
    finally:
        if stand_in:
            del sys.modules["requests"]
        logging.captureWarnings = capturing
        configparser.ParsingError = parsing_error  # type: ignore[misc]
    unknown = plugins.keys() - DETECTORS
    if unknown:
        raise AssertionError(f"detect-secrets has detectors without a necessary pattern: {', '.join(sorted(unknown))}")
    return _Library(
        plugins=plugins,
        snippet=get_code_snippet,
        allowlisted=allowlist.is_line_allowlisted,
        indirect=heuristic.is_indirect_reference,
        secret_filters=(
            heuristic.is_sequential_string,
            heuristic.is_potential_uuid,
            heuristic.is_templated_secret,
            heuristic.is_prefixed_with_dollar_sign,
            heuristic.is_not_alphanumeric_string,
        ),
        likely_id=heuristic.is_likely_id_string,
        file_filters=(heuristic.is_non_text_file, heuristic.is_lock_file, heuristic.is_swagger_file),
    )


def _no_requests() -> types.ModuleType:
    """Return what detect-secrets' plugins name of `requests` when they are defined."""
    module = types.ModuleType("requests")
    module.Response = object  # type: ignore[attr-defined]
    module.exceptions = types.SimpleNamespace(  # type: ignore[attr-defined]
        RequestException=type("RequestException", (OSError,), {})
    )
    return module


def order() -> tuple[str, ...]:
    """Return the names of all detectors, in the order in which detect-secrets runs them."""
    return tuple(_library().plugins)


def is_looked_at(path: str) -> bool:
    """Whether detect-secrets looks at a file of this name: no lock files, no style sheets, no API descriptions."""
    return not any(refuses(path) for refuses in _library().file_filters)


def detect(path: str, lines: Sequence[str], number: int, detectors: Sequence[str]) -> Iterator[Found]:
    """Yield what the named detectors find on a line (1-based) that the filters of detect-secrets let through."""
    library = _library()
    line = lines[number - 1].rstrip()
    context = library.snippet(lines, number)
    told = "pragma" in line.lower() or "pragma" in context.previous_line.lower()
    if told and library.allowlisted(filename=path, line=line, context=context):
        return
    for name in detectors:
        plugin = library.plugins[name]
        for secret in plugin.analyze_line(filename=path, line=line, line_number=number, context=context):
            value = secret.secret_value
            if any(refuses(value) for refuses in library.secret_filters) or library.likely_id(value, line, plugin):
                continue
            # Asked last, because it takes longer than all detectors: its expression tries every letter of a line.
            if _REFERENCE.search(line) and library.indirect(line):
                return
            yield Found(name, secret.type, value)
