"""Every part of every fact has a span, and decoding the bytes there by their recorded encoding gives the part.

Fixtures are all rule examples and the planted trees, as they are and changed (see `places`). The share of parts that
stand verbatim is printed at the end of the run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relcheck import readers
from relcheck.facts import (
    UNKNOWN,
    Chart,
    Component,
    Credential,
    Dependency,
    Download,
    Fact,
    Image,
    Package,
    Resource,
)
from relcheck.forms import DECODERS, decode_form
from relcheck.readers.yaml_scalars import scalar_source
from relcheck.source import Piece, Source
from tests.properties.places import (
    MUTATIONS,
    NOT_DECODABLE,
    Fixture,
    Mutation,
    Shares,
    complaints,
    facts_of,
    fixtures,
    mutated,
    naive_position,
)

LOCATED: dict[type[Fact], tuple[str, ...]] = {
    Image: ("name", "registry", "namespace", "tag", "digest"),
    Component: ("ref",),
    Dependency: ("name", "constraint", "ref"),
    Package: ("name", "version"),
    Resource: ("kind", "name", "namespace"),
    Chart: ("name", "version"),
    Download: ("url", "host", "scheme"),
}
"""Fields that must have a part wherever their value stands in the file."""


@pytest.fixture(autouse=True)
def _faults_surface() -> Iterator[None]:
    readers.raise_faults(True)
    yield
    readers.raise_faults(False)


def check(fixture: Fixture, data: bytes, shares: Shares) -> None:
    source, facts = facts_of(fixture, data)
    assert complaints(source, facts, shares) == [], f"{fixture.name}: {fixture.path}\n{source.text}"


def test_every_part_stands_where_its_span_says(shares: Shares) -> None:
    own = Shares()
    for fixture in fixtures():
        check(fixture, fixture.text.encode("utf-8"), own)

    shares.include(own)
    assert own.total > 2000
    assert own.share("verbatim") > 0.95
    assert own.share("place only") < 0.03


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_part_stands_there_however_the_file_is_written(mutation: Mutation, shares: Shares) -> None:
    changed = [found for fixture in fixtures() if (found := mutation(fixture)) is not None]
    for fixture, data in changed:
        check(fixture, data, shares)

    assert len(changed) > 50


@pytest.mark.parametrize(
    "mutation",
    [mutation for mutation in MUTATIONS if mutation.__name__ in ("crlf", "bom", "utf16", "tabs", "single_quotes")],
    ids=lambda mutation: mutation.__name__,
)
def test_what_means_the_same_gives_the_same_facts(mutation: Mutation) -> None:
    for fixture in fixtures():
        found = mutation(fixture)
        if found is not None:
            before, after = facts_of(fixture)[1], facts_of(*found)[1]
            assert [type(fact) for fact in before] == [type(fact) for fact in after], fixture.name


def test_what_is_written_has_a_place() -> None:
    missing = [
        f"{fixture.name}: {type(fact).__name__}.{field} = {value}"
        for fixture in fixtures()
        for fact in facts_of(fixture)[1]
        for field in LOCATED.get(type(fact), ())
        if (value := fact.values()[field]) is not UNKNOWN
        and value
        and value in fixture.text
        and field not in fact.parts
        and not (field == "name" and isinstance(fact, Dependency) and implies_the_name(fact))
        and not (field == "scheme" and isinstance(fact, Download) and "url" not in fact.parts)  # `gh release download`
    ]
    assert missing == []


def implies_the_name(tool: Dependency) -> bool:
    """`setup-node` installs node, `go 1.24` asks for go: such a name may stand elsewhere in the file by chance."""
    return tool.where in ("setup", "tool") or tool.group == "tool"


def test_a_secret_has_the_place_of_its_value() -> None:
    without = [
        f"{fixture.name}: {fact.kind}"
        for fixture in fixtures()
        for fact in facts_of(fixture)[1]
        if isinstance(fact, Credential) and fact.form == "literal" and "value" not in fact.parts and fact.kind != "file"
    ]
    assert without == []


def texts() -> st.SearchStrategy[str]:
    words = st.sampled_from((
        "\r", "\n", "\r\n", "\t", " ", "'", '"', "\\", "#", "$", "${", "}", "{{", "}}", ":", ": ", "- ", "@", "=", "<<EOF",
        "|", ">", "&a ", "*a", "<<: *a", "\0", "\x85", "\u2028", "ä", "𝄞", "\ufeff", "`", "(", ")", "[", "]", ",", ";",
        "&&", "!", "%", "~", "/", "\x1b", "<![CDATA[", "]]>", "<!--", "&amp;", '"""', "'''", "\\u0041", "\\ud83d",
    ))  # fmt: skip
    return st.lists(words | st.characters(exclude_categories=["Cs"]), max_size=6).map("".join)


class Edit:
    """A cut of a text at a relative place, and what stands there instead."""

    def __init__(self, where: float, length: int, text: str, moved: bool) -> None:
        self.where, self.length, self.text, self.moved = where, length, text, moved

    def apply(self, text: str) -> str:
        """Replace, or move the piece to the end."""
        start = int(self.where * len(text))
        end = start + self.length
        return text[:start] + self.text + text[end:] + (text[start:end] if self.moved else "")

    def __repr__(self) -> str:
        return f"Edit({self.where}, {self.length}, {self.text!r}, {self.moved})"


def edits() -> st.SearchStrategy[list[Edit]]:
    one = st.builds(Edit, st.floats(0, 1, allow_nan=False), st.integers(0, 30), texts(), st.booleans())
    return st.lists(one, max_size=5)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(fixtures()) - 1), st.lists(st.sampled_from(MUTATIONS), max_size=3, unique=True), edits())
def test_a_changed_file_raises_nothing_and_keeps_its_places(
    number: int, changes: list[Mutation], cuts: list[Edit]
) -> None:
    fixture, data = mutated(fixtures()[number], [change for change in changes if change.__name__ != "utf16"])
    if cuts:
        text = fixture.text
        for cut in cuts:
            text = cut.apply(text)
        fixture, data = fixture._replace(text=text), text.encode("utf-8")
    check(fixture, data, Shares())


@pytest.mark.parametrize("file_format", sorted(readers.BY_NAME))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=60) | texts().map(str.encode))
def test_no_reader_raises_on_any_bytes(file_format: str, data: bytes) -> None:
    check(Fixture(file_format, "a/b", file_format, ""), data, Shares())


@settings(deadline=None)
@given(texts() | st.text(alphabet="a\r\n\t𝄞"), st.data())
def test_positions_are_those_of_counting(text: str, data: st.DataObject) -> None:
    source = Source("x", text)
    offset = data.draw(st.integers(0, len(text)))

    position = source.position(offset)

    assert position == naive_position(text, offset)
    assert source.line_start(position.line) + position.column - 1 == offset
    assert text[source.line_start(position.line) :].startswith(source.line(position.line))


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("abc\n", max_size=4), st.booleans()), min_size=1, max_size=8), st.data())
def test_a_place_in_a_text_within_a_text_holds_its_words(
    stretches: list[tuple[str, bool]], data: st.DataObject
) -> None:
    written, kept, pieces = "<", "", []
    for text, is_kept in stretches:
        if is_kept:
            pieces.append(Piece(len(kept), len(kept) + len(text), len(written), len(written) + len(text)))
            kept += text
        written += text
    inner = Source("x", written).embed(kept, tuple(pieces), "plain")
    start = data.draw(st.integers(0, len(kept)))
    end = data.draw(st.integers(start, len(kept)))

    span = inner.at(start, end)

    assert 0 <= span.start <= span.end <= len(written)
    found = iter(written[span.start : span.end])
    assert all(letter in found for letter in kept[start:end])  # in this order, with gaps


@settings(deadline=None)
@given(st.text(alphabet="ab '\"\\\n\t#:-ä𝄞", max_size=20), st.sampled_from(("'", '"')), st.data())
def test_a_piece_of_a_quoted_scalar_decodes_to_its_words(value: str, quote: str, data: st.DataObject) -> None:
    line = value.replace("\n", " ")
    inner = (
        line.replace("'", "''") if quote == "'" else line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    )
    text = f"ä: {quote}{inner}{quote}\n"
    source = scalar_source(Source("x", text), 3, len(text) - 1, quote, line)
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))

    span = source.at(start, end)

    assert decode_form(text[span.start : span.end], span.form) == line[start:end]


def test_every_form_that_readers_use_has_a_decoder() -> None:
    used = {
        name.partition("-")[0]
        for fixture in fixtures()
        for change in (None, *MUTATIONS)
        if (found := change(fixture) if change else (fixture, fixture.text.encode())) is not None
        for fact in facts_of(*found)[1]
        for span in fact.parts.values()
        for name in span.form.split(">")
    }
    assert used <= DECODERS.keys() | NOT_DECODABLE
    assert {"plain", "single", "double", "literal", "base64", "variable", "shell"} & used
