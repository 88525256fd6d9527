"""Secrets that stand in a scanned folder never come out again: not in a report, the cache, a message or an error."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.conftest import git, relcheck, write_tree
from tests.tokens import KINDS, SHAPES, make_token

PLAIN = {
    name: f"{name}-Zq7{number:02}Lm4Wp8Xs2Rt"
    for number, name in enumerate(
        (
            "npmrc",
            "pypirc",
            "netrc",
            "maven",
            "gradle",
            "cargo",
            "nuget",
            "gem",
            "bundle",
            "composer",
            "yarn",
            "helm",
            "compose",
            "env",
            "docker",
            "argv",
            "url",
            "index",
            "values",
            "k8s",
            "ci",
            "input",
            "curl",
            "layer",
            "login",
            "heredoc",
            "python",
            "long",
            "lock",
            "condarc",
            "git",
            "buildarg",
            "broken",
            "wget",
            "values2",
            "pull",
            "unknown",
        )
    )
}
"""Made-up passwords, one a place, so that a leak tells where it came from."""
TOKENS = {kind: make_token(kind, 7) for kind in (*KINDS, *SHAPES)}
KEY = "MIIEowIBAAKCAQEAq7Zx3vQ9bW2mT5yK8dPfL1cN6hRjUeGsAoXiVtYzBwMnDkQpHg4JrCuSaEfO0lTqIxZb7Wm2Ny5Kv8Pd1Lc6HjRe3GsUoAiX"


def files() -> dict[str, str]:
    p, t = PLAIN, TOKENS
    auth = base64.b64encode(f"ci:{p['docker']}".encode()).decode()
    pull = json.dumps({"auths": {"registry.acme.io": {"username": "ci", "password": p["pull"]}}})
    encoded = base64.b64encode(pull.encode()).decode()
    return {
        ".npmrc": f"//npm.acme.io/:_authToken={p['npmrc']}\n_authToken={t['npm']}\n",
        ".pypirc": f"[own]\nusername = ci\npassword = {p['pypirc']}\n",
        ".netrc": f"machine a.acme.io login ci password {p['netrc']}\n",
        "settings.xml": (
            f"<settings><servers><server><id>a</id><password>{p['maven']}</password></server></servers></settings>\n"
        ),
        "gradle.properties": f"signing.password={p['gradle']}\n",
        ".cargo/credentials.toml": f'[registry]\ntoken = "{p["cargo"]}"\n',
        "NuGet.config": (
            "<configuration><packageSourceCredentials><a><add key='ClearTextPassword' "
            f"value='{p['nuget']}'/></a></packageSourceCredentials></configuration>\n"
        ),
        ".gem/credentials": f":rubygems_api_key: {p['gem']}\n",
        ".bundle/config": f"BUNDLE_GEMS__ACME__IO: ci:{p['bundle']}\n",
        "auth.json": json.dumps({"http-basic": {"a.acme.io": {"username": "ci", "password": p["composer"]}}}),
        ".yarnrc.yml": f"npmAuthToken: {p['yarn']}\n",
        "repositories.yaml": f"repositories:\n- name: a\n  url: https://c.acme.io\n  username: ci\n  password: {p['helm']}\n",
        ".condarc": f"channels: [https://c.acme.io/t/{p['condarc']}/main]\n",
        ".git-credentials": f"https://ci:{p['git']}@git.acme.io\n",
        ".docker/config.json": json.dumps({"auths": {"registry.acme.io": {"auth": auth}}}),
        ".env": f"NPM_TOKEN={p['env']}\nWORD={t['github']}\nDB_PASSWORD={p['unknown']}\n",
        "compose.yaml": (
            f"services:\n  a:\n    image: acme/a:latest\n    environment: {{DB_PASSWORD: {p['compose']}}}\n"
            f"    build: {{context: ., args: {{NPM_TOKEN: {p['buildarg']}}}}}\n"
        ),
        "deploy.sh": (
            f"#!/bin/sh\ndocker login -u ci -p {p['argv']} registry.acme.io\ngit clone https://ci:{p['url']}@git.acme.io/r\n"
            f"curl -u ci:{p['curl']} http://a.acme.io/x | sh\nnpm config set //npm.acme.io/:_authToken {p['login']}\n"
            f"wget --password={p['wget']} http://a.acme.io/x\nAPI_TOKEN={p['python']} ./run --token {t['gitlab']}\n"
            f"cat > ~/.npmrc <<EOF\n//npm.acme.io/:_authToken={p['heredoc']}\nEOF\n"
        ),
        "requirements.txt": f"--index-url https://ci:{p['index']}@pypi.acme.io/simple\nflask\n",
        "package-lock.json": (
            '{"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1.0.0", '
            f'"resolved": "https://ci:{p["lock"]}@npm.acme.io/x/-/x-1.0.0.tgz"}}}}}}\n'
        ),
        "charts/a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        "charts/a/values.yaml": (
            f"imageCredentials: {{registry: r.acme.io, username: ci, password: {p['values']}}}\n"
            f"db: {{password: {p['values2']}}}\n"
        ),
        "k8s.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\n"
            f"data: {{.dockerconfigjson: {encoded}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\n"
            f"stringData: {{password: {p['k8s']}, token: {t['dockerhub']}}}\n"
        ),
        ".github/workflows/a.yml": (
            f"on: push\nenv: {{TWINE_PASSWORD: {p['ci']}, OTHER: {t['pypi']}}}\n"
            "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
            f"      - uses: docker/login-action@v3\n        with: {{username: ci, password: {p['input']}}}\n"
            f"      - run: echo {t['rubygems']} && npm publish --token {t['npm']}\n"
        ),
        "Dockerfile": f"FROM node\nENV NPM_TOKEN={p['layer']}\nRUN echo {t['cargo']} > x\n",
        "broken.yaml": f"apiVersion: v1\nkind: [\npassword: {p['broken']}\n",
        "src/a.py": "".join(f"x = '{token}'\n" for token in t.values()),
        "long.js": f"var a='{'x' * 12_000}', password='{p['long']}', t='{t['stripe']}';\n",
        "key.pem": f"-----BEGIN RSA PRIVATE KEY-----\n{KEY[:64]}\n{KEY[64:]}\n-----END RSA PRIVATE KEY-----\n",
        "notes": "".join(f"{token}\n" for token in t.values()),
        **{f"pad/{number}/Dockerfile": "FROM scratch\n" for number in range(160)},
    }


def secrets() -> list[str]:
    """Return what must not come out: of each secret the letters behind the first four, and its base64."""
    values = [*PLAIN.values(), *TOKENS.values(), KEY[:64], KEY[64:]]
    tails = [value[5:] for value in values]
    coded = [base64.b64encode(f"ci:{PLAIN['docker']}".encode()).decode()[5:]]
    return [*tails, *(base64.b64encode(value.encode()).decode()[:20] for value in values), *coded]


def leaks(text: bytes) -> list[str]:
    return [secret for secret in secrets() if secret.encode() in text]


def test_the_search_for_leaks_knows_what_was_written() -> None:
    assert len(leaks("".join(files().values()).encode())) > len(PLAIN) + len(TOKENS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    write_tree(made, files())
    git(made, "init", "-q")
    git(made, "add", "-A", "-f")
    git(made, "commit", "-q", "-m", "all")
    return made


ALL = '[params.secret]\nextend-detectors = ["KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"]\n'


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "text", "--notes"),
        ("--format", "json"),
        ("--format", "sarif"),
        ("--format", "github"),
        ("--statistics", "--verbose"),
        ("--profile", "strict", "--notes"),
        ("--history", "--profile", "strict"),
        ("--staged",),
        ("--select", "image-latest"),
        ("--show-files",),
        ("--no-ignores", "--profile", "release", "--notes"),
        ("--jobs", "2", "--no-cache", "--format", "json"),
    ],
)
def test_no_secret_comes_out(arguments: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    every = "--profile" in arguments or "--history" in arguments
    (folder / "relcheck.toml").write_text(ALL if every else "", encoding="utf-8")
    kept = tmp_path / "cache"

    for _ in range(2):  # the second run reads the cache
        done = relcheck("scan", *arguments, cwd=folder, env={"RELCHECK_CACHE_DIR": str(kept)})
        assert done.returncode in (0, 1), done.stderr.decode()
        assert leaks(done.stdout) == []
        assert leaks(done.stderr) == []
    for path in kept.rglob("*"):
        if path.is_file():
            assert leaks(path.read_bytes()) == [], path.name


def test_no_secret_comes_out_of_an_error(folder: Path, tmp_path: Path) -> None:
    rules = folder / "own"
    rules.mkdir()
    (rules / "own-rule.yaml").write_text(
        "title: x\non: command\nwhen: command.argv[99] == 'x'\nlevels: [{severity: error}]\nmessage: command.written\nfix: x\n",
        encoding="utf-8",
    )
    (folder / "relcheck.toml").write_text('rule-folders = ["own"]\n', encoding="utf-8")

    done = relcheck("scan", ".", cwd=folder, env={"RELCHECK_CACHE_DIR": str(tmp_path / "cache")})

    assert leaks(done.stdout + done.stderr) == []


def test_a_rule_of_the_user_is_given_no_secret(folder: Path) -> None:
    rules = folder / "own"
    rules.mkdir()
    for kind, fields in (("command", ("written", "argv.join(' ')")), ("credential", ("redacted", "key", "user"))):
        message = " + ' ' + ".join(f"{kind}.{field}" for field in fields)
        text = f"title: x\non: {kind}\nwhen: 'true'\nlevels: [{{severity: error}}]\nmessage: \"{message}\"\nfix: x\n"
        (rules / f"own-{kind}.yaml").write_text(text, encoding="utf-8")
    (folder / "relcheck.toml").write_text('rule-folders = ["own"]\n', encoding="utf-8")

    done = relcheck("scan", ".", "--select", "own-command,own-credential", "--notes", cwd=folder)

    assert b"own-command" in done.stdout
    assert leaks(done.stdout + done.stderr) == []
