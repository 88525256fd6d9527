"""Frozen, keyword-only records that cost almost nothing to define and little to make.

A hook starts the process on every commit, and the standard library's dataclasses spend about two milliseconds
a class on generating code; a vocabulary of forty classes would double the time to start. Type checkers see a
frozen dataclass (PEP 681).

A record keeps only what it was given; what it was not given are attributes of its class. Facts have up to sixty fields, of
which a reader fills ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MISSING = object()


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True)
class _RecordType(type):
    """Turn the annotations of a class body into fields, keeping their order and defaults."""

    fields: dict[str, Any]
    needed: frozenset[str]  # the fields without a default

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _RecordType:
        inherited: dict[str, Any] = {}
        for base in reversed(bases):
            inherited.update(getattr(base, "fields", {}))
        own = {field: namespace.get(field, _MISSING) for field in namespace.get("__annotations__", {})}
        functions = {field: staticmethod(value) for field, value in own.items() if hasattr(value, "__get__")}
        made = super().__new__(cls, name, bases, {**namespace, **functions})  # a function that is a value is no method
        made.fields = {**inherited, **own}
        made.needed = frozenset(field for field, default in made.fields.items() if default is _MISSING)
        return made


class Record(metaclass=_RecordType):
    """A frozen value with named fields; subclasses declare the fields as annotations, with or without a default."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - the fields' own types are checked at the call
        kind = type(self)
        given = values.keys()
        if not (given >= kind.needed and given <= kind.fields.keys()):
            _refuse(kind, values)
        _keep(self, values)

    @classmethod
    def of(cls, values: Iterable[Any]) -> Self:
        """Return a record with the values of all fields in the order of their declaration, unchecked."""
        made = cls.__new__(cls)
        told = zip(cls.fields.items(), values, strict=True)
        _keep(made, {field: value for (field, default), value in told if value is not default})
        return made

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
        return {**type(self).fields, **self.__dict__}

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields' own types are checked at the call
        """Return a copy in which the named fields have other values."""
        kind = type(self)
        if not changes.keys() <= kind.fields.keys():
            _refuse(kind, self.values() | changes)
        made = kind.__new__(kind)
        _keep(made, {**self.__dict__, **changes})
        return made


_keep: Callable[[Record, dict[str, Any]], None] = Record.__dict__["__dict__"].__set__
"""Makes a dictionary the attributes of a record, which refuses to have them set."""


def _refuse(kind: type[Record], values: dict[str, Any]) -> NoReturn:
    """Say which field is missing, else which is none."""
    for field in kind.fields:
        if field in kind.needed and field not in values:
            raise TypeError(f"{kind.__name__} needs the field {field!r}")
    raise TypeError(f"{kind.__name__} has no field {next(name for name in values if name not in kind.fields)!r}")


def _rebuild(kind: type[Record], values: dict[str, Any]) -> Record:
    return kind(**values)
