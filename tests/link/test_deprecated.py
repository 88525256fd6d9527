"""What is found in a chart or in a task that its owner has given up is noted, secrets apart; alone as in the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import relcheck, write_tree
from tests.tokens import make_token

CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: 1.2.3\n"
GIVEN_UP = f"{CHART}deprecated: true\n"
VALUES = "image:\n  repository: acme/a\n  tag: latest\n"
TASK = "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a, namespace: n%s}\nspec: {steps: [{name: s, image: acme/b}]}\n"
OLD = TASK % ', annotations: {tekton.dev/deprecated: "true"}'
NEW = TASK % ""


def severities(folder: Path, *paths: str, rule: str = "image-latest") -> dict[str, str]:
    done = relcheck("scan", *(paths or (".",)), "--format", "json", "--no-cache", "--exit-zero", cwd=folder)
    return {found["path"]: found["severity"] for found in json.loads(done.stdout)["findings"] if found["rule"] == rule}


CASES = {
    "a chart, and one inside it": (
        {"a/Chart.yaml": GIVEN_UP, "a/values.yaml": VALUES, "a/charts/b/Chart.yaml": CHART, "a/charts/b/values.yaml": VALUES},
        {"a/values.yaml": "note", "a/charts/b/values.yaml": "note"},
    ),
    "another chart": (
        {"a/Chart.yaml": GIVEN_UP, "b/Chart.yaml": CHART, "b/values.yaml": VALUES},
        {"b/values.yaml": "error"},
    ),
    "a chart that is the whole repository, and what builds beside it": (
        {"Chart.yaml": GIVEN_UP, "values.yaml": VALUES, "Dockerfile": "FROM alpine\n", "image/Dockerfile": "FROM alpine\n"},
        {"values.yaml": "note", "Dockerfile": "error", "image/Dockerfile": "error"},
    ),
    "an old version of a task with its image, and the new one": (
        {
            "task/a/0.1/a.yaml": OLD,
            "task/a/0.1/Dockerfile": "FROM alpine\n",
            "task/a/0.2/a.yaml": NEW,
            "task/a/0.2/Dockerfile": "FROM alpine\n",
        },
        {
            "task/a/0.1/a.yaml": "note",
            "task/a/0.1/Dockerfile": "note",
            "task/a/0.2/a.yaml": "error",
            "task/a/0.2/Dockerfile": "error",
        },
    ),
    "one of two tasks of a folder": (
        {"tasks/a.yaml": OLD, "tasks/b.yaml": NEW},
        {"tasks/a.yaml": "error", "tasks/b.yaml": "error"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_what_was_given_up_is_noted(tmp_path: Path, files: dict[str, str], expected: dict[str, str]) -> None:
    write_tree(tmp_path, files)

    assert severities(tmp_path) == expected
    assert {path: severities(tmp_path, path).get(path) for path in expected} == expected


def test_a_secret_of_a_deprecated_chart_is_as_grave_as_ever(tmp_path: Path) -> None:
    token = make_token("npm")
    write_tree(tmp_path, {"a/Chart.yaml": GIVEN_UP, "a/values.yaml": f"token: {token}\n"})

    assert set(severities(tmp_path, rule="token-verified").values()) == {"error"}


def test_a_severity_that_the_user_chose_holds(tmp_path: Path) -> None:
    settings = '[severity]\nimage-latest = "warning"\n'
    write_tree(tmp_path, {"a/Chart.yaml": GIVEN_UP, "a/values.yaml": VALUES, "relcheck.toml": settings})

    assert severities(tmp_path) == {"a/values.yaml": "warning"}
