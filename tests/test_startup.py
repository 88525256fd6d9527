"""What starting and scanning load, and how often a thing is done: counted, not timed (benchmarks/ measure times)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from relcheck.cli.settings import load
from relcheck.discover import Discovery
from relcheck.engine import Checker
from relcheck.judge import _Compiled
from relcheck.readers import FORMATS
from relcheck.scan import Plan, Scanned, run
from relcheck.selection import Selection
from tests.conftest import ROOT, write_tree

HEAVY = {
    "_ruamel_yaml", "cel_expr_python", "concurrent", "cyclonedx", "detect_secrets", "dockerfile_parse", "google", "jsonschema",
    "multiprocessing", "packageurl", "packaging", "requirements", "ruamel", "subprocess", "tomllib", "tree_sitter", "yaml",
}  # fmt: skip

DRIVER = """
import sys
from relcheck.cli import run
code = run(sys.argv[1:])
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Return the names of all modules that a command loaded."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stderr.split("\n"))


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("scan", "--help"), ("rules", "--help"), ("config", "--help")]
)
def test_a_question_about_the_command_line_loads_neither_readers_nor_engines(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    modules = loaded_by(*arguments, cwd=tmp_path)

    assert not packages(modules) & HEAVY
    assert {name for name in modules if name.startswith("relcheck")} <= {
        "relcheck",
        "relcheck.cli",
        f"relcheck.cli.{arguments[0]}",
    }


SMALL = {
    "dockerfile": ("Dockerfile", "FROM node:20.1.0\nCOPY . /app\n", {"cel_expr_python", "google", "dockerfile_parse"}),
    "requirements": (
        "requirements.txt",
        "click==8.1.7\n",
        {"cel_expr_python", "google", "packaging", "requirements", "subprocess"},
    ),
    "npmrc": (".npmrc", "save-exact=true\n", {"cel_expr_python", "google"}),
    "gitlab-ci": (
        ".gitlab-ci.yml",
        "test:\n  image: node:20.1.0\n",
        {"cel_expr_python", "google", "ruamel", "_ruamel_yaml"},
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_scanning_one_file_loads_what_its_format_needs(name: str, tmp_path: Path) -> None:
    path, text, wanted = SMALL[name]
    write_tree(tmp_path, {path: text})
    loaded_by("scan", path, cwd=tmp_path)  # the first run in a checkout compiles the rules

    modules = loaded_by("scan", path, cwd=tmp_path)

    assert packages(modules) & HEAVY <= wanted
    readers = {made.module for made in FORMATS if f"relcheck.readers.{made.module}" in modules}
    assert readers <= {made.module for made in FORMATS if made.name == name} | {"dockerignore", "shell"}


def test_a_format_is_loaded_when_its_first_file_turns_up(tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\n", "compose.yaml": "services: {a: {image: 'b:1.0.0'}}\n"})

    assert "relcheck.readers.compose" in loaded_by("scan", ".", cwd=tmp_path)
    assert "relcheck.readers.compose" not in loaded_by("scan", "Dockerfile", cwd=tmp_path)


def test_a_join_is_loaded_when_there_is_something_to_join(tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\n", "package.json": '{"name": "a", "version": "1.0.0"}\n'})
    joins = {f"relcheck.link.{name}" for name in ("jvm", "locked", "published", "publishing", "releases", "steps")}

    assert not loaded_by("scan", "Dockerfile", cwd=tmp_path) & joins
    found = loaded_by("scan", ".", cwd=tmp_path) & joins
    assert found == {"relcheck.link.publishing", "relcheck.link.releases"}


LATER = """
import sys
from relcheck.engine import Checker, Program, activation
assert Program(bytes.fromhex(sys.argv[1])).evaluate(activation({"image.tag": "latest"})) is True
assert "google.protobuf.internal.python_message" not in sys.modules
from google.protobuf import struct_pb2
assert "google.protobuf.internal.python_message" in sys.modules
assert struct_pb2.Value(string_value="a").string_value == "a"
"""


def test_the_engine_starts_without_messages_in_pure_python_and_leaves_them_to_others() -> None:
    program = Checker("image", {}).compile('image.tag == "latest"', returns="bool")

    done = subprocess.run(
        [sys.executable, "-c", LATER, program.hex()], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


TREE = {
    "Dockerfile": "FROM node:20.1.0\nCOPY package.json .\nRUN npm ci\n",
    ".dockerignore": "node_modules\n",
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"b": "1.0.0"}}\n',
    "compose.yaml": "services: {a: {image: 'b:1.0.0', env_file: .env}}\n",
    ".env": "A=b\n",
    "deploy/kustomization.yaml": "resources: [a.yaml]\nnamespace: shop\n",
    "deploy/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'b:1.0.0'}]}\n",
    "deploy/relcheck.toml": 'ignore = ["image-not-pinned"]\n',
    "sub/kustomization.yaml": "resources: [../deploy]\n",
    ".github/workflows/a.yml": "on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'npm ci'}]}}\n",
    "notes.txt": "nothing to see\n",
    "scripts/run": "#!/bin/sh\ndocker pull node:20.1.0\n",
}


class Counts:
    """How often each file was opened and each rule was compiled in one scan."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: Counter[str] = Counter()
        self.compiled: Counter[str] = Counter()
        compile_rule = _Compiled.__init__
        opened = open

        def counting_open(path: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the builtin
            self.read[str(path)] += 1
            return opened(path, *arguments, **options)

        def counting_compile(made: Any, rule: Any, params: Any) -> None:  # noqa: ANN401 - as the original
            self.compiled[rule.name] += 1
            compile_rule(made, rule, params)

        monkeypatch.setattr("relcheck.tree.open", counting_open, raising=False)
        monkeypatch.setattr(_Compiled, "__init__", counting_compile)


def scan(folder: Path, *paths: str) -> Scanned:
    """Scan a folder within this process, as the command does."""
    loaded = load(str(folder))
    made: list[Selection] = []

    def discovered(discovery: Discovery) -> Discovery:
        made.append(Selection(loaded.base, {}, loaded.options, discovery.root))
        return discovery

    plan = Plan(
        paths=paths or (str(folder),),
        root=str(folder),
        judging=lambda path, rules: made[0].judging(path, rules),  # noqa: PLW0108 - made while the scan runs
        discovered=discovered,
        jobs=1,
    )
    return run(plan)


def test_each_file_is_read_once_and_each_rule_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "project"
    write_tree(folder, TREE)
    counts = Counts(monkeypatch)

    scanned = scan(folder)

    assert len(scanned.reads) >= 10
    below = {path: times for path, times in counts.read.items() if path.startswith(str(folder))}
    assert {os.path.relpath(path, folder) for path in below} >= set(scanned.reads)
    assert set(below.values()) == {1}
    assert counts.compiled
    assert set(counts.compiled.values()) == {1}
    assert scanned.compilations == sum(counts.compiled.values())


def test_naming_one_file_reads_it_and_the_neighbours_it_is_joined_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {**TREE, **{f"other/{number}/Dockerfile": "FROM node\n" for number in range(50)}})
    counts = Counts(monkeypatch)
    monkeypatch.chdir(folder)

    scanned = scan(folder, "deploy/a.yaml")

    read = {os.path.relpath(path, folder) for path in counts.read if path.startswith(str(folder))}
    assert set(scanned.reads) == {"deploy/a.yaml"}
    assert {"deploy/a.yaml", "deploy/kustomization.yaml"} <= read
    assert not {path for path in read if path.startswith("other/")}
    assert set(counts.read.values()) == {1}


@pytest.mark.parametrize(("selected", "asked"), [("version-not-bumped", True), ("npmrc-token", False)])
def test_git_is_asked_for_releases_only_where_a_rule_asks_about_them(
    tmp_path: Path, selected: str, asked: bool
) -> None:
    write_tree(tmp_path, {"package.json": '{"name": "@acme/a", "version": "1.0.0"}\n'})

    loaded = loaded_by("scan", ".", "--isolated", "--no-cache", "--select", selected, cwd=tmp_path)

    assert ("relcheck.link.releases" in loaded) is asked
