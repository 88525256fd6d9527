"""The acceptance cases of the format specification, by number: CI systems beside GitHub and GitLab, packages, builds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from relcheck.facts import (
    UNKNOWN,
    Component,
    Credential,
    Dependency,
    Download,
    Fact,
    Image,
    Package,
    Registry,
)
from relcheck.readers import raise_faults, read_source
from relcheck.source import Source
from tests.tokens import make_token

KindT = TypeVar("KindT", bound=Fact)
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _faults_surface() -> Iterator[None]:
    raise_faults(True)
    yield
    raise_faults(False)


def facts(name: str, text: str, kind: type[KindT], path: str = "") -> list[KindT]:
    return [fact for fact in read_source(name, Source(path or f"file.{name}", text)) if isinstance(fact, kind)]


def references(name: str, text: str) -> list[tuple[object, object]]:
    return [(image.name, image.tag) for image in facts(name, text, Image)]


def used(name: str, text: str) -> list[tuple[object, object]]:
    return [(component.name, component.ref) for component in facts(name, text, Component)]


def test_case_31_circleci_parameters_inline_orbs_and_script_text() -> None:
    text = """version: 2.1
orbs:
  own:
    executors:
      inner: {docker: [{image: "cimg/go:1.24.0"}]}
executors:
  node:
    parameters: {tag: {type: string, default: latest}, name: {type: string}}
    docker: [{image: "cimg/node:<< parameters.tag >>"}, {image: "cimg/<< parameters.name >>:<< parameters.tag >>"}]
"""
    found = facts("circleci", text, Image)

    assert ("cimg/go", "1.24.0") in [(image.name, image.tag) for image in found]
    assert ("cimg/node", "latest") in [(image.name, image.tag) for image in found]
    assert [image.tag for image in found if image.name is UNKNOWN] == ["latest"]


def test_case_32_azure_containers_by_alias_conditional_keys_and_templates_of_repositories() -> None:
    text = """resources:
  containers: [{container: builder, image: "acme/builder:2.3.1"}]
  repositories: [{repository: shared, type: github, name: acme/shared, ref: main, endpoint: e}]
jobs:
  - job: a
    container: builder
    steps:
      - template: a.yml@shared
      - ${{ if eq(variables.x, 'y') }}:
          - script: docker pull acme/tools:1.0.0
  - job: b
    container: acme/other:1.1.1
    steps: []
"""
    assert sorted(map(str, (image.written for image in facts("azure-pipelines", text, Image)))) == [
        "acme/builder:2.3.1", "acme/other:1.1.1", "acme/tools:1.0.0",
    ]  # fmt: skip
    assert "main" in [ref for _, ref in used("azure-pipelines", text)]


def test_case_33_bitbucket_pipes_image_objects_and_imports() -> None:
    text = """image: {name: "acme/builder:2.3.1", username: ci, password: $PASSWORD}
pipelines:
  default:
    - step: {script: [{pipe: "docker://acme/pipe:1.0.0"}, {pipe: "acme/notify:1.2.3"}]}
  custom:
    release: {import: release@shared}
definitions:
  imports: {shared: "shared-pipelines:main:bitbucket-pipelines.yml"}
"""
    assert references("bitbucket-pipelines", text) == [("acme/builder", "2.3.1"), ("acme/pipe", "1.0.0")]
    assert [ref for _, ref in used("bitbucket-pipelines", text)] == ["main", "1.2.3"]


def test_case_34_buildkite_plugins_as_list_map_url_and_without_a_version() -> None:
    text = """steps:
  - command: make
    plugins:
      - docker#v5.12.0: {image: "acme/builder:2.3.1"}
      - acme/notify
      - https://git.example.com/acme/plugins.git#main
  - command: make
    plugins:
      docker#v5.11.0: {image: "acme/builder:2.3.0"}
"""
    assert [image.tag for image in facts("buildkite", text, Image)] == ["2.3.1", "2.3.0"]
    assert [component.ref for component in facts("buildkite", text, Component)] == ["v5.12.0", "", "main", "v5.11.0"]


def test_case_35_jenkins_environment_comments_and_shell_variables() -> None:
    text = """pipeline {
    environment { VERSION = '1' }
    // docker { image 'commented:latest' }
    agent { docker { image "acme/builder:${VERSION}" } }
    stages { stage('a') { steps { sh '''
        docker pull acme/tools:$X
    ''' } } }
}
"""
    assert references("jenkinsfile", text) == [("acme/builder", "1"), ("acme/tools", UNKNOWN)]


def test_case_36_drone_scalars_woodpecker_maps_and_matrices() -> None:
    drone = 'kind: pipeline\nsteps:\n- name: a\n  image: "acme/\\\n    builder:1.0.0"\n  commands: [make]\n'
    woodpecker = """matrix: {TAG: ["1.0.0", "2.0.0"]}
steps:
  build: {image: "acme/builder:${TAG}", commands: [make]}
"""
    assert references("drone", drone) == [("acme/builder", "1.0.0")]
    assert {tag for _, tag in references("woodpecker", woodpecker)} == {"1.0.0", "2.0.0"}


@pytest.mark.parametrize(
    ("spec", "firmness", "origin"),
    [
        ("npm:b@^1", "range", "registry"),
        ("o/r#semver:^1", "git-tag", "git"),
        ("https://github.com/o/r", "git-default", "git"),
        ("workspace:*", "workspace", "workspace"),
        ("", "any", "registry"),
        ("latest", "tag", "registry"),
    ],
)
def test_case_45_what_a_version_of_npm_means(spec: str, firmness: str, origin: str) -> None:
    (found,) = facts("package-json", f'{{"dependencies": {{"a": "{spec}"}}}}', Dependency, "package.json")

    assert (found.firmness, found.source) == (firmness, origin)


def test_case_46_requirements_with_urls_hashes_and_options() -> None:
    text = (
        "--extra-index-url=https://registry.example.com/simple/\n-e .\n"
        "git+https://u@git.example.com/acme/x@v1#subdirectory=y&egg=x\n"
        f"acme-cart==2.1.0 \\\n    --hash=sha256:{'0a' * 32}\n"
        "--index-url https://ci:${TOKEN}@registry.example.com/simple/\n"
    )
    found = facts("requirements", text, Dependency, "requirements.txt")

    assert [(one.name, one.ref, one.hashed) for one in found if one.source != "path"] == [
        ("x", "v1", False), ("acme-cart", "", True),
    ]  # fmt: skip
    assert [one.purpose for one in facts("requirements", text, Registry)] == ["extra-index", "index"]
    assert [one.form for one in facts("requirements", text, Credential)] == ["reference"]


def test_case_47_direct_references_tables_and_groups() -> None:
    text = f"""[project]
name = "a"
version = "1.0.0"
dependencies = ["b @ https://registry.example.com/b-1.0.0.whl#sha256={"0a" * 32}"]
[dependency-groups]
test = ["pytest==8.3.4"]
all = [{{include-group = "test"}}]
[tool.uv.sources]
c = [{{git = "https://git.example.com/acme/c.git", branch = "main"}}]
[tool.poetry.dependencies]
d = [{{version = "1.0.0", python = "<3.12"}}, {{version = "2.0.0", python = ">=3.12"}}]
"""
    found = [(one.name, one.firmness, one.hashed) for one in facts("pyproject", text, Dependency, "pyproject.toml")]

    assert found == [
        ("b", "url", True), ("pytest", "exact", False), ("d", "exact", False), ("d", "exact", False),
        ("c", "git-branch", False),
    ]  # fmt: skip


def test_case_48_crates_by_path_and_header_and_a_token_in_the_configuration() -> None:
    text = """[package]
name = "a"
version.workspace = true
publish = false
[dependencies]
b = { path = "../b", version = "1.0.0" }
[dependencies.c]
git = "https://git.example.com/acme/c.git"
branch = "main"
"""
    found = facts("cargo-toml", text, Dependency, "Cargo.toml")
    (package,) = facts("cargo-toml", text, Package, "Cargo.toml")
    config = f'[registry]\ntoken = "{make_token("cargo")}"\n'
    (token,) = facts("cargo-config", config, Credential, ".cargo/config.toml")

    assert [(one.name, one.source) for one in found] == [("b", "path"), ("c", "git")]
    assert package.private is True
    assert (token.form, token.checksum) == ("literal", "valid")


def test_case_49_modules_of_go_replaced_commented_and_indirect() -> None:
    text = (
        "module git.example.com/acme/a\n\nrequire (\n\t// git.example.com/acme/commented v1.0.0\n"
        f"\tgit.example.com/acme/b v0.0.0-20250101000000-{SHA[:12]}\n\tgit.example.com/acme/c v1.0.0 // indirect\n)\n"
        "replace git.example.com/acme/c => ../c\n"
    )
    found = facts("go-mod", text, Dependency, "go.mod")

    assert [str(one.name).rpartition("/")[2] for one in found] == ["b", "c", "c"]
    assert [(one.firmness, one.group) for one in found[:2]] == [("git-commit", "prod"), ("exact", "indirect")]
    assert found[2].source == "path"


def test_case_50_maven_comments_versions_that_move_repositories_and_encrypted_passwords() -> None:
    text = """<project>
  <groupId>g</groupId><artifactId>a</artifactId><version>1.0.0</version>
  <properties><b.version>2.1.0</b.version></properties>
  <repositories><repository><id>r</id><url>http://registry.example.com/maven</url></repository></repositories>
  <dependencies>
    <!-- <dependency><groupId>g</groupId><artifactId>gone</artifactId><version>LATEST</version></dependency> -->
    <dependency><groupId>g</groupId><artifactId>b</artifactId><version>${b.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>c</artifactId><version>LATEST</version></dependency>
  </dependencies>
</project>
"""
    settings = "<settings><servers><server><id>r</id><password>{abcDEF123456=}</password></server></servers></settings>"
    found = facts("pom", text, Dependency, "pom.xml")
    (repository,) = facts("pom", text, Registry, "pom.xml")

    assert [(one.name, one.constraint, one.firmness) for one in found] == [
        ("g:b", "2.1.0", "exact"), ("g:c", "LATEST", "tag"),
    ]  # fmt: skip
    assert repository.scheme == "http"
    assert [one.form for one in facts("maven-settings", settings, Credential, "settings.xml")] == ["encrypted"]


def test_case_51_gradle_comments_templates_catalogs_and_wrappers() -> None:
    build = "dependencies {\n    // implementation 'g:gone:1.0'\n    implementation \"$group:$name:1.+\"\n}\n"
    catalog = '[versions]\nb = "2.1.0"\n[libraries]\nb = { module = "g:b", version.ref = "b" }\n'
    wrapper = "distributionUrl=https\\://registry.example.com/gradle/gradle-8.12.1-bin.zip\n"
    (found,) = facts("gradle", build, Dependency, "build.gradle")
    (library,) = facts("gradle-catalog", catalog, Dependency, "libs.versions.toml")
    (download,) = facts("jvm-wrapper", wrapper, Download, "gradle-wrapper.properties")

    assert (found.name, found.constraint) == (UNKNOWN, "1.+")
    assert (library.name, library.constraint, library.firmness) == ("g:b", "2.1.0", "exact")
    assert (download.host, download.scheme, download.verified_by) == ("registry.example.com", "https", "")
