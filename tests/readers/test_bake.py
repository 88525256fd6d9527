"""Docker Bake files in HCL and JSON: outputs, contexts, caches, arguments, variables."""

# ruff: noqa: E501, ISC004 - a file in one line is easier to compare with its facts

from __future__ import annotations

import pytest

from relcheck.facts import Command, Component, Credential, Download, Image, Unreadable
from tests.readers.reading import facts_of, lines_of

DIGEST = "sha256:" + "0a" * 32
IMAGES = {
    "tags with a default": (
        'variable "TAG" {\n  default = "latest"\n}\ntarget "a" {\n  tags = ["acme/x:${TAG}", "acme/y"]\n}\n',
        ["5:19 output acme/x:${TAG} latest defaulted", "5:29 output acme/y - literal"],
    ),
    "an empty default waits for a value": (
        'variable "T" { default = "" }\ntarget "a" { tags = ["a/b:${T}", "a/b:${T}-full"] }\n',
        ["2:23 output a/b:${T} unknown partial", "2:35 output a/b:${T}-full unknown partial"],
    ),
    "no default, and one that is null": (
        'variable "T" {}\nvariable "U" { default = null }\ntarget "a" { tags = ["a/b:${T}", "a/b:${U}", U] }\n',
        [
            "3:23 output a/b:${T} unknown partial",
            "3:35 output a/b:${U} unknown partial",
            "3:46 output U unknown unknown",
        ],
    ),
    "both arms of a condition, and what concat joins": (
        'target "a" { tags = X != "" ? ["a/b:1"] : concat(["a/c:2"], Y) }\n',
        ["1:37 output a/b:1 1 literal", "1:56 output a/c:2 2 literal", "1:61 output Y unknown unknown"],
    ),
    "contexts, a cache in CSV and as an object, a frontend": (
        'target "a" {\n  contexts = { b = "docker-image://alpine:3", c = "target:d", e = "../e" }\n'
        '  cache-from = ["type=registry,ref=a/c:1", "a/d", { type = "registry", ref = "a/e" }, "type=gha"]\n'
        '  args = { BUILDKIT_SYNTAX = "docker/dockerfile:1", N = null }\n}\n',
        [
            "2:43 mount docker-image://alpine:3 3 literal",
            "3:40 cache a/c:1 1 literal",
            "3:45 cache a/d - literal",
            "3:79 cache a/e - literal",
            "4:49 frontend docker/dockerfile:1 1 literal",
        ],
    ),
    "names of an output, in quotes": (
        'target "a" { output = ["type=image,\\"name=a/b:1,c/d:2\\",push=true", "type=local,dest=x"] }\n',
        ["1:47 output a/b:1 1 literal", "1:53 output c/d:2 2 literal"],
    ),
    "a Dockerfile in a heredoc": (
        'target "a" {\n  dockerfile-inline = <<-EOT\n    FROM alpine:3.22\n    RUN true\n  EOT\n}\n',
        ["3:17 final alpine:3.22 3.22 literal"],
    ),
    "functions are not known, an escaped brace is text": (
        'target "a" { tags = ["a/b:${replace(T, "/", "-")}", upper("x"), "a/$${b}:1"] }\n',
        [
            '1:23 output a/b:${replace(T, "/", "-")} unknown partial',
            '1:53 output upper("x") unknown unknown',
            "1:74 output a/$${b}:1 1 literal",
        ],
    ),
    "for loops are not known": (
        'target "a" { tags = [for x in y : "a/b:${x}"] }\n',
        ['1:21 output ${[for x in y : "a/b:${x}"]} unknown unknown'],
    ),
}


@pytest.mark.parametrize("case", IMAGES)
def test_images(case: str) -> None:
    text, expected = IMAGES[case]

    assert lines_of("bake", "docker-bake.hcl", text, Image, "role", "written", "tag", "state") == expected


def test_json_says_the_same() -> None:
    text = '{"variable": {"T": {"default": "1"}}, "target": {"a": {"tags": ["a/b:${T}"], "contexts": {"c": "docker-image://d:2"}}}}'

    assert lines_of("bake", "docker-bake.json", text, Image, "role", "written", "tag") == [
        "1:70 output a/b:${T} 1",
        "1:114 mount docker-image://d:2 2",
    ]


def test_contexts_of_others_and_archives() -> None:
    text = 'target "a" {\n  context = "https://github.com/o/r.git#main"\n  contexts = { x = "https://files.acme.io/x.tar.gz" }\n}\n'

    assert lines_of("bake", "b.hcl", text, Component, "name", "ref", "ref_kind") == ["2:41 o/r main branch"]
    assert lines_of("bake", "b.hcl", text, Download, "host", "verified_by") == ["3:21 files.acme.io -"]


def test_a_local_context_tells_link_where_its_dockerfile_is() -> None:
    text = (
        'target "a" {\n  context = "app"\n  dockerfile = "D"\n  contexts = { alpine = "docker-image://alpine:3" }\n}\n'
    )

    (context,) = [fact for fact in facts_of("bake", "b.hcl", text) if isinstance(fact, Component)]

    assert (context.name, [(o.name, o.value) for o in context.inputs]) == (
        "app",
        [("dockerfile", "D"), ("context:alpine", "docker-image://alpine:3")],
    )


def test_what_is_pushed_and_which_secrets_are_handed_on() -> None:
    text = (
        'variable "NPM_TOKEN" { default = "abcd1234efgh" }\n'
        'target "a" {\n  tags = ["a/b"]\n  output = ["type=registry"]\n  args = { T_TOKEN = NPM_TOKEN, V = "1" }\n}\n'
    )
    found = facts_of("bake", "b.hcl", text)

    assert [fact.push for fact in found if isinstance(fact, Image)] == [True]
    assert [(f.kind, f.key, f.form) for f in found if isinstance(f, Credential)] == [
        ("env", "NPM_TOKEN", "literal"),
        ("build-arg", "T_TOKEN", "literal"),
    ]


def test_quoted_attributes_and_a_script_in_an_inline_dockerfile() -> None:
    text = 'target "a" {\n  "tags" = ["a/b:1"]\n  dockerfile-inline = "FROM a/c:1\\nRUN npm ci\\n"\n}\n'

    assert lines_of("bake", "b.hcl", text, Command, "written") == ["3:40 npm ci"]
    assert lines_of("bake", "b.hcl", text, Image, "written") == ["2:18 a/b:1", "3:33 a/c:1"]


@pytest.mark.parametrize(
    "text", ['target "a" {', "]]]", 'target "a" { tags = [ }', "{" * 3000, "[" * 3000, "a = " * 500, ""]
)
def test_bad_input_gives_a_fault_at_most(text: str) -> None:
    found = facts_of("bake", "docker-bake.hcl", text)

    assert all(isinstance(fact, Unreadable) for fact in found)
