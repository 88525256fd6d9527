from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN
from relcheck.refs import MARK
from relcheck.refs.url import is_loopback, is_private_name, is_reserved_example, parse_url, split_port


@pytest.mark.parametrize(
    "row",  # text, scheme, host, port, path, user, password, redacted
    [
        ("https://a.example/x", "https", "a.example", "", "/x", "", "", "https://a.example/x"),
        ("HTTP://A.Example:80", "http", "a.example", "80", "", "", "", "HTTP://A.Example:80"),
        ("https://u:p@a.example/x?q#f", "https", "a.example", "", "/x", "u", "p", "https://a.example/x?q#f"),
        ("https://u@a.example/", "https", "a.example", "", "/", "u", "", "https://a.example/"),
        ("https://u:p@ss@a.example", "https", "a.example", "", "", "u", "p@ss", "https://a.example"),
        ("https://[::1]:5000/v2", "https", "::1", "5000", "/v2", "", "", "https://[::1]:5000/v2"),
        ("git+ssh://git@a.example/o/r", "git+ssh", "a.example", "", "/o/r", "git", "", "git+ssh://a.example/o/r"),
        ("https://M/x", "https", UNKNOWN, "", "/x", "", "", "https://M/x"),
        ("https://u:M@a.example/M", "https", "a.example", "", UNKNOWN, "u", UNKNOWN, "https://a.example/M"),
        ("https://${U}:${P}@a.example", "https", "a.example", "", "", UNKNOWN, UNKNOWN, "https://a.example"),
        ("file:///x", "file", "", "", "/x", "", "", "file:///x"),
    ],
)
def test_a_url_is_taken_apart(row: tuple[str, ...]) -> None:
    text, *expected = (part.replace("M", MARK) if isinstance(part, str) else part for part in row)
    found = parse_url(f" {text}\n")
    assert found is not None
    parts = [found.scheme, found.host, found.port, found.path, found.user, found.password, found.redacted]
    assert parts == expected


@pytest.mark.parametrize("text", ["", "a.example/x", "git@a.example:o/r", "https://a b/", "://x", "https:/x", MARK])
def test_what_is_no_url_gives_nothing(text: str) -> None:
    assert parse_url(text) is None


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.8.0.1:80", "::1", "[::1]:5000", "a.localhost"]
)
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example.com", "128.0.0.1", "mylocalhost", "127.example.com"])
def test_hosts_that_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "nexus.local",
        "registry.internal:5000",
        "a.ns.svc",
        "a.ns.svc.cluster.local",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
    ],
)
def test_private_hosts(host: str) -> None:
    assert is_private_name(host)


@pytest.mark.parametrize("host", ["ghcr.io", "172.32.0.1", "11.0.0.1", "local", "internal.example.com", ""])
def test_hosts_that_are_not_private(host: str) -> None:
    assert not is_private_name(host)


@pytest.mark.parametrize(
    "host", ["example.com", "registry.example.com:5000", "a.example", "x.test", "x.invalid", "EXAMPLE.ORG."]
)
def test_hosts_reserved_for_examples(host: str) -> None:
    assert is_reserved_example(host)


@pytest.mark.parametrize("host", ["myexample.com", "example.io", "test.io", "", "contest"])
def test_hosts_that_are_not_reserved(host: str) -> None:
    assert not is_reserved_example(host)


def test_a_port_is_split_from_names_and_bracketed_addresses() -> None:
    assert split_port("a.example:1") == ("a.example", "1")
    assert split_port("[::1]:5000") == ("[::1]", "5000")
    assert split_port("::1") == ("::1", "")


PARTS = st.sampled_from(
    ["https", "://", "u", ":", "p", "@", "a.example", "/", "?", "#", "[", "]", "${V}", MARK, " ", "K"]
)


@given(st.lists(PARTS, max_size=12).map("".join) | st.text(max_size=20))
def test_any_text_is_parsed_and_every_span_holds_its_field(text: str) -> None:
    found = parse_url(text)
    for field, (start, end) in found.spans.items() if found else ():
        assert text[start:end] == getattr(found, field)
    for judge in (is_loopback, is_private_name, is_reserved_example):
        assert judge(text) in (True, False)


@given(st.text("abcXYZ0123!$*", min_size=4, max_size=20))
def test_a_password_never_stands_in_the_redacted_text(password: str) -> None:
    found = parse_url(f"https://user:{password}@host.example/p")
    assert found is not None
    assert found.redacted == "https://host.example/p"
