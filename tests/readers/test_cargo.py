"""Cargo's manifests, configuration and credentials: acceptance case 48 of the format specification."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Credential, Dependency, Publish, Registry, Unreadable
from relcheck.readers import cargo_config, cargo_toml
from relcheck.source import Source
from tests.readers.places import dependencies, packages, read_checked, registries

COMMIT = "0123456789012345678901234567890123456789"


def test_case_48_paths_headers_inheritance_and_private_crates() -> None:
    facts = read_checked(
        cargo_toml,
        "[package]\nname = 'thing'\nversion = '1.2.0'\npublish = false\n"
        "[dependencies]\nserde = '1'\nexact = '=1.2.3'\nany = '*'\nutil = { path = '../util', version = '0.4' }\n"
        "bare = { path = '../bare' }\ninherited = { workspace = true, features = ['x'] }\n"
        "[dependencies.named]\nversion = '2.0'\npackage = 'real-name'\n"
        "[dev-dependencies]\ntest = '1'\n[target.'cfg(unix)'.build-dependencies]\ncc = '1.0'\n",
        "Cargo.toml",
    )

    (package,) = packages(facts)
    assert (package.name, package.version, package.private) == ("thing", "1.2.0", True)
    assert dependencies(facts) == [
        ("serde", "range", "1"),
        ("exact", "exact", "=1.2.3"),
        ("any", "any", "*"),
        ("util", "path", "0.4"),
        ("bare", "path", ""),
        ("inherited", "workspace", UNKNOWN),
        ("real-name", "range", "2.0"),
        ("test", "range", "1"),
        ("cc", "range", "1.0"),
    ]
    assert [fact.group for fact in facts if isinstance(fact, Dependency)][-2:] == ["dev", "build"]


def test_what_a_workspace_gives_to_its_members() -> None:
    root = read_checked(
        cargo_toml,
        "[workspace]\nmembers = ['a']\n[workspace.package]\nversion = '3.1.0'\npublish = ['acme']\n"
        "[workspace.dependencies]\nserde = '1'\n[patch.crates-io]\nserde = { git = 'https://git.example.com/o/serde' }\n",
        "Cargo.toml",
    )
    member = read_checked(
        cargo_toml, "[package]\nname = 'a'\nversion.workspace = true\npublish.workspace = true\n", "a/Cargo.toml"
    )

    assert [(package.version, package.version_only, package.publish_to) for package in packages(root)] == [
        ("3.1.0", True, ("acme",))
    ]
    assert [(package.version, package.version_dynamic, package.private) for package in packages(member)] == [
        (UNKNOWN, True, UNKNOWN)
    ]
    assert dependencies(root) == [("serde", "range", "1"), ("serde", "git-default", "")]


def test_git_dependencies_say_how_firmly_they_are_bound() -> None:
    url = "git = 'https://git.example.com/o/r'"
    facts = read_checked(
        cargo_toml,
        f"[dependencies]\na = {{ {url} }}\nb = {{ {url}, branch = 'next' }}\nc = {{ {url}, tag = 'v1' }}\n"
        f"d = {{ {url}, rev = '{COMMIT}' }}\ne = {{ git = 'git://git.example.com/o/r', rev = 'main' }}\n",
        "Cargo.toml",
    )

    assert [(fact.name, fact.firmness, fact.ref) for fact in facts if isinstance(fact, Dependency)] == [
        ("a", "git-default", ""),
        ("b", "git-branch", "next"),
        ("c", "git-tag", "v1"),
        ("d", "git-commit", COMMIT),
        ("e", "git-branch", "main"),
    ]
    assert registries(facts) == [("vcs", "git.example.com", "")]


def test_a_crate_without_a_version_is_never_published() -> None:
    (package,) = packages(read_checked(cargo_toml, "[package]\nname = 'a'\n", "Cargo.toml"))

    assert package.private is True


def test_the_toolchain_file_in_both_forms() -> None:
    assert dependencies(read_checked(cargo_toml, "stable\n", "rust-toolchain")) == [("rust", "tag", "stable")]
    assert dependencies(read_checked(cargo_toml, "[toolchain]\nchannel = '1.85.0'\n", "rust-toolchain.toml")) == [
        ("rust", "exact", "1.85.0")
    ]


def test_registries_sources_and_tokens_of_the_configuration() -> None:
    facts = read_checked(
        cargo_config,
        "[registries.acme]\nindex = 'sparse+https://crates.example.com/index/'\ntoken = 's3cr3tX9a8b7c6d5'\n"
        "[registry]\ndefault = 'acme'\n[source.mirror]\nregistry = 'http://mirror.example.com/'\n"
        "[env]\nCARGO_REGISTRY_TOKEN = { value = 's3cr3tX9a8b7c6d5', force = true }\n",
        ".cargo/config.toml",
    )

    assert registries(facts) == [("index", "crates.example.com", "acme"), ("mirror", "mirror.example.com", "")]
    assert [(fact.kind, fact.key, fact.host, fact.form) for fact in facts if isinstance(fact, Credential)] == [
        ("cargo-token", "registries.acme.token", "crates.example.com", "literal"),
        ("cargo-token", "CARGO_REGISTRY_TOKEN", "", "literal"),
    ]
    assert [fact.scheme for fact in facts if isinstance(fact, Registry)] == ["https", "http"]


def test_a_broken_file_is_a_fact_and_not_an_exception() -> None:
    assert [type(fact) for fact in read_checked(cargo_toml, "[package\nname = ", "Cargo.toml")] == [Unreadable]


@given(st.text(alphabet="[]{}='\"\n.,abgit versonpach*#", max_size=200))
def test_any_text_is_read_without_exception(text: str) -> None:
    for reader in (cargo_toml, cargo_config):
        list(reader.read(Source("Cargo.toml", text)))


def test_aliases_are_commands_of_cargo() -> None:
    text = '[alias]\nb = "build"\nup = ["publish", "--no-verify"]\nout = "publish --allow-dirty"\nnone = []\n'

    found = [fact for fact in cargo_config.read(Source(".cargo/config.toml", text)) if isinstance(fact, Publish)]

    assert [(fact.tool, fact.unverified, fact.dirty) for fact in found] == [
        ("cargo publish", True, False),
        ("cargo publish", False, True),
    ]
    assert [text[fact.span.start : fact.span.end] for fact in found] == ["publish", "publish"]
