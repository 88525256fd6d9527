"""noxfile.py (nox's documentation): the commands of its sessions, read from Python's own syntax tree; nothing is run.

    session.run("PROGRAM", "WORD", …), run_always, run_install     a command, without a shell
    session.install("WORD", …), conda_install                      `pip install`, `conda install` with these words

The session is the first argument of a function that `@nox.session` decorates, or that is called `session`. What is computed
(`*session.posargs`, a name, an f-string) is a word that is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers import embedded, script_variables
from relcheck.readers.python_literals import Places, parse_python
from relcheck.source import Source

_RUNS = ("run", "run_always", "run_install")
_INSTALLS = {"install": ("pip", "install"), "conda_install": ("conda", "install")}


def read(source: Source) -> Iterator[Fact]:
    """Yield the publishing variables, what the comment of a script depends on, and what the commands of every session say."""
    yield from script_variables.read(source)
    if "# /// script" in source.text:
        yield from embedded("script-metadata", source)
    module = parse_python(source.text)
    if module is None:
        return
    places = Places(source)
    sessions = _sessions(module)
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in sessions:
            yield from _command(places, call, call.func)


def _sessions(module: ast.Module) -> set[str]:
    """Return the names by which functions know their session."""
    found = {"session"}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.args.args and any(map(_is_session, node.decorator_list)):
            found.add(node.args.args[0].arg)
    return found


def _is_session(node: ast.expr) -> bool:
    """Whether a decorator is `session`, `nox.session`, or a call of one."""
    inner = node.func if isinstance(node, ast.Call) else node
    return (inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")) == "session"


def _command(places: Places, call: ast.Call, method: ast.Attribute) -> Iterator[Fact]:
    """The words of a call; `pip install` of `session.install` stands where the method is named."""
    first = _INSTALLS.get(method.attr, ())
    if not call.args or not (first or method.attr in _RUNS):
        return
    from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

    words = [*(places.instead(method, text) for text in first), *map(places.word, call.args)]
    known = [word for word in words if word is not None]
    if len(known) == len(words):
        yield from read_argv(known, context="script")
