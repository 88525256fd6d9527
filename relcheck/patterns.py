"""Regular expressions that are compiled when they are first used.

Compiling took a third of a small scan, most of it for expressions that the files at hand never ask for. A module says
`lazy_pattern(…)` where it would say `re.compile(…)`; after the first use a method costs what it always costs.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_NAMES = (
    "findall", "finditer", "flags", "fullmatch", "groupindex", "groups", "match", "pattern", "search", "split", "sub", "subn",
)  # fmt: skip


class _Lazy:
    """Stands in for a compiled expression: a slot a method, filled all together at the first use of any."""

    __slots__ = ("_flags", "_text", *_NAMES)

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of a compiled expression
        if name not in _NAMES:
            raise AttributeError(name)
        made: re.Pattern[Any] = re.compile(self._text, self._flags)
        for known in _NAMES:
            setattr(self, known, getattr(made, known))
        return getattr(made, name)


def lazy_pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return an expression that works like a compiled one; a mistake in it shows at its first use."""
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))
