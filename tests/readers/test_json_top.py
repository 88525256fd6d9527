"""Long JSON files of which nothing is read, told by their outermost members; all others are read with their places."""

from __future__ import annotations

import json

import pytest

from relcheck.facts import Image
from relcheck.readers import documents, read_source
from relcheck.readers.json_top import LONG, json_top
from relcheck.source import Source

PADDING = {"padding": "a" * LONG}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"image": "a/b:1"}]}}
COMPOSE = {"services": {"a": {"image": "a/b:1"}}}


def images(text: str) -> list[str]:
    return [fact.written for fact in read_source("documents", Source("a.json", text)) if isinstance(fact, Image)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(POD | {"metadata": {"name": "a", "annotations": PADDING}}),
        json.dumps(COMPOSE | {"x-padding": PADDING}),
        "\ufeff" + json.dumps(POD | {"metadata": {"name": "a", "annotations": PADDING}}),
        json.dumps({"jobs": [], "stages": [], "pool": {}} | PADDING)[:-1]
        + ', "steps": [{"script": "docker pull a/b:1"}]}',
    ],
)
def test_a_long_file_that_holds_something_is_read(text: str) -> None:
    assert images(text) == ["a/b:1"]


@pytest.mark.parametrize("other", [{"type": "object"}, {"services": []}, {"apiVersion": "1", "swagger": "2.0"}])
def test_a_long_file_that_holds_nothing_is_not_loaded(
    other: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "load", lambda _: pytest.fail("loaded"))

    assert images(json.dumps({"definitions": {"a": {"kind": "image", "build": 1}}} | other | PADDING)) == []


def test_what_is_no_strict_json_object_is_not_judged_by_its_top() -> None:
    for text in ("{}", "[" + " " * LONG + "]", '{"a": 1,' + " " * LONG + "}", '{"a":' * 200_000 + "1" + "}" * 200_000):
        assert json_top(text) is None
