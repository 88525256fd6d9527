"""Which kinds of fact a reader can make: read from its code, through the helpers that it calls in other modules.

A function makes what it constructs and what the functions that it names make. Modules that are imported by a computed
name count where they define the function that is asked of them. Where a text is handed to the reader of another format
the way ends: that format has fixtures of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from relcheck.facts import KIND_OF
from relcheck.readers import FORMATS
from tests.conftest import ROOT

READERS = "relcheck.readers"
CLASSES = {kind.__name__: name for kind, name in KIND_OF.items()}
ENTRIES = ("read", "read_document", "read_documents", "read_built")
"""How a reader is called by others."""
_OTHER_FORMATS = frozenset((f"{READERS}.{form.module}", entry) for form in FORMATS for entry in ENTRIES)
_ENDS = _OTHER_FORMATS | {(READERS, "embedded"), (READERS, "reader_of")}


class Name(NamedTuple):
    """Something that a module defines: a function, a class or a table."""

    module: str
    name: str


class Module(NamedTuple):
    """What a module defines at its top, and what its names mean."""

    defined: dict[str, ast.stmt]
    imported: dict[str, Name]


def made_by(module: str) -> set[str]:
    """Return the kinds of fact that the reader in a module can yield."""
    start = Name(f"{READERS}.{module}", "read")
    made: set[str] = set()
    seen, waiting = {start}, [start]
    while waiting:
        kinds, names = _says(waiting.pop())
        made |= kinds
        following = {name for name in names if name not in seen and (name.module == start.module or name not in _ENDS)}
        seen |= following
        waiting += following
    return made


@cache
def _says(name: Name) -> tuple[frozenset[str], frozenset[Name]]:
    """Return the kinds that a definition constructs itself, and the names that it uses."""
    found = _module(name.module)
    body = found.defined.get(name.name)
    if body is None:
        return frozenset(), frozenset({found.imported[name.name]} if name.name in found.imported else ())
    kinds, names = set(), set()
    for node in _walk(body):
        kinds |= {CLASSES[called] for called in _constructed(node, found)}
        names |= set(_named(node, name.module, found))
    return frozenset(kinds), frozenset(names)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, without annotations: those name what is made elsewhere."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _constructed(node: ast.AST, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        meant = module.imported.get(node.func.id)
        if meant is not None and meant.module == "relcheck.facts" and meant.name in CLASSES:
            yield meant.name


def _named(node: ast.AST, own: str, module: Module) -> Iterator[Name]:
    if isinstance(node, ast.Name):
        if node.id in module.defined:
            yield Name(own, node.id)
        elif node.id in module.imported:
            yield module.imported[node.id]
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        meant = module.imported.get(node.value.id)
        if meant is not None and not meant.name:
            yield Name(meant.module, node.attr)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
        yield from _computed(node.value, node.attr)


def _computed(call: ast.Call, attribute: str) -> Iterator[Name]:
    """`import_module(f"relcheck.readers.effects.{name}").facts`: every module there that has such a function."""
    if not (isinstance(call.func, ast.Name) and call.func.id == "import_module"):
        return
    (argument,) = call.args
    if not isinstance(argument, ast.JoinedStr):
        return  # a grammar's own package
    assert isinstance(argument.values[0], ast.Constant)
    package = str(argument.values[0].value).rstrip(".")
    for path in sorted(_path(package).parent.glob("*.py")):
        name = Name(f"{package}.{path.stem}", attribute)
        if path.stem != "__init__" and attribute in _module(name.module).defined:
            yield name


def _path(module: str) -> Path:
    place = ROOT.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


@cache
def _module(name: str) -> Module:
    tree = ast.parse(_path(name).read_text(encoding="utf-8"))
    defined: dict[str, ast.stmt] = {}
    for statement in tree.body:
        targets: list[ast.expr] = getattr(statement, "targets", None) or [getattr(statement, "target", ast.Constant(0))]
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            defined[statement.name] = statement
        defined |= {target.id: statement for target in targets if isinstance(target, ast.Name)}
    return Module(defined, dict(_imports(tree)))


def _imports(tree: ast.Module) -> Iterator[tuple[str, Name]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("relcheck"):
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                whole = _path(module).exists()
                yield alias.asname or alias.name, Name(module, "") if whole else Name(str(node.module), alias.name)
