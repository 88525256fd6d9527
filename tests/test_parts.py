"""A file alone never yields a finding that the whole would not: what is not read is unknown, never absent.

Set RELCHECK_PARTS to checkouts, with `:` between them, to try real repositories too (benchmarks/README.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relcheck.cli import run
from relcheck.rules import load_rules
from tests.conftest import ROOT, git, write_tree
from tests.planted_trees import copy_tree

Key = tuple[str, int, int, str]
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}}}\nspec: {{containers: [{{name: a, image: {1}}}]}}\n"
CHECKOUTS = [Path(name) for name in os.environ.get("RELCHECK_PARTS", "").split(os.pathsep) if name]

TREES: dict[str, dict[str, str]] = {
    "overlays": {
        "base/kustomization.yaml": "resources: [pod.yaml, sub]\n",
        "base/pod.yaml": POD.format("a", "acme/a"),
        "base/sub/kustomization.yaml": "resources: [pod.yaml]\n",
        "base/sub/pod.yaml": POD.format("b", "acme/b:latest"),
        "prod/kustomization.yaml": "namespace: prod\nresources: [../base]\n"
        "images: [{name: acme/a, newTag: 1.2.3}, {name: acme/b, digest: 'sha256:" + "0a" * 32 + "'}]\n",
        "alone.yaml": POD.format("c", "redis"),
    },
    "a chart": {
        "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\nappVersion: 2.0.0\n",
        "chart/values.yaml": "image: {repository: acme/a, tag: ''}\nside: {image: redis}\n",
        "chart/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        "    - {name: a, image: '{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}'}\n"
        "    - {name: b, image: '{{ .Values.side.image }}'}\n",
    },
    "compose and variables": {
        ".env": "TAG=7.4.1\nOTHER=latest\n",
        "compose.yaml": "services:\n  a: {image: 'redis:${TAG:-latest}'}\n  b: {image: 'redis:${OTHER}'}\n"
        "  c: {build: ./c, image: acme/c}\n",
        "compose.override.yaml": "services: {c: {image: acme/c}, d: {image: 'acme/c'}}\n",
        "c/Dockerfile": "FROM node\nCOPY . .\n",
        "c/.dockerignore": ".git\n.env\n",
    },
    "pipelines": {
        ".gitlab-ci.yml": "include: [{local: .gitlab/ci/build.yml}]\nvariables: {IMAGE: node}\n"
        "publish: {extends: .base, script: [npm publish], rules: [{if: $CI_COMMIT_TAG}]}\n",
        ".gitlab/ci/build.yml": ".base: {image: '$IMAGE'}\nbuild: {extends: .base, script: [docker push acme/a]}\n",
    },
    "workflows": {
        ".github/workflows/release.yml": "on: {push: {tags: ['v*']}}\n"
        "jobs: {a: {uses: ./.github/workflows/b.yml, secrets: inherit}}\n",
        ".github/workflows/b.yml": "on: workflow_call\njobs: {b: {runs-on: x, steps: [{uses: ./setup}, {run: npm publish}]}}\n",
        "setup/action.yml": "runs: {using: composite, steps: [{uses: acme/x@main}, {run: docker login, shell: sh}]}\n",
    },
    "a monorepo": {
        "package.json": '{"name": "root", "private": true, "workspaces": ["packages/*"]}',
        "package-lock.json": "{}",
        "packages/a/package.json": '{"name": "@acme/a", "version": "1.0.0", "dependencies": {"@acme/b": "*", "x": "^1.0.0"}}',
        "packages/b/package.json": '{"name": "@acme/b", "version": "1.0.1", "dependencies": {"@acme/a": "workspace:*"}}',
        ".npmrc": "@acme:registry=https://r.acme.io/\n",
        "py/pyproject.toml": '[project]\nname = "p"\nversion = "1.0.0"\ndependencies = ["a", "b>=1"]\n',
        "py/src/p/__init__.py": '__version__ = "1.0.1"\n',
        "py/requirements.txt": "-c constraints.txt\na\nb>=1\n",
        "py/constraints.txt": "a==1.0.0\nb==1.0.0\n",
    },
    "deployments": {
        "apps/a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\n"
        "spec: {source: {path: manifests, repoURL: x}, destination: {namespace: prod}}\n",
        "manifests/pod.yaml": POD.format("a", "acme/a:1"),
        "deploy.sh": "kubectl apply -n stage -f stage/\n",
        "stage/pod.yaml": POD.format("b", "acme/b:1"),
    },
}  # fmt: skip


def findings(path: str, report: Path) -> dict[str, list[Key]]:
    """Scan a path from the current folder; return what was found by path."""
    arguments = ("--isolated", "--quiet", "--exit-zero", "--profile", "strict", "--format", "json")
    assert run(["scan", path, *arguments, "--output", str(report)]) == 0
    found: dict[str, list[Key]] = {}
    for entry in json.loads(report.read_text(encoding="utf-8"))["findings"]:
        key = (entry["rule"], entry["line"], entry["column"], entry["message"])
        found.setdefault(entry["path"], []).append(key)
    return found


def _said_better(key: Key, known: list[Key]) -> bool:
    """Whether the whole says the same by a more telling rule, which takes the place of the other."""
    rules = load_rules().rules
    return any(key[0] in rules[other[0]].supersedes for other in known if other[1] == key[1])


def check(folder: Path, report: Path) -> int:
    whole = findings(".", report)
    files = sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    )
    for path in files:
        known = whole.get(path, [])
        alone = [key for key in findings(path, report).get(path, []) if key not in known]
        assert [key for key in alone if not _said_better(key, known)] == [], path
    return sum(map(len, whole.values()))


@pytest.mark.parametrize("with_git", [False, True], ids=["a folder", "a repository"])
@pytest.mark.parametrize("case", TREES)
def test_a_file_alone_says_nothing_more(
    case: str, with_git: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    write_tree(folder, TREES[case])
    if with_git:
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "one")
        git(folder, "tag", "v1.0.0")
    monkeypatch.chdir(folder)

    assert check(folder, tmp_path / "report.json") > 0


BUILDERS = {
    "a compose file": {"compose.yaml": "services: {c: {build: ./c, image: acme/c}}\n"},
    "a bake file": {"docker-bake.hcl": 'target "c" {\n  tags = ["acme/c"]\n}\n'},
    "a workflow": {
        ".github/workflows/a.yml": "on: push\njobs: {a: {runs-on: x, steps: [{run: docker build -t acme/c .}]}}\n"
    },
    "a skaffold.yaml": {"skaffold.yaml": "build: {artifacts: [{image: acme/c, context: c}]}\n"},
    "a script": {"hack/build.sh": "docker build -t acme/c c\n"},
    "a named context": {"compose.yaml": "services: {d: {build: {context: d, additional_contexts: {acme/c: ./c}}}}\n"},
}


@pytest.mark.parametrize("case", BUILDERS)
def test_a_base_that_another_file_builds(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {**BUILDERS[case], "d/Dockerfile": "FROM acme/c\n", "e/Dockerfile": "FROM acme/other\n"}
    write_tree(tmp_path / "project", files)
    monkeypatch.chdir(tmp_path / "project")

    assert check(tmp_path / "project", tmp_path / "report.json") > 0
    assert findings("d/Dockerfile", tmp_path / "report.json") == {}
    assert [key[0] for key in findings("e/Dockerfile", tmp_path / "report.json")["e/Dockerfile"]][:1] == [
        "image-latest"
    ]


def test_more_builders_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relcheck.link.images._BUILDERS_READ", 1)
    scripts = {f"{name}.sh": "docker build -t acme/c c\n" for name in "ab"}
    write_tree(tmp_path / "project", {**scripts, "d/Dockerfile": "FROM acme/c\nFROM acme/other\n"})
    monkeypatch.chdir(tmp_path / "project")

    check(tmp_path / "project", tmp_path / "report.json")


@pytest.mark.parametrize("name", ["bad", "good"])
def test_a_file_of_the_planted_trees_alone_says_nothing_more(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_tree(name, tmp_path / "project")
    monkeypatch.chdir(folder)

    check(folder, tmp_path / "report.json")


@pytest.mark.skipif(not CHECKOUTS, reason="RELCHECK_PARTS names no checkout")
@pytest.mark.parametrize("checkout", CHECKOUTS, ids=lambda path: path.name)
def test_a_file_of_a_real_repository_alone_says_nothing_more(checkout: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "parts.py"), str(checkout), "--sample", "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
