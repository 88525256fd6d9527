"""Frozen, slotted, keyword-only records that cost almost nothing to define.

A hook starts the process on every commit, and the standard library's dataclasses spend about two milliseconds
a class on generating code; a vocabulary of forty classes would double the time to start. Type checkers see a
frozen dataclass (PEP 681).
"""

from __future__ import annotations

from typing import Any, Self, dataclass_transform

_MISSING = object()


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True)
class _RecordType(type):
    """Turn the annotations of a class body into slots, keeping their order and defaults."""

    fields: dict[str, Any]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _RecordType:
        inherited: dict[str, Any] = {}
        for base in reversed(bases):
            inherited.update(getattr(base, "fields", {}))
        own = {field: namespace.pop(field, _MISSING) for field in namespace.get("__annotations__", {})}
        namespace["__slots__"] = tuple(field for field in own if field not in inherited)
        made = super().__new__(cls, name, bases, namespace)
        made.fields = {**inherited, **own}
        return made


class Record(metaclass=_RecordType):
    """A frozen value with named fields; subclasses declare the fields as annotations, with or without a default."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - the fields' own types are checked at the call
        put = object.__setattr__
        for field, default in type(self).fields.items():
            value = values.pop(field, default)
            if value is _MISSING:
                raise TypeError(f"{type(self).__name__} needs the field {field!r}")
            put(self, field, value)
        if values:
            raise TypeError(f"{type(self).__name__} has no field {next(iter(values))!r}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; use replace() for another {name}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.values().items())))

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self.values().items() if value != type(self).fields[name])
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.values())

    def values(self) -> dict[str, Any]:
        """Return the fields by name, in the order of their declaration."""
        return {field: getattr(self, field) for field in type(self).fields}

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields' own types are checked at the call
        """Return a copy in which the named fields have other values."""
        return type(self)(**{**self.values(), **changes})


def _rebuild(kind: type[Record], values: dict[str, Any]) -> Record:
    return kind(**values)
