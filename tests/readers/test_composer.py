"""composer.json."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Command, Credential, Dependency, Registry
from relcheck.readers import composer_json
from tests.readers.places import packages, read_checked, registries

CONSTRAINTS = [
    ("*", "any", "registry", ""),
    ("", "any", "registry", ""),
    ("@dev", "any", "registry", ""),
    ("^1.2", "range", "registry", ""),
    ("1.2.3", "exact", "registry", ""),
    ("v1.2.3-beta2", "exact", "registry", ""),
    ("1.2.*", "range", "registry", ""),
    ("dev-main", "git-branch", "git", "dev-main"),
    ("1.x-dev as 2.0", "git-branch", "git", "1.x-dev"),
    ("dev-main#0123abc", "git-commit", "git", "0123abc"),
    ("self.version", "workspace", "registry", ""),
    ("^1.0 || dev-main", "range", "registry", ""),
]


@pytest.mark.parametrize(("constraint", "firmness", "source", "ref"), CONSTRAINTS)
def test_how_firmly_a_constraint_binds(constraint: str, firmness: str, source: str, ref: str) -> None:
    text = json.dumps({"require": {"php": ">=8", "ext-json": "*", "acme/a": constraint}})

    (found,) = [fact for fact in read_checked(composer_json, text, "composer.json") if isinstance(fact, Dependency)]
    assert (found.name, found.firmness, found.source, found.ref) == ("acme/a", firmness, source, ref)


def test_repositories_settings_and_scripts() -> None:
    text = json.dumps({
        "name": "acme/thing", "version": "1.2.3", "require-dev": {"acme/b": "^1"},
        "repositories": [
            {"type": "composer", "url": "http://php.example.com", "canonical": False},
            {"type": "composer", "url": "https://only.example.com", "canonical": False, "only": ["acme/*"]},
            {"type": "vcs", "url": "git://git.example.com/o/r"},
            {"type": "vcs", "url": "https://ci:s3cr3tX9a8b7@git.example.com/o/r"},
            {"type": "path", "url": "../b"},
        ],
        "config": {"secure-http": False, "disable-tls": True},
        "scripts": {"test": ["@lint", "Acme\\\\Script::run", "phpunit --x"], "go": "echo hi", "own": "@php artisan x"},
    })  # fmt: skip
    facts = read_checked(composer_json, text, "composer.json")

    (package,) = packages(facts)
    assert (package.name, package.version, package.private) == ("acme/thing", "1.2.3", False)
    assert registries(facts) == [
        ("noncanonical-index", "php.example.com", ""),
        ("index", "only.example.com", ""),
        ("vcs", "git.example.com", ""),
        ("index", UNKNOWN, ""),
        ("index", UNKNOWN, ""),
    ]
    assert [f.key for f in facts if isinstance(f, Registry) and f.tls] == ["secure-http: false", "disable-tls: true"]
    assert [f.kind for f in facts if isinstance(f, Credential)] == ["url-userinfo"]
    assert "phpunit" in {f.program for f in facts if isinstance(f, Command)}


def test_a_public_registry_that_is_left_out_makes_order_harmless() -> None:
    for repositories in (
        [{"type": "composer", "url": "https://php.example.com", "canonical": False}, {"packagist.org": False}],
        {"own": {"type": "composer", "url": "https://php.example.com", "canonical": False}, "packagist.org": False},
    ):
        facts = read_checked(composer_json, json.dumps({"repositories": repositories}), "composer.json")
        assert registries(facts) == [("index", "php.example.com", "")]


@given(st.text(max_size=60))
def test_any_constraint_and_url_is_read_without_exception(text: str) -> None:
    content = {"require": {"a/b": text}, "repositories": [{"type": "vcs", "url": text}], "scripts": {"x": [text]}}
    read_checked(composer_json, json.dumps(content, ensure_ascii=False), "composer.json")
    read_checked(composer_json, text, "composer.json")
