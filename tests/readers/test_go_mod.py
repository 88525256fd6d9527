"""go.mod and go.work: acceptance case 49 of the format specification."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import Dependency, Unreadable
from relcheck.readers import go_mod
from relcheck.source import Source
from tests.readers.places import dependencies, packages, read_checked

TEXT = """// Deprecated: use v2
module "example.com/acme/thing" // the module

go 1.24.0
toolchain go1.24.3
require example.com/a v1.2.3
require ( // a block
\t// a comment line
\texample.com/b v0.0.0-20240102030405-0123456789ab // indirect
\t`example.com/c/v2` v2.0.0+incompatible

)
replace example.com/x => ../x
replace (
\texample.com/y v1.0.0 => example.com/fork/y v1.0.1
)
exclude example.com/z v1.1.0
retract [v1.0.0, v1.0.5] // broken
tool example.com/a/cmd/a
"""


def test_case_49_blocks_comments_replacements_and_pseudo_versions() -> None:
    facts = read_checked(go_mod, TEXT, "sub/go.mod")

    (package,) = packages(facts)
    assert (package.name, package.folder, package.version_dynamic) == ("example.com/acme/thing", "sub", True)
    assert [(f.name, f.firmness, f.group, f.url) for f in facts if isinstance(f, Dependency)] == [
        ("go", "exact", "tool", ""),
        ("example.com/a", "exact", "prod", ""),
        ("example.com/b", "git-commit", "indirect", ""),
        ("example.com/c/v2", "exact", "prod", ""),
        ("example.com/x", "path", "replace", "../x"),
        ("example.com/y", "exact", "replace", "example.com/fork/y"),
        ("example.com/z", "exact", "exclude", ""),
    ]
    assert [f.ref for f in facts if isinstance(f, Dependency)][2] == "0123456789ab"


def test_a_pseudo_version_after_a_tag_and_the_placeholder_of_a_replacement() -> None:
    facts = read_checked(
        go_mod,
        "module m\nrequire a v1.2.4-0.20240102030405-0123456789ab\nrequire b v0.0.0-00010101000000-000000000000\n",
        "go.mod",
    )

    assert [kind for _, kind, _ in dependencies(facts)] == ["git-commit", "path"]


def test_a_branch_that_go_has_not_resolved_yet() -> None:
    assert dependencies(read_checked(go_mod, "require a master\n", "go.mod")) == [("a", "git-branch", "master")]


def test_an_incomplete_directive_is_a_fact() -> None:
    facts = read_checked(go_mod, "module\nrequire a\n", "go.mod")

    assert [type(fact) for fact in facts] == [Unreadable, Unreadable]


def test_a_work_file_has_replacements_only() -> None:
    assert dependencies(read_checked(go_mod, "go 1.24\nuse (\n\t./a\n)\nreplace a => ./b\n", "go.work"))[0][0] == "a"


def test_retractions_have_the_reason_behind_them_above_them_or_above_their_block() -> None:
    text = (
        "module a\n\nretract v1.0.0 // lost\n// moved\nretract [v1.1.0, v1.2.0]\n// two\n\nretract v1.3.0\n"
        "// many\nretract (\n\tv1.4.0\n\t// its own\n\tv1.5.0\n)\n"
    )
    (package,) = packages(read_checked(go_mod, text, "go.mod"))

    assert [(option.name, option.value) for option in package.retracts] == [
        ("v1.0.0", "lost"), ("[v1.1.0, v1.2.0]", "moved"), ("v1.3.0", ""), ("v1.4.0", "many"), ("v1.5.0", "its own"),
    ]  # fmt: skip
    assert package.unexplained == "v1.3.0"


@given(st.text(alphabet='modulerqip (=>)"`/\\[,]v1.0-\n\t', max_size=200))
def test_any_text_is_read_without_exception(text: str) -> None:
    read_checked(go_mod, text, "go.mod")
    assert Source("go.mod", text)
