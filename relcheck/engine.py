"""The expression engine: CEL (cel-expr-python) behind a narrow interface, so that another one could stand in.

Expressions are checked against the vocabulary's own types: fields of facts are dotted names (`image.tag`), and records
inside lists are message types made from `relcheck.facts`, so that a misspelt field is an error when the rule is
loaded, not when data comes. What is evaluated is the serialised, checked form, against plain maps.

A value that the files do not tell is left out of what the engine is given. CEL is then three-valued: `false && unknown`
is false, `true || unknown` is true, and anything else ends as UNRESOLVED.
"""

from __future__ import annotations

import importlib
import re
import sys
import types
import typing
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from relcheck.facts import KINDS, Fact, Unknown
from relcheck.records import Record
from relcheck.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERROR_AT = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")
_UNKNOWN = ("UNKNOWN: No value with name", "NOT_FOUND: Key not found in map")

FILE_FIELDS: dict[str, type] = {
    "path": str,
    "name": str,
    "format": str,
    "fixture": bool,
    "template": bool,
    "development": bool,
    "vendored": bool,
    "deprecated": bool,
}
OWN_FIELDS = ("registries", "namespaces", "owners")


class Unresolved:
    """The type of the answer "the files do not tell"."""


UNRESOLVED = Unresolved()


class ExpressionError(Exception):
    """An expression does not fit: `line` and `column` are 1-based, within the expression."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class EvaluationFault(Exception):
    """An expression failed while it was evaluated: a fault of the rule that holds it."""


class Activation(NamedTuple):
    """The values that expressions of one rule may ask for one fact."""

    native: Any


class Program:
    """A checked expression, ready to be evaluated."""

    __slots__ = ("_expression",)

    def __init__(self, serialised: bytes) -> None:
        self._expression = _runtime().deserialize(serialised)

    def evaluate(self, activation: Activation) -> Any:  # noqa: ANN401 - a bool or a str, as checked
        """Return the value, or UNRESOLVED; raise `EvaluationFault` on any other failure."""
        try:
            value = self._expression.eval(activation.native)
        except RuntimeError as error:
            raise EvaluationFault(str(error).split("\n", 1)[0]) from None
        if value.type() == cel.Type.ERROR:
            text = str(value)
            if text.startswith(_UNKNOWN):
                return UNRESOLVED
            raise EvaluationFault(text.split("\n", 1)[0])
        return value.plain_value()


def activation(values: Mapping[str, object]) -> Activation:
    """Return the values as the engine wants them."""
    return Activation(_runtime().Activation(dict(values)))


_RUNTIME: list[Any] = []


def _runtime() -> Any:  # noqa: ANN401 - the engine's own class
    if not _RUNTIME:
        _import_protobuf()
        _RUNTIME.append(cel.NewEnv(extensions=[ext_strings.ExtStrings()]))
    return _RUNTIME[0]


_PURE_PYTHON = "google.protobuf.internal.python_message"


def _import_protobuf() -> None:
    """Import what the engine wants of protobuf, without the messages in pure Python that its compiled form never uses.

    `google.protobuf.descriptor_pool` imports them whatever the implementation is, which is most of the engine's start.
    While it is imported an empty module stands in their place; whoever asks for them later gets the real ones.
    """
    from google.protobuf.internal import api_implementation  # noqa: PLC0415 - only when a rule is evaluated

    if api_implementation.Type() != "upb" or _PURE_PYTHON in sys.modules:
        return
    sys.modules[_PURE_PYTHON] = types.ModuleType(_PURE_PYTHON)
    try:
        importlib.import_module("google.protobuf.message_factory")
    finally:
        del sys.modules[_PURE_PYTHON]


class Checker:
    """Compiles expressions against the fields of one kind of fact and the parameters of one rule."""

    def __init__(self, kind: str, params: Mapping[str, object]) -> None:
        self._environment = _environment(kind, tuple((name, _type_word(value)) for name, value in params.items()))

    def compile(self, expression: str, *, returns: str) -> bytes:
        """Check an expression and return its serialised form; `returns` is "bool" or "string"."""
        try:
            made = self._environment.compile(expression)
        except RuntimeError as error:
            found = _ERROR_AT.search(str(error))
            line, column, reason = (int(found[1]), int(found[2]), found[3]) if found else (1, 1, str(error))
            raise ExpressionError(reason.replace(" (in container '')", ""), line, column) from None
        wanted = cel.Type.BOOL if returns == "bool" else cel.Type.STRING
        if made.return_type() != wanted:
            raise ExpressionError(f"the expression gives {made.return_type().name().lower()}, not {returns}")
        return bytes(made.serialize())


@cache
def _environment(kind: str, params: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401 - the engine's own class
    """Return the names that rules on a kind may ask; the first expression in each costs ten times a later one."""
    variables: dict[str, Any] = {f"{kind}.{name}": found for name, found in _fact_types(kind).items()}
    variables |= {f"file.{name}": _scalar(found) for name, found in FILE_FIELDS.items()}
    variables |= {f"own.{name}": cel.Type.List(cel.Type.STRING) for name in OWN_FIELDS}
    variables |= {f"params.{name}": _PARAM_TYPES[word] for name, word in params}
    return cel.NewEnv(descriptor_pool=_descriptors(), variables=variables, extensions=[ext_strings.ExtStrings()])


@cache
def fact_fields(kind: str) -> dict[str, object]:
    """Return the annotations of a kind's fields that rules may ask, by name."""
    hints = typing.get_type_hints(KINDS[kind])
    return {name: hints[name] for name in KINDS[kind].fields if _is_asked(hints[name])}


def _is_asked(hint: object) -> bool:
    return hint is not Span and typing.get_origin(hint) is not dict and "Related" not in str(hint)


@cache
def _fact_types(kind: str) -> dict[str, Any]:
    return {name: _type(hint) for name, hint in fact_fields(kind).items()}


def _type(hint: object) -> Any:  # noqa: ANN401 - the engine's own class
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return cel.Type.List(cel.Type(f"relcheck.{item.__name__}") if _is_record(item) else _type(item))
    if isinstance(hint, types.UnionType):
        return _type(next(item for item in typing.get_args(hint) if item is not Unknown))
    return _scalar(typing.cast("type", hint))


def _scalar(kind: type) -> Any:  # noqa: ANN401 - the engine's own class
    return {str: cel.Type.STRING, bool: cel.Type.BOOL, int: cel.Type.INT}[kind]


_PARAM_TYPES = {
    "list": cel.Type.List(cel.Type.STRING), "str": cel.Type.STRING, "bool": cel.Type.BOOL, "int": cel.Type.INT,
}  # fmt: skip


def _type_word(value: object) -> str:
    return "list" if isinstance(value, (list, tuple)) else type(value).__name__


def _is_record(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, Record)


_POOL: list[Any] = []


def _descriptors() -> Any:  # noqa: ANN401 - protobuf's own class
    """Return message types for the records that stand in lists of facts."""
    if _POOL:
        return _POOL[0]
    from google.protobuf import descriptor_pb2, descriptor_pool  # noqa: PLC0415 - only when rules are compiled

    file = descriptor_pb2.FileDescriptorProto(name="relcheck.proto", package="relcheck", syntax="proto3")
    for record in _nested_records():
        message = file.message_type.add(name=record.__name__)
        hints = typing.get_type_hints(record)
        asked = [name for name in record.fields if hints[name] is not Span]
        for number, name in enumerate(asked, start=1):
            message.field.add(name=name, number=number, label=1, type=_wire_type(hints[name]))
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    _POOL.append(pool)
    return pool


def _wire_type(hint: object) -> Any:  # noqa: ANN401 - protobuf's enumeration: 9 string, 8 bool, 3 int64
    if isinstance(hint, types.UnionType):
        hint = next(item for item in typing.get_args(hint) if item is not Unknown)
    return {str: 9, bool: 8, int: 3}[typing.cast("type", hint)]


def _nested_records() -> list[type[Record]]:
    found: dict[str, type[Record]] = {}
    for kind in KINDS.values():
        for name, hint in typing.get_type_hints(kind).items():
            item = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
            if name in kind.fields and name != "related" and isinstance(item, type) and issubclass(item, Record):
                found[item.__name__] = item
    return list(found.values())


def bind(kind: str, fact: Fact, wanted: frozenset[str]) -> dict[str, object]:
    """Return the wanted fields of a fact by dotted name; unknown ones are left out."""
    out: dict[str, object] = {}
    for name in wanted:
        value = getattr(fact, name)
        if isinstance(value, Unknown):
            continue
        out[f"{kind}.{name}"] = [_plain(item) for item in value] if isinstance(value, tuple) else value
    return out


def _plain(item: object) -> object:
    if not isinstance(item, Record):
        return item
    return {name: value for name, value in item.values().items() if not isinstance(value, (Unknown, Span))}
