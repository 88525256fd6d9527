"""Bitbucket Pipelines: acceptance case 33 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Credential, Fact, Image, Job, Publish, Unreadable
from tests.readers import pipelines


def facts(text: str) -> list[Fact]:
    return pipelines.facts("bitbucket-pipelines", "bitbucket-pipelines.yml", text)


def test_images_as_text_and_as_object_and_pipes() -> None:
    text = """
image: node:20
definitions:
  services:
    db: {image: {name: postgres, username: ci, password: Sommer2024x}}
pipelines:
  default:
    - step:
        image: {name: acme/build:latest, username: ci, password: $PASSWORD}
        script:
          - docker pull busybox
          - pipe: docker://acme/pipe
          - pipe: atlassian/npm-publish:0.3.2
            variables: {NPM_TOKEN: $NPM_TOKEN}
          - pipe: acme/other
"""
    found = facts(text)

    assert [(name, tag, role) for name, tag, role, _ in pipelines.images(found)] == [
        ("node", "20", "job"),
        ("postgres", "", "service"),
        ("acme/build", "latest", "job"),
        ("busybox", "", "pulled"),
        ("acme/pipe", "", "run"),
    ]
    assert pipelines.components(found) == [
        ("pipe", "atlassian/npm-publish", "semver-full"), ("pipe", "acme/other", "none"),
    ]  # fmt: skip
    assert [(fact.key, fact.form) for fact in found if isinstance(fact, Credential)] == [
        ("image.password", "literal"), ("image.password", "reference"), ("npm_token", "reference"),
    ]  # fmt: skip
    assert [fact.ecosystem for fact in found if isinstance(fact, Publish)] == ["npm"]


def test_imports_are_repositories_with_a_ref() -> None:
    text = """
definitions:
  imports: {shared: "acme-ci:main:bitbucket-pipelines.yml", fixed: "acme-ci:v1.2.0:x.yml", odd: "acme-ci:$REF:x.yml"}
pipelines:
  default: {import: build@shared}
  custom: {release: {import: release@fixed}}
"""
    found = facts(text)

    assert pipelines.components(found) == [
        ("import", "acme-ci", "branch"), ("import", "acme-ci", "semver-full"), ("import", UNKNOWN, UNKNOWN),
    ]  # fmt: skip
    assert pipelines.jobs(found) == {}


def test_anchors_are_read_where_they_are_used_and_once_where_they_are_not() -> None:
    text = """
definitions:
  steps:
    - step: &used {name: A, image: "a:1", script: [make]}
    - step: &spare {name: B, image: "b:2", script: [make]}
pipelines:
  default:
    - step: *used
    - step: {<<: *used, name: C}
"""
    found = facts(text)

    assert pipelines.images(found) == [
        ("a", "1", "job", "default, A"),
        ("a", "1", "job", "default, C"),
        ("b", "2", "job", ""),
    ]
    assert [fact.job for fact in found if isinstance(fact, Command)] == ["default, A", "default, C", ""]


def test_parallel_steps_stages_and_several_steps_under_one_item() -> None:
    text = """
pipelines:
  branches:
    main:
      - parallel: [{step: {name: a, script: [x]}}]
      - parallel: {fail-fast: true, steps: [{step: {name: b, script: [x]}}]}
      - stage: {name: s, steps: [{step: {name: c, script: [x]}}]}
      - step: {name: d, script: [x]}
        step: {name: e, script: [x]}
"""
    assert list(pipelines.jobs(facts(text))) == [f"branches: main, {name}" for name in "abcde"]


REACH = [
    ("default: [STEP]", ("branch", "pull_request"), False),
    ("branches: {main: [STEP]}", ("branch",), False),
    ("branches: {'**': [STEP]}", ("branch", "pull_request"), False),
    ("tags: {'v*': [STEP]}", ("tag",), False),
    ("pull-requests: {'**': [STEP]}", ("pull_request",), False),
    ("custom: {go: [{variables: [{name: T}]}, STEP]}", ("manual",), False),
    ("default: [{step: {name: a, trigger: manual, script: [x]}}]", ("branch", "pull_request"), True),
]


@pytest.mark.parametrize(("section", "events", "guarded"), REACH)
def test_what_reaches_a_step(section: str, events: tuple[str, ...], guarded: bool) -> None:
    text = f"pipelines:\n  {section.replace('STEP', '{step: {name: a, script: [x]}}')}\n"
    (job,) = pipelines.jobs(facts(text)).values()

    assert (job.events, job.guarded) == (events, guarded)


def test_variables_of_a_custom_pipeline_and_of_the_run() -> None:
    text = """
pipelines:
  custom:
    go:
      - variables: [{name: TAG, default: latest}, {name: OTHER}]
      - step: {name: a, deployment: production, oidc: true, runs-on: [self.hosted, linux], image: "node:$TAG", script: [x]}
      - step: {name: b, image: "node:${OTHER}", script: [x]}
"""
    found = facts(text)
    job = pipelines.jobs(found)["custom: go, a"]

    assert [fact.tag for fact in found if isinstance(fact, Image)] == ["latest", UNKNOWN]
    assert (job.environment, job.id_token, job.self_hosted) == ("production", "write", True)


HOSTILE = ["[", "pipelines: x", "pipelines: {default: [x, {step: y}]}", "image: [a]", "definitions: [a]"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_pipeline_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, (Job, Unreadable))] == []
