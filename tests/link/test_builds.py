"""What builds hand to a Dockerfile, from every format that builds: arguments and named contexts."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Component, Fact, Image
from relcheck.link import Repository
from relcheck.link.images import link
from relcheck.readers import read_source, recognise
from relcheck.source import Source

BASE = "ARG BASE\nFROM $BASE\n"


def read(path: str, text: str) -> tuple[str, list[Fact]]:
    name, _ = recognise(path, text.encode)
    return name, read_source(name, Source(path, text)) if name else []


def linked(files: dict[str, str], only: str = "") -> Repository:
    names, facts = {}, {}
    for path, text in files.items():
        if not only or path == only:
            names[path], facts[path] = read(path, text)
    repository = Repository(
        facts,
        names,
        paths=frozenset(files),
        read=lambda path: read(path, files[path]),
        whole=not only,
        content=lambda path: files[path].encode(),
    )
    link(repository)
    return repository


def images(files: dict[str, str], path: str = "Dockerfile", only: str = "") -> list[Image]:
    return [image for where, _, image in linked(files, only).all(Image) if where == path]


STEP = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
HANDED = {
    "compose, as a table": {"compose.yaml": "services: {a: {build: {context: ., args: {BASE: 'alpine:3.22'}}}}\n"},
    "compose, as a list, two levels up": {
        "deploy/x/compose.yaml": "services: {a: {build: {context: ../.., args: ['BASE=alpine:3.22']}}}\n"
    },
    "compose, by an inline default": {
        "compose.yaml": "services: {a: {build: {context: ., args: {BASE: 'alpine:${T:-3.22}'}}}}\n"
    },
    "compose, by the file of variables": {
        "compose.yaml": "services: {a: {build: {context: ., args: {BASE: 'alpine:${T:-3}'}}}}\n",
        ".env": "T=3.22\n",
    },
    "compose, a name without a value": {
        "compose.yaml": "services: {a: {build: {context: ., args: [BASE]}}}\n",
        ".env": "BASE=alpine:3.22\n",
    },
    "bake": {"docker-bake.hcl": 'target "a" {\n  args = { BASE = "alpine:3.22" }\n}\n'},
    "bake, by a variable": {
        "docker-bake.hcl": 'variable "T" { default = "3.22" }\ntarget "a" { args = { BASE = "alpine:${T}" } }\n'
    },
    "bake, inherited": {
        "docker-bake.hcl": 'target "c" { args = { BASE = "alpine:3.22" } }\n'
        'target "b" { inherits = ["c"] }\ntarget "a" {\n  inherits = ["b"]\n  context = "."\n}\n'
    },
    "bake, its own before what it inherits": {
        "docker-bake.hcl": 'target "c" { args = { BASE = "alpine:1" } }\n'
        'target "a" {\n  inherits = ["c"]\n  args = { BASE = "alpine:3.22" }\n}\n'
    },
    "bake in JSON": {"docker-bake.json": '{"target": {"a": {"context": ".", "args": {"BASE": "alpine:3.22"}}}}\n'},
    "bake, seen from the folder of the command": {
        "ci/docker-bake.hcl": 'target "a" {\n  context = "."\n  args = { BASE = "alpine:3.22" }\n}\n'
    },
    "devcontainer": {
        ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../Dockerfile", "context": "..", '
        '"args": {"BASE": "alpine:3.22"}}}\n'
    },
    "skaffold": {
        "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - image: acme/a\n"
        "    docker: {buildArgs: {BASE: 'alpine:3.22'}}\n"
    },
    "skaffold with kaniko": {
        "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - image: acme/a\n"
        "    context: .\n    kaniko: {buildArgs: {BASE: 'alpine:3.22'}}\n"
    },
    "a step of a workflow": {
        ".github/workflows/a.yml": f"{STEP}      - run: docker build --build-arg BASE=alpine:3.22 -t a .\n"
    },
    "build-push-action": {
        ".github/workflows/a.yml": f"{STEP}      - uses: docker/build-push-action@v6\n        with:\n"
        "          build-args: |\n            A=1\n            BASE=alpine:3.22\n"
    },
    "build-push-action by a matrix": {
        ".github/workflows/a.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {matrix: {v: ['3.22']}}\n"
        "    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n"
        "          build-args: BASE=alpine:${{ matrix.v }}\n"
    },
    "GitLab with kaniko": {
        ".gitlab-ci.yml": "a:\n  script:\n    - /kaniko/executor --context $CI_PROJECT_DIR --dockerfile "
        '"${CI_PROJECT_DIR}/Dockerfile" --build-arg BASE=alpine:3.22 --destination a\n'
    },
    "an agent of Jenkins": {
        "Jenkinsfile": "pipeline {\n  agent { dockerfile { additionalBuildArgs '--build-arg BASE=alpine:3.22' } }\n}\n"
    },
    "a build of Jenkins": {
        "ci/Jenkinsfile": "node {\n  docker.build('acme/a', \"--build-arg BASE=alpine:3.22 .\")\n}\n"
    },
    "a Makefile": {"Makefile": "a:\n\tdocker build --build-arg BASE=alpine:3.22 .\n"},
    "a script that goes up": {"ci/a.sh": "cd ..\ndocker build --build-arg BASE=alpine:3.22 .\n"},
}


@pytest.mark.parametrize("name", HANDED)
def test_an_argument_is_handed_over(name: str) -> None:
    files = {"Dockerfile": BASE, **HANDED[name]}

    (found,) = images(files)

    assert (found.written, found.tag, found.state) == ("alpine:3.22", "3.22", "defaulted")
    assert files["Dockerfile"][found.span.start : found.span.end] == "$BASE"
    (related,) = found.related
    assert related.path in HANDED[name]
    assert related.note == "BASE is handed over here"


@pytest.mark.parametrize("name", HANDED)
def test_a_dockerfile_that_is_scanned_alone_asks_its_neighbours(name: str) -> None:
    (found,) = images({"Dockerfile": BASE, **HANDED[name]}, only="Dockerfile")

    assert found.tag == "3.22"


def test_without_a_build_nothing_is_known() -> None:
    (found,) = images({"Dockerfile": BASE})

    assert (found.tag, found.state, found.written) == (UNKNOWN, "unknown", "$BASE")


OTHERS = {
    "another Dockerfile": {"compose.yaml": "services: {a: {build: {context: app, args: {BASE: 'alpine:1'}}}}\n"},
    "a folder that is not known": {"a.sh": 'docker build --build-arg BASE=alpine:1 "$DIR"\n'},
    "a Dockerfile that is not there": {
        "compose.yaml": "services: {a: {build: {context: ., dockerfile: D, args: {BASE: 'alpine:1'}}}}\n"
    },
    "a target that is only inherited": {
        "docker-bake.hcl": 'target "c" { args = { BASE = "alpine:1" } }\n'
        'target "a" {\n  inherits = ["c"]\n  context = "app"\n}\n'
    },
    "a folder that the script went into": {"a.sh": "cd app\ndocker build --build-arg BASE=alpine:1 .\n"},
    "a text of some template": {
        "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - image: acme/a\n"
        "    docker: {buildArgs: {BASE: '{{.BASE}}'}}\n"
    },
    "the default where nothing is said": {"docker-bake.hcl": 'target "a" {\n  args = { BASE = null }\n}\n'},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_handed_to_others_says_nothing(name: str) -> None:
    (found,) = images({"Dockerfile": BASE, "app/Dockerfile": "FROM x:1\n", **OTHERS[name]})

    assert found.tag is UNKNOWN


def test_an_agent_of_jenkins_in_a_folder() -> None:
    agent = "dockerfile { filename 'D.Dockerfile'\n dir 'ci'\n additionalBuildArgs '--build-arg BASE=alpine:3.22' }"
    files = {"ci/D.Dockerfile": BASE, "D.Dockerfile": BASE, "Jenkinsfile": f"pipeline {{ agent {{ {agent} }} }}\n"}

    assert [image.tag for image in images(files, "ci/D.Dockerfile")] == ["3.22"]
    assert [image.tag for image in images(files, "D.Dockerfile")] == [UNKNOWN]


def test_other_values_than_a_default_are_further_images() -> None:
    files = {
        "Dockerfile": "ARG V=3.20\nARG BASE=alpine:$V\nFROM ${BASE}\n",
        "compose.yaml": "services:\n  a: {build: {context: ., args: {V: '3.21'}}}\n"
        "  b: {build: {context: ., args: {BASE: 'debian:13'}}}\n  c: {build: {context: ., args: {V: '3.20'}}}\n",
    }

    found = images(files)

    assert [(image.written, image.tag) for image in found] == [
        ("alpine:$V", "3.20"), ("alpine:3.21", "3.21"), ("debian:13", "13"),
    ]  # fmt: skip
    assert files["Dockerfile"][found[0].span.start : found[0].span.end] == "$V"
    assert {files["Dockerfile"][image.span.start : image.span.end] for image in found[1:]} == {"${BASE}"}


def test_cloud_build_builds_in_the_folder_of_its_file() -> None:
    step = "{name: 'gcr.io/cloud-builders/docker:24.0.9', args: [build, --build-arg=V=3.9.1, -f, Dockerfile.x, .]}"
    files = {"app/Dockerfile.x": "ARG V\nFROM acme/mvn:${V}\n", "app/cloudbuild.yaml": f"steps: [{step}]\n"}

    assert [image.tag for image in images(files, "app/Dockerfile.x")] == ["3.9.1"]


def test_a_part_of_a_reference_keeps_what_is_written_around_it() -> None:
    files = {
        "Dockerfile": "ARG V\nFROM python:${V}-slim\n",
        "docker-bake.hcl": 'target "a" { args = { V = "3.13" } }\n',
    }

    (found,) = images(files)

    assert (found.written, found.tag, found.name) == ("python:${V}-slim", "3.13-slim", "python")
    assert files["Dockerfile"][found.span.start : found.span.end] == "${V}-slim"
    assert found.parts["name"].form == "plain"


def test_a_matrix_hands_over_each_of_its_values() -> None:
    bake = (
        'target "a" {\n  matrix = { v = ["1", "2"], o = [{ n = "x" }, { n = "y" }] }\n  name = "a-${v}-${o.n}"\n'
        "  args = { V = v, N = o.n }\n}\n"
    )

    found = images({"Dockerfile": "ARG N\nARG V\nFROM acme/$N:$V\n", "docker-bake.hcl": bake})

    assert [f"{image.name}:{image.tag}" for image in found] == ["acme/x:1", "acme/y:1", "acme/x:2", "acme/y:2"]


def test_a_stage_and_the_empty_image_are_no_images() -> None:
    files = {
        "Dockerfile": "ARG T\nFROM alpine:3.22 AS dev\nFROM $T\n",
        "compose.yaml": "services:\n  a: {build: {context: ., args: {T: dev}}}\n"
        "  b: {build: {context: ., args: {T: scratch}}}\n",
    }

    assert [image.written for image in images(files)] == ["alpine:3.22", "$T"]


def test_the_value_of_a_secret_is_handed_to_nobody() -> None:
    repository = linked({"compose.yaml": "services: {a: {build: {context: ., args: {NPM_TOKEN: abcdef}}}}\n"})

    assert "abcdef" not in repr(repository.of("compose.yaml"))


CONTEXTS = {
    "compose": {
        "compose.yaml": "services: {a: {build: {context: ., additional_contexts: {base: 'docker-image://alpine:3.22'}}}}\n"
    },
    "bake": {"docker-bake.hcl": 'target "a" {\n  contexts = { base = "docker-image://alpine:3.22" }\n}\n'},
    "bake, inherited": {
        "docker-bake.hcl": 'target "c" { contexts = { base = "docker-image://alpine:3.22" } }\n'
        'target "a" {\n  inherits = ["c"]\n  dockerfile = "Dockerfile"\n}\n'
    },
    "bake, another target": {
        "docker-bake.hcl": 'target "b" { context = "b" }\ntarget "a" {\n  contexts = { base = "target:b" }\n}\n'
    },
    "a command": {"a.sh": "docker buildx build --build-context base=docker-image://alpine:3.22 .\n"},
    "an action": {
        ".github/workflows/a.yml": f"{STEP}      - uses: docker/build-push-action@v6\n        with:\n"
        "          build-contexts: base=docker-image://alpine:3.22\n"
    },
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_named_context_stands_in_for_an_image(name: str) -> None:
    (found,) = images({"Dockerfile": "FROM base:latest\n", **CONTEXTS[name]})

    assert found.overridden is True
    (related,) = found.related
    what = "target:b" if "another" in name else "docker-image://alpine:3.22"
    assert (related.path, related.note) == (*CONTEXTS[name], f"{what} stands in for it")


def test_a_named_context_of_another_dockerfile_replaces_nothing() -> None:
    files = {
        "Dockerfile": "FROM base\n", "app/Dockerfile": "FROM base\n",
        "docker-bake.hcl": 'target "a" {\n  context = "app"\n  contexts = { base = "target:b" }\n}\n',
    }  # fmt: skip

    assert [image.overridden for image in images(files)] == [False]
    assert [image.overridden for image in images(files, "app/Dockerfile")] == [True]


INLINE = {
    "compose.yaml": "services:\n  a:\n    build:\n      args: {BASE: 'alpine:3.22'}\n"
    "      additional_contexts: {other: 'docker-image://debian:13'}\n"
    "      dockerfile_inline: |\n        ARG BASE=alpine\n        FROM ${{BASE}}\n        COPY --from=other a b\n",
    "docker-bake.hcl": 'target "c" {\n  args = { BASE = "alpine:3.22" }\n  contexts = { other = "target:d" }\n}\n'
    'target "a" {\n  inherits = ["c"]\n  dockerfile-inline = <<EOT\n'
    "ARG BASE=alpine\nFROM $${BASE}\nCOPY --from=other a b\nEOT\n}\n",
}


@pytest.mark.parametrize("path", INLINE)
def test_a_dockerfile_inside_is_read_with_what_it_is_given(path: str) -> None:
    text = INLINE[path].replace("${{BASE}}", "$${BASE}")

    found = [image for image in images({path: text}, path) if image.engine == "dockerfile"]

    assert [(image.written, image.overridden) for image in found] == [("alpine:3.22", False), ("other", True)]
    assert text[found[0].span.start : found[0].span.end] == "3.22"


def test_a_value_that_is_not_known_leaves_the_default() -> None:
    bake = 'variable "V" { default = null }\ntarget "a" { args = { V = V, N = "a-${V}" } }\n'

    found = images({"Dockerfile": "ARG V=1\nARG N=x\nFROM a:$V\nFROM b:$N\n", "docker-bake.hcl": bake})

    assert [image.tag for image in found] == ["1", "x"]


EARTHFILE = (
    "VERSION 0.8\ntest:\n    FROM earthly/dind:alpine-3.19-docker-25.0.5-r0\n    ARG DIR=deploy\n"
    "    WITH DOCKER --compose $DIR/stack.yml --load acme/api:dev=(+api --V=1) \\\n"
    "            --load web=github.com/acme/web:main+image --pull postgres:16.1\n"
    "        RUN true\n    END\n"
)
STACK = "services:\n  api: {image: 'acme/api:dev'}\n  web: {image: web}\n  db: {image: 'postgres:16.1'}\n"


def test_an_earthfile_builds_for_the_compose_file_that_it_runs() -> None:
    found = images({"Earthfile": EARTHFILE, "deploy/stack.yml": STACK}, "deploy/stack.yml")

    assert [(image.written, image.build_here) for image in found] == [
        ("acme/api:dev", True), ("web", True), ("postgres:16.1", False),
    ]  # fmt: skip


def test_without_the_compose_file_beside_it_an_earthfile_says_its_images_alone() -> None:
    (repository, found) = (linked({"Earthfile": EARTHFILE}), images({"Earthfile": EARTHFILE}, "Earthfile"))

    assert [(image.role, image.written) for image in found] == [
        ("job", "earthly/dind:alpine-3.19-docker-25.0.5-r0"), ("output", "acme/api:dev"), ("output", "web"),
        ("run", "postgres:16.1"),
    ]  # fmt: skip
    assert [(part.system, part.name, part.local, part.ref) for _, _, part in repository.all(Component)] == [
        ("compose", "deploy/stack.yml", True, ""), ("earthly", "acme/web", False, "main"),
    ]  # fmt: skip


def test_the_compose_files_of_a_development_container_belong_to_it() -> None:
    files = {
        ".devcontainer/devcontainer.json": '{"dockerComposeFile": ["../compose.yaml", "dev.yml"], "service": "a"}\n',
        "compose.yaml": "services: {a: {build: ., image: acme/a}}\n",
        ".devcontainer/dev.yml": "services: {a: {image: acme/a}}\n",
    }

    assert [image.build_here for image in images(files, ".devcontainer/dev.yml")] == [True]
    del files[".devcontainer/devcontainer.json"]
    assert [image.build_here for image in images(files, ".devcontainer/dev.yml")] == [False]
