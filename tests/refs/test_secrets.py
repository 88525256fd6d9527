from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.refs import MARK
from relcheck.refs.secrets import (
    cargo_digit,
    crc_digits,
    find_tokens,
    identify,
    is_publish_variable,
    literal_form,
    looks_secret_name,
    redact,
)
from tests.tokens import KINDS, make_token

CHECKED = ("github", "npm", "pypi", "cargo")


def test_check_digits_agree_with_the_published_vectors() -> None:
    assert crc_digits("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == "0mLq17"
    assert cargo_digit("gGK6jurSwKyl9V3Az19z7YEFQI9aoOO") == "d"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_made_up_token_is_known_by_its_format(kind: str, seed: int) -> None:
    value = make_token(kind, seed)
    token = identify(value)
    assert token is not None
    assert token.checksum == ("valid" if kind in CHECKED else "none")
    assert token.ecosystem == {"dockerhub": "oci", "rubygems": "gem"}.get(kind, kind)
    assert literal_form(value) == "literal"


@pytest.mark.parametrize("kind", ["github", "npm", "cargo"])
def test_a_changed_token_fails_its_check(kind: str) -> None:
    value = make_token(kind)
    token = identify(value[:-1] + ("a" if value[-1] != "a" else "b"))
    assert token is not None
    assert token.checksum == "invalid"


def test_a_pypi_token_without_a_host_fails_its_check() -> None:
    token = identify("pypi-" + make_token("npm")[4:] * 3)
    assert token is not None
    assert token.checksum == "invalid"


@pytest.mark.parametrize("value", ["", "hunter2", "npm_short", "ghp_" + "a" * 35, "x" * 500, "github_pat_11"])
def test_what_has_no_format_is_no_token(value: str) -> None:
    assert identify(value) is None


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_found_in_text_at_their_place(kind: str) -> None:
    value = make_token(kind)
    text = f"export A=1\n//registry.example.com/:_authToken={value}\nB='{value}' # {value}."
    found = list(find_tokens(text))
    assert [text[start:end] for start, end, _ in found] == [value] * 3


def test_what_looks_made_up_is_not_found_in_text() -> None:
    assert not list(find_tokens(f"ghp_{'x' * 36} ghp_{'a' * 36} npm_{'ab' * 18} npm_[A-Za-z0-9]{{36}} oy2"))


def test_a_private_key_needs_a_body() -> None:
    head, foot = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
    body = make_token("rubygems")[9:] * 2
    assert [token.name for *_, token in find_tokens(f"{head}\n{body}\n{foot}")] == ["private key"]
    assert not list(find_tokens(f"if line == '{head}': pass"))
    assert not list(find_tokens(f"{head}\n...\n{foot}"))


@pytest.mark.parametrize("text", ["-----BEGIN PRIVATE " + "KEY-----\n", "ghs_a_", "glpat-", "pypi-"])
def test_a_file_of_beginnings_takes_no_quadratic_time(text: str) -> None:
    assert not list(find_tokens(text * 20_000))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("${NPM_TOKEN}", "reference"),
        ("${NPM_TOKEN?}", "reference"),
        ("${X-}", "reference"),
        ("$NPM_TOKEN", "reference"),
        ("Bearer $TOKEN", "reference"),
        ("%FEED_TOKEN%", "reference"),
        ("${{ secrets.T }}", "reference"),
        ('{{ requiredEnv "P" }}', "reference"),
        ("$(Token)", "reference"),
        ("@TOKEN@", "reference"),
        ("#{TOKEN}#", "reference"),
        ("vault:secret/x#y", "reference"),
        ("op://vault/item/field", "reference"),
        ("ref+awsssm://x", "reference"),
        ("var.password", "reference"),
        (MARK, "reference"),
        ("user:" + MARK, "reference"),
        ("${V:-hunter2}", "literal"),
        ("${V:-changeme}", "placeholder"),
        ("ENC[AES256_GCM,data:x,type:str]", "encrypted"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6132", "encrypted"),
        ("{COQLCE6DU6GtcS5P/hTDvA4NrMNUgA==}", "encrypted"),
        ("old: {COQLCE6DU6GtcS5P/hTDvA4NrMNUgA==} x", "encrypted"),
        ("true", "placeholder"),
        ("xxx", "placeholder"),
        ("aaaaaaaa", "placeholder"),
        ("<token>", "placeholder"),
        ("your-token", "placeholder"),
        ("YOUR_API_KEY", "placeholder"),
        ("changeme", "placeholder"),
        ("REPLACE_ME", "placeholder"),
        ("password", "placeholder"),
        ("TODO", "placeholder"),
        ("…", "placeholder"),
        ("{NAME}", "placeholder"),
        ("npm_xxxxxxxxxxxx", "placeholder"),
        ("ghp_...", "placeholder"),
        ("npm_secret1", "literal"),
        ("hunter2", "literal"),
        ("password1!", "literal"),
        ("test1234", "literal"),
        ("pa$word", "literal"),
        ("s3cr3tX9", "literal"),
        ("aabb", "literal"),
        ("abc%40def", "literal"),
    ],
)
def test_what_stands_where_a_secret_belongs(value: str, form: str) -> None:
    assert literal_form(value) == form


@pytest.mark.parametrize(
    "name",
    [
        "NPM_TOKEN", "TWINE_PASSWORD", "CLIENT_SECRET", "API_KEY", "apiKey", "signing.password", "_authToken",
        "github-token",        "AWS_SECRET_ACCESS_KEY", "PRIVATE_KEY",
        "DB_PWD", "CR_PAT", "COMPOSER_AUTH", "NPM_TOKEN_2", "mavenCentralPassword",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert looks_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN_FILE", "PASSWORD_PATH", "TOKEN_URL", "GOPRIVATE", "NPM_TOKEN_FILE", "USERNAME", "AWS_ACCESS_KEY_ID",
        "KEY_ID",        "PUBLIC_KEY", "signing.keyId", "PWD", "id-token", "imagePullSecret", "secretName",
        "MAX_TOKENS", "CACHE_KEY", "", "1",
        "COMPASS", "path",
    ],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert not looks_secret_name(name)


@pytest.mark.parametrize(
    "name", ["NPM_TOKEN", "PYPI_TOKEN", "PYPI_API_TOKEN", "DOCKERHUB_TOKEN", "POETRY_PYPI_TOKEN_PYPI", "CR_PAT"]
)
def test_variables_of_publishing_tools(name: str) -> None:
    assert is_publish_variable(name)


@pytest.mark.parametrize("name", ["TOKEN", "SONATYPE_USERNAME", "NPM_TOKEN_FILE", "DOCKER_HOST", ""])
def test_variables_of_other_tools(name: str) -> None:
    assert not is_publish_variable(name)


@given(st.text(max_size=60))
def test_redaction_shows_four_characters_and_a_third_at_most(value: str) -> None:
    shown = redact(value)
    assert shown.endswith("…")
    assert len(shown) - 1 <= min(4, len(value) / 3)
    assert value.startswith(shown[:-1])


PARTS = st.sampled_from(
    ["ghp_", "npm_", "pypi-", "cio", "a", "0" * 9, "${", "}", ":-", "{", "$", "\\", "Q~", "\n", "ENC[", MARK]
)


@given(st.lists(PARTS, max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    assert literal_form(text) in ("literal", "reference", "encrypted", "placeholder", "empty")
    identify(text)
    looks_secret_name(text)
    for start, end, token in find_tokens(text):
        assert 0 <= start < end <= len(text)
        assert token.name
