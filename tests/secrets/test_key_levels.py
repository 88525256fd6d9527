"""How much a private key counts, by where it lies: an error, or a note where everyone has it on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import relcheck, write_tree
from tests.planted_trees import filled

KEY = filled("-----BEGIN PRIVATE KEY-----\n{{pem}}\n-----END PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("deploy/server.key", "error"),
        ("manifests/quick-start/base/server.key", "note"),
        ("quickstarts/server.key", "note"),
        ("quickstarter/server.key", "error"),
        ("certs/server-test.key", "note"),
        ("src/server_test.go", "note"),
        ("README.md", "note"),
    ],
)
def test_a_key_counts_by_where_it_lies(path: str, severity: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {path: KEY})
    done = relcheck(
        "scan", ".", "--isolated", "--no-cache", "--select", "private-key-committed", "--format", "json", cwd=tmp_path
    )

    found = json.loads(done.stdout)["findings"]

    assert [(finding["path"], finding["severity"]) for finding in found] == [(path, severity)]
