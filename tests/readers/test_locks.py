# ruff: noqa: E501 - a line of a lock file is a line

"""Lock files: one fact for each host and each kind of fault, none for what is in order."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import Credential, Dependency, Fact, Locked, Registry
from relcheck.readers import lock_javascript, lock_others
from relcheck.source import Source
from tests.readers.places import packages, read_checked, registries

COMMIT = "0123456789012345678901234567890123456789"
A = "https://npm.example.com/a/-/a-1.0.0.tgz"


def faults(facts: list[Fact]) -> list[tuple[object, ...]]:
    return [(f.name, f.source, f.ref, f.others) for f in facts if isinstance(f, Dependency)]


NPM = f"""{{
  "name": "thing",
  "version": "1.2.3",
  "lockfileVersion": 3,
  "packages": {{
    "": {{"name": "thing", "version": "1.2.3"}},
    "node_modules/a": {{
      "version": "1.0.0",
      "resolved": "{A}",
      "integrity": "sha512-x"
    }},
    "node_modules/x/node_modules/@s/b": {{
      "version": "1.0.0",
      "resolved": "http://ci:s3cr3tX9a8b7@other.example.com/b.tgz"
    }},
    "node_modules/c": {{ "resolved": "{A}", "dev": true, "integrity": "sha512-x" }},
    "node_modules/d": {{ "resolved": "{A}", "dev": true }},
    "node_modules/e": {{ "resolved": "git+ssh://git@git.example.com/o/e.git#{COMMIT}" }},
    "node_modules/f": {{ "resolved": "git+ssh://git@git.example.com/o/f.git" }},
    "node_modules/g": {{ "resolved": "../g", "link": true }},
    "node_modules/h": {{ "resolved": "https://codeload.github.com/o/h/tar.gz/{COMMIT}" }}
  }}
}}
"""


def test_a_lock_file_of_npm() -> None:
    facts = read_checked(lock_javascript, NPM, "package-lock.json")

    (package,) = packages(facts)
    assert (package.name, package.version, package.version_only) == ("thing", "1.2.3", True)
    assert [(f.scheme, f.host, f.others) for f in facts if isinstance(f, Registry)] == [
        ("https", "npm.example.com", 2),
        ("http", "other.example.com", 0),
    ]
    assert [f.kind for f in facts if isinstance(f, Credential)] == ["index-url"]
    assert faults(facts) == [("@s/b", "registry", "", 1), ("f", "git", "", 0)]
    assert "s3cr3t" not in repr(facts)


YARN = f"""# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.1.0"
  resolved "{A}#{COMMIT}"
  integrity sha512-x

b@^1:
  version "1.0.0"
  resolved "https://npm.example.com/b.tgz#{COMMIT}"

c@^1:
  version "1.0.0"
  resolved "https://npm.example.com/c.tgz"

"d@git+https://git.example.com/o/d.git":
  version "1.0.0"
  resolved "git+https://git.example.com/o/d.git#main"

e@o/e:
  version "1.0.0"
  resolved "https://codeload.github.com/o/e/tar.gz/{COMMIT}"
"""


def test_a_lock_file_of_yarn_one() -> None:
    facts = read_checked(lock_javascript, YARN, "yarn.lock")

    assert registries(facts) == [("lock", "npm.example.com", "")]
    assert faults(facts) == [("c", "registry", "", 0), ("d", "git", "main", 0)]


BERRY = f"""# This file is generated

__metadata:
  version: 8

"@s/a@npm:^1.0.0":
  version: 1.0.0
  resolution: "@s/a@npm:1.0.0"
  checksum: 10/x
  languageName: node
  linkType: hard

"b@npm:^1":
  version: 1.0.0
  resolution: "b@npm:1.0.0"
  languageName: node
  linkType: hard

"c@npm:^1":
  version: 1.0.0
  resolution: "c@npm:1.0.0"
  conditions: os=darwin
  languageName: node
  linkType: hard

"d@https://git.example.com/o/d.git":
  version: 1.0.0
  resolution: "d@https://git.example.com/o/d.git#commit={COMMIT}"
  languageName: node
  linkType: hard

"thing@workspace:.":
  version: 0.0.0-use.local
  resolution: "thing@workspace:."
  languageName: unknown
  linkType: soft
"""


def test_a_lock_file_of_newer_yarn() -> None:
    facts = read_checked(lock_javascript, BERRY, "yarn.lock")

    assert faults(facts) == [("b", "registry", "", 0)]


PNPM = f"""lockfileVersion: '9.0'

packages:

  '@s/a@1.0.0':
    resolution: {{integrity: sha512-x}}

  b@https://npm.example.com/b.tgz:
    resolution: {{tarball: https://npm.example.com/b.tgz}}
    version: 1.0.0

  c@1.0.0:
    resolution: {{integrity: sha512-x, tarball: 'http://npm.example.com/c.tgz'}}

  d@https://codeload.github.com/o/d/tar.gz/{COMMIT}:
    resolution: {{tarball: https://codeload.github.com/o/d/tar.gz/{COMMIT}}}

  e@git+https://git.example.com/o/e:
    resolution: {{commit: {COMMIT}, repo: https://git.example.com/o/e, type: git}}
"""


def test_a_lock_file_of_pnpm() -> None:
    facts = read_checked(lock_javascript, PNPM, "pnpm-lock.yaml")

    assert [(f.scheme, f.host) for f in facts if isinstance(f, Registry)] == [
        ("https", "npm.example.com"),
        ("http", "npm.example.com"),
    ]
    assert faults(facts) == [("b", "registry", "", 0)]


BUN = f"""{{
  "lockfileVersion": 1,
  "packages": {{
    "@s/a": ["@s/a@1.0.0", "", {{ "dependencies": {{ "b": "1" }} }}, "sha512-x=="],
    "b": ["b@1.0.0", "https://npm.example.com/b/-/b-1.0.0.tgz", {{}}, ""],
    "c": ["c@workspace:packages/c"],
    "d": ["d@github:o/d#0123abc", {{}}, "o-d-0123abc"],
    "e": ["e@git+ssh://git.example.com/o/e.git#{COMMIT}", {{}}, "{COMMIT}"],
  }}
}}
"""


def test_a_lock_file_of_bun() -> None:
    facts = read_checked(lock_javascript, BUN, "bun.lock")

    assert registries(facts) == [("lock", "npm.example.com", "")]
    assert faults(facts) == [("b", "registry", "", 0)]


CARGO = f"""version = 4

[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "x"

[[package]]
name = "b"
version = "1.0.0"
source = "sparse+https://crates.example.com/index/"

[[package]]
name = "c"
version = "1.0.0"
source = "git+https://git.example.com/o/c?branch=main#{COMMIT}"

[[package]]
name = "thing"
version = "0.3.0"
dependencies = [
 "a",
]
"""


def test_a_lock_file_of_cargo() -> None:
    facts = read_checked(lock_others, CARGO, "Cargo.lock")

    assert [(p.name, p.version) for p in packages(facts)] == [("thing", "0.3.0")]
    assert registries(facts) == [("lock", "github.com", ""), ("lock", "crates.example.com", "")]
    assert faults(facts) == [("b", "registry", "", 0)]


UV = f"""version = 1

[[package]]
name = "a"
version = "1.0.0"
source = {{ registry = "https://registry.example.com/simple" }}
sdist = {{ url = "https://files.example.com/a.tar.gz", hash = "sha256:x", size = 1 }}
wheels = [
    {{ url = "https://files.example.com/a.whl" }},
]

[[package]]
name = "b"
version = "1.0.0"
source = {{ git = "https://git.example.com/o/b?rev=main#{COMMIT}" }}

[[package]]
name = "thing"
version = "0.3.0"
source = {{ editable = "." }}
"""


def test_a_lock_file_of_uv() -> None:
    facts = read_checked(lock_others, UV, "uv.lock")

    assert [(p.name, p.version, p.folder) for p in packages(facts)] == [("thing", "0.3.0", ".")]
    assert registries(facts) == [("lock", "registry.example.com", "")]
    assert faults(facts) == [("a", "registry", "", 0)]


POETRY = f"""[[package]]
name = "a"
version = "1.0.0"
files = [
    {{file = "a.whl", hash = "sha256:x"}},
]

[[package]]
name = "b"
version = "1.0.0"
files = []

[package.source]
type = "legacy"
url = "http://registry.example.com/simple"
reference = "own"

[[package]]
name = "c"
version = "1.0.0"
files = []

[package.source]
type = "git"
url = "https://git.example.com/o/c"
reference = "main"
resolved_reference = "{COMMIT}"
"""


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock"])
def test_lock_files_of_poetry_and_pdm(name: str) -> None:
    facts = read_checked(lock_others, POETRY, name)

    assert registries(facts) == [("lock", "registry.example.com", "")]
    assert faults(facts) == [("b", "registry", "", 0)]


PIPENV = """{
    "_meta": {
        "sources": [{"name": "x", "url": "https://registry.example.com/simple", "verify_ssl": true}]
    },
    "default": {
        "a": {
            "hashes": ["sha256:x"],
            "version": "==1.0.0"
        },
        "b": {
            "index": "x",
            "version": "==1.0.0"
        },
        "c": {"git": "https://git.example.com/o/c", "ref": "x", "version": "==1"}
    }
}
"""


def test_a_lock_file_of_pipenv() -> None:
    facts = read_checked(lock_others, PIPENV, "Pipfile.lock")

    assert registries(facts) == [("lock", "registry.example.com", "")]
    assert faults(facts) == [("b", "registry", "", 0)]


BUNDLER = f"""GIT
  remote: https://git.example.com/o/a
  revision: {COMMIT}
  branch: main
  specs:
    a (1.0.0)

PATH
  remote: .
  specs:
    thing (0.3.0)
      b (>= 1)

GEM
  remote: https://gems.example.com/
  remote: http://other.example.com/
  specs:
    b (1.0.0)

BUNDLED WITH
   2.6.0
"""


@pytest.mark.parametrize("name", ["Gemfile.lock", "gems.locked"])
def test_a_lock_file_of_bundler(name: str) -> None:
    facts = read_checked(lock_others, BUNDLER, name)

    assert [(p.name, p.version, p.folder) for p in packages(facts)] == [("thing", "0.3.0", "")]
    assert registries(facts) == [("lock", "gems.example.com", ""), ("lock", "other.example.com", "")]
    assert faults(facts) == []


def test_a_lock_file_of_composer() -> None:
    text = '{"packages": [{"name": "a/b", "dist": {"url": "https://x.example.com/a"}, "source": {"url": "http://y.example.com/b"}}]}'
    facts = read_checked(lock_others, text.replace('":', '": ').replace("  ", " "), "composer.lock")

    assert [(f.scheme, f.host) for f in facts if isinstance(f, Registry)] == [("http", "y.example.com")]


NAMES = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "Cargo.lock", "uv.lock", "poetry.lock",
         "Pipfile.lock", "Gemfile.lock", "composer.lock"]  # fmt: skip
HOSTILE = [
    '"resolved": "http',
    "\n\n",
    "[[package]]\n",
    "  resolution:\n      a\n",
    "GEM\n  ",
    '"a": {',
    '{ url = "a"',
    '  "a": ["a@1"',
    "files = [ ",
]


DENO = """{
  "version": "5",
  "specifiers": {"npm:chalk@^5.3.0": "5.3.0", "jsr:@std/fs@1": "1.0.6"},
  "jsr": {"@std/fs@1.0.6": {"integrity": "42b5", "dependencies": ["jsr:@std/path"]}},
  "npm": {
    "chalk@5.3.0_a@1.0.0": {
      "tarball": "x"
    }
  },
  "redirects": {"http://a.example.com/x": "https://a.example.com/y"},
  "remote": {"http://a.example.com/y.ts": "0a0b", "https://b.example.com/y.ts": "0a0b"}
}
"""


def test_a_lock_file_of_deno() -> None:
    facts = read_checked(lock_javascript, DENO, "deno.lock")

    assert [f.versions for f in facts if isinstance(f, Locked)] == [("@std/fs 1.0.6", "chalk 5.3.0")]
    assert [(f.host, f.scheme) for f in facts if isinstance(f, Registry)] == [("a.example.com", "http")]
    assert faults(facts) == [("chalk", "registry", "", 0)]


NUGET = """{
  "version": 2,
  "dependencies": {
    "net9.0": {
      "Acme.Log": {
        "type": "Direct",
        "requested": "[1.0.0, )",
        "resolved": "1.2.0",
        "contentHash": "0a0a",
        "dependencies": {"Acme.Core": "1.0.0"}
      },
      "Acme.Core": {
        "type": "Transitive",
        "resolved": "1.0.0"
      },
      "shop.core": {
        "type": "Project"
      }
    }
  }
}
"""


def test_a_lock_file_of_nuget() -> None:
    facts = read_checked(lock_others, NUGET, "src/packages.lock.json")

    assert [f.versions for f in facts if isinstance(f, Locked)] == [("Acme.Log 1.2.0", "Acme.Core 1.0.0")]
    assert faults(facts) == [("Acme.Core", "registry", "", 0)]


GRADLE = [
    ("gradle.lockfile", "# Manual edits can break the build.\ncom.acme:a:1.2.0=compileClasspath,x\r\nempty=y\n"),
    ("buildscript-gradle.lockfile", "com.acme:a:1.2.0=classpath"),
    ("gradle/dependency-locks/x.lockfile", "com.acme:a:1.2.0\n"),
    ("versions.lock", "# Run ./gradlew --write-locks\ncom.acme:a:1.2.0 (2 constraints: 0a0b0c)\n[Test dependencies]\n"),
]


@pytest.mark.parametrize(("path", "text"), GRADLE)
def test_a_lock_file_of_gradle(path: str, text: str) -> None:
    (locked,) = read_checked(lock_others, text, path)

    assert isinstance(locked, Locked)
    assert (locked.ecosystem, locked.versions) == ("maven", ("com.acme:a 1.2.0",))


UNPROTECTED = [
    ("pylock.toml", '[[packages]]\nname = "a"\nwheels = [{url = "http://f.example.com/a", hashes = {sha256 = "0a"}}]\n', "archive"),
    ("pylock.toml", '[[packages]]\nname = "a"\n[packages.vcs]\ntype = "git"\nurl = "http://f.example.com/a"\ncommit-id = "0a"\n', "vcs"),
    ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\nsource = { url = "http://f.example.com/a" }\nsdist = { url = "http://f.example.com/a", hash = "0a" }\n', "archive"),
    ("pdm.lock", '[[package]]\nname = "a"\nversion = "1"\nfiles = [\n    {url = "http://f.example.com/a", hash = "0a"},\n]\n', "archive"),
    ("poetry.lock", '[[package]]\nname = "a"\nversion = "1"\nfiles = []\n[package.source]\ntype = "url"\nurl = "http://f.example.com/a"\n', "archive"),
    ("Pipfile.lock", '{"default": {"a": {"git": "git://f.example.com/a", "ref": "0a"}}}', "vcs"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "purpose"), UNPROTECTED)
def test_an_unprotected_transport(path: str, text: str, purpose: str) -> None:
    facts = read_checked(lock_others, text, path)
    safe = read_checked(lock_others, text.replace("http:", "https:").replace("git:", "https:"), path)

    assert [(f.host, f.purpose) for f in facts if isinstance(f, Registry)] == [("f.example.com", purpose)]
    assert [f for f in safe if isinstance(f, Registry)] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_lock_files_are_read_in_linear_time(name: str, piece: str) -> None:
    reader = lock_others if name in lock_others._READERS or name.lower() in lock_others._READERS else lock_javascript
    began = time.process_time()

    read_checked(reader, piece * (1_000_000 // len(piece)), name)

    assert time.process_time() - began < 3


@given(st.text(alphabet='"resolvdntgiy:,{}[]=\n #@/ht.pckame1', max_size=200))
def test_any_text_is_read_without_exception(text: str) -> None:
    for name in NAMES:
        reader = lock_others if name.lower() in lock_others._READERS else lock_javascript
        read_checked(reader, text, name)


@pytest.mark.parametrize(
    "text", ["://a:" + "${x}" * 5000, "://a:" + "b" * 100_000, "?token=" * 20_000, "%3A%2F%2Fa%3Ab" * 9000]
)
def test_addresses_without_an_end_take_no_time(text: str) -> None:
    from relcheck.readers.lock_secrets import lock_secrets  # noqa: PLC0415 - only this test asks it alone

    assert len(list(lock_secrets(Source("yarn.lock", text), "npm"))) <= 1
