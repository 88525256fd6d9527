"""Which pipelines a GitLab job runs in: `rules`, `only`, `except` and the pipeline's own `workflow`.

Events: branch, tag, merge_request, schedule, web. A condition that is not understood makes the job guarded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.records import Record

_KEYWORDS = {
    "branches": "branch",
    "tags": "tag",
    "merge_requests": "merge_request",
    "schedules": "schedule",
    "web": "web",
}
_SOURCES = {
    "merge_request_event": "merge_request",
    "schedule": "schedule",
    "web": "web",
}
_TAG = re.compile(r"^\s*\$CI_COMMIT_TAG\s*(?:=~.*|!=\s*null|!=\s*[\"'][\"'])?\s*$")
_SOURCE = re.compile(r"^\s*\$CI_PIPELINE_SOURCE\s*==\s*[\"'](?P<source>\w+)[\"']\s*$")
_BRANCH = re.compile(r"^\s*\$CI_COMMIT_(?:BRANCH|REF_NAME)\s*(?:==|=~).*$")
_ANY_BRANCH = re.compile(r"^\s*\$CI_COMMIT_BRANCH\s*$")
_MERGE = re.compile(r"^\s*\$CI_MERGE_REQUEST_I?ID\s*$")


class Reach(Record):
    """The events that reach a job for sure; `guarded` when a condition is not understood."""

    events: tuple[str, ...]
    guarded: bool = False
    any_branch: bool = False  # every branch is among them, not only named or protected ones


def reach(rules: Node | None, only: Node | None, excepted: Node | None, workflow: Mapping | None) -> Reach:
    """Return how a job is reached; without any condition, by branches and tags (not by merge requests)."""
    limited = workflow is not None and workflow.get("rules") is not None
    if isinstance(rules, Sequence):
        found = _by_rules(rules)
    elif only is not None or excepted is not None:
        found = _by_only(only, excepted)
    else:
        found = Reach(events=("branch", "tag"), any_branch=True)
    return found.replace(guarded=True, any_branch=False) if limited else found


def _by_rules(rules: Sequence) -> Reach:
    events: list[str] = []
    guarded, any_branch = False, False
    for rule in rules:
        if not isinstance(rule, Mapping):
            guarded = True
            continue
        if rule.text("when") == "never":
            guarded = True
            continue
        condition = rule.scalar("if")
        found = _event(condition.value) if condition is not None else ""
        if condition is None and rule.get("changes") is None and rule.get("exists") is None:
            events += ["branch", "tag"]
            any_branch = True
        elif found:
            events.append(found)
            any_branch = any_branch or condition is not None and bool(_ANY_BRANCH.match(condition.value))
        else:
            guarded = True
    return Reach(events=tuple(dict.fromkeys(events)), guarded=guarded, any_branch=any_branch and not guarded)


def _event(condition: str) -> str:
    source = _SOURCE.match(condition)
    if source is not None:
        return _SOURCES.get(source["source"], "")
    if _TAG.match(condition):
        return "tag"
    if _MERGE.match(condition):
        return "merge_request"
    if _ANY_BRANCH.match(condition):
        return "branch"
    return "branch" if _BRANCH.match(condition) and "||" not in condition and "&&" not in condition else ""


def _by_only(only: Node | None, excepted: Node | None) -> Reach:
    refs = only.get("refs") if isinstance(only, Mapping) else only
    words = [refs] if isinstance(refs, Scalar) else list(refs) if isinstance(refs, Sequence) else []
    events = [_KEYWORDS.get(word.value, "branch") for word in words if isinstance(word, Scalar)]
    guarded = isinstance(only, Mapping) and any(key.value != "refs" for key, _ in only.pairs())
    any_branch = only is None or any(isinstance(word, Scalar) and word.value == "branches" for word in words)
    if only is None:
        events = ["branch", "tag"]
    denied: Iterable[Node] = excepted if isinstance(excepted, Sequence) else []
    for word in denied:
        if isinstance(word, Scalar) and word.value in _KEYWORDS:
            events = [event for event in events if event != _KEYWORDS[word.value]]
        else:
            guarded = True
    guarded = guarded or isinstance(excepted, Mapping)
    any_branch = any_branch and "branch" in events and not guarded
    return Reach(events=tuple(dict.fromkeys(events)), guarded=guarded, any_branch=any_branch)
