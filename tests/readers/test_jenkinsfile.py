"""Jenkinsfiles: acceptance case 35 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Component, Credential, Fact, Image, Job, Login, Publish
from tests.readers import pipelines


def facts(text: str, path: str = "Jenkinsfile") -> list[Fact]:
    return pipelines.facts("jenkinsfile", path, text)


def images(text: str) -> list[tuple[object, object, str]]:
    return [(name, tag, role) for name, tag, role, _ in pipelines.images(facts(text))]


def written(text: str) -> list[str]:
    return [fact.written for fact in facts(text) if isinstance(fact, Command)]


def test_variables_of_the_environment_fill_images_and_scripts() -> None:
    text = """
pipeline {
    agent { docker { image "x:${VERSION}"; args '-u root' } }
    // docker { image 'commented' }
    /* agent { docker 'too' } */
    environment { VERSION = '1' }
    stages { stage('a') {
        environment { OTHER = "${VERSION}.2" }
        agent { docker "y:${env.OTHER}" }
        steps { sh '''
            docker pull z:$VERSION
            docker pull w:$UNSET
        ''' }
    } }
}
"""
    assert images(text) == [
        ("x", "1", "job"), ("y", "1.2", "job"), ("z", "1", "pulled"), ("w", UNKNOWN, "pulled"),
    ]  # fmt: skip


def test_a_constant_counts_only_where_nothing_changes_it() -> None:
    text = """
def A = 'latest'
def B = 'latest'
if (x) { B = 'other' }
node { sh "docker pull a:${A}"
  sh "docker pull b:$B" }
"""

    assert images(text) == [("a", "latest", "pulled"), ("b", UNKNOWN, "pulled")]


SCRIPTS = [
    ("sh 'docker pull a'", ["docker pull a"]),
    ('sh "docker pull a"', ["docker pull a"]),
    ("sh '''\ndocker pull a\n'''", ["docker pull a"]),
    ("sh(script: 'docker pull a', returnStdout: true).trim()", ["docker pull a"]),
    ("def x = sh(returnStdout: true,\n  script: 'docker pull a')", ["docker pull a"]),
    ("sh label: 'x', script: 'docker pull a'", ["docker pull a"]),
    ("sh 'docker' + ' pull a'", ["docker pull a"]),
    ("sh 'docker pull ' + name", ["docker pull …"]),
    ('sh "docker pull ${f("}")} b"', ["docker pull … b"]),
    ('sh "docker pull \\$X"', ["docker pull …"]),
    ("sh 'docker pull \\'a\\''", ["docker pull a"]),
    ("sh(/docker pull a/)", ["docker pull a"]),
    ("parallel(a: { sh 'docker pull a' }, b: { sh 'docker pull b' })", ["docker pull a", "docker pull b"]),
    ("retry(3) { timeout(time: 5) { sh 'docker pull a' } }", ["docker pull a"]),
    ("for (x in [1, 2]) { sh 'docker pull a' }", ["docker pull a"]),
    ("bat 'docker pull a'", []),
    ("sh script", []),
    ("def y = a / b\nsh 'docker pull a' // c / d", ["docker pull a"]),
    ("echo 'sh \"docker pull a\"'", []),
]


@pytest.mark.parametrize(("line", "commands"), SCRIPTS)
def test_scripts_however_they_are_written(line: str, commands: list[str]) -> None:
    assert written(f"node {{\n{line}\n}}\n") == commands


def test_the_place_of_a_command_in_a_script() -> None:
    text = 'node {\n  sh """\n    docker push \\${R}/a:latest\n  """\n}\n'
    (image,) = [fact for fact in facts(text) if isinstance(fact, Image)]

    assert text[image.span.start : image.span.end] == "latest"


def test_images_of_the_docker_steps() -> None:
    text = """
node {
  docker.image('a').inside('-u root') { sh 'make' }
  docker.image('b:1').withRun('-p 1') { c -> sh 'make' }
  docker.image("c:${env.X}").pull()
  docker.image('e:3').push('v2')
  docker.withRegistry('https://registry.example.com/', 'secret') {
    def app = docker.build("acme/app:${env.BUILD_ID}", '--pull -f x/Dockerfile .')
    app.push()
    app.push('latest')
    docker.build('acme/two:1.0.0').push()
  }
  withDockerRegistry(url: 'https://other.example.com', credentialsId: 'x') { sh 'docker push y' }
}
"""
    found = facts(text)

    made = [(fact.host, fact.repository, fact.tag, fact.role) for fact in found if isinstance(fact, Image)]
    assert made == [
        ("docker.io", "library/a", "", "run"),
        ("docker.io", "library/b", "1", "run"),
        ("docker.io", "library/c", UNKNOWN, "pulled"),
        ("docker.io", "library/e", "v2", "pushed"),
        ("registry.example.com", "acme/app", UNKNOWN, "output"),
        ("registry.example.com", "acme/app", UNKNOWN, "pushed"),
        ("registry.example.com", "acme/app", "latest", "pushed"),
        ("registry.example.com", "acme/two", "1.0.0", "output"),
        ("registry.example.com", "acme/two", "1.0.0", "pushed"),
        ("docker.io", "library/y", "", "pushed"),
    ]
    assert [fact.host for fact in found if isinstance(fact, Login)] == ["registry.example.com", "other.example.com"]
    assert len([fact for fact in found if isinstance(fact, Publish)]) == 5


def test_agents_in_pods() -> None:
    text = """
pipeline { agent { kubernetes {
  yaml '''
kind: Pod
spec:
  containers: [{name: a, image: "golang:1.22"}]
'''
  containerTemplate { name 'b'; image 'ruby:3' }
} } }
podTemplate(containers: [containerTemplate(name: 'c', image: 'php')], yaml: \"\"\"
spec:
  initContainers:
    - image: init:${TAG}
\"\"\") { node(POD_LABEL) { container('c') { sh 'make' } } }
"""
    assert images(text) == [
        ("ruby", "3", "job"),
        ("golang", "1.22", "job"),
        ("init", UNKNOWN, "job"),
        ("php", "", "job"),
    ]


def test_libraries() -> None:
    text = """
@Library(['a@main', 'b', 'c@v1.2.3']) _
@Library('d@0123456789012345678901234567890123456789')
import x.y.z
library 'e@develop'
library identifier: "f@${BRANCH}", retriever: modernSCM([$class: 'GitSCMSource', remote: 'x'])
pipeline { libraries { lib('g@master') } }
"""
    assert pipelines.components(facts(text)) == [
        ("library", "a", "branch"),
        ("library", "b", UNKNOWN),
        ("library", "c", "semver-full"),
        ("library", "d", "sha"),
        ("library", "e", "branch"),
        ("library", "f", UNKNOWN),
        ("library", "g", "branch"),
    ]


def test_repositories_that_are_checked_out() -> None:
    text = """
node {
  git url: 'https://git.example.com/acme/a.git', branch: 'main'
  git 'https://ci:Sommer2024x@git.example.com/acme/b.git'
  checkout([$class: 'GitSCM', branches: [[name: '*/v1.0.0']], userRemoteConfigs: [[url: 'https://git.example.com/acme/c.git']]])
  checkout scm
}
"""
    found = facts(text)

    assert [(fact.name, fact.ref) for fact in found if isinstance(fact, Component)] == [
        ("https://git.example.com/acme/a.git", "main"),
        ("https://git.example.com/acme/b.git", ""),
        ("https://git.example.com/acme/c.git", "v1.0.0"),
    ]
    assert [(fact.kind, fact.form) for fact in found if isinstance(fact, Credential)] == [("url-userinfo", "literal")]


def test_secrets_by_reference_and_by_value() -> None:
    text = """
pipeline {
  environment { TOKEN = credentials('npm-token')
    NPM_TOKEN = 'Sommer2024x' }
  stages { stage('p') { steps {
    withCredentials([usernamePassword(credentialsId: 'hub', usernameVariable: 'U', passwordVariable: 'P')]) {
      sh 'docker login -u $U -p $P registry.example.com'
    }
  } } }
}
"""
    found = facts(text)

    secrets = [(fact.kind, fact.form) for fact in found if isinstance(fact, Credential)]
    assert secrets == [("env", "literal"), ("argv-password", "reference")]
    assert [use.name for use in pipelines.jobs(found)["pipeline"].secrets] == ["npm-token", "hub"]


def test_what_reaches_a_publish() -> None:
    text = """
pipeline { stages {
  stage('a') { when { buildingTag() } steps { sh 'npm publish' } }
  stage('b') { when { allOf { branch 'main'; expression { x } } } steps { sh 'npm publish' } }
  stage('c') { input { message 'Go?' } steps { sh 'npm publish' } }
} }
"""
    found = facts(text)

    assert [(fact.events, fact.guarded, fact.step) for fact in found if isinstance(fact, Publish)] == [
        (("tag",), False, 0), ((), True, 1), ((), True, 2),
    ]  # fmt: skip
    assert pipelines.jobs(found)["pipeline"].environment == "input"


HOSTILE = [
    "", "{", ")}]", "sh '", 'sh "${', "sh '''", "@Library(", "docker.image(", "a " * 20_000, "a{" * 20_000, '"${' * 20_000,
    "docker.build()\nx.push()", "sh(", "environment { A = }", "git url:", "checkout([[[[", "\x00'\\",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_what_is_no_pipeline_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, Job)] == []


def test_other_files_that_begin_with_the_name_are_not_read() -> None:
    assert facts("sh 'docker pull a'", "Jenkinsfile.md") == []
