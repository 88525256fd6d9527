"""What a job does as a whole: relations, callers, owners, logins that nobody sees."""

from __future__ import annotations

import pytest

from relcheck.facts import Component, Fact, Image, Job, Publish
from relcheck.link import Repository, jobs
from relcheck.readers import read_source, recognise
from relcheck.source import Source

HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
PATH = ".github/workflows/ci.yml"


def linked(files: dict[str, str], **settings: object) -> dict[str, list[Fact]]:
    formats = {path: recognise(path, lambda: b"runs")[0] for path in files}
    facts = {path: read_source(formats[path], Source(path, text)) for path, text in files.items()}
    repository = Repository(facts, formats, paths=frozenset(files), read=lambda _: ("", []), **settings)  # type: ignore[arg-type]
    jobs.link(repository)
    return {path: repository.of(path) for path in files}


def job(steps: str, **more: str) -> Job:
    files = {PATH: HEAD + "".join(f"    {line}\n" for line in steps.split("\n")), **more}
    return next(fact for fact in linked(files)[PATH] if isinstance(fact, Job))


def test_a_job_holds_what_it_logs_in_to_builds_and_pushes() -> None:
    found = job(
        "- {uses: docker/login-action@v3, with: {registry: ghcr.io, password: '${{ secrets.T }}'}}\n"
        "- {uses: docker/build-push-action@v6, with: {push: true, tags: 'ghcr.io/a/b:1'}}\n"
        "- {uses: docker/build-push-action@v6, with: {tags: 'a/b:test'}}\n"
        "- uses: docker://alpine:3"
    )

    assert [login.host for login in found.logins] == ["ghcr.io"]
    assert [(push.written, push.host, push.guarded) for push in found.pushes] == [("ghcr.io/a/b:1", "ghcr.io", False)]
    assert [build.written for build in found.builds] == ["a/b:test"]
    assert [pull.written for pull in found.pulls] == ["alpine:3"]
    assert [publish.ecosystem for publish in found.publishes] == ["oci"]


GUARDS = [("github.event_name == 'push'", False), ("github.ref_type == 'tag'", True), ("vars.X", True)]


@pytest.mark.parametrize(("condition", "guarded"), GUARDS)
def test_a_push_that_some_event_does_not_reach_is_guarded(condition: str, guarded: bool) -> None:
    found = job(f"- {{uses: docker/build-push-action@v6, if: {condition}, with: {{push: true, tags: 'a/b:1'}}}}")

    assert [push.guarded for push in found.pushes] == [guarded]


def test_facts_know_whether_their_job_publishes_or_holds_secrets() -> None:
    text = (
        "on: push\njobs:\n"
        "  a: {steps: [{uses: x/y@v1}, {uses: pypa/gh-action-pypi-publish@release/v1}]}\n"
        "  b: {steps: [{uses: x/y@v1, with: {k: '${{ secrets.K }}'}}]}\n"
        "  c: {steps: [{uses: x/y@v1, with: {k: '${{ secrets.GITHUB_TOKEN }}'}}]}\n"
        "  d: {permissions: {id-token: write}, steps: [{uses: x/y@v1}]}\n"
    )
    found = [fact for fact in linked({PATH: text})[PATH] if isinstance(fact, Component) and fact.name == "x/y"]

    assert [(fact.job, fact.in_publish_job, fact.in_secret_job) for fact in found] == [
        ("a", True, False),
        ("b", False, True),
        ("c", False, False),
        ("d", False, True),
    ]


def test_owners_of_the_platform_and_our_own_are_first_party() -> None:
    text = HEAD + "".join(f"    - uses: {owner}/x@v1\n" for owner in ("actions", "Acme", "other"))
    found = linked({PATH: text}, own={"owners": ("acme",)})[PATH]

    assert [fact.first_party for fact in found if isinstance(fact, Component)] == [True, True, False]


UNSEEN = [
    ("- uses: acme/login-to-registry@v1", {}, True),
    ("- uses: docker/login-action@v3", {}, False),
    ("- uses: acme/build@v1", {}, False),
    ("- uses: ./tools/x", {}, True),
    ("- uses: ./x", {"x/action.yml": "runs: {using: composite, steps: [{uses: docker/login-action@v3}]}"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("step", "files", "unseen"), UNSEEN)
def test_what_may_log_in_unseen_is_told(step: str, files: dict[str, str], unseen: bool) -> None:
    assert job(step, **files).foreign_login is unseen


def test_events_flow_from_a_caller_into_the_workflow_it_calls() -> None:
    called = "on: workflow_call\njobs: {p: {steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]}}\n"
    caller = (
        "on: {pull_request: , push: {tags: [v*]}}\npermissions: {id-token: write}\n"
        "jobs: {c: {if: github.event_name == 'push', uses: ./.github/workflows/p.yml}}\n"
    )
    found = linked({PATH: caller, ".github/workflows/p.yml": called})[".github/workflows/p.yml"]
    (made,) = [fact for fact in found if isinstance(fact, Job)]
    (publish,) = [fact for fact in found if isinstance(fact, Publish)]

    assert made.events == ("workflow_call", "push:tags")
    assert made.id_token == "write"
    assert (publish.events, publish.id_token) == (("workflow_call", "push:tags"), "write")


def test_the_digest_of_what_this_workflow_pushed_is_known() -> None:
    text = HEAD + (
        "    - {uses: docker/build-push-action@v6, with: {push: true, tags: 'a/b:1'}}\n"
        "    - {uses: azure/webapps-deploy@v3, with: {images: 'a/b:1'}}\n"
        "    - {uses: azure/webapps-deploy@v3, with: {images: 'a/c:1'}}\n"
    )
    found = [fact for fact in linked({PATH: text})[PATH] if isinstance(fact, Image) and fact.role == "deployed"]

    assert [fact.digest_known for fact in found] == [True, False]


def test_a_publish_takes_the_registry_that_a_setup_action_configures() -> None:
    text = HEAD + (
        "    - {uses: actions/setup-node@v4, with: {registry-url: 'https://npm.example.com'}}\n"
        "    - {uses: JS-DevTools/npm-publish@v4}\n"
    )
    (publish,) = [fact for fact in linked({PATH: text})[PATH] if isinstance(fact, Publish)]

    assert publish.host == "npm.example.com"


def test_an_optional_mirror_beside_a_strict_publish_is_known_as_one() -> None:
    text = HEAD + (
        "    - {uses: rubygems/release-gem@v1}\n    - {uses: rubygems/release-gem@v1, continue-on-error: true}\n"
    )
    found = [fact for fact in linked({PATH: text})[PATH] if isinstance(fact, Publish)]

    assert [(fact.swallowed, fact.strict_sibling) for fact in found] == [(False, True), (True, True)]


LOCKS = [
    ("workflows: {ci.yml: [acme/x@v1]}\n", True),
    ("workflows:\n  .github/workflows/ci.yml:\n    acme/x@v1: {}\n", True),
    ("workflows: {ci.yml: [acme/y@v1]}\n", False),
    ("workflows: {other.yml: [acme/x@v1]}\ndependencies: {acme/x@v1: {commit: sha1-0}}\n", False),
    ("workflows: {ci.yml: [acme/y@v1]}\ndependencies: {acme/x@v1: {commit: sha1-0}}\n", True),
    ("workflows: {ci.yml: [acme/x@v2]}\n", False),
    ("[", False),
]


@pytest.mark.parametrize(("lock", "locked"), LOCKS)
def test_the_lock_file_of_the_platform_covers_the_workflows_it_names(lock: str, locked: bool) -> None:
    found = linked({PATH: HEAD + "    - uses: acme/x@v1\n", ".github/workflows/actions.lock": lock})[PATH]

    assert [fact.locked for fact in found if isinstance(fact, Component)] == [locked]
