"""Maven and Gradle: coordinates, properties, repositories, plugins, catalogs, wrappers."""

# ruff: noqa: E501 - a file in one line is easier to compare with its facts

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Credential,
    Dependency,
    Download,
    Image,
    Package,
    Registry,
    Unreadable,
    Variables,
)
from tests.readers.reading import facts_of, lines_of


def pom(body: str) -> str:
    return f"<project>\n<groupId>com.acme</groupId>\n<artifactId>shop</artifactId>\n<version>1.0.0</version>\n{body}</project>\n"


def dependency(version: str, more: str = "") -> str:
    return f"<dependency><groupId>g</groupId><artifactId>a</artifactId><version>{version}</version>{more}</dependency>"


def dependencies(text: str) -> list[str]:
    found = lines_of("pom", "pom.xml", text, Dependency, "name", "constraint", "firmness", "group")
    return [line.partition(" ")[2] for line in found]


VERSIONS = {
    "1.0": "1.0 exact",
    "[1.0]": "[1.0] exact",
    "[1.0,2.0)": "[1.0,2.0) range",
    "(,1.0]": "(,1.0] range",
    "LATEST": "LATEST tag",
    "RELEASE": "RELEASE tag",
    "1.0-SNAPSHOT": "1.0-SNAPSHOT exact",
    "${x}": "1.2 exact",
    "${x}.${y}": "1.2.3 exact",
    "${project.version}": "1.0.0 exact",
    "${unknown}": "unknown unknown",
    "${loop}": "unknown unknown",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_of_maven(version: str) -> None:
    properties = "<properties><x>1.2</x><y>3</y><loop>${again}</loop><again>${loop}</again></properties>"

    found = dependencies(pom(properties + f"<dependencies>{dependency(version)}</dependencies>"))

    assert found == [f"g:a {VERSIONS[version]} prod"]


def test_where_dependencies_stand_in_a_pom() -> None:
    plugin = "<plugin><artifactId>maven-gpg-plugin</artifactId><version>3.2</version></plugin>"
    body = (
        f"<dependencies>{dependency('1', '<scope>test</scope>')}{dependency('2', '<optional>true</optional>')}"
        f"<!-- {dependency('9')} --><dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency></dependencies>"
        f"<dependencyManagement><dependencies>{dependency('3')}</dependencies></dependencyManagement>"
        f"<build><plugins>{plugin}</plugins></build>"
        f"<profiles><profile><dependencies>{dependency('4')}</dependencies></profile></profiles>"
    )

    assert dependencies(pom(body)) == [
        "g:a 1 exact dev",
        "g:a 2 exact optional",
        "g:a 3 exact prod",
        "org.apache.maven.plugins:maven-gpg-plugin 3.2 exact build",
        "g:a 4 exact prod",
    ]


def test_the_place_of_a_version_reached_through_a_property() -> None:
    text = pom(f"<properties><x>LATEST</x></properties>\n<dependencies>{dependency('${x}')}</dependencies>")

    (found,) = [fact for fact in facts_of("pom", "pom.xml", text) if isinstance(fact, Dependency)]

    assert text[found.span.start : found.span.end] == "${x}"
    assert found.parts["constraint"].form == "variable"


def test_the_package_its_parent_and_its_properties() -> None:
    text = (
        "<project><parent><groupId>com.acme</groupId><artifactId>top</artifactId><version>2.0</version>"
        "<relativePath>../pom.xml</relativePath></parent><artifactId>shop</artifactId></project>"
    )

    assert lines_of("pom", "pom.xml", text, Package, "name", "version", "scope") == ["1:155 com.acme:shop 2.0 com.acme"]
    (parent,) = [fact for fact in facts_of("pom", "pom.xml", text) if isinstance(fact, Component)]
    assert (parent.name, parent.ref, parent.inputs[0].value) == ("com.acme:top", "2.0", "../pom.xml")
    (values,) = [fact for fact in facts_of("pom", "pom.xml", text) if isinstance(fact, Variables)]
    assert {"project.version": "2.0"}.items() <= {option.name: option.value for option in values.values_of}.items()


REPOSITORIES = """<repositories>
<repository><id>a</id><url>http://maven.acme.io/r</url><releases><checksumPolicy>ignore</checksumPolicy></releases></repository>
</repositories>
<pluginRepositories><pluginRepository><url>https://plugins.acme.io/</url></pluginRepository></pluginRepositories>
<distributionManagement><repository><id>r</id><url>https://s01.oss.sonatype.org/x</url></repository></distributionManagement>
"""


def test_repositories_of_maven() -> None:
    found = lines_of("pom", "pom.xml", pom(REPOSITORIES), Registry, "purpose", "host", "scheme", "integrity_off", "key")

    assert found == [
        "6:35 index maven.acme.io http False repository",
        "6:82 index - - True checksumPolicy ignore",
        "8:52 plugin-index plugins.acme.io https False pluginRepository",
        "9:60 publish s01.oss.sonatype.org https False repository",
    ]


def test_what_central_demands() -> None:
    plugins = "".join(
        f"<plugin><artifactId>{name}</artifactId></plugin>"
        for name in ("central-publishing-maven-plugin", "maven-source-plugin")
    )

    (found,) = [
        fact
        for fact in facts_of("pom", "pom.xml", pom(f"<build><plugins>{plugins}</plugins></build>"))
        if isinstance(fact, Package)
    ]

    assert (found.publish_host, found.bundle_lacks) == ("central.sonatype.com", ("javadoc", "signatures"))


def test_images_of_plugins() -> None:
    body = (
        "<build><plugins><plugin><artifactId>jib-maven-plugin</artifactId><configuration><from><image>eclipse-temurin</image></from>"
        "<to><image>registry.acme.io/shop:${project.version}</image></to></configuration></plugin>"
        "<plugin><artifactId>spring-boot-maven-plugin</artifactId><configuration><image><builder>acme/builder:1</builder><buildpacks>"
        "<buildpack>paketo-buildpacks/java</buildpack><buildpack>docker://acme/go:2</buildpack></buildpacks></image></configuration>"
        "</plugin></plugins></build>"
    )

    found = lines_of("pom", "pom.xml", pom(body), Image, "role", "name", "tag")

    assert [line.partition(" ")[2] for line in found] == [
        "base eclipse-temurin -",
        "output registry.acme.io/shop 1.0.0",
        "base acme/builder 1",
        "base acme/go 2",
    ]


def test_core_extensions() -> None:
    text = "<extensions><extension><groupId>g</groupId><artifactId>a</artifactId><version>1</version></extension></extensions>"

    assert lines_of("pom", ".mvn/extensions.xml", text, Dependency, "name", "group") == ["1:79 g:a build"]


WRAPPER = "# x\ndistributionBase=GRADLE_USER_HOME\ndistributionUrl=https\\://services.gradle.org/distributions/gradle-8.14-bin.zip\n"


def test_wrappers() -> None:
    fields = ("host", "executed_by", "verified_by")
    path = "gradle/wrapper/gradle-wrapper.properties"
    maven = "distributionUrl=https://repo.acme.io/apache-maven-3.9.9-bin.zip\ndistributionSha256Sum=0a\nwrapperUrl=http://repo.acme.io/x.jar\n"

    assert lines_of("jvm_wrapper", path, WRAPPER, Download, *fields) == ["3:17 services.gradle.org gradlew -"]
    assert lines_of("jvm_wrapper", path, WRAPPER + "distributionSha256Sum=0a\n", Download, *fields) == [
        "3:17 services.gradle.org gradlew checksum"
    ]
    assert lines_of("jvm_wrapper", path, WRAPPER, Dependency, "name", "constraint") == ["3:67 gradle 8.14"]
    assert lines_of("jvm_wrapper", ".mvn/wrapper/maven-wrapper.properties", maven, Download, *fields) == [
        "1:17 repo.acme.io mvnw checksum",
        "3:12 repo.acme.io mvnw -",
    ]


def test_a_wrapper_of_another_name_and_one_that_brings_no_jar() -> None:
    own = "distributionUrl=https\\://files.acme.io/gradle/acme-gradle-8.14-all.zip\n"
    script = "wrapperVersion=3.3.2\ndistributionType=only-script\ndistributionUrl=https://repo.acme.io/apache-maven-3.9.9-bin.zip\n"

    assert lines_of("jvm_wrapper", "gradle-wrapper.properties", own, Dependency, "name", "constraint") == [
        "1:59 gradle 8.14"
    ]
    assert lines_of("jvm_wrapper", "maven-wrapper.properties", script, Dependency, "name", "constraint") == [
        "3:51 maven 3.9.9",
        "1:16 maven-wrapper 3.3.2",
    ]


def test_options_of_maven() -> None:
    found = lines_of("jvm_wrapper", ".mvn/jvm.config", "-Xmx1g -Dmaven.wagon.http.ssl.insecure=true\n", Registry, "tls")

    assert found == ["1:8 off"]
    assert lines_of("jvm_wrapper", ".mvn/maven.config", "-T4 --lax-checksums\n", Registry, "integrity_off") == [
        "1:5 True"
    ]


GRADLE = {
    "implementation 'g:a:1.0'": ["g:a 1.0 exact prod"],
    'implementation("g:a:1.0@jar")': ["g:a 1.0 exact prod"],
    "testImplementation platform('g:a:1.0')": ["g:a 1.0 exact dev"],
    "implementation 'g:a:1.0', 'g:b:2.0'": ["g:a 1.0 exact prod", "g:b 2.0 exact prod"],
    "implementation 'g:a:1.0',\n  'g:b:2.0'": ["g:a 1.0 exact prod", "g:b 2.0 exact prod"],
    "implementation group: 'g', name: 'a', version: '1.0'": ["g:a 1.0 exact prod"],
    'implementation(group = "g", name = "a", version = "1.0")': ["g:a 1.0 exact prod"],
    "implementation 'g:a:+'": ["g:a + any prod"],
    "implementation 'g:a:1.+'": ["g:a 1.+ range prod"],
    "implementation 'g:a:latest.release'": ["g:a latest.release tag prod"],
    "implementation 'g:a:[1.0, 2.0['": [],
    "implementation 'g:a:[1.0,2.0['": ["g:a [1.0,2.0[ range prod"],
    'implementation "g:a:$v"': ["g:a 1.5 exact prod"],
    'implementation "$p:a:1.+"': ["com.acme:a 1.+ range prod"],
    "implementation 'g:a:$v'": ["g:a $v exact prod"],
    'implementation "g:a:${unknown}"': ["g:a unknown unknown prod"],
    "implementation('g:a') { version { strictly '1.0' } }": ["g:a 1.0 exact prod"],
    "implementation 'g:a'": [],
    "implementation project(':core')": [],
    "implementation fileTree(dir: 'libs', include: '*.jar')": [],
    "implementation('g:a:1.0') { exclude group: 'x', module: 'y' }": ["g:a 1.0 exact prod"],
    "// implementation 'g:a:1.0'": [],
    "/* implementation 'g:a:1.0'\n */": [],
    "constraints { implementation 'g:a:1.0' }": ["g:a 1.0 exact prod"],
    "annotationProcessor 'g:a:1.0'": ["g:a 1.0 exact build"],
}


@pytest.mark.parametrize("line", GRADLE)
def test_dependencies_of_gradle(line: str) -> None:
    text = f"def v = '1.5'\next {{ p = 'com.acme' }}\ndependencies {{\n  {line}\n}}\n"

    found = lines_of("gradle", "build.gradle", text, Dependency, "name", "constraint", "firmness", "group")

    assert [found.partition(" ")[2] for found in found] == GRADLE[line]


VALUES = {
    'val v by extra("1.0")': ("build.gradle.kts", 'api("g:a:" + v)'),
    'val v: String by extra("1.0")': ("build.gradle.kts", 'api("g:a:$v")'),
    'extra["v"] = "1.0"': ("build.gradle.kts", 'api("g:a:${extra["v"]}")'),
    'rootProject.extra["v"] = "1.0" ': ("build.gradle.kts", 'api("g:a:${rootProject.extra["v"]}")'),
    'ext.set("v", "1.0")': ("build.gradle", 'api "g:a:${project.ext.v}"'),
    'ext { set("v", "1.0") }': ("build.gradle", 'api "g:a:${property("v")}"'),
    'rootProject.ext.v = "1.0"': ("build.gradle", "api 'g:a:' + rootProject.ext.v"),
    'ext.x = [v: "1.0", w: "2"]': ("build.gradle", 'api "g:a:$x.v"'),
    'val x = mapOf("v" to "1.0")': ("build.gradle.kts", 'api("g:a:${x["v"]}")'),
    'def g = "g"\ndef v = "1" + "." + "0"': ("build.gradle", 'api g + ":a:" + v'),
    'ext.v = "1.0" ': ("build.gradle", 'api group: "g", name: "a", version: v'),
    'object A {\n  val v = "1.0"\n  object B {\n    val w = "$v"\n  }\n}': ("build.gradle.kts", 'api("g:a:${A.B.w}")'),
    "// nothing": ("build.gradle", "api 'g:a' +\n  ':1.0'"),
}


@pytest.mark.parametrize("given", VALUES)
def test_values_of_a_script(given: str) -> None:
    path, use = VALUES[given]

    found = lines_of("gradle", path, f"{given}\ndependencies {{\n  {use}\n}}\n", Dependency, "name", "constraint")

    assert [line.partition(" ")[2] for line in found] == ["g:a 1.0"]


UNKNOWN_VALUES = {
    'api("g:a:" + f())': ["g:a unknown"],
    'api("g:a:" + v("x"))': ["g:a unknown"],
    'api("g:a:" + v[0])': ["g:a unknown"],
    'api("g:a:${v + 1}")': ["g:a unknown"],
    'api("g:a:" + System.getenv("V"))': ["g:a unknown"],
    "api 'g:a:$v'": ["g:a $v"],
    'api "g:a:\\$v"': ["g:a $v"],
    'api("g:a:1.0" - v)': ["g:a 1.0"],
}


@pytest.mark.parametrize("use", UNKNOWN_VALUES)
def test_values_that_a_script_does_not_tell(use: str) -> None:
    found = lines_of(
        "gradle", "build.gradle", f'def v = "9"\ndependencies {{\n  {use}\n}}\n', Dependency, "name", "constraint"
    )

    assert [line.partition(" ")[2] for line in found] == UNKNOWN_VALUES[use]


def test_plugins_by_a_name_and_tools_of_plugins() -> None:
    text = 'def v = "2.0"\nplugins {\n  id "x.y" version v\n}\ndetekt { toolVersion = "1.23.0" }\ncheckstyle { toolVersion v }\n'

    assert lines_of("gradle", "build.gradle", text, Dependency, "ecosystem", "name", "constraint", "group") == [
        "3:20 gradle x.y 2.0 build",
        "5:25 maven io.gitlab.arturbosch.detekt:detekt-core 1.23.0 dev",
        "6:26 maven com.puppycrawl.tools:checkstyle 2.0 dev",
    ]


def test_constants_of_kotlin() -> None:
    text = (
        'object Deps {\n  private const val v = "1.0"\n  const val a = "com.acme:a:$v"\n  const val token = "x"\n'
        '  object Old {\n    const val a = "com.acme:old:${Versions.old}"\n  }\n}\n'
    )

    found = facts_of("gradle", "buildSrc/src/main/kotlin/Deps.kt", text)

    assert [(fact.name, fact.constraint, fact.raw) for fact in found if isinstance(fact, Dependency)] == [
        ("com.acme:a", "1.0", ""), ("com.acme:old", UNKNOWN, "${Versions.old}"),
    ]  # fmt: skip
    (values,) = [fact for fact in found if isinstance(fact, Variables)]
    assert [(option.name, option.value) for option in values.values_of] == [
        ("Deps.v", "1.0"), ("Deps.a", "com.acme:a:${Deps.v}"), ("Deps.Old.a", "com.acme:old:${Versions.old}"),
    ]  # fmt: skip


def test_values_of_objects_and_of_the_project() -> None:
    text = (
        'object Versions {\n  const val A = "1.0"\n}\next { b = "2.0" }\nval lib = "com.acme:c:3.0"\n'
        'dependencies {\n  api("g:a:${Versions.A}")\n  api("g:b:${rootProject.ext.b}")\n  api("g:c:${Other.C}")\n}\n'
    )

    found = lines_of("gradle", "build.gradle.kts", text, Dependency, "name", "constraint")

    assert [one.partition(" ")[2] for one in found] == ["com.acme:c 3.0", "g:a 1.0", "g:b 2.0", "g:c unknown"]


def test_kotlin_scripts() -> None:
    text = (
        'val v = "1.5"\nplugins {\n  id("x.y") version "2.0"\n  kotlin("jvm") version "2.1.0" apply false\n  alias(libs.plugins.z)\n}\n'
        'dependencies { implementation("g:a:$v") }\ngroup = "com.acme"\nversion = "1.0.0-SNAPSHOT"\n'
    )

    assert lines_of("gradle", "build.gradle.kts", text, Dependency, "ecosystem", "name", "constraint") == [
        "3:22 gradle x.y 2.0",
        "4:26 gradle org.jetbrains.kotlin.jvm 2.1.0",
        "7:36 maven g:a 1.5",
    ]
    assert lines_of("gradle", "build.gradle.kts", text, Package, "scope", "version", "private") == [
        "9:12 com.acme 1.0.0-SNAPSHOT True"
    ]


GRADLE_REPOSITORIES = """pluginManagement {
  repositories { gradlePluginPortal() }
}
repositories {
  mavenCentral()
  maven { url 'http://maven.acme.io/a' }
  maven { url = uri("https://maven.acme.io/b")
    content { includeGroup("com.acme") } }
  exclusiveContent { forRepository { maven { url 'https://maven.acme.io/c' } } }
}
publishing {
  repositories { maven { url = "https://maven.acme.io/d"
    credentials { username = 'ci'
      password = 'hunter2x9' } } }
}
"""


def test_repositories_of_gradle() -> None:
    found = lines_of(
        "gradle", "build.gradle", GRADLE_REPOSITORIES, Registry, "purpose", "host", "filtered", "beside", "scheme"
    )

    assert found == [
        "2:18 plugin-index plugins.gradle.org True 0 https",
        "5:3 index repo.maven.apache.org True 3 https",
        "6:23 index maven.acme.io False 3 http",
        "7:30 index maven.acme.io True 3 https",
        "9:59 index maven.acme.io True 3 https",
        "12:41 publish maven.acme.io unknown 0 https",
    ]
    assert lines_of("gradle", "build.gradle", GRADLE_REPOSITORIES, Credential, "form") == ["14:19 literal"]


def test_images_scripts_and_commands_of_gradle() -> None:
    text = (
        'jib {\n  from { image = "eclipse-temurin" }\n  to.image = "registry.acme.io/a:1"\n}\n'
        "bootBuildImage {\n  builder = 'acme/builder:2'\n}\n"
        "apply from: 'https://files.acme.io/x.gradle'\n"
        "task push(type: Exec) {\n  commandLine 'docker', 'push', 'a/b:1'\n}\n"
    )

    assert lines_of("gradle", "build.gradle", text, Image, "role", "written") == [
        "2:19 base eclipse-temurin",
        "3:34 output registry.acme.io/a:1",
        "6:27 base acme/builder:2",
        "10:38 pushed a/b:1",
    ]
    assert lines_of("gradle", "build.gradle", text, Download, "host") == ["8:14 files.acme.io"]
    assert lines_of("gradle", "build.gradle", text, Command, "written") == ["10:16 docker push a/b:1"]


CATALOG = """[versions]
kotest = "4.6.0"
rich = { strictly = "[1.0,2.0[", prefer = "1.5" }
[libraries]
a = "g:a:1.0"
b = { module = "g:b", version.ref = "kotest" }
c = { group = "g", name = "c", version = "+" }
d = { module = "g:d", version.ref = "rich" }
e = { module = "g:e" }
f = { module = "g:f", version.ref = "none" }
[plugins]
p = "x.y:1.2"
q = { id = "x.z", version.ref = "kotest" }
"""


def test_a_version_catalog() -> None:
    assert lines_of(
        "gradle_catalog", "libs.versions.toml", CATALOG, Dependency, "ecosystem", "name", "constraint", "firmness"
    ) == [
        "5:10 maven g:a 1.0 exact",
        "2:11 maven g:b 4.6.0 exact",
        "7:43 maven g:c + any",
        "3:22 maven g:d [1.0,2.0[ range",
        "10:17 maven g:f unknown unknown",
        "12:10 gradle x.y 1.2 exact",
        "2:11 gradle x.z 4.6.0 exact",
    ]


def test_other_files_of_gradle() -> None:
    properties = "v=1.0\norg.gradle.dependency.verification=lenient\nsigningPassword=x\n"
    metadata = (
        "<verification-metadata><configuration><verify-metadata>true</verify-metadata><trusted-artifacts>"
        '<trust group="com[.]acme" regex="true"/><trust group=".*" regex="true"/></trusted-artifacts></configuration></verification-metadata>'
    )

    assert lines_of("gradle_catalog", "gradle.properties", properties, Registry, "key", "integrity_off") == [
        "2:36 org.gradle.dependency.verification=lenient True"
    ]
    (values,) = [
        fact for fact in facts_of("gradle_catalog", "gradle.properties", properties) if isinstance(fact, Variables)
    ]
    assert [option.name for option in values.values_of] == ["v", "org.gradle.dependency.verification"]
    assert lines_of("gradle_catalog", "gradle/verification-metadata.xml", metadata, Registry, "key") == [
        "1:151 trust group .*"
    ]
    assert lines_of("gradle_catalog", "versions.props", "g:a = 1.0\ng:* = 2\n", Dependency, "name", "constraint") == [
        "1:7 g:a 1.0",
        "2:7 g:* 2",
    ]


BAD = [
    "",
    "<",
    "<project>",
    "<project><a></b></project>",
    "{" * 3000,
    "'" * 999,
    '"""' * 99,
    "x(" * 3000,
    "\\",
    "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>",
]


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(
    ("module", "path"), [("pom", "pom.xml"), ("gradle", "build.gradle"), ("jvm_wrapper", "x.properties")]
)
def test_bad_input_gives_a_fault_at_most(module: str, path: str, text: str) -> None:
    assert all(isinstance(fact, Unreadable) for fact in facts_of(module, path, text))
