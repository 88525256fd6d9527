"""Development containers: images, features by tag and digest, commands, the lock file."""

from __future__ import annotations

import pytest

from relcheck.facts import Command, Component, Dependency, Download, Image, Package, Unreadable
from tests.readers.reading import facts_of, lines_of

TEXT = """// the team's container
{
\t"image": "mcr.microsoft.com/devcontainers/go:1", /* a comment: "image": "x" */
\t"build": {"dockerfile": "../Dockerfile", "context": "..", "cacheFrom": ["a/b:c"], "args": {"V": "1"}},
\t"features": {
\t\t"ghcr.io/devcontainers/features/go:1": {"version": "latest"},
\t\t"ghcr.io/devcontainers/features/node": "22.11.0",
\t\t"https://files.acme.io/a.tgz": {}, "./local": {}, "fish": "none", "o/r/f@v1": {},
\t},
\t"postCreateCommand": "npm ci && echo // no comment",
\t"onCreateCommand": ["docker", "pull", "alpine:3"],
\t"postStartCommand": {"a": "make", "b": ["go", "build"]},
}
"""


def test_images_and_features() -> None:
    assert lines_of("devcontainer", "devcontainer.json", TEXT, Image, "role", "name", "tag") == [
        "3:47 run mcr.microsoft.com/devcontainers/go 1",
        "4:79 cache a/b c",
        "6:38 artifact ghcr.io/devcontainers/features/go 1",
        "7:4 artifact ghcr.io/devcontainers/features/node -",
        "11:48 pulled alpine 3",
    ]


def test_other_forms_of_features() -> None:
    assert lines_of("devcontainer", "devcontainer.json", TEXT, Component, "system", "kind", "name", "ref") == [
        "4:27 docker context .. -",
        "8:54 devcontainer feature fish -",
        "8:76 devcontainer feature o/r/f v1",
    ]
    assert lines_of("devcontainer", "devcontainer.json", TEXT, Download, "host", "executed_by") == [
        "8:4 files.acme.io devcontainer"
    ]
    assert lines_of("devcontainer", "devcontainer.json", TEXT, Dependency, "name", "constraint", "firmness") == [
        "6:55 go latest tag",
        "7:43 node 22.11.0 exact",
    ]


def test_commands_in_all_forms() -> None:
    assert lines_of("devcontainer", "devcontainer.json", TEXT, Command, "written") == [
        "11:23 docker pull alpine:3",
        "10:24 npm ci",
        "12:29 make",
        "12:43 go build",
    ]


def test_the_dockerfile_is_named_from_its_context() -> None:
    (context,) = [
        fact for fact in facts_of("devcontainer", "devcontainer.json", TEXT)
        if isinstance(fact, Component) and fact.system == "docker"
    ]  # fmt: skip

    assert [(option.name, option.value) for option in context.inputs] == [("dockerfile", "Dockerfile"), ("arg:V", "1")]


def test_variables_with_and_without_a_default() -> None:
    text = '{"image": "a/b:${localEnv:TAG:latest}", "build": {"cacheFrom": "a/c:${localEnv:T}"}}'

    assert lines_of("devcontainer", "devcontainer.json", text, Image, "written", "tag", "state") == [
        "1:31 a/b:${localEnv:TAG:latest} latest defaulted",
        "1:65 a/c:${localEnv:T} unknown partial",
    ]


def test_a_feature_is_a_package_and_a_lock_file_names_digests() -> None:
    feature = (
        '{"id": "tool", "version": "1.2.0", "dependsOn": {"ghcr.io/a/b/c:2": {}}, "installsAfter": ["ghcr.io/a/b/d"]}'
    )
    lock = '{"features": {"ghcr.io/a/b/c:2": {"version": "2.1.0", "integrity": "sha256:' + "0a" * 32 + '"}}}'

    assert lines_of("devcontainer", "src/devcontainer-feature.json", feature, Package, "name", "version") == [
        "1:28 tool 1.2.0"
    ]
    assert lines_of("devcontainer", "src/devcontainer-feature.json", feature, Image, "name") == ["1:65 ghcr.io/a/b/c"]
    assert lines_of("devcontainer", ".devcontainer/devcontainer-lock.json", lock, Component, "name") == [
        "1:16 ghcr.io/a/b/c:2"
    ]


@pytest.mark.parametrize("text", ["{", "[1]", "", '{"image": ', "// x", "/* open", '{"a": "\\', "{" * 3000])
def test_bad_input_gives_a_fault_at_most(text: str) -> None:
    assert all(isinstance(fact, Unreadable) for fact in facts_of("devcontainer", "devcontainer.json", text))
