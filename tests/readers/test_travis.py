"""Travis CI: section 6.6 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import Command, Credential, Dependency, Fact, Image, Job, Publish, Unreadable
from tests.readers import pipelines


def facts(text: str) -> list[Fact]:
    return pipelines.facts("travis", ".travis.yml", text)


def test_imports_name_a_repository_and_perhaps_a_ref() -> None:
    text = "import: [acme/ci:travis/base.yml, {source: 'acme/ci:x.yml@v1.2.0'}, 'acme/ci:y.yml@main', ./local.yml]\n"

    assert pipelines.components(facts(text)) == [
        ("import", "acme/ci", "none"), ("import", "acme/ci", "semver-full"), ("import", "acme/ci", "branch"),
    ]  # fmt: skip


def test_phases_at_the_top_and_in_listed_jobs() -> None:
    text = """
install: skip
script:
  - T=latest
  - docker push registry.example.com/a:$T
after_success: docker pull b
jobs:
  include:
    - {name: extra, if: tag IS present, script: docker pull c}
    - {stage: x, script: [docker pull d]}
"""
    found = facts(text)

    images = [(fact.name, fact.tag, fact.job) for fact in found if isinstance(fact, Image)]
    assert images == [
        ("registry.example.com/a", "latest", "build"), ("b", "", "build"), ("c", "", "extra"), ("d", "", "job 2"),
    ]  # fmt: skip
    assert pipelines.jobs(found)["extra"].events == ("tag",)
    assert [fact.swallowed for fact in found if isinstance(fact, Command)] == [False, True, False, False]


DEPLOYS = [
    ("{provider: npm, api_key: $NPM_TOKEN}", "npm", ("branch",), False),
    ("{provider: pypi, on: {tags: true}}", "pypi", ("tag",), False),
    ("{provider: cargo, on: {all_branches: true}}", "cargo", ("branch", "tag"), False),
    ("{provider: rubygems, on: {branch: main, condition: $X = 1}}", "gem", ("branch",), True),
]


@pytest.mark.parametrize(("deploy", "ecosystem", "events", "guarded"), DEPLOYS)
def test_what_starts_a_deployment(deploy: str, ecosystem: str, events: tuple[str, ...], guarded: bool) -> None:
    (publish,) = [fact for fact in facts(f"script: make\ndeploy: [{deploy}]\n") if isinstance(fact, Publish)]

    assert (publish.ecosystem, publish.events, publish.guarded) == (ecosystem, events, guarded)


def test_a_deployment_by_script_is_shell_text() -> None:
    (publish,) = [
        fact
        for fact in facts("deploy: {provider: script, script: npm publish, on: {tags: true}}\n")
        if isinstance(fact, Publish)
    ]

    assert (publish.tool, publish.events) == ("npm publish", ("tag",))


def test_secrets_are_told_from_what_is_encrypted() -> None:
    text = """
env:
  global:
    - TWINE_PASSWORD=Sommer2024x OTHER="a b"
    - {secure: "abc="}
    - NPM_TOKEN: Sommer2024x
deploy:
  - {provider: npm, api_key: {secure: "abc="}}
  - {provider: pypi, password: Sommer2024x}
"""
    found = [(fact.key, fact.form) for fact in facts(text) if isinstance(fact, Credential)]

    assert found == [("TWINE_PASSWORD", "literal"), ("NPM_TOKEN", "literal"), ("deploy.password", "literal")]


def test_languages_are_tools() -> None:
    text = "language: node_js\nnode_js: [lts/*, '20', 20.1.0]\npython: 3.12\n"
    found = [(fact.name, fact.firmness) for fact in facts(text) if isinstance(fact, Dependency)]

    assert found == [("node", "tag"), ("node", "range"), ("node", "exact"), ("python", "range")]


HOSTILE = ["[", "script: {a: b}", "jobs: {include: [x]}", "deploy: [x, {a: b}]", "env: [[a]]", "node_js: {a: b}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_configuration_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, (Job, Unreadable))] == []
