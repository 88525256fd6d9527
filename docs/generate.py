"""Write the pages that are made from the code: the rules, the formats and their kinds of fact, the rules by format and place.

    python docs/generate.py           # writes docs/rule-list.md, formats.md, format-rules.md and places.md

A test fails when a page is not what this writes.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from relcheck.facts import KIND_OF, KINDS  # noqa: E402 - the checkout comes first
from relcheck.readers import FORMATS, read_source  # noqa: E402 - see above
from relcheck.rules import Rule, load_rules  # noqa: E402 - see above
from relcheck.source import Source  # noqa: E402 - see above
from tests.format_rules import SETTLE_ONLY, rules_by_format  # noqa: E402 - see above
from tests.place_table import Entry, Table, tables  # noqa: E402 - see above
from tests.properties.places import Fixture, fixtures  # noqa: E402 - see above

_WITHIN = frozenset(("unreadable", "suppression", "release"))
"""Kinds that no reader decides about: a broken file of any format, comments, what git says."""
_TOPICS: dict[str, tuple[str, ...]] = {
    "Container images": (
        "dockerfile", "compose", "bake", "devcontainer", "earthfile", "quadlet", "ko", "skaffold", "tilt", "dockerignore",
    ),
    "GitHub": ("github-workflow", "github-action", "github-lock", "dependabot"),
    "Other CI systems and release tools": (
        "gitlab-ci", "azure-pipelines", "jenkinsfile", "jenkins-plugins", "circleci", "circleci-orb", "bitbucket-pipelines",
        "buildkite", "cloudbuild", "drone", "woodpecker", "travis", "appveyor", "pre-commit", "goreleaser",
    ),
    "Kubernetes": (
        "documents", "kustomization", "helm-chart", "helm-requirements", "helm-values", "helm-template", "helmfile", "vendir",
    ),
    "Infrastructure": ("terraform",),
    "Packages: JavaScript": ("package-json", "pnpm-workspace", "deno-json", "lock-javascript"),
    "Packages: Python": (
        "pyproject", "setup-py", "setup-cfg", "python-version", "requirements", "pipfile", "conda-environment",
        "conda-recipe", "pixi",
    ),
    "Packages: JVM and .NET": ("pom", "gradle", "gradle-catalog", "jvm-wrapper", "sbt", "nuget"),
    "Packages: other languages": ("cargo-toml", "go-mod", "gemfile", "gemspec", "composer-json", "lock-others", "gitmodules"),
    "Scripts": ("shell", "makefile", "tox", "noxfile", "script-metadata", "script-variables"),
    "Configuration of clients": (
        "npmrc", "yarnrc", "bunfig", "pypirc", "pip-conf", "condarc", "cargo-config", "maven-settings", "gem-credentials",
        "composer-auth", "docker-config", "container-registries", "helm-repositories", "netrc", "git-credentials", "git-config",
        "kubeconfig", "aws-config", "storage-clients", "cloud-keys", "registry-clients", "ivy-settings", "env-file", "packer",
        "ansible", "private-key",
    ),
}  # fmt: skip
"""Where a format stands on the page; one that is named nowhere stands at the end."""
_LAST = "Others"
_MARKED = re.compile(r"[*`<>\[\]]")
"""What Markdown would take for its own in the name of a place."""


def rule_list(rules: Iterable[Rule]) -> str:
    """Return the page of all rules, a table a topic."""
    topics: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        topics[rule.topic].append(rule)
    lines = [
        "# The rules",
        "",
        f"{sum(map(len, topics.values()))} rules in {len(topics)} topics. Made by `python docs/generate.py` from the files below",
        "`rules/`. `relcheck rule NAME` tells why, how to repair, and shows examples.",
        "",
        "A rule of the profile `default` always speaks; one of `strict` or `release` speaks with `--profile strict` or",
        "`--profile release`, or where it is selected by name. A rule may have several severities: the highest that it",
        "can give is shown.",
        "",
        " · ".join(f"[{topic}](#{topic}) ({len(found)})" for topic, found in sorted(topics.items())),
    ]
    for topic, found in sorted(topics.items()):
        lines += ["", f"## {topic}", "", "| rule | what it finds | severity | profile |", "|---|---|---|---|"]
        lines += [
            f"| [`{rule.name}`](../rules/{topic}/{rule.name}.yaml) | {rule.title} | {rule.severity} | {rule.profile} |"
            for rule in sorted(found, key=lambda rule: rule.name)
        ]
    return "\n".join(lines) + "\n"


def observed(given: Iterable[Fixture]) -> dict[str, set[str]]:
    """Return the kinds of fact that the reader of each format yields in the fixtures."""
    found: dict[str, set[str]] = defaultdict(set)
    for fixture in given:
        source = Source.from_bytes(fixture.path, fixture.text.encode("utf-8"))
        found[fixture.format] |= {KIND_OF[type(fact)] for fact in read_source(fixture.format, source)}
    return found


def format_page(found: dict[str, set[str]]) -> str:
    """Return the page of formats: how their files are named, and which facts they yield."""
    topics = _by_topic(list(dict.fromkeys(one.name for one in FORMATS if one.name != "text")))
    lines = [
        "# The formats",
        "",
        f"{sum(map(len, topics.values()))} formats. Made by `python docs/generate.py` from the table of readers and from what",
        "they yield in the fixtures of the tests: ● says that the reader yields facts of the kind. `relcheck/facts.py` says",
        "what the kinds mean, `relcheck scan --show-files` which format each file of a repository has.",
        "",
        "Tokens and private keys are looked for in every text file, whatever its format. Other YAML and JSON files are read as",
        "Kubernetes objects, compose files and pipelines where their content says so (`documents`).",
        "",
        "Left out on purpose: the `policy.json` of container engines, whose `insecureAcceptAnything` is what every distribution",
        "ships and so says nothing of a project; scripts of `cmd.exe`, of which only variables that publish are read.",
    ]
    lines += ["", "[format-rules.md](format-rules.md) says which rules are shown to find something in which format."]
    for topic, names in topics.items():
        lines += ["", f"## {topic}", "", *_kinds_table(names, found), "", *_names_of(names)]
    return "\n".join(lines) + "\n"


def _by_topic(names: list[str]) -> dict[str, list[str]]:
    topics = {topic: [name for name in named if name in names] for topic, named in _TOPICS.items()}
    known = {name for named in _TOPICS.values() for name in named}
    topics[_LAST] = [name for name in names if name not in known]
    return {topic: named for topic, named in topics.items() if named}


def _kinds_table(names: list[str], found: dict[str, set[str]]) -> list[str]:
    """Return a table with the kinds that some format of a topic yields."""
    kinds = [kind for kind in KINDS if kind not in _WITHIN and any(kind in found.get(name, ()) for name in names)]
    head = ["| format | " + " | ".join(kind.replace("_", " ") for kind in kinds) + " |", "|---|" + ":-:|" * len(kinds)]
    return head + [
        f"| {name} | " + " | ".join("●" if kind in found.get(name, ()) else "" for kind in kinds) + " |"
        for name in names
    ]


def _names_of(names: list[str]) -> list[str]:
    """Return a line a format on how its files are named."""
    lines = []
    for name in names:
        patterns = [pattern.removeprefix("**/") for one in FORMATS if one.name == name for pattern in one.patterns]
        shown = ", ".join(f"`{pattern}`" for pattern in dict.fromkeys(patterns)) or "inside a chart's `templates/`"
        lines.append(f"* {name}: {shown}")
    return lines


def format_rules_page(found: dict[str, set[str]]) -> str:
    """Return the page that says which rules are shown to find something in which format."""
    names = list(dict.fromkeys(one.name for one in FORMATS if one.name != "text"))
    lines = [
        "# Rules by format",
        "",
        "Which rules are shown to find something in which format. Made by `python docs/generate.py` from the bad examples of",
        "the rules and from the planted mistakes, all of which tests assert: a rule that is not named beside a format may speak",
        "in it all the same, as rules ask about facts and not about formats ([formats.md](formats.md) has those). A test fails",
        "when no rule is shown for a format, save for these:",
        "",
        *(f"* {name}: {reason}" for name, reason in SETTLE_ONLY.items()),
    ]
    for topic, named in _by_topic([name for name in names if name in found]).items():
        lines += ["", f"## {topic}", "", "| format | number | rules |", "|---|---:|---|"]
        lines += [f"| {name} | {len(found[name])} | {', '.join(sorted(found[name]))} |" for name in named]
    return "\n".join(lines) + "\n"


def places_page(given: Iterable[Table]) -> str:
    """Return the page of the places where a coordinate can stand: which facts are read there, which rules use them."""
    given = tuple(given)
    count = sum(len(table.entries) for table in given)
    lines = [
        "# Places",
        "",
        f"{count} places in {len(given)} sections of the format specification, where a coordinate, a credential or a setting of",
        "a release can stand. Made by `python docs/generate.py` from `tests/places/`, where each place has a small file; a test",
        "reads it, and asserts the facts and the findings at their very words. A rule that is not named beside a place may speak",
        "there all the same. Where no rule speaks, the last column says what becomes of the fact; where nothing must be read,",
        "that it is silent.",
    ]
    for table in given:
        lines += [
            "",
            f"## {table.section} {table.title} ({table.priority})",
            "",
            "| place | file | facts | rules |",
            "|---|---|---|---|",
        ]
        lines += [_place_row(entry) for entry in table.entries]
    return "\n".join(lines) + "\n"


def _place_row(entry: Entry) -> str:
    kinds = dict.fromkeys(fact.split(" ", 1)[0] for fact in entry.facts)
    rules = dict.fromkeys(find.split(" ", 1)[0] for find in entry.finds)
    silent = f"silent: no {' or '.join(entry.silent)}" if entry.silent else ""
    told = ", ".join(f"`{rule}`" for rule in rules) or entry.unjudged or silent
    cells = (_MARKED.sub(r"\\\g<0>", entry.place), f"`{entry.file}`", ", ".join(kinds), told)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def pages() -> dict[Path, str]:
    """Return the text of each page by its path."""
    return {
        ROOT / "docs" / "rule-list.md": rule_list(load_rules().rules.values()),
        ROOT / "docs" / "formats.md": format_page(observed(fixtures())),
        ROOT / "docs" / "format-rules.md": format_rules_page(rules_by_format()),
        ROOT / "docs" / "places.md": places_page(tables()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
