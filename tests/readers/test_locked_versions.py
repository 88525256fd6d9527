# ruff: noqa: E501 - a line of a lock file is a line

"""Lock files: the versions of all packages, those that others need too, and the rule on malicious ones."""

from __future__ import annotations

import pytest

from relcheck.facts import Locked
from relcheck.readers import lock_javascript
from relcheck.rules import load_rules
from tests.readers.places import read_checked


def test_bad_versions_are_the_same_in_manifests_and_in_lock_files() -> None:
    rules = load_rules().rules

    written = [version[::-1].replace("@", " ", 1)[::-1] for version in rules["known-bad-coordinate"].params["versions"]]
    assert rules["known-bad-locked"].params["versions"] == written


NESTED = [
    ("package-lock.json", '{\n  "packages": {\n    "node_modules/a/node_modules/@s/b": {\n      "version": "1.0.0"\n    }\n  }\n}\n', "@s/b 1.0.0"),
    ("package-lock.json", '{\n  "dependencies": {\n    "@s/b": {\n      "version": "1.0.0"\n    }\n  }\n}\n', "@s/b 1.0.0"),
    ("yarn.lock", '# yarn lockfile v1\n\n"@s/b@^1.0.0", "@s/b@~1.0":\n  version "1.0.0"\n', "@s/b 1.0.0"),
    ("yarn.lock", '\n__metadata:\n  version: 8\n\n"b@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "b@npm:1.0.0"\n  checksum: 1\n', "b 1.0.0"),
    ("pnpm-lock.yaml", "packages:\n\n  '@s/b@1.0.0(c@2.0.0)':\n    resolution: {integrity: x}\n", "@s/b 1.0.0"),
    ("pnpm-lock.yaml", "packages:\n\n  /b/1.0.0:\n    resolution: {integrity: x}\n", "b 1.0.0"),
    ("bun.lock", '{\n  "packages": {\n    "b": ["b@1.0.0", "", {}, "sha512-x"],\n  }\n}\n', "b 1.0.0"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "version"), NESTED)
def test_versions_of_packages_that_others_need(path: str, text: str, version: str) -> None:
    facts = read_checked(lock_javascript, text, path)

    assert [f.versions for f in facts if isinstance(f, Locked)][-1] == (version,)
