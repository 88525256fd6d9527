"""Text and places in it: lines, columns in code points, encodings, and text embedded in text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.source import Piece, Position, Source, Span, byte_offsets, decode, joined, searchable
from tests.properties.places import naive_position

TEXTS = st.text(alphabet=st.sampled_from("ab \t\r\n\x0b\x0c\x1c\x85\u2028\u0301é漢𝄞\ufeff"), max_size=40)
"""Texts of line ends, of letters that others take for line ends, and of letters of one to four bytes."""


def places(text: str) -> list[tuple[int, int]]:
    """Return line and column of each offset of a text, its end included."""
    source = Source("a", text)
    found = (source.position(offset) for offset in range(len(text) + 1))
    return [(place.line, place.column) for place in found]


# Lines and columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, 1)]),
        ("ab", [(1, 1), (1, 2), (1, 3)]),
        ("a\n", [(1, 1), (1, 2), (2, 1)]),
        ("a\r\nb", [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]),
        ("a\rb", [(1, 1), (1, 2), (2, 1), (2, 2)]),
        ("\n\r\r\n", [(1, 1), (2, 1), (3, 1), (3, 2), (4, 1)]),
        ("\n\n", [(1, 1), (2, 1), (3, 1)]),
        ("\ta", [(1, 1), (1, 2), (1, 3)]),
        ("𝄞e\u0301x", [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]),
    ],
    ids=["empty", "no line end", "LF", "CR LF", "CR", "all three", "blank lines", "a tab is one", "code points"],
)
def test_each_offset_has_a_line_and_a_column(text: str, expected: list[tuple[int, int]]) -> None:
    assert places(text) == expected


@pytest.mark.parametrize("letter", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_what_only_some_tools_take_for_a_line_end_is_a_letter(letter: str) -> None:
    source = Source("a", f"a{letter}b\nc")

    assert source.position(2) == Position(1, 3)
    assert [source.line(number) for number in (1, 2)] == [f"a{letter}b", "c"]


def test_lines_are_given_without_their_ends() -> None:
    source = Source("a", "one\ntwo\r\nthree\r\r\n  four \n")

    assert [source.line(number) for number in range(1, 7)] == ["one", "two", "three", "", "  four ", ""]
    assert [source.line_start(number) for number in range(1, 7)] == [0, 4, 9, 15, 17, 25]


@pytest.mark.parametrize("number", [-1, 0, 3, 99])
def test_a_line_that_is_not_there_is_empty(number: int) -> None:
    assert Source("a", "one\ntwo").line(number) == ""


def test_the_start_of_a_line_that_is_not_there_is_that_of_the_nearest() -> None:
    source = Source("a", "one\ntwo")

    assert (source.line_start(-5), source.line_start(0), source.line_start(9)) == (0, 0, 4)


@given(TEXTS)
def test_positions_are_those_that_counting_letter_by_letter_gives(text: str) -> None:
    assert places(text) == [naive_position(text, offset) for offset in range(len(text) + 1)]


@given(TEXTS)
def test_a_position_leads_back_to_its_offset(text: str) -> None:
    source = Source("a", text)

    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        assert source.line_start(line) + column - 1 == offset


@given(TEXTS)
def test_lines_and_their_ends_make_the_text(text: str) -> None:
    source = Source("a", text)
    count = source.position(len(text)).line
    starts = [source.line_start(number) for number in range(1, count + 1)]
    rows = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]

    assert "".join(rows) == text
    assert [row.rstrip("\r\n") for row in rows] == [source.line(number) for number in range(1, count + 1)]
    assert all(row.endswith(("\r", "\n")) for row in rows[:-1])


# Spans


@pytest.mark.parametrize(
    ("text", "words", "first", "last"),
    [
        ("a: word", "word", (1, 4), (1, 8)),
        ("a: word\n", "word\n", (1, 4), (2, 1)),
        ("a: one\r\n  two\r\n", "one\r\n  two", (1, 4), (2, 6)),
        ("𝄞: é漢", "é漢", (1, 4), (1, 6)),
    ],
    ids=["to the end of the file", "over the last line end", "over lines", "beyond ASCII"],
)
def test_a_span_holds_its_words(text: str, words: str, first: tuple[int, int], last: tuple[int, int]) -> None:
    source = Source("a", text)
    start = text.index(words)
    span = source.at(start, start + len(words))

    assert span == Span(start, start + len(words))
    assert source.text[span.start : span.end] == words
    assert (source.position(span.start), source.position(span.end)) == (first, last)


def test_the_span_of_everything_and_of_nothing() -> None:
    assert Source("a", "").all() == Span(0, 0)
    assert Source("a", "ab\n").all() == Span(0, 3)
    assert Source("a", "ab\n").at(3, 3) == Span(3, 3)


# Decoding

LETTERS = "# é漢𝄞\r\nA=1\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_is_the_same_in_every_encoding(encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    source = Source.from_bytes("a", mark + LETTERS.encode(encoding))

    assert source.text == LETTERS
    assert source.position(source.text.index("A")) == Position(2, 1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbf", ""),
        (b"\xff\xfe", ""),
        (b"caf\xe9: 1\n", "café: 1\n"),
        (b"\xef\xbb\xbfcaf\xe9: 1\n", "café: 1\n"),
        (b"\xed\xa0\x80", "\xed\xa0\x80"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
        (b"\xff\xfe\xff\xfea\0", "\ufeffa"),
        (b"\xff\xfea\0b", "a\ufffd"),
        (b"\xff\xfe\x00\xd8a\0", "\ufffda"),
        (b"a\xef\xbb\xbfb", "a\ufeffb"),
    ],
    ids=[
        "nothing", "only a mark", "only a mark of UTF-16", "Latin-1", "a mark before what is no UTF-8", "half of a pair",
        "two marks", "two marks of UTF-16", "half a letter of UTF-16", "half a pair in UTF-16", "a mark inside",
    ],
)  # fmt: skip
def test_every_file_can_be_decoded(data: bytes, text: str) -> None:
    assert decode(data) == text


@given(st.binary(max_size=30), st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]))
def test_no_bytes_are_too_strange(data: bytes, mark: bytes) -> None:
    text = decode(mark + data)

    assert len(text) <= len(data)
    assert text.encode("utf-8").decode("utf-8") == text  # no half of a pair is left
    assert Source("a", text).position(len(text)).line >= 1


@given(TEXTS)
def test_words_are_searched_for_in_utf_8(text: str) -> None:
    assert searchable(text.encode("utf-16")).decode("utf-8") == text
    assert searchable(b"A" + text.encode("utf-8")) == b"A" + text.encode("utf-8")


@given(st.text(max_size=30))
def test_offsets_of_letters_in_utf_8(text: str) -> None:
    offsets = byte_offsets(text)

    assert offsets == [len(text[:at].encode("utf-8")) for at in range(len(text) + 1)]


def test_half_of_a_pair_is_as_long_as_what_grammars_are_given_for_it() -> None:
    text = "a\ud800é"

    assert byte_offsets(text) == [0, 1, 2, 4]
    assert byte_offsets(text)[-1] == len(text.encode("utf-8", "replace"))


# Text in text


def test_a_part_is_a_place_of_the_file() -> None:
    file = Source("a", "x:\n  run: echo 𝄞 hello\n")
    script = file.part(10, 22)
    word = script.part(7, 12)

    assert (script.text, word.text) == ("echo 𝄞 hello", "hello")
    assert (word.root, word.depth, word.path) == (file, 2, "a")
    assert word.all() == Span(17, 22)
    assert word.position(word.all().start) == Position(2, 15)
    assert word.line(2) == "  run: echo 𝄞 hello"


def test_a_decoded_stretch_is_the_whole_of_what_was_written_for_it() -> None:
    file = Source("a", r'run: "a\u00e9b"')
    value = file.embed("aéb", (Piece(0, 1, 6, 7), Piece(1, 2, 7, 13), Piece(2, 3, 13, 14)), "double")

    assert value.at(0, 1) == Span(6, 7)
    assert value.at(1, 2) == Span(7, 13, "double")
    assert value.at(1, 3) == Span(7, 14, "double")
    assert value.all() == Span(6, 14, "double")
    assert value.at(2, 3) == Span(13, 14)


def test_what_was_left_out_between_two_lines_belongs_to_neither() -> None:
    file = Source("a", "run: |\n  one\n  two\n")
    script = file.embed("one\ntwo\n", (Piece(0, 4, 9, 13), Piece(4, 8, 15, 19)), "literal-2")

    assert script.at(0, 4) == Span(9, 13)
    assert script.at(4, 7) == Span(15, 18)
    assert script.at(4, 4) == Span(15, 15)
    assert script.at(2, 5) == Span(11, 16, "literal-2")


def test_encodings_are_named_from_the_outermost_to_the_innermost() -> None:
    file = Source("a", "<YQ==>")
    outer = file.embed("YQ==", (Piece(0, 4, 1, 5),), "plain")
    inner = outer.embed("a", (Piece(0, 1, 0, 4),), "base64")

    assert inner.all() == Span(1, 5, "base64")
    assert inner.embed("b", (Piece(0, 1, 0, 1),), "single").all() == Span(1, 5, "base64>single")


def test_a_place_beyond_the_last_piece_is_its_end() -> None:
    file = Source("a", "0123456789")
    value = file.part(2, 5)

    assert value.at(1, 99) == Span(3, 5, "plain")
    assert value.at(3, 3) == Span(5, 5)
    assert file.embed("", (), "plain").all() == Span(0, 0)


def test_lines_of_a_list_run_as_one_script_and_keep_their_places() -> None:
    file = Source("a", "- one 1\n- 'it''s'\n- two\n")
    quoted = file.embed("it's", (Piece(0, 2, 11, 13), Piece(2, 3, 13, 15), Piece(3, 4, 15, 16)), "single")
    script = joined(file, [file.part(2, 7), quoted, file.part(20, 23)])

    assert script.text == "one 1\nit's\ntwo"
    assert script.at(4, 5) == Span(6, 7)
    assert script.at(6, 10) == Span(11, 16, "composed")
    assert script.at(11, 14) == Span(20, 23)
    assert [script.at(at, at + 1) for at in (5, 10)] == [Span(7, 7, "composed"), Span(16, 16, "composed")]
    assert joined(file, [file.part(2, 3), file.part(4, 5)], "").text == "oe"
    assert joined(file, []).text == ""


@given(TEXTS, st.data())
def test_a_part_of_a_part_stands_where_counting_says(text: str, data: st.DataObject) -> None:
    source, begin = Source("a", text), 0
    for _ in range(3):
        start = data.draw(st.integers(0, len(source.text)))
        end = data.draw(st.integers(start, len(source.text)))
        source, begin = source.part(start, end), begin + start

        assert source.all() == Span(begin, begin + len(source.text))
        assert text[begin : begin + len(source.text)] == source.text
        assert source.position(begin) == naive_position(text, begin)


@given(st.lists(st.tuples(st.text("ab\n", max_size=3), st.text("cd", max_size=3)), min_size=1, max_size=5), st.data())
def test_a_span_of_rewritten_text_holds_all_that_it_was_made_of(
    rewritten: list[tuple[str, str]], data: st.DataObject
) -> None:
    file = Source("a", "".join(before for before, _ in rewritten))
    pieces, size, at = [], 0, 0
    for before, after in rewritten:
        pieces.append(Piece(size, size + len(after), at, at + len(before)))
        size, at = size + len(after), at + len(before)
    value = file.embed("".join(after for _, after in rewritten), tuple(pieces), "x")
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    span = value.at(start, end)

    assert 0 <= span.start <= span.end <= at
    for piece in pieces:
        if (
            max(start, piece.start) < min(end, piece.end)
            and piece.end - piece.start != piece.parent_end - piece.parent_start
        ):
            assert span.start <= piece.parent_start
            assert piece.parent_end <= span.end
