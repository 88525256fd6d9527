from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN
from relcheck.refs import MARK
from relcheck.refs.git import classify_ref, parse_git_url, parse_kustomize_url, parse_uses, version_comment

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("ref", "kind"),
    [
        (SHA, "sha"),
        (SHA + "0" * 24, "sha"),
        ("0a1b2c3", "short-sha"),
        ("v4.1.7", "semver-full"),
        ("1.2.3-rc.1+b", "semver-full"),
        ("refs/tags/v1.2.3", "semver-full"),
        ("v4", "semver-partial"),
        ("4.1", "semver-partial"),
        ("latest", "latest-alias"),
        ("~latest", "latest-alias"),
        ("HEAD", "latest-alias"),
        ("dev:first", "dev"),
        ("main", "branch"),
        ("release/v1", "branch"),
        ("refs/heads/x", "branch"),
        ("1.x", "branch"),
        ("release-1.27", "branch"),
        ("refs/tags/main", "tag"),
        ("20240101", "tag"),
        ("1234567", "tag"),
        ("2024-01-01", "tag"),
        ("2024.01.15", "tag"),
        ("codeql-bundle-v2.1", "tag"),
        ("", "none"),
        (MARK, "expr"),
        ("${{ inputs.ref }}", "expr"),
        ("refs/pull/12/head", "pull"),
    ],
)
def test_the_kind_of_a_ref(ref: str, kind: str) -> None:
    assert classify_ref(ref) == kind


@pytest.mark.parametrize(
    ("comment", "version"),
    [
        ("# v4.1.7", "v4.1.7"),
        ("v4", "v4"),
        ("# tag=v4", "v4"),
        ("# pin v4", "v4"),
        ("# pin @v4", "v4"),
        ("# ratchet:actions/checkout@v4", "v4"),
        ("# renovate: tag=v4", "v4"),
        ("# actions/checkout@v4.2.0", "v4.2.0"),
        ("# 1.2.3, not later", "1.2.3"),
        ("# main", ""),
        ("# ratchet:exclude", ""),
        ("# https://example.com/v4", ""),
        ("# 4 tries", ""),
        ("", ""),
    ],
)
def test_the_version_that_a_comment_claims(comment: str, version: str) -> None:
    assert version_comment(comment) == version


@pytest.mark.parametrize(
    ("text", "form", "name", "ref", "kind"),
    [
        ("actions/checkout@v4", "remote", "actions/checkout", "v4", "action"),
        (" a/b/c@ref@x ", "remote", "a/b/c@ref", "x", "action"),
        ("o/r/.github/workflows/w.yml@main", "remote", "o/r/.github/workflows/w.yml", "main", "workflow"),
        ("https://git.example.com/o/r@v1", "remote", "o/r", "v1", "action"),
        ("./x", "local", "./x", "", "action"),
        ("$/x", "local", "$/x", "", "action"),
        ("./.github/workflows/w.yml", "local", "./.github/workflows/w.yml", "", "workflow"),
        ("a/b", "malformed", "a/b", "", "action"),
        ("a@v1", "malformed", "a", "v1", "action"),
        ("a/b@", "malformed", "a/b", "", "action"),
        ("M", "unknown", UNKNOWN, UNKNOWN, "action"),
        ("a/b@M", "remote", "a/b", UNKNOWN, "action"),
        ("a/b@vM", "remote", "a/b", UNKNOWN, "action"),
        ("M/b@v1", "remote", UNKNOWN, "v1", "action"),
        ("a/M", "remote", UNKNOWN, UNKNOWN, "action"),
        ("${{ inputs.a }}@v1", "remote", UNKNOWN, "v1", "action"),
    ],
)
def test_uses_is_split_at_the_last_at_sign(text: str, form: str, name: object, ref: object, kind: str) -> None:
    found = parse_uses(text.replace("M", MARK))
    assert found is not None
    assert (found.form, found.name, found.ref, found.kind) == (form, name, ref, kind)


def test_a_container_action_gives_the_place_of_its_image() -> None:
    found = parse_uses("docker://alpine:3")
    assert found is not None
    assert (found.form, found.image) == ("docker", (9, 17))


@pytest.mark.parametrize(
    "row",  # text, url, owner, repository, path, ref
    [
        ("git+https://git.example.com/o/r.git@v1#egg=x", "https://git.example.com/o/r.git", "o", "r", "", "v1"),
        ("git+https://u:p@git.example.com/o/r@v1#subdirectory=y", "https://git.example.com/o/r", "o", "r", "", "v1"),
        ("git+ssh://git@github.com/o/r.git#v2", "ssh://github.com/o/r.git", "o", "r", "", "v2"),
        ("git@github.com:o/r.git", "ssh://github.com/o/r.git", "o", "r", "", ""),
        ("ssh://git@git.example.com:22/o/r", "ssh://git.example.com/o/r", "o", "r", "", ""),
        ("https://github.com/o/r", "https://github.com/o/r", "o", "r", "", ""),
        ("https://github.com/o/r.git#v1:sub", "https://github.com/o/r.git", "o", "r", "sub", "v1"),
        ("github.com/o/r", "https://github.com/o/r", "o", "r", "", ""),
        ("github:o/r#main", "https://github.com/o/r", "o", "r", "", "main"),
        ("git::https://git.example.com/o/r.git//sub?ref=v1", "https://git.example.com/o/r.git", "o", "r", "sub", "v1"),
        ("https://gitlab.com/g/s/r.git#semver:^1", "https://gitlab.com/g/s/r.git", "g/s", "r", "", "semver:^1"),
        (f"git+https://git.example.com/o/r?rev=0a1b2c3#{SHA}", "https://git.example.com/o/r", "o", "r", "", SHA),
        (
            "git+https://git.example.com/o/r.git#commit=abc1234",
            "https://git.example.com/o/r.git",
            "o",
            "r",
            "",
            "abc1234",
        ),
        ("https://github.com/o/r.git#M", "https://github.com/o/r.git", "o", "r", "", UNKNOWN),
        ("https://github.com/o/r?ref=vM", "https://github.com/o/r", "o", "r", "", UNKNOWN),
        ("https://github.com/M/r.git#v1", UNKNOWN, UNKNOWN, UNKNOWN, "", "v1"),
    ],
)
def test_the_url_of_a_repository_is_taken_apart(row: tuple[str, ...]) -> None:
    text, *expected = row
    found = parse_git_url(text.replace("M", MARK))
    assert found is not None
    assert [found.url, found.owner, found.repository, found.path, found.ref] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "./x",
        "../r",
        "/abs",
        "a/b",
        "https://registry.example.com/x.tgz",
        "x",
        MARK,
        "C:/x",
        "file.yaml",
        "https://",
    ],
)
def test_what_need_not_be_git_is_no_git_url(text: str) -> None:
    assert parse_git_url(text) is None


@pytest.mark.parametrize(
    ("text", "name", "ref", "file"),
    [
        ("github.com/o/r/deploy?ref=v1", "r", "v1", False),
        ("https://github.com/o/r//deploy?timeout=1&ref=main", "r", "main", False),
        ("https://github.com/o/r/deploy", "r", "", False),
        ("https://dev.example.com/o/p/_git/r/deploy?version=v1", "r", "v1", False),
        ("git.example.com/o/r//deploy?ref=v1", "r", "v1", False),
        ("https://raw.example.com/o/r/main/x.yaml", "x.yaml", "", True),
        ("git@github.com:o/r?ref=v1", "r", "v1", False),
    ],
)
def test_a_remote_of_a_kustomization(text: str, name: str, ref: str, file: bool) -> None:
    found = parse_kustomize_url(text)
    assert found is not None
    assert (found.repository, found.ref, found.file) == (name, ref, file)


@pytest.mark.parametrize("text", ["../base", "base", "./x.yaml", "/abs/x", "deploy.example/x.yaml", MARK])
def test_a_local_path_of_a_kustomization_is_no_remote(text: str) -> None:
    assert parse_kustomize_url(text) is None


PARTS = [
    "git+",
    "git::",
    "https://",
    "github.com",
    "git@",
    ":",
    "/",
    "//",
    "o",
    "r",
    ".git",
    "#",
    "?ref=",
    "@",
    "v1",
    " ",
]


@given(st.lists(st.sampled_from([*PARTS, MARK, "${{ x }}", "<", "é"]), max_size=10).map("".join) | st.text(max_size=20))
def test_any_text_is_parsed_and_every_span_holds_its_field(text: str) -> None:
    assert classify_ref(text)
    version_comment(text)
    for found in (parse_uses(text), parse_git_url(text), parse_kustomize_url(text)):
        for field, (start, end) in found.spans.items() if found else ():
            assert text[start:end] == getattr(found, field)
