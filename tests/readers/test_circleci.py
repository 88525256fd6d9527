"""CircleCI: acceptance case 31 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Credential,
    Dependency,
    Fact,
    Image,
    Job,
    Login,
    Publish,
    Unreadable,
)
from tests.readers import pipelines


def facts(text: str) -> list[Fact]:
    return pipelines.facts("circleci", ".circleci/config.yml", text)


def images(text: str) -> list[tuple[object, object, str, str]]:
    return pipelines.images(facts(text))


def test_an_executor_takes_its_parameter_from_the_default_and_from_who_uses_it() -> None:
    text = """
version: 2.1
executors:
  e:
    parameters: {tag: {type: string, default: "3.12"}}
    docker: [{image: "cimg/x:<< parameters.tag >>"}, {image: redis}]
jobs:
  a: {executor: e, steps: [checkout]}
  b: {executor: {name: e, tag: latest}, steps: [checkout]}
"""
    assert images(text) == [
        ("cimg/x", "3.12", "job", "a"),
        ("redis", "", "service", "a"),
        ("cimg/x", "latest", "job", "b"),
        ("redis", "", "service", "b"),
    ]


def test_an_executor_that_no_job_uses_is_read_with_its_defaults() -> None:
    text = """
executors:
  e:
    parameters: {v: {default: latest}}
    docker: [{image: 'a:<<parameters.v>>'}, {image: 'b:<<parameters.w>>'}]
"""

    assert images(text) == [("a", "latest", "job", ""), ("b", UNKNOWN, "service", "")]


def test_a_matrix_gives_an_image_for_each_value() -> None:
    text = """
jobs:
  test:
    parameters: {v: {type: string}}
    docker: [{image: "node:<< parameters.v >>"}]
    steps: [checkout]
workflows:
  w:
    jobs:
      - test: {matrix: {parameters: {v: ["20", lts]}}}
      - test: {name: other, v: "22"}
"""
    assert [tag for _, tag, _, _ in images(text)] == ["20", "lts", "22"]
    assert [image.span.form for image in facts(text) if isinstance(image, Image)] == ["variable"] * 3


def test_an_image_that_is_one_parameter_stands_at_its_default() -> None:
    text = """
parameters: {img: {type: string, default: 'node:latest'}}
jobs:
  a: {docker: [{image: << pipeline.parameters.img >>}], steps: [checkout]}
"""
    (image,) = [fact for fact in facts(text) if isinstance(fact, Image)]

    assert text[image.span.start : image.span.end] == "latest"
    assert text[image.related[0].span.start : image.related[0].span.end] == "<< pipeline.parameters.img >>"


def test_an_inline_orb_is_read_with_its_own_orbs() -> None:
    text = """
orbs:
  mine:
    orbs: {python: circleci/python@2.1.1}
    executors: {default: {docker: [{image: "cimg/python:3.9"}]}}
    commands: {greet: {steps: [{run: "pip install twine"}]}}
    jobs: {test: {docker: [{image: "cimg/python:3.7"}], steps: [greet]}}
jobs:
  a: {executor: mine/default, steps: [mine/greet]}
workflows: {w: {jobs: [mine/test, a]}}
"""
    found = facts(text)

    assert pipelines.components(found) == [("orb", "circleci/python", "semver-full")]
    assert pipelines.images(found) == [
        ("cimg/python", "3.9", "job", "a"),
        ("cimg/python", "3.7", "job", "mine/test"),
    ]
    assert [fact.job for fact in found if isinstance(fact, Command)] == ["a", "mine/test"]


def test_orbs_of_every_kind() -> None:
    text = """
orbs:
  a: acme/a@1.2.3
  b: acme/b@1.2
  c: acme/c@volatile
  d: acme/d@dev:first
  e: acme/e
  f: https://orbs.example.com/f.yml
  g: acme/g@<< pipeline.parameters.v >>
"""
    found = [fact for fact in facts(text) if isinstance(fact, Component)]

    kinds = ["semver-full", "semver-partial", "latest-alias", "dev", "none", "none", UNKNOWN]
    assert [fact.ref_kind for fact in found] == kinds
    assert {fact.owner for fact in found[:5]} == {"acme"}


def test_several_merge_keys_and_anchors() -> None:
    text = """
aliases:
  - &base {docker: [{image: "node:18"}]}
  - &env {environment: {NODE_ENV: production}}
x-unused: {docker: [{image: "ruby:3"}]}
jobs:
  build:
    <<: *base
    <<: *env
    steps: [checkout]
"""
    assert images(text) == [("node", "18", "job", "build"), ("ruby", "3", "job", "")]


def test_a_machine_is_no_image_and_a_docker_engine_is_a_tool() -> None:
    text = """
jobs:
  a:
    machine: {image: "ubuntu-2204:current"}
    resource_class: acme/big
    steps: [{setup_remote_docker: {version: 20.10.24}}]
"""
    found = facts(text)

    assert pipelines.images(found) == []
    assert pipelines.jobs(found)["a"].self_hosted is True
    assert [(fact.name, fact.firmness) for fact in found if isinstance(fact, Dependency)] == [("docker", "exact")]


def test_commands_of_the_file_are_read_where_they_are_used() -> None:
    text = """
commands:
  push:
    parameters: {tag: {type: string, default: latest}}
    steps:
      - when: {condition: true, steps: [{run: "docker push registry.example.com/acme/api:<< parameters.tag >>"}]}
  spare: {steps: [{run: "docker pull busybox"}]}
jobs:
  a: {docker: [{image: "a:1.0.0"}], steps: [push, push: {tag: v1}]}
"""
    pushed = [(fact.tag, fact.role, fact.job, fact.step) for fact in facts(text) if isinstance(fact, Image)][1:]

    assert pushed == [("latest", "pushed", "a", 0), ("v1", "pushed", "a", 1), ("", "pulled", "", -1)]
    assert [fact.guarded for fact in facts(text) if isinstance(fact, Publish)] == [True, True]


def test_heredocs_and_other_shells() -> None:
    text = """
jobs:
  a:
    docker: [{image: "a:1.0.0"}]
    steps:
      - run: |
          cat <<EOF >> notes
          docker push x
          EOF
          bash \\<<EOF
          docker pull alpine
          EOF
      - run: {shell: python3, command: "docker pull alpine"}
      - run: {shell: pwsh, command: "docker pull debian"}
      - run: {shell: "/bin/bash -e", command: "docker pull busybox"}
"""
    assert [name for name, _, role, _ in images(text) if role != "job"] == ["alpine", "debian", "busybox"]


REACH = [
    ("[a]", ("branch", "pull_request"), False, ""),
    ("[{a: {filters: {branches: {only: main}}}}]", ("branch",), False, ""),
    ("[{a: {filters: {tags: {only: /^v.*/}}}}]", ("branch", "pull_request", "tag"), False, ""),
    ("[{a: {filters: {tags: {only: /^v.*/}, branches: {ignore: /.*/}}}}]", ("tag",), False, ""),
    ("[b, {a: {requires: [b], filters: {tags: {only: /^v.*/}, branches: {ignore: /.*/}}}}]", (), False, "b"),
    ("[{a: {filters: pipeline.git.branch == 'main'}}]", ("branch", "pull_request"), True, ""),
]


@pytest.mark.parametrize(("entries", "events", "guarded", "blocked"), REACH)
def test_what_reaches_a_job(entries: str, events: tuple[str, ...], guarded: bool, blocked: str) -> None:
    text = f"jobs: {{a: {{steps: [checkout]}}, b: {{steps: [checkout]}}}}\nworkflows: {{w: {{jobs: {entries}}}}}\n"
    job = pipelines.jobs(facts(text))["a"]

    assert (job.events, job.guarded, job.tag_blocked_by) == (events, guarded, blocked)


def test_an_approval_is_no_job_and_a_gate_for_those_behind_it() -> None:
    text = """
jobs: {a: {steps: [checkout]}, b: {steps: [checkout]}, c: {steps: [checkout]}}
workflows:
  w:
    jobs:
      - hold: {type: approval}
      - a: {requires: [hold]}
      - b: {requires: [a], context: [npm, "<< pipeline.parameters.c >>"]}
      - c
  nightly: {triggers: [{schedule: {cron: "0 0 * * *"}}], jobs: [c]}
"""
    found = pipelines.jobs(facts(text))

    assert [(job.environment, [use.name for use in job.secrets]) for job in found.values()] == [
        ("hold", []), ("hold", ["npm"]), ("", []),
    ]  # fmt: skip
    assert found["c"].events == ("branch", "pull_request", "schedule")


def test_known_orbs_push_and_log_in() -> None:
    text = """
orbs: {docker: circleci/docker@2.8.2, ecr: circleci/aws-ecr@9.3.7}
jobs:
  a: {machine: {image: default}, steps: [docker/check, {docker/push: {image: acme/api, tag: latest}}]}
workflows:
  w:
    jobs:
      - a
      - docker/publish: {image: acme/web, registry: registry.example.com}
      - ecr/build_and_push_image: {repo: acme/x, tag: "1.0.0"}
"""
    found = facts(text)
    pushed = [fact for fact in found if isinstance(fact, Image) and fact.role == "pushed"]

    assert [(fact.host, fact.repository, fact.tag, fact.job) for fact in pushed] == [
        ("docker.io", "acme/api", "latest", "a"),
        ("registry.example.com", "acme/web", UNKNOWN, "docker/publish"),
        (UNKNOWN, UNKNOWN, "1.0.0", "ecr/build_and_push_image"),
    ]
    assert [(fact.host, fact.cloud) for fact in found if isinstance(fact, Login)] == [
        ("docker.io", False),
        (UNKNOWN, True),
    ]


def test_passwords_beside_an_image() -> None:
    text = """
jobs:
  a:
    docker:
      - image: acme/x:1.0.0
        auth: {username: ci, password: Sommer2024x}
      - {image: "acme/y:1.0.0", auth: {username: ci, password: $PASSWORD}}
    environment: {TWINE_PASSWORD: Sommer2024x}
    steps: [checkout]
"""
    found = [(fact.key, fact.form, fact.job) for fact in facts(text) if isinstance(fact, Credential)]

    assert found == [
        ("TWINE_PASSWORD", "literal", "a"), ("auth.password", "literal", "a"), ("auth.password", "reference", "a"),
    ]  # fmt: skip


HOSTILE = [
    "[",
    "jobs: {a: [x]}",
    "orbs: [a]",
    "workflows: {w: {jobs: {a: b}}}",
    "jobs: &j {a: {steps: *j}}",
    "commands: {a: {steps: [a, a]}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_configuration_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, (Job, Unreadable))] == []


def test_commands_that_call_each_other_end() -> None:
    text = "commands:\n" + "".join(
        f"  c{n}: {{steps: [c{n + 1}, c{n + 1}, c{n + 1}, {{run: 'docker pull a'}}]}}\n" for n in range(12)
    )

    assert len(facts(text)) < 20_000


def test_jobs_that_require_each_other_end_and_long_chains_are_followed() -> None:
    ring = "workflows: {w: {jobs: [{a: {requires: [b], filters: {tags: {only: /x/}}}}, {b: {requires: [a]}}]}}\n"
    chain = "".join(f"      - j{n}: {{requires: [j{n - 1}]}}\n" for n in range(3000))
    text = (
        "jobs: {j2999: {steps: [checkout]}}\nworkflows:\n  w:\n    jobs:\n      - hold: {type: approval, name: j-1}\n"
    )

    assert pipelines.jobs(facts("jobs: {a: {steps: [checkout]}}\n" + ring))["a"].tag_blocked_by == "b"
    assert pipelines.jobs(facts(text + chain))["j2999"].environment == "j-1"
