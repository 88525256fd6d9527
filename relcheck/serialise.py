"""Facts as plain JSON values and back: what workers send and what the cache keeps.

Only fields that differ from their default are written. There is no secret in a fact, so there is none in the cache.
"""

from __future__ import annotations

from typing import Any

from relcheck import facts as vocabulary
from relcheck.facts import KIND_OF, KINDS, UNKNOWN, Fact, Unknown
from relcheck.records import Record
from relcheck.source import Span

_NESTED: dict[str, type[Record]] = {
    name: found
    for name, found in vars(vocabulary).items()
    if isinstance(found, type) and issubclass(found, Record) and not issubclass(found, Fact)
}


def to_plain(fact: Fact) -> list[Any]:
    """Return a fact as [kind, {field: value}]."""
    return [KIND_OF[type(fact)], _fields(fact)]


def from_plain(plain: list[Any]) -> Fact:
    """Return the fact that `to_plain` was given."""
    kind, fields = plain
    return KINDS[kind](**{name: _read(value) for name, value in fields.items()})


def _fields(record: Record) -> dict[str, Any]:
    defaults = type(record).fields
    return {name: _write(value) for name, value in record.values().items() if value != defaults[name]}


def _write(value: object) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, Unknown):
        return {"?": 1}
    if isinstance(value, Span):
        return {"@": [value.start, value.end] if value.form == "plain" else list(value)}
    if isinstance(value, Record):
        return {"r": type(value).__name__, "f": _fields(value)}
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    if isinstance(value, dict):
        return {"p": {name: _write(item) for name, item in value.items()}}
    return value


def _read(value: Any) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, list):
        return tuple(_read(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "@" in value:
        return Span(*value["@"])
    if "p" in value:
        return {name: _read(item) for name, item in value["p"].items()}
    if "r" in value:
        return _NESTED[value["r"]](**{name: _read(item) for name, item in value["f"].items()})
    return UNKNOWN
