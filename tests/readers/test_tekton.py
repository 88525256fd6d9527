"""Tekton: images, scripts and parameters of steps, and what is taken from elsewhere."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Command, Component, Download, Image, Job, Publish, Resource
from tests.readers.reading import facts_of, lines_of


def lines(text: str, kind: type, *fields: str) -> list[str]:
    """Return place and fields of each fact of a kind."""
    return lines_of("documents", "t.yaml", text, kind, *fields)


def tekton(kind: str, spec: str) -> str:
    """Return an object of Tekton; its `spec` is on the third line."""
    return f"apiVersion: tekton.dev/v1\nkind: {kind}\nspec: {spec}\n"


def test_images_of_a_task() -> None:
    text = tekton(
        "Task",
        "{stepTemplate: {image: 'a:1'}, steps: [{image: 'b:1'}, {image: 'c:1', script: 'docker push x/y:1'}], "
        "sidecars: [{image: 'd:1'}]}",
    )

    assert [line.partition(" ")[2] for line in lines(text, Image, "role", "written")] == [
        "workload a:1", "workload b:1", "workload c:1", "pushed x/y:1", "workload d:1",
    ]  # fmt: skip


SCRIPTS = [
    ("docker push a/b:1", 1),
    ("#!/bin/sh\ndocker push a/b:1", 1),
    ("#!/usr/bin/env bash\ndocker push a/b:1", 1),
    ("#!/usr/bin/env python3\ndocker push a/b:1", 0),
    ("docker push a/$(params.name):1", 1),
]


@pytest.mark.parametrize(("script", "count"), SCRIPTS)
def test_the_first_line_of_a_script_says_who_reads_it(script: str, count: int) -> None:
    quoted = script.replace("\n", "\\n")
    found = facts_of("documents", "t.yaml", tekton("Task", f'{{steps: [{{image: x:1, script: "{quoted}"}}]}}'))

    assert len([fact for fact in found if isinstance(fact, Command)]) == count


PARAMETERS = {
    "a default": ("Task", "{params: [{name: i, default: 'a:1'}], steps: [{image: $(params.i)}]}", ["1 defaulted"]),
    "none": ("Task", "{params: [{name: i}], steps: [{image: 'a:$(params.i)'}]}", ["unknown partial"]),
    "handed to a run": (
        "TaskRun",
        "{params: [{name: i, value: a:1}], taskSpec: {params: [{name: i}], steps: [{image: $(params.i)}]}}",
        ["1 defaulted"],
    ),
    "two that disagree": (
        "Pipeline",
        (
            "{params: [{name: i, default: 'a:1'}], tasks: [{taskSpec: {params: [{name: i, default: 'a:2'}], "
            "steps: [{image: $(params.i)}]}}]}"
        ),
        ["unknown unknown"],
    ),
    "one that names itself": (
        "Task",
        "{params: [{name: i, default: $(params.i)}], steps: [{image: $(params.i)}]}",
        ["unknown unknown"],
    ),
    "an element": (
        "Task",
        "{params: [{name: i, default: x}], steps: [{image: '$(params.i[0])'}]}",
        ["unknown unknown"],
    ),
    "an element of an array": (
        "Task",
        "{params: [{name: i, default: [a:0, a:1]}], steps: [{image: '$(params.i[1])'}, {image: '$(params.i[2])'}]}",
        ["1 defaulted", "unknown unknown"],
    ),
    "an element of two arrays that disagree": (
        "Pipeline",
        (
            "{params: [{name: i, default: [a:1]}], tasks: [{taskSpec: {params: [{name: i, default: [a:1, a:2]}], "
            "steps: [{image: '$(params.i[0])'}]}}]}"
        ),
        ["unknown unknown"],
    ),
    "a key of an object": (
        "Task",
        "{params: [{name: i, default: {web: '1', api: '2'}}], steps: [{image: 'a:$(params.i.api)'}]}",
        ["2 defaulted"],
    ),
    "a key of an object that whoever runs it chooses": (
        "Pipeline",
        (
            "{params: [{name: i, default: {web: '1'}}], tasks: [{taskSpec: {params: [{name: i}], "
            "steps: [{image: 'a:$(params.i.web)'}]}}]}"
        ),
        ["unknown partial"],
    ),
    "a result": ("Task", "{steps: [{image: 'a/$(tasks.x.results.y):1'}]}", ["1 partial"]),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_a_parameter_is(name: str) -> None:
    kind, spec, expected = PARAMETERS[name]

    found = [fact for fact in facts_of("documents", "t.yaml", tekton(kind, spec)) if isinstance(fact, Image)]

    assert [f"{'unknown' if fact.tag is UNKNOWN else fact.tag} {fact.state}" for fact in found] == expected


REFERENCES = {
    "a repository by owner and name": (
        "{taskRef: {resolver: git, params: [{name: org, value: acme}, {name: repo, value: c}, {name: revision, value: v1.0.0}]}}",
        ["task acme/c v1.0.0 semver-full"],
    ),
    "a step from a repository": (
        "{taskSpec: {steps: [{ref: {resolver: git, params: [{name: url, value: 'https://git.example.com/acme/c'}]}}]}}",
        ["step acme/c - none"],
    ),
    "a task of the hub by a range": (
        "{taskRef: {resolver: hub, params: [{name: name, value: x}, {name: version, value: '>= 0.5'}]}}",
        ["task x >= 0.5 range"],
    ),
    "a parameter": (
        "{taskRef: {resolver: hub, params: [{name: name, value: x}, {name: version, value: $(params.v)}]}}",
        ["task x unknown unknown"],
    ),
    "the cluster": ("{taskRef: {resolver: cluster, params: [{name: name, value: x}]}}", []),
    "a name": ("{taskRef: {name: x}}", []),
    "an unknown resolver": ("{taskRef: {resolver: own, params: [{name: url, value: x}]}}", []),
    "odd parameters": ("{taskRef: {resolver: git, params: [1, {name: url}, {name: repo, value: []}]}}", []),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_what_is_taken_from_elsewhere(name: str) -> None:
    spec, expected = REFERENCES[name]

    found = lines(tekton("TaskRun", spec), Component, "kind", "name", "ref", "ref_kind")

    assert [line.partition(" ")[2] for line in found] == expected


def test_bundles_in_the_new_way_the_old_way_and_with_a_default() -> None:
    text = tekton(
        "Pipeline",
        "{params: [{name: b, default: 'acme/c:1'}], tasks: [{taskRef: {bundle: 'acme/a:1'}}, "
        "{taskRef: {resolver: bundles, params: [{name: bundle, value: $(params.b)}]}}]}",
    )

    assert [line.partition(" ")[2] for line in lines(text, Image, "role", "name", "tag")] == [
        "artifact acme/a 1",
        "artifact acme/c 1",
    ]


def test_a_task_of_a_url_is_executed() -> None:
    text = tekton(
        "TaskRun", "{taskRef: {resolver: http, params: [{name: url, value: 'https://www.example.com/t.yaml'}]}}"
    )

    assert lines(text, Download, "host", "executed_by", "verified_by") == ["3:63 www.example.com tekton -"]


def test_the_objects_of_a_trigger_go_where_its_listener_says() -> None:
    text = (
        "apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerTemplate\nmetadata: {name: t, namespace: n}\nspec:\n"
        "  resourcetemplates:\n  - apiVersion: tekton.dev/v1\n    kind: TaskRun\n    metadata: {generateName: a-}\n"
        "    spec: {taskSpec: {steps: [{image: 'a:latest'}]}}\n"
    )

    assert lines(text, Image, "written") == ["9:42 a:latest"]
    assert lines(text, Resource, "kind", "namespace") == ["3:32 TriggerTemplate n", "8:30 TaskRun unknown"]


def test_annotations_of_pipelines_as_code() -> None:
    text = (
        "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata:\n  annotations:\n"
        "    pipelinesascode.tekton.dev/task: \"[git-clone:0.9, 'x', ./a.yaml, a.yaml]\"\n"
        "    pipelinesascode.tekton.dev/pipeline: https://git.example.com/acme/c/raw/main/p.yaml\n"
        "    pipelinesascode.tekton.dev/on-target-branch: '[main]'\n"
    )

    assert lines(text, Component, "kind", "name", "ref") == ["5:50 task git-clone 0.9", "5:56 task x -"]
    assert lines(text, Download, "host", "moving") == ["6:42 git.example.com True"]


STARTED = {
    "[push]": ("on-target-branch: '[main]'", ("branch",), False, False),
    "push": ("on-target-branch: 'refs/tags/*'", ("tag",), False, True),
    "[push, incoming]": ("on-target-branch: '[main, refs/tags/v*]'", ("branch", "tag", "incoming"), False, False),
    "[pull_request]": ("on-comment: '^/ok'", ("pull_request",), True, False),
}


@pytest.mark.parametrize("event", STARTED)
def test_what_starts_a_run_of_pipelines_as_code(event: str) -> None:
    other, events, guarded, tag_only = STARTED[event]
    text = (
        "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata:\n  name: r\n  annotations:\n"
        f"    pipelinesascode.tekton.dev/on-event: '{event}'\n    pipelinesascode.tekton.dev/{other}\n"
        "spec: {pipelineSpec: {tasks: [{taskSpec: {steps: [{image: a:1, script: npm publish}]}}]}}\n"
    )

    found = facts_of("documents", "t.yaml", text)

    (job,) = (fact for fact in found if isinstance(fact, Job))
    (publish,) = (fact for fact in found if isinstance(fact, Publish))
    assert (job.id, job.events, job.guarded, job.tag_only) == ("r", events, guarded, tag_only)
    assert (publish.job, publish.events, publish.guarded, publish.tag_only) == ("r", events, guarded, tag_only)


def test_a_run_that_something_else_starts_is_no_job() -> None:
    found = facts_of(
        "documents", "t.yaml", tekton("PipelineRun", "{taskSpec: {steps: [{image: a:1, script: npm publish}]}}")
    )

    assert not any(isinstance(fact, Job) for fact in found)
    assert [fact.job for fact in found if isinstance(fact, Publish)] == [""]
