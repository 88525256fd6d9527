"""Who decides what is judged: files in folders above and below, the command line, a revision."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import git, relcheck, write_tree
from tests.tokens import make_token

DOCKERFILES = {f"{name}/Dockerfile": "FROM node\n" for name in ("a", "b", "b/c")}


def found(folder: Path, *arguments: str, cwd: Path | None = None) -> list[str]:
    """Return the paths of the `image-latest` findings that count."""
    done = relcheck("scan", *(arguments or (".",)), "--format", "json", cwd=cwd or folder)
    assert done.returncode in (0, 1), done.stderr
    return [
        entry["path"]
        for entry in json.loads(done.stdout)["findings"]
        if entry["rule"] == "image-latest" and "suppressed" not in entry
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, DOCKERFILES)
    return folder


PATTERNS = [
    ('exclude = ["b/**"]', ["a/Dockerfile"]),
    ('exclude = ["b/c"]', ["a/Dockerfile", "b/Dockerfile"]),
    ('exclude = ["/a"]', ["b/Dockerfile", "b/c/Dockerfile"]),
    ('exclude = ["Dockerfile"]', []),
    ('exclude = ["**/c/*"]', ["a/Dockerfile", "b/Dockerfile"]),
    ('exclude = ["[z-a]"]', ["a/Dockerfile", "b/Dockerfile", "b/c/Dockerfile"]),
    ('[per-file-ignores]\n"b/**" = ["image-latest"]', ["a/Dockerfile"]),
    ('[per-file-ignores]\n"b/**" = ["coordinates"]', ["a/Dockerfile"]),
    ('[[accept]]\nrule = "image-latest"\npath = "b/*"\nreason = "x"', ["a/Dockerfile"]),
    ('[[accept]]\nrule = "image-latest"\npath = "b/Dockerfile"\nreason = "x"', ["a/Dockerfile", "b/c/Dockerfile"]),
    (
        '[[accept]]\nrule = "image-latest"\ncoordinate = "python"\nreason = "x"',
        ["a/Dockerfile", "b/Dockerfile", "b/c/Dockerfile"],
    ),
]


@pytest.mark.parametrize(("text", "left"), PATTERNS)
def test_patterns_speak_of_the_folder_of_their_file(text: str, left: list[str], repository: Path) -> None:
    write_tree(repository, {"relcheck.toml": f"{text}\n"})

    assert found(repository) == left
    # The same from a folder below: what the whole silences, a part silences too.
    inside = [path.removeprefix("b/") for path in left if path.startswith("b/")]
    assert found(repository, "b") == inside
    assert found(repository, cwd=repository / "b") == inside


def test_the_nearer_file_wins_key_by_key_wherever_the_scan_begins(repository: Path) -> None:
    write_tree(
        repository,
        {
            "relcheck.toml": 'ignore = ["image-latest"]\nfail-on = "note"\n',
            "b/pyproject.toml": "[tool.relcheck]\nignore = []\n",
            "b/c/relcheck.toml": 'exclude = ["Dockerfile"]\n',
        },
    )
    shown = relcheck("config", "b/c", cwd=repository).stdout.decode()

    assert found(repository) == ["b/Dockerfile"]
    assert found(repository, "b") == ["Dockerfile"]
    assert found(repository, "b/c") == []
    assert "ignore = []  # b/pyproject.toml\n" in shown
    assert 'fail-on = "note"  # relcheck.toml\n' in shown
    assert 'exclude = ["Dockerfile"]  # b/c/relcheck.toml\n' in shown
    assert 'profile = "default"  # default\n' in shown


def test_outside_a_repository_only_the_nearest_file_counts(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {**DOCKERFILES, "relcheck.toml": 'ignore = ["all"]\n', "b/relcheck.toml": 'fail-on = "never"\n'}
    )

    assert found(tmp_path) == []
    assert found(tmp_path, "b") == ["Dockerfile", "c/Dockerfile"]


def test_the_command_line_adds_to_ignore_and_exclude_in_every_folder(repository: Path) -> None:
    write_tree(repository, {"b/relcheck.toml": 'ignore = ["image-latest"]\n', "relcheck.toml": 'exclude = ["c"]\n'})

    assert found(repository, ".", "--ignore", "version-invalid") == ["a/Dockerfile"]
    assert found(repository, ".", "--exclude", "a") == []


def test_a_threshold_and_severities_of_a_folder_hold_there(repository: Path) -> None:
    write_tree(repository, {"b/relcheck.toml": 'fail-on = "never"\n'})

    assert relcheck("scan", "b", cwd=repository).returncode == 0
    assert relcheck("scan", ".", cwd=repository).returncode == 1
    assert relcheck("scan", ".", "--exclude", "a", cwd=repository).returncode == 0
    assert relcheck("scan", "b", "--fail-on", "error", cwd=repository).returncode == 1


def test_rule_folders_below_are_named_as_not_counting(repository: Path) -> None:
    write_tree(repository, {"b/relcheck.toml": 'rule-folders = ["policy"]\n'})
    done = relcheck("scan", ".", cwd=repository)

    assert b"b/relcheck.toml: rule-folders counts only in the configuration of the scanned folder" in done.stderr
    assert done.returncode == 1


def test_a_file_that_is_named_may_lie_anywhere(repository: Path) -> None:
    write_tree(repository.parent, {"elsewhere/strict.toml": 'exclude = ["b/**"]\n'})
    write_tree(repository, {"relcheck.toml": 'ignore = ["all"]\n'})

    assert found(repository, ".", "--config", "../elsewhere/strict.toml") == ["a/Dockerfile"]


SAYS = [
    ('selct = ["x"]\n', "relcheck.toml:1: unknown key 'selct'; did you mean select?"),
    ('\nfail_on = "error"\n', "relcheck.toml:2: unknown key 'fail_on'; did you mean fail-on?"),
    (
        'select = ["image-lates"]\n',
        "select names 'image-lates', which is no rule and no topic; did you mean image-latest?",
    ),
    ('ignore = ["image-lates"]\n', "ignore names 'image-lates'"),
    ('[severity]\nimage-lates = "note"\n', "severity names 'image-lates'"),
    ('[per-file-ignores]\n"*" = ["image-lates"]\n', "per-file-ignores names 'image-lates'"),
    ('[per-file-ignores]\n"*" = "image-latest"\n', "relcheck.toml:1: per-file-ignores.'*' is a list of words"),
    ('\n[[accept]]\nrule = "image-lates"\nreason = "x"\n', "relcheck.toml:2: [[accept]] names 'image-lates'"),
    ('[[accept]]\nrule = "a"\nreason = "x"\n[[accept]]\nrule = "b"\n', "relcheck.toml:4: an entry of [[accept]] needs"),
    ('[[accept]]\nrule = "image-latest"\nreason = "x"\nuntil = "2027-02-30"\n', "until is a date such as 2027-01-31"),
    ('[params.image-latest]\nroles = "base"\n', "params.image-latest.roles must be like ["),
    ("[params.image-latest]\nroles = [1]\n", "params.image-latest.roles must be like ["),
    ("[params.image-latest]\nrolls = []\n", "has no parameter 'rolls'; did you mean roles?"),
    ("params = 1\n", "relcheck.toml:1: params is a table"),
    ("a = " + "[" * 5000 + "]" * 5000 + "\n", "relcheck.toml: is no TOML"),
    ('profile = ["strict"]\n', "profile is one of default, strict, release"),
]


@pytest.mark.parametrize(("text", "sentence"), SAYS)
def test_a_mistake_is_one_sentence_and_exit_code_two(text: str, sentence: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node\n", "relcheck.toml": text})
    done = relcheck("scan", ".", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node\n", "pyproject.toml": "[tool]\nrelcheck = 1  # tool.relcheck\n"})
    done = relcheck("scan", ".", cwd=tmp_path)

    assert done.returncode == 2
    assert b"tool.relcheck is a table" in done.stderr


def test_a_mistake_below_is_told_with_the_path_of_its_file(repository: Path) -> None:
    write_tree(repository, {"b/relcheck.toml": '\nselct = ["x"]\n'})

    assert b"b/relcheck.toml:2: unknown key 'selct'" in relcheck("scan", ".", cwd=repository).stderr


def test_a_topic_with_another_severity_does_not_wake_what_sleeps(repository: Path) -> None:
    write_tree(repository, {"relcheck.toml": '[severity]\ncoordinates = "warning"\n'})
    plain = json.loads(relcheck("scan", ".", "--isolated", "--format", "json", cwd=repository).stdout)
    other = json.loads(relcheck("scan", ".", "--format", "json", cwd=repository).stdout)

    assert [entry["rule"] for entry in plain["findings"]] == [entry["rule"] for entry in other["findings"]]
    assert {entry["severity"] for entry in other["findings"] if entry["rule"] == "image-latest"} == {"warning"}


def test_own_names_reach_the_rules(tmp_path: Path) -> None:
    workflow = "on: push\njobs: {a: {runs-on: ubuntu-24.04, permissions: {}, steps: [{uses: acme/build@v1}]}}\n"
    write_tree(tmp_path, {".github/workflows/a.yml": workflow})
    before = relcheck("scan", ".", "--format", "json", "--profile", "strict", cwd=tmp_path)
    write_tree(tmp_path, {"relcheck.toml": 'own-owners = ["acme"]\n'})
    after = relcheck("scan", ".", "--format", "json", "--profile", "strict", cwd=tmp_path)

    rules = [{entry["rule"] for entry in json.loads(done.stdout)["findings"]} for done in (before, after)]
    assert rules == [{"action-unpinned"}, {"action-first-party-unpinned"}]


POLICY = (
    "title: Images come from our registry\non: image\n"
    "when: image.role in ['base', 'final'] && image.host != 'registry.example.com'\n"
    "levels: [{severity: error}]\nmessage: image.written + ' comes from elsewhere'\nfix: Use ours.\n"
)


def test_a_branch_can_change_neither_the_gate_nor_the_rules_it_names(repository: Path) -> None:
    write_tree(
        repository,
        {"relcheck.toml": 'rule-folders = ["ci/policy"]\nexclude = ["b/**"]\n', "ci/policy/own-registry.yaml": POLICY},
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    write_tree(repository, {"relcheck.toml": 'ignore = ["all"]\n', "a/relcheck.toml": 'ignore = ["all"]\n'})
    (repository / "ci" / "policy" / "own-registry.yaml").unlink()

    own = relcheck("scan", ".", cwd=repository)
    done = relcheck("scan", ".", "--config-from", "HEAD", cwd=repository)
    below = relcheck("scan", "a", "--config-from", "HEAD", cwd=repository)
    shown = relcheck("config", "--config-from", "HEAD", cwd=repository).stdout.decode()

    assert own.returncode == 0
    assert (done.returncode, below.returncode) == (1, 1)
    assert re.findall(rb"^(\S+):1:\d+ error own-registry", done.stdout, re.MULTILINE) == [b"a/Dockerfile"]
    assert b"Dockerfile:1:6 error own-registry" in below.stdout
    assert 'exclude = ["b/**"]  # HEAD:relcheck.toml' in shown


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=x", "-x", ""])
def test_a_revision_that_is_none_is_told(revision: str, repository: Path) -> None:
    done = relcheck("scan", ".", f"--config-from={revision}", cwd=repository)

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"--config-from" in done.stderr


def test_sources_of_settings_exclude_each_other(repository: Path) -> None:
    done = relcheck("scan", ".", "--isolated", "--config-from", "HEAD", cwd=repository)

    assert done.returncode == 2
    assert b"--config-from and --isolated exclude each other" in done.stderr


HISTORY = [
    ("", ["legacy/.npmrc", "web/.npmrc"]),
    ('[per-file-ignores]\n"legacy/**" = ["npmrc-token"]', ["web/.npmrc"]),
    ('[per-file-ignores]\n"legacy/.npmrc" = ["credentials"]', ["web/.npmrc"]),
    ('exclude = ["legacy"]', ["web/.npmrc"]),
    ('exclude = ["/web/**"]', ["legacy/.npmrc"]),
    ('[[accept]]\nrule = "npmrc-token"\npath = "web/*"\nreason = "x"', ["legacy/.npmrc"]),
]


@pytest.mark.parametrize(("text", "left"), HISTORY)
def test_patterns_speak_of_files_of_the_history_without_their_commit(
    text: str, left: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    secrets = {"legacy/.npmrc": "k3v9Qz71LmWp4Xs8Rt2b", "web/.npmrc": "h8Gq7z2LmP0s4Xs8Rt2b"}
    write_tree(folder, {path: f"//npm.acme.io/:_authToken={value}\n" for path, value in secrets.items()})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    write_tree(folder, {"relcheck.toml": f"{text}\n"})

    done = relcheck("scan", "--history", "HEAD", "--format", "json", cwd=folder)

    entries = [entry for entry in json.loads(done.stdout)["findings"] if "suppressed" not in entry]
    assert [entry["path"].partition(":")[2] for entry in entries] == left
    assert all(re.fullmatch(r"[0-9a-f]{12}:.*", entry["path"]) for entry in entries)


def test_what_the_command_line_excludes_is_not_read_in_the_history(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, {"legacy/.npmrc": "//npm.acme.io/:_authToken=k3v9Qz71LmWp4Xs8Rt2b\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")

    assert relcheck("scan", "--history", "HEAD", cwd=folder).returncode == 1
    assert relcheck("scan", "--history", "HEAD", "--exclude", "legacy", cwd=folder).returncode == 0


def test_a_rule_asks_for_the_path_in_the_commit(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    # A test beside the code, at the top: the name of the commit before it must not hide what it is.
    write_tree(folder, {"test_pay.py": f"KEY = '{make_token('rubygems')}'\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")

    done = relcheck("scan", "--history", "HEAD", "--format", "json", cwd=folder)

    assert json.loads(done.stdout)["findings"] == []
