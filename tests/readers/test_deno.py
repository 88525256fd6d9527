"""deno.json and jsr.json."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import Command, Dependency, Unreadable
from relcheck.readers import deno_json
from tests.readers.places import packages, read_checked

TEXT = """{
  // a comment
  "name": "@acme/thing",
  "version": "1.2.3",
  "exports": "./mod.ts",
  "imports": {
    "chalk": "npm:chalk@5.0.0",
    "@std/path": "jsr:@std/path@^1.0.0/posix",
    "any": "npm:@s/any",
    "web": "https://deno.example.com/std@0.200.0/mod.ts",
    "own": "./own.ts"
  },
  "scopes": {"./x/": {"y": "npm:y@latest"}},
  "tasks": {"a": "deno publish", "b": {"command": "docker push registry.example.com/a:1"}},
}
"""


def test_package_imports_and_tasks() -> None:
    facts = read_checked(deno_json, TEXT, "deno.json")

    (package,) = packages(facts)
    assert (package.ecosystem, package.name, package.version, package.private) == ("jsr", "@acme/thing", "1.2.3", False)
    assert [(f.ecosystem, f.name, f.firmness, f.source) for f in facts if isinstance(f, Dependency)] == [
        ("npm", "chalk", "exact", "registry"),
        ("jsr", "@std/path", "range", "registry"),
        ("npm", "@s/any", "any", "registry"),
        ("deno", "web", "url", "url"),
        ("npm", "y", "tag", "registry"),
    ]
    assert {f.program for f in facts if isinstance(f, Command)} >= {"deno", "docker"}


def test_a_configuration_is_no_package() -> None:
    assert packages(read_checked(deno_json, '{"fmt": {}}', "deno.json")) == []
    assert [type(fact) for fact in read_checked(deno_json, '{"a": ', "deno.json")] == [Unreadable]


@given(st.text(alphabet='{}":,/*npmjsr@^1 \n', max_size=100))
def test_any_text_is_read_without_exception(text: str) -> None:
    read_checked(deno_json, text, "deno.json")
