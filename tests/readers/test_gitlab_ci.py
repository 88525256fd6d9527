"""GitLab CI: acceptance case 30 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Component, Fact, Image, Job, Publish
from relcheck.forms import decode_form
from relcheck.readers.gitlab_ci import read
from relcheck.source import Source


def facts(text: str) -> list[Fact]:
    source = Source(".gitlab-ci.yml", text)
    out = list(read(source))
    for fact in out:
        for name, span in fact.parts.items():
            if span.form not in ("variable", "composed") and name != "value":
                assert decode_form(text[span.start : span.end], span.form) == getattr(fact, name)
    return out


def images(text: str) -> list[tuple[object, object, str, str]]:
    return [(fact.name, fact.tag, fact.role, fact.job) for fact in facts(text) if isinstance(fact, Image)]


def test_images_and_services_stand_at_three_levels() -> None:
    text = """
image: a:1
default:
  image: {name: b:2, entrypoint: [""]}
  services: [{name: c, alias: x}, d:4]
.hidden:
  image: ${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine:3
job:
  extends: .hidden
  services: []
  script: [make]
"""
    assert images(text) == [
        ("a", "1", "job", ""),
        ("b", "2", "job", ""),
        ("c", "", "service", ""),
        ("d", "4", "service", ""),
        ("alpine", "3", "job", ".hidden"),
    ]


def test_variables_resolve_where_one_literal_decides() -> None:
    text = """
variables:
  TAG: latest
  IMG: {value: "python:3.13", description: x}
  OTHER: "1"
a: {image: "node:$TAG", script: [x]}
b: {image: $IMG, script: [x]}
c: {image: "node:$CI_COMMIT_SHA", script: [x]}
d: {image: "node:$OTHER", script: [x], rules: [{if: $CI_COMMIT_TAG, variables: {OTHER: "2"}}]}
e: {image: "node:$TAG", variables: {TAG: "20"}, script: [x]}
"""
    assert [(name, tag) for name, tag, _, _ in images(text)] == [
        ("node", "latest"), ("python", "3.13"), ("node", UNKNOWN), ("node", UNKNOWN), ("node", "20"),
    ]  # fmt: skip


def test_an_image_that_is_one_variable_stands_at_its_definition() -> None:
    text = "variables:\n  IMG: python:latest\na: {image: $IMG, script: [x]}\n"
    (image,) = [fact for fact in facts(text) if isinstance(fact, Image)]

    assert text[image.span.start : image.span.end] == "latest"
    assert text[image.related[0].span.start : image.related[0].span.end] == "$IMG"


def test_includes_of_every_kind() -> None:
    text = """
include:
  - local: /a.yml
  - /b.yml
  - template: Auto-DevOps.gitlab-ci.yml
  - https://git.example.com/o/r/-/raw/main/ci.yml
  - {remote: "https://git.example.com/o/r/raw/v1.2.3/ci.yml", integrity: sha256-x}
  - {project: acme/ci, file: /x.yml}
  - {project: acme/ci, file: [/x.yml], ref: main}
  - {project: acme/ci, file: /x.yml, ref: 0123456789012345678901234567890123456789}
  - component: gitlab.example.com/acme/build@~latest
  - component: $CI_SERVER_FQDN/acme/build/x@1.2.3
job:
  trigger: {include: [{project: acme/child, file: y.yml, ref: $REF}]}
"""
    found = [(fact.kind, fact.ref_kind, fact.verified) for fact in facts(text) if isinstance(fact, Component)]
    assert found == [
        ("remote", "branch", False),
        ("remote", "semver-full", True),
        ("include", "none", False),
        ("include", "branch", False),
        ("include", "sha", False),
        ("component", "latest-alias", False),
        ("component", "semver-full", False),
        ("include", UNKNOWN, False),
    ]


def test_a_spec_header_is_no_pipeline_and_gives_defaults() -> None:
    text = "spec:\n  inputs:\n    image: {default: 'node:latest'}\n---\njob:\n  image: $[[ inputs.image ]]\n  script: [x]\n"

    assert images(text) == [("node", "latest", "job", "job")]


def test_an_aliased_job_gives_its_image_once_and_references_parse() -> None:
    text = """
a: &a
  image: node:20
  script: &s [make, [one, two]]
b: *a
c:
  <<: *a
  script: [!reference [a, script], *s]
"""
    assert len(images(text)) == 1


REACH = [
    ("{script: [x]}", ("branch", "tag"), False),
    ("{script: [x], only: [tags]}", ("tag",), False),
    ("{script: [x], rules: [{if: $CI_COMMIT_TAG}]}", ("tag",), False),
    ("{script: [x], rules: [{if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"'}]}", ("merge_request",), False),
    ('{script: [x], rules: [{if: $X == "y"}]}', (), True),
    ("{script: [x], except: [tags]}", ("branch",), False),
]


@pytest.mark.parametrize(("body", "triggers", "guarded"), REACH)
def test_what_reaches_a_job(body: str, triggers: tuple[str, ...], guarded: bool) -> None:
    (job,) = [fact for fact in facts(f"job: {body}\n") if isinstance(fact, Job)]

    assert (job.triggers, job.guarded) == (triggers, guarded)


def test_a_script_is_one_shell_text_and_its_places_are_right() -> None:
    text = "job:\n  script:\n    - T=latest\n    - |\n      docker push registry.example.com/a:$T\n"
    commands = [fact for fact in facts(text) if isinstance(fact, Command)]
    pushed = [fact for fact in facts(text) if isinstance(fact, Image)]

    assert [command.program for command in commands] == ["docker"]
    assert commands[0].job == "job"
    assert [(image.role, image.tag) for image in pushed] == [("pushed", "latest")]


def test_a_release_keyword_publishes() -> None:
    (release,) = [fact for fact in facts("job: {script: [x], release: {tag_name: v1}}\n") if isinstance(fact, Publish)]

    assert (release.ecosystem, release.job) == ("gitlab-release", "job")
