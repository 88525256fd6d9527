"""Pipelines in files whose names say nothing."""

from __future__ import annotations

import pytest

from relcheck.facts import Component, Fact, Image, Job
from relcheck.readers import read_source, recognise
from relcheck.source import Source

FOUND = [
    ("templates/job.yml", "jobs: [{job: a, container: 'a:1', steps: []}]\n", "azure"),
    ("ci/stages.yml", "stages: [{stage: s, jobs: [{job: a, steps: [{script: x}]}]}]\n", "azure"),
    ("steps/x.yml", "parameters: [{name: a}]\nsteps: [{bash: x}]\n", "azure"),
    ("steps/y.yml", "steps: [{task: Bash@3, inputs: {script: x}}]\n", "azure"),
    ("steps/z.yml", "steps: [{script: x}, {template: y.yml}]\n", "azure"),
    ("ci/build.yml", "stages: [build, test]\nbuild: {script: [x], image: a}\n", "gitlab"),
    ("ci/test.yml", "variables: {A: b}\n.x: &x {script: [x], stage: build}\nlint: {<<: *x}\n", "gitlab"),
    ("templates/lint.yml", "spec: {inputs: {a: {default: b}}}\n---\nlint: {script: x}\n", "gitlab"),
    ("shared-pipelines.yml", "pipelines: {default: [{step: {script: [x], image: 'a:1'}}]}\nx: steps\n", "bitbucket"),
    (
        "continue.yml",
        "version: 2.1\njobs: {a: {docker: [{image: 'a:1'}], steps: [checkout]}}\nworkflows: {w: {jobs: [a]}}\n",
        "circleci",
    ),
    ("deploy/ci.yaml", "steps: [{name: gcr.io/cloud-builders/docker, args: [build, .]}]\n", "cloudbuild"),
]


def read(path: str, text: str) -> list[Fact]:
    name, _ = recognise(path, text.encode)
    return read_source(name, Source(path, text))


@pytest.mark.parametrize(("path", "text", "system"), FOUND)
def test_what_a_document_is_for(path: str, text: str, system: str) -> None:
    assert {fact.system for fact in read(path, text) if isinstance(fact, Job)} == {system}


OTHERS = [
    "on: push\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n",
    "package: {name: a, version: '1'}\nbuild: {script: x, number: 0}\nrequirements: {build: [image]}\n",
    "spec: {a: {script: x, image: a}}\n",
    "steps: [{name: a, script: x}]\nimage: a\n",
    "steps: [{name: a, image: b}, {script: x}]\n",
    "pipelines: {mine: [{image: a}]}\nsteps: 1\n",
    "version: 2.1\njobs: {a: {image: b}}\n",
    "jobs: [{name: a, image: b}]\n",
    "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nsteps: [{script: x, task: Bash@3}]\n",
]


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_one(text: str) -> None:
    assert [fact for fact in read("x.yml", text) if isinstance(fact, (Job, Component, Image))] == []


PATHS = [
    (".circleci/config.yml", "circleci"),
    (".circleci/continue/two.yaml", "circleci"),
    ("azure-pipelines.release.yml", "azure-pipelines"),
    (".azure-pipelines/jobs/a.yml", "azure-pipelines"),
    ("bitbucket-pipelines.yml", "bitbucket-pipelines"),
    (".travis.yml", "travis"),
    (".drone.yml", "drone"),
    (".woodpecker/build.yaml", "woodpecker"),
    (".buildkite/pipeline.yml", "buildkite"),
    ("deploy/cloudbuild-release.yaml", "cloudbuild"),
    (".github/dependabot.yml", "dependabot"),
    ("Jenkinsfile", "jenkinsfile"),
    ("ci/Jenkinsfile.release", "jenkinsfile"),
    ("vars/build.groovy", "jenkinsfile"),
]


@pytest.mark.parametrize(("path", "name"), PATHS)
def test_files_are_known_by_their_names(path: str, name: str) -> None:
    assert recognise(path, lambda: b"pipeline { } steps: []")[0] == name


def test_other_groovy_files_are_read_where_they_hold_a_pipeline() -> None:
    assert recognise("src/A.groovy", lambda: b"class A { }")[0] == ""
    assert recognise("jobs/a.groovy", lambda: b"pipeline { }")[0] == "jenkinsfile"
