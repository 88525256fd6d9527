"""The SARIF report, held against the standard's own schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import ROOT, git, relcheck, write_tree

STANDARD = ROOT.parent / "shared" / "schemas" / "sarif-schema-2.1.0.json"
FILES = {
    "sub/Dockerfile": (
        "ARG TAG=latest\nFROM node:$TAG AS a\n# relcheck: ignore[image-latest] kept for the test\nFROM python\nFROM ä:latest\n"
    ),
    "sub/a b.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: busybox}]}\n",
    "sub/broken.yaml": "apiVersion: v1\nkind: [\n",
    "sub/old/Dockerfile": "FROM node\n",
    "sub/relcheck.toml": '[per-file-ignores]\n"old/**" = ["image-latest"]\n',
}


@pytest.fixture
def log(tmp_path: Path) -> dict[str, Any]:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, FILES)
    loaded: dict[str, Any] = json.loads(relcheck("scan", "sub", "--format", "sarif", cwd=folder).stdout)
    return loaded


@pytest.mark.skipif(not STANDARD.is_file(), reason="the standard's schema is not beside the checkout")
def test_the_log_fits_the_standard(log: dict[str, Any]) -> None:
    jsonschema.Draft4Validator(json.loads(STANDARD.read_text(encoding="utf-8"))).validate(log)

    assert log["version"] == "2.1.0"


def test_places_hang_on_the_top_of_the_repository(log: dict[str, Any]) -> None:
    run = log["runs"][0]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]

    assert {place["artifactLocation"]["uri"] for place in places} == {
        "sub/Dockerfile", "sub/a%20b.yaml", "sub/broken.yaml", "sub/old/Dockerfile",
    }  # fmt: skip
    assert {place["artifactLocation"]["uriBaseId"] for place in places} == {"ROOT"} <= set(run["originalUriBaseIds"])
    assert run["columnKind"] == "unicodeCodePoints"
    wide = next(place["region"] for place in places if place["region"]["startLine"] == 5)
    assert (wide["startColumn"], wide["endColumn"]) == (6, 14)  # code points, not bytes


def test_each_result_points_at_the_rule_that_describes_it(log: dict[str, Any]) -> None:
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]

    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert "Fix: " in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_results_have_identities_of_their_own(log: dict[str, Any]) -> None:
    found = [result["partialFingerprints"]["relcheck/v1"] for result in log["runs"][0]["results"]]

    assert len(set(found)) == len(found)


def test_what_is_silenced_is_marked_and_by_whom(log: dict[str, Any]) -> None:
    silenced = [result["suppressions"] for result in log["runs"][0]["results"] if "suppressions" in result]

    assert sorted((entry["kind"], entry["justification"]) for (entry,) in silenced) == [
        ("external", "per-file-ignores in sub/relcheck.toml"),
        ("inSource", "kept for the test"),
    ]


def test_what_could_not_be_read_is_a_notification(log: dict[str, Any]) -> None:
    (invocation,) = log["runs"][0]["invocations"]

    assert invocation["executionSuccessful"] is True
    (notice,) = invocation["toolExecutionNotifications"]
    assert notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "sub/broken.yaml"


def test_a_rule_that_failed_makes_the_run_unsuccessful(tmp_path: Path) -> None:
    rule = (
        "title: x\non: image\nwhen: image.written.split('/')[7] == 'x'\nlevels: [{severity: error}]\n"
        "message: image.written\nfix: x\n"
    )
    write_tree(
        tmp_path, {"Dockerfile": "FROM node\n", "p/bad-rule.yaml": rule, "relcheck.toml": 'rule-folders = ["p"]\n'}
    )
    done = relcheck("scan", ".", "--format", "sarif", cwd=tmp_path)

    (invocation,) = json.loads(done.stdout)["runs"][0]["invocations"]
    assert done.returncode == 2
    assert invocation["executionSuccessful"] is False
    assert "p/bad-rule.yaml" in invocation["toolConfigurationNotifications"][0]["message"]["text"]


def test_a_file_outside_has_an_address_of_its_own(tmp_path: Path) -> None:
    write_tree(tmp_path, {"out side/Dockerfile": "FROM node\n", "project/x": "x"})
    done = relcheck("scan", "../out side/Dockerfile", "--format", "sarif", cwd=tmp_path / "project")

    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in json.loads(done.stdout)["runs"][0]["results"]
    }
    assert uris == {f"file://{str(tmp_path.resolve()).replace(' ', '%20')}/out%20side/Dockerfile"}
