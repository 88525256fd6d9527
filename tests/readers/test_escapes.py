"""Strings with escapes: their value, and where each of its letters stands in the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.forms import decode_form
from relcheck.readers import raise_faults, read_source
from relcheck.readers.escapes import escaped_source, unescaped
from relcheck.source import Source, Span

WORDS = st.lists(
    st.sampled_from(
        [
            "a",
            "é",
            "𝄞",
            " ",
            "\\n",
            "\\t",
            '\\"',
            "\\\\",
            "\\u00e9",
            "\\U0001d11e",
            "\\ ",
            "\\x",
            "\\u1",
            "\\Uffffffff",
            "\\\n  ",
            "\\ \r\n\t",
        ]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        (r"a\tb\"c\\d", 'a\tb"c\\d'),
        (r"\u00e9\U0001d11e", "é𝄞"),
        ("one \\\n   two", "one two"),
        ("one \\ \r\n\n two", "one two"),
        (r"no \ line", "no  line"),
        (r"\x \u12 \u12zz \u+123", "x u12 u12zz u+123"),
        (r"\Uffffffff", "\ufffd"),
        ("at the end\\", "at the end\\"),
    ],
)
def test_the_value_of_a_string(written: str, value: str) -> None:
    assert unescaped(written) == value


def test_each_letter_has_its_place() -> None:
    file = Source("a", r'x = "a\u00e9b"')
    value = escaped_source(file, 5, 13, "toml")

    assert value.text == "aéb"
    assert [value.at(at, at + 1) for at in range(3)] == [Span(5, 6), Span(6, 12, "toml"), Span(12, 13)]
    assert escaped_source(file, 0, 4, "toml").all() == Span(0, 4)


@given(WORDS)
def test_what_stands_at_the_place_of_a_string_gives_its_value(written: str) -> None:
    file = Source("a", f"'{written}'")
    value = escaped_source(file, 1, len(written) + 1, "toml")
    span = value.all()

    assert value.text == unescaped(written)
    assert decode_form(file.text[span.start : span.end], span.form) == value.text


@pytest.mark.parametrize("escape", [r"\x", r"\u12", r"\u12zz", r"\Uffffffff", r"\ud800", "\\"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject", '[project]\nname = "{}a"\nversion = "1"\n'),
        ("terraform", 'module "a" {{\n  source = "git::https://git.example.com/a/b?ref={}a"\n}}\n'),
    ],
)
def test_an_escape_that_is_none_ends_no_reader(name: str, text: str, escape: str) -> None:
    raise_faults(True)
    try:
        assert read_source(name, Source("a", text.format(escape)))
    finally:
        raise_faults(False)
