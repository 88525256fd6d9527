"""The command as a process: faults, interruptions, readers that go away, and what its help says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relcheck.cli import COMMANDS
from relcheck.rules import load_rules
from tests.conftest import CLEAN_ENVIRONMENT, ROOT, relcheck, write_tree
from tests.tokens import make_token

ENVIRONMENT = {**CLEAN_ENVIRONMENT, "PYTHONPATH": str(ROOT)}
FAULT = """
import sys, relcheck.cli.scanning
def fail(*_):
    secret = open(".npmrc").read()
    raise ValueError("cannot digest " + secret)
relcheck.cli.scanning.run = fail
from relcheck.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_a_fault_leaves_a_log_without_secrets_and_no_traceback(tmp_path: Path) -> None:
    token = make_token("npm")
    write_tree(tmp_path, {".npmrc": f"//registry.example.com/:_authToken={token}\n"})
    done = subprocess.run(
        [sys.executable, "-c", FAULT, "scan", ".npmrc", f"--exclude={token}"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "RELCHECK_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        check=False,
        timeout=60,
    )

    log = (tmp_path / "cache" / "crash.log").read_text(encoding="utf-8")
    assert done.returncode == 3
    assert done.stderr.startswith(b"relcheck: a fault in relcheck ")
    assert b"crash.log" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert "fault: ValueError" in log
    assert "scanning.py:" in log
    assert "cannot digest" not in log
    assert token not in log + done.stderr.decode() + done.stdout.decode()


def test_a_fault_is_told_even_where_no_log_can_be_written(tmp_path: Path) -> None:
    write_tree(tmp_path, {".npmrc": "x\n", "cache": "a file, no folder\n"})
    done = subprocess.run(
        [sys.executable, "-c", FAULT, "scan", ".npmrc"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "RELCHECK_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, b"please report it" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    "arguments", [("scan", "."), ("scan", ".", "--format", "json"), ("rules",), ("scan", "--help")]
)
def test_a_reader_that_goes_away_is_no_mistake(arguments: tuple[str, ...], tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{number}/Dockerfile": "FROM node\n" * 20 for number in range(60)})
    relcheck("scan", ".", cwd=tmp_path)  # the rules are compiled, so that the answer comes at once
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "relcheck", *arguments],
        cwd=tmp_path,
        env={**ENVIRONMENT, "HOME": str(tmp_path), "RELCHECK_CACHE_DIR": os.environ["RELCHECK_CACHE_DIR"]},
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(theirs)

    assert done.stderr == b""
    assert done.returncode == 1  # the findings count, whoever listens; of a list nothing was delivered


def hear_interruptions() -> None:
    """Undo what a shell does to jobs in the background, which is inherited: they ignore interruptions."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_an_interruption_is_told_in_one_word(seconds: float, tmp_path: Path) -> None:
    text = "FROM node\nRUN apt-get install a && curl https://x.example.com/a | sh\n" * 400
    write_tree(tmp_path, {f"{number}/Dockerfile": text for number in range(300)})
    process = subprocess.Popen(
        [sys.executable, "-m", "relcheck", "scan", ".", "--no-cache", "--jobs", "2"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hear_interruptions,  # noqa: PLW1509 - no thread of the tests runs here
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    printed, told = process.communicate(timeout=60)

    assert (process.returncode, printed) == (130, b"")
    assert told.strip() == b"interrupted"
    with pytest.raises(ProcessLookupError):  # no worker goes on
        os.killpg(process.pid, 0)


DEAF = """
import sys, time
import relcheck.__main__ as door
import relcheck.cli
def run(_):
    print("ready", flush=True)
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        pass  # as Python itself does where a callback is interrupted
    THEN
command = relcheck.cli.relcheck
command.main = lambda **_: run(None)
sys.exit(door.main())
"""


@pytest.mark.parametrize("then", ["time.sleep(30)", "raise RuntimeError('made of an interruption')"])
def test_an_interruption_that_is_lost_is_repeated(then: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEAF.replace("THEN", then)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interruptions,  # noqa: PLW1509 - no thread of the tests runs here
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)

    assert (process.returncode, told) == (130, b"interrupted\n")


def test_what_is_scanned_is_not_imported(tmp_path: Path) -> None:
    evil = "open('ran', 'w').close()\n"
    write_tree(
        tmp_path, {"Dockerfile": "FROM scratch\n", "click.py": evil, "relcheck.py": evil, "google/__init__.py": evil}
    )
    subprocess.run(
        [sys.executable, "-m", "relcheck", "scan", "Dockerfile"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONSAFEPATH": "1", "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        timeout=60,
    )

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_reads_well(command: str, tmp_path: Path) -> None:
    done = relcheck(*([command] if command else []), "--help", cwd=tmp_path, env={"COLUMNS": "100"})
    lines = done.stdout.decode().split("\n")

    assert done.returncode == 0
    assert lines[0].startswith(f"Usage: relcheck{' ' + command if command else ''} ")
    assert max(map(len, lines)) <= 100
    for line in lines:
        if line.startswith("  -") and not line.rstrip().endswith("-h, --help"):
            words = line.strip().split("  ", 1)
            assert len(words) == 1 or words[1].strip()[0].isupper() or words[1].strip()[0] in "[(", line


OPTIONS = [
    "--select", "--ignore", "--profile", "--fail-on", "--config", "--format", "--output", "--no-cache", "--jobs", "--show-files",
    "--statistics", "--no-ignores", "--add-ignores", "--exclude", "--force-exclude", "--exit-zero", "--max-findings",
    "--isolated", "--config-from", "--quiet", "--verbose", "--notes", "--stdin-filename",
]  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_of_scan_is_explained(option: str, tmp_path: Path) -> None:
    text = relcheck("scan", "-h", cwd=tmp_path).stdout.decode()

    assert f" {option} " in text or f" {option}\n" in text


def test_a_command_and_an_option_that_are_none_are_told(tmp_path: Path) -> None:
    for arguments in (("scna",), ("scan", "--selct", "x"), ("scan", "--jobs", "many"), ("rule",)):
        done = relcheck(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"Error: " in done.stderr


def test_rules_are_listed_in_three_forms(tmp_path: Path) -> None:
    loaded = load_rules().rules
    text, table, listed = (
        relcheck("rules", "--format", form, cwd=tmp_path).stdout.decode() for form in ("text", "markdown", "json")
    )

    assert [line.split()[0] for line in text.splitlines()] == sorted(
        loaded, key=lambda name: (loaded[name].topic, name)
    )
    assert all(line.startswith("| ") and line.endswith(" |") for line in table.splitlines())
    entries = json.loads(listed)["rules"]
    assert {entry["name"] for entry in entries} == set(loaded)
    assert all(
        {"name", "topic", "title", "severity", "profile", "on", "why", "fix", "since"} <= set(entry)
        for entry in entries
    )


def test_a_rule_is_explained_with_why_how_and_examples(tmp_path: Path) -> None:
    text = relcheck("rule", "image-latest", cwd=tmp_path).stdout.decode()

    for part in ("image-latest: ", "Severity: ", "Why: ", "Fix: ", "Bad: ", "Good: ", "Parameter roles: "):
        assert f"\n{part}" in f"\n{text}"
    assert "{{token:" not in text


def test_old_names_of_rules_still_work(tmp_path: Path) -> None:
    write_tree(tmp_path, {
        "Dockerfile": "FROM node AS a\n", "relcheck.toml": 'rule-folders = ["p"]\n',
        "p/new-name.yaml": "title: x\non: image\nwhen: image.tag == ''\nlevels: [{severity: error}]\nmessage: image.written\n"
        "fix: x\nformerly: [old-name]\n",
    })  # fmt: skip

    assert relcheck("rule", "old-name", cwd=tmp_path).stdout.startswith(b"new-name: x\n")
    assert b"error new-name" in relcheck("scan", ".", "--select", "old-name", cwd=tmp_path).stdout
    write_tree(tmp_path, {"Dockerfile": "# relcheck: ignore[old-name] agreed\nFROM node AS a\n"})
    assert relcheck("scan", ".", "--select", "new-name", cwd=tmp_path).returncode == 0
