"""Grammars of tree-sitter, without what their packages load beside them.

The package of a grammar imports `importlib.resources` for the queries that editors ask for, and with it a good part of
the standard library. That takes longer than reading a small file, so only the grammar's own extension is loaded.
"""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import ExtensionFileLoader, PathFinder

import tree_sitter


def grammar(package: str) -> tree_sitter.Language:
    """Return the language of a grammar package such as `tree_sitter_bash`."""
    whole = PathFinder.find_spec(package)
    folders = list(whole.submodule_search_locations or ()) if whole is not None else []
    found = PathFinder.find_spec(f"{package}._binding", folders) if folders else None
    if found is None or not isinstance(found.loader, ExtensionFileLoader):
        return tree_sitter.Language(import_module(package).language())
    module = found.loader.create_module(found)
    found.loader.exec_module(module)
    return tree_sitter.Language(module.language())


_PIECE = 1024
_SHORT = 2048
_AGAIN = 32


def parse_bounded(language: tree_sitter.Language, data: bytes) -> tree_sitter.Tree | None:
    """Parse a text, or give up and return None where the parser reads it over and over.

    Behind a mistake some grammars look for the end of a here-document from every word on, to the end of the text. Real
    scripts are read one to six times (1,214 of them), so the bound is no matter of any but hostile or binary ones.
    """
    parser = tree_sitter.Parser(language)
    if len(data) <= _SHORT:
        return parser.parse(data)
    left = [_AGAIN * len(data)]

    def feed(at: int, _point: object) -> bytes:
        left[0] -= _PIECE
        return data[at : at + _PIECE] if left[0] >= 0 else b""

    tree = parser.parse(feed)
    return tree if left[0] >= 0 else None
