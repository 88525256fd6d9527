"""npm dependencies and the configuration of Yarn, pnpm and Bun: acceptance case 45 of the format specification."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Credential, Dependency, Registry
from relcheck.readers import bunfig, package_json, pnpm_workspace, yarnrc
from relcheck.source import Source
from tests.readers.places import dependencies, packages, read_checked, registries

COMMIT = "0123456789012345678901234567890123456789"

SPECS = [
    ("npm:b@^1", "range", "registry"),
    ("npm:@s/b@1.2.3", "exact", "registry"),
    ("npm:@s/b", "any", "registry"),
    ("jsr:^1.0.0", "range", "registry"),
    ("o/r#semver:^1", "git-tag", "git"),
    ("o/r", "git-default", "git"),
    ("https://github.com/o/r", "git-default", "git"),
    ("github:o/r#v1.2.0", "git-tag", "git"),
    ("gitlab:o/r#main", "git-branch", "git"),
    (f"git+ssh://git@git.example.com/o/r.git#{COMMIT}", "git-commit", "git"),
    (f"git@git.example.com:o/r#{COMMIT}::path:sub", "git-commit", "git"),
    ("o/r#path:sub", "git-default", "git"),
    ("https://files.example.com/a.tgz", "url", "url"),
    ("workspace:*", "workspace", "workspace"),
    ("catalog:", "workspace", "workspace"),
    ("file:../a", "path", "path"),
    ("./a.tgz", "path", "path"),
    ("../a/b", "path", "path"),
    ("link:./a", "path", "path"),
    ("patch:a@npm%3A1.0.0#./a.patch", UNKNOWN, "registry"),
    ("", "any", "registry"),
    ("latest", "tag", "registry"),
    ("1.2.3", "exact", "registry"),
    ("^1.2.3 || 2.x", "range", "registry"),
]


@pytest.mark.parametrize(("spec", "firmness", "source"), SPECS)
def test_case_45_the_grammar_of_a_dependency(spec: str, firmness: object, source: str) -> None:
    facts = read_checked(package_json, json.dumps({"dependencies": {"a": spec}}), "package.json")

    (found,) = [fact for fact in facts if isinstance(fact, Dependency)]
    assert (found.firmness, found.source) == (firmness, source)


def test_overrides_name_their_package_last() -> None:
    facts = read_checked(
        package_json,
        json.dumps({
            "overrides": {"a": {".": "1.0.0", "b": "2.0.0"}, "c@^1": "1.5.0", "d": "$d"},
            "resolutions": {"**/e": "1.0.0", "f/g": "1.0.0", "@s/h@^1": "1.0.0", "**/@s/i": "1.0.0"},
            "pnpm": {
                "overrides": {"j@1>k": "1.0.0", "n@>=1.0.0 <2.0.0": "2.0.0", "o@>1>@s/p@^1 || >2": "2.0.0"},
                "packageExtensions": {"l@1": {"dependencies": {"m": "1.0.0"}}},
            },
        }),
        "package.json",
    )  # fmt: skip

    assert sorted(str(name) for name, _, _ in dependencies(facts)) == [
        "@s/h", "@s/i", "@s/p", "a", "b", "c", "e", "g", "k", "m", "n",
    ]  # fmt: skip


def test_what_a_package_says_of_itself() -> None:
    facts = read_checked(
        package_json,
        json.dumps({
            "name": "@acme/a", "version": "1.0.0", "workspaces": ["x"], "files": ["dist"],
            "publishConfig": {"access": "public", "@acme:registry": "https://npm.example.com"},
            "packageManager": "pnpm@9.1.0+sha512.abc", "volta": {"node": "22.1.0"},
        }),
        "package.json",
    )  # fmt: skip

    (package,) = packages(facts)
    assert (package.root, package.entry, package.contents, package.access) == (True, True, "files", "public")
    assert registries(facts) == [("publish", "npm.example.com", "@acme")]
    assert [(f.name, f.constraint, f.hashed) for f in facts if isinstance(f, Dependency)] == [
        ("pnpm", "9.1.0", True),
        ("node", "22.1.0", False),
    ]


def test_a_git_dependency_without_protection_is_a_registry_too() -> None:
    facts = read_checked(package_json, '{"dependencies": {"a": "git://git.example.com/o/r#v1"}}', "package.json")

    assert registries(facts) == [("vcs", "git.example.com", "")]


def test_the_workspace_file_of_pnpm() -> None:
    facts = read_checked(
        pnpm_workspace,
        "packages: ['a']\ncatalog:\n  tar: 7.5.2\ncatalogs:\n  old:\n    tar: ^6\noverrides:\n  'a@1>b': 'catalog:'\n"
        "configDependencies:\n  hooks: 1.0.0+sha512-abc\nregistry: https://npm.example.com\n"
        "registries:\n  '@acme': https://acme.example.com\nstrictSsl: false\ndangerouslyAllowAllBuilds: true\n",
        "pnpm-workspace.yaml",
    )

    assert dependencies(facts) == [
        ("tar", "exact", "7.5.2"),
        ("tar", "range", "^6"),
        ("b", "workspace", "catalog:"),
        ("hooks", "exact", "1.0.0"),
    ]
    assert registries(facts) == [
        ("index", "npm.example.com", ""),
        ("index", "acme.example.com", "@acme"),
        ("index", UNKNOWN, ""),
        ("scripts", "", ""),
    ]


def test_the_configuration_of_yarn() -> None:
    facts = read_checked(
        yarnrc,
        "npmRegistryServer: 'https://npm.example.com'\nnpmAuthToken: '${NPM_TOKEN}'\nnpmScopes:\n  acme:\n"
        "    npmPublishRegistry: https://acme.example.com\n    npmAuthToken: ${T:-s3cr3tX9a8b7c6d5}\n"
        "npmRegistries:\n  //other.example.com:\n    npmAuthIdent: s3cr3tX9a8b7c6d5\ncatalog:\n  a: ^1\n"
        "enableStrictSsl: false\nchecksumBehavior: ignore\n",
        ".yarnrc.yml",
    )

    assert [(f.key, f.host, f.form) for f in facts if isinstance(f, Credential)] == [
        ("npmAuthToken", "npm.example.com", "reference"),
        ("npmAuthToken", "acme.example.com", "literal"),
        ("npmAuthIdent", "other.example.com", "literal"),
    ]
    assert registries(facts)[:2] == [("index", "npm.example.com", ""), ("publish", "acme.example.com", "@acme")]
    assert [(f.key, f.tls, f.integrity_off) for f in facts if isinstance(f, Registry)][2:] == [
        ("enableStrictSsl: false", "off", False),
        ("checksumBehavior: ignore", "", True),
    ]


def test_the_configuration_of_yarn_one() -> None:
    facts = read_checked(
        yarnrc,
        'registry "http://npm.example.com"\n"@acme:registry" "https://acme.example.com"\n# strict-ssl false\nstrict-ssl false\n',
        ".yarnrc",
    )

    assert registries(facts) == [
        ("index", "npm.example.com", ""),
        ("index", "acme.example.com", "@acme"),
        ("index", UNKNOWN, ""),
    ]


def test_the_configuration_of_bun() -> None:
    facts = read_checked(
        bunfig,
        "[install]\nregistry = 'https://npm.example.com'\n[install.scopes]\nacme = 'https://acme.example.com'\n"
        "other = { url = 'https://other.example.com', token = '$TOKEN' }\n",
        "bunfig.toml",
    )

    assert registries(facts) == [
        ("index", "npm.example.com", ""),
        ("index", "acme.example.com", "@acme"),
        ("index", "other.example.com", "@other"),
    ]
    assert [(f.form, f.host) for f in facts if isinstance(f, Credential)] == [("reference", "other.example.com")]


@given(st.text(max_size=60), st.text(alphabet="ab@/>*.1^~:#", max_size=30))
def test_any_spec_and_any_key_is_read_without_exception(spec: str, key: str) -> None:
    text = json.dumps({"dependencies": {key: spec}, "resolutions": {key: spec}, "overrides": {key: {".": spec}}})
    list(package_json.read(Source("package.json", text)))
    for reader in (yarnrc, pnpm_workspace, bunfig):
        list(reader.read(Source("x", spec)))
