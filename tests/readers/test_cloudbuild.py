"""Cloud Build and Dependabot: sections 6.9 and 5.3 of the format specification."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Credential, Fact, Image, Job, Publish, Registry, Unreadable, Updates
from tests.readers import pipelines


def facts(text: str) -> list[Fact]:
    return pipelines.facts("cloudbuild", "cloudbuild.yaml", text)


def test_builders_are_programs_and_substitutions_have_defaults() -> None:
    text = """
substitutions: {_TAG: latest, _NODE: "20"}
steps:
  - {name: gcr.io/cloud-builders/docker, args: [push, "registry.example.com/acme/x:${_TAG}"]}
  - {name: "node:$_NODE", entrypoint: npm, args: [publish]}
  - {name: "gcr.io/kaniko-project/executor:v1.23.0", args: ["--destination=registry.example.com/acme/y:$COMMIT_SHA"]}
  - {name: bash, entrypoint: bash, args: ["-c", "docker pull alpine:$$V && docker pull busybox"]}
  - {name: acme/tool, args: [docker, pull, x]}
  - {name: bash, script: "docker pull y"}
  - {name: python, script: "#!/usr/bin/env python\\nx"}
"""
    found = facts(text)

    images = [(fact.role, fact.name, fact.tag) for fact in found if isinstance(fact, Image)]
    assert images == [
        ("job", "gcr.io/cloud-builders/docker", ""),
        ("pushed", "registry.example.com/acme/x", "latest"),
        ("job", "node", "20"),
        ("job", "gcr.io/kaniko-project/executor", "v1.23.0"),
        ("pushed", "registry.example.com/acme/y", UNKNOWN),
        ("job", "bash", ""),
        ("pulled", "alpine", UNKNOWN),
        ("pulled", "busybox", ""),
        ("job", "acme/tool", ""),
        ("job", "bash", ""),
        ("pulled", "y", ""),
        ("job", "python", ""),
    ]
    assert [fact.ecosystem for fact in found if isinstance(fact, Publish)] == ["oci", "npm", "oci"]


def test_what_is_pushed_at_the_end_and_what_was_built_here() -> None:
    text = """
steps:
  - {name: gcr.io/cloud-builders/docker, args: [build, -t, "gcr.io/$PROJECT_ID/tool:latest", .]}
  - {name: "gcr.io/$PROJECT_ID/tool:latest", args: [run], secretEnv: [NPM_TOKEN]}
  - {name: bash, entrypoint: bash, args: [-c, "docker pull gcr.io/$PROJECT_ID/tool:latest || exit 0"]}
images: ["gcr.io/$PROJECT_ID/app:latest"]
artifacts: {npmPackages: [{repository: "https://npm.example.com/acme", packagePath: .}]}
availableSecrets: {secretManager: [{env: NPM_TOKEN, versionName: x}]}
"""
    found = facts(text)

    assert [fact.build_here for fact in found if isinstance(fact, Image) and fact.role in ("job", "pulled")] == [
        False, True, False, True,
    ]  # fmt: skip
    assert [(fact.ecosystem, fact.host) for fact in found if isinstance(fact, Publish)] == [
        ("oci", "gcr.io"), ("npm", "npm.example.com"),
    ]  # fmt: skip
    assert [(fact.purpose, fact.host) for fact in found if isinstance(fact, Registry)] == [
        ("publish", "npm.example.com")
    ]
    (job,) = pipelines.jobs(found).values()
    assert (job.guarded, {use.name for use in job.secrets}) == (True, {"NPM_TOKEN"})


def test_dependabot_waits_or_does_not_and_its_registries_have_secrets() -> None:
    text = """
version: 2
registries:
  npm: {type: npm-registry, url: "https://npm.example.com", token: "${{secrets.T}}", replaces-base: true}
  hub: {type: docker-registry, url: "https://registry.example.com", username: ci, password: Sommer2024x}
updates:
  - {package-ecosystem: npm, directory: /, cooldown: {default-days: 7}}
  - {package-ecosystem: docker, directories: [/, /a], insecure-external-code-execution: allow}
  - {package-ecosystem: pip, directory: /, cooldown: {default-days: 0}}
"""
    found = pipelines.facts("dependabot", ".github/dependabot.yml", text)

    assert [(fact.ecosystem, fact.cooldown, fact.external_code) for fact in found if isinstance(fact, Updates)] == [
        ("npm", True, False), ("docker", False, True), ("pip", False, False),
    ]  # fmt: skip
    registries = [(fact.ecosystem, fact.purpose, fact.host) for fact in found if isinstance(fact, Registry)]
    assert registries == [("npm", "index", "npm.example.com"), ("oci", "container", "registry.example.com")]
    assert [(fact.key, fact.form) for fact in found if isinstance(fact, Credential)] == [
        ("token", "reference"), ("password", "literal"),
    ]  # fmt: skip


HOSTILE = [
    "[",
    "steps: x",
    "steps: [x, {name: [a], args: {b: c}}]",
    "updates: [x]",
    "registries: [x]",
    "images: {a: b}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_neither_gives_nothing(text: str) -> None:
    found = [*facts(text), *pipelines.facts("dependabot", ".github/dependabot.yml", text)]
    assert [fact for fact in found if not isinstance(fact, (Command, Job, Unreadable))] == []
