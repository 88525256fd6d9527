"""Tables of pipeline components: the shipped ones, and those that a configuration names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relcheck.components import SYSTEMS, identity, read_tables, table, use
from relcheck.errors import ConfigProblem
from relcheck.facts import Image, Publish
from relcheck.readers import read_source
from relcheck.source import Source
from tests.conftest import git, relcheck, write_tree

OWN: dict[str, Any] = {
    "azure": {
        "AcmePush": {
            "images": [{"input": "image", "role": "pushed", "tag": "tags", "host": "registry"}],
            "publish": {"ecosystem": "oci", "tool": "AcmePush", "only": {"command": "^push$"}},
        }
    },
    "circleci": {"acme/tools/run": {"scripts": [{"input": "command"}], "credentials": ["token"]}},
    "github": {"acme/push": {"images": [{"input": "image", "role": "pushed"}]}},
}
PIPELINE = "trigger: [main]\nsteps: [{task: AcmePush@1, inputs: {command: push, image: api, tags: latest}}]\n"


@pytest.fixture(autouse=True)
def _no_tables() -> Iterator[None]:
    yield
    use(())


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(text, encoding="utf-8")
    use(read_tables([str(path)]))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_shipped_tables_have_lower_case_names_and_what_they_need(system: str, tmp_path: Path) -> None:
    shipped = table(system)
    assert shipped
    assert all(name == name.lower() for name in shipped)
    if system != "github":
        read(tmp_path, json.dumps({system: shipped}))


def test_a_configuration_adds_to_a_table_and_replaces_in_it(tmp_path: Path) -> None:
    source = Source("azure-pipelines.yml", PIPELINE)
    before = [fact for fact in read_source("azure-pipelines", source) if isinstance(fact, (Image, Publish))]
    read(tmp_path, json.dumps(OWN))
    after = [fact for fact in read_source("azure-pipelines", source) if isinstance(fact, (Image, Publish))]
    use(())

    assert before == []
    assert [type(fact).__name__ for fact in after] == ["Image", "Publish"]
    assert "acmepush" not in table("azure")
    assert identity((OWN,)) != identity(())


def test_a_scan_reads_what_its_configuration_names(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    files = {
        "azure-pipelines.yml": PIPELINE,
        ".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{uses: acme/push@v1.0.0, with: {image: web}}]}}\n",
        "ci/own.json": json.dumps(OWN),
    }
    write_tree(folder, files)
    without = relcheck("scan", ".", "--select", "push-without-namespace", cwd=folder)
    write_tree(folder, {"relcheck.toml": 'known-components = ["ci/own.json"]\n'})
    found = relcheck("scan", ".", "--select", "push-without-namespace", cwd=folder)

    assert without.returncode == 0
    assert found.returncode == 1
    assert b"azure-pipelines.yml:2:59" in found.stdout
    assert b".github/workflows/a.yml:2:59" in found.stdout


def test_a_revision_brings_its_own_tables_and_a_folder_below_none(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {"relcheck.toml": 'known-components = ["own.json"]\n', "own.json": json.dumps(OWN)})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    write_tree(
        folder, {"own.json": "{}", "azure-pipelines.yml": PIPELINE, "a/relcheck.toml": 'known-components = ["x"]\n'}
    )

    asked = relcheck("scan", ".", "--select", "push-without-namespace", "--config-from", "HEAD", cwd=folder)
    now = relcheck("scan", ".", "--select", "push-without-namespace", cwd=folder)

    assert asked.returncode == 1
    assert now.returncode == 0
    assert b"a/relcheck.toml: known-components counts only in the configuration of the scanned folder" in now.stderr


WRONG = [
    ("[", "is no JSON"),
    ("[]", "is an object"),
    ('{"jenkins": {}}', "unknown system 'jenkins'"),
    ('{"azure": {"x": []}}', "azure.x is an object"),
    ('{"azure": {"x": {"image": []}}}', "unknown key 'image'"),
    ('{"azure": {"x": {"images": {}}}}', "azure.x.images is a list of objects"),
    ('{"azure": {"x": {"images": [{"input": "a"}]}}}', "azure.x.images[0] needs 'role'"),
    ('{"azure": {"x": {"publish": {"ecosystem": "npm"}}}}', "azure.x.publish needs 'tool'"),
    ('{"azure": {"x": {"publish": {"ecosystem": "npm", "tool": "x", "host": "a"}}}}', "azure.x.publish.host is a list"),
    ('{"azure": {"x": {"scripts": [{"input": "a", "only": {"b": "("}}]}}}', "only.b is no regular expression"),
    ('{"azure": {"x": {"credentials": "a"}}}', "azure.x.credentials is a list of words"),
    ('{"github": {"x/y": {"login": {"tool": "docker"}}}}', "github.x/y.login needs 'host'"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_a_mistake_is_told_with_its_place(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem) as problem:
        read(tmp_path, text)

    assert sentence in str(problem.value)


def test_a_file_that_is_not_there_ends_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(folder, {"relcheck.toml": 'known-components = ["gone.json"]\n'})
    done = relcheck("scan", ".", cwd=folder)

    assert done.returncode == 2
    assert b"gone.json: known-components names a file that cannot be read" in done.stderr
