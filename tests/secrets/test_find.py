"""The prefilter finds what the detectors find on every line, whichever engine looks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relcheck.secrets import detectors
from relcheck.secrets.engines import AdaptiveEngine, Engine, HyperscanEngine, PureEngine
from relcheck.secrets.find import Finder, _points
from relcheck.secrets.needs import CASELESS, DETECTORS, NEEDS, REWRITTEN, UNREAD_LINE, needs_of
from relcheck.source import Source, decode
from tests.conftest import relcheck
from tests.tokens import SHAPES, make_token

TREE = os.environ.get("RELCHECK_SECRETS_TREE", "")
"""A folder of real repositories, given by whoever runs the tests: `RELCHECK_SECRETS_TREE=FOLDER`."""

Key = tuple[int, str, str, int]


def engines() -> dict[str, Callable[[], Engine]]:
    needs = needs_of(DETECTORS)
    return {
        "pure": lambda: PureEngine(needs),
        "hyperscan": lambda: HyperscanEngine(needs, cached=False),
        "adaptive": lambda: AdaptiveEngine(needs, cached=False),
    }


FINDERS = {name: Finder(DETECTORS, engine=make()) for name, make in engines().items()}


def plain(path: str, data: bytes) -> list[Key]:
    """What all plugins say of every line of at most 10,000 characters: line, detector, kind, length of the secret."""
    if not detectors.is_looked_at(path):
        return []
    lines = re.split(r"\r\n|\n|\r", decode(data))
    return sorted(
        (number, found.detector, found.kind, len(found.secret))
        for number, line in enumerate(lines, start=1)
        if len(line) <= detectors.MAX_LINE
        for found in detectors.detect(path, lines, number, detectors.order())
    )


def filtered(finder: Finder, path: str, data: bytes) -> list[Key]:
    """What the finder says of the lines as they are: without the values that are shown with quotes."""
    source, facts = finder.find(path, data)
    unquoted = (
        {(fact.tool, fact.span) for fact in finder._unquoted(path, data, source)} if path.endswith(REWRITTEN) else ()
    )
    return sorted(
        (source.position(fact.span.start).line, fact.tool, fact.token, fact.length)
        for fact in facts
        if source is not None and fact.kind == "secret" and (fact.tool, fact.span) not in unquoted
    )


WORD = "k3v9Qz71LmWp4Xs8Rt2bHc6Jd5Fg0AyVn"


def test_values_of_yaml_and_ini_are_shown_with_quotes() -> None:
    text = (
        f"a:\n  key: {WORD}\n  list: [{WORD}]\n  said: '{WORD}'\n  user_id: {WORD}\n  no: {WORD}  # pragma: allowlist secret\n"
        "  word: configuration-of-the-thing\n"
    )
    for path, body in (("a.yaml", text), ("a.ini", f"[a]\nkey = {WORD}\nuser_id = {WORD}\n")):
        for finder in FINDERS.values():
            source, facts = finder.find(path, body.encode())
            assert source is not None
            found = [
                (source.position(fact.span.start).line, source.text[fact.span.start : fact.span.end]) for fact in facts
            ]
            assert found == ([(4, WORD), (2, WORD), (3, WORD)] if path == "a.yaml" else [(2, WORD)])


LETTERS = st.sampled_from("abcXYZ019 _-=:/.\"'\u017fK\u0130\u0131ñ٣é\u2028\x0b\x1c\x85\t")
WORDS = st.sampled_from(
    [
        "aws",
        "AWS",
        "key",
        "KEY",
        "pwd",
        "password",
        "pa\u017f\u017fword",
        "token",
        "to\u212aen",
        "secret",
        "contraseña",
        "api_key",
        "AccountKey=",
        "cloudant.com",
        "cl_key",
        "softlayer_api_key",
        "sl-token",
        "ibm_key",
        "cos_secret_access_key",
        " := ",
        " => ",
        "=",
        ": ",
        "['",
        "']",
        "://",
        "user:",
        "@",
        "host",
        "xoxb-",
        "12-",
        "hooks.slack.com/services/T",
        "T1/B2/c3",
        "sq0csp-",
        "sk_live_",
        "AKIA",
        "A3T",
        "AKC",
        "APA",
        "eyJhbGciOiJIUzI1NiJ9",
        ".",
        "eyJzdWIiOiIxIn0",
        "-us1",
        "SG.",
        "pypi-AgEIcHlwaS5vcmc",
        "ghp_",
        "glpat-",
        "GR1348941",
        "T3BlbkFJ",
        "//r/:_authToken=",
        "npm_",
        "BEGIN RSA PRIVATE KEY",
        "PuTTY-User-Key-File-2",
        "AC",
        "SK",
        "8.8.4.4",
        ":",
        "١٢٣٤٥٦٧٨",
        "0123456789abcdef0123456789abcdef",
        "d41d8cd98f00b204e9800998ecf8427e1a2b3c4d5e6f7081",
        "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7x",
        "k3v9Qz71LmWp4Xs8Rt2bHc6Jd5Fg0AyVn",
        "MTk4NjIyNDgzNDcxOTI1MjQ4",
        "abcdefghijklmnopqrstuvwx",
        "pragma: allowlist secret",
        "# ",
        ";",
        *(make_token(kind, seed) for kind in SHAPES for seed in (0, 1)),
    ]
)
LINES = st.lists(st.one_of(WORDS, LETTERS, st.sampled_from(['"', "'", " "])), max_size=14).map("".join)
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
TEXTS = st.lists(st.tuples(LINES, BREAKS), max_size=6).map(lambda rows: "".join(line + end for line, end in rows))
PATHS = st.sampled_from(["a.py", "a.yaml", "a.go", "a.c", "a.cpp", "a.cs", "a.ini", "a", "yarn.lock", "swagger.json"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "latin-1 with a mark"])


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, path=PATHS, encoding=ENCODINGS)
def test_any_text_gives_what_all_detectors_say_of_every_line(text: str, path: str, encoding: str) -> None:
    codec, _, marked = encoding.partition(" ")
    data = (b"\xef\xbb\xbf" if marked else b"") + text.encode(codec, "replace")

    expected = plain(path, data)

    for name, finder in FINDERS.items():
        assert filtered(finder, path, data) == expected, name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "latin-1 with a mark"])
def test_a_word_of_the_bytes_is_found_again_in_the_text(encoding: str) -> None:
    codec, _, marked = encoding.partition(" ")
    text = "ab\né\nfé = x\n"
    data = (b"\xef\xbb\xbf" if marked else b"") + text.encode(codec)
    size = len(data) - len(text.encode("utf-8" if codec == "utf-8-sig" else codec))
    starts = [size + len(text[:at].encode(codec.removesuffix("-sig"))) for at in range(len(text))]

    assert decode(data) == text
    points = list(_points(data, [(start, "x") for start in starts], utf16=False))
    assert points == [(at, "x") for at in range(len(text))]


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, path=st.sampled_from(["a.py", "a.yaml", "a.go", "a.ini"]))
def test_detectors_and_filters_are_those_of_the_library_itself(text: str, path: str) -> None:
    from detect_secrets.core.scan import _process_line_based_plugins  # noqa: PLC0415 - slow, and its settings are global
    from detect_secrets.settings import default_settings  # noqa: PLC0415 - slow to import

    lines = list(enumerate(re.split(r"\r\n|\n|\r", text), start=1))
    with default_settings():
        stock = {
            (found.line_number, found.type, found.secret_value) for found in _process_line_based_plugins(lines, path)
        }

    ours = {
        (number, found.kind, found.secret)
        for number, _ in lines
        for found in detectors.detect(path, [line for _, line in lines], number, detectors.order())
    }
    assert ours == stock


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", FINDERS)
def test_each_kind_of_key_is_found_at_its_place(kind: str, name: str) -> None:
    token = make_token(kind)
    data = f"ü = 1\r\n  x = {token}\n".encode()

    source, facts = FINDERS[name].find("a.txt", data)

    found = [fact for fact in facts if fact.kind == "secret"]
    assert source is not None
    assert found
    assert {source.text[fact.span.start : fact.span.end] for fact in found} <= {
        token,
        token.partition(":")[2],
        token[:32],
    }
    assert all(fact.redacted == token[:4] + "…" for fact in found if fact.length == len(token))


def test_the_table_knows_all_detectors_of_the_installed_version() -> None:
    assert set(detectors.order()) == DETECTORS
    assert CASELESS <= DETECTORS
    for need in NEEDS:
        pattern = re.compile(need.pattern, re.IGNORECASE if need.caseless else 0)
        assert not pattern.search(b"\n")
        assert all(literal == literal.lower() for literal in need.literals if need.caseless)


def test_a_detector_without_a_pattern_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "DETECTORS", DETECTORS - {"StripeDetector"})
    detectors._library.cache_clear()

    with pytest.raises(AssertionError, match="StripeDetector"):
        detectors._library()

    detectors._library.cache_clear()


def test_lines_over_ten_thousand_characters_are_counted_and_not_looked_at() -> None:
    token = make_token("stripe")
    data = (f"{token}{'x ' * 5000}\n{'x' * (9_998 - len(token))} {token}\n").encode()

    for finder in FINDERS.values():
        source, facts = finder.find("a.js", data)
        lines = [(fact.kind, source.position(fact.span.start).line) for fact in facts if source is not None]
        assert lines == [(UNREAD_LINE, 1), ("secret", 2)]


@pytest.mark.parametrize("name", FINDERS)
@pytest.mark.parametrize(
    "word", ["://a:", "aws'", "key: ", "eyJ", "-us", "AC", "a.", "sl_key ", "\u212a", "sk_live_", "'"]
)
def test_a_file_of_beginnings_takes_no_quadratic_time(name: str, word: str) -> None:
    FINDERS[name].find("a.txt", word.encode() * (600_000 // len(word)))


def test_detect_secrets_is_imported_only_for_a_candidate_and_leaves_no_trace() -> None:
    code = (
        "import sys, configparser, logging, warnings\n"
        "error, shown = configparser.ParsingError, warnings.showwarning\n"
        "from relcheck.secrets.find import finder\n"
        "look = finder(frozenset(['StripeDetector']), cached=False).find\n"
        "look('a', b'nothing')\n"
        "assert 'detect_secrets' not in sys.modules and 'hyperscan' not in sys.modules\n"
        f"assert len(look('a', b'k = {make_token('stripe')}')[1]) == 1\n"
        "assert 'detect_secrets' in sys.modules and 'requests' not in sys.modules\n"
        "assert configparser.ParsingError is error and warnings.showwarning is shown\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if ".git" not in path.parts and path.is_file() and not path.is_symlink() and path.stat().st_size <= 1024 * 1024:
            data = path.read_bytes()
            if b"\0" not in data[:8192]:
                yield str(path.relative_to(folder)), data


@pytest.mark.skipif(not TREE, reason="takes minutes, and a tree: RELCHECK_SECRETS_TREE=FOLDER")
def test_a_tree_of_real_repositories_gives_the_same_whatever_looks() -> None:
    files, count = 0, 0
    for path, data in texts(Path(TREE)):
        expected = plain(path, data)
        files, count = files + 1, count + len(expected)
        for name in ("pure", "hyperscan"):
            assert filtered(FINDERS[name], path, data) == expected, (path, name)
    sys.stderr.write(f"{files} files, {count} secrets\n")
    assert files


def test_a_source_that_was_read_is_used() -> None:
    source = Source("a", f"x {make_token('stripe')}")

    assert FINDERS["pure"].find("a", source.text.encode(), source)[0] is source


def test_the_command_reads_files_of_no_known_format(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "notes").write_text(f"x {make_token('stripe')}\n", encoding="utf-8")
    (folder / "large.txt").write_text(f"x {make_token('stripe')}\n" + "x\n" * 600_000, encoding="utf-8")

    done = relcheck("scan", ".", "--verbose", cwd=folder)

    assert b"notes:1:3 warning secret" in done.stdout
    assert b"large.txt" not in done.stdout
    assert b"passed over large.txt: no known format, and larger than 1 MiB" in done.stderr
