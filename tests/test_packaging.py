"""What is installed finds its rules: a wheel made from the source archive, an editable install, a fresh clone."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT, git, write_tree

IN_CI = bool(os.environ.get("CI"))
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("GIT_")
}
RULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.yaml"))

SHOW_MODULES = """
import sys
from relcheck.cli import run
code = run(["scan", "Dockerfile", "--isolated"])
loaded = sorted({name.split(".")[0] for name in sys.modules})
print(code, *loaded, file=sys.stderr)
"""


def run(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**ENVIRONMENT, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def needs_index(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where packages cannot be fetched; a build server always can, so there it is a failure."""
    if done.returncode and not IN_CI and "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("no package index is in reach")
    assert done.returncode == 0, done.stdout + done.stderr


def clone(folder: Path) -> Path:
    """Copy what git would have of this checkout, uncommitted changes included."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    if not names:  # the source archive is no repository
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the source archive, and the wheel that was made from it."""
    work = tmp_path_factory.mktemp("build")
    source = clone(work / "source")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    needs_index(run(sys.executable, "-m", "build", *isolation, "--outdir", work / "dist", source, cwd=work))
    return work / "dist"


@pytest.fixture(scope="session")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of a fresh environment that has nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    needs_index(run(programs / "python", "-m", "pip", "install", "--quiet", next(archives.glob("*.whl")), cwd=folder))
    return programs


def test_the_wheel_carries_every_rule_as_text_and_compiled(archives: Path) -> None:
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        compiled = json.loads(wheel.read("relcheck/_rules.json"))
        metadata = email.message_from_bytes(wheel.read(next(name for name in names if name.endswith("METADATA"))))

    with tarfile.open(next(archives.glob("*.tar.gz"))) as source:
        listed = {member.name.partition("/")[2]: member for member in source.getmembers()}
        settings = source.extractfile(listed["pyproject.toml"])
        project = tomllib.loads(settings.read().decode() if settings else "")["project"]
    written = sorted(name for name in listed if name.startswith("rules/") and name.endswith(".yaml"))
    assert sorted(name.removeprefix("relcheck/") for name in names if name.startswith("relcheck/rules/")) == written
    path = compiled["fields"]["rule"].index("path")
    assert sorted(rule[path] for rule in compiled["rules"]) == written
    assert not any(name.startswith(("tests/", "rules/", "benchmarks/")) for name in names)
    assert {"relcheck/py.typed", "relcheck/data/actions.json"} <= names
    asked = [word for word in metadata.get_all("Requires-Dist", []) if "extra ==" not in word]
    assert len(asked) == len(project["dependencies"])


def test_the_source_archive_holds_what_builds_and_tests_need(archives: Path) -> None:
    with tarfile.open(next(archives.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert set(RULES) <= names
    assert {"hatch_build.py", "pyproject.toml", "README.md", "LICENSE", "dev", "tests/conftest.py"} <= names
    assert {"docs/report.schema.json", ".pre-commit-hooks.yaml"} <= names


def test_a_fresh_environment_scans_with_the_wheel(installed: Path, tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node:latest\n"})
    cache = tmp_path / "cache"
    environment = {"RELCHECK_CACHE_DIR": str(cache), "HOME": str(tmp_path)}

    done = run(installed / "relcheck", "scan", ".", cwd=tmp_path, env=environment)
    explained = run(installed / "relcheck", "rule", "image-latest", cwd=tmp_path, env=environment)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("Dockerfile:1:11 error image-latest: node:latest")
    assert "Bad: " in explained.stdout
    assert not cache.exists()  # the rules came compiled: nothing was to be kept


def test_starting_parses_no_yaml(installed: Path, tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node:latest\n"})

    done = run(installed / "python", "-c", SHOW_MODULES, cwd=tmp_path)

    code, *loaded = done.stderr.split()
    assert code == "1"
    assert not {"ruamel", "_ruamel_yaml", "yaml", "tomllib"} & set(loaded)


def test_a_clone_is_set_up_and_scans_with_one_command(tmp_path: Path) -> None:
    checkout = clone(tmp_path / "clone")
    write_tree(tmp_path / "project", {"Dockerfile": "FROM node:latest\n"})
    git(checkout, "init", "-q")
    environment = {"PYTHON": sys.executable, "RELCHECK_CACHE_DIR": str(tmp_path / "cache")}

    done = run(checkout / "dev", "scan", "Dockerfile", cwd=tmp_path / "project", env=environment)
    if done.returncode > 1 or "ERROR" in done.stderr:
        needs_index(done)
    again = run(checkout / "dev", "scan", "Dockerfile", cwd=tmp_path / "project", env=environment)

    assert (done.returncode, again.returncode) == (1, 1), done.stderr
    assert again.stdout.startswith("Dockerfile:1:11 error image-latest: node:latest")
    assert again.stderr == ""


def test_an_unknown_word_to_the_starter_is_told(tmp_path: Path) -> None:
    done = run(ROOT / "dev", "frobnicate", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("usage: ./dev scan")
