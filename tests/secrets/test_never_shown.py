"""Secrets that stand in a scanned folder never come out again: not in a report, the cache, a message or an error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, git, relcheck, write_tree
from tests.secrets.secret_tree import Secrets, b64, files

EVERY_DETECTOR = (
    '[params.secret]\nextend-detectors = ["KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"]\n'
)
CONFIGURED = 'exclude = ["excluded/**"]\n[per-file-ignores]\n"accepted/**" = ["all"]\n'


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    made = Secrets()
    files(made)
    return made


@pytest.fixture(scope="module")
def folder(secrets: Secrets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("never") / "project"
    made.mkdir()
    write_tree(made, {**files(secrets), "relcheck.toml": CONFIGURED})
    git(made, "init", "-q")
    git(made, "add", "-A", "-f")
    git(made, "commit", "-q", "-m", "all")
    origin = f"https://u:{secrets.word('origin, userinfo')}@git.acme.io/a/b?token={secrets.word('origin, query')}"
    git(made, "remote", "add", "origin", origin)
    return made


def test_the_search_for_leaks_knows_what_was_written(secrets: Secrets, folder: Path) -> None:
    written = b"\n".join(
        [
            *(path.read_bytes() for path in folder.rglob("*") if path.is_file()),
            *(bytes(path) for path in folder.rglob("*")),
        ]
    )

    assert secrets.leaks(written) == sorted(secrets.values)
    assert len(secrets.values) > 100


def test_the_search_for_leaks_sees_through_encodings() -> None:
    secrets = Secrets()
    word = secrets.word("x")

    for shown in (word, word[4:], f"'{word}'", b64(word), b64(f"ci:{word}"), b64(f"u:{word}")):
        assert secrets.leaks(shown.encode()) == ["x"], shown
    assert secrets.leaks(f"{word[:4]}… and {'*' * 20}".encode()) == []


WAYS = [
    ("scan", "--format", "text", "--notes"),
    ("scan", "--format", "json"),
    ("scan", "--format", "sarif"),
    ("scan", "--format", "github"),
    ("scan", "--statistics", "--verbose"),
    ("scan", "--show-files"),
    ("scan", "--select", "image-latest"),
    ("scan", "--select", "k8s-namespace-missing", "--format", "json", "--verbose"),
    ("scan", "--profile", "strict", "--notes"),
    ("scan", "--profile", "strict", "--format", "sarif"),
    ("scan", "--profile", "strict", "--format", "github"),
    ("scan", "--no-ignores", "--profile", "release", "--notes"),
    ("scan", "--history", "--profile", "strict"),
    ("scan", "--history", "--format", "json"),
    ("scan", "--staged"),
    ("scan", "--jobs", "2", "--no-cache", "--format", "json"),
    ("inventory",),
    ("inventory", "--uses"),
    ("inventory", "--format", "json"),
    ("inventory", "--format", "csv"),
    ("inventory", "--format", "cyclonedx"),
    ("config",),
    ("config", "--config-from", "HEAD"),
]


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_no_secret_comes_out(way: tuple[str, ...], folder: Path, secrets: Secrets, tmp_path: Path) -> None:
    every = "--history" in way or "strict" in way
    (folder / "relcheck.toml").write_text(CONFIGURED + (EVERY_DETECTOR if every else ""), encoding="utf-8")
    kept = tmp_path / "cache"

    for _ in range(2):  # the second run reads the cache
        done = relcheck(*way, cwd=folder, env={"RELCHECK_CACHE_DIR": str(kept)})
        assert done.returncode in (0, 1), done.stderr.decode()
        assert len(done.stdout) > 100 or "--staged" in way
        assert secrets.leaks(done.stdout) == []
        assert secrets.leaks(done.stderr) == []
    for path in kept.rglob("*"):
        if path.is_file():
            assert secrets.leaks(path.read_bytes()) == [], path.name


def test_the_cache_that_was_searched_held_facts(folder: Path, tmp_path: Path) -> None:
    relcheck("scan", cwd=folder, env={"RELCHECK_CACHE_DIR": str(tmp_path)})

    assert any(path.name.startswith("facts-") and path.stat().st_size > 1000 for path in tmp_path.rglob("*"))


def test_none_comes_out_of_the_index(secrets: Secrets, tmp_path: Path) -> None:
    made = tmp_path / "staged"
    made.mkdir()
    write_tree(made, files(secrets))
    git(made, "init", "-q")
    git(made, "add", "-A", "-f")

    done = relcheck("scan", "--staged", "--profile", "strict", "--verbose", cwd=made)

    assert done.stdout.count(b" error ") > 50
    assert secrets.leaks(done.stdout + done.stderr) == []


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_none_comes_out_of_standard_input(form: str, folder: Path, secrets: Secrets) -> None:
    for name, text in files(secrets).items():
        if name in ("deploy.sh", ".github/workflows/a.yml", "broken.yaml", "k8s.yaml", "url/Dockerfile", "notes"):
            way = ("scan", "--stdin-filename", name, "--format", form, "--profile", "strict", "--isolated", "-")
            done = relcheck(*way, cwd=folder, stdin=text.encode())
            assert done.returncode in (0, 1), done.stderr.decode()
            assert len(done.stdout) > 50, name
            assert secrets.leaks(done.stdout + done.stderr) == [], name


def test_none_comes_out_where_ignores_are_written(secrets: Secrets, tmp_path: Path) -> None:
    made = tmp_path / "project"
    write_tree(made, files(secrets))
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}

    done = relcheck("scan", ".", "--add-ignores", "accepted", "--profile", "strict", cwd=made)

    added = [
        line
        for path, data in before.items()
        for line in path.read_bytes().split(b"\n")
        if line not in data.split(b"\n")
    ]
    assert sum(b"relcheck: ignore[" in line for line in added) > 20
    assert secrets.leaks(b"\n".join(added)) == []
    assert secrets.leaks(done.stdout + done.stderr) == []


def test_none_is_in_the_configuration_that_is_suggested_where_comments_are_not_possible(
    secrets: Secrets, tmp_path: Path
) -> None:
    made = tmp_path / "project"
    write_tree(made, {"auth.json": files(secrets)["auth.json"], "url/package.json": files(secrets)["url/package.json"]})

    done = relcheck("scan", ".", "--add-ignores", "accepted", cwd=made)

    assert b"auth.json" in done.stderr
    assert secrets.leaks(done.stdout + done.stderr) == []


@pytest.mark.parametrize(
    "text", ["password = '{}'\n", "ignore = ['{}']\n", "[params.secret]\n'{}' = 1\n", "exclude = '{}\n"]
)
def test_none_comes_out_of_a_configuration_that_is_wrong(text: str, secrets: Secrets, tmp_path: Path) -> None:
    made = tmp_path / "project"
    write_tree(made, {"relcheck.toml": text.format(secrets.token("configuration")), "Dockerfile": "FROM node\n"})

    done = relcheck("scan", ".", cwd=made)

    assert done.returncode == 2
    assert secrets.leaks(done.stdout + done.stderr) == []


def test_none_comes_out_of_a_rule_that_fails(secrets: Secrets, tmp_path: Path) -> None:
    made = tmp_path / "project"
    rule = (
        "title: x\non: command\nwhen: command.argv[99] == 'x'\nlevels: [{severity: error}]\n"
        "message: command.written\nfix: x\n"
    )
    write_tree(made, {**files(secrets), "own/own-rule.yaml": rule, "relcheck.toml": 'rule-folders = ["own"]\n'})

    done = relcheck("scan", ".", cwd=made)

    assert b"own-rule" in done.stderr
    assert secrets.leaks(done.stdout + done.stderr) == []


def test_a_rule_of_the_user_is_given_no_secret(secrets: Secrets, tmp_path: Path) -> None:
    made = tmp_path / "project"
    write_tree(made, {**files(secrets), "relcheck.toml": 'rule-folders = ["own"]\n'})
    fields = {
        "command": ("written", "argv.join(' ')"), "credential": ("redacted", "key", "user"), "image": ("written", "tag"),
        "download": ("url", "host"), "dependency": ("constraint", "ref"),
    }  # fmt: skip
    for kind, names in fields.items():
        message = " + ' ' + ".join(f"string({kind}.{field})" for field in names)
        text = f"title: x\non: {kind}\nwhen: 'true'\nlevels: [{{severity: error}}]\nmessage: \"{message}\"\nfix: x\n"
        write_tree(made, {f"own/own-{kind}.yaml": text})

    done = relcheck("scan", ".", "--select", ",".join(f"own-{kind}" for kind in fields), "--notes", cwd=made)

    assert all(f" own-{kind}: ".encode() in done.stdout for kind in fields), done.stderr
    assert secrets.leaks(done.stdout + done.stderr) == []


def test_none_comes_out_of_a_crash(folder: Path, secrets: Secrets, tmp_path: Path) -> None:
    script = (
        "import sys, relcheck.scan, relcheck.cli as cli\n"
        "def fail(repository, judged):\n"
        "    raise ValueError(repr([open(path, errors='replace').read() for path in repository.reported]))\n"
        "relcheck.scan.link = fail\n"
        f"sys.exit(cli.run(['scan', '.', '--no-cache', '--exclude', {secrets.token('key')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder,
        env={"RELCHECK_CACHE_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 3
    log = (tmp_path / "crash.log").read_bytes()
    assert b"ValueError" in log
    assert secrets.leaks(done.stdout + done.stderr + log) == []


def test_what_is_shown_of_a_secret_is_its_first_letters(folder: Path) -> None:
    done = relcheck("scan", ".npmrc", "--select", "npmrc-token", cwd=folder)

    shown = re.findall(r"_authToken=(\S+)", done.stdout.decode())
    assert shown
    assert all(re.fullmatch(r".{4}\*+", text) for text in shown), shown
