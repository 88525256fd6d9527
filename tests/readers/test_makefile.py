"""Makefiles: acceptance case 56 of the format specification."""

from __future__ import annotations

import pytest

from relcheck.facts import Command, Download, Image, Publish
from relcheck.readers.makefile import read
from relcheck.source import Source


def test_case_56_prefixes_variables_and_places() -> None:
    text = "IMG ?= registry.example.com/a/b\npush:\n\t@-docker push $(IMG):latest\n\techo $$HOME $$(docker pull x:1)\n"
    facts = list(read(Source("Makefile", text)))

    images = [(fact.name, fact.tag, fact.role) for fact in facts if isinstance(fact, Image)]
    assert images == [("registry.example.com/a/b", "latest", "pushed"), ("x", "1", "pulled")]
    (pushed, _) = [fact for fact in facts if isinstance(fact, Image)]
    assert text[pushed.span.start : pushed.span.end] == "latest"
    assert [fact.swallowed for fact in facts if isinstance(fact, Command) and fact.verb == "push"] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "IMG = a/b\nIMG = c/d\nx:\n\tdocker push $(IMG):1\n",
        "IMG := $(shell cat x)\nx:\n\tdocker push $(IMG):1\n",
        "IMG = a\nIMG += b\nx:\n\tdocker push $(IMG):1\n",
        "ifdef CI\nIMG = a\nendif\nx:\n\tdocker push $(IMG):1\n",
        "ifeq ($(CI),1)\n  IMG = a\nendif\nx:\n\tdocker push $(IMG):1\n",
    ],
)
def test_a_variable_that_changes_is_not_known(text: str) -> None:
    images = [fact for fact in read(Source("Makefile", text)) if isinstance(fact, Image)]

    assert [image.tag for image in images] == ["1"]
    assert not isinstance(images[0].name, str)


def test_continued_lines_are_one_command() -> None:
    text = "x:\n\tdocker push \\\n\t  a/b:1\n"
    (image,) = [fact for fact in read(Source("Makefile", text)) if isinstance(fact, Image)]

    assert image.name == "a/b"
    assert text[image.span.start : image.span.end] == "1"


EVALUATED = [
    "V := $(shell docker pull a:1)\n",
    "V := x $(or $(shell (docker pull a:1)),y)\n",
    "V != docker pull a:1\n",
    ".RECIPEPREFIX = >\nx:\n>@docker pull a:1\n",
    "x: ; docker pull a:1\n",
    "define f\n\tdocker pull a:1\nendef\n",
    "T = \\\n  b\nx:\n\tfor a in $(T); do :; done\n\tdocker pull a:1\n",
    "x:\n\t$(eval T := $(if $(filter $(A),b), c d, e))\n\tdocker pull a:1\n",
    "define f\n\tdocker pull a:1\nendef\nx:\n\t$(f)\n",
    "define f\n@docker pull a:1\n-docker push\nendef\nx:\n\t@$(call f,b)\n",
    "define f\ndocker pull b:1\nendef\nx:\n\tdocker pull a:1\n",
    "ifeq ($(X),1)\nx:\n\tdocker pull a:1\nendif\n",
    ".ONESHELL:\nx:\n\t@T=1\n\tdocker pull a:$$T\n",
]


@pytest.mark.parametrize("text", EVALUATED)
def test_whatever_make_runs_is_read(text: str) -> None:
    images = [fact for fact in read(Source("Makefile", text)) if isinstance(fact, Image)]

    assert [(image.name, image.tag) for image in images] == [("a", "1")]


def test_functions_without_an_end_take_linear_time() -> None:
    text = "V := " + "$(shell " * 20_000 + "\n" + "x:\n\ttrue\n"

    assert [fact.program for fact in read(Source("Makefile", text)) if isinstance(fact, Command)] == ["true"]


def test_a_default_within_ifndef_is_known() -> None:
    text = "ifndef IMG\nIMG = a/b\nendif\nx:\n\tdocker push $(IMG):1\n"

    assert [fact.name for fact in read(Source("Makefile", text)) if isinstance(fact, Image)] == ["a/b"]


def test_what_one_line_of_a_recipe_fetches_the_next_one_runs() -> None:
    text = (
        "x:\n\tcurl -o i https://a.example.com/i\n\t@chmod +x i\ny:\n\tcurl -o j https://a.example.com/j\nz:\n\tsh j\n"
    )
    found = [fact for fact in read(Source("Makefile", text)) if isinstance(fact, Download)]

    assert [(fact.output, fact.executed_by) for fact in found] == [("i", "chmod"), ("j", "")]


def test_a_line_of_a_recipe_that_changes_its_folder_says_nothing_of_the_next_one() -> None:
    text = "x:\n\tcd a && npm publish\n\t-npm publish\n\tcd b && npm publish\n"
    found = [fact for fact in read(Source("Makefile", text)) if isinstance(fact, Publish)]

    assert [(fact.folder, fact.swallowed) for fact in found] == [("a", False), ("", True), ("b", False)]
