"""The acceptance cases of the format specification, by number: images, YAML, GitHub, GitLab.

Each case goes through the reader of its format, as a scan does. Credentials and scripts, Kubernetes, the other CI systems and
the package ecosystems have modules of their own beside this one.
"""

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Image,
    Job,
    Publish,
    Unreadable,
)
from relcheck.link import Repository, images, jobs
from relcheck.readers import read_source
from relcheck.source import Source
from tests.acceptance.reading import DIGEST, SHA, STEPS, dockerfile, facts, names, place, workflow, written

# Images and Dockerfile


def test_case_01_a_stage_of_its_own_image_is_one_image() -> None:
    assert written(dockerfile("FROM alpine AS alpine\nFROM alpine\n")) == ["alpine"]


def test_case_02_a_stage_counts_from_where_it_stands() -> None:
    assert written(dockerfile("FROM node:22 AS builder\nFROM Builder\n")) == ["node:22"]
    assert written(dockerfile("FROM builder\nFROM node:22 AS builder\n")) == ["builder", "node:22"]


def test_case_03_an_argument_of_a_stage_feeds_no_from() -> None:
    found = dockerfile("FROM a:1\nARG V=latest\nFROM x:${V}\n")

    assert [image.tag for image in found] == ["1", UNKNOWN]


def test_case_04_the_second_name_of_a_continued_argument() -> None:
    text = "ARG A=1 \\\n  B=latest\nFROM x:${B}\n"
    (found,) = dockerfile(text)

    assert (found.name, found.tag) == ("x", "latest")
    assert place(text, found)[0] == 3
    assert [text[each.span.start : each.span.end] for each in found.related] == ["latest"]


def test_case_05_comments_and_blank_lines_in_a_continued_run() -> None:
    text = "FROM a:1\nRUN true && \\\n  # docker pull c:1\n\n  docker pull b:2\n"
    found = [image for image in dockerfile(text) if image.role == "pulled"]

    assert [place(text, image) for image in found] == [(5, 17, "2")]


def test_case_06_a_backtick_escapes() -> None:
    text = "# escape=`\nFROM `\n  registry.example.com/windows:10.0.1\nCOPY a c:\\\nCOPY --from=b:2 `\n x c:\\\n"

    assert written(dockerfile(text)) == ["registry.example.com/windows:10.0.1", "b:2"]


def test_case_07_the_frontend_directive_stands_at_the_top() -> None:
    (frontend, _) = dockerfile("#syntax=docker/dockerfile:1\nFROM a:1\n")

    assert (frontend.role, frontend.tag, frontend.tag_kind) == ("frontend", "1", "partial")
    assert written(dockerfile("# a comment\n#syntax=docker/dockerfile:1\nFROM a:1\n")) == ["a:1"]


HEREDOCS = [
    ("RUN <<-'EOF'\n\tdocker pull b:2\n\tEOF\n", ["b:2"]),
    ("RUN cat <<A <<B\ndocker pull b:2\nA\ndocker pull c:3\nB\n", []),
    ("RUN python3 <<EOF\ndocker pull b:2\nEOF\n", []),
    ("RUN <<EOF\n#!/usr/bin/env python3\ndocker pull b:2\nEOF\n", []),
    ("RUN bash <<EOF\ndocker pull b:2\nEOF\n", ["b:2"]),
]


@pytest.mark.parametrize(("text", "pulled"), HEREDOCS)
def test_case_08_heredocs_of_run(text: str, pulled: list[str]) -> None:
    assert written(dockerfile("FROM a:1\n" + text))[1:] == pulled


def test_case_09_the_body_of_a_copied_heredoc_is_content() -> None:
    assert written(dockerfile("FROM a:1\nCOPY <<EOF /x\nFROM a:latest\nEOF\n")) == ["a:1"]


def test_case_10_where_a_copy_takes_its_files_from() -> None:
    copied = "FROM a:1\nCOPY --link --chmod=755 --from=0 /x /y\nCOPY --from=img:tag /x /y\nCOPY --from=$X /x /y\n"

    assert names(dockerfile(copied)) == [("a", "1"), ("img", "tag"), (UNKNOWN, UNKNOWN)]


def test_case_11_quoted_and_repeated_mounts() -> None:
    text = 'FROM s:1\nRUN --mount=type=bind,"from=a:1",target=/x --mount=type=cache,target=/y true\n'

    assert [(image.role, image.written) for image in dockerfile(text)][1:] == [("mount", "a:1")]


def test_case_12_what_onbuild_copies_and_what_it_cannot_hold() -> None:
    assert written(dockerfile("FROM a:1\nONBUILD COPY --from=x:1 /x /y\n")) == ["a:1", "x:1"]
    assert facts("dockerfile", "FROM a:1\nONBUILD FROM b:1\n", Unreadable)
    assert written(dockerfile("FROM a:1\nONBUILD FROM b:1\n")) == ["a:1"]


def test_case_13_a_platform_is_no_part_of_the_name() -> None:
    assert names(dockerfile("FROM --platform=$BUILDPLATFORM golang\n")) == [("golang", "")]


def test_case_14_what_the_first_component_is() -> None:
    written_as = ["localhost:5000", "localhost:5000/a", "MyOrg/app", "myorg/app"]
    found = dockerfile("".join(f"FROM {name}\n" for name in written_as))

    assert [(image.host, image.repository, image.tag) for image in found] == [
        ("docker.io", "library/localhost", "5000"),
        ("localhost:5000", "a", ""),
        ("MyOrg", "app", ""),
        ("docker.io", "myorg/app", ""),
    ]
    assert dockerfile("FROM " + "0a" * 32 + "\n") == []


def test_case_15_a_digest_wins_and_a_short_one_is_none() -> None:
    pinned, short = dockerfile(f"FROM app:latest@{DIGEST}\nFROM app@sha256:abc\n")

    assert (pinned.digest, pinned.digest_problem, pinned.tag) == (DIGEST, "", "latest")
    assert short.digest_problem


def test_case_16_a_named_context_satisfies_a_base() -> None:
    compose = (
        "services:\n  a:\n    build:\n      context: .\n      additional_contexts:\n"
        f"        alpine: docker-image://alpine@{DIGEST}\n"
    )
    texts = {"compose.yaml": ("compose", compose), "Dockerfile": ("dockerfile", "FROM alpine\n")}
    found = {path: read_source(name, Source(path, text)) for path, (name, text) in texts.items()}
    repository = Repository(
        found, {path: name for path, (name, _) in texts.items()}, paths=frozenset(texts), read=lambda _: ("", [])
    )
    images.link(repository)

    (base,) = (fact for fact in repository.of("Dockerfile") if isinstance(fact, Image))
    assert base.overridden is True


# The YAML layer


@pytest.mark.parametrize("tag", ["1.10", "1234567e8", "012", "1_000", "2024-01-01", "on", "1e3", "08"])
def test_case_17_tags_keep_their_text(tag: str) -> None:
    text = f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nimages: [{{name: a, newTag: {tag}}}]\n"
    (found,) = facts("kustomization", text, Image)

    assert found.tag == tag


ON_KEYS = ["on: push", '"on": push', "'on': [push]", "on: [push]", "on: {push: }"]


@pytest.mark.parametrize("key", ON_KEYS)
def test_case_18_the_key_on_is_text(key: str) -> None:
    (job,) = facts("github-workflow", f"{key}\njobs: {{a: {{steps: []}}}}\n", Job)

    assert job.triggers == ("push:branches", "push:tags")


def test_case_18_a_workflow_in_json() -> None:
    text = '{"on": ["push"], "jobs": {"a": {"steps": [{"uses": "a/b@v1"}]}}}'

    assert [found.ref for found in facts("github-workflow", text, Component)] == ["v1"]


def test_case_19_aliases_give_their_facts_once_and_a_merge_key_gives_none_on_github() -> None:
    gitlab = ".base: &base\n  image: a:1\none:\n  <<: *base\n  script: [docker pull b:2]\ntwo: *base\n"
    assert names(facts("gitlab-ci", gitlab, Image)) == [("a", "1"), ("b", "2")]

    github = "on: push\nx: &x {container: 'a:1'}\njobs:\n  one:\n    <<: *x\n    steps: []\n"
    assert facts("github-workflow", github, Image) == []
    assert [job.id for job in facts("github-workflow", github, Job)] == ["one"]


def test_case_19_an_aliased_job_is_a_second_job() -> None:
    text = "on: push\njobs:\n  one: &one\n    steps: [{uses: a/b@v1}]\n  two: *one\n"

    assert [job.id for job in facts("github-workflow", text, Job)] == ["one", "two"]


def test_case_20_a_broken_document_hides_no_other() -> None:
    text = "services: {a: {image: 'a:1}}\n---\nservices: {b: {image: 'b:2'}}\n"

    assert names(facts("compose", text, Image)) == [("b", "2")]
    assert facts("compose", text, Unreadable)


ODD_YAML = [
    "services:\n  a:\n    command: |\n      x\n      ---\n    image: b:2\n",
    "services:\r\n  a:\r\n    image: b:2\r\n",
    "\ufeffservices:\n  a:\n    image: b:2\n",
    "services: #\ta tab\n  a:\n    image: b:2 #\tanother\n",
]


@pytest.mark.parametrize("text", ODD_YAML)
def test_case_20_separators_line_ends_marks_and_tabs(text: str) -> None:
    assert names(facts("compose", text, Image)) == [("b", "2")]
    assert facts("compose", text, Unreadable) == []


WAYS_TO_WRITE = [
    f"services:\n  a:\n    image: >-\n      repo:1@{DIGEST}\n",
    f"services:\n  a:\n    'image': repo:1@{DIGEST}\n",
    f"services: {{a: {{image: 'repo:1@{DIGEST}'}}}}\n",
    f'services:\n  a:\n    image: "repo:1\\\n      @{DIGEST}"\n',
]


@pytest.mark.parametrize("text", WAYS_TO_WRITE)
def test_case_21_ways_to_write_a_value(text: str) -> None:
    (found,) = facts("compose", text, Image)

    assert (found.name, found.tag, found.digest) == ("repo", "1", DIGEST)


def test_case_22_tags_of_yaml_parse() -> None:
    gitlab = ".x:\n  script: [docker pull a:1]\nb:\n  script:\n    - !reference [.x, script]\n    - docker pull b:2\n"
    assert names(facts("gitlab-ci", gitlab, Image)) == [("a", "1"), ("b", "2")]

    compose = "services:\n  a: {image: !reset null}\n  b: {image: 'b:2', ports: !override []}\n"
    assert names(facts("compose", compose, Image)) == [("b", "2")]

    cloud = 'services:\n  a:\n    image: b:2\n    labels: {x: !Sub "${A}", y: !GetAtt a.b}\n'
    assert names(facts("compose", cloud, Image)) == [("b", "2")]


# GitHub


def test_case_23_each_value_of_a_matrix_and_none_of_an_unknown_one() -> None:
    text = (
        "on: push\njobs:\n  a:\n    strategy:\n      matrix:\n        image: ['a:1', 'b:2']\n        include:\n"
        "          - image: c:3\n    container: ${{ matrix.image }}\n    steps: []\n"
    )
    found = facts("github-workflow", text, Image)
    assert [place(text, image)[2] for image in found] == ["1", "2", "3"]

    unknown = (
        "on: push\njobs: {a: {strategy: {matrix: '${{ fromJSON(x) }}'}, container: '${{ matrix.image }}', steps: []}}\n"
    )
    assert [image.tag for image in facts("github-workflow", unknown, Image)] in ([], [UNKNOWN])


USES = [
    ("./x", ("local", True)),
    ("$/x", ("local", True)),
    ("a/b/c@ref@x", ("name", "a/b/c@ref")),
    ("a/b", ("ref_kind", "malformed")),
]


def test_case_24_forms_of_uses() -> None:
    local, here, twice, without = workflow(
        "- uses: ./x\n- uses: $/x\n- uses: a/b/c@ref@x\n- uses: a/b\n- uses: docker://a", Component
    )

    assert (local.local, here.local) == (True, True)
    assert (twice.name, twice.ref) == ("a/b/c@ref", "x")
    assert (without.ref, without.ref_kind) == ("", "none")
    assert [(image.role, image.tag) for image in workflow("- uses: docker://a", Image)] == [("action", "")]


def test_case_25_a_called_workflow() -> None:
    text = "on: push\njobs: {x: {uses: o/r/.github/workflows/w.yml@main}}\n"
    (found,) = facts("github-workflow", text, Component)

    assert (found.kind, found.owner, found.ref, found.ref_kind) == ("workflow", "o", "main", "branch")


def test_case_26_permissions_none_absent_and_replaced() -> None:
    text = (
        "on: push\npermissions: {contents: write, id-token: write}\njobs:\n  a: {steps: []}\n"
        "  b: {permissions: {}, steps: []}\n  c: {permissions: {packages: write}, steps: []}\n"
    )
    found = {job.id: job for job in facts("github-workflow", text, Job)}

    assert found["a"].permissions == ("contents: write", "id-token: write")
    assert (found["b"].permissions, found["b"].permissions_set, found["b"].id_token) == ((), True, "none")
    assert (found["c"].permissions, found["c"].id_token) == (("packages: write",), "none")
    (bare,) = facts("github-workflow", "on: push\njobs: {a: {steps: []}}\n", Job)
    assert not bare.permissions_set


def test_case_27_which_shell_runs_a_step_and_where_its_words_stand() -> None:
    text = STEPS + "      - run: |\n          true\n          docker pull ${{ matrix.x }} && docker pull b:2\n"
    (image,) = (found for found in facts("github-workflow", text, Image) if found.name == "b")
    assert place(text, image) == (8, 56, "2")

    windows = "on: push\njobs: {a: {runs-on: windows-2022, steps: [{run: 'docker pull b`:2'}]}}\n"
    assert [found.tag for found in facts("github-workflow", windows, Image)] == [
        "2"
    ]  # a backtick escapes in PowerShell
    assert facts("github-workflow", windows.replace("run:", "shell: cmd, run:"), Command) == []

    container = "on: push\njobs: {a: {container: 'a:1', steps: [{run: 'docker push b:2 | tee log'}]}}\n"
    (publish,) = facts("github-workflow", container, Publish)
    assert publish.swallowed
    own = container.replace("container: 'a:1', ", "").replace("{run:", "{shell: bash, run:")
    assert [found.swallowed for found in facts("github-workflow", own, Publish)] == [False]


def test_case_28_text_that_looks_like_a_step() -> None:
    quoted = "- run: |\n    cat > x.yml <<EOF\n    - uses: a/b@v1\n    EOF\n# - uses: c/d@v1\n- parallel:\n    - uses: e/f@v1"

    assert [found.name for found in workflow(quoted, Component)] == ["e/f"]


def test_case_29_the_lock_file_marks_what_it_covers() -> None:
    folder = ".github/workflows"
    texts = {
        f"{folder}/ci.yml": ("github-workflow", STEPS + "      - uses: a/b@v1\n      - uses: c/d@v1\n"),
        f"{folder}/actions.lock": ("github-lock", "version: v0.0.1\nworkflows:\n  ci.yml: [a/b@v1]\n"),
    }
    found = {path: read_source(name, Source(path, text)) for path, (name, text) in texts.items()}
    repository = Repository(
        found, {path: name for path, (name, _) in texts.items()}, paths=frozenset(texts), read=lambda _: ("", [])
    )
    jobs.link(repository)

    used = [fact for fact in repository.of(f"{folder}/ci.yml") if isinstance(fact, Component)]
    assert [(fact.name, fact.locked) for fact in used] == [("a/b", True), ("c/d", False)]


# GitLab


def test_case_30_images_services_and_includes_of_gitlab() -> None:
    text = f"""\
include:
  - https://git.example.com/a/b/-/raw/main/ci.yml
  - component: git.example.com/a/b/c@~latest
  - remote: https://git.example.com/a/b/-/raw/main/x.yml
    integrity: sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=
image: ${{CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}}/alpine:3
.hidden:
  services: [{{name: "x:1", alias: y}}]
job:
  run:
    - name: f
      func: registry.example.com/f:1
    - name: s
      script: docker pull b:2
# {SHA}
"""
    found = facts("gitlab-ci", text, Image)
    assert [(image.role, image.name, image.tag) for image in found] == [
        ("job", "alpine", "3"),
        ("service", "x", "1"),
        ("artifact", "registry.example.com/f", "1"),
        ("pulled", "b", "2"),
    ]
    included = facts("gitlab-ci", text, Component)
    assert [(each.kind, each.ref, each.verified) for each in included] == [
        ("remote", "main", False),
        ("component", "~latest", False),
        ("remote", "main", True),
    ]
    assert [job.id for job in facts("gitlab-ci", text, Job)] == ["job"]
