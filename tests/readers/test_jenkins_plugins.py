"""The plugins of a Jenkins image."""

from __future__ import annotations

import pytest

from relcheck.facts import Dependency
from tests.readers import pipelines


def plugins(path: str, text: str) -> list[tuple[object, object, object]]:
    found = pipelines.facts("jenkins-plugins", path, text)
    return [(fact.name, fact.constraint, fact.firmness) for fact in found if isinstance(fact, Dependency)]


def test_a_list_of_lines() -> None:
    text = "# a comment\ngit:5.2.0\nblueocean:latest # why\nplain\nx:incrementals;org.example.y;2.19-rc289.d0\nz::https://x.example.com/z.hpi\n"

    assert plugins("plugins.txt", text) == [
        ("git", "5.2.0", "exact"),
        ("blueocean", "latest", "tag"),
        ("plain", "", "any"),
        ("x", "2.19-rc289.d0", "exact"),
        ("z", "", "url"),
    ]


def test_a_yaml_file() -> None:
    text = "plugins:\n  - {artifactId: git, source: {version: 2.10}}\n  - {artifactId: docker}\n  - {artifactId: x, source: {url: 'https://x.example.com/x.hpi'}}\n"

    assert plugins("plugins.yaml", text) == [("git", "2.10", "exact"), ("docker", "", "any"), ("x", "", "url")]


OTHERS = ["one\ntwo\n", "tpope/vim-sensible\n", "a:b c:d\n", "plugins: [x]\n", "https://x.example.com/a:b\n", ""]


@pytest.mark.parametrize("text", OTHERS)
def test_lists_of_other_tools(text: str) -> None:
    assert plugins("plugins.txt", text) == []
