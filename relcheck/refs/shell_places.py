"""Where a command stands in a shell text: in which pipe, in whose substitution, and who looks at its status.

The tree of the grammar is walked once, from the top: each node hands to those below it what it knows. (Asking a node
for its parent walks the whole tree, so nothing here climbs.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from relcheck.records import Record

_HARMLESS = frozenset(("true", ":", "echo", "printf", "exit 0", "return 0", "warn", "log", "logger"))
_TELLING = frozenset((
    "command", "variable_assignment", "list", "pipeline", "if_statement", "while_statement", "redirected_statement",
    "command_substitution", "process_substitution", "function_definition", "case_item", "negated_command", "subshell",
    "compound_statement", "heredoc_redirect",
))  # fmt: skip
"""The nodes that change what holds below them."""
_SUBSTITUTIONS = {"command_substitution": "substitution", "process_substitution": "process"}
_NO_HOLDER = frozenset(("variable_assignment", "list", *_SUBSTITUTIONS))
"""The nodes below which nothing is a word of the command above them any more."""
_THROUGH = frozenset((
    "redirected_statement", "negated_command", "subshell", "compound_statement", "heredoc_redirect", "list",
))  # fmt: skip
"""What may stand between a pipe and a command whose neighbours in the pipe it does not change."""
_HANDS_ON = frozenset(("list", "pipeline", "negated_command", "redirected_statement"))
"""What hands redirects on: the grammar puts those of the last command behind the whole of `a && b > FILE`."""

Node = Any
TextOf = Callable[[Node], str]


class Place(Record):
    """What stands around a node; the fields are those of `SimpleCommand`."""

    swallowed: bool = False
    conditional: bool = False
    guards: bool = False
    inside: str = ""
    outer: str = ""
    before: str = ""
    behind: str = ""
    redirects: tuple[Node, ...] = ()
    group: tuple[Node, ...] = ()


Found = tuple[Node, str, Place, str]
"""A node with its type, its place and the type of the node above."""


def walk(root: Node, text_of: TextOf, asked: frozenset[str], *, pipefail: bool, background: bool) -> Iterator[Found]:
    """Yield every node of the types asked for, in no particular order.

    `background` says whether a `&` stands anywhere in the text; most texts have none, and need not be asked.
    """
    stack: list[tuple[Node, Place, str, Node | None]] = [(root, Place(), "", None)]
    while stack:
        node, place, parent, holder = stack.pop()
        kind = node.type
        if kind in asked:
            yield node, kind, place, parent
        if not node.child_count:
            continue
        children = node.children
        if kind not in _TELLING and not background:
            below = _alone(place, kind) if _has_neighbours(place) else place
            stack.extend([(child, below, kind, holder) for child in children])
            continue
        if kind in _SUBSTITUTIONS:
            outer = program_of(text_of(holder)) if holder is not None else ""
            place = place.replace(inside=_SUBSTITUTIONS[kind], outer=outer, swallowed=False, group=())
        if kind in _NO_HOLDER:
            holder = None
        below_holder = node if kind == "command" else holder
        found = _below(node, kind, children, place, text_of, pipefail)
        stack.extend([(child, below, kind, below_holder) for child, below in found])


def _has_neighbours(place: Place) -> bool:
    return bool(place.before or place.behind or place.redirects)


def _alone(place: Place, kind: str) -> Place:
    """Return what holds inside a node that has neighbours or redirects: those of a loop are of all that it prints."""
    group = _to_files(place.redirects) if kind != "command" else ()
    return place.replace(before="", behind="", redirects=(), group=group or place.group)


def _to_files(redirects: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(found for found in redirects if found.type == "file_redirect")


def first_program(node: Node | None, text_of: TextOf) -> str:
    """Return the first program that runs below a node, behind `sudo` and the like."""
    stack = [node] if node is not None else []
    while stack:
        found = stack.pop()
        if found.type == "command":
            return program_of(text_of(found))
        stack.extend(reversed(found.children))
    return ""


def program_of(text: str) -> str:
    """Return the program that the text of a command runs."""
    words = text.split(None, 8)
    while words and (words[0] in ("sudo", "env", "command", "exec", "-E", "-u", "-n", "-H") or "=" in words[0]):
        words.pop(0)
    return words[0].strip("'\"").rsplit("/", 1)[-1] if words else ""


def _below(
    node: Node, kind: str, children: list[Node], place: Place, text_of: TextOf, pipefail: bool
) -> Iterator[tuple[Node, Place]]:
    passed = _passed(kind, place)
    if kind == "list":
        found = _list(children, place, passed, text_of)
    elif kind == "pipeline":
        found = list(_piped(children, place, passed, text_of, pipefail))
    elif kind in ("if_statement", "while_statement"):
        found = _branches(node, children, passed)
    elif kind == "redirected_statement":
        found = _redirected(children, place, passed, text_of)
    elif kind == "negated_command" and place.redirects:
        found = [(child, passed.replace(redirects=place.redirects)) for child in children]
    else:
        found = [(child, passed) for child in children]
    following = [child.type for child in children[1:]] + [""]
    for (child, below), behind in zip(found, following, strict=True):
        yield child, below.replace(swallowed=True) if behind == "&" and not below.swallowed else below


def _passed(kind: str, place: Place) -> Place:
    """Return what every child of a node has in common."""
    changes: dict[str, object] = {}
    if kind not in _THROUGH and (place.before or place.behind):
        changes |= {"before": "", "behind": ""}
    if place.redirects:
        changes["redirects"] = ()
        if kind != "command" and kind not in _HANDS_ON and (group := _to_files(place.redirects)):
            changes["group"] = group
    if kind == "function_definition":
        changes["swallowed"] = False
    elif kind == "case_item":
        changes["conditional"] = True
    return place.replace(**changes) if changes else place


def _piped(
    children: list[Node], place: Place, passed: Place, text_of: TextOf, pipefail: bool
) -> Iterator[tuple[Node, Place]]:
    """The members of a pipe: each knows its neighbours; without `pipefail` only the last one's status counts."""
    parts = [child for child in children if child.is_named and child.type != "comment"]
    programs = [first_program(part, text_of) for part in parts]
    number = -1
    for child in children:
        if not child.is_named or child.type == "comment":
            yield child, passed
            continue
        number += 1
        last = number == len(parts) - 1
        yield (
            child,
            passed.replace(
                before=programs[number - 1] if number else place.before,
                behind=place.behind if last else programs[number + 1],
                redirects=place.redirects if last else (),
                group=passed.group if last else (),
                swallowed=passed.swallowed or (not last and not pipefail),
            ),
        )


def _list(children: list[Node], place: Place, passed: Place, text_of: TextOf) -> list[tuple[Node, Place]]:
    """`left && right`, `left || right`: a right side that cannot fail takes the failure of the left.

    Redirects that stand behind the whole, and the pipe of a here-document there, are those of the right side.
    """
    named = [child for child in children if child.is_named]
    operator = next((child.type for child in children if child.type in ("&&", "||")), "")
    out = []
    for child in children:
        below = passed
        if named and child == named[0] and operator == "||" and _is_harmless(text_of(named[-1])):
            below = passed.replace(swallowed=True, guards=False)
        elif named and child == named[0] and operator == "&&":
            below = passed.replace(guards=True)
        elif named and child != named[0] and text_of(named[0]).lstrip("! ").startswith(("[", "test ")):
            below = passed.replace(conditional=True)
        if place.redirects and named:
            only = {"redirects": place.redirects} if child == named[-1] else {"before": "", "behind": ""}
            below = below.replace(**only)
        out.append((child, below))
    return out


def _branches(node: Node, children: list[Node], passed: Place) -> list[tuple[Node, Place]]:
    """`if` and `while`: the condition's status is looked at; what stands behind that of an `if` runs or not."""
    condition = node.child_by_field_name("condition")
    if condition is None:
        return [(child, passed) for child in children]
    asked = passed.replace(swallowed=False)
    body = passed.replace(conditional=True) if node.type == "if_statement" else passed
    return [
        (child, asked if child == condition else body if child.start_byte > condition.start_byte else passed)
        for child in children
    ]


def _redirected(children: list[Node], place: Place, passed: Place, text_of: TextOf) -> list[tuple[Node, Place]]:
    """A command with its redirects; the grammar puts what follows `<<EOF | …` into the redirect of the document."""
    redirects = (*(child for child in children if child.type.endswith("_redirect")), *place.redirects)
    pipe = next((inner for found in redirects for inner in found.children if inner.type == "pipeline"), None)
    body = passed.replace(redirects=redirects)
    if pipe is not None:
        body = body.replace(behind=first_program(pipe, text_of))
    before = first_program(_last(children[0]), text_of) if pipe is not None else ""
    return [
        (child, body if number == 0 else passed.replace(before=before, behind=""))
        for number, child in enumerate(children)
    ]


def _last(node: Node) -> Node:
    """Return the last member of a list, which is what stands before a pipe behind it."""
    while node.type == "list" and node.named_children:
        node = node.named_children[-1]
    return node


def _is_harmless(text: str) -> bool:
    words = " ".join(text.split())
    return words in _HARMLESS or (words.split(" ")[0] in _HARMLESS and "exit" not in words and "&&" not in words)
