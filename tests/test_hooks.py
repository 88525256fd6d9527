"""The hooks under the real pre-commit, in a repository of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relcheck.readers import FORMATS
from tests.conftest import ROOT, git, relcheck, write_tree
from tests.test_packaging import clone

IN_CI = bool(os.environ.get("CI"))
HOOKS = ("relcheck", "relcheck-repository")


def pre_commit(folder: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run pre-commit in a repository; its environments stay below `home`."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "PYTHONPATH"},
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "RELCHECK_CACHE_DIR": str(home / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def entry_of(hook: str) -> list[str]:
    """Return the words of a hook's entry as this checkout publishes it."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only here

    hooks = YAML(typ="safe", pure=True).load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return str(next(made for made in hooks if made["id"] == hook)["entry"]).split()


def local_config(hook: str) -> str:
    """Return a configuration that runs a hook's own entry with the relcheck under test."""
    words = entry_of(hook)
    assert words[0] == "relcheck"
    passing = "pass_filenames: false, always_run: true" if hook == "relcheck-repository" else "types: [text]"
    entry = f"{sys.executable} -m relcheck {' '.join(words[1:])}"
    return (
        "repos:\n- repo: local\n  hooks:\n"
        f"  - {{id: {hook}, name: {hook}, entry: '{entry}', language: system, {passing}, require_serial: true, verbose: true}}\n"
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with clean files committed, and one mistake in a file that nobody touches."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    files = {
        "old/Dockerfile": "FROM python:latest\n",
        "app/Dockerfile": "FROM scratch\n",
        "deploy/kustomization.yaml": "namespace: shop\nresources: [pod.yaml]\n",
        "deploy/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'b:1.0.0'}]}\n",
        "notes.txt": "nothing\n",
    }
    write_tree(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return folder


def test_a_commit_with_a_mistake_is_stopped_and_only_its_files_are_judged(repository: Path, tmp_path: Path) -> None:
    write_tree(
        repository, {".pre-commit-config.yaml": local_config("relcheck"), "app/Dockerfile": "FROM node:latest\n"}
    )
    git(repository, "add", "-A")

    stopped = pre_commit(repository, "run", home=tmp_path)
    write_tree(repository, {"app/Dockerfile": "FROM scratch\n", "notes.txt": "more\n"})
    git(repository, "add", "-A")
    passed = pre_commit(repository, "run", home=tmp_path)

    assert stopped.returncode == 1, stopped.stderr
    assert "app/Dockerfile:1:11 error image-latest" in stopped.stdout
    assert "old/Dockerfile" not in stopped.stdout
    assert passed.returncode == 0, passed.stdout


def test_a_staged_file_is_joined_with_its_neighbours(repository: Path, tmp_path: Path) -> None:
    pod = (repository / "deploy" / "pod.yaml").read_text().replace("1.0.0", "1.0.1")
    write_tree(
        repository, {".pre-commit-config.yaml": local_config("relcheck"), "deploy/pod.yaml": pod, "lone.yaml": pod}
    )
    git(repository, "add", "-A")

    done = pre_commit(repository, "run", home=tmp_path)

    assert re.search(r"^lone.yaml:\d+:\d+ warning k8s-namespace-missing", done.stdout, re.MULTILINE)
    assert not re.search(r"^deploy/pod.yaml:", done.stdout, re.MULTILINE)


def test_the_hook_on_the_repository_judges_everything(repository: Path, tmp_path: Path) -> None:
    write_tree(repository, {".pre-commit-config.yaml": local_config("relcheck-repository")})
    git(repository, "add", "-A")

    done = pre_commit(repository, "run", home=tmp_path)

    assert done.returncode == 1
    assert "old/Dockerfile:1:13 error image-latest" in done.stdout


def test_a_hook_that_is_given_nothing_to_judge_says_nothing_bad(repository: Path) -> None:
    done = relcheck(*entry_of("relcheck")[1:], "notes.txt", cwd=repository)

    assert done.returncode == 0
    assert b"no file of a known format" in done.stderr


def test_excluded_files_stay_excluded_when_the_hook_names_them(repository: Path) -> None:
    write_tree(repository, {"relcheck.toml": 'exclude = ["old/**"]\n'})
    done = relcheck(*entry_of("relcheck")[1:], "old/Dockerfile", "app/Dockerfile", cwd=repository)

    assert (done.returncode, b"old/Dockerfile" in done.stdout) == (0, False)


def test_every_format_is_text_to_the_tool_that_names_the_files() -> None:
    """`types: [text]` must let every file through that relcheck reads, whatever its name."""
    from identify.identify import tags_from_filename  # noqa: PLC0415 - part of pre-commit

    for made in FORMATS:
        for pattern in made.patterns:
            name = pattern.rsplit("/", 1)[-1].replace("[._-]*", ".x").replace("*", "x")
            assert "binary" not in tags_from_filename(name), name


def test_the_published_hooks_install_from_this_checkout(tmp_path: Path) -> None:
    source = clone(tmp_path / "relcheck")
    git(source, "init", "-q")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "x")
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, {"Dockerfile": "FROM node:latest\n", "picture.png": "\x89PNG\0"})
    git(folder, "add", "-A")

    done = pre_commit(folder, "try-repo", str(source), "--all-files", "--verbose", home=tmp_path)

    if "No matching distribution" in done.stdout + done.stderr and not IN_CI:
        pytest.skip("no package index is in reach")
    assert done.returncode == 1, done.stdout + done.stderr
    assert [f"- hook id: {hook}" in done.stdout for hook in HOOKS] == [True, True]
    assert done.stdout.count("Dockerfile:1:11 error image-latest") == len(HOOKS)
    assert "picture.png" not in done.stdout
