"""The JSON report: its schema, its places, and identities that outlive an edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from relcheck import __version__
from tests.conftest import ROOT, relcheck, write_tree
from tests.tokens import make_token

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))


def report(folder: Path, files: dict[str, str], *arguments: str) -> dict[str, Any]:
    """Scan a folder and return the report, after it was held against the schema that is published."""
    write_tree(folder, files)
    done = relcheck("scan", *(arguments or (".",)), "--format", "json", cwd=folder)
    loaded: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(loaded)
    return loaded


def prints(loaded: dict[str, Any], rule: str) -> list[str]:
    return [found["fingerprint"] for found in loaded["findings"] if found["rule"] == rule]


def test_a_report_says_what_was_found_where_and_by_which_rules(tmp_path: Path) -> None:
    loaded = report(tmp_path, {"sub/Dockerfile": "FROM node\n", "sub/a.yaml": "apiVersion: v1\nkind: [\n"})

    found = next(entry for entry in loaded["findings"] if entry["rule"] == "image-latest")
    assert {key: found[key] for key in ("severity", "path", "line", "column", "end_line", "end_column")} == {
        "severity": "error", "path": "sub/Dockerfile", "line": 1, "column": 6, "end_line": 1, "end_column": 10,
    }  # fmt: skip
    assert found["confidence"] in ("high", "medium", "low")
    assert found["message"].startswith("node ")
    assert [entry["path"] for entry in loaded["unreadable"]] == ["sub/a.yaml"]
    assert loaded["schema"] == 1
    assert loaded["tool"]["name"] == "relcheck"
    assert loaded["tool"]["version"] == __version__
    assert loaded["tool"]["rules"].startswith(f"{__version__}+")
    assert loaded["summary"]["files"] == 2


def test_an_empty_report_fits_the_schema_too(tmp_path: Path) -> None:
    loaded = report(tmp_path, {"x.bin": "x"})

    assert (loaded["findings"], loaded["unreadable"], loaded["faults"]) == ([], [], [])


def test_paths_are_relative_to_the_one_folder_and_absolute_outside(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(tmp_path, {"elsewhere/Dockerfile": "FROM node\n"})
    files = {"a/b/Dockerfile": "FROM node\n"}

    below = report(folder, files, "a")["findings"]
    named = report(folder, files, "a/b/Dockerfile")["findings"]
    outside = report(folder, files, str(tmp_path / "elsewhere" / "Dockerfile"))["findings"]

    assert {found["path"] for found in below} == {"b/Dockerfile"}
    assert {found["path"] for found in named} == {"a/b/Dockerfile"}
    assert {found["path"] for found in outside} == {str(tmp_path.resolve() / "elsewhere" / "Dockerfile")}


def test_what_is_silenced_is_listed_with_its_reason(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "# relcheck: ignore[image-latest] the vendor has no tags\nFROM node\n",
        "old/Dockerfile": "FROM node\n",
        "relcheck.toml": '[per-file-ignores]\n"old/**" = ["image-latest"]\n',
    }
    loaded = report(tmp_path, files)

    silenced = {found["path"]: found["suppressed"] for found in loaded["findings"] if "suppressed" in found}
    assert silenced == {
        "Dockerfile": {"by": "inline", "reason": "the vendor has no tags"},
        "old/Dockerfile": {"by": "config", "reason": "per-file-ignores in relcheck.toml"},
    }
    assert loaded["summary"]["suppressed"] == 2
    assert loaded["summary"]["errors"] == 0


def test_a_fingerprint_survives_lines_that_move(tmp_path: Path) -> None:
    before = report(tmp_path, {"Dockerfile": "FROM node AS a\nFROM python\n"})
    after = report(tmp_path, {"Dockerfile": "# one\n\n# two\nFROM node AS a\nUSER 1\nFROM python\n"})

    assert prints(before, "image-latest") == prints(after, "image-latest")


def test_equal_lines_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    loaded = report(tmp_path, {"Dockerfile": "FROM node AS a\nFROM node AS b\n", "b/Dockerfile": "FROM node\n"})

    found = prints(loaded, "image-latest")
    assert len(set(found)) == 3
    assert len(found) == 3


def test_a_fingerprint_holds_nothing_of_a_secret(tmp_path: Path) -> None:
    tokens = [make_token("npm", number) for number in (1, 2)]
    found = [
        {(entry["rule"], entry["fingerprint"]) for entry in loaded["findings"]}
        for loaded in (
            report(tmp_path, {".npmrc": f"//registry.example.com/:_authToken={token}\n"}) for token in tokens
        )
    ]

    assert tokens[0] != tokens[1]
    assert found[0]
    assert found[0] == found[1]


def test_the_report_is_ascii_and_names_odd_paths(tmp_path: Path) -> None:
    write_tree(tmp_path, {"ä ö/Dockerfile": "FROM node\n"})
    os_path = bytes(tmp_path) + b"/\xff"
    import os  # noqa: PLC0415 - for one odd name

    os.mkdir(os_path)
    with open(os_path + b"/Dockerfile", "wb") as stream:
        stream.write(b"FROM node\n")

    raw = relcheck("scan", ".", "--format", "json", cwd=tmp_path).stdout
    paths = {found["path"] for found in json.loads(raw)["findings"]}

    assert raw.isascii()
    assert paths == {"ä ö/Dockerfile", "?/Dockerfile"}
