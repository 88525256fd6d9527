"""What detect-secrets was told to accept is accepted here too, by the rule `secret` alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import relcheck, write_tree
from tests.tokens import make_token

STRIPE, GITHUB = make_token("stripe"), make_token("github")


def scanned(folder: Path, *arguments: str) -> list[tuple[str, int, str]]:
    done = relcheck("scan", ".", "--format", "json", "--select", "credentials", *arguments, cwd=folder)
    report = json.loads(done.stdout)
    return [(found["rule"], found["line"], found.get("suppressed") or "") for found in report["findings"]]


def baseline(**secrets: list[str]) -> str:
    return json.dumps(
        {
            "version": "1.5.0",
            "results": {
                path.replace("_", "."): [
                    {
                        "type": "x",
                        "hashed_secret": hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest(),
                        "line_number": 99,
                    }
                    for secret in found
                ]
                for path, found in secrets.items()
            },
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    write_tree(made, {"a.py": f"x = '{STRIPE}'\ny = '{GITHUB}'\n"})
    return made


def test_a_baseline_silences_the_rule_secret_only(folder: Path) -> None:
    assert scanned(folder) == [("secret", 1, ""), ("token-verified", 2, "")]
    (folder / ".secrets.baseline").write_text(baseline(a_py=[STRIPE, GITHUB]), encoding="utf-8")

    found = scanned(folder)

    assert [entry for entry in found if not entry[2]] == [("token-verified", 2, "")]
    assert scanned(folder, "--no-ignores") == [("secret", 1, ""), ("token-verified", 2, "")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"results": 1}',
        '{"results": {"a.py": 1}}',
        '{"results": {"a.py": [1, {}]}}',
        baseline(b_py=[STRIPE]),
        "\0",
    ],
)
def test_another_baseline_or_a_broken_one_silences_nothing(text: str, folder: Path) -> None:
    (folder / ".secrets.baseline").write_text(text, encoding="utf-8")

    assert scanned(folder) == [("secret", 1, ""), ("token-verified", 2, "")]
