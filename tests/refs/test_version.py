from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN
from relcheck.refs import MARK
from relcheck.refs.version import (
    canonical,
    compare,
    is_placeholder_version,
    is_prerelease,
    newest,
    same_version,
    tag_version,
    version_problem,
)

ECOSYSTEMS = ["npm", "cargo", "helm", "go", "pypi", "gem", "nuget", "maven", "other"]


@pytest.mark.parametrize(
    ("eco", "version"),
    [
        ("npm", "1.2.0"),
        ("npm", "1.2.0-rc.1+build.5"),
        ("cargo", "0.1.0"),
        ("helm", "1.0.0"),
        ("go", "v1.2.3"),
        ("pypi", "1.0rc1"),
        ("pypi", "2024.1"),
        ("pypi", "v1.2"),
        ("pypi", "1.2.0+g3f2c"),
        ("gem", "1.2.3.pre.1"),
        ("gem", "1.2.0-rc1"),
        ("nuget", "1.2.3.4"),
        ("nuget", "1.0.0-beta"),
        ("maven", "2.0.0-SNAPSHOT"),
        ("npm", MARK + ".1"),
        ("other", "whatever"),
    ],
)
def test_versions_that_the_registry_takes(eco: str, version: str) -> None:
    assert version_problem(eco, version) == ""


@pytest.mark.parametrize(
    ("eco", "version", "problem"),
    [
        ("npm", "v1.2.0", "SemVer has no leading v"),
        ("npm", "v1.2", "SemVer has three numbers, not 2"),
        ("npm", "1.2.3.4", "SemVer has three numbers, not 4"),
        ("cargo", "1.02.0", "SemVer numbers have no leading zero"),
        ("cargo", "1.0.0-" + "a" * 150, "the version is longer than 150 characters"),
        ("helm", "latest", "this is not SemVer (MAJOR.MINOR.PATCH)"),
        ("go", "1.2.3", "a Go version starts with v"),
        ("go", "v", "this is not SemVer (MAJOR.MINOR.PATCH)"),
        ("go", "v1.2", "SemVer has three numbers, not 2"),
        ("pypi", "1.0-banana", "this is not PEP 440"),
        ("gem", "v1.0", "a gem's version is numbers and letters joined by dots"),
        ("nuget", "1.2.3.4.5", "this is not one to four numbers with a SemVer suffix"),
        ("maven", "${revision}", "a Maven version holds no ${"),
        ("maven", "[1.0,2.0)", "a Maven version holds no ["),
        ("npm", "", "the version is empty"),
    ],
)
def test_versions_that_the_registry_refuses_say_why(eco: str, version: str, problem: str) -> None:
    assert version_problem(eco, version) == problem


@pytest.mark.parametrize(
    ("eco", "version", "wanted"),
    [
        ("pypi", "1.0-rc.1", "1.0rc1"),
        ("pypi", "1.0.0-beta2", "1.0.0b2"),
        ("pypi", "v1.2", "1.2"),
        ("npm", "v1.2.0+b", "1.2.0"),
        ("gem", "1.2.0-rc1", "1.2.0.pre.rc1"),
        ("nuget", "1.2.3.0", "1.2.3"),
        ("nuget", "1.0-BETA", "1.0.0-beta"),
        ("maven", "1.0", "1.0"),
        ("npm", "nonsense", "nonsense"),
    ],
)
def test_the_canonical_spelling(eco: str, version: str, wanted: str) -> None:
    assert canonical(eco, version) == wanted


@pytest.mark.parametrize(
    ("eco", "version", "wanted"),
    [
        ("npm", "1.0.0-rc.1", True),
        ("npm", "1.0.0+b-1", False),
        ("pypi", "1.0.dev1", True),
        ("pypi", "1.0.post1", False),
        ("maven", "1.0-SNAPSHOT", True),
        ("maven", "2.0.0.RELEASE", False),
        ("maven", "3.1-M2", True),
        ("gem", "1.0.beta", True),
        ("nuget", "1.0.0", False),
        ("npm", MARK, UNKNOWN),
        ("npm", "x", UNKNOWN),
    ],
)
def test_pre_releases(eco: str, version: str, wanted: object) -> None:
    assert is_prerelease(eco, version) is wanted


def test_two_spellings_of_one_version_are_the_same() -> None:
    assert same_version("pypi", "1.0.0-rc.1", "1.0.0rc1")
    assert same_version("pypi", "1.0", "1.0.0")
    assert same_version("npm", "v1.2.0", "1.2.0+b")
    assert same_version("gem", "1.0-rc1", "1.0.pre.rc1")
    assert not same_version("maven", "1.0", "1.0.0")
    assert not same_version("npm", "1.4.0", "1.3.9")


SEMVER_ORDER = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
]


@pytest.mark.parametrize(("older", "newer"), list(pairwise(SEMVER_ORDER)))
def test_semver_order_is_that_of_its_section_11(older: str, newer: str) -> None:
    assert compare("npm", older, newer) == -1
    assert compare("npm", newer, older) == 1


def test_other_orders() -> None:
    assert compare("pypi", "1.10", "1.9") == 1
    assert compare("gem", "1.0.pre.rc1", "1.0") == -1
    assert compare("nuget", "1.2.3.0", "1.2.3") == 0
    assert compare("maven", "1.0-SNAPSHOT", "1.0") == -1
    assert compare("npm", "1.0", "1.0.0") is None
    assert newest("npm", ["1.9.0", "1.10.0", "x"]) == "1.10.0"
    assert newest("npm", ["x"]) == ""


@pytest.mark.parametrize(
    ("tag", "name", "folder", "eco", "wanted"),
    [
        ("v1.4.0", "app", "", "pypi", "1.4.0"),
        ("refs/tags/1.4.0", "app", "", "npm", "1.4.0"),
        ("release-1.4.0", "app", "", "npm", "1.4.0"),
        ("rel_1.4.0", "app", "", "pypi", "1.4.0"),
        ("1.4.0rc1", "app", "", "pypi", "1.4.0rc1"),
        ("@scope/app@1.4.0", "@scope/app", "packages/app", "npm", "1.4.0"),
        ("app-v1.4.0", "app", "crates/app", "cargo", "1.4.0"),
        ("app/v1.4.0", "app", "x", "npm", "1.4.0"),
        ("app-1.4.0", "app", "", "helm", "1.4.0"),
        ("sdk/v1.2.0", "host/x/sdk", "sdk", "go", "v1.2.0"),
        ("sdk/v2.2.0", "host/x/sdk/v2", "sdk/v2", "go", "v2.2.0"),
        ("v1.2.0", "host/x/sdk", "sdk", "go", None),
        ("v1.2.0", "host/x", "", "go", "v1.2.0"),
        ("v1.4.0", "app", "packages/app", "npm", UNKNOWN),
        ("other-v1.4.0", "app", "", "npm", None),
        ("nightly", "app", "", "npm", None),
        ("v" + MARK, "app", "", "npm", UNKNOWN),
    ],
)
def test_the_version_that_a_tag_states(tag: str, name: str, folder: str, eco: str, wanted: object) -> None:
    assert tag_version(tag, name=name, folder=folder, eco=eco) == wanted


def test_numbers_beyond_any_limit_are_not_compared() -> None:
    for eco in ECOSYSTEMS:
        assert compare(eco, "1" * 5000 + ".0.0", "1.0.0") is None
        assert canonical(eco, "1" * 5000) == "1" * 5000


def test_placeholders_of_release_tools() -> None:
    assert is_placeholder_version("0.0.0-development")
    assert not is_placeholder_version("0.0.1")


@given(st.text("0123456789.-+vabrc" + MARK, max_size=20) | st.text(max_size=20), st.sampled_from(ECOSYSTEMS))
def test_any_text_is_judged_and_compared(text: str, eco: str) -> None:
    version_problem(eco, text)
    is_prerelease(eco, text)
    canonical(eco, text)
    assert same_version(eco, text, text)
    assert compare(eco, text, text) in (0, None)
    tag_version(text, name="a", folder=text, eco=eco)
