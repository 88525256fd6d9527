"""TOML trees: the data model of the standard library's parser, with places."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.forms import decode_form
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.readers.toml_tree import load
from relcheck.source import Source


def plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node.pairs()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node]
    return node.value


def texts(value: object) -> object:
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


TEXTS = [
    '[project]\nname = "x"\nversion = "1.0"\n',
    "a.b.c = 'x'\na.b.d = 1\n[a.e]\nf = true\n",
    '[[tool.x]]\na = 1\n[[tool.x]]\na = 2\n[tool.x.sub]\nb = "é"\n',
    'deps = [\n  "a>=1", # why\n  {name = "b", x.y = "z"},\n]\n',
    'a = """\nmulti \\\n   line"""\nb = \'\'\'\nraw \\n\'\'\'\n"quoted key" = "t\\tü\\u00e9"\n',
    '# ü comment\nk = "ü"\r\nl = "x"\r\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_data_is_that_of_the_standard_parser_and_every_place_decodes(text: str) -> None:
    source = Source("x.toml", text)
    top, faults = load(source)

    assert faults == []
    assert plain(top) == texts(tomllib.loads(text))
    for node in walk(top):
        if isinstance(node, Scalar):
            span = node.span
            assert decode_form(text[span.start : span.end], span.form) == node.value


def test_what_stands_around_a_mistake_is_still_read() -> None:
    top, faults = load(Source("x.toml", '[a]\nx = "1"\ny = = 2\n[b]\nz = "3"\n'))

    assert faults
    below = top.map("b")
    assert below is not None
    assert below.text("z") == "3"


@given(st.text(alphabet=" \n\r\t[]{}='\"\\#ab.1,ü", max_size=60))
def test_any_text_gives_a_tree(text: str) -> None:
    top, _ = load(Source("x.toml", text))
    for node in walk(top):
        if isinstance(node, Scalar):
            assert 0 <= node.span.start <= node.span.end <= len(text)
