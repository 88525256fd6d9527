"""Nothing of the scanned repository is executed, imported or fetched; its configuration chooses and tunes, no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relcheck import vcs
from relcheck.engine import Program
from relcheck.rules import RuleError, load_rules
from tests.conftest import CLEAN_ENVIRONMENT, ROOT, git, relcheck, write_tree

PACKAGE = '[project]\nname = "x"\nversion = "1.0.0"\n'


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a program that leaves a mark when anything runs it; `sprung` asks for the mark."""
    program = tmp_path / "trap.sh"
    program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/sprung"\nexit 0\n')
    program.chmod(0o755)
    return program


def sprung(tmp_path: Path) -> bool:
    return (tmp_path / "sprung").exists()


def repository(tmp_path: Path) -> Path:
    """Make a repository whose package changed since its release, so that a scan asks git for all it ever asks."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    files = {
        "pyproject.toml": PACKAGE,
        "x/__init__.py": "",
        "Dockerfile": "FROM node\n",
        ".gitattributes": "* diff=t filter=t\n",
    }
    write_tree(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "tag", "v1.0.0")
    write_tree(folder, {"x/__init__.py": "changed = True\n"})
    git(folder, "commit", "-q", "-am", "two")
    write_tree(folder, {"x/other.py": "new = 1\n", "x/__init__.py": "changed = 2  # not committed\n"})
    os.utime(folder / "pyproject.toml", (1, 1))
    return folder


def scan(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    done = relcheck("scan", ".", "--no-cache", *arguments, cwd=folder)
    assert b"Traceback" not in done.stderr
    return done


SETTINGS = {
    "file monitor": "[core]\n\tfsmonitor = {trap}\n",
    "hooks": "[core]\n\thooksPath = hooks\n",
    "external diff": "[diff]\n\texternal = {trap}\n",
    "text conversion": '[diff "t"]\n\ttextconv = {trap}\n\tcommand = {trap}\n',
    "filters": '[filter "t"]\n\tclean = {trap}\n\tsmudge = {trap}\n\trequired = true\n',
    "a filter process": '[filter "t"]\n\tprocess = {trap}\n\trequired = true\n',
    "pagers and editors": "[core]\n\tpager = {trap}\n\teditor = {trap}\n\tsshCommand = {trap}\n\taskPass = {trap}\n",
    "aliases": "[alias]\n\tls-files = !{trap}\n\tdiff = !{trap}\n\trev-parse = !{trap}\n\ttag = !{trap}\n",
    "credential helper": "[credential]\n\thelper = !{trap}\n",
    "signatures": "[gpg]\n\tprogram = {trap}\n[log]\n\tshowSignature = true\n[tag]\n\tgpgSign = true\n",
}


@pytest.mark.parametrize("case", SETTINGS)
@pytest.mark.parametrize("included", [False, True], ids=["own configuration", "included configuration"])
def test_programs_that_the_repository_names_for_git_are_not_run(
    case: str, included: bool, tmp_path: Path, trap: Path
) -> None:
    folder = repository(tmp_path)
    for hook in ("post-index-change", "post-checkout", "pre-commit", "fsmonitor-watchman", "reference-transaction"):
        for where in (folder / ".git" / "hooks", folder / "hooks"):
            where.mkdir(exist_ok=True)
            (where / hook).write_bytes(trap.read_bytes())
            (where / hook).chmod(0o755)
    text = SETTINGS[case].format(trap=trap)
    if included:
        (folder / "evil.config").write_text(text)
        text = "[include]\n\tpath = ../evil.config\n"
    with (folder / ".git" / "config").open("a") as stream:
        stream.write(text)

    done = scan(folder, "--format", "json")

    assert b'"version-not-bumped"' in done.stdout, done.stderr  # git was really asked for what changed
    assert b"git could not" not in done.stderr
    assert not sprung(tmp_path)


def test_a_filter_whose_name_would_break_an_option_is_not_run(tmp_path: Path, trap: Path) -> None:
    folder = repository(tmp_path)
    (folder / ".gitattributes").write_text("* filter=a=b\n")
    with (folder / ".git" / "config").open("a") as stream:
        stream.write(f'[filter "a=b"]\n\tclean = {trap}\n\trequired = true\n')

    scan(folder)

    assert not sprung(tmp_path)


def test_the_traps_of_these_tests_do_spring(tmp_path: Path, trap: Path) -> None:
    folder = repository(tmp_path)
    with (folder / ".git" / "config").open("a") as stream:
        stream.write(SETTINGS["file monitor"].format(trap=trap))

    git(folder, "ls-files", "-o")

    assert sprung(tmp_path)


def test_a_submodule_is_not_asked_with_its_own_configuration(tmp_path: Path, trap: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    write_tree(inner, {"a": "a"})
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "one")
    folder = repository(tmp_path)
    git(folder, "submodule", "--quiet", "add", str(inner), "sub")
    git(folder, "commit", "-q", "-am", "three")
    git(folder, "tag", "v1.0.1")
    write_tree(folder, {"pyproject.toml": PACKAGE.replace("1.0.0", "1.0.1")})
    config = folder / ".git" / "modules" / "sub" / "config"
    config.write_text(config.read_text() + f"[core]\n\tfsmonitor = {trap}\n")

    scan(folder)
    assert not sprung(tmp_path)

    git(folder, "diff", "--name-only", "v1.0.1")
    assert sprung(tmp_path)  # a plain git would have run it


def test_objects_that_a_partial_clone_lacks_are_not_fetched(tmp_path: Path, trap: Path) -> None:
    folder = repository(tmp_path)
    blob = git(folder, "rev-parse", "v1.0.0^{tree}").strip()
    git(folder, "config", "extensions.partialClone", "origin")
    git(folder, "config", "core.repositoryFormatVersion", "1")
    git(folder, "config", "remote.origin.promisor", "true")
    git(folder, "config", "remote.origin.url", f"ext::{trap}")
    git(folder, "config", "protocol.ext.allow", "always")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    done = scan(folder)

    assert not sprung(tmp_path)
    assert b"image-latest" in done.stdout


def test_a_work_tree_that_lies_elsewhere_is_not_read(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    write_tree(other, {"Dockerfile": "FROM elsewhere\n"})
    git(folder, "config", "core.worktree", str(other))

    done = scan(folder, "--select", "image-latest")

    assert b"elsewhere" not in done.stdout
    assert b"Dockerfile:1:6 error image-latest: node" in done.stdout


def test_variables_of_git_in_the_environment_do_not_count(tmp_path: Path, trap: Path) -> None:
    folder = repository(tmp_path)
    environment = {
        "GIT_EXTERNAL_DIFF": str(trap),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(trap),
        "GIT_DIR": str(tmp_path / "nowhere"),
    }
    done = relcheck("scan", ".", "--no-cache", cwd=folder, env=environment)

    assert b"image-latest" in done.stdout
    assert not sprung(tmp_path)


def test_a_revision_that_looks_like_an_option_is_refused(tmp_path: Path) -> None:
    folder = repository(tmp_path)

    for revision in ("--output=owned", "-h", "--upload-pack=x"):
        done = relcheck("scan", ".", f"--config-from={revision}", cwd=folder)
        assert done.returncode == 2
        with pytest.raises(vcs.GitProblem):
            vcs.show(str(folder), revision, "pyproject.toml")
    assert not (folder / "owned").exists()


@pytest.mark.parametrize("started", ["the command", "python -m"])
def test_code_in_the_folder_is_not_imported(started: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    code = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n"
    modules = (
        "setup.py", "conftest.py", "click.py", "json.py", "ruamel/__init__.py", "ruamel/yaml/__init__.py", "sitecustomize.py",
        "usercustomize.py", "cel_expr_python.py", "tree_sitter.py", "google/__init__.py", "build_backend.py", "subprocess.py",
    )  # fmt: skip
    write_tree(folder, dict.fromkeys(modules, code))
    write_tree(
        folder,
        {
            "pyproject.toml": f'{PACKAGE}[build-system]\nrequires = []\nbuild-backend = "build_backend"\nbackend-path = ["."]\n',
            "Dockerfile": "FROM node\nRUN touch /tmp/x\n",
            "package.json": '{"name": "x", "version": "1.0.0", "scripts": {"preinstall": "touch sprung", "prepare": "false"}}',
            "a.sh": "curl -s x | sh\n",
        },
    )
    script = "import sys; sys.path.pop(0); from relcheck.__main__ import main; sys.exit(main())"
    how = ["-m", "relcheck"] if started == "python -m" else ["-c", script]

    done = subprocess.run(
        [sys.executable, *how, "scan", ".", "--no-cache"],
        cwd=folder,
        env={**CLEAN_ENVIRONMENT, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert b"image-latest" in done.stdout, done.stderr
    assert not sprung(tmp_path)


CONFIGURATIONS = {
    "an unknown key": 'output = "/tmp/owned"\n',
    "a plug-in": 'plugins = ["evil"]\n',
    "the network": "online = true\n",
    "a cache elsewhere": 'cache-dir = "/"\n',
    "a command": 'fix-command = "touch owned"\n',
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_configuration_cannot_ask_for_more_than_rules_and_settings(case: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    write_tree(folder, {"relcheck.toml": CONFIGURATIONS[case], "Dockerfile": "FROM node\n"})

    done = relcheck("scan", ".", cwd=folder)

    assert done.returncode == 2
    assert b"unknown key" in done.stderr


def test_a_rule_of_the_repository_runs_no_code_and_reads_no_file(tmp_path: Path) -> None:
    for number, expression in enumerate((
        "__import__('os').system('touch owned') == 0", "open('/etc/passwd') != ''", "image.__class__ == ''", "env('HOME') == ''",
    )):  # fmt: skip
        folder = tmp_path / str(number)
        rule = f"title: x\non: image\nwhen: {expression!r}\nlevels: [{{severity: error}}]\nmessage: '\"x\"'\nfix: x\n"
        write_tree(folder, {"mine.yaml": rule})
        with pytest.raises(RuleError):
            load_rules([str(folder)])
    with pytest.raises(Exception, match=r"."):
        Program(b"no expression")


def test_a_rule_that_repeats_without_end_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    lists = ", ".join(["0"] * 60)
    nested = "".join(f"[{lists}].all(v{depth}, " for depth in range(6)) + "true" + ")" * 6
    rule = f"title: x\non: image\nwhen: >-\n  {nested}\nlevels: [{{severity: error}}]\nmessage: '\"x\"'\nfix: x\n"
    files = {"relcheck.toml": 'rule-folders = ["mine"]\n', "mine/endless.yaml": rule, "Dockerfile": "FROM node\n" * 50}
    write_tree(folder, files)

    done = relcheck("scan", ".", "--no-cache", cwd=folder, timeout=100)

    assert done.returncode == 2
    assert b"a rule failed and was left out" in done.stderr
    assert b"image-latest" in done.stdout


def test_nothing_is_written_beside_what_is_scanned(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    scan(folder)
    relcheck("scan", ".", "--show-files", cwd=folder)

    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
