"""Drone and Woodpecker: acceptance case 36 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Fact, Image, Job, Login, Publish, Unreadable
from tests.readers import pipelines


def drone(text: str) -> list[Fact]:
    return pipelines.facts("drone", ".drone.yml", text)


def woodpecker(text: str) -> list[Fact]:
    return pipelines.facts("woodpecker", ".woodpecker/build.yml", text)


DIGEST = "sha256:36adc17e9cceab32179d3314da9cb9c737ffb11f0de4e688f407ad6d9ca32201"


def test_a_reference_that_is_split_over_lines() -> None:
    text = f'kind: pipeline\nname: a\nsteps:\n  - name: x\n    image: "amd64/node:10.0.0\\\n            @{DIGEST}"\n'
    (image,) = [fact for fact in drone(text) if isinstance(fact, Image)]

    assert (image.name, image.tag, image.digest) == ("amd64/node", "10.0.0", DIGEST)


def test_documents_of_several_kinds() -> None:
    text = """
kind: pipeline
type: docker
name: test
steps: [{name: a, image: "node:20", commands: ["docker pull $${IMAGE}", "docker pull alpine:${DRONE_TAG}"]}]
services: [{name: db, image: postgres, environment: {POSTGRES_PASSWORD: test}}]
---
kind: secret
name: token
get: {path: a, name: b}
---
kind: pipeline
name: two
steps: [{name: b, image: "ruby:3"}]
"""
    found = drone(text)

    assert [(name, tag, role, job) for name, tag, role, job in pipelines.images(found) if role != "pulled"] == [
        ("node", "20", "job", "test"), ("postgres", "", "service", "test"), ("ruby", "3", "job", "two"),
    ]  # fmt: skip
    assert [fact.written for fact in found if isinstance(fact, Command)] == ["docker pull …", "docker pull alpine:…"]


def test_plugins_push_log_in_and_publish() -> None:
    text = """
kind: pipeline
name: a
steps:
  - name: push
    image: plugins/docker:20
    settings:
      repo: registry.example.com/acme/api
      registry: registry.example.com
      tags: [latest, "${DRONE_TAG}"]
      username: ci
      password: {from_secret: registry_password}
  - {name: npm, image: plugins/npm, settings: {token: {from_secret: npm_token}}, when: {event: tag}}
  - {name: other, image: acme/notify, settings: {a: b}}
  - {name: dry, image: plugins/docker, settings: {repo: acme/x, dry_run: true, password: Sommer2024x}}
  - {name: bare, image: plugins/docker, settings: {repo: acme/x}}
"""
    found = drone(text)

    pushed = [(fact.host, fact.tag) for fact in found if isinstance(fact, Image) and fact.role == "pushed"]
    assert pushed == [("registry.example.com", "latest"), ("registry.example.com", UNKNOWN), ("docker.io", UNKNOWN)]
    assert next(fact.host for fact in found if isinstance(fact, Login)) == "registry.example.com"
    publishes = [
        (fact.ecosystem, fact.dry_run, "pull_request" in fact.events) for fact in found if isinstance(fact, Publish)
    ]
    # The first two are given a secret, which pull requests do not get; the last has no key.
    assert publishes == [("oci", False, False), ("npm", False, False), ("oci", True, True), ("oci", False, False)]
    assert pipelines.components(found) == [
        ("plugin", "plugins/docker", "semver-partial"),
        ("plugin", "plugins/npm", "none"),
        ("plugin", "acme/notify", "none"),
        ("plugin", "plugins/docker", "none"),
        ("plugin", "plugins/docker", "none"),
    ]
    assert [use.name for use in pipelines.jobs(found)["a"].secrets] == ["registry_password", "npm_token"]


def test_files_from_before_there_were_kinds() -> None:
    text = """
pipeline:
  build: {image: 'golang:1.20', commands: [go test]}
  publish: {image: plugins/docker, repo: acme/x, tags: latest}
"""

    assert [(name, tag, role) for name, tag, role, _ in pipelines.images(drone(text))] == [
        ("golang", "1.20", "job"), ("plugins/docker", "", "job"), ("acme/x", "latest", "pushed"),
    ]  # fmt: skip


EVENTS = ("branch", "pull_request", "tag", "schedule", "manual", "release:published", "deployment")
FILTERS = [
    ("", EVENTS, False),
    ("when: {event: tag}", ("tag",), False),
    ("when: {event: [push, pull_request]}", ("branch", "pull_request"), False),
    ("when: {event: {exclude: [pull_request]}}", tuple(event for event in EVENTS if event != "pull_request"), False),
    ("when: [{event: tag}, {event: push, branch: main}]", ("branch", "tag"), False),
    ("when: {ref: refs/tags/v*}", ("tag",), False),
    ("when: {evaluate: 'CI_COMMIT_BRANCH == \"main\"'}", EVENTS, True),
]


@pytest.mark.parametrize(("line", "events", "guarded"), FILTERS)
def test_what_reaches_a_workflow(line: str, events: tuple[str, ...], guarded: bool) -> None:
    job = pipelines.jobs(woodpecker(f"{line}\nsteps: [{{name: a, image: 'b:1'}}]\n"))["build"]

    assert (job.events, job.guarded) == (events, guarded)


def test_steps_as_map_and_as_list_with_a_matrix() -> None:
    text = """
clone: {git: {image: "woodpeckerci/plugin-git:2.0.3"}}
matrix:
  include:
    - {TAG: "20", FROM: node}
    - {TAG: latest, FROM: acme/base}
steps:
  build: {image: "${FROM}:${TAG}", commands: [make]}
services:
  - {name: db, image: "postgres:${CI_COMMIT_TAG}"}
"""
    assert [(name, tag, role) for name, tag, role, _ in pipelines.images(woodpecker(text))] == [
        ("node", "20", "job"),
        ("acme/base", "latest", "job"),
        ("postgres", UNKNOWN, "service"),
        ("woodpeckerci/plugin-git", "2.0.3", "job"),
    ]


def test_a_matrix_of_lists() -> None:
    text = "matrix: {TAG: ['20', lts]}\nsteps: [{name: a, image: 'node:${TAG}'}]\n"

    assert [tag for _, tag, _, _ in pipelines.images(woodpecker(text))] == ["20", "lts"]


HOSTILE = ["[", "steps: x", "kind: pipeline\nsteps: {a: b}", "steps: [x, [y]]", "matrix: [a]\nsteps: [b]"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_pipeline_gives_nothing(text: str) -> None:
    found = [*drone(text), *woodpecker(text)]
    assert [fact for fact in found if not isinstance(fact, (Job, Unreadable))] == []
