"""A folder of made-up secrets, each in a place of its own, so that a leak tells where it came from."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote
from zlib import crc32

from tests.tokens import KINDS, SHAPES, make_token

KEY = "MEwCowIBAAKCAQEAq7Zx3vQ9bW2mT5yK8dPfL1cN6hRjUeGsAoXiVtYzBwMnDkQpHg4JrCuSaEfO0lTqIxZb7Wm2Ny5Kv8Pd1Lc6HjRe3GsUoAiX"
TOKENS = {kind: make_token(kind, 7) for kind in (*KINDS, *SHAPES)}


class Secrets:
    """Makes secrets and remembers them by the name of their place."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {"key, first line": KEY[:64], "key, second line": KEY[64:]}
        self.values |= {f"token of {kind}": token for kind, token in TOKENS.items()}

    def word(self, place: str) -> str:
        """Return a password, which only the meaning of its place gives away."""
        return self.values.setdefault(place, f"Zq7{crc32(place.encode()):08x}Lm4Wp8Xs2Rt")

    def token(self, place: str, kind: str = "npm") -> str:
        """Return a token with a valid checksum, which its shape gives away."""
        return self.values.setdefault(place, make_token(kind, crc32(place.encode())))

    def leaks(self, shown: bytes) -> list[str]:
        """Return the places of the secrets that stand in what was shown, plain or encoded, behind the first letters."""
        text = shown.decode("utf-8", "replace")
        return sorted({place for place, value in self.values.items() if any(form in text for form in _forms(value))})


def _forms(value: str) -> set[str]:
    coded = {b64(f"{user}{value}").rstrip("=")[8:28] for user in ("", "u:", "ci:")}
    return {value[5:], quote(value)[5:], json.dumps(value)[6:-1], *coded}


def b64(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()


def files(secrets: Secrets) -> dict[str, str]:
    """Return the files, by their paths."""
    return {
        **clients(secrets),
        **documents_of_clients(secrets),
        **scripts(secrets),
        **pipelines(secrets),
        **deployments(secrets),
        **urls(secrets),
        **encoded(secrets),
        **over_lines(secrets),
        **beside_other_findings(secrets),
        **where_no_rule_speaks(secrets),
        **broken(secrets),
        **names(secrets),
        **texts(secrets),
    }


def clients(s: Secrets) -> dict[str, str]:
    """The files of package managers and registries' clients, by lines."""
    return {
        ".npmrc": f"//npm.acme.io/:_authToken={s.word('npmrc')}\n_authToken={TOKENS['npm']}\n",
        ".pypirc": f"[own]\nusername = ci\npassword = {s.word('pypirc')}\n",
        ".netrc": f"machine a.acme.io login ci password {s.word('netrc')}\n",
        "gradle.properties": f"signing.password={s.word('gradle')}\n",
        ".cargo/credentials.toml": f'[registry]\ntoken = "{s.word("cargo")}"\n',
        ".gem/credentials": f":rubygems_api_key: {s.word('gem')}\n",
        ".bundle/config": f"BUNDLE_GEMS__ACME__IO: ci:{s.word('bundle')}\n",
        ".yarnrc.yml": f"npmAuthToken: {s.word('yarn')}\n",
        ".condarc": f"channels: [https://c.acme.io/t/{s.word('condarc')}/main]\n",
        ".git-credentials": f"https://ci:{s.word('git')}@git.acme.io\n",
        ".env": f"NPM_TOKEN={s.word('env')}\nWORD={TOKENS['github']}\nDB_PASSWORD={s.word('unknown')}\n",
        "repositories.yaml": (
            f"repositories:\n- name: a\n  url: https://c.acme.io\n  username: ci\n  password: {s.word('helm')}\n"
        ),
    }


def documents_of_clients(s: Secrets) -> dict[str, str]:
    """The files of package managers and registries' clients that are XML and JSON."""
    return {
        "settings.xml": (
            "<settings><servers><server><id>a</id>"
            f"<password>{s.word('maven')}</password></server></servers></settings>\n"
        ),
        "NuGet.config": (
            "<configuration><packageSourceCredentials><a><add key='ClearTextPassword' "
            f"value='{s.word('nuget')}'/></a></packageSourceCredentials></configuration>\n"
        ),
        "auth.json": json.dumps({"http-basic": {"a.acme.io": {"username": "ci", "password": s.word("composer")}}}),
        ".docker/config.json": json.dumps({"auths": {"r.acme.io": {"auth": b64(f"ci:{s.word('docker')}")}}}),
        "package-lock.json": (
            '{"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1.0.0", '
            f'"resolved": "https://ci:{s.word("lock")}@npm.acme.io/x/-/x-1.0.0.tgz"}}}}}}\n'
        ),
    }


def scripts(s: Secrets) -> dict[str, str]:
    """Words of commands, settings of the environment, files that scripts write."""
    return {
        "deploy.sh": (
            f"#!/bin/sh\ndocker login -u ci -p {s.word('argv')} registry.acme.io\n"
            f"git clone https://ci:{s.word('clone')}@git.acme.io/r\n"
            f"curl -u ci:{s.word('curl')} http://a.acme.io/x | sh\n"
            f"npm config set //npm.acme.io/:_authToken {s.word('login')}\n"
            f"wget --password={s.word('wget')} http://a.acme.io/x\n"
            f"API_TOKEN={s.word('assigned')} ./run --token {TOKENS['gitlab']}\n"
            f"cat > ~/.npmrc <<EOF\n//npm.acme.io/:_authToken={s.word('heredoc')}\nEOF\n"
        ),
        "Dockerfile": f"FROM node\nENV NPM_TOKEN={s.word('layer')}\nRUN echo {TOKENS['cargo']} > x\n",
        "Makefile": f"login:\n\tdocker login -u u -p {s.word('recipe')} r.acme.io\n",
    }


def pipelines(s: Secrets) -> dict[str, str]:
    """Environment, inputs and steps of workflows."""
    return {
        ".github/workflows/a.yml": (
            f"on: push\nenv: {{TWINE_PASSWORD: {s.word('workflow')}, OTHER: {TOKENS['pypi']}}}\n"
            "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
            f"      - uses: docker/login-action@v3\n        with: {{username: ci, password: {s.word('input')}}}\n"
            f"      - uses: acme/x@main\n        with: {{api-token: {s.word('other input')}}}\n"
            f"      - run: echo {TOKENS['rubygems']} && npm publish --token {TOKENS['npm']}\n"
        ),
        ".gitlab-ci.yml": (
            f"variables: {{DEPLOY_PASSWORD: {{value: {s.word('gitlab variable')}, description: x}}}}\n"
            f"a: {{image: 'node:latest', script: ['docker login -u u -p {s.word('gitlab script')} r.acme.io']}}\n"
        ),
    }


def deployments(s: Secrets) -> dict[str, str]:
    """Compose, Kubernetes and Helm."""
    pull = json.dumps({"auths": {"registry.acme.io": {"username": "ci", "password": s.word("pull")}}})
    return {
        "compose.yaml": (
            "services:\n  a:\n    image: acme/a:latest\n"
            f"    environment: {{DB_PASSWORD: {s.word('compose')}}}\n"
            f"    build: {{context: ., args: {{NPM_TOKEN: {s.word('build argument')}}}}}\n"
        ),
        "charts/a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        "charts/a/values.yaml": (
            f"imageCredentials: {{registry: r.acme.io, username: ci, password: {s.word('values')}}}\n"
            f"db: {{password: {s.word('other values')}}}\n"
        ),
        "k8s.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\n"
            f"data: {{.dockerconfigjson: {b64(pull)}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\n"
            f"stringData: {{password: {s.word('kubernetes')}, token: {TOKENS['dockerhub']}}}\n"
        ),
    }


def urls(s: Secrets) -> dict[str, str]:
    """Secrets in the userinfo and in the query of addresses, of every kind of coordinate."""
    dependencies = {
        "a": f"git+https://ci:{s.word('npm, userinfo')}@git.acme.io/a/b.git",
        "b": f"https://a.acme.io/b.tgz?token={s.word('npm, query')}",
    }
    return {
        "url/requirements.txt": (
            f"--index-url https://ci:{s.word('index, userinfo')}@pypi.acme.io/simple\n"
            f"--extra-index-url https://pypi.acme.io/simple?token={s.word('index, query')}\nflask\n"
            f"https://a.acme.io/x.whl?access_token={s.word('wheel, query')}\n"
            f"git+https://{s.token('git, user', 'github')}@git.acme.io/a/b@main\n"
        ),
        "url/package.json": json.dumps({"name": "x", "version": "1.0.0", "dependencies": dependencies}),
        "url/Dockerfile": (
            f"FROM u:{s.word('image, userinfo')}@r.acme.io/a\n"
            f"ADD https://a.acme.io/x.tgz?token={s.word('ADD, query')} /x\n"
            f"RUN curl -fsSL 'https://a.acme.io/i.sh?private_token={s.word('curl, query')}&x=1' | sh\n"
            f"ADD https://a.acme.io/x.tgz?sig={s.token('ADD, token in a query')} /x\n"
        ),
        "url/main.tf": (
            f'module "x" {{ source = "git::https://u:{s.word("module, userinfo")}@git.acme.io/a/b?ref=main" }}\n'
        ),
        "url/pom.xml": (
            "<project><groupId>a</groupId><artifactId>b</artifactId><version>1-SNAPSHOT</version><repositories><repository>"
            f"<id>a</id><url>http://u:{s.word('pom, userinfo')}@m.acme.io/?token={s.word('pom, query')}</url>"
            "</repository></repositories></project>\n"
        ),
    }


def encoded(s: Secrets) -> dict[str, str]:
    """Secrets in base64."""
    return {
        "b64/secret.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\ndata:\n"
            f"  password: {b64(s.word('base64, data'))}\n  config: {b64('TOKEN=' + s.token('base64, token'))}\n"
        ),
        "b64/.npmrc": (
            f"//npm.acme.io/:_auth={b64('ci:' + s.word('base64, _auth'))}\n"
            f"//npm.acme.io/:_password={b64(s.word('base64, _password'))}\n"
        ),
        "b64/run.sh": f"curl -H 'Authorization: Basic {b64('ci:' + s.word('base64, header'))}' http://a.acme.io/x | sh\n",
    }


def over_lines(s: Secrets) -> dict[str, str]:
    """Secrets that stand on other lines than what says that they are secrets, or on several."""
    return {
        "lines/secret.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n"
            f"  .npmrc: |\n    //npm.acme.io/:_authToken={s.word('lines, npmrc')}\n"
            f"  password: >-\n    {s.word('lines, first')}\n    {s.word('lines, second')}\n"
        ),
        "lines/run.sh": (
            f"docker login -u ci \\\n  -p \\\n  {s.word('lines, continued')} registry.acme.io\n"
            f'export T="{s.token("lines, in a string")}\n{s.token("lines, behind it", "github")}"\n'
        ),
        "key.pem": f"-----BEGIN RSA PRIVATE KEY-----\n{KEY[:64]}\n{KEY[64:]}\n-----END RSA PRIVATE KEY-----\n",
    }


def beside_other_findings(s: Secrets) -> dict[str, str]:
    """Secrets in a line that is shown for the sake of another finding."""
    return {
        "line/Dockerfile": (
            f"FROM node # {s.token('line, comment')}\n"
            f"RUN curl http://a.acme.io/x | sh # DB_PASSWORD={s.word('line, assigned in a comment')}\n"
        ),
        "line/a.sh": (
            f"curl -s http://a.acme.io/x | PGPASSWORD={s.word('line, assigned')} sh\n"
            f"curl -H 'X-Api-Key: {s.word('line, header')}' http://a.acme.io/x | sh\n"
        ),
        "line/compose.yaml": f"services: {{a: {{image: 'x:latest', environment: {{DB_PASSWORD: {s.word('line, flow')}}}}}}}\n",
        "line/tag.yaml": f"services: {{a: {{image: 'r.acme.io/a:{s.token('line, tag')}'}}}}\n",
    }


def where_no_rule_speaks(s: Secrets) -> dict[str, str]:
    """Secrets of files that are excluded, whose rules are ignored, whose findings are silenced."""
    return {
        "excluded/.env": f"NPM_TOKEN={s.token('excluded')}\nDB_PASSWORD={s.word('excluded, password')}\n",
        "silenced/.npmrc": (
            "# relcheck: ignore[npmrc-token,token-verified] known\n"
            f"//npm.acme.io/:_authToken={s.token('silenced by a comment')}\n"
        ),
        "accepted/.npmrc": f"//npm.acme.io/:_authToken={s.word('silenced by the configuration')}\n",
        "reason/Dockerfile": f"# relcheck: ignore[image-latest] because {s.token('reason')}\nFROM node\n",
        "below/relcheck.toml": "ignore = ['all']\n",
        "below/.env": f"DB_PASSWORD={s.word('all ignored')}\nT={s.token('all ignored, token')}\n",
        "tests/fixtures/.env": f"DB_PASSWORD={s.word('fixture')}\nT={s.token('fixture, token')}\n",
        "node_modules/x/.env": f"T={s.token('of others')}\n",
    }


def broken(s: Secrets) -> dict[str, str]:
    """Secrets in files that cannot be read."""
    return {
        "broken.yaml": f"apiVersion: v1\nkind: [\npassword: {s.word('broken YAML')}\n",
        "broken/compose.yaml": f"services: [{s.token('broken compose')}: {{\n  image: x:latest\n",
        "broken/auth.json": f'{{"auths": {{"a": {{"auth": "{b64("u:" + s.word("broken JSON"))}", }}\n',
        "broken/pyproject.toml": f'[project\ntoken = "{s.token("broken TOML")}"\n',
        "broken/.npmrc": f"//x/:_authToken={s.word('broken npmrc')} = = \n",
        "broken/settings.xml": f"<settings><server><password>{s.word('broken XML')}</pass></settings>\n",
        "broken/NuGet.config": (
            f"<configuration><add key='ClearTextPassword' value='{s.word('broken NuGet')}'/></packageSources>\n"
        ),
        "broken/main.tf": f'provider "x" {{ token = "{s.token("broken HCL")}\n',
    }


def names(s: Secrets) -> dict[str, str]:
    """Secrets that are keys, and names of files and folders."""
    return {
        "keys/compose.yaml": (
            f"services:\n  {s.token('service')}:\n    image: x:latest\n    environment:\n      {s.token('key')}: 1\n"
            f"    labels: {{{s.token('label', 'github')}: x}}\n"
        ),
        f"dir-{s.token('folder', 'github')}/Dockerfile": "FROM node\n",
        f"x-{s.token('file')}.txt": f"{s.token('in the file', 'github')}\n",
        f"{s.token('unread file')}.png": "x\n",
    }


def texts(s: Secrets) -> dict[str, str]:
    """Files of no known format, and many files, so that facts are kept in the cache."""
    return {
        "src/a.py": "".join(f"x = '{token}'\n" for token in TOKENS.values()),
        "long.js": f"var a='{'x' * 12_000}', password='{s.word('long line')}', t='{TOKENS['stripe']}';\n",
        "notes": "".join(f"{token}\n" for token in TOKENS.values()),
        **{f"pad/{number}/Dockerfile": "FROM scratch\n" for number in range(160)},
    }
