"""The pages that are made from the code are current, and every kind of fact that a reader can make has a fixture."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from relcheck.facts import KIND_OF
from relcheck.readers import FORMATS, read_source
from relcheck.rules import load_rules
from relcheck.source import Source
from tests.conftest import ROOT
from tests.format_rules import SETTLE_ONLY, rules_by_format
from tests.made_kinds import made_by
from tests.properties.places import fixtures, format_fixtures

PAGES = ("rule-list.md", "formats.md", "format-rules.md", "places.md")
MODULES = sorted({form.module for form in FORMATS})
NEVER_YIELDED = {
    ("bake", "registry"): "variables are asked for secrets only",
    ("helm_values", "registry"): "values are asked for secrets only",
    ("git_credentials", "registry"): "the reader of submodules calls it for those; `gitmodules` has the fixture",
    ("github_action", "expansion"): "what an action pastes depends on the events of the workflows that use it",
}
"""Kinds that a helper makes, but never for this reader; each with the reason."""
HANDED_ON = {
    "compose": "Dockerfiles in `dockerfile_inline`",
    "registry_clients": "what files of container engines say beside logins",
    "documents": "pipelines, compose files, kustomizations",
    "helm_values": "objects in files that are named like values",
    "gitmodules": "the reader of URLs with credentials",
    "tox": "the commands of environments, which are shell text",
    "setup_cfg": "the commands of tox's environments",
    "cargo_config": "aliases, which are commands of Cargo",
    "env_file": "the commands of direnv's file, which are shell text",
    "shell": "files that scripts write",
    "justfile": "the lines of recipes and processes, which are shell text",
    "taskfile": "the commands of tasks, which are shell text",
    "appveyor": "the texts of scripts, for a shell and for PowerShell",
    "packer": "the commands of provisioners, which are shell text",
    "tilt": "the commands of a Tiltfile, which are shell text",
    "rakefile": "commands in Ruby, which are shell text",
}
"""Readers that call the reader of another format, whose kinds come out here too."""


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def pages() -> dict[Path, str]:
    made: dict[Path, str] = _generator().pages()
    return made


@cache
def yielded_by(module: str) -> set[str]:
    """Return the kinds of fact that a reader itself yields in the fixtures; no search for secrets adds to them."""
    formats = {form.name for form in FORMATS if form.module == module}
    texts = [fixture for fixture in fixtures() if fixture.format in formats]
    found = (read_source(text.format, Source.from_bytes(text.path, text.text.encode("utf-8"))) for text in texts)
    return {KIND_OF[type(fact)] for facts in found for fact in facts} - {"unreadable"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_from_the_code_is_current(name: str) -> None:
    path = ROOT / "docs" / name

    assert path.read_text(encoding="utf-8") == pages()[path], "run: python docs/generate.py"


@pytest.mark.parametrize("module", MODULES)
def test_every_kind_that_a_reader_makes_has_a_fixture(module: str) -> None:
    never = {kind for (name, kind) in NEVER_YIELDED if name == module}

    assert made_by(module) - {"unreadable"} - never - yielded_by(module) == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_reader_yields_what_its_code_does_not_make(module: str) -> None:
    unknown = yielded_by(module) - made_by(module)

    assert unknown == set() or module in HANDED_ON


def test_exceptions_are_needed() -> None:
    assert [known for known in NEVER_YIELDED if known[1] in yielded_by(known[0])] == []
    assert [known for known in NEVER_YIELDED if known[1] not in made_by(known[0])] == []


def test_every_format_has_a_file_of_its_own_among_the_trees_of_formats() -> None:
    assert {form.name for form in FORMATS} - {fixture.format for fixture in format_fixtures()} == set()


def test_some_rule_is_shown_to_find_something_in_each_format() -> None:
    silent = {form.name for form in FORMATS} - rules_by_format().keys()

    assert silent == {*SETTLE_ONLY, "text"}  # no reader: it is searched for secrets


def test_each_rule_is_shown_in_some_format() -> None:
    assert set(load_rules().rules) - set().union(*rules_by_format().values()) == set()


def test_files_of_formats_are_read_without_a_complaint() -> None:
    unread = [
        f"{fixture.name}: {fixture.path}: {fact}"
        for fixture in format_fixtures()
        for fact in read_source(fixture.format, Source(fixture.path, fixture.text))
        if KIND_OF[type(fact)] == "unreadable"
    ]
    assert unread == []
