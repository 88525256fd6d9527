"""A user's own rules: as good as ours where they are right, told with their place where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relcheck import judge
from relcheck.rule_files import read_rule
from relcheck.source import Source
from tests.conftest import relcheck, write_tree

RULE = """\
title: Images come from our registry
on: image
when: image.role in params.roles && image.host != params.registry
levels:
  - {when: file.development, severity: note}
  - {severity: error}
message: image.written + ' comes from ' + image.host
fix: Use the mirror.
params:
  roles: [base, run]
  registry: registry.example.com
formerly: [mirror-only]
"""
FILES = {"Dockerfile": "FROM node:20.1.0 AS a\nFROM scratch\n", "relcheck.toml": 'rule-folders = ["policy"]\n'}


def scan(folder: Path, rule: str, *arguments: str, files: dict[str, str] | None = None) -> tuple[int, str, str]:
    write_tree(folder, {**FILES, "policy/own-registry.yaml": rule, **(files or {})})
    done = relcheck("scan", ".", *arguments, cwd=folder)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_rule_of_the_project_judges_like_ours(tmp_path: Path) -> None:
    code, text, _ = scan(tmp_path, RULE)

    assert code == 1
    assert text.startswith(
        "Dockerfile:1:11 error own-registry: node:20.1.0 comes from docker.io\n   1 | FROM node:20.1.0 AS a\n"
    )
    assert "     fix Use the mirror.\n" in text


CONTROLS = [
    ({"relcheck.toml": 'rule-folders = ["policy"]\nignore = ["own-registry"]\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\nignore = ["policy"]\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\nignore = ["mirror-only"]\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\n[severity]\nown-registry = "warning"\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\n[params.own-registry]\nregistry = "docker.io"\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\n[params.own-registry]\nroles = ["run"]\n'}, 0),
    ({"relcheck.toml": 'rule-folders = ["policy"]\n[params.own-registry]\nroles = []\nextend-roles = ["base"]\n'}, 1),
    ({"Dockerfile": "# relcheck: ignore[own-registry] agreed\nFROM node:20.1.0 AS a\nFROM scratch\n"}, 0),
]


@pytest.mark.parametrize(("files", "code"), CONTROLS)
def test_everything_that_controls_rules_controls_these(files: dict[str, str], code: int, tmp_path: Path) -> None:
    assert scan(tmp_path, RULE, files=files)[0] == code


MISTAKES = [
    (RULE.replace("image.host !=", "image.hots !="), ":3:42: when: undeclared reference to 'image.hots'"),
    (RULE.replace("image.host != params.registry", "image.host"), ":3:34: when: found no matching overload for '_&&_'"),
    (
        RULE.replace("when: image.role in params.roles && image.host != params.registry", "when: image.tag"),
        "gives string, not bool",
    ),
    (RULE.replace("' comes from ' + image.host", "size(image.host)"), ":7:"),
    (
        RULE.replace("severity: error", "severity: fatal"),
        ":6:16: severity is one of note, warning, error, not 'fatal'.",
    ),
    (RULE.replace("{severity: error}", "{severtiy: error}"), ":6:6: unknown key 'severtiy'"),
    (RULE.replace("params.roles", "params.rolls"), "undeclared reference to 'params.rolls'"),
    (RULE.replace("fix: Use", "fxi: Use"), ":8:1: unknown key 'fxi'"),
    (RULE.replace("on: image", "on: picture"), ":2:5: on is one of "),
    (RULE.replace("file.development", "file.developement"), "undeclared reference to 'file.developement'"),
    (RULE.replace("[base, run]", "[base, [run]]"), ":10:17: a list of a parameter holds words."),
    (RULE.replace("title: Images", "title: [Images"), "is no YAML"),
    (RULE.replace("fix: Use the mirror.\n", ""), "the key 'fix' is missing"),
    (RULE + "supersedes: [image-lates]\n", "supersedes names image-lates, which is no rule."),
    (RULE + "at: [tga]\n", "at names 'tga', which is no part of image."),
    ("- a\n", "a rule file is one mapping"),
]


@pytest.mark.parametrize(("rule", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_before_anything_is_judged(rule: str, sentence: str, tmp_path: Path) -> None:
    code, text, told = scan(tmp_path, rule)

    assert (code, text) == (2, "")
    assert told.startswith("relcheck: policy/own-registry.yaml")
    assert sentence in told


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    code, _, told = scan(tmp_path, RULE, files={"policy/image-latest.yaml": RULE})

    assert code == 2
    assert "a rule named image-latest exists already" in told


@pytest.mark.parametrize("name", ["My Rule", "own_registry", "Own"])
def test_a_name_that_no_comment_could_hold_is_refused(name: str, tmp_path: Path) -> None:
    code, _, told = scan(tmp_path, RULE, files={f"policy/{name}.yaml": RULE})

    assert code == 2
    assert "small letters, digits and hyphens" in told


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, _, told = scan(tmp_path, RULE, files={"relcheck.toml": 'rule-folders = ["polcy"]\n'})

    assert code == 2
    assert "polcy: no such folder of rules" in told


FAULTY = RULE.replace("when: image.role in params.roles && ", "when: image.written.split('/')[7] == 'x' && ")
ENDLESS = RULE.replace("[base, run]", json.dumps([str(number) for number in range(400)])).replace(
    "image.role in params.roles",
    "params.roles.all(a, params.roles.all(b, params.roles.all(c, params.roles.all(d, a + b + c + d != 'x'))))",
)


@pytest.mark.parametrize("rule", [FAULTY, ENDLESS], ids=["out of range", "endless"])
def test_a_rule_that_fails_is_left_out_and_the_others_are_heard(rule: str, tmp_path: Path) -> None:
    code, text, told = scan(tmp_path, rule, files={"Dockerfile": "FROM node:latest\n"})
    report = json.loads(relcheck("scan", ".", "--format", "json", cwd=tmp_path).stdout)

    assert code == 2
    assert "error image-latest" in text
    assert "a rule failed and was left out: policy/own-registry.yaml: " in told
    assert "Traceback" not in told
    assert [fault.partition(":")[0] for fault in report["faults"]] == ["policy/own-registry.yaml"]


def test_a_rule_may_not_take_all_the_time_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relcheck.readers import read_source  # noqa: PLC0415 - beside its use

    write_tree(tmp_path, {"policy/own-registry.yaml": RULE})
    monkeypatch.setattr(judge, "BUDGET_SECONDS", 0.0)
    source = Source("Dockerfile", "FROM node:20.1.0\nFROM node:20.1.0\n")
    made = judge.Judge([read_rule(tmp_path / "policy" / "own-registry.yaml", custom=True)])

    view = judge.FileView(path="Dockerfile", format="dockerfile", source=source)
    found = made.judge(view, read_source("dockerfile", source))

    assert len(found) == 1  # the first answer counts, then the rule is out
    assert "took over 0 seconds in this run" in made.faults["own-registry"]


def test_both_endings_of_yaml_files_are_rules(tmp_path: Path) -> None:
    write_tree(tmp_path, {**FILES, "policy/sub/own-registry.yml": RULE})
    done = relcheck("scan", ".", "--select", "sub", cwd=tmp_path)

    assert done.returncode == 1
    assert b"error own-registry" in done.stdout


def test_a_shipped_rule_that_fails_is_a_fault_of_ours(tmp_path: Path) -> None:
    """The rules of the checkout are replaced by one that fails, which only the tests can do."""
    import subprocess  # noqa: PLC0415 - a driver of its own
    import sys  # noqa: PLC0415 - see above

    from tests.conftest import CLEAN_ENVIRONMENT, ROOT  # noqa: PLC0415 - see above

    write_tree(tmp_path, {"Dockerfile": "FROM node:latest\n", "made/own-registry.yaml": FAULTY})
    driver = (
        "import sys, relcheck.rules, relcheck.scan\nfrom pathlib import Path\nfrom relcheck.rule_files import read_rule\n"
        "loaded = relcheck.rules.load_rules()\n"
        "bad = read_rule(Path('made/own-registry.yaml'), custom=True).replace(custom=False, path='rules/x/own-registry.yaml')\n"
        "relcheck.scan.load_rules = lambda *_: loaded.replace(rules={**loaded.rules, 'own-registry': bad})\n"
        "from relcheck.cli import run\nsys.exit(run(['scan', '.', '--no-cache']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", driver],
        cwd=tmp_path,
        env={**CLEAN_ENVIRONMENT, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 3
    assert b"error image-latest" in done.stdout
    assert b"rules/x/own-registry.yaml" in done.stderr


def test_the_lists_of_rules_hold_the_projects_own(tmp_path: Path) -> None:
    write_tree(tmp_path, {**FILES, "policy/own-registry.yaml": RULE})
    listed = json.loads(relcheck("rules", "--format", "json", cwd=tmp_path).stdout)["rules"]
    explained = relcheck("rule", "own-registry", cwd=tmp_path).stdout.decode()

    own = next(rule for rule in listed if rule["name"] == "own-registry")
    assert own["custom"] is True
    assert len(listed) > 60
    assert explained.startswith("own-registry: Images come from our registry\n")
    assert "Parameter roles: base, run" in explained
