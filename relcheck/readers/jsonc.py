"""JSON with comments and trailing commas (devcontainer, global.json), and JSON5: masked letter for letter, then read."""

from __future__ import annotations

import re

from relcheck.readers.yaml_tree import Loaded, load
from relcheck.source import Piece, Source

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|//[^\r\n]*|/\*.*?(?:\*/|\Z)|\t', re.DOTALL)
_TOKEN_5 = re.compile(r""""(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|//[^\r\n]*|/\*.*?(?:\*/|\Z)|\t""", re.DOTALL)
_TRAILING = re.compile(r",(?=\s*[}\]])")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"?|,(?=\s*[}\]])')
_NOT_BLANK = re.compile(r"[^\r\n]")


def load_jsonc(source: Source) -> Loaded:
    """Read a JSON text that may hold comments, trailing commas and tabs."""
    text = _TOKEN.sub(lambda found: found[0] if found[0][0] == '"' else _NOT_BLANK.sub(" ", found[0]), source.text)
    if _TRAILING.search(text):
        text = _STRING.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
    if text == source.text:
        return load(source)
    return load(source.embed(text, (Piece(0, len(text), 0, len(text)),), "plain"))


def load_json5(source: Source) -> Loaded:
    """Read a JSON5 text: without its comments it is YAML in the flow style, bare keys and single quotes included.

    Only an escaped quote inside single quotes and a bare key without a space behind its colon are not.
    """
    text = _TOKEN_5.sub(lambda found: found[0] if found[0][0] in "\"'" else _NOT_BLANK.sub(" ", found[0]), source.text)
    return load(source.embed(text, (Piece(0, len(text), 0, len(text)),), "plain"))
