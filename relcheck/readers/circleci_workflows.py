"""The workflows of a CircleCI configuration: which jobs they run, with what, and what reaches them.

    workflows.NAME:  triggers: [schedule: {…}]   when | unless: CONDITION   jobs: […]
    jobs[]:          JOB | {JOB: {context, filters: {branches, tags}, requires, matrix, type: approval, pre-steps, …}}

A job without `filters.tags` does not run on tags, and one with them still runs on every branch unless
`filters.branches` keeps it from there; a job that requires one that no tag reaches is not reached by a tag either
(documentation: "Using workflows to orchestrate jobs", section on tags).
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.readers.ci_values import Markers, list_of, scalars
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.records import Record
from relcheck.source import Span

_EVERYTHING = ("/.*/", "/.+/", "/^.*$/", "/^.+$/")
BRANCHES = ("branch", "pull_request")
"""What a job without filters is started by: a push to any branch, that of a pull request included."""


class Use(Record):
    """One entry of a workflow's `jobs`.

    events: what starts it; blocked_by: a required job that no tag reaches, where this one has a tag filter; gate: an
    approval before it, or a context.
    """

    name: str
    workflow: str
    place: Span
    body: Mapping | None = None
    events: tuple[str, ...] = ()
    guarded: bool = False
    contexts: tuple[str, ...] = ()
    gate: str = ""
    blocked_by: str = ""
    matrix: bool = False

    def steps(self, name: str) -> list[Node]:
        """Return `pre-steps` or `post-steps`."""
        return list_of(self.body.get(name, merge=True)) if self.body is not None else []


def uses_of(top: Mapping, markers: Markers) -> dict[str, list[Use]]:
    """Return the entries of all workflows by the job that they name; a configuration without workflows runs `build`."""
    out: dict[str, list[Use]] = {}
    workflows = top.map("workflows")
    for key, value in workflows.pairs(merge=True) if workflows is not None else ():
        if isinstance(value, Mapping):
            for use in _Workflow(key.value, value, markers).uses():
                out.setdefault(use.name, []).append(use)
    jobs = top.map("jobs")
    build = jobs.key("build") if jobs is not None else None
    if workflows is None and build is not None and top.get("setup") is None:
        out["build"] = [Use(name="build", workflow="", place=build.span, events=BRANCHES)]
    return out


class _Entry(Record):
    """An entry as written: the job's name, the name that others require it by, its body."""

    name: str
    called: str
    key: Scalar
    body: Mapping | None = None


class _Workflow:
    """One workflow."""

    def __init__(self, name: str, body: Mapping, markers: Markers) -> None:
        self.name = name
        self.body = body
        self.markers = markers
        self.entries = list(self._entries())
        self.by_name = {entry.called: entry for entry in self.entries}
        self.answers: dict[str, dict[str, str]] = {}

    def _entries(self) -> Iterator[_Entry]:
        for item in list_of(self.body.get("jobs", merge=True)):
            if isinstance(item, Scalar):
                yield _Entry(name=item.value, called=item.value, key=item)
            elif isinstance(item, Mapping):
                for key, value in item.pairs(merge=True):
                    body = value if isinstance(value, Mapping) else None
                    called = body.text("name", merge=True) if body is not None else ""
                    yield _Entry(name=key.value, called=called or key.value, key=key, body=body)

    def uses(self) -> Iterator[Use]:
        """Yield the uses of jobs; approvals are gates, not jobs."""
        scheduled = _is_scheduled(self.body)
        limited = any(self.body.get(name) is not None for name in ("when", "unless"))
        for entry in self.entries:
            if _is_approval(entry):
                continue
            events, guarded = _reach(entry.body)
            blocked = self._before(entry, "untagged") if "tag" in events else ""
            if blocked:
                events = tuple(event for event in events if event != "tag")
            yield Use(
                name=entry.name,
                workflow=self.name,
                place=entry.key.span,
                body=entry.body,
                events=("schedule",) if scheduled else events,
                guarded=guarded or limited,
                contexts=tuple(_contexts(entry.body)),
                gate=self._gate(entry),
                blocked_by=blocked,
                matrix=entry.body is not None and entry.body.map("matrix") is not None,
            )

    def _required(self, name: str) -> list[str]:
        """Return the names of the entries that one requires directly."""
        entry = self.by_name[name]
        node = entry.body.get("requires", merge=True) if entry.body is not None else None
        found = [_name_of(item) for item in list_of(node)]
        return [name for name in found if name in self.by_name]

    def _before(self, entry: _Entry, asked: str) -> str:
        """Return the first entry among all that must have run before of which something holds, or "".

        asked: approval, or untagged (no tag starts it). Each entry is asked once, however many require it.
        """
        known = self.answers.setdefault(asked, {})
        waiting, entered = [entry.called], set[str]()
        while waiting:
            name = waiting[-1]
            required = self._required(name)
            open_ones = [each for each in required if each not in known and each not in entered]
            if name not in known and name not in entered and open_ones:
                entered.add(name)
                waiting += open_ones
                continue
            waiting.pop()
            if name not in known:
                found = (each if _holds(self.by_name[each], asked) else known.get(each, "") for each in required)
                known[name] = next((each for each in found if each), "")
        return known[entry.called]

    def _gate(self, entry: _Entry) -> str:
        return self._before(entry, "approval") or next(_contexts(entry.body), "")


def _name_of(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.value
    return next((key.value for key, _ in node.pairs()), "") if isinstance(node, Mapping) else ""


def _holds(entry: _Entry, asked: str) -> bool:
    if asked == "approval":
        return _is_approval(entry)
    events, guarded = _reach(entry.body)
    return "tag" not in events and not guarded


def _is_approval(entry: _Entry) -> bool:
    return entry.body is not None and entry.body.text("type", merge=True) == "approval"


def _is_scheduled(body: Mapping) -> bool:
    triggers = list_of(body.get("triggers", merge=True))
    return bool(triggers) and all(isinstance(item, Mapping) and item.get("schedule") is not None for item in triggers)


def _contexts(body: Mapping | None) -> Iterator[str]:
    for node in scalars(body.get("context", merge=True)) if body is not None else ():
        if node.value and "<<" not in node.value:
            yield node.value


def _reach(body: Mapping | None) -> tuple[tuple[str, ...], bool]:
    """Return the events that reach an entry by its own filters, and whether a condition is not understood."""
    filters = body.get("filters", merge=True) if body is not None else None
    if filters is None:
        return BRANCHES, False
    if not isinstance(filters, Mapping):
        return BRANCHES, True
    branches, tags = filters.get("branches", merge=True), filters.get("tags", merge=True)
    events = _branches(branches)
    if tags is not None and not (isinstance(tags, Mapping) and _everything(tags.get("ignore", merge=True))):
        events = (*events, "tag")
    return events, False


def _branches(node: Node | None) -> tuple[str, ...]:
    if not isinstance(node, Mapping):
        return BRANCHES if node is None else ("branch",)
    only, ignored = node.get("only", merge=True), node.get("ignore", merge=True)
    if only is not None:
        return BRANCHES if _everything(only) else ("branch",)
    return () if _everything(ignored) else BRANCHES


def _everything(node: Node | None) -> bool:
    return any(found.value.strip() in _EVERYTHING for found in scalars(node))
