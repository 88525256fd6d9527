"""Every example of every rule, through the real reader; and the rules themselves, linted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relcheck.rule_files import Example, read_examples, read_rule
from relcheck.rules import RuleError, load_rules, rule_files, rules_folder
from relcheck.scan import scan_examples
from tests.conftest import git, shipped_rules, write_tree
from tests.tokens import make_token

RULE_PATHS = list(rule_files(rules_folder()))
TOKEN = re.compile(r"\{\{token:(\w+)(?::(\d+))?\}\}")


def examples() -> list[tuple[str, Example]]:
    return [(path.stem, example) for path in RULE_PATHS for example in read_examples(path)]


def with_tokens(text: str) -> str:
    return TOKEN.sub(lambda match: make_token(match[1], int(match[2] or 0)), text)


def lay_out(folder: Path, example: Example) -> None:
    if example.git or example.remote:
        git(folder, "init", "-q")
    for commit in example.git:
        write_tree(folder, {name: with_tokens(text) for name, text in commit.files.items() if text is not None})
        for name in (name for name, text in commit.files.items() if text is None):
            (folder / name).unlink()
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", "change")
        if commit.tag:
            git(folder, "tag", commit.tag)
    if example.remote:
        git(folder, "remote", "add", "origin", example.remote)
    write_tree(folder, {name: with_tokens(text) for name, text in example.files.items()})
    if (example.git or example.remote) and git(folder, "status", "--porcelain"):
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "change")


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule, example, id=f"{rule}[{example.name}]") for rule, example in examples()],
)
def test_the_examples_of_a_rule_give_exactly_what_they_say(rule: str, example: Example, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    lay_out(folder, example)

    found = scan_examples(folder, rule, example.settings, shipped_rules())

    single = len(example.files) == 1
    expected = [
        find if not single or re.match(r"\D", find) else f"{next(iter(example.files))}:{find}" for find in example.finds
    ]
    assert [with_tokens(find) for find in expected] == found


@pytest.mark.parametrize("path", RULE_PATHS, ids=lambda path: path.stem)
def test_a_rule_is_well_formed(path: Path) -> None:
    rule = read_rule(path)
    made = read_examples(path)

    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.name)
    assert len(rule.name) <= 32
    assert not rule.title.endswith(".")
    assert "\n" not in rule.title
    assert rule.why.endswith(".")
    assert rule.fix.endswith((".", "`"))
    assert [example for example in made if example.bad]
    assert [example for example in made if not example.bad]
    assert len({example.name for example in made}) == len(made)
    for name in rule.params:
        assert f"params.{name}" in path.read_text(encoding="utf-8").replace(" ", "")


def test_there_are_at_least_sixty_rules_with_unique_names() -> None:
    names = [path.stem for path in RULE_PATHS]

    assert len(names) >= 60
    assert len(set(names)) == len(names)


def test_the_rules_agree_with_each_other() -> None:
    rules = load_rules().rules

    old = [name for rule in rules.values() for name in rule.formerly]
    assert len(set(old)) == len(old)
    assert not set(old) & set(rules)


BROKEN = [
    ("when: image.tga == ''", "custom/x.yaml:4:12: when: undeclared reference to 'image.tga'"),
    ("when: image.tag", "the expression gives string, not bool"),
    ("when: 'image.tag =='", "when: Syntax error"),
    ("wehn: 'true'", "unknown key 'wehn'"),
    ("when: 'true'\nlevels: []", "levels is a list"),
]


@pytest.mark.parametrize(("body", "sentence"), BROKEN)
def test_a_mistake_in_a_rule_is_told_with_its_place(body: str, sentence: str, tmp_path: Path) -> None:
    folder = tmp_path / "custom"
    folder.mkdir()
    keys = {"when": "when: 'true'", "levels": "levels: [{severity: error}]"}
    for line in body.split("\n"):
        keys[line.split(":")[0]] = line
    text = "title: x\non: image\nmessage: '\"x\"'\n" + "\n".join(keys.values()) + "\nfix: x\n"
    (folder / "x.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(RuleError) as caught:
        read_rule(folder / "x.yaml", custom=True)

    assert sentence in str(caught.value)


def test_a_misspelt_field_of_a_nested_record_does_not_wait_for_data(tmp_path: Path) -> None:
    text = (
        "title: x\non: job\nmessage: '\"x\"'\nwhen: job.pushes.exists(p, p.hots == 'a')\n"
        "levels: [{severity: error}]\nfix: x\n"
    )
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(RuleError, match="undefined field 'hots'"):
        read_rule(tmp_path / "x.yaml", custom=True)


def test_compiled_rules_come_from_the_cache_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_rules(cache_folder=str(tmp_path))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a rule file was read again")

    monkeypatch.setattr("relcheck.rule_files.read_rule", refuse)
    second = load_rules(cache_folder=str(tmp_path))

    assert second == first
