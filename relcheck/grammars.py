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
