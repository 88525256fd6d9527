"""setup.py: the literal arguments of `setup(…)`, read from Python's own syntax tree; nothing is run.

A name that is bound once, at the top of the module, to a literal list or text counts as that literal. What is computed
is unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Package, Text
from relcheck.readers.package_versions import version_fields
from relcheck.readers.python_literals import Places, parse_python
from relcheck.readers.python_requirement import requirement
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

_LISTS = {"install_requires": "prod", "setup_requires": "build", "tests_require": "dev"}


def read(source: Source) -> Iterator[Fact]:
    """Yield the package and its dependencies; nothing where `setup` is not called."""
    module = parse_python(source.text)
    if module is None:
        return
    call = next((node for node in ast.walk(module) if isinstance(node, ast.Call) and _is_setup(node.func)), None)
    if call is None:
        return
    places = Places(source)
    names = _bound(module)
    arguments = {keyword.arg: _resolve(keyword.value, names) for keyword in call.keywords if keyword.arg}
    yield _package(source, places, arguments, any(keyword.arg is None for keyword in call.keywords))
    for key, group in _LISTS.items():
        yield from _list(places, arguments.get(key), group)
    for extra in _values(arguments.get("extras_require"), names):
        yield from _list(places, extra, "optional")
    for link in _texts(places, arguments.get("dependency_links")):
        yield from registry(link, ecosystem="pypi", purpose="find-links", key="dependency_links")


def _is_setup(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "setup") or (
        isinstance(node, ast.Attribute) and node.attr == "setup"
    )


def _bound(module: ast.Module) -> dict[str, ast.expr]:
    """Return what is assigned once to a name at the top of the module."""
    found: dict[str, ast.expr] = {}
    again: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            again |= {name} if name in found else set()
            found[name] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            again.add(node.target.id)
    return {name: value for name, value in found.items() if name not in again}


def _resolve(node: ast.expr, names: dict[str, ast.expr]) -> ast.expr:
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def _values(node: ast.expr | None, names: dict[str, ast.expr]) -> list[ast.expr]:
    """Return the values of `{key: value}` or `dict(key=value)`."""
    if isinstance(node, ast.Dict):
        return [_resolve(value, names) for value in node.values]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return [_resolve(keyword.value, names) for keyword in node.keywords]
    return []


def _package(source: Source, places: Places, arguments: dict[str, ast.expr], starred: bool) -> Package:
    name, version = (places.literal(arguments[key]) if key in arguments else None for key in ("name", "version"))
    parts: dict[str, Span] = {}
    if name is not None:
        parts["name"] = name.all()
    if version is not None:
        parts["version"] = version.all()
    written: Text = version.text if version is not None else UNKNOWN
    private = any(text.text.startswith("Private ::") for text in _texts(places, arguments.get("classifiers")))
    return Package(
        span=parts.get("version") or parts.get("name") or source.at(0, 0),
        parts=parts,
        ecosystem="pypi",
        name=name.text if name is not None else UNKNOWN if "name" in arguments or starred else "",
        folder=source.path.rpartition("/")[0],
        version=written,
        version_dynamic=version is None,
        private=private,
        version_only=True,
        **version_fields("pypi", written),
    )


def _texts(places: Places, node: ast.expr | None) -> Iterator[Source]:
    for item in node.elts if isinstance(node, ast.List | ast.Tuple) else ():
        text = places.literal(item)
        if text is not None:
            yield text


def _list(places: Places, node: ast.expr | None, group: str) -> Iterator[Fact]:
    for text in _texts(places, node):
        yield from requirement(text, where="manifest", group=group)
