"""GitHub workflows and actions: jobs and what reaches them, images, components, known actions, what stays silent."""

from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import (
    UNKNOWN,
    Component,
    Credential,
    Dependency,
    Fact,
    Image,
    Job,
    Login,
    Publish,
    Registry,
    Truth,
    Unreadable,
)
from relcheck.forms import decode_form
from relcheck.readers import github_action, github_workflow
from relcheck.source import Source

KindT = TypeVar("KindT", bound=Fact)
SHA = "0123456789abcdef0123456789abcdef01234567"


def facts(text: str, kind: type[KindT]) -> list[KindT]:
    return [fact for fact in github_workflow.read(Source("ci.yml", text)) if isinstance(fact, kind)]


def steps(text: str, kind: type[KindT], head: str = "on: push") -> list[KindT]:
    indented = "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))
    return facts(f"{head}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{indented}", kind)


def shown(text: str, fact: Fact) -> tuple[str, int, int]:
    place = Source("ci.yml", text).position(fact.span.start)
    return text[fact.span.start : fact.span.end], place.line, place.column


def the_job(text: str, name: str = "a") -> Job:
    return next(job for job in facts(text, Job) if job.id == name)


TRIGGERS = [
    ("on: push", ("push:branches", "push:tags")),
    ("'on': [push, pull_request]", ("push:branches", "push:tags", "pull_request")),
    ("on: {push: {tags: [v*]}}", ("push:tags",)),
    ("on: {push: {branches: [main]}}", ("push:branches",)),
    ("on: {push: {branches: [main], tags-ignore: ['**']}}", ("push:branches",)),
    ("on: {push: {paths: [src/**]}}", ("push:branches", "push:tags")),
    ("on:\n  release:\n", ("release",)),
    ("on: {release: {types: published}}", ("release", "release:published")),
    ("on: {workflow_dispatch: }", ("workflow_dispatch",)),
]


@pytest.mark.parametrize(("on", "names"), TRIGGERS)
def test_triggers_are_named_with_what_narrows_them(on: str, names: tuple[str, ...]) -> None:
    assert the_job(f"{on}\njobs: {{a: {{runs-on: x}}}}\n").triggers == names


def test_yes_is_no_key_for_triggers() -> None:
    assert the_job("yes: push\njobs: {a: {runs-on: x}}\n").triggers == ()


REACHED = [
    ("if: github.event_name == 'push'", ("push:tags",), False),
    ("if: startsWith(github.ref, 'refs/tags/v')", (), True),
    ("needs: b", ("push:tags",), False),
    ("needs: [b]\n    if: always()", ("push:tags", "pull_request"), False),
    ("needs: b\n    if: success() && github.event_name == 'pull_request'", (), False),
    ("needs: c", (), True),
]


@pytest.mark.parametrize(("lines", "events", "guarded"), REACHED)
def test_events_reach_a_job_through_its_condition_and_its_needs(
    lines: str, events: tuple[str, ...], guarded: bool
) -> None:
    text = (
        "on: {push: {tags: [v*]}, pull_request: }\njobs:\n"
        f"  a:\n    runs-on: x\n    {lines}\n"
        "  b: {runs-on: x, if: github.event_name != 'pull_request'}\n"
        "  c: {runs-on: x, if: needs.z.outputs.q}\n"
    )
    job = the_job(text)

    assert (job.events, job.guarded) == (events, guarded)


def test_jobs_that_need_each_other_are_unknown() -> None:
    text = "on: push\njobs: {a: {needs: b, runs-on: x}, b: {needs: a, runs-on: x}}\n"

    assert (the_job(text).events, the_job(text).guarded) == ((), True)


PERMISSIONS = [
    ("", "", False, (), "none", False),
    ("permissions: {}", "", True, (), "none", False),
    ("permissions: {id-token: write}", "", True, ("id-token: write",), "write", False),
    ("permissions: {id-token: write}", "permissions: {contents: read}", True, ("contents: read",), "none", False),
    ("permissions: write-all", "", True, ("write-all",), "write", True),
    ("permissions: read-all", "", True, ("read-all",), "none", False),
]


@pytest.mark.parametrize(("top", "own", "written", "lines", "token", "everything"), PERMISSIONS)
def test_a_jobs_own_permissions_replace_those_of_the_workflow(
    top: str, own: str, written: bool, lines: tuple[str, ...], token: str, everything: bool
) -> None:
    job = the_job(f"on: push\n{top}\njobs:\n  a:\n    runs-on: x\n    {own}\n")

    assert (job.permissions_set, job.permissions, job.id_token, job.write_all) == (written, lines, token, everything)


def test_what_a_called_workflow_may_do_is_its_callers_choice() -> None:
    job = the_job("on: workflow_call\njobs: {a: {runs-on: x}}\n")

    assert (job.reusable, job.id_token) == (True, "unknown")


CANCELS: list[tuple[str, str, Truth]] = [
    ("on: {push: {tags: [v*]}}", "{group: release, cancel-in-progress: true}", True),
    ("on: {push: {tags: [v*]}}", "{group: 'release-${{ github.ref }}', cancel-in-progress: true}", False),
    ("on: push", "{group: 'release-${{ github.ref }}', cancel-in-progress: true}", True),
    ("on: push", "{group: '${{ github.run_id }}', cancel-in-progress: true}", False),
    ("on: push", "{group: a, cancel-in-progress: false}", False),
    ("on: push", "{group: a, cancel-in-progress: \"${{ github.event_name == 'pull_request' }}\"}", False),
    ("on: push", "{group: a, cancel-in-progress: '${{ vars.CANCEL }}'}", UNKNOWN),
    ("on: push", "a", False),
]


@pytest.mark.parametrize(("on", "concurrency", "cancels"), CANCELS)
def test_a_group_of_its_own_keeps_a_run_alive(on: str, concurrency: str, cancels: Truth) -> None:
    assert the_job(f"{on}\nconcurrency: {concurrency}\njobs: {{a: {{runs-on: x}}}}\n").cancels is cancels


RUNNERS: list[tuple[str, str, Truth]] = [
    ("ubuntu-latest", "ubuntu-latest", False),
    ("[self-hosted, linux]", "self-hosted, linux", True),
    ("{group: big, labels: [self-hosted]}", "self-hosted", True),
    ("'${{ inputs.runner }}'", "${{ inputs.runner }}", UNKNOWN),
    ("'${{ matrix.os }}'", "ubuntu-latest, windows-2022", False),
]


@pytest.mark.parametrize(("written", "runner", "own"), RUNNERS)
def test_runners_are_labels(written: str, runner: str, own: Truth) -> None:
    matrix = "{matrix: {os: [ubuntu-latest, windows-2022]}}"
    text = f"on: push\njobs: {{a: {{runs-on: {written}, strategy: {matrix}}}}}\n"
    job = the_job(text)

    assert (job.runner, job.self_hosted) == (runner, own)


def test_secrets_know_how_wide_they_reach() -> None:
    text = (
        "on: push\nenv: {A: '${{ secrets.WIDE }}'}\njobs:\n  a:\n    env: {TWINE_PASSWORD: '${{ secrets.PASS }}'}\n"
        "    steps:\n    - {run: x, env: {B: '${{ secrets.NPM_TOKEN }}'}}\n"
        "    - {uses: o/r@v1, with: {t: '${{ github.token }}'}}\n"
    )
    found = {(use.name, use.level, use.step, use.publishes) for use in the_job(text).secrets}

    assert found == {
        ("WIDE", "workflow", -1, False),
        ("PASS", "job", -1, True),
        ("NPM_TOKEN", "step", 0, True),
        ("GITHUB_TOKEN", "step", 1, False),
    }


CONTAINERS = [
    ("container: node:18", [("node:18", "job")]),
    ("container: {image: 'node:18'}", [("node:18", "job")]),
    ('"container": "node:18"', [("node:18", "job")]),
    ("container:\n      image: >-\n        node:18\n", [("node:18", "job")]),
    ("container: ''", []),
    ("container: '${{ fromJSON(inputs.c) }}'", [("${{ fromJSON(inputs.c) }}", "job")]),
    ("services: '${{ fromJSON(inputs.s) }}'", []),
    ("services: {db: postgres, r: {image: 'redis:7'}}", [("postgres", "service"), ("redis:7", "service")]),
    ("container: 'x:latest@sha256:%s'" % ("a1" * 32), [("x:latest@sha256:" + "a1" * 32, "job")]),
    ("container: \"${{ matrix.c || 'alpine:3' }}\"", [("alpine:3", "job")]),
    ("container: \"${{ github.ref == 'x' && 'a:1' || 'b:2' }}\"", [("a:1", "job"), ("b:2", "job")]),
    ("runs-on: ubuntu-latest", []),
    ("<<: {container: 'a:1'}", []),
]


@pytest.mark.parametrize(("lines", "images"), CONTAINERS)
def test_containers_and_services_are_images(lines: str, images: list[tuple[str, str]]) -> None:
    found = facts(f"on: push\njobs:\n  a:\n    {lines}\n", Image)

    assert [(image.written.strip(), image.role) for image in found] == images


def test_a_matrix_gives_one_image_for_each_value_where_it_is_written() -> None:
    text = (
        "on: push\njobs:\n  a:\n    container: ${{ matrix.image }}\n    strategy:\n      matrix:\n"
        "        image: ['node:latest', alpine]\n        os: [x, y]\n        include:\n"
        "        - image: debian:13\n        exclude:\n        - {image: alpine}\n"
    )
    found = facts(text, Image)

    assert [image.written for image in found] == ["node:latest", "debian:13"]
    assert [shown(text, image) for image in found] == [("latest", 7, 23), ("13", 10, 25)]
    assert [text[image.related[0].span.start : image.related[0].span.end] for image in found] == [
        "${{ matrix.image }}"
    ] * 2


def test_a_part_that_comes_from_the_matrix_is_reported_at_its_value() -> None:
    text = (
        "on: push\njobs:\n  a:\n    container: node:${{ matrix.v.tag }}\n    strategy: {matrix: {v: [{tag: latest}]}}\n"
    )
    (image,) = facts(text, Image)

    assert (image.tag, image.state, shown(text, image)) == ("latest", "defaulted", ("latest", 5, 35))


UNKNOWN_IMAGES = [
    (
        "container: '${{ matrix.image }}'\n    strategy: {matrix: '${{ fromJSON(needs.x.outputs.m) }}'}",
        UNKNOWN,
        UNKNOWN,
    ),
    ("container: 'node:${{ inputs.tag }}'", "node", UNKNOWN),
    ("container: '${{ vars.REG }}/node:latest'", UNKNOWN, "latest"),
]


@pytest.mark.parametrize(("lines", "name", "tag"), UNKNOWN_IMAGES)
def test_expressions_are_never_guessed(lines: str, name: object, tag: object) -> None:
    (image,) = facts(f"on: push\njobs:\n  a:\n    {lines}\n", Image)

    assert (image.name, image.tag) == (name, tag)


USES = [
    ("actions/checkout@v4", "actions/checkout", "v4", "semver-partial", False),
    (f"acme/x@{SHA} # v3.1.2", "acme/x", SHA, "sha", False),
    ("a/b/c@ref@x", "a/b/c@ref", "x", "tag", False),
    ("a/b", "a/b", "", "none", False),
    ("./x", "./x", "", "none", True),
    ("$/x", "$/x", "", "none", True),
    ("https://code.example.com/a/b@main", "a/b", "main", "branch", False),
]


@pytest.mark.parametrize(("written", "name", "ref", "kind", "local"), USES)
def test_a_use_is_a_component(written: str, name: str, ref: str, kind: str, local: bool) -> None:
    (found,) = steps(f"- uses: {written}", Component)

    assert (found.name, found.ref, found.ref_kind, found.local) == (name, ref, kind, local)
    assert found.version_comment == ("v3.1.2" if "#" in written else "")


def test_flow_style_quoted_keys_and_json_work() -> None:
    flow = '{"on": "push", "jobs": {"a": {"steps": [{"uses": "a/b@main"}]}}}'

    assert [(found.name, found.ref_kind) for found in facts(flow, Component)] == [("a/b", "branch")]


def test_parallel_steps_are_steps_and_numbered_in_order() -> None:
    found = steps("- uses: a/b@v1\n- parallel:\n  - uses: a/c@v1\n  - uses: a/d@v1\n- uses: a/e@v1", Component)

    assert [(use.name, use.step) for use in found] == [("a/b", 0), ("a/c", 1), ("a/d", 2), ("a/e", 3)]


SILENT = [
    "- run: |\n    cat <<EOF > x.yml\n    uses: a/b@main\n    EOF",
    "# - uses: a/b@main\n- name: x",
    "- name: x\n  with: {uses: a/b@main, image: 'x:latest'}",
    "- uses: ${{ matrix.action }}",
]


@pytest.mark.parametrize("text", SILENT)
def test_what_only_looks_like_a_use_is_none(text: str) -> None:
    assert [found for found in steps(text, Component) if found.name is not UNKNOWN] == []


def test_a_container_action_is_an_image() -> None:
    (image,) = steps("- uses: docker://alpine", Image)

    assert (image.role, image.tag_kind, image.name) == ("action", "none", "alpine")


def test_a_called_workflow_knows_what_it_is_handed() -> None:
    text = "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/w.yml@main\n    secrets: inherit\n"
    (found,) = facts(text, Component)

    assert (found.kind, found.name, found.ref, found.inherits_secrets) == (
        "workflow",
        "o/r/.github/workflows/w.yml",
        "main",
        True,
    )
    assert [use.name for use in the_job(text).secrets] == ["*"]


def test_each_line_of_a_list_of_tags_has_its_own_place() -> None:
    text = (
        "on: push\nenv: {REG: ghcr.io}\njobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with:\n"
        "        push: true\n        tags: |\n          acme/api:latest\n          ${{ env.REG }}/acme/api:1.2.3, api\n"
    )
    found = facts(text, Image)

    assert [(image.role, image.host, image.repository, image.tag) for image in found] == [
        ("pushed", "docker.io", "acme/api", "latest"),
        ("pushed", "ghcr.io", "acme/api", "1.2.3"),
        ("pushed", "docker.io", "library/api", ""),
    ]
    assert [shown(text, image)[1:] for image in found] == [(10, 20), (11, 35), (11, 42)]


PUSHES = [
    ("push: true", "pushed", ("push:branches", "push:tags", "pull_request"), False),
    ("push: ${{ github.event_name != 'pull_request' }}", "pushed", ("push:branches", "push:tags"), False),
    ("push: ${{ startsWith(github.ref, 'refs/tags/') }}", "pushed", ("push:tags",), False),
    ("push: ${{ inputs.push }}", "output", None, None),
    ("push: ${{ vars.PUSH }}", "output", (), True),
    ("push: false", "output", None, None),
    ("load: true", "output", None, None),
    ("outputs: type=registry", "pushed", ("push:branches", "push:tags", "pull_request"), False),
]


@pytest.mark.parametrize(("line", "role", "events", "guarded"), PUSHES)
def test_a_deciding_input_is_judged_like_a_condition(
    line: str, role: str, events: tuple[str, ...] | None, guarded: Truth | None
) -> None:
    text = f"- uses: docker/build-push-action@v6\n  with:\n    tags: a/b:1\n    {line}"
    (image,) = steps(text, Image, "on: [push, pull_request]")
    published = steps(text, Publish, "on: [push, pull_request]")

    assert image.role == role
    assert [(fact.events, fact.guarded) for fact in published] == ([] if events is None else [(events, guarded)])


def test_the_images_of_metadata_action_are_what_is_pushed_under_an_unknown_tag() -> None:
    text = (
        "- id: meta\n  uses: docker/metadata-action@v5\n  with: {images: ghcr.io/acme/api}\n"
        "- uses: docker/build-push-action@v6\n"
        "  with: {push: true, tags: '${{ steps.meta.outputs.tags }}'}"
    )
    (image,) = steps(text, Image)

    assert (image.host, image.repository, image.tag) == ("ghcr.io", "acme/api", UNKNOWN)


def test_a_push_by_digest_has_no_tag_to_judge() -> None:
    text = (
        "- uses: docker/build-push-action@v6\n  with:\n"
        '    outputs: type=image,"name=ghcr.io/a/b",push-by-digest=true,name-canonical=true,push=true'
    )
    (image,) = [image for image in steps(text, Image) if image.role == "pushed"]

    assert (image.host, image.tag_kind) == ("ghcr.io", UNKNOWN)


LOGINS = [
    ("docker/login-action@v3", "{username: u, password: '${{ secrets.P }}'}", "docker.io", "input-reference"),
    ("docker/login-action@v3", "{registry: ghcr.io, password: '${{ secrets.P }}'}", "ghcr.io", "input-reference"),
    ("docker/login-action@v3", "{registry: 'https://index.docker.io/v1/', password: x9}", "docker.io", "input-literal"),
    ("Docker/Login-Action@v3", "{Registry: '${{ vars.R }}', password: ''}", UNKNOWN, "none"),
    ("azure/docker-login@v2", "{login-server: x.azurecr.io, password: '${{ a }}'}", "x.azurecr.io", "input-reference"),
]  # fmt: skip


@pytest.mark.parametrize(("uses", "given", "host", "form"), LOGINS)
def test_a_login_names_its_registry(uses: str, given: str, host: object, form: str) -> None:
    (login,) = steps(f"- uses: {uses}\n  with: {given}", Login)

    assert (login.host, login.secret_form, login.cloud) == (host, form, False)


def test_a_password_in_the_file_is_kept_redacted() -> None:
    (found,) = steps("- uses: docker/login-action@v3\n  with: {password: hunter2-hunter2}", Credential)

    assert (found.form, found.redacted, found.length) == ("literal", "hunt…", 15)
    assert "hunter2-hunter2" not in repr(found)


def test_a_cloud_login_is_known_as_one() -> None:
    assert [login.cloud for login in steps("- uses: aws-actions/amazon-ecr-login@v2", Login)] == [True]


PUBLISHES = [
    ("pypa/gh-action-pypi-publish@release/v1", "{}", "id-token: write", ("pypi", "oidc", False)),
    ("pypa/gh-action-pypi-publish@v1", "{password: '${{ secrets.P }}'}", "id-token: write", ("pypi", "static", False)),
    ("pypa/gh-action-pypi-publish@release/v1", "{skip-existing: true}", "contents: read", ("pypi", "oidc", True)),
    ("softprops/action-gh-release@v2", "{tag_name: v1}", "contents: write", ("github-release", "unknown", False)),
]  # fmt: skip


@pytest.mark.parametrize(("uses", "given", "permission", "expected"), PUBLISHES)
def test_actions_that_publish_are_known(
    uses: str, given: str, permission: str, expected: tuple[str, str, bool]
) -> None:
    (fact,) = steps(f"- uses: {uses}\n  with: {given}", Publish, f"on: push\npermissions: {{{permission}}}")

    assert (fact.ecosystem, fact.token, fact.skip_existing) == expected
    assert fact.id_token == ("write" if "id-token" in permission else "none")


NOT_PUBLISHED = [
    "- uses: goreleaser/goreleaser-action@v6\n  with: {args: release --snapshot}",
    "- uses: goreleaser/goreleaser-action@v6\n  with: {args: check}",
    "- uses: PyO3/maturin-action@v1\n  with: {command: build}",
    "- uses: changesets/action@v1",
    "- uses: release-plz/action@v0.5\n  with: {command: release-pr}",
]


@pytest.mark.parametrize("text", NOT_PUBLISHED)
def test_what_an_action_is_told_decides_whether_it_publishes(text: str) -> None:
    assert steps(text, Publish) == []


def test_a_tolerated_step_swallows_its_failure() -> None:
    text = "- uses: pypa/gh-action-pypi-publish@v1\n  continue-on-error: true"

    assert [fact.swallowed for fact in steps(text, Publish)] == [True]


SETUPS = [
    ("actions/setup-node@v4", "{node-version: lts/*}", ("node", "lts/*", "tag")),
    ("actions/setup-node@v4", "{node-version: 20}", ("node", "20", "range")),
    ("actions/setup-node@v4", "{node-version: 22.14.0}", ("node", "22.14.0", "exact")),
    ("astral-sh/setup-uv@v5", "{version: latest}", ("uv", "latest", "tag")),
    ("actions/setup-go@v5", "{go-version: '${{ env.GO }}'}", ("go", UNKNOWN, UNKNOWN)),
]


@pytest.mark.parametrize(("uses", "given", "expected"), SETUPS)
def test_setup_actions_install_tools(uses: str, given: str, expected: tuple[object, ...]) -> None:
    (found,) = steps(f"- uses: {uses}\n  with: {given}", Dependency)

    assert (found.name, found.constraint, found.firmness) == expected
    assert (found.ecosystem, found.where) == ("github-tool", "setup")


def test_a_registry_that_a_setup_action_configures_is_known() -> None:
    (found,) = steps("- uses: actions/setup-node@v4\n  with: {registry-url: 'https://npm.example.com'}", Registry)

    assert (found.ecosystem, found.purpose, found.host) == ("npm", "publish", "npm.example.com")


def test_all_secrets_at_once_are_seen_wherever_they_stand() -> None:
    text = "- uses: a/b@v1\n  with:\n    all: ${{ toJSON(secrets) }}\n    fine: ${{ toJSON(github) }}"

    assert [found.kind for found in steps(text, Credential)] == ["secrets-dump"]


def test_a_document_that_is_no_yaml_is_told() -> None:
    assert [type(fact) for fact in github_workflow.read(Source("x.yml", "on: [push\n"))] == [Unreadable]


ODD = [
    "",
    "[]",
    "a",
    "jobs: x",
    "jobs: {a: b}",
    "on: 1\njobs: {a: {steps: x, needs: {b: c}, container: [1]}}",
    "&a [*a]",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_shapes_give_nothing(text: str) -> None:
    assert facts(text, Component) == []


WORDS = st.sampled_from(
    ["on", "push", "jobs", "a", "steps", "uses", "x/y@v1", "docker://a:1", "with", "tags", "${{ matrix.x }}", "if", "-",
     ":", " ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", "'", "container", "strategy", "matrix", "env", "&q ", "*q"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40))
def test_any_text_is_read_without_a_fault(words: list[str]) -> None:
    for module in (github_workflow, github_action):
        list(module.read(Source("x.yml", "".join(words))))


def test_every_part_of_a_fact_stands_where_it_says() -> None:
    text = (
        'on: push\nenv: {REG: ghcr.io}\njobs:\n  a:\n    container: "node:18"\n    steps:\n'
        "    - uses: 'a/b@v1'\n    - uses: docker/build-push-action@v6\n      with:\n        push: true\n"
        "        tags: >-\n          acme/api:1,\n          x/y:2\n"
    )
    checked = 0
    for fact in github_workflow.read(Source("ci.yml", text)):
        for name, span in fact.parts.items():
            value = getattr(fact, name, None)
            if isinstance(value, str) and "variable" not in span.form:
                assert decode_form(text[span.start : span.end], span.form) == value
                checked += 1
    assert checked > 15


def test_a_composite_action_has_steps() -> None:
    text = (
        "name: x\ninputs: {image: {default: 'alpine:latest'}}\nruns:\n  using: composite\n  steps:\n"
        "  - uses: a/b@main\n  - uses: docker://${{ inputs.image }}\n"
    )
    found = list(github_action.read(Source("action.yml", text)))

    assert [(fact.name, fact.ref) for fact in found if isinstance(fact, Component)] == [("a/b", "main")]
    assert [(fact.written, fact.floating_default) for fact in found if isinstance(fact, Image)] == [
        ("alpine:latest", True)
    ]


DOCKER_ACTIONS = [("docker://alpine:3", ["alpine:3"]), ("Dockerfile", []), ("./images/Dockerfile", [])]


@pytest.mark.parametrize(("image", "written"), DOCKER_ACTIONS)
def test_a_docker_action_names_an_image_or_a_file(image: str, written: list[str]) -> None:
    text = f"runs: {{using: docker, image: '{image}'}}\n"
    found = [fact for fact in github_action.read(Source("action.yml", text)) if isinstance(fact, Image)]

    assert [fact.written for fact in found] == written
