"""Azure Pipelines: acceptance case 32 of the format specification, and the traps around it."""

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Credential,
    Dependency,
    Fact,
    Image,
    Publish,
    Unreadable,
)
from tests.readers import pipelines


def facts(text: str, path: str = "azure-pipelines.yml") -> list[Fact]:
    return pipelines.facts("azure-pipelines", path, text)


def images(text: str) -> list[tuple[object, object, str, str]]:
    return pipelines.images(facts(text))


def test_containers_by_alias_and_by_image() -> None:
    text = """
trigger: [main]
resources:
  containers:
    - {container: linux, image: "ubuntu:24.04"}
    - {container: own, type: ACR, registry: acme, repository: base/py}
jobs:
  - {job: a, container: linux, steps: []}
  - {job: b, container: "node:latest", steps: []}
  - {job: c, container: {image: ruby}, services: {db: "postgres:17", own: own, mq: {image: rabbit}}, steps: []}
  - {job: d, container: "${{ parameters.c }}", steps: []}
  - {job: e, container: node, steps: [{script: make, target: linux}]}
"""
    assert images(text) == [
        ("ubuntu", "24.04", "job", ""),
        (UNKNOWN, UNKNOWN, "job", ""),
        ("node", "latest", "job", "b"),
        ("ruby", "", "job", "c"),
        ("postgres", "17", "service", "c"),
        ("rabbit", "", "service", "c"),
        (UNKNOWN, UNKNOWN, "job", "d"),
        ("node", "", "job", "e"),
    ]


def test_a_bare_word_in_a_template_may_be_an_alias() -> None:
    text = """
parameters: [{name: c, default: linux}]
jobs:
  - {job: a, container: linux, steps: []}
  - {job: b, container: "${{ parameters.c }}"}
"""

    assert images(text) == []


def test_conditions_stand_where_keys_and_items_stand() -> None:
    text = """
trigger: [main]
variables:
  ${{ if eq(variables['Build.SourceBranchName'], 'main') }}: {tag: latest}
  ${{ else }}: {tag: dev}
jobs:
  - ${{ if eq(parameters.x, true) }}:
      - job: a
        container: acme/x:$(tag)
        steps:
          - ${{ each s in parameters.steps }}:
              - bash: docker push registry.example.com/acme/x:1.0.0
          - ${{ parameters.more }}
"""
    found = facts(text)

    assert [tag for _, tag, _, _ in pipelines.images(found)] == ["latest", "dev", "1.0.0"]
    assert [fact.guarded for fact in found if isinstance(fact, Publish)] == [True]


def test_repositories_and_the_templates_that_come_from_them() -> None:
    text = """
resources:
  repositories:
    - {repository: shared, type: git, name: acme/pipelines, ref: main}
    - {repository: pinned, type: github, name: acme/more, ref: refs/tags/v1.0.0}
    - {repository: none, type: github, name: acme/none}
    - {repository: code, type: git, name: acme/code, ref: $(branch)}
extends: {template: base.yml@shared}
stages:
  - template: /stages/a.yml
  - stage: s
    jobs:
      - template: jobs/b.yml@pinned
      - job: j
        steps: [{template: steps/c.yml@none}, {template: d.yml@self}, {checkout: code}]
"""
    found = pipelines.components(facts(text))

    assert found == [
        ("repository", "acme/pipelines", "branch"),
        ("repository", "acme/more", "semver-full"),
        ("repository", "acme/none", "none"),
        ("checkout", "acme/code", UNKNOWN),
        ("template", "base.yml", UNKNOWN),
        ("template", "/stages/a.yml", "none"),
        ("template", "jobs/b.yml", UNKNOWN),
        ("template", "steps/c.yml", UNKNOWN),
        ("template", "d.yml", "none"),
    ]
    local = [fact.name for fact in facts(text) if isinstance(fact, Component) and fact.local]
    assert local == ["/stages/a.yml", "d.yml"]


def test_tasks_are_components_and_their_scripts_commands() -> None:
    text = """
steps:
  - task: Bash@3
    inputs: {targetType: inline, script: "docker pull busybox"}
  - task: Bash@3
    inputs: {targetType: filePath, filePath: a.sh}
  - {task: AzureCLI@2, inputs: {scriptType: bash, inlineScript: "docker pull alpine"}}
  - {task: AzureCLI@2, inputs: {scriptType: ps, inlineScript: "docker pull debian"}}
  - {task: AzureCLI@2, inputs: {scriptType: batch, inlineScript: "docker pull fedora"}}
  - {task: acme.tools.Deploy@1, enabled: false}
  - {task: "${{ parameters.t }}"}
  - {task: acme.tools.Deploy@1}
"""
    found = facts(text)

    assert [(fact.name, fact.ref) for fact in found if isinstance(fact, Component)] == [
        ("Bash", "3"), ("Bash", "3"), *[("AzureCLI", "2")] * 3, ("acme.tools.Deploy", "1"),
    ]  # fmt: skip
    assert [(name, role) for name, _, role, _ in pipelines.images(found)] == [
        ("busybox", "pulled"),
        ("alpine", "pulled"),
        ("debian", "pulled"),
    ]


def test_what_known_tasks_push_deploy_and_install() -> None:
    text = """
variables: [{name: repo, value: acme/api}, {group: secrets}]
steps:
  - task: Docker@2
    inputs: {containerRegistry: hub, repository: $(repo), command: buildAndPush, tags: "latest\\n$(Build.BuildId)"}
  - {task: Docker@2, inputs: {containerRegistry: hub, command: login}}
  - {task: Docker@2, inputs: {repository: acme/x, command: build}}
  - {task: AzureWebAppContainer@1, inputs: {containers: "registry.example.com/acme/api:2"}}
  - {task: HelmDeploy@1, inputs: {command: upgrade, chartName: acme/chart}}
  - {task: NodeTool@0, inputs: {versionSpec: 20.x}}
  - {task: NuGetCommand@2, inputs: {command: push}}
  - {task: Npm@1, inputs: {command: ci}}
"""
    found = facts(text)

    assert [(fact.tag, fact.role) for fact in found if isinstance(fact, Image)] == [
        ("latest", "pushed"), (UNKNOWN, "pushed"), ("2", "deployed"),
    ]  # fmt: skip
    assert [(fact.ecosystem, fact.target) for fact in found if isinstance(fact, Publish)] == [
        ("oci", "acme/api"), ("nuget", ""),
    ]  # fmt: skip
    tools = [(fact.ecosystem, fact.name, fact.constraint) for fact in found if isinstance(fact, Dependency)]
    assert tools == [("helm", "acme/chart", ""), ("ci-tool", "node", "20.x")]
    assert [use.name for use in pipelines.jobs(found)["job"].secrets] == ["secrets"]


def test_steps_of_deployments_stages_and_scripts_of_windows() -> None:
    text = """
stages:
  - stage: s
    pool: {vmImage: windows-latest}
    jobs:
      - deployment: d
        environment: {name: production}
        strategy:
          runOnce:
            deploy: {steps: [{bash: docker pull a}]}
            on: {failure: {steps: [{bash: docker pull b}]}}
      - {job: w, steps: [{script: docker pull c}, {pwsh: docker pull d}]}
      - {job: l, pool: own, steps: [{script: docker pull e}]}
"""
    found = facts(text)

    assert [(name, job) for name, _, _, job in pipelines.images(found)] == [
        ("a", "d"),
        ("b", "d"),
        ("d", "w"),
        ("e", "l"),
    ]
    made = pipelines.jobs(found)
    assert (made["d"].environment, made["w"].self_hosted, made["l"].self_hosted) == ("production", False, True)


REACH = [
    ("", "", ("branch",), False),
    ("trigger: none\npr: [main]", "", ("pull_request",), False),
    ("trigger: {tags: {include: ['v*']}}", "", ("tag",), False),
    ("trigger: {branches: {include: [main]}, tags: {include: ['v*']}}", "", ("branch", "tag"), False),
    ("trigger: {tags: {include: ['*']}, branches: {exclude: ['*']}}", "", ("tag",), False),
    ("pr: none\nschedules: [{cron: x}]", "", ("branch", "schedule"), False),
    ("pr: ['*']", "ne(variables['Build.Reason'], 'PullRequest')", ("branch",), False),
    ("pr: ['*']", "and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))", (), True),
    (
        "trigger: {branches: {include: [main]}, tags: {include: ['*']}}",
        "startsWith(variables['Build.SourceBranch'], 'refs/tags/')",
        ("tag",),
        False,
    ),
]


@pytest.mark.parametrize(("top", "condition", "events", "guarded"), REACH)
def test_what_reaches_a_job(top: str, condition: str, events: tuple[str, ...], guarded: bool) -> None:
    text = f'pool: {{vmImage: ubuntu-24.04}}\n{top}\njobs: [{{job: a, condition: "{condition}", steps: []}}]\n'
    job = pipelines.jobs(facts(text))["a"]

    assert (job.events, job.guarded) == (events, guarded)


def test_a_template_does_not_know_what_starts_it() -> None:
    job = pipelines.jobs(facts("jobs: [{job: a, steps: [{bash: npm publish}]}]"))["a"]

    assert (job.events, job.guarded) == ((), True)


def test_secrets_in_variables_and_steps() -> None:
    text = """
variables: {NPM_TOKEN: Sommer2024x}
steps:
  - script: twine upload dist/*
    env: {TWINE_PASSWORD: $(pypi)}
"""
    found = facts(text)

    secrets = [(fact.key, fact.form) for fact in found if isinstance(fact, Credential)]
    assert secrets == [("NPM_TOKEN", "literal"), ("TWINE_PASSWORD", "reference")]
    assert [fact.program for fact in found if isinstance(fact, Command)] == ["twine"]


HOSTILE = [
    "[",
    "steps: x",
    "jobs: [x, [y]]",
    "stages: {a: b}",
    "resources: []",
    "jobs: [{job: [a]}]",
    "steps: [{task: [a]}]",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_pipeline_gives_nothing(text: str) -> None:
    assert [fact for fact in facts(text) if not isinstance(fact, (Unreadable, pipelines.Job))] == []
