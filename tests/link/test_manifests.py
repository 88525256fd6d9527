"""Values and locks that manifests of Terraform, Maven, Gradle, .NET and development containers have elsewhere."""

# ruff: noqa: E501 - a file in one line is easier to compare with its facts

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Dependency, Image
from relcheck.link import Repository, infrastructure, jvm
from relcheck.readers import read_source, recognise
from relcheck.source import Source


def linked(files: dict[str, str], only: str = "") -> Repository:
    def read(path: str) -> tuple[str, list[object]]:
        found, _ = recognise(path, files[path].encode)
        return found, read_source(found, Source(path, files[path])) if found else []  # type: ignore[return-value]

    facts = {path: read(path)[1] for path in files if not only or path == only}
    repository = Repository(facts, {}, paths=frozenset(files), read=read, whole=not only)  # type: ignore[arg-type]
    infrastructure.link(repository)
    jvm.link(repository)
    return repository


def versions(files: dict[str, str], only: str = "") -> list[str]:
    return [
        f"{path} {fact.name} {'?' if fact.constraint is UNKNOWN else fact.constraint}"
        for path, _, fact in linked(files, only).all(Dependency) if fact.group != "build"
    ]  # fmt: skip


PARENT = "<project><groupId>com.acme</groupId><artifactId>top</artifactId><version>2</version><properties><core>{}</core></properties>{}</project>"
CHILD = (
    "<project><parent><groupId>com.acme</groupId><artifactId>{}</artifactId><version>2</version>{}</parent><artifactId>a</artifactId>"
    "<dependencies><dependency><groupId>g</groupId><artifactId>core</artifactId><version>${{core}}</version></dependency></dependencies></project>"
)


@pytest.mark.parametrize("only", ["", "a/pom.xml"])
def test_a_property_of_the_parent(only: str) -> None:
    files = {"pom.xml": PARENT.format("1.5", ""), "a/pom.xml": CHILD.format("top", "")}

    assert versions(files, only) == ["a/pom.xml g:core 1.5"]


def test_the_place_is_the_use_and_the_definition_is_told() -> None:
    files = {"pom.xml": PARENT.format("LATEST", ""), "a/pom.xml": CHILD.format("top", "")}

    (found,) = [fact for path, _, fact in linked(files).all(Dependency) if path == "a/pom.xml" and fact.group == "prod"]

    assert (found.firmness, found.parts["constraint"].form) == ("tag", "plain>variable")
    assert files["a/pom.xml"][found.span.start : found.span.end] == "${core}"
    (definition,) = found.related
    assert (definition.path, files["pom.xml"][definition.span.start : definition.span.end]) == ("pom.xml", "LATEST")


def test_a_parent_of_a_parent_and_a_relative_path() -> None:
    middle = "<project><parent><groupId>com.acme</groupId><artifactId>top</artifactId><version>2</version></parent><artifactId>mid</artifactId></project>"
    files = {
        "pom.xml": PARENT.format("1.5", ""),
        "mid/pom.xml": middle,
        "x/y/pom.xml": CHILD.format("mid", "<relativePath>../../mid</relativePath>"),
    }

    assert versions(files) == ["x/y/pom.xml g:core 1.5"]


OTHERS = {
    "a parent of another name": {"pom.xml": PARENT.format("1.5", ""), "a/pom.xml": CHILD.format("spring-boot", "")},
    "an empty relative path": {
        "pom.xml": PARENT.format("1.5", ""),
        "a/pom.xml": CHILD.format("top", "<relativePath/>"),
    },
    "no parent here": {"a/pom.xml": CHILD.format("top", "")},
    "parents in a ring": {
        "a/pom.xml": CHILD.format("a", "<relativePath>../b/pom.xml</relativePath>"),
        "b/pom.xml": CHILD.format("a", "<relativePath>../a/pom.xml</relativePath>").replace("core", "more"),
    },
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_no_file_tells_stays_unknown(case: str) -> None:
    assert {line.rpartition(" ")[2] for line in versions(OTHERS[case])} == {"?"}


def test_values_of_gradle_properties() -> None:
    files = {
        "gradle.properties": "v=1.5\nw=+\n",
        "app/build.gradle": 'dependencies {\n  api "g:a:$v"\n  api "g:b:${w}"\n  api "g:c:$x"\n}\n',
    }

    assert versions(files) == ["app/build.gradle g:a 1.5", "app/build.gradle g:b +", "app/build.gradle g:c ?"]


def gradle(text: str) -> str:
    return f"dependencies {{\n  {text}\n}}\n"


USE = gradle('api "g:a:$v"')
GRADLE = {
    "a script above": {"build.gradle": "ext.v = '1.5'\n", "app/build.gradle": USE},
    "a script above before the properties": {
        "build.gradle": "ext { v = '1.5' }\n",
        "gradle.properties": "v=1.0\n",
        "app/build.gradle": USE,
    },
    "the nearest folder": {
        "build.gradle": "ext.v = '1.0'\n",
        "app/gradle.properties": "v=1.5\n",
        "app/x/build.gradle": USE,
    },
    "a script that is applied": {
        "app/build.gradle": f"apply from: 'v.gradle'\n{USE}",
        "app/v.gradle": "ext.v = '1.5'\n",
    },
    "a script of the root that is applied": {
        "app/build.gradle": f'apply from: "$rootDir/gradle/v.gradle"\n{USE}',
        "gradle/v.gradle": "ext.v = '1.5'\n",
    },
    "a script that the script above applies": {
        "build.gradle": "apply from: file('gradle/v.gradle')\n",
        "gradle/v.gradle": "ext.v = '1.5'\n",
        "app/build.gradle": USE,
    },
    "scripts that apply each other": {
        "app/build.gradle": f"apply from: 'a.gradle'\n{USE}",
        "app/a.gradle": "apply from: 'b.gradle'\n",
        "app/b.gradle": "apply from: 'a.gradle'\next.v = '1.5'\n",
    },
    "the folder of a script by a property": {
        "gradle.properties": "where=gradle\n",
        "gradle/v.gradle": "ext.v = '1.5'\n",
        "build.gradle": f'apply from: new File(where, "v.gradle")\n{USE}',
    },
    "an object of Kotlin": {
        "buildSrc/src/main/kotlin/Versions.kt": 'object Versions {\n  const val A = "1.5"\n}\n',
        "app/build.gradle.kts": gradle('api("g:a:${Versions.A}")'),
    },
    "an object of Kotlin that asks another": {
        "buildSrc/src/main/kotlin/A.kt": "object A {\n  object B {\n    const val v = Versions.A\n  }\n}\n",
        "buildSrc/src/main/kotlin/Versions.kt": 'object Versions {\n  const val A: String = "1.5"\n}\n',
        "build.gradle.kts": gradle('api("g:a:" + A.B.v)'),
    },
    "a catalog": {
        "gradle/libs.versions.toml": '[versions]\nthe-a = "1.5"\n',
        "app/build.gradle.kts": gradle('api("g:a:${libs.versions.the.a.get()}")'),
    },
    "a catalog of another name": {
        "gradle/deps.versions.toml": '[versions]\na = { strictly = "1.5" }\n',
        "build.gradle": gradle('api group: "g", name: "a", version: deps.versions.a.get()'),
    },
    "a catalog that the settings name": {
        "gradle/libs.versions.toml": '[versions]\na = "1.5"\n',
        "settings.gradle": 'dependencyResolutionManagement {\n  defaultLibrariesExtensionName = "our"\n}\n',
        "build.gradle": gradle('api "g:a:${our.versions.a.get()}"'),
    },
}


@pytest.mark.parametrize("case", GRADLE)
@pytest.mark.parametrize("alone", [False, True], ids=["all", "alone"])
def test_values_that_scripts_of_gradle_have_elsewhere(case: str, alone: bool) -> None:
    (path,) = [path for path, text in GRADLE[case].items() if "dependencies" in text]

    assert [line for line in versions(GRADLE[case], path if alone else "") if line.startswith(path)] == [
        f"{path} g:a 1.5"
    ]


ELSEWHERE = {
    "a script beside": {"build.gradle": USE, "other.gradle": "ext.v = '1'\n"},
    "a script below": {"build.gradle": USE, "app/build.gradle": "ext.v = '1'\n"},
    "the version of the project above": {
        "build.gradle": "version = '1'\n",
        "app/build.gradle": gradle('api "g:a:$version"'),
    },
    "a script that is not there": {"build.gradle": f"apply from: 'v.gradle'\n{USE}"},
    "constants of another build": {
        "build.gradle.kts": gradle('api("g:a:${Versions.A}")'),
        "other/buildSrc/src/V.kt": 'object Versions {\n  const val A = "1"\n}\n',
    },
    "a property of the system": {"build.gradle": "ext.v = '1'\n" + gradle("api \"g:a:${System.getProperty('v')}\"")},
    "a name that leads back to itself": {"build.gradle": 'ext.v = "$w"\next.w = "$v"\n' + USE},
}


def _path(case: str) -> str:
    (path,) = [path for path, text in ELSEWHERE[case].items() if "dependencies" in text]
    return path


@pytest.mark.parametrize("case", ELSEWHERE)
def test_values_that_scripts_of_gradle_do_not_see(case: str) -> None:
    assert versions(ELSEWHERE[case]) == [f"{_path(case)} g:a ?"]


def test_the_place_of_a_value_of_an_applied_script() -> None:
    files = {"build.gradle": f"apply from: 'v.gradle'\n{USE}", "v.gradle": "ext.v = '1.5'\n"}

    (found,) = [fact for _, _, fact in linked(files).all(Dependency)]

    assert files["build.gradle"][found.span.start : found.span.end] == "$v"
    assert [(other.path, files[other.path][other.span.start : other.span.end]) for other in found.related] == [
        ("v.gradle", "1.5")
    ]


def test_properties_of_the_folders_above_a_project() -> None:
    files = {
        "Directory.Build.props": "<Project><PropertyGroup><CoreVersion>1.5</CoreVersion></PropertyGroup></Project>",
        "src/a.csproj": '<Project><ItemGroup><PackageReference Include="A" Version="$(coreVersion)"/></ItemGroup></Project>',
    }

    assert versions(files) == ["src/a.csproj A 1.5"]


MAIN = 'resource "docker_container" "a" {\n  image = "${var.repo}:${var.tag}"\n}\n'


@pytest.mark.parametrize("only", ["", "m/main.tf"])
def test_variables_of_the_other_files_of_a_module(only: str) -> None:
    files = {
        "m/main.tf": MAIN,
        "m/variables.tf": 'variable "repo" { default = "acme/a" }\nvariable "tag" { default = "latest" }\n',
        "other/variables.tf": 'variable "tag" { default = "9" }\n',
    }

    (found,) = [fact for _, _, fact in linked(files, only).all(Image)]

    assert (found.name, found.tag, found.state, found.written) == ("acme/a", "latest", "defaulted", "acme/a:latest")
    assert {other.path for other in found.related} == {"m/variables.tf"}


def test_values_given_to_a_module_come_before_defaults() -> None:
    files = {
        "main.tf": MAIN,
        "variables.tf": 'variable "repo" { default = "acme/a" }\nvariable "tag" { default = "latest" }\n',
        "terraform.tfvars": 'tag = "1.2.0"\n',
        "prod.tfvars": 'tag = "2"\n',
    }

    (found,) = [fact for _, _, fact in linked(files).all(Image)]

    assert (found.name, found.tag) == ("acme/a", "1.2.0")


def test_a_lock_file_settles_the_features_that_it_names() -> None:
    files = {
        ".devcontainer/devcontainer.json": '{"features": {"ghcr.io/a/b/c:1": {}, "ghcr.io/a/b/d:1": {}}}',
        ".devcontainer/devcontainer-lock.json": '{"features": {"ghcr.io/a/b/c:1": {"version": "1.2.0", "integrity": "sha256:0a"}}}',
    }

    found = {fact.written: fact.overridden for _, _, fact in linked(files).all(Image)}

    assert found == {"ghcr.io/a/b/c:1": True, "ghcr.io/a/b/d:1": False}
