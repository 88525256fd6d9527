"""The inventory: every coordinate once, with its pin, its package URL and its places, in every form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from relcheck.facts import UNKNOWN, Component, Dependency, Image
from relcheck.inventory.purls import purl_of
from relcheck.source import Span
from tests.conftest import relcheck, write_tree

DIGEST = "sha256:" + "0123456789abcdef" * 4
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TREE = {
    "Dockerfile": f"FROM python:3.13.2@{DIGEST}\nCOPY --from=registry.example.com/acme/tool:1.2 /x /x\n",
    "compose.yaml": "services:\n  a: {image: 'redis:latest'}\n  b: {image: 'acme/api:1.0', build: .}\n",
    "compose.test.yaml": "services:\n  a: {image: redis:latest}\n",
    ".github/workflows/ci.yml": f"on: push\njobs:\n  t:\n    runs-on: x\n    steps:\n      - uses: acme/lint@{COMMIT}\n"
    "      - uses: acme/sub/dir@v2\n      - uses: ./local\n",
    ".pre-commit-config.yaml": "repos:\n- repo: https://github.com/acme/hooks\n  rev: main\n  hooks: [{id: a}]\n",
    "requirements.txt": "requests==2.32.3\nattrs>=20\nlocal @ file:///x/y.whl\n",
    "package.json": '{"name": "a", "private": true, "dependencies": {"@acme/b": "1.2.3", "c": "*"}}',
}
PINS = {
    ("image", "docker.io/library/python", "3.13.2"): "digest",
    ("image", "registry.example.com/acme/tool", "1.2"): "partial",
    ("image", "docker.io/library/redis", "latest"): "moving",
    ("component", "acme/lint", COMMIT): "commit",
    ("component", "acme/sub/dir", "v2"): "partial",
    ("component", "github.com/acme/hooks", "main"): "moving",
    ("dependency", "requests", "==2.32.3"): "exact",
    ("dependency", "attrs", ">=20"): "range",
    ("dependency", "@acme/b", "1.2.3"): "exact",
    ("dependency", "c", "*"): "none",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write_tree(folder, TREE)
    return folder


def coordinates(folder: Path, *options: str) -> list[dict[str, Any]]:
    done = relcheck("inventory", ".", "--format", "json", *options, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    listed: list[dict[str, Any]] = json.loads(done.stdout)["coordinates"]
    return listed


def test_each_coordinate_is_listed_once_with_how_firmly_it_is_pinned(shop: Path) -> None:
    listed = coordinates(shop)
    pins = {(str(entry["kind"]), str(entry["name"]), str(entry["version"])): entry["pin"] for entry in listed}

    assert len(pins) == len(listed)
    assert {key: pins.get(key) for key in PINS} == PINS
    assert not [name for _, name, _ in pins if name in ("acme/api", "docker.io/acme/api", "./local")]


def test_a_coordinate_names_every_place_that_uses_it(shop: Path) -> None:
    redis = next(entry for entry in coordinates(shop) if entry["name"] == "docker.io/library/redis")

    assert redis["uses"] == [
        {"path": "compose.test.yaml", "line": 2, "column": 20, "role": "run", "job": ""},
        {"path": "compose.yaml", "line": 2, "column": 21, "role": "run", "job": ""},
    ]


def test_the_list_can_be_narrowed_by_pin(shop: Path) -> None:
    assert {entry["pin"] for entry in coordinates(shop, "--pinned", "moving")} == {"moving"}

    wrong = relcheck("inventory", "--pinned", "firmly", cwd=shop)
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert b"digest, commit, exact" in wrong.stderr


def test_csv_has_a_line_a_use(shop: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(relcheck("inventory", "--format", "csv", cwd=shop).stdout.decode())))

    assert len(rows) == sum(len(entry["uses"]) for entry in coordinates(shop))
    scoped = next(row for row in rows if row["purl"] == "pkg:npm/%40acme/b@1.2.3")
    assert (scoped["path"], scoped["name"]) == ("package.json", "'@acme/b")  # no formula in a spreadsheet


def test_the_table_shows_places_when_asked(shop: Path) -> None:
    short = relcheck("inventory", cwd=shop).stdout.decode()
    long = relcheck("inventory", "--uses", cwd=shop).stdout.decode()

    assert "compose.test.yaml:2 and 1 more" in short
    assert "    compose.yaml:2:21 run" in long


def test_cyclonedx_is_valid_and_the_same_each_time(shop: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - slow to import
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 - see above

    first, second = (relcheck("inventory", "--format", "cyclonedx", cwd=shop).stdout for _ in range(2))

    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first.decode()) is None
    found = {component["name"]: component for component in json.loads(first)["components"]}
    assert found["docker.io/library/python"]["hashes"] == [
        {"alg": "SHA-256", "content": DIGEST.removeprefix("sha256:")}
    ]
    assert found["docker.io/library/python"]["type"] == "container"


HERE = Span(0, 0)
PURLS = [
    (
        Image(span=HERE, role="base", engine="x", host="docker.io", repository="library/node", tag="22", digest=""),
        "pkg:docker/library/node@22",
    ),
    (
        Image(span=HERE, role="base", engine="x", host="r.example.com", repository="a/b", tag="1", digest=DIGEST),
        f"pkg:docker/a/b@{DIGEST}?repository_url=r.example.com",
    ),
    (Image(span=HERE, role="base", engine="x", host="docker.io"), ""),
    (Component(span=HERE, system="github", kind="action", name="acme/x/y", ref="v1"), "pkg:github/acme/x@v1#y"),
    (
        Component(span=HERE, system="gitlab", kind="include", name="group/sub/x", host="git.example.com", ref="1.0"),
        "pkg:generic/git.example.com/group/sub/x@1.0",
    ),
    (
        Dependency(span=HERE, ecosystem="maven", where="manifest", name="org.acme:x", constraint="1", firmness="exact"),
        "pkg:maven/org.acme/x@1",
    ),
    (
        Dependency(
            span=HERE, ecosystem="go", where="manifest", name="example.com/a/b", constraint="v1.2.3", firmness="exact"
        ),
        "pkg:golang/example.com/a/b@v1.2.3",
    ),
    (
        Dependency(span=HERE, ecosystem="npm", where="manifest", name="a", constraint="^1", firmness="range"),
        "pkg:npm/a",
    ),
    (Dependency(span=HERE, ecosystem="os", where="command", name="curl"), ""),
    (Dependency(span=HERE, ecosystem="npm", where="manifest", name=UNKNOWN), ""),
]


@pytest.mark.parametrize(("fact", "purl"), PURLS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_package_url_of_a_fact(fact: Image | Component | Dependency, purl: str) -> None:
    assert purl_of(fact) == purl


def test_a_hostile_name_neither_forges_a_line_nor_stops_the_list(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_tree(
        folder, {"package.json": '{"name": "a", "dependencies": {"x\\u001b[31m\\ny": "*", "//": "*", "@": "1"}}'}
    )

    done = relcheck("inventory", cwd=folder)

    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 1 + len(coordinates(folder))
