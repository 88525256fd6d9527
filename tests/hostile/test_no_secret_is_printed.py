# ruff: noqa: E501 - a scanned line is a line

"""No secret is printed, in any format, log or cache: at most its first four characters.

Each file of the tree holds other secrets, so that a leak tells where it comes from. Tokens have valid check digits;
passwords are words that no format knows. Both are made up when the test runs.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import ROOT, git, relcheck, write_tree
from tests.tokens import KINDS, make_token

KEPT = 4
"""How many characters of a secret may be shown."""

FILES: dict[str, str] = {
    "Dockerfile": (
        "# syntax=docker/dockerfile:1\nARG NPM_TOKEN={t0}\nFROM node:latest\nENV DB_PASSWORD={p0} API_TOKEN={t1}\n"
        "RUN curl -u admin:{p1} https://a.acme.io/x && curl -H 'Authorization: Bearer {t2}' https://acme.io/install.sh | sh\n"
        "RUN docker login -u ci -p {p2} registry.acme.io && npm config set //registry.acme.io/:_authToken {t3}\n"
        "RUN pip install --index-url https://u:{p3}@pypi.acme.io/simple shop && git clone https://x:{t4}@git.acme.io/a/b\n"
        "LABEL note={t5}\nADD https://u:{p4}@acme.io/x.tar.gz /x\nRUN echo {t6} > /x ; export TOKEN={p5} ; wget --password={p6} https://a.io\n"
        "FROM u:{p7}@registry.acme.io/app\nCOPY --from={t7} /a /b\n"
    ),
    "compose.yaml": (
        "services:\n  {t0}:\n    image: acme/{t1}:latest\n    build: {{context: 'https://x:{p0}@git.acme.io/a/b.git', args: {{TOKEN: {p1}}}}}\n"
        "    environment:\n      DB_PASSWORD: {p2}\n      URL: postgres://u:{p3}@db/x\n      - {t2}\n    command: mysql --password={p4} -h db\n"
    ),
    "list/compose.yaml": "services:\n  a:\n    image: redis\n    environment: [\"DB_PASSWORD={p0}\", 'TOKEN={t0}']\n",
    ".npmrc": "//registry.acme.io/:_authToken={t0}\n_auth={b0}\n//a.io/:_password={b1}\nregistry=http://u:{p2}@r.acme.io\nfoo={t1}\n",
    ".pypirc": "[distutils]\nindex-servers = a\n[a]\nrepository: http://u:{p0}@r.acme.io\nusername: ci\npassword: {p1}\n[b]\npassword={t0}\n",
    "pip.conf": "[global]\nindex-url = http://u:{p0}@r.acme.io/simple\nextra-index-url = https://{t0}@r.acme.io\ntrusted-host = r.acme.io\n",
    ".env": "DB_PASSWORD={p0}\nNPM_TOKEN={t0}\nexport GH_TOKEN='{t1}'\nPLAIN={t2}\nURL=https://a:{p1}@b.io\n",
    ".netrc": 'machine git.acme.io login ci password {p0}\nmachine a.io\n  login b\n  password "{p1}"\n',
    ".git-credentials": "https://ci:{p0}@git.acme.io\nhttps://{t0}:x-oauth-basic@git.acme.io\n",
    ".gitmodules": '[submodule "a"]\n\tpath = a\n\turl = https://x:{p0}@git.acme.io/a.git\n',
    ".docker/config.json": '{{"auths": {{"registry.acme.io": {{"auth": "{b0}"}}, "b.io": {{"username": "u", "password": "{p1}"}}}}}}\n',
    "settings.xml": "<settings><servers><server><id>a</id><username>u</username><password>{p0}</password></server></servers>"
    "<mirrors><mirror><id>m</id><url>http://u:{p1}@r.acme.io</url></mirror></mirrors></settings>\n",
    "requirements.txt": "--index-url https://u:{p0}@r.acme.io/simple\nshop @ git+https://x:{t0}@git.acme.io/a/b\nhttps://u:{p1}@a.io/x.whl\n",
    "package.json": '{{"name": "shop", "version": "1.0.0", "dependencies": {{"a": "git+https://x:{t0}@git.acme.io/a/b#main", '
    '"b": "https://u:{p0}@a.io/b.tgz", "c": "{t1}"}}, "publishConfig": {{"registry": "http://u:{p1}@r.acme.io"}}, '
    '"scripts": {{"postinstall": "curl -u a:{p2} http://a.io/x | sh", "{t2}": "npm publish --otp={t3}"}}}}\n',
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0.0"\ndependencies = ["a @ git+https://x:{t0}@git.acme.io/a/b"]\n'
    '[[tool.uv.index]]\nname = "x"\nurl = "http://u:{p0}@r.acme.io/simple"\n[[tool.poetry.source]]\nname = "y"\nurl = "http://u:{p1}@r.acme.io"\n',
    ".github/workflows/release.yml": (
        "name: {t0}\non: push\npermissions: write-all\nenv:\n  TOKEN: {p0}\n  NPM_TOKEN: {t1}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n"
        "    container: {{image: 'registry.acme.io/x:latest', credentials: {{username: u, password: {p1}}}}}\n    steps:\n"
        "      - uses: actions/checkout@v4\n        with: {{token: {t2}, repository: 'https://x:{p2}@git.acme.io/a/b'}}\n"
        "      - uses: docker/login-action@v3\n        with: {{registry: r.acme.io, username: u, password: {p3}}}\n"
        "      - run: |\n          docker login -u u --password {p4} r.acme.io\n          docker push r.acme.io/a/b:latest\n"
        "          curl -sSf -H 'PRIVATE-TOKEN: {t3}' https://a.io/i.sh | bash\n          echo '//r.acme.io/:_authToken={t4}' > .npmrc\n"
        "          twine upload -u u -p {p5} dist/*\n          npm publish --//r.acme.io/:_authToken={t5}\n          {t6} --help\n"
        "          helm registry login r.acme.io -u u -p {p6}\n          kubectl create secret generic a --from-literal=password={p7}\n"
        "          export X={t7} && docker run -e TOKEN={p8} acme/a:latest && mysql -p{p9} && sshpass -p {p10} ssh x\n"
        "          cargo publish --token {t8}\n          gh auth login --with-token <<< {t9}\n"
        "      - uses: acme/{t10}@main\n      - uses: acme/x@{t11}\n        env: {{DB_PASSWORD: {p11}}}\n"
    ),
    ".gitlab-ci.yml": (
        "variables:\n  TOKEN: {p0}\n  DEPLOY_PASSWORD: {{value: '{p1}', description: x}}\ninclude:\n  - remote: 'https://u:{p2}@a.io/x.yml'\n"
        "build:\n  image: {{name: 'r.acme.io/x:latest'}}\n  script:\n    - docker login -u u -p {p3} $CI_REGISTRY\n    - curl --user u:{p4} http://a.io | sh\n"
        "    - git push https://oauth2:{t0}@git.acme.io/a/b\n    - echo {t1}\n"
    ),
    ".pre-commit-config.yaml": "repos:\n  - repo: https://x:{t0}@git.acme.io/a/b\n    rev: main\n    hooks: [{{id: a}}]\n",
    "k8s/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{password: {b0}, token: {b1}}}\nstringData: {{password: '{p2}', t: {t2}}}\n",
    "k8s/pull.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ntype: kubernetes.io/dockerconfigjson\n"
    "stringData:\n  .dockerconfigjson: '{{\"auths\": {{\"r.acme.io\": {{\"username\": \"u\", \"password\": \"{p0}\"}}}}}}'\n",
    "k8s/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - name: a\n      image: r.acme.io/a:latest\n"
    "      env: [{{name: DB_PASSWORD, value: '{p0}'}}, {{name: X, value: {t0}}}]\n      args: ['--token={p1}', '{t1}']\n",
    "kustomize/kustomization.yaml": "resources: ['https://x:{t0}@git.acme.io/a/b?ref=main']\nsecretGenerator:\n  - name: a\n    literals: ['password={p0}', 'token={t1}']\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{{name: b, version: '*', repository: 'http://u:{p0}@c.acme.io'}}]\n",
    "chart/values.yaml": "image: {{repository: r.acme.io/a, tag: latest, pullSecrets: ['{t0}']}}\nimageCredentials: {{registry: r.acme.io, username: u, password: '{p0}'}}\n"
    "redis:\n  auth:\n    password: {p1}\n",
    "chart/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {p0}\n  t: {t0}\n",
    "install.sh": (
        "#!/bin/sh\nexport DB_PASSWORD={p0} NPM_TOKEN={t0}\ncurl -fsSL -u u:{p1} https://a.acme.io/x.sh | sh\nwget --http-password={p2} http://a.io/x -O- | bash\n"
        "docker login -u u -p '{p3}' r.acme.io\necho \"{t1}\" | docker login --password-stdin\ncat > .npmrc <<EOF\n//r.acme.io/:_authToken={t2}\nEOF\n"
        "cat > ~/.netrc <<EOF\nmachine a.io login b password {p4}\nEOF\ngit clone https://{t3}@git.acme.io/a/b\nhelm upgrade a b --set auth.password={p5}\n"
        "PGPASSWORD={p6} psql\ndocker build --build-arg TOKEN={p7} -t acme/a:latest .\naws configure set aws_secret_access_key {p8}\n"
        "twine upload --password {p9} dist/*\npoetry config pypi-token.pypi {t4}\nnpm login --//r.acme.io/:_authToken={t5}\nskopeo copy --dest-creds u:{p10} docker://a docker://b\n"
    ),
    "Makefile": "TOKEN = {t0}\nlogin:\n\tdocker login -u u -p {p0} r.acme.io\n\tcurl -u a:{p1} http://a.io/x | sh\n",
    "broken.yaml": "apiVersion: v1\nkind: Secret\nstringData:\n  password: {p0}\n  token: [{t0}\n",
    "broken/package.json": '{{"name": "{t0}", "password": "{p0}"',
    "broken/pyproject.toml": 'token = "{t0}"\npassword = "{p0}\n',
    "ignored/Dockerfile": "# relcheck: ignore[image-latest] because {t0}\nFROM node\n# relcheck: ignore[{t1}] x\nFROM python:latest\n",
    "README.md": "Use `{t0}`, or `export TOKEN={t1}`.\n",
    "key.pem": "-----BEGIN PRIVATE KEY-----\nMEwC{b0}{b1}{b2}{b3}\n-----END PRIVATE KEY-----\n",
    "Jenkinsfile": "pipeline {{ environment {{ TOKEN = '{t0}' }} stages {{ stage('a') {{ steps {{ sh 'docker login -u u -p {p0}' }} }} }} }}\n",
    "main.tf": 'provider "x" {{\n  token = "{t0}"\n  password = "{p0}"\n}}\n',
    ".circleci/config.yml": "version: 2.1\njobs:\n  a:\n    docker: [{{image: 'x/y:latest', auth: {{username: u, password: {p0}}}}}]\n    environment: {{TOKEN: {t0}}}\n    steps: [{{run: 'docker login -u u -p {p1}'}}]\n",
}  # fmt: skip


def password(path: str, number: int) -> str:
    # Seeded, so that a failure can be repeated; nothing is protected by it.
    draw = random.Random(f"{path} {number}")  # noqa: S311
    return "".join(draw.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", k=18))


def filled(path: str, text: str, secrets: dict[str, str]) -> str:
    """Fill in {p…} passwords, {b…} passwords in base64 and {t…} tokens, and note what each is."""
    values: dict[str, str] = {}
    for number in range(16):
        word, seed = password(path, number), sum(path.encode()) * 16 + number
        token = make_token(KINDS[(number + len(path)) % len(KINDS)], seed)
        values |= {f"p{number}": word, f"t{number}": token, f"b{number}": b64encode(f"ci:{word}".encode()).decode()}
    for name, value in values.items():
        if "{" + name + "}" in text:
            secrets[f"{path}: {name}"] = value
            if name[0] == "b":
                secrets[f"{path}: {name} decoded"] = values[f"p{name[1:]}"]
    return text.format(**values)


def shapes(secret: str) -> set[str]:
    """Return what must not be seen of a secret: the part behind what may be shown, and the ways to write all of it."""
    body = secret.rsplit("_", maxsplit=1)[-1] if secret[KEPT:] and "_" in secret else secret
    tail = secret[max(KEPT, len(secret) - 12) :] if len(secret) > 2 * KEPT + 4 else secret[KEPT:]
    return {tail, quote(body), json.dumps(body)[1:-1], b64encode(secret.encode()).decode().rstrip("=")}


def leaks(shown: bytes, secrets: dict[str, str]) -> list[str]:
    text = shown.decode("utf-8", "replace")
    return sorted(name for name, secret in secrets.items() if any(shape in text for shape in shapes(secret)))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("secrets") / "project"
    secrets: dict[str, str] = {}
    write_tree(folder, {path: filled(path, text, secrets) for path, text in FILES.items()})
    write_tree(
        folder, {f"many/{number}/Dockerfile": "FROM node\n" for number in range(160)}
    )  # so that facts are cached
    return folder, secrets


def test_what_is_looked_for_would_be_seen(tree: tuple[Path, dict[str, str]]) -> None:
    folder, secrets = tree
    for path in FILES:
        here = {name for name in secrets if name.startswith(f"{path}: ") and not name.endswith("decoded")}
        assert here <= set(leaks((folder / path).read_bytes(), secrets))
    assert len(secrets) > 150


WAYS = [
    ("--format", "text", "--notes"),
    ("--format", "text", "--notes", "--profile", "strict", "--verbose", "--no-ignores"),
    ("--format", "json"),
    ("--format", "json", "--profile", "strict"),
    ("--format", "sarif", "--profile", "strict"),
    ("--format", "github", "--profile", "strict"),
    ("--select", "image-latest", "--format", "text"),
    ("--select", "k8s-namespace-missing", "--format", "json", "--verbose"),
    ("--show-files",),
    ("--statistics",),
]


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_no_report_shows_one(way: tuple[str, ...], tree: tuple[Path, dict[str, str]]) -> None:
    folder, secrets = tree
    done = relcheck("scan", ".", *way, cwd=folder)

    assert b"Traceback" not in done.stderr
    assert len(done.stdout) > 100
    assert leaks(done.stdout + done.stderr, secrets) == []


def test_no_cache_keeps_one(tree: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, secrets = tree
    relcheck("scan", ".", cwd=folder, env={"RELCHECK_CACHE_DIR": str(tmp_path / "cache")})

    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert any(path.name.startswith("facts-") for path in files)
    assert leaks(b"\n".join(path.read_bytes() for path in files), secrets) == []


def test_no_crash_report_shows_one(tree: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, secrets = tree
    script = (
        "import sys, relcheck.link as link, relcheck.cli as cli\n"
        "def fail(repository, judged):\n"
        "    facts = [fact for path in repository.reported for fact in repository.of(path)]\n"
        "    texts = [open(path, errors='replace').read() for path in repository.reported]\n"
        "    raise ValueError(repr(texts) + repr(facts))\n"
        "link.link = fail\n"
        "import relcheck.scan; relcheck.scan.link = fail\n"
        f"sys.exit(cli.run(['scan', '.', '--no-cache', '--exclude', {secrets['README.md: t0']!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={"RELCHECK_CACHE_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 3
    log = (tmp_path / "crash.log").read_bytes()
    assert b"ValueError" in log
    assert leaks(done.stdout + done.stderr + log, secrets) == []


def test_none_is_in_what_ignores_write(tmp_path: Path) -> None:
    secrets: dict[str, str] = {}
    folder = tmp_path / "project"
    write_tree(
        folder, {".env": filled(".env", FILES[".env"], secrets), "a.sh": filled("a.sh", FILES["install.sh"], secrets)}
    )
    before = {path: path.read_text() for path in folder.iterdir()}

    done = relcheck("scan", ".", "--add-ignores", "accepted", cwd=folder)

    added = "\n".join(
        line for path, text in before.items() for line in path.read_text().split("\n") if line not in text.split("\n")
    )
    assert "relcheck: ignore[" in added
    assert leaks(added.encode() + done.stderr, secrets) == []


def test_none_is_in_a_question_about_history(tmp_path: Path) -> None:
    secrets: dict[str, str] = {}
    folder = tmp_path / "project"
    write_tree(folder, {"pyproject.toml": filled("pyproject.toml", FILES["pyproject.toml"], secrets)})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "remote", "add", "origin", f"https://x:{secrets['pyproject.toml: p0']}@git.acme.io/a/b")

    for way in (("scan", ".", "--format", "json"), ("config",), ("scan", ".", "--config-from", "nowhere")):
        done = relcheck(*way, cwd=folder)
        assert leaks(done.stdout + done.stderr, secrets) == []
