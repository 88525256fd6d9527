"""Files of variables, and what of them is handed on; `.dockerignore`."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, IgnoreFile, Variables
from relcheck.readers import dockerignore
from relcheck.readers.env_file import read
from relcheck.source import Source


def values(text: str) -> dict[str, object]:
    return {
        option.name: option.value
        for fact in read(Source(".env", text))
        if isinstance(fact, Variables)
        for option in fact.values_of
    }


def test_the_ways_to_write_a_variable() -> None:
    text = "# note\nA=1.2\nexport B='x y'\n C = \"d\" # note\nD=e # note\nF=a#b\r\nG=\nH: i\nnot a line\n"

    assert values(text) == {"A": "1.2", "B": UNKNOWN, "C": "d", "D": "e", "F": UNKNOWN, "G": "", "H": "i"}


@pytest.mark.parametrize(
    "line",
    [
        "NPM_TOKEN=abc",
        "DATABASE_URL=postgres://u:p@db/x",
        "STRIPE=sk4eC39HqLyjWDarjtT1zdp7dc",
        "PASSPHRASE_HINT=correct horse",
        "X=${Y}",
    ],
)
def test_what_may_be_a_secret_is_not_handed_on(line: str) -> None:
    assert list(values(line + "\n").values()) == [UNKNOWN]


def test_values_that_make_images_are_handed_on() -> None:
    digest = "sha256:" + "0a" * 32

    assert values(f"TAG=v1.2.3\nREGISTRY=registry.example.com:5000/a\nDIGEST={digest}\n") == {
        "TAG": "v1.2.3",
        "REGISTRY": "registry.example.com:5000/a",
        "DIGEST": digest,
    }


def test_the_place_of_a_value_is_the_value_without_quotes() -> None:
    text = "A='b'\n"
    (fact,) = read(Source(".env", text))

    assert isinstance(fact, Variables)
    assert text[fact.values_of[0].span.start : fact.values_of[0].span.end] == "b"


def test_patterns_of_an_ignore_file() -> None:
    (fact,) = dockerignore.read(Source(".dockerignore", "# c\n.git\r\n\n !keep \n # no comment\n"))

    assert isinstance(fact, IgnoreFile)
    assert fact.patterns == (".git", "!keep", "# no comment")
