"""Buildkite: acceptance case 34 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import Command, Component, Fact, Image, Job, Login, Unreadable
from tests.readers import pipelines


def facts(text: str) -> list[Fact]:
    return pipelines.facts("buildkite", ".buildkite/pipeline.yml", text)


def test_plugins_as_map_list_and_text() -> None:
    text = """
steps:
  - command: make
    plugins:
      - docker#v5.12.0: {image: "node:latest"}
      - docker-login#v3.0.0: {username: ci, server: registry.example.com}
      - acme/deploy#main
      - shellcheck
      - ./local
      - $PLUGIN#v1
  - label: two
    plugins:
      "docker#v5": {image: ruby}
      https://git.example.com/acme/plugins.git/sub#0a23456: {}
      ssh://git@git.example.com/acme/x.git#v1.0.0: ~
"""
    found = facts(text)
    made = [(fact.name, fact.ref_kind, fact.local) for fact in found if isinstance(fact, Component)]

    assert made == [
        ("buildkite-plugins/docker-buildkite-plugin", "semver-full", False),
        ("buildkite-plugins/docker-login-buildkite-plugin", "semver-full", False),
        ("acme/deploy", "branch", False),
        ("buildkite-plugins/shellcheck-buildkite-plugin", "none", False),
        ("./local", "none", True),
        (pipelines.UNKNOWN, pipelines.UNKNOWN, False),
        ("buildkite-plugins/docker-buildkite-plugin", "semver-partial", False),
        ("https://git.example.com/acme/plugins.git/sub", "short-sha", False),
        ("ssh://git@git.example.com/acme/x.git", "semver-full", False),
    ]
    assert [(fact.name, fact.tag) for fact in found if isinstance(fact, Image)] == [("node", "latest"), ("ruby", "")]
    assert [fact.host for fact in found if isinstance(fact, Login)] == ["registry.example.com"]


def test_the_file_may_be_a_list_with_groups_and_a_matrix() -> None:
    text = """
- group: all
  steps:
    - command: ["docker pull busybox", "docker pull $$IMAGE"]
      key: pull
      matrix: ["20", "22"]
      plugins: [{docker#v5.12.0: {image: "node:{{matrix}}"}}]
- wait
- {trigger: other}
"""
    found = facts(text)

    assert [(fact.name, fact.tag) for fact in found if isinstance(fact, Image)][-2:] == [("node", "20"), ("node", "22")]
    assert list(pipelines.jobs(found)) == ["pull"]
    assert [fact.written for fact in found if isinstance(fact, Command)] == ["docker pull busybox", "docker pull …"]


def test_anchors_under_other_keys_are_read_once() -> None:
    text = """
common: &docker
  plugins: [docker#v5.12.0: {image: "a:1"}]
spare: {plugins: [docker#v5.12.0: {image: "b:2"}]}
bare: &bare
  ssh://git@git.example.com/acme/x#v3.2.7: {a: b}
env: {TAG: "3"}
image: c:$TAG
steps: [{<<: *docker, command: make}]
"""
    assert [(name, tag) for name, tag, _, _ in pipelines.images(facts(text))] == [("c", "3"), ("a", "1"), ("b", "2")]
    assert len(pipelines.components(facts(text))) == 3


REACH = [
    ("", ("branch", "tag"), False),
    ("if: build.tag != null", ("tag",), False),
    ('if: build.branch == "main"', ("branch",), False),
    ("if: build.source == 'ui'", ("branch", "tag"), True),
    ("branches: main", ("branch",), False),
]


@pytest.mark.parametrize(("line", "events", "guarded"), REACH)
def test_what_reaches_a_step(line: str, events: tuple[str, ...], guarded: bool) -> None:
    (job,) = pipelines.jobs(facts(f"steps:\n  - command: make\n    {line}\n")).values()

    assert (job.events, job.guarded) == (events, guarded)


HOSTILE = ["[", "steps: x", "steps: [x, [y], {command: {a: b}}]", "steps: [{plugins: {a b: c}}]", "- - - a"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_pipeline_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, (Job, Unreadable))] == []
