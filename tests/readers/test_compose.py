"""Compose files: what runs, what is built, which variables matter, and what is said once."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Component, Copy, Credential, Fact, Image, Unreadable
from relcheck.forms import decode_form
from relcheck.readers.compose import read
from relcheck.source import Source


def facts(text: str) -> list[Fact]:
    return list(read(Source("compose.yaml", text)))


def images(text: str) -> list[tuple[str, str, str]]:
    """Return line:column, role and written reference of each image."""
    source = Source("compose.yaml", text)
    out = []
    for fact in read(source):
        if isinstance(fact, Image):
            place = source.position(fact.span.start)
            out.append((f"{place.line}:{place.column}", fact.role, fact.written))
    return out


@pytest.mark.parametrize(
    ("environment", "ports", "own"),
    [
        ("[HOST=localhost:9000]", "['9000:80']", True),
        ("{URL: 'http://127.0.0.1:${PORT:-9000}/x'}", "[{published: 9000, target: 80}]", True),
        ("{URL: 'http://[::1]:9000'}", "['0.0.0.0:9000:80/tcp']", True),
        ("{URL: 'http://localhost:80'}", "['9000:80']", False),  # itself, inside the container
        ("{URL: 'http://localhost'}", "[{target: 80}, '80']", False),
        ("{URL: 'http://acme.example.com:9000'}", "['9000:80']", False),
        ("[HOST]", "['9000:80']", False),
    ],
)
def test_services_that_are_told_they_are_reached_at_localhost(environment: str, ports: str, own: bool) -> None:
    text = f"services:\n  a: {{image: x, environment: {environment}}}\n  b: {{image: y, ports: {ports}}}\n"

    assert [fact.own_machine for fact in facts(text) if isinstance(fact, Image)] == [own, own]


BUILD = """services:
  a:
    build:
      context: .
      tags: ['x/y:1']
      cache_from: [z:1, 'type=registry,ref=q/r:c', 'type=gha']
      additional_contexts: ['base=docker-image://alpine:3', 'src=./x', 'o=service:b']
"""
OTHERS = """services:
  a:
    pre_start: [{image: h:1}]
    volumes: [{type: image, source: v:1}, './x:/y']
models: {m: {model: ai/smollm2:1}}
include: ['oci://docker.io/a/b:1', ./other.yaml]
"""
IMAGES = {
    "a service that runs an image": ("services:\n  web:\n    image: nginx:1.27\n", [("3:18", "run", "nginx:1.27")]),
    "an image beside build is what is built": (
        "services:\n  web: {image: acme/api, build: .}\n",
        [("2:16", "output", "acme/api")],
    ),
    "flow style, quoted keys, JSON": ('{"services": {"a": {"image": "b:1"}}}', [("1:33", "run", "b:1")]),
    "services of the first version": ("web:\n  image: nginx:1\n", [("2:16", "run", "nginx:1")]),
    "services of the first version that extend others": (
        "web:\n  image: nginx:1\nworker:\n  extends: {service: web}\n",
        [("2:16", "run", "nginx:1")],
    ),
    "what bake reads beside": (
        (
            "services:\n  a:\n    build:\n      context: .\n      x-bake:\n        tags: [a/b:1]\n"
            "        cache-from: [type=gha, 'type=registry,ref=a/c:2']\n        contexts: {x: 'docker-image://d:3'}\n"
        ),
        [("6:20", "output", "a/b:1"), ("7:55", "cache", "a/c:2"), ("8:41", "mount", "docker-image://d:3")],
    ),
    "no services at all": ("a:\n  b: 1\nversion: '3'\n", []),
    "an image taken back": ("services: {a: {image: !reset null}}\n", []),
    "no image": ("services:\n  a: {image: }\n  b: {image: ''}\n  c:\n", []),
    "a merged image is said once": (
        "x-a: &a\n  image: n:1\nservices:\n  b: {<<: *a}\n  c:\n    <<: [*a]\n    image: m:2\n",
        [("2:12", "run", "n:1"), ("7:14", "run", "m:2")],
    ),
    "a whole service behind an alias": (
        "services:\n  a: &a {image: n:1}\n  b: *a\n",
        [("2:19", "run", "n:1")],
    ),
    "tags, caches and named contexts of a build": (
        BUILD,
        [("5:19", "output", "x/y:1"), ("6:22", "cache", "z:1"), ("6:48", "cache", "q/r:c"),
         ("7:57", "mount", "docker-image://alpine:3")],
    ),
    "the frontend of a build": (
        "services: {a: {build: {args: {BUILDKIT_SYNTAX: docker/dockerfile:1.7}}}}\n",
        [("1:66", "frontend", "docker/dockerfile:1.7")],
    ),
    "hooks, volumes and models": (
        OTHERS,
        [("3:27", "run", "h:1"), ("4:39", "mount", "v:1"), ("5:32", "artifact", "ai/smollm2:1"),
         ("6:32", "artifact", "oci://docker.io/a/b:1")],
    ),
    "a Dockerfile written inside": (
        "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM a AS b\n        FROM b\n        RUN x $$X\n",
        [("5:14", "final", "a")],
    ),
    "a folded value": ("services:\n  a:\n    image: >-\n      nginx:1\n", [("4:13", "run", "nginx:1")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IMAGES.values(), ids=IMAGES.keys())
def test_images(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert images(text) == expected


VARIABLES = [
    ("a/b:${TAG}", "tag", UNKNOWN, "partial"),
    ("a/b:${TAG:-latest}", "tag", "latest", "defaulted"),
    ("a/b:${TAG?say it}", "tag", UNKNOWN, "partial"),
    ("${REG}/b:latest", "tag", "latest", "partial"),
    ("${IMAGE-b:1}", "tag", "1", "defaulted"),
    ("${A:-${B:-c}}:1", "name", "c", "defaulted"),
    ("$IMAGE", "name", UNKNOWN, "unknown"),
    ("a:1", "tag", "1", "literal"),
]


@pytest.mark.parametrize(("written", "field", "value", "state"), VARIABLES)
def test_variables(written: str, field: str, value: object, state: str) -> None:
    (found,) = (fact for fact in facts(f"services: {{a: {{image: '{written}'}}}}\n") if isinstance(fact, Image))

    assert (getattr(found, field), found.state) == (value, state)
    assert found.raw == ("" if state == "literal" else written)


def test_the_text_of_an_inline_default_keeps_its_own_place() -> None:
    text = "services: {a: {image: 'x/y:${TAG:-latest}'}}\n"

    (found,) = (fact for fact in facts(text) if isinstance(fact, Image))

    assert text[found.span.start : found.span.end] == "latest"
    assert decode_form(text[slice(*found.parts["raw"][:2])], found.parts["raw"].form) == found.raw


def test_a_service_that_runs_what_another_builds_is_built_here() -> None:
    text = "services:\n  a: {image: acme/api, build: .}\n  b: {image: acme/api}\n  c: {image: other}\n"

    assert [fact.build_here for fact in facts(text) if isinstance(fact, Image)] == [True, True, False]


def test_the_context_of_a_build() -> None:
    text = (
        "services:\n  a: {build: ./app}\n"
        "  b: {build: {context: ., dockerfile: docker/D, additional_contexts: {x: ../x}}}\n"
        "  c: {build: 'https://github.com/acme/app.git#main:sub'}\n"
    )

    found = [fact for fact in facts(text) if isinstance(fact, Component)]

    assert [(fact.system, fact.kind, fact.name, fact.ref, fact.local) for fact in found] == [
        ("docker", "context", "./app", "", True),
        ("docker", "context", ".", "", True),
        ("git", "context", "acme/app", "main", False),
    ]
    assert [(option.name, option.value) for option in found[1].inputs] == [
        ("dockerfile", "docker/D"),
        ("context:x", "../x"),
    ]


ARGUMENTS = [
    ("{NPM_TOKEN: '${NPM_TOKEN}'}", [("NPM_TOKEN", "reference")]),
    ("['NPM_TOKEN=$NPM_TOKEN', 'VERSION=1']", [("NPM_TOKEN", "reference")]),
    ("{AUTH: '${GITHUB_TOKEN}'}", [("AUTH", "reference")]),
    ("{DB_PASSWORD: hunter2-and-more}", [("DB_PASSWORD", "literal")]),
    ("{NPM_TOKEN: ''}", []),
    ("[NPM_TOKEN]", []),
    ("{VERSION: '${VERSION}', TOKEN_FILE: /x}", []),
]


@pytest.mark.parametrize(("args", "expected"), ARGUMENTS)
def test_secrets_in_build_arguments(args: str, expected: list[tuple[str, str]]) -> None:
    found = [fact for fact in facts(f"services: {{a: {{build: {{args: {args}}}}}}}\n") if isinstance(fact, Credential)]

    assert [(fact.key, fact.form) for fact in found] == expected
    assert all(fact.kind == "build-arg" and "hunter2-a" not in repr(fact) for fact in found)


def test_an_inline_dockerfile_gives_all_its_facts() -> None:
    text = 'services: {a: {build: {dockerfile_inline: "FROM a:1\\nCOPY . .\\n"}}}\n'

    assert [fact.whole for fact in facts(text) if isinstance(fact, Copy)] == [True]


def test_a_broken_file_is_unreadable_and_nothing_else_is() -> None:
    assert [type(fact) for fact in facts("services: [\n")] == [Unreadable]
    assert facts("- a\n") == []
    assert facts("services: 3\nmodels: [1]\ninclude: {}\n") == []


HOSTILE = [
    "services: &s\n  a: *s\n",
    "services:\n  a: &a\n    <<: *a\n    image: x\n",
    "services: {a: {build: {args: [[]], tags: {}, context: [], additional_contexts: 1}, volumes: x, image: []}}",
    "services: {a: {image: '" + "${A:-" * 500 + "'}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_raises(text: str) -> None:
    facts(text)
