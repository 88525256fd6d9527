"""What sets a GitHub workflow off, and what a condition can know about each of these events.

A `Scenario` is one way to start: an event, for a push whether of branches or of tags, for a release or a label the
activity type. Names of events as rules see them: `push:branches`, `push:tags`, `release` and `release:published`,
the others by their own name. (Documentation: "Events that trigger workflows", "Contexts reference".)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from relcheck.facts import UNKNOWN
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.records import Record
from relcheck.refs.conditions import Some, Value

_WITHOUT_HEAD = ("github.head_ref", "github.base_ref")
_PULL = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")
# The part of the payload that only some events carry: elsewhere it is null.
_PAYLOADS: dict[str, tuple[str, ...]] = {
    "pull_request": _PULL,
    "release": ("release",),
    "workflow_run": ("workflow_run",),
    "issue": ("issues", "issue_comment"),
    "comment": ("issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"),
    "review": ("pull_request_review",),
    "label": (*_PULL, "issues", "label"),
    "discussion": ("discussion", "discussion_comment"),
    "inputs": ("workflow_dispatch",),
    "client_payload": ("repository_dispatch",),
    "schedule": ("schedule",),
    "merge_group": ("merge_group",),
}


class Scenario(Record):
    """One way to start a workflow: the event's name, for a push the kind of ref, the activity type if one is chosen."""

    event: str
    ref: str = ""  # branches or tags, for a push
    action: str = ""
    branches: tuple[str, ...] = ()  # the literal branches a push or pull request is limited to

    @property
    def names(self) -> tuple[str, ...]:
        """The names that rules use for the event."""
        if self.ref:
            return (f"{self.event}:{self.ref}",)
        return (self.event, f"{self.event}:{self.action}") if self.action else (self.event,)

    @property
    def tag(self) -> bool:
        """Whether the run belongs to a tag."""
        return self.ref == "tags" or self.event == "release"

    def lookup(self, path: str) -> Value:
        """Tell what a context holds in this scenario."""
        if self.event == "workflow_call":
            return UNKNOWN
        if path.startswith("github.event."):
            return self._payload(path.removeprefix("github.event."))
        if path.startswith("inputs."):
            return UNKNOWN if self.event == "workflow_dispatch" else None
        if path in _WITHOUT_HEAD:
            return Some() if self.event in _PULL else ""
        simple: dict[str, Value] = {
            "github.event_name": self.event,
            "github.ref": self._ref(),
            "github.ref_type": self._ref_type(),
            "github.ref_name": self._branch() or Some(),
        }
        return simple.get(path, UNKNOWN)

    def _payload(self, path: str) -> Value:
        if path == "action" and self.action:
            return self.action
        if path == "ref" and self.event == "push":
            return self._ref()
        first = path.partition(".")[0]
        if first in _PAYLOADS and self.event not in _PAYLOADS[first]:
            return None
        return UNKNOWN

    def _ref(self) -> Value:
        if self.tag:
            return Some("refs/tags/")
        if branch := self._branch():
            return f"refs/heads/{branch}"
        if self.event in ("workflow_dispatch", "create", "delete"):
            return Some("refs/")
        return Some("refs/pull/" if self.event in _PULL and self.event != "pull_request_target" else "refs/heads/")

    def _branch(self) -> str:
        """Return the one branch that a push can be of, if only one is named."""
        one = len(self.branches) == 1 and not re.search(r"[*?+\[\]!]", self.branches[0])
        return self.branches[0] if one and self.event == "push" and self.ref == "branches" else ""

    def _ref_type(self) -> Value:
        if self.event in ("workflow_dispatch", "create", "delete"):
            return UNKNOWN
        return "tag" if self.tag else "branch"


def scenarios(on: Node | None) -> list[Scenario]:
    """Return every way to start that an `on` key names; a text, a list or a mapping."""
    if isinstance(on, Scalar):
        return list(_of_event(on.value, None))
    if isinstance(on, Sequence):
        return [found for item in on if isinstance(item, Scalar) for found in _of_event(item.value, None)]
    if isinstance(on, Mapping):
        return [found for key, body in on.pairs() for found in _of_event(key.value, body)]
    return []


def names(found: Iterable[Scenario]) -> tuple[str, ...]:
    """Return the events' names, each once, in order."""
    return tuple(dict.fromkeys(name for scenario in found for name in scenario.names))


def _of_event(event: str, body: Node | None) -> Iterator[Scenario]:
    filters = body if isinstance(body, Mapping) else None
    if event == "push":
        yield from _of_push(filters)
        return
    types = words(filters.get("types")) if filters else ()
    for action in types or ("",):
        yield Scenario(event=event, action=action)


def _of_push(filters: Mapping | None) -> Iterator[Scenario]:
    """With a filter for branches alone tags do not start the workflow, and the other way round."""
    given = {key.value for key, _ in filters.pairs()} if filters else set()
    branch_filter, tag_filter = given & {"branches", "branches-ignore"}, given & {"tags", "tags-ignore"}
    if branch_filter or not tag_filter:
        branches = words(filters.get("branches")) if filters else ()
        yield Scenario(event="push", ref="branches", branches=branches)
    ignored = words(filters.get("tags-ignore")) if filters else ()
    if (tag_filter or not branch_filter) and not {"*", "**"} & set(ignored):
        yield Scenario(event="push", ref="tags")


def words(node: Node | None) -> tuple[str, ...]:
    """Return a text or a list of texts as a list."""
    if isinstance(node, Scalar):
        return (node.value,) if node.value else ()
    return tuple(item.value for item in node if isinstance(item, Scalar)) if isinstance(node, Sequence) else ()
