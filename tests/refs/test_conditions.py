"""Conditions: three values, and only what could change a result makes it unknown."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Truth
from relcheck.readers.github_events import Scenario
from relcheck.refs.conditions import Some, Value, both, either, evaluate, holds

PUSH_TAG = Scenario(event="push", ref="tags")
PUSH_MAIN = Scenario(event="push", ref="branches", branches=("main",))
PULL = Scenario(event="pull_request")
RELEASE = Scenario(event="release", action="published")
MANUAL = Scenario(event="workflow_dispatch")
CALL = Scenario(event="workflow_call")

JUDGED = [
    ("", PULL, True),
    ("github.event_name == 'push'", PUSH_TAG, True),
    ("github.event_name == 'push'", PULL, False),
    ("${{ github.event_name != 'pull_request' }}", PULL, False),
    ("github.event_name == 'PUSH'", PUSH_TAG, True),
    ("startsWith(github.ref, 'refs/tags/')", PUSH_TAG, True),
    ("startsWith(github.ref, 'refs/tags/v')", PUSH_TAG, UNKNOWN),
    ("startsWith(github.ref, 'refs/tags/v')", PUSH_MAIN, False),
    ("startsWith(github.ref, 'refs/tags/')", PULL, False),
    ("startsWith(github.ref, 'refs/tags/')", MANUAL, UNKNOWN),
    ("github.ref == 'refs/heads/main'", PUSH_MAIN, True),
    ("github.ref == 'refs/heads/main'", Scenario(event="push", ref="branches"), UNKNOWN),
    ("github.ref == 'refs/heads/main'", PULL, False),
    ("github.ref_type == 'tag'", RELEASE, True),
    ("github.ref_type == 'tag'", PUSH_MAIN, False),
    ("github.event.action == 'published'", RELEASE, True),
    ("github.event.action == 'created'", RELEASE, False),
    ("github.event.action == 'published'", Scenario(event="release"), UNKNOWN),
    ("github.event['action'] == 'published'", RELEASE, True),
    ("needs.check.outputs.changed == 'true'", PUSH_TAG, UNKNOWN),
    ("needs.check.outputs.changed == 'true' && github.event_name == 'push'", PULL, False),
    ("github.event_name == 'push' || vars.FORCE", PUSH_TAG, True),
    ("github.event_name == 'push' || vars.FORCE", PULL, UNKNOWN),
    ("!(github.event_name == 'push')", PULL, True),
    ("!startsWith(github.ref, 'refs/tags/')", PUSH_TAG, False),
    ("inputs.publish", PUSH_TAG, False),
    ("inputs.publish", MANUAL, UNKNOWN),
    ("inputs.dry_run != true", PUSH_TAG, True),
    ("github.event.pull_request.merged", PUSH_MAIN, False),
    ("github.event.pull_request.merged == true", PULL, UNKNOWN),
    ("github.head_ref", PUSH_MAIN, False),
    ("github.head_ref == ''", PULL, False),
    ("github.event_name == 'push'", CALL, UNKNOWN),
    ("always()", PULL, True),
    ("!cancelled() && github.event_name == 'push'", PULL, False),
    ("failure()", PULL, UNKNOWN),
    ("false", PUSH_TAG, False),
    ("${{ false }}", PUSH_TAG, False),
    ("${{ github.event_name }} == 'push'", PULL, UNKNOWN),
    ("contains(github.ref, 'refs/tags')", PUSH_TAG, True),
    ("contains(fromJSON('[\"push\"]'), github.event_name)", PUSH_TAG, UNKNOWN),
    ("contains(github.event_name, 'push')", PUSH_TAG, True),
    ("github.event_name ==", PUSH_TAG, UNKNOWN),
    ("(((", PUSH_TAG, UNKNOWN),
    ("(" * 500 + "true" + ")" * 500, PUSH_TAG, UNKNOWN),
    ("'it''s' == 'IT''S'", PULL, True),
    ("1 == '1'", PULL, True),
    ("null == ''", PULL, True),
    ("true == 'yes'", PULL, False),
]


@pytest.mark.parametrize(("text", "scenario", "answer"), JUDGED)
def test_a_condition_is_judged_for_an_event(text: str, scenario: Scenario, answer: Truth) -> None:
    assert holds(text, scenario.lookup) is answer


def test_an_operator_gives_its_operand() -> None:
    def lookup(_: str) -> Value:
        return Some("refs/tags/")

    assert evaluate("github.ref && 'yes' || 'no'", lookup) == "yes"
    assert evaluate("'' || github.ref", lookup) == Some("refs/tags/")


def test_unknown_only_matters_where_it_could_change_the_result() -> None:
    assert both([UNKNOWN, False]) is False
    assert both([UNKNOWN, True]) is UNKNOWN
    assert either([UNKNOWN, True]) is True
    assert either([UNKNOWN, False]) is UNKNOWN
