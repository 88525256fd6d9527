"""One file for each row of the format specification: the construct of the row yields its fact, at its place.

Rows of Dockerfiles, compose files, workflows, known actions, GitLab pipelines, pre-commit and shell commands.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relcheck.facts import KIND_OF, Fact
from relcheck.readers import raise_faults, read_source
from relcheck.source import Source
from tests.acceptance.reading import ABOUT

DIGEST = "sha256:" + "0a" * 32


@pytest.fixture(autouse=True)
def _faults_surface() -> Iterator[None]:
    raise_faults(True)
    yield
    raise_faults(False)


def shown(fact: Fact, text: str) -> str:
    """Return the kind of a fact, what it is about, and the words at its place."""
    kind = KIND_OF[type(fact)]
    about = [str(getattr(fact, name)) for name in ABOUT.get(kind, ())]
    return " ".join([kind, *about, "@", text[fact.span.start : fact.span.end]])


DOCKERFILE = [
    ("# syntax=docker/dockerfile:1.7\nFROM a:1\n", "image frontend @ 1.7"),
    ("// syntax=docker/dockerfile:1.7\nFROM a:1\n", "image frontend @ 1.7"),
    ("FROM --platform=linux/amd64 a:1 AS x\n", "image final @ 1"),
    ("FROM a:1 AS x\nFROM x\n", "image final @ 1"),
    ("FROM a:1\nCOPY --from=b:2 x y\n", "image copied @ 2"),
    ("FROM a:1\nRUN --mount=type=bind,from=b:2,target=/x true\n", "image mount @ 2"),
    ("FROM a:1\nONBUILD RUN --mount=type=bind,from=b:2,target=/x true\n", "image mount @ 2"),
    ("FROM a:1\nADD https://h.example.com/x.tgz /x\n", "download  @ https://h.example.com/x.tgz"),
    (f"FROM a:1\nADD --checksum={DIGEST} https://h.example.com/x /x\n", "download checksum @ https://h.example.com/x"),
    ("FROM a:1\nADD https://git.example.com/a/b.git#main /x\n", "component added branch @ main"),
    ('FROM a:1\nRUN ["docker", "pull", "b:2"]\n', "image pulled @ 2"),
    ("FROM a:1\nHEALTHCHECK --interval=5s CMD docker pull b:2\n", "image pulled @ 2"),
    ("FROM a:1\nENTRYPOINT docker pull b:2\n", "image pulled @ 2"),
    ('FROM a:1\nCMD ["sh", "-c", "docker pull b:2"]\n', "image pulled @ 2"),
    ('FROM a:1\nSHELL ["/bin/bash", "-c"]\nRUN docker pull b:2\n', "image pulled @ 2"),
    ("FROM a:1\nARG API_TOKEN=Zm9vOmJhcnF1dXgx\n", "credential env literal @ Zm9vOmJhcnF1dXgx"),
    ("FROM a:1\nENV DB_PASSWORD hunter2hunter2x9\n", "credential env literal @ hunter2hunter2x9"),
    ("FROM a:1\nENV PIP_INDEX_URL=http://h.example.com/simple\n", "registry index  @ h.example.com"),
    ("FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=0\n", "registry index off @ 0"),
    ("FROM a:1\nENV GOSUMDB=off\n", "registry index  @ off"),
    ("FROM a:1\nCOPY . .\n", "copy @ ."),
    ("FROM a:1\nCOPY .npmrc /home/app/\n", "credential file literal @ .npmrc"),
    ("FROM a:1\nRUN pip install x\n", "dependency command x any @ x"),
    ("FROM a:1\nRUN npm ci\n", "install npm @ ci"),
]


@pytest.mark.parametrize(("text", "expected"), DOCKERFILE)
def test_rows_of_dockerfiles(text: str, expected: str) -> None:
    _has("dockerfile", text, expected)


def _has(name: str, text: str, expected: str) -> None:
    found = [shown(fact, text) for fact in read_source(name, Source(f"x/{name}", text))]

    assert expected in found


SERVICE = "services:\n  a:\n"
COMPOSE = [
    (SERVICE + "    image: b:2\n", "image run @ 2"),
    (SERVICE + "    image: b:2\n    build: .\n", "image output @ 2"),
    (SERVICE + "    build: https://git.example.com/a/b.git#main:x\n", "component context branch @ main"),
    (
        SERVICE + "    build:\n      context: https://git.example.com/a/b.git#v1.0.0\n",
        "component context semver-full @ v1.0.0",
    ),
    (SERVICE + "    build:\n      dockerfile_inline: |\n        FROM b:2\n", "image final @ 2"),
    (SERVICE + "    build:\n      additional_contexts:\n        x: docker-image://b:2\n", "image mount @ 2"),
    (SERVICE + "    build:\n      additional_contexts: ['x=docker-image://b:2']\n", "image mount @ 2"),
    (
        SERVICE + "    build:\n      additional_contexts: {x: 'https://git.example.com/a/b.git#main'}\n",
        "component context branch @ main",
    ),
    (SERVICE + "    build:\n      cache_from: ['b:2']\n", "image cache @ 2"),
    (SERVICE + "    build:\n      cache_to: ['type=registry,ref=b:2,mode=max']\n", "image cache @ 2"),
    (SERVICE + "    build:\n      tags: ['b:2']\n", "image output @ 2"),
    (SERVICE + "    build:\n      args: {BUILDKIT_SYNTAX: 'b:2'}\n", "image frontend @ 2"),
    (
        SERVICE + "    build:\n      args: ['API_TOKEN=Zm9vOmJhcnF1dXgx']\n",
        "credential build-arg literal @ Zm9vOmJhcnF1dXgx",
    ),
    (SERVICE + "    pre_start: [{image: 'b:2', command: x}]\n", "image run @ 2"),
    (SERVICE + "    post_start: [{command: docker pull b:2}]\n", "image pulled @ 2"),
    (SERVICE + "    command: docker pull b:2\n", "image pulled @ 2"),
    (SERVICE + "    entrypoint: [docker, pull, 'b:2']\n", "image pulled @ 2"),
    (SERVICE + "    healthcheck: {test: [CMD-SHELL, docker pull b:2]}\n", "image pulled @ 2"),
    (SERVICE + "    healthcheck: {test: docker pull b:2}\n", "image pulled @ 2"),
    (
        SERVICE + "    develop: {watch: [{action: sync+exec, path: ., exec: {command: docker pull b:2}}]}\n",
        "image pulled @ 2",
    ),
    (SERVICE + "    volumes: [{type: image, source: 'b:2', target: /x}]\n", "image mount @ 2"),
    (SERVICE + "    environment: {DB_PASSWORD: hunter2hunter2x9}\n", "credential env literal @ hunter2hunter2x9"),
    (SERVICE + "    environment: ['DB_PASSWORD=hunter2hunter2x9']\n", "credential env literal @ hunter2hunter2x9"),
    (SERVICE + "    provider: {type: awesomecloud}\n", "component plugin none @ awesomecloud"),
    ("models:\n  m: {model: 'b/c:2'}\nservices: {}\n", "image artifact @ 2"),
    ("include: ['https://git.example.com/a/b.git#main']\nservices: {}\n", "component include branch @ main"),
    ("x-base: {image: 'b:2'}\nservices: {}\n", "image run @ 2"),
    ("a: {image: 'b:2'}\n", "image run @ 2"),
]


@pytest.mark.parametrize(("text", "expected"), COMPOSE)
def test_rows_of_compose_files(text: str, expected: str) -> None:
    _has("compose", text, expected)


JOB = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n"
STEP = JOB + "    steps:\n      - "
WORKFLOW = [
    (JOB + "    container: b:2\n    steps: []\n", "image job @ 2"),
    (JOB + "    container: {image: 'b:2'}\n    steps: []\n", "image job @ 2"),
    (JOB + "    services: {x: 'b:2'}\n    steps: []\n", "image service @ 2"),
    (JOB + "    services: {x: {image: 'b:2'}}\n    steps: []\n", "image service @ 2"),
    (
        JOB + "    container: {image: 'b:2', credentials: {username: a, password: hunter2hunter2x9}}\n    steps: []\n",
        "credential ci-env literal @ hunter2hunter2x9",
    ),
    (
        JOB + "    container: {image: 'b:2', env: {DB_PASSWORD: hunter2hunter2x9}}\n    steps: []\n",
        "credential env literal @ hunter2hunter2x9",
    ),
    (STEP + "uses: a/b@v1\n", "component action semver-partial @ v1"),
    (STEP + "uses: docker://b:2\n", "image action @ 2"),
    (STEP + "parallel: [{uses: a/b@v1}]\n", "component action semver-partial @ v1"),
    (STEP + "run: docker pull b:2\n", "image pulled @ 2"),
    (STEP + "run: docker pull b:2\n        shell: bash -euxo pipefail {0}\n", "image pulled @ 2"),
    ("on: push\njobs: {x: {uses: o/r/.github/workflows/w.yml@v1}}\n", "component workflow semver-partial @ v1"),
    (
        "on: push\nenv: {DB_PASSWORD: hunter2hunter2x9}\njobs: {a: {steps: []}}\n",
        "credential env literal @ hunter2hunter2x9",
    ),
    (
        JOB + "    env: {PIP_INDEX_URL: 'http://h.example.com/simple'}\n    steps: []\n",
        "registry index  @ h.example.com",
    ),
    (STEP + "{uses: docker/build-push-action@v6, with: {tags: 'b:2'}}\n", "image output @ 2"),
    (STEP + "{uses: docker/build-push-action@v6, with: {cache-from: 'type=registry,ref=b:2'}}\n", "image cache @ 2"),
    (STEP + "{uses: docker/build-push-action@v6, with: {cache-to: 'type=registry,ref=b:2'}}\n", "image cache @ 2"),
    (STEP + "{uses: docker/build-push-action@v6, with: {build-contexts: 'x=docker-image://b:2'}}\n", "image mount @ 2"),
    (STEP + "{uses: docker/build-push-action@v6, with: {build-args: 'BUILDKIT_SYNTAX=b:2'}}\n", "image frontend @ 2"),
    (STEP + "{uses: docker/bake-action@v6, with: {set: '*.tags=b:2'}}\n", "image output @ 2"),
    (
        STEP + "{uses: docker/login-action@v3, with: {registry: h.example.com, password: '${{ secrets.X }}'}}\n",
        "login h.example.com @ h.example.com",
    ),
    (
        STEP + "{uses: azure/docker-login@v2, with: {login-server: h.example.com}}\n",
        "login h.example.com @ h.example.com",
    ),
    (
        STEP + "{uses: redhat-actions/podman-login@v1, with: {registry: h.example.com}}\n",
        "login h.example.com @ h.example.com",
    ),
    (STEP + "{uses: docker/setup-buildx-action@v3, with: {driver-opts: 'image=b:2'}}\n", "image run @ 2"),
    (STEP + "{uses: docker/setup-qemu-action@v3, with: {image: 'b:2'}}\n", "image run @ 2"),
    (STEP + "{uses: actions/checkout@v7, with: {repository: a/b, ref: main}}\n", "component repository branch @ main"),
    (STEP + "{uses: actions/setup-node@v6, with: {node-version: latest}}\n", "dependency setup node tag @ latest"),
    (
        STEP + "{uses: actions/setup-node@v6, with: {registry-url: 'http://h.example.com'}}\n",
        "registry publish  @ h.example.com",
    ),
    (
        STEP + "{uses: sigstore/cosign-installer@v3, with: {cosign-release: v3.0.2}}\n",
        "dependency setup cosign exact @ v3.0.2",
    ),
    (STEP + "{uses: aws-actions/amazon-ecr-login@v2}\n", "login Unknown.UNKNOWN @ aws-actions/amazon-ecr-login@v2"),
    (STEP + "{uses: google-github-actions/deploy-cloudrun@v2, with: {image: 'b:2'}}\n", "image deployed @ 2"),
    (STEP + "{uses: azure/webapps-deploy@v3, with: {images: 'b:2'}}\n", "image deployed @ 2"),
    (STEP + "{uses: actions/attest-build-provenance@v3, with: {subject-name: 'b:2'}}\n", "image signed @ 2"),
]


@pytest.mark.parametrize(("text", "expected"), WORKFLOW)
def test_rows_of_workflows_and_known_actions(text: str, expected: str) -> None:
    _has("github-workflow", text, expected)


ACTION = [
    ("runs: {using: docker, image: 'docker://b:2'}\n", "image action @ 2"),
    ("runs: {using: composite, steps: [{uses: a/b@v1}]}\n", "component action semver-partial @ v1"),
    ("runs: {using: composite, steps: [{run: docker pull b:2, shell: bash}]}\n", "image pulled @ 2"),
    (
        "runs: {using: docker, image: Dockerfile, env: {DB_PASSWORD: hunter2hunter2x9}}\n",
        "credential env literal @ hunter2hunter2x9",
    ),
    (
        (
            "inputs: {i: {default: 'b:2'}}\nruns: {using: composite, "
            "steps: [{uses: docker/setup-qemu-action@v3, with: {image: '${{ inputs.i }}'}}]}\n"
        ),
        "image run @ 2",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ACTION)
def test_rows_of_action_metadata(text: str, expected: str) -> None:
    _has("github-action", text, expected)


GITLAB = [
    ("image: b:2\n", "image job @ 2"),
    ("default: {image: {name: 'b:2'}}\n", "image job @ 2"),
    ("a: {image: {name: 'b:2', entrypoint: ['']}, script: [x]}\n", "image job @ 2"),
    ("a: {services: ['b:2', {name: 'c:3', alias: d}], script: [x]}\n", "image service @ 3"),
    ("a: {script: [[docker pull b:2]]}\n", "image pulled @ 2"),
    ("before_script: [docker pull b:2]\n", "image pulled @ 2"),
    ("a: {after_script: docker pull b:2, script: [x]}\n", "image pulled @ 2"),
    ("a: {hooks: {pre_get_sources_script: [docker pull b:2]}, script: [x]}\n", "image pulled @ 2"),
    ("include: [{project: a/b, file: x.yml, ref: main}]\n", "component include branch @ main"),
    ("include: {project: a/b, file: x.yml}\n", "component include none @ a/b"),
    ("include: 'https://git.example.com/a/-/raw/main/x.yml'\n", "component remote branch @ main"),
    ("include: [{component: git.example.com/a/b/c@1.2.3}]\n", "component component semver-full @ 1.2.3"),
    ("a: {trigger: {include: [{project: a/b, file: x.yml, ref: main}]}}\n", "component include branch @ main"),
    ("variables: {DB_PASSWORD: hunter2hunter2x9}\n", "credential env literal @ hunter2hunter2x9"),
    (
        "variables: {DB_PASSWORD: {value: hunter2hunter2x9, description: x}}\n",
        "credential env literal @ hunter2hunter2x9",
    ),
    (
        "a: {rules: [{if: $X, variables: {DB_PASSWORD: hunter2hunter2x9}}], script: [x]}\n",
        "credential env literal @ hunter2hunter2x9",
    ),
    (
        "spec: {inputs: {t: {default: '2'}}}\n---\na: {image: 'b:$[[ inputs.t ]]', script: [x]}\n",
        "image job @ $[[ inputs.t ]]",
    ),
]


@pytest.mark.parametrize(("text", "expected"), GITLAB)
def test_rows_of_gitlab_pipelines(text: str, expected: str) -> None:
    _has("gitlab-ci", text, expected)


HOOKS = "repos:\n  - repo: https://git.example.com/a/b\n    rev: main\n"
LOCAL = "repos:\n  - repo: local\n    hooks:\n      - "
PRE_COMMIT = [
    (HOOKS, "component hook branch @ main"),
    (
        HOOKS + "    hooks: [{id: x, language: node, additional_dependencies: ['eslint@9.0.0']}]\n",
        "dependency tool eslint exact @ 9.0.0",
    ),
    (
        LOCAL + "{id: x, language: python, additional_dependencies: ['black==24.1.0']}\n",
        "dependency tool black exact @ ==24.1.0",
    ),
    (
        LOCAL + "{id: x, language: golang, additional_dependencies: ['example.com/x@latest']}\n",
        "dependency tool example.com/x tag @ latest",
    ),
    (
        LOCAL + "{id: x, language: rust, additional_dependencies: ['cli:ripgrep:14.1.0']}\n",
        "dependency tool ripgrep exact @ 14.1.0",
    ),
    (
        LOCAL + "{id: x, language: ruby, additional_dependencies: ['rake:13.0.0']}\n",
        "dependency tool rake exact @ 13.0.0",
    ),
    (LOCAL + "{id: x, language: docker_image, entry: '--entrypoint /x b:2 run'}\n", "image run @ 2"),
    (LOCAL + "{id: x, language: system, entry: docker pull b:2}\n", "image pulled @ 2"),
    (LOCAL + "{id: x, language: system, entry: docker, args: [pull, 'b:2']}\n", "image pulled @ 2"),
]


@pytest.mark.parametrize(("text", "expected"), PRE_COMMIT)
def test_rows_of_pre_commit(text: str, expected: str) -> None:
    _has("pre-commit", text, expected)


SHELL = [
    ("docker create b:2", "image run @ 2"),
    ("docker build -t b:2 .", "image output @ 2"),
    ("docker build --cache-from b:2 .", "image cache @ 2"),
    ("docker build --cache-to type=registry,ref=b:2 .", "image cache @ 2"),
    ("docker build --build-context x=docker-image://b:2 .", "image mount @ 2"),
    ("docker build https://git.example.com/a/b.git#main", "component context branch @ main"),
    ("buildah bud --from b:2 .", "image base @ 2"),
    ("docker tag a:1 b:2", "image output @ 2"),
    ("docker buildx create --driver-opt image=b:2", "image run @ 2"),
    ("pack build a --builder b:2 --run-image c:3", "image base @ 3"),
    (
        "skopeo copy --dest-creds ci:hunter2hunter2x9 dir:x docker://h.example.com/b:2",
        "credential argv-password literal @ hunter2hunter2x9",
    ),
    ("cosign sign b:2", "image signed @ 2"),
    ("kubectl create deployment x --image=b:2", "image deployed @ 2"),
    ("kubectl debug x --image=b:2", "image deployed @ 2"),
    ("kubectl apply -f https://h.example.com/x.yaml", "download  @ https://h.example.com/x.yaml"),
    ("kubectl apply -n ns -f x/", "deploy ns @ ns"),
    (
        "helm upgrade x oci://h.example.com/c --version 1.2.3",
        "dependency command oci://h.example.com/c exact @ oci://h.example.com/c",
    ),
    ("helm repo add x http://h.example.com", "registry chart  @ h.example.com"),
    ("kustomize edit set image a=b:2", "image deployed @ 2"),
    ("flux push artifact oci://h.example.com/a:2 --path=.", "publish oci @ 2"),
    ("gcloud run deploy x --image b:2", "image deployed @ 2"),
    ("flyctl deploy --image b:2", "image deployed @ 2"),
    ("aws lambda update-function-code --function-name x --image-uri b:2", "image deployed @ 2"),
    ("gcloud auth configure-docker", "login Unknown.UNKNOWN @ configure-docker"),
    ("az acr login --name x", "login x.azurecr.io @ x"),
    ("npm install -g a@latest", "dependency tool a tag @ latest"),
    ("npx a@1.2.3", "dependency run a exact @ 1.2.3"),
    ("pnpm dlx a", "dependency run a any @ a"),
    ("yarn dlx a", "dependency run a any @ a"),
    ("uvx a@latest", "dependency run a tag @ latest"),
    ("pipx run a", "dependency run a any @ a"),
    ("uv tool install a", "dependency tool a any @ a"),
    ("poetry install", "install poetry @ install"),
    ("uv sync", "install uv @ sync"),
    ("bundle install", "install bundle @ install"),
    ("composer install", "install composer @ install"),
    ("dotnet restore --locked-mode", "install dotnet @ restore"),
    ("go install example.com/x@latest", "dependency tool example.com/x tag @ latest"),
    ("cargo install a --version 1.2.3 --locked", "dependency tool a exact @ a"),
    ("pip install --extra-index-url http://h.example.com/simple a", "registry extra-index  @ h.example.com"),
    ("pip install git+https://git.example.com/a/b@main", "dependency command Unknown.UNKNOWN git-branch @ main"),
    ("git clone -b main https://git.example.com/a/b", "component repository branch @ main"),
    ("git clone https://git.example.com/a/b", "component repository none @ https://git.example.com/a/b"),
    ("git submodule add https://git.example.com/a/b x", "component repository none @ https://git.example.com/a/b"),
    ("git clone https://ci:hunter2hunter2x9@git.example.com/a/b", "credential url-userinfo literal @ hunter2hunter2x9"),
    ("export NODE_TLS_REJECT_UNAUTHORIZED=0", "registry index off @ 0"),
    ("PIP_INDEX_URL=http://h.example.com/simple pip install a", "registry index  @ h.example.com"),
    ('echo "NODE_TLS_REJECT_UNAUTHORIZED=0" >> $GITHUB_ENV', "registry index off @ 0"),
    ("ansible-galaxy install a.b,1.2.3", "dependency tool a.b exact @ a.b,1.2.3"),
]


@pytest.mark.parametrize(("text", "expected"), SHELL)
def test_rows_of_shell_commands(text: str, expected: str) -> None:
    _has("shell", text, expected)
