"""What is read off a condition before the engine is asked: only what decides alone, and nothing of an unknown field."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN
from relcheck.guards import checks, guards_of
from relcheck.rules import load_rules


@pytest.mark.parametrize(
    ("when", "guards"),
    [
        ('image.tag == ""', (("image.tag", [""], True),)),
        ('image.tag != "a" && image.push', (("image.tag", ["a"], False), ("image.push", [True], True))),
        ("!image.push && !file.fixture", (("image.push", [True], False), ("file.fixture", [True], False))),
        ('image.role in ["base", \'final\'] && image.step == 3',
         (("image.role", ["base", "final"], True), ("image.step", [3], True))),
        ("image.role in params.roles", (("image.role", "params.roles", True),)),
        ('(image.tag == "a" || image.push) && image.tag in ["b"]', (("image.tag", ["b"], True),)),
        ('image.tag == "&& image.push" && image.name.contains("||")', (("image.tag", ["&& image.push"], True),)),
        # What binds less tightly than `&&`, or is more than one comparison with constants, decides nothing alone.
        ('image.tag == "a" || image.push && image.tag == "b"', ()),
        ('image.push ? image.tag == "a" : image.tag == "b" && image.push', ()),
        ('image.tag == "a" + image.name', ()),
        ('image.tag == image.name && image.role in [image.name, "a"]', ()),
        ("image.role in own.registries && !(image.push)", ()),
        ('image.tag == "a\\"" && image.name == r"\\"', ()),
        ('image.tag == "a" // && image.push', ()),
        ('other.tag == "a"', ()),
    ],
)  # fmt: skip
def test_guards_are_the_parts_that_decide_alone(when: str, guards: tuple[object, ...]) -> None:
    assert guards_of("image", when) == guards


def test_an_unknown_field_passes_every_guard() -> None:
    guards = guards_of("image", 'image.tag == "a" && image.name != "b" && image.role in params.roles')

    found = checks(guards, {"roles": ["base"]}, "image")

    assert [(UNKNOWN in known) is wanted for _, known, wanted in found] == [True, True, True]
    assert [("a" in known) is wanted for _, known, wanted in found] == [True, True, False]


def test_a_parameter_that_is_no_list_of_words_is_left_to_the_engine() -> None:
    guards = guards_of("image", "image.role in params.roles")

    assert checks(guards, {"roles": [1]}, "image") == ()
    assert checks(guards, {"roles": "base"}, "image") == ()


def test_most_shipped_rules_have_guards() -> None:
    rules = load_rules().rules.values()

    assert sum(bool(rule.guards) for rule in rules) > len(rules) * 0.9
