"""What packages, lock files and tags say together; a file alone never says more than the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import git, relcheck, write_tree

LOCK = """{
  "a": {"resolved": "https://npm.acme.io/a.tgz", "integrity": "sha512-x"},
  "b": {"resolved": "https://npm.acme.io/b.tgz", "integrity": "sha512-x"},
  "c": {"resolved": "https://own.acme.io/c.tgz", "integrity": "sha512-x"},
  "d": {"resolved": "https://cdn.other.io/d.tgz", "integrity": "sha512-x"}
}
"""


def found(folder: Path, *arguments: str) -> list[tuple[str, str]]:
    """Return (rule, path) of what a scan finds."""
    done = relcheck("scan", *arguments, "--format", "json", "--no-cache", cwd=folder)
    return [(finding["rule"], finding["path"]) for finding in json.loads(done.stdout)["findings"]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_lock_file_alone_knows_the_hosts_that_the_configuration_names(project: Path) -> None:
    write_tree(project, {"package-lock.json": LOCK, ".npmrc": "@acme:registry=https://own.acme.io/\n"})
    expected = [("lockfile-foreign-source", "package-lock.json")]

    assert found(project, ".", "--select", "lockfile-foreign-source") == expected
    assert found(project, "package-lock.json", "--select", "lockfile-foreign-source") == expected


def test_a_manifest_alone_leaves_the_tag_to_the_manifest_that_it_belongs_to(project: Path) -> None:
    git(project, "init", "-q")
    crate = '[package]\nname = "a"\nversion = "1.4.0"\n'
    write_tree(project, {"Cargo.toml": crate, "package.json": '{"name": "docs", "version": "0.1.0"}'})
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "x")
    git(project, "tag", "v1.4.0")

    for paths in (["."], ["package.json"]):
        assert found(project, *paths, "--select", "tag-version-mismatch") == []


def test_siblings_are_only_judged_where_all_are_read(project: Path) -> None:
    write_tree(
        project,
        {
            "a/package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"b": "^1.2.0"}}',
            "b/package.json": '{"name": "b", "version": "2.0.0"}',
        },
    )

    assert found(project, ".", "--select", "internal-dependency-skew") == [
        ("internal-dependency-skew", "a/package.json")
    ]
    assert found(project, "a/package.json", "--select", "internal-dependency-skew") == []


def test_setup_cfg_is_the_manifest_where_no_other_is(project: Path) -> None:
    text = "[metadata]\nname = thing\nversion = 1.0-final-fix\n"
    write_tree(
        project,
        {"a/setup.cfg": text, "b/setup.cfg": text, "b/pyproject.toml": '[project]\nname = "thing"\nversion = "1.0"\n'},
    )

    assert found(project, ".", "--select", "version-invalid") == [("version-invalid", "a/setup.cfg")]


def test_what_is_installed_behind_a_clone_may_have_a_lock_file_of_its_own(project: Path) -> None:
    own = "FROM node:22.11.0\nCOPY package.json package-lock.json ./\nRUN npm install\n"
    write_tree(project, {"package-lock.json": "{}", "Dockerfile": own})
    rule = ("--select", "install-unlocked")

    assert found(project, ".", *rule) == [("install-unlocked", "Dockerfile")]

    fetched = "RUN git clone https://git.example.com/acme/x.git /x\nWORKDIR /x/app\nRUN npm install\n"
    write_tree(project, {"Dockerfile": own + fetched})

    assert found(project, ".", *rule) == [("install-unlocked", "Dockerfile")]
