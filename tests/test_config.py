"""Configuration files: what they may say, where they apply, and what a mistake in one looks like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relcheck.config import KEYS, read_text
from relcheck.errors import ConfigProblem
from tests.conftest import ROOT, git, relcheck, write_tree

DOCKERFILE = {"Dockerfile": "FROM node\n"}


def scan(folder: Path, files: dict[str, str], *arguments: str) -> tuple[int, str]:
    write_tree(folder, files)
    done = relcheck("scan", ".", *arguments, cwd=folder)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_a_configuration_turns_rules_off_and_changes_severities(tmp_path: Path) -> None:
    off, _ = scan(tmp_path, {**DOCKERFILE, "relcheck.toml": 'ignore = ["image-latest"]\n'})
    softer, text = scan(tmp_path, {"relcheck.toml": '[severity]\nimage-latest = "warning"\n'})

    assert (off, softer) == (0, 0)
    assert "warning image-latest" in text


def test_pyproject_holds_settings_too(tmp_path: Path) -> None:
    code, _ = scan(tmp_path, {**DOCKERFILE, "pyproject.toml": '[tool.relcheck]\nselect = ["version-invalid"]\n'})

    assert code == 0


def test_nested_files_apply_to_their_folder(tmp_path: Path) -> None:
    files = {
        "a/Dockerfile": "FROM node\n",
        "b/Dockerfile": "FROM node\n",
        "b/relcheck.toml": 'ignore = ["image-latest"]\n',
    }
    _, text = scan(tmp_path, files, "--select", "image-latest")
    _, again = scan(tmp_path, {})

    assert "a/Dockerfile:1:6" in again
    assert "b/Dockerfile:1:6" not in again
    assert "a/Dockerfile:1:6" in text


def test_patterns_and_accepted_findings_silence_with_a_reason(tmp_path: Path) -> None:
    accept = '[[accept]]\nrule = "image-latest"\npath = "x/**"\ncoordinate = "node"\nreason = "vendor"\n'
    files = {
        "x/Dockerfile": "FROM node\n",
        "y/Dockerfile": "FROM python\n",
        "relcheck.toml": accept + '[per-file-ignores]\n"y/**" = ["image-latest"]\n',
    }
    write_tree(tmp_path, files)
    report = json.loads(relcheck("scan", ".", "--format", "json", cwd=tmp_path).stdout)

    found = [finding for finding in report["findings"] if finding["rule"] == "image-latest"]
    assert [finding["suppressed"]["by"] for finding in found] == ["config", "config"]
    assert found[0]["suppressed"]["reason"] == "vendor"


def test_an_expired_acceptance_accepts_nothing(tmp_path: Path) -> None:
    accept = '[[accept]]\nrule = "image-latest"\nreason = "vendor"\nuntil = "2020-01-01"\n'

    assert scan(tmp_path, {**DOCKERFILE, "relcheck.toml": accept})[0] == 1


MISTAKES = [
    ("selct = []\n", "relcheck.toml:1: unknown key 'selct'; did you mean select?"),
    ("\n\nselect = 'x'\n", "relcheck.toml:3: select is a list of words"),
    ("profile = 'loud'\n", "relcheck.toml:1: profile is one of default, strict, release, not 'loud'."),
    (
        "[severity]\nimage-latest = 'fatal'\n",
        "relcheck.toml:1: a severity is one of note, warning, error, not 'fatal'.",
    ),
    ("[[accept]]\nrule = 'x'\n", "relcheck.toml:1: an entry of [[accept]] needs a rule and a reason."),
    ("[[accept]]\nrule = 'x'\nreason = 'y'\nwhy = 'z'\n", "unknown key 'why' in [[accept]]"),
    ("select = [\n", "relcheck.toml: is no TOML"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        read_text(text, "relcheck.toml")

    assert sentence in str(caught.value)


def test_parameters_replace_and_extend_lists(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM node:preview\n",
        "relcheck.toml": '[params.image-moving-tag]\nextend-words = ["preview"]\n',
    }
    _, text = scan(tmp_path, files, "--notes")
    _, wrong = scan(tmp_path, {"relcheck.toml": '[params.image-moving-tag]\nwrods = ["preview"]\n'})

    assert "image-moving-tag" in text
    assert "did you mean words?" in wrong


def test_config_prints_values_and_origins(tmp_path: Path) -> None:
    write_tree(tmp_path, {"relcheck.toml": 'fail-on = "warning"\n'})
    shown = relcheck("config", cwd=tmp_path).stdout.decode()

    assert 'fail-on = "warning"  # relcheck.toml\n' in shown
    assert 'profile = "default"  # default\n' in shown


def test_a_branch_cannot_weaken_the_gate_that_reads_its_configuration_from_main(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, {**DOCKERFILE, "relcheck.toml": 'fail-on = "error"\n'})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    write_tree(folder, {"relcheck.toml": 'ignore = ["all"]\n'})

    assert relcheck("scan", ".", cwd=folder).returncode == 0
    assert relcheck("scan", ".", "--config-from", "HEAD", cwd=folder).returncode == 1
    assert relcheck("scan", ".", "--isolated", cwd=folder).returncode == 1


def test_custom_rules_work_like_ours_and_cannot_hide_behind_mistakes(tmp_path: Path) -> None:
    rule = (
        "title: Images come from our registry\nsince: 0.1.0\non: image\n"
        "when: image.host != 'registry.example.com' && image.role == 'base'\n"
        "levels: [{severity: error}]\nmessage: image.written + ' comes from elsewhere'\nwhy: Policy.\nfix: Use ours.\n"
    )
    files = {
        "Dockerfile": "FROM node:20.1.0 AS a\nFROM scratch\n",
        "policy/own-registry.yaml": rule,
        "relcheck.toml": 'rule-folders = ["policy"]\n',
    }
    code, text = scan(tmp_path, files)
    broken, sentence = scan(tmp_path, {"policy/own-registry.yaml": rule.replace("image.host", "image.hots")})

    assert code == 1
    assert "error own-registry: node:20.1.0 comes from elsewhere" in text
    assert broken == 2
    assert "undeclared reference to 'image.hots'" in sentence


def test_the_shipped_schema_knows_exactly_the_keys() -> None:
    schema = json.loads((ROOT / "docs" / "relcheck.schema.json").read_text())

    assert set(schema["properties"]) == set(KEYS)


def _project(tmp_path: Path, files: dict[str, str]) -> Path:
    write_tree(tmp_path / "project", files)
    git(tmp_path / "project", "init", "-q")
    git(tmp_path / "project", "add", "-A")
    git(tmp_path / "project", "commit", "-q", "-m", "one")
    return tmp_path / "project"


def test_what_comes_from_a_revision_is_shown_by_its_place_there(tmp_path: Path) -> None:
    rule = "title: x\non: image\nwhen: image.tag == 'x'\nlevels: [{severity: error}]\nmessage: '\"x\"'\nfix: x\n"
    folder = _project(tmp_path, {"relcheck.toml": 'rule-folders = ["mine"]\n', "mine/a.yaml": rule})

    shown = relcheck("config", "--config-from", "HEAD", cwd=folder)

    assert b'rule-folders = ["HEAD:mine"]  # HEAD:relcheck.toml' in shown.stdout, shown.stderr


@pytest.mark.parametrize("command", [("config",), ("scan", ".")])
def test_an_empty_revision_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    done = relcheck(*command, "--config-from", "", cwd=_project(tmp_path, {"a": ""}))

    assert done.returncode == 2
    assert b"--config-from is empty" in done.stderr


def test_the_inventory_leaves_out_what_a_configuration_excludes_below_its_folder(tmp_path: Path) -> None:
    files = {f"{folder}/{name}/Dockerfile": f"FROM {folder}-{name}:1\n" for folder in ("a", "b") for name in ("x", "y")}
    folder = _project(tmp_path, {**files, "a/relcheck.toml": 'exclude = ["/x/**"]\n', "x/Dockerfile": "FROM top:1\n"})

    listed = relcheck("inventory", "--format", "csv", cwd=folder).stdout.decode()
    inside = relcheck("inventory", "--format", "csv", cwd=folder / "a").stdout.decode()

    assert [name for name in ("a-x", "a-y", "b-x", "b-y", "top") if name in listed] == ["a-y", "b-x", "b-y", "top"]
    assert "a-y" in inside
    assert "a-x" not in inside
