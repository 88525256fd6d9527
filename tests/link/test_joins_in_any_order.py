"""The joins across files (tests/places/10-*.yaml): in any order, alone too, and what one file settles for another."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import KIND_OF
from relcheck.scan import Plan, Scanned, run
from tests.conftest import write_tree
from tests.place_table import Entry, every_rule, tables

JOINS = {
    (entry.section, entry.place): entry
    for table in tables() if table.section.startswith("10.")
    for entry in table.entries
}  # fmt: skip
SEVERAL = [entry for entry in JOINS.values() if len(entry.files) > 1]
BY_CHART = frozenset(("Helm: a template by the values",))
"""Without its Chart.yaml a template is a file of no known format."""

SETTLED = [
    ("10.1", "a named context, the Dockerfile alone", "a named context by compose", "image-latest"),
    ("10.1", "a named context, the Dockerfile alone", "a named context by bake", "image-latest"),
    ("10.1", "a named context, the Dockerfile alone", "a named context by docker build --build-context", "image-latest"),
    ("10.1", "a named context, the Dockerfile alone", "a named context by docker/build-push-action", "image-latest"),
    ("10.1", "a secret argument, the compose file alone", "a secret argument that no Dockerfile takes", "build-arg-secret"),
    ("10.2", "an image, the manifest alone", "an image by Kustomize's images", "image-latest"),
    ("10.2", "an image, the manifest alone", "an image that Skaffold builds", "image-latest"),
    ("10.2", "an image, the manifest alone", "an image that a Tiltfile builds", "image-latest"),
    ("10.2", "an image, the manifest alone", "an image that another compose file builds", "image-latest"),
    ("10.2", "a namespace, the manifest alone", "a namespace by Kustomize", "k8s-namespace-missing"),
    ("10.2", "a namespace, the manifest alone", "a namespace by an overlay of Kustomize", "k8s-namespace-missing"),
    ("10.2", "a namespace, the manifest alone", "a namespace by Flux", "k8s-namespace-missing"),
    ("10.2", "a namespace, the manifest alone", "a namespace by Argo CD", "k8s-namespace-missing"),
    ("10.3", "npm: package.json alone", "npm: package-lock.json", "floating-dependency"),
    ("10.3", "npm: package.json alone", "pnpm: pnpm-lock.yaml", "floating-dependency"),
    ("10.3", "npm: package.json alone", "yarn: yarn.lock", "floating-dependency"),
    ("10.3", "Poetry: pyproject.toml alone", "Poetry: poetry.lock", "floating-dependency"),
    ("10.3", "Poetry: pyproject.toml alone", "uv: uv.lock", "floating-dependency"),
    ("10.3", "Cargo: Cargo.toml alone", "Cargo: Cargo.lock", "floating-dependency"),
    ("10.3", "Bundler: Gemfile alone", "Bundler: Gemfile.lock", "floating-dependency"),
    ("10.3", "Composer: composer.json alone", "Composer: composer.lock", "floating-dependency"),
    ("10.3", "Terraform: main.tf alone", "Terraform: .terraform.lock.hcl", "floating-dependency"),
    ("10.3", "Helm: Chart.yaml alone", "Helm: Chart.lock", "floating-dependency"),
    ("10.3", "GitHub: a workflow alone", "GitHub: actions.lock that covers it", "action-unpinned"),
    ("10.3", "devcontainer.json alone", "devcontainer-lock.json", "feature-latest"),
    ("10.4", "wrapper properties alone", "wrapper properties with a checksum", "wrapper-unverified"),
    ("10.4", "a remote include alone", "a remote include with integrity", "ci-include-unpinned"),
]  # fmt: skip
"""Section, the file alone, the file in company, the rule that speaks of the first and not of the second."""


TOLD = [
    *(
        ("10.1", "an argument, the Dockerfile alone", f"an argument by {tool}", "image-latest")
        for tool in ("compose", "bake", "Skaffold", "a devcontainer", "docker build --build-arg", "docker/build-push-action")
    ),
    ("10.2", "a variable of a compose file alone", "a variable by the .env beside a compose file", "image-latest"),
    ("10.6", "package.json alone", "package.json by the workflow that publishes it", "prerelease-as-stable"),
    (
        "10.5", "GitHub: a reusable workflow alone", "GitHub: a reusable workflow whose caller lacks the permission",
        "oidc-permission-missing",
    ),
]  # fmt: skip
"""The same the other way: what is only known in company."""


def scanned(folder: Path, files: dict[str, str], order: int = 1) -> Scanned:
    write_tree(folder, files)
    paths = tuple(str(folder / name) for name in sorted(files)[::order])
    return run(Plan(paths=paths, root=str(folder), judging=every_rule, jobs=1))


def kinds(entry: Entry, folder: Path, files: dict[str, str]) -> list[str]:
    return [KIND_OF[type(fact)] for fact in scanned(folder, files).reads[entry.file].facts]


@pytest.mark.parametrize("entry", [one for one in SEVERAL if one.place not in BY_CHART], ids=lambda one: one.place)
def test_a_file_alone_says_the_same_minus_what_is_not_there(entry: Entry, tmp_path: Path) -> None:
    alone = kinds(entry, tmp_path / "alone", {entry.file: entry.files[entry.file]})

    assert alone == kinds(entry, tmp_path / "company", dict(entry.files))


@pytest.mark.parametrize("entry", SEVERAL, ids=lambda entry: entry.place)
def test_the_order_of_the_files_changes_nothing(entry: Entry, tmp_path: Path) -> None:
    forth, back = (scanned(tmp_path, dict(entry.files), order) for order in (1, -1))

    assert {path: read.facts for path, read in forth.reads.items()} == {
        path: read.facts for path, read in back.reads.items()
    }
    assert sorted(map(str, forth.findings)) == sorted(map(str, back.findings))


def rules_of(entry: Entry, folder: Path) -> set[str]:
    return {found.rule for found in scanned(folder, dict(entry.files)).findings if found.place.path == entry.file}


@pytest.mark.parametrize(("section", "alone", "company", "rule"), SETTLED)
def test_what_one_file_settles_for_another(section: str, alone: str, company: str, rule: str, tmp_path: Path) -> None:
    assert rule in rules_of(JOINS[section, alone], tmp_path / "alone")
    assert rule not in rules_of(JOINS[section, company], tmp_path / "company")


@pytest.mark.parametrize(("section", "alone", "company", "rule"), TOLD)
def test_what_one_file_tells_of_another(section: str, alone: str, company: str, rule: str, tmp_path: Path) -> None:
    assert rule not in rules_of(JOINS[section, alone], tmp_path / "alone")
    assert rule in rules_of(JOINS[section, company], tmp_path / "company")
