from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.refs import MARK
from relcheck.refs.variables import Expansion, expand, expression_candidates
from relcheck.source import Source

VALUES = {
    "A": "alpine",
    "V": "3",
    "EMPTY": "",
    "NESTED": "${A}:${V}",
    "LOOP": "x${LOOP2}",
    "LOOP2": "${LOOP}",
    "env.A": "alpine",
    "matrix.os.image": "ubuntu:22.04",
    "inputs.x": "1.2",
    "parameters.tag": "18",
    "CI-x": "y",
}


def expanded(text: str, syntax: str) -> Expansion:
    return expand(Source("f", text), VALUES.get, syntax)


@pytest.mark.parametrize(
    ("syntax", "text", "wanted"),
    [
        ("docker", "$A:${V}", "alpine:3"),
        ("docker", "x:${NONE:-1}", "x:1"),
        ("docker", "x:${EMPTY:-1}", "x:1"),
        ("docker", "x:${EMPTY-1}", "x:"),
        ("docker", "x:${NONE-1}", "x:1"),
        ("docker", "x${V:+-slim}", "x-slim"),
        ("docker", "x${EMPTY:+-slim}", "x"),
        ("docker", "x${EMPTY+-slim}", "x-slim"),
        ("docker", "x${NONE:+-slim}", "xM"),
        ("docker", "x:${V:?must}", "x:3"),
        ("docker", "x:${NONE:?must}", "x:M"),
        ("docker", "x:${V%.*}", "x:M"),
        ("docker", "x:${V//a/b}", "x:M"),
        ("docker", r"x\$A", "x$A"),
        ("docker", "$NESTED", "alpine:3"),
        ("docker", "$LOOP", "xM"),
        ("docker", "x:${NONE", "x:M"),
        ("compose", "${NONE:-${A}}:${V}", "alpine:3"),
        ("compose", "${NONE-${OTHER:-a}b}", "ab"),
        ("compose", "$$A", "$A"),
        ("gitlab", "$A:%V% $[[ inputs.x ]]", "alpine:3 1.2"),
        ("gitlab", "$[[ inputs.x | truncate(1,2) ]]", "M"),
        ("gitlab", "${A:-x}", "M"),
        ("gitlab", "$$A", "$A"),
        ("github", "${{ env.A }}:1", "alpine:1"),
        ("github", "${{ matrix.os.image }}", "ubuntu:22.04"),
        ("github", "${{ matrix.none || 'x' }}", "M"),
        ("github", "${{ env.A || 'x' }}", "alpine"),
        ("github", "${{ 'a''}}b' }}", "a'}}b"),
        ("github", "${{ format('{0}', env.A) }}", "M"),
        ("github", "$A", "$A"),
        ("shell", "$A $(date) $1 `x`", "alpine M M M"),
        ("circleci", "cimg/node:<< parameters.tag >>", "cimg/node:18"),
        ("tekton", "$(params.none)", "M"),
        ("azure", "$(A):${{ parameters.tag }}", "alpine:18"),
    ],
)
def test_variables_become_what_the_files_tell_and_marks_otherwise(syntax: str, text: str, wanted: str) -> None:
    assert expanded(text, syntax).source.text == wanted.replace("M", MARK)


def test_a_text_without_variables_stays_the_same_source() -> None:
    source = Source("f", "alpine:3")
    assert expand(source, VALUES.get, "docker").source is source


def test_places_are_places_of_use_and_inline_defaults_keep_their_own() -> None:
    source = Source("f", "FROM ${A}:${NONE:-latest}-x").part(5, 27)
    ex = expand(source, VALUES.get, "docker")
    assert ex.source.text == "alpine:latest-x"
    assert ex.source.at(0, 6) == (5, 9, "variable")
    assert ex.source.at(7, 13) == (18, 24, "plain")
    assert ex.source.at(7, 15) == (18, 27, "variable")
    assert (ex.used, ex.missing, ex.defaulted, ex.state) == ((("A", "alpine"),), (), True, "defaulted")


def test_a_value_as_long_as_its_variable_is_not_cut_in_the_middle() -> None:
    ex = expand(Source("f", "a/${WXYZ}"), {"WXYZ": "app:1.2"}.get, "docker")
    assert ex.source.at(6, 9) == (2, 9, "variable")


@pytest.mark.parametrize(
    ("text", "state", "missing"),
    [("x:1", "literal", ()), ("$A", "defaulted", ()), ("$A:$N", "partial", ("N",)), ("$N", "unknown", ("N",))],
)
def test_the_state_tells_how_much_is_known(text: str, state: str, missing: tuple[str, ...]) -> None:
    assert (expanded(text, "docker").state, expanded(text, "docker").missing) == (state, missing)


def test_values_that_multiply_stop() -> None:
    values = {f"V{i}": f"$V{i + 1}" * 20 for i in range(9)}
    assert len(expand(Source("f", "$V0"), values.get, "docker").source.text) < 2000


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("matrix.x || 'a:1'", ("a:1",)),
        ("github.ref == 'x' && 'a' || 'b'", ("a", "b")),
        ("(inputs.x && 'it''s') || ''", ("it's",)),
        ("env.A", None),
        ("format('x', 'y')", None),
        ("'a' == 'b'", None),
        ("((((", None),
    ],
)
def test_the_literals_an_expression_may_come_to(expr: str, wanted: tuple[str, ...] | None) -> None:
    assert expression_candidates(expr) == wanted


SYNTAXES = ["docker", "compose", "gitlab", "github", "shell", "azure", "circleci", "tekton", "braces", "terraform"]


@given(st.text(st.sampled_from("$${}AV[]()%<> :-+?'|&.\\`" + MARK), max_size=40), st.sampled_from(SYNTAXES))
def test_any_text_is_expanded_and_every_place_lies_in_it(text: str, syntax: str) -> None:
    ex = expanded(text, syntax)
    size = len(ex.source.text)
    for start in range(size):
        span = ex.source.at(start, start + 1)
        assert 0 <= span.start <= span.end <= len(text)
        if span.form == "plain":
            assert text[span.start : span.end] == ex.source.text[start : start + 1]
    expression_candidates(text)
