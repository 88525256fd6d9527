"""What the steps of a job are to each other: tests before a publish, tokens in reach, code of strangers."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Component, Fact, Install, Job, Publish, Truth
from relcheck.link import Repository, jobs, steps
from relcheck.readers import read_source
from relcheck.source import Source

PATH = ".github/workflows/x.yml"


def linked(text: str) -> list[Fact]:
    found = {PATH: read_source("github-workflow", Source(PATH, text))}
    repository = Repository(found, {PATH: "github-workflow"}, paths=frozenset((PATH,)), read=lambda _: ("", []))
    jobs.link(repository)
    steps.link(repository)
    return repository.of(PATH)


BEFORE = [
    ("t: {steps: [{run: pytest}]}", True),
    ("t: {steps: [{run: npm run test:unit}]}", True),
    ("t: {steps: [{run: npm publish --dry-run}]}", True),
    ("t: {steps: [{run: make}]}", UNKNOWN),
    ("t: {steps: [{uses: ./.github/actions/test}]}", UNKNOWN),
    ("t: {uses: ./.github/workflows/test.yml}", UNKNOWN),
    ("t: {steps: [{run: npm ci}]}", False),
]


@pytest.mark.parametrize(("job", "tested"), BEFORE)
def test_whether_a_test_runs_before_a_publish(job: str, tested: Truth) -> None:
    facts = linked(f"on: push\njobs:\n  {job}\n  p: {{needs: t, steps: [{{run: npm publish}}]}}\n")

    (publish,) = (fact for fact in facts if isinstance(fact, Publish) and fact.job == "p")
    assert publish.tested is tested


def test_jobs_that_need_each_other_end() -> None:
    facts = linked(
        "on: push\njobs:\n  a: {needs: b, steps: [{run: x}]}\n  b: {needs: a, steps: [{run: npm publish}]}\n"
    )

    assert [fact.tested for fact in facts if isinstance(fact, Job)] == [UNKNOWN, UNKNOWN]


REACH = [
    ("env: {NODE_AUTH_TOKEN: '${{ secrets.N }}'}", "", "static"),
    ("", "env: {NODE_AUTH_TOKEN: '${{ secrets.N }}'}", ""),
    ("permissions: {id-token: write}", "", "oidc"),
    ("env: {NODE_AUTH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}", "", ""),
]


@pytest.mark.parametrize(("job", "step", "token"), REACH)
def test_which_token_install_scripts_can_read(job: str, step: str, token: str) -> None:
    body = ", ".join(
        part for part in (job, f"steps: [{{run: npm ci}}, {{run: npm publish{', ' + step if step else ''}}}]") if part
    )
    facts = linked(f"on: push\njobs: {{a: {{{body}}}}}\n")

    assert [fact.token_in_reach for fact in facts if isinstance(fact, Install)] == [token]


def test_what_runs_the_code_of_a_fork() -> None:
    text = (
        "on: pull_request_target\njobs:\n  a:\n    steps:\n      - run: make before\n"
        "      - {uses: actions/checkout@v1, with: {ref: '${{ github.head_ref }}'}}\n"
        "      - run: git log\n      - run: npm test\n"
    )
    (checkout,) = (fact for fact in linked(text) if isinstance(fact, Component))

    assert (checkout.fork_code, checkout.fork_code_runs, checkout.untrusted_event) == (
        True,
        "npm test",
        "pull_request_target",
    )
