"""YAML and JSON trees: places, styles, broken documents, hostile shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.forms import decode_form
from relcheck.readers.yaml_tree import Mapping, Scalar, load, walk
from relcheck.source import Source


def tree(text: str) -> Mapping:
    loaded = load(Source("x.yaml", text))
    assert loaded.faults == []
    node = loaded.documents[0]
    assert isinstance(node, Mapping)
    return node


SCALARS = [
    ("a: alpine:3\n", "alpine:3"),
    ('a: "alpine:3"\n', "alpine:3"),
    ("a: 'it''s'\n", "it's"),
    ('a: "x\\ty\\u00e9"\n', "x\tyé"),
    ('a: "one\\\n   two"\n', "onetwo"),
    ("a: one\n  two\n\n  three\n", "one two\nthree"),
    ("a: &x !t alpine\n", "alpine"),
    ("a: |\n  one\n   two\n\n  three\n", "one\n two\n\nthree\n"),
    ("a: |-\r\n  one\r\n  two\r\n", "one\ntwo"),
    ("a: >\n  one\n  two\n\n  three\n", "one two\nthree\n"),
    ("a: >-\n  one\n    more\n  two\n", "one\n  more\ntwo"),
    ("a: |2\n   one\n", " one\n"),
    ("a: >-\n\n  one\n", "\none"),
    ("a: |+\n  one\n\n\nb: 1\n", "one\n\n\n"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_the_place_of_a_scalar_decodes_to_its_value(text: str, value: str) -> None:
    node = tree(text).scalar("a")

    assert node is not None
    assert node.value == value
    assert node.source.text == value
    assert decode_form(text[node.span.start : node.span.end], node.span.form).strip() == value.strip()
    for start, letter in enumerate(value):
        span = node.source.at(start, start + 1)
        assert letter.isspace() or decode_form(text[span.start : span.end], span.form) == letter


def test_a_word_in_a_block_scalar_has_the_column_of_the_file() -> None:
    source = Source("x.yaml", "run: |\n    docker push\n    x\n")
    node = load(source).documents[0]
    assert isinstance(node, Mapping)
    script = node.scalar("run")
    assert script is not None

    span = script.source.at(7, 11)

    assert source.text[span.start : span.end] == "push"
    assert source.position(span.start) == (2, 12)


def test_a_broken_document_does_not_hide_the_others() -> None:
    loaded = load(Source("x.yaml", "a: [1\n---\nb: 2\n---\nc: @x\n---\nd: 4\n"))

    keys = [key.value for document in loaded.documents if isinstance(document, Mapping) for key, _ in document.pairs()]
    assert keys == ["b", "d"]
    assert len(loaded.faults) == 2


def test_deep_nesting_is_a_fault_and_not_a_crash() -> None:
    assert load(Source("x.yaml", "[" * 30000)).faults


def test_duplicate_keys_are_kept_and_the_last_one_wins() -> None:
    node = tree("a: 1\na: 2\n")

    assert [value.value for _, value in node.pairs() if isinstance(value, Scalar)] == ["1", "2"]
    assert node.text("a") == "2"


def test_merge_keys_are_followed_when_asked() -> None:
    node = tree("x: &x {image: a}\ny:\n  <<: *x\n  b: 1\n").map("y")

    assert node is not None
    assert node.text("image") == ""
    assert node.text("image", merge=True) == "a"


def test_an_alias_bomb_and_a_cycle_are_walked_once() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert sum(1 for _ in walk(tree(bomb))) < 1000
    assert sum(1 for _ in walk(tree("a: &a [*a]\n"))) < 10


def test_the_comment_behind_a_value_is_found() -> None:
    node = tree("uses: a/b@c # v1.2\n").scalar("uses")

    assert node is not None
    assert node.comment == "v1.2"


def test_json_with_tabs_and_surrogate_pairs_is_read() -> None:
    node = tree('{\n\t"name": "x\\ud83d\\ude00y",\n\t"version": "1.0"\n}\n')

    assert node.text("version") == "1.0"
    name = node.scalar("name")
    assert name is not None
    assert name.source.text == "x😀y"


@pytest.mark.parametrize(
    "text",
    [
        "a: {image: nginx:1}\n",
        "a: [nginx:1, {image: nginx:1}, http://x.example/y]\nb: 'x:y'\n",
        '{"a":{"image":nginx:1}}',
    ],
)
def test_a_colon_inside_a_plain_scalar_of_a_flow_collection_is_text(text: str) -> None:
    values = [node.value for node in walk(tree(text)) if isinstance(node, Scalar)]

    assert "nginx:1" in values


@given(st.text(alphabet=" \n\t-:[]{}'\"|>&*#!ab\\\r", max_size=80))
def test_any_text_gives_documents_or_faults(text: str) -> None:
    loaded = load(Source("x.yaml", text))
    for document in loaded.documents:
        for node in walk(document):
            if isinstance(node, Scalar):
                assert node.source.text == node.value
                assert node.span.start <= node.span.end <= len(text)
