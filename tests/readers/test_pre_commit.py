"""pre-commit configuration: hooks, dependencies, container hooks."""

from __future__ import annotations

from relcheck.facts import Component, Dependency, Fact, Image
from relcheck.readers.pre_commit import read
from relcheck.source import Source

TEXT = """repos:
- repo: https://git.example.com/acme/hooks
  rev: main
  hooks: [{id: a}]
- repo: https://github.com/acme/other
  rev: 0123456789012345678901234567890123456789  # frozen: v1.2.0
  hooks:
  - id: b
    language: python
    additional_dependencies: [flask==3.1.0, types-x]
- repo: local
  hooks:
  - id: c
    language: docker_image
    entry: --entrypoint sh registry.example.com/lint:latest -x
  - id: d
    language: node
    additional_dependencies: ["@acme/x@1.2.3", "y"]
    entry: node
- repo: ./own
  rev: HEAD
- repo: meta
  hooks: [{id: check-hooks-apply}]
"""


def facts() -> list[Fact]:
    return list(read(Source(".pre-commit-config.yaml", TEXT)))


def test_foreign_repositories_are_components_and_own_ones_are_not() -> None:
    found = [(fact.name, fact.ref_kind, fact.version_comment) for fact in facts() if isinstance(fact, Component)]

    assert found == [
        ("https://git.example.com/acme/hooks", "branch", ""),
        ("https://github.com/acme/other", "sha", "v1.2.0"),
    ]


def test_extra_dependencies_are_read_in_the_grammar_of_their_language() -> None:
    found = [(fact.ecosystem, fact.name, fact.firmness) for fact in facts() if isinstance(fact, Dependency)]

    assert found == [
        ("pypi", "flask", "exact"), ("pypi", "types-x", "any"), ("npm", "@acme/x", "exact"), ("npm", "y", "any"),
    ]  # fmt: skip


def test_the_image_of_a_container_hook_is_found_behind_its_options() -> None:
    (image,) = [fact for fact in facts() if isinstance(fact, Image)]

    assert (image.name, image.tag) == ("registry.example.com/lint", "latest")
    assert TEXT[image.span.start : image.span.end] == "latest"


def test_modules_of_go() -> None:
    text = """
repos:
  - repo: local
    hooks:
      - {id: a, language: golang, entry: x, additional_dependencies: [git.example.com/a/b@v1.2.3, git.example.com/c@latest, d]}
"""
    found = [fact for fact in read(Source(".pre-commit-config.yaml", text)) if isinstance(fact, Dependency)]

    assert [(fact.name, fact.constraint, fact.firmness) for fact in found] == [
        ("git.example.com/a/b", "v1.2.3", "exact"),
        ("git.example.com/c", "latest", "tag"),
        ("d", "", "any"),
    ]
