"""The command as a user calls it: a real process in a clean environment."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import ROOT, git, relcheck, write_tree

UNTAGGED = {"Dockerfile": "FROM node\n"}
SARIF_SCHEMA = ROOT.parent / "shared" / "schemas" / "sarif-schema-2.1.0.json"


def project(folder: Path, files: dict[str, str]) -> Path:
    made = folder / "project"
    made.mkdir(parents=True)
    write_tree(made, files)
    return made


def test_a_clean_folder_exits_with_zero(tmp_path: Path) -> None:
    done = relcheck("scan", ".", cwd=project(tmp_path, {"Dockerfile": "FROM scratch\n"}))

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"0 errors, 0 warnings, 0 notes in 1 file.\n"


def test_a_finding_shows_its_line_a_caret_under_the_words_and_the_repair(tmp_path: Path) -> None:
    done = relcheck(
        "scan", ".", "--select", "image-latest", cwd=project(tmp_path, {"Dockerfile": "FROM node:latest\n"})
    )

    lines = done.stdout.decode().split("\n")
    assert done.returncode == 1
    assert lines[0].startswith("Dockerfile:1:11 error image-latest: node:latest")
    assert lines[1:3] == ["   1 | FROM node:latest", "     |           ^^^^^^"]
    assert lines[3].startswith("     fix ")
    assert lines[-2] == "1 error, 0 warnings, 0 notes in 1 file."


def test_notes_are_summed_up_unless_asked_for(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a/Dockerfile": "FROM node:20.1.0\n", "b/Dockerfile": "FROM node:20.1.0\n"})

    summed = relcheck("scan", ".", cwd=folder).stdout.decode()
    shown = relcheck("scan", ".", "--notes", cwd=folder).stdout.decode()

    assert "note image-not-pinned" in summed
    assert "2 places, first a/Dockerfile:1" in summed
    assert "b/Dockerfile:1:" in shown


def test_the_json_report_fits_its_schema_and_names_versions(tmp_path: Path) -> None:
    folder = project(tmp_path, {**UNTAGGED, "broken.yaml": "apiVersion: v1\nkind: [\n"})
    done = relcheck("scan", ".", "--format", "json", cwd=folder)

    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert [(found["rule"], found["path"]) for found in report["findings"]] == [
        ("image-latest", "Dockerfile"),
        ("file-unreadable", "broken.yaml"),
    ]
    assert [entry["path"] for entry in report["unreadable"]] == ["broken.yaml"]


@pytest.mark.skipif(not SARIF_SCHEMA.is_file(), reason="the standard's schema is not beside the checkout")
def test_the_sarif_report_fits_the_standard(tmp_path: Path) -> None:
    files = {
        "sub/Dockerfile": "FROM node\n# relcheck: ignore[image-latest] kept for the test\nFROM python\nFROM ä:latest\n",
        "sub/a b.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: busybox}]}\n",
    }
    folder = project(tmp_path, files)
    git(folder, "init", "-q")
    done = relcheck("scan", "sub", "--format", "sarif", cwd=folder)

    log = json.loads(done.stdout)
    jsonschema.Draft4Validator(json.loads(SARIF_SCHEMA.read_text())).validate(log)
    results = log["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert set(places) == {"sub/Dockerfile", "sub/a%20b.yaml"}
    assert log["runs"][0]["columnKind"] == "unicodeCodePoints"
    assert [result["suppressions"][0]["kind"] for result in results if "suppressions" in result] == ["inSource"]
    assert all(result["partialFingerprints"]["relcheck/v1"] for result in results)


def test_what_the_owner_of_the_origin_makes_is_first_party(tmp_path: Path) -> None:
    files = {
        ".github/workflows/a.yml": "on: push\njobs:\n  a:\n    uses: acme/ci/.github/workflows/x.yml@v1\n    secrets: inherit\n"
    }
    folder = project(tmp_path, files)
    git(folder, "init", "-q")
    foreign = relcheck("scan", ".", "--select", "secrets-inherit-external", cwd=folder)
    git(folder, "remote", "add", "origin", "https://git.example.com/Acme/shop.git")
    own = relcheck("scan", ".", "--select", "secrets-inherit-external", cwd=folder)

    assert (foreign.returncode, own.returncode) == (0, 0)
    assert b"1 warning" in foreign.stdout
    assert b"0 warnings" in own.stdout


def test_a_library_of_ones_own_is_worth_a_note_and_one_of_this_repository_is_none(tmp_path: Path) -> None:
    library = (
        "library identifier: 'lib@master', retriever: modernSCM([$class: 'GitSCMSource', remote: '%s'])\nnode { }\n"
    )
    folder = project(
        tmp_path,
        {
            "Jenkinsfile": library % "https://git.example.com/Acme/other.git",
            "a/Jenkinsfile": library % "https://git.example.com/Acme/ci.git",
            "b/Jenkinsfile": library % "https://git.example.com/x/y.git",
        },
    )
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://git.example.com/acme/ci.git")
    done = relcheck("scan", ".", "--select", "ci-include-unpinned", "--format", "json", cwd=folder)

    found = {finding["path"]: finding["severity"] for finding in json.loads(done.stdout)["findings"]}
    assert found == {"Jenkinsfile": "note", "b/Jenkinsfile": "warning"}


MILDER = {
    "hack/Dockerfile": ("FROM alpine\n", "image-latest", "warning"),
    "Dockerfile": ("FROM alpine\n", "image-latest", "error"),
    "a/compose.yaml": (
        "services: {a: {image: x, environment: ['HOST=localhost:90'], ports: ['90:80']}}\n", "image-latest", "warning",
    ),
    "b/compose.yaml": (
        "services: {a: {image: x, environment: ['HOST=localhost:80'], ports: ['90:80']}}\n", "image-latest", "error",
    ),
    "Earthfile": ("VERSION 0.8\na:\n  FROM alpine\n", "image-latest", "warning"),
    "c/Earthfile": ("VERSION 0.8\na:\n  FROM alpine\n  SAVE IMAGE acme/a:1\n", "image-latest", "error"),
    "testfiles/Dockerfile": ("FROM alpine:3\nENV ADMIN_PASS h8Gq!z2LmP0s\n", "dockerfile-secret", "warning"),
    "d.sh": ('oc login --token="$T" https://acme.example.com\n', "password-on-argv", "note"),
    "e.sh": ('docker login -u a --password="$T" registry.example.com\n', "password-on-argv", "warning"),
    ".github/workflows/f.yml": (
        "on: push\njobs: {a: {steps: [{uses: google/oss-fuzz/infra/cifuzz/actions/run_fuzzers@master}]}}\n",
        "action-branch-ref", "note",
    ),
    ".github/workflows/g.yml": (
        "on: push\njobs: {a: {steps: [{uses: acme/oss-fuzz@master}]}}\n", "action-branch-ref", "warning",
    ),
}  # fmt: skip


def test_what_ships_nothing_and_what_has_no_other_way_is_milder(tmp_path: Path) -> None:
    folder = project(tmp_path, {path: text for path, (text, _, _) in MILDER.items()})
    rules = ",".join(sorted({rule for _, rule, _ in MILDER.values()}))
    done = relcheck("scan", ".", "--select", rules, "--format", "json", cwd=folder)

    found = {finding["path"]: (finding["rule"], finding["severity"]) for finding in json.loads(done.stdout)["findings"]}
    assert found == {path: (rule, severity) for path, (_, rule, severity) in MILDER.items()}


def test_a_version_that_the_next_release_raises_is_worth_a_note(tmp_path: Path) -> None:
    folder = project(tmp_path, {"Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"\n', "src/lib.rs": "// 1\n"})
    git(folder, "init", "-q")
    severities = []
    for version in ("1.0.0", "1.1.0"):
        (folder / "Cargo.toml").write_text(f'[package]\nname = "a"\nversion = "{version}"\n')
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", version)
        git(folder, "tag", f"v{version}")
        (folder / "src/lib.rs").write_text(f"// after {version}\n")
        done = relcheck("scan", ".", "--select", "version-not-bumped", "--format", "json", cwd=folder)
        severities += [finding["severity"] for finding in json.loads(done.stdout)["findings"]]

    assert severities == ["warning", "note"]


def test_several_reports_are_written_at_once(tmp_path: Path) -> None:
    folder = project(tmp_path, UNTAGGED)
    done = relcheck("scan", ".", "--format", "sarif", "--output", "x.sarif", "--format", "text", cwd=folder)

    assert json.loads((folder / "x.sarif").read_text())["version"] == "2.1.0"
    assert done.stdout.startswith(b"Dockerfile:1:6 error")


def test_github_annotations_escape_what_they_must(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a,b/Dockerfile": "FROM node\n"})
    done = relcheck("scan", ".", "--format", "github", "--select", "image-latest", cwd=folder)

    assert done.stdout.startswith(
        b"::error file=a%2Cb/Dockerfile,line=1,col=6,endLine=1,endColumn=9,title=image-latest::"
    )


EXITS = [
    (("scan", "."), 1),
    (("scan", ".", "--exit-zero"), 0),
    (("scan", ".", "--fail-on", "never"), 0),
    (("scan", ".", "--ignore", "image-latest"), 0),
    (("scan", ".", "--ignore", "coordinates"), 0),
    (("scan", ".", "--select", "k8s-namespace-missing"), 0),
    (("scan", ".", "--select", "no-such-rule"), 2),
    (("scan", ".", "--format", "xml"), 2),
    (("scan", "missing-folder"), 2),
    (("scan", ".", "--exclude", "Dockerfile"), 0),
    (("scan", "Dockerfile", "--exclude", "Dockerfile"), 1),
    (("scan", "Dockerfile", "--exclude", "Dockerfile", "--force-exclude"), 0),
    (("scan", ".", "--config-from", "nowhere"), 2),
    (("frobnicate",), 2),
    (("rules",), 0),
    (("rule", "image-latest"), 0),
    (("rule", "image-lates"), 2),
    (("config",), 0),
    (("--version",), 0),
    (("--help",), 0),
]


@pytest.mark.parametrize(("arguments", "code"), EXITS)
def test_exit_codes(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    done = relcheck(*arguments, cwd=project(tmp_path, UNTAGGED))

    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr + done.stdout


def test_a_misspelt_rule_gets_a_hint(tmp_path: Path) -> None:
    done = relcheck("scan", ".", "--select", "image-lates", cwd=project(tmp_path, UNTAGGED))

    assert b"did you mean image-latest?" in done.stderr


def test_no_matching_file_is_said_and_exits_with_zero(tmp_path: Path) -> None:
    done = relcheck("scan", ".", cwd=project(tmp_path, {"x.bin": "x"}))

    assert done.returncode == 0
    assert b"no file of a known format was found" in done.stderr


def test_standard_input_is_read_under_a_name(tmp_path: Path) -> None:
    folder = project(tmp_path, {})
    done = relcheck("scan", "-", "--stdin-filename", "Dockerfile", cwd=folder, stdin=b"FROM node\n")
    unnamed = relcheck("scan", "-", cwd=folder, stdin=b"FROM node\n")

    assert (done.returncode, unnamed.returncode) == (1, 2)
    assert done.stdout.startswith(b"Dockerfile:1:6 error image-latest")
    assert b"--stdin-filename" in unnamed.stderr


def test_show_files_says_what_is_read_and_why_not(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM a:1\n", "x.txt": "x", "node_modules/a/Dockerfile": "FROM b\n", "big.yaml": "a: 1\n"}
    done = relcheck("scan", ".", "--show-files", cwd=project(tmp_path, files))

    shown = done.stdout.decode()
    assert "Dockerfile: dockerfile\n" in shown
    assert "x.txt: read for secrets only, no known format\n" in shown
    assert "node_modules/a/Dockerfile: dockerfile" not in shown


def test_statistics_count_by_rule(tmp_path: Path) -> None:
    done = relcheck("scan", ".", "--statistics", cwd=project(tmp_path, UNTAGGED))

    assert re.search(rb"^ +1 error +image-latest$", done.stdout, re.MULTILINE)


def test_color_is_forced_and_forbidden_by_the_environment(tmp_path: Path) -> None:
    folder = project(tmp_path, UNTAGGED)

    assert b"\x1b[" in relcheck("scan", ".", cwd=folder, env={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[" not in relcheck("scan", ".", cwd=folder, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert b"\x1b[" not in relcheck("scan", ".", cwd=folder).stdout


def test_max_findings_cuts_the_text_and_says_so(tmp_path: Path) -> None:
    folder = project(tmp_path, {f"{name}/Dockerfile": "FROM node\n" for name in "abc"})
    done = relcheck("scan", ".", "--max-findings", "1", "--select", "image-latest", cwd=folder)

    assert b"and 2 more findings" in done.stdout
    assert b"3 errors" in done.stdout


def test_quiet_says_nothing_on_a_clean_folder(tmp_path: Path) -> None:
    done = relcheck("scan", ".", "--quiet", cwd=project(tmp_path, {"Dockerfile": "FROM scratch\n"}))

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_ignores_are_written_where_asked_and_silence(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM node\nRUN echo a \\\n  b\n",
        "package.json": '{"dependencies": {"a": "*"}, "name": "x", "version": "1.0.0"}',
    }
    folder = project(tmp_path, files)
    os.chmod(folder / "Dockerfile", 0o640)
    done = relcheck("scan", ".", "--add-ignores", "tracked in TICKET-1", cwd=folder)

    assert (
        (folder / "Dockerfile")
        .read_text()
        .startswith("# relcheck: ignore[image-latest] tracked in TICKET-1\nFROM node\n")
    )
    assert (folder / "Dockerfile").stat().st_mode & 0o777 == 0o640
    assert b"package.json: this format has no comments" in done.stderr
    assert relcheck("scan", "Dockerfile", cwd=folder).returncode == 0
    assert relcheck("scan", "Dockerfile", "--no-ignores", cwd=folder).returncode == 1


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = project(tmp_path, {f"{number}/Dockerfile": "FROM node\n" for number in range(200)})

    reports = [
        relcheck("scan", ".", "--format", "json", *options, cwd=folder).stdout
        for options in ((), (), ("--no-cache",), ("--jobs", "1"), ("--jobs", "3"))
    ]
    assert len(set(reports)) == 1


@pytest.mark.parametrize("name", ["pod.yaml", "package.json", "Dockerfile", "pom.xml", "Cargo.toml"])
def test_a_file_outside_of_the_current_folder_is_scanned_by_its_path(name: str, tmp_path: Path) -> None:
    texts = {
        "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: redis}]}\n",
        "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"b": "*"}}\n',
        "Dockerfile": "FROM redis\nCOPY . .\n",
        "pom.xml": "<project><groupId>a</groupId><artifactId>b</artifactId><version>1</version></project>\n",
        "Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"\n',
    }
    elsewhere = project(tmp_path / "elsewhere", {name: texts[name]})
    here = project(tmp_path / "here", {"README": ""})

    done = relcheck("scan", str(elsewhere / name), cwd=here, timeout=20)

    assert done.returncode in (0, 1)
    assert b"in 1 file" in done.stdout
