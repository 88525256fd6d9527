"""Fixtures of the repository, changed in the ways in which files of others differ, and the check of places.

Every rule example, both planted trees and the trees of `tests/formats` are fixtures. A mutation rewrites a text so that
it stays (mostly) a file of its format while places move or values change how they are written: other line ends, quotes,
escapes, tabs, letters beyond ASCII before the words, the text embedded in a file of another format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from relcheck.facts import UNKNOWN, Credential, Fact, Option
from relcheck.forms import decode_form
from relcheck.readers import BY_NAME, recognise
from relcheck.refs.secrets import redact
from relcheck.rule_files import read_examples
from relcheck.rules import rule_files, rules_folder
from relcheck.scan import read_facts
from relcheck.source import Source, Span
from tests.planted_trees import PLANTED, tree_files
from tests.test_rules import with_tokens

FORMATS_FOLDER = Path(__file__).parents[1] / "formats"
"""Plausible projects with files of every format, which together yield every kind of fact that each reader can make."""

NOT_DECODABLE = frozenset(("variable", "composed"))
"""Forms that say where a value is used or begins: what stands there is not, or not alone, the value."""

YAML = frozenset((
    "github-workflow", "github-action", "gitlab-ci", "pre-commit", "compose", "skaffold", "kustomization", "helm-chart",
    "helm-values", "documents",
))  # fmt: skip


class Fixture(NamedTuple):
    """A text under a path that tells its format."""

    name: str
    path: str
    format: str
    text: str


@cache
def fixtures() -> tuple[Fixture, ...]:
    """Return every file of every rule example, of both planted trees and of the trees of formats that has a format."""
    return tuple(_all())


def format_fixtures() -> Iterator[Fixture]:
    """Yield the files of the trees of formats; what has no known format is text."""
    for tree in sorted(FORMATS_FOLDER.iterdir()):
        yield from _recognised(f"formats {tree.name}", tree_files(tree), "text")


def _all() -> Iterator[Fixture]:
    for path in rule_files(rules_folder()):
        for example in read_examples(path):
            files = {name: with_tokens(text) for name, text in example.files.items()}
            yield from _recognised(f"{path.stem}[{example.name}]", files)
    for tree in ("bad", "good"):
        yield from _recognised(f"planted {tree}", tree_files(PLANTED / tree))
    yield from format_fixtures()


def _recognised(name: str, files: dict[str, str], otherwise: str = "") -> Iterator[Fixture]:
    charts = frozenset(path.rpartition("/")[0] for path in files if path.rsplit("/", 1)[-1] == "Chart.yaml")
    for path, text in files.items():
        data = text.encode("utf-8")
        file_format, _ = recognise(path, lambda data=data: data, charts)  # type: ignore[misc]
        if file_format or otherwise:
            yield Fixture(name, path, file_format or otherwise, text)


def facts_of(fixture: Fixture, data: bytes | None = None) -> tuple[Source, list[Fact]]:
    """Read a fixture as a scan does; return the file's source and its facts."""
    data = fixture.text.encode("utf-8", "surrogatepass") if data is None else data
    source = Source.from_bytes(fixture.path, data)
    return source, read_facts(fixture.format, source, data)


class Shares:
    """How many parts stood verbatim, how many were decoded, and how many only name a place."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, span: Span) -> None:
        """Count a part by the way in which it is written."""
        forms = {name.partition("-")[0] for name in span.form.split(">")}
        kind = "verbatim" if forms == {"plain"} else "place only" if forms & NOT_DECODABLE else "decoded"
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def include(self, other: Shares) -> None:
        """Add another tally."""
        for kind, number in other.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + number

    @property
    def total(self) -> int:
        """All parts."""
        return sum(self.counts.values())

    def share(self, kind: str) -> float:
        """The share of a kind, between 0 and 1."""
        return self.counts.get(kind, 0) / max(self.total, 1)

    def __str__(self) -> str:
        said = ", ".join(f"{self.counts[kind]} {kind} ({self.share(kind):.1%})" for kind in sorted(self.counts))
        return f"{self.total} parts of facts: {said}"


def complaints(source: Source, facts: list[Fact], shares: Shares | None = None) -> list[str]:
    """Return what is wrong with the places of facts; empty when every part stands where its span says."""
    found: list[str] = []
    for fact in facts:
        label = type(fact).__name__
        for what, span in _spans(fact):
            if not 0 <= span.start <= span.end <= len(source.text):
                found.append(f"{label}.{what}: {span} is outside the file")
        for field, span in fact.parts.items():
            if shares is not None:
                shares.add(span)
            wrong = _wrong(source.text, fact, field, span)
            if wrong:
                found.append(f"{label}.{field} at {span}: {wrong}")
    return found


def _spans(fact: Fact) -> Iterator[tuple[str, Span]]:
    yield "span", fact.span
    yield from fact.parts.items()
    yield from (("related", related.span) for related in fact.related if not related.path)
    for field, value in fact.values().items():
        if isinstance(value, tuple):
            yield from ((field, item.span) for item in value if isinstance(item, Option))


def _wrong(text: str, fact: Fact, field: str, span: Span) -> str:
    if any(name.partition("-")[0] in NOT_DECODABLE for name in span.form.split(">")):
        return ""
    try:
        words = decode_form(text[span.start : span.end], span.form)
    except KeyError as unknown:
        return f"no decoder for {unknown}"
    if isinstance(fact, Credential) and field == "value":
        # The value itself is never kept: what is kept must be made of the words at the place.
        same = fact.form != "literal" or fact.length == len(words) and fact.redacted in ("", redact(words))
        return "" if same else f"{fact.length} characters, {fact.redacted!r}, but {words!r} stands there"
    value = fact.values().get(field, UNKNOWN)
    if isinstance(value, str):
        return "" if words == value else f"{value!r}, but {words!r} stands there"
    # A list, a truth or an unknown value: the part is the place that decides it, and there something must stand.
    return "" if words.strip() or not value or value is UNKNOWN else f"{value!r}, but nothing stands there"


Mutation = Callable[[Fixture], tuple[Fixture, bytes] | None]
_PLAIN = re.compile(
    r"(?m)^(?P<before> *(?:- )*(?:[\w.-]+: +)?)(?P<value>[A-Za-z0-9/@$<][^\s'\"#&*!|>%`{}\[\],]*)(?<!:)(?P<after> *)$"
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def _encoded(fixture: Fixture, text: str, encoding: str = "utf-8") -> tuple[Fixture, bytes]:
    return fixture._replace(text=text), text.encode(encoding)


def crlf(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """Windows line ends."""
    return _encoded(fixture, fixture.text.replace("\r\n", "\n").replace("\n", "\r\n"))


def bom(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """A byte order mark."""
    return _encoded(fixture, fixture.text, "utf-8-sig")


def utf16(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """Two bytes a letter, as editors of Windows may save."""
    return _encoded(fixture, fixture.text, "utf-16")


def letters_before(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """A comment with letters of two, three and four bytes, and a combining one, before everything."""
    markers = BY_NAME[fixture.format].comments
    if "#" not in markers:
        return None
    return _encoded(fixture, f"# naïve ¿ 𝄞 e\u0301 \u200b\n{fixture.text}")


def tabs(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """Tabs where blanks may be tabs: behind the colon of YAML, between the words of a line elsewhere."""
    if fixture.format in YAML:
        return _encoded(fixture, re.sub(r"(?m)^( *[\w.-]+:) (?=\S)", "\\1\t", fixture.text))
    if fixture.format in ("dockerfile", "shell", "makefile"):
        return _encoded(fixture, re.sub(r"(?m)(?<=\S) (?=\S)", "\t", fixture.text))
    return None


def single_quotes(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """Plain scalars of YAML in single quotes."""
    if fixture.format not in YAML:
        return None
    return _encoded(fixture, _PLAIN.sub(r"\g<before>'\g<value>'\g<after>", fixture.text))


def escapes(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """Strings whose third letter is written as an escape."""
    if fixture.format in YAML and not fixture.text.lstrip().startswith("{"):
        return _encoded(fixture, _PLAIN.sub(_in_double_quotes, fixture.text))
    if fixture.path.endswith(".json"):
        return _encoded(fixture, _STRING.sub(lambda match: f'"{_escaped(match[1])}"', fixture.text))
    return None


def _in_double_quotes(match: re.Match[str]) -> str:
    value = match["value"].replace("\\", "\\\\")
    return f'{match["before"]}"{_escaped(value)}"{match["after"]}'


def _escaped(value: str) -> str:
    if len(value) < 3 or "\\" in value[:3]:
        return value
    return f"{value[:2]}\\u{ord(value[2]):04x}{value[3:]}" if ord(value[2]) < 0x10000 else value


def block_scalars(style: str) -> Mutation:
    """A text of one format embedded in another by a block scalar of YAML."""

    def mutation(fixture: Fixture) -> tuple[Fixture, bytes] | None:
        lines = "".join(
            f"          {line}" if line.strip() else line for line in fixture.text.splitlines(keepends=True)
        )
        if fixture.format == "dockerfile":
            text = f"services:\n  ä:\n    build:\n      dockerfile_inline: {style}\n{lines}"
            return _encoded(Fixture(fixture.name, "compose.yaml", "compose", text), text)
        if fixture.format == "shell":
            text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - name: ä\n        run: {style}\n{lines}"
            return _encoded(Fixture(fixture.name, ".github/workflows/a.yml", "github-workflow", text), text)
        return None

    mutation.__name__ = f"block {style}"
    return mutation


def in_a_string(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """A script or a Dockerfile as one double-quoted string with escapes."""
    string = json.dumps(fixture.text)
    if fixture.format == "dockerfile":
        text = f"services: {{a: {{build: {{dockerfile_inline: {string}}}}}}}\n"
        return _encoded(Fixture(fixture.name, "compose.yaml", "compose", text), text)
    if fixture.format == "shell":
        text = f".a: ä\na:\n  script:\n    - {string}\n"
        return _encoded(Fixture(fixture.name, ".gitlab-ci.yml", "gitlab-ci", text), text)
    return None


HEREDOCS = {
    "npmrc": ".npmrc", "pypirc": ".pypirc", "pip-conf": "pip.conf", "netrc": ".netrc", "dockerfile": "Dockerfile",
    "requirements": "requirements.txt", "documents": "k8s.yaml", "compose": "compose.yaml", "env-file": ".env",
}  # fmt: skip


def heredoc(fixture: Fixture) -> tuple[Fixture, bytes] | None:
    """A file that a step of a pipeline writes."""
    if fixture.format not in HEREDOCS:
        return None
    target = HEREDOCS[fixture.format]
    command = "kubectl apply -f - <<'END'" if target == "k8s.yaml" else f"cat > {target} <<'END'"
    script = f"{command}\n{fixture.text.rstrip()}\nEND\n"
    lines = "".join(f"          {line}" if line.strip() else line for line in script.splitlines(keepends=True))
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - name: ä\n        run: |\n{lines}"
    return _encoded(Fixture(fixture.name, ".github/workflows/a.yml", "github-workflow", text), text)


MUTATIONS: tuple[Mutation, ...] = (
    crlf, bom, utf16, letters_before, tabs, single_quotes, escapes, block_scalars("|"), block_scalars("|+"),
    block_scalars(">-"), in_a_string, heredoc,
)  # fmt: skip


def mutated(fixture: Fixture, mutations: list[Mutation]) -> tuple[Fixture, bytes]:
    """Apply mutations in turn; those that do not fit the format change nothing."""
    data = fixture.text.encode("utf-8", "surrogatepass")
    for mutation in mutations:
        found = mutation(fixture)
        if found is not None:
            fixture, data = found
    return fixture, data


def naive_position(text: str, offset: int) -> tuple[int, int]:
    """Count line and column letter by letter; CR LF, LF and CR end a line."""
    line, column = 1, 1
    for at in range(offset):
        ends = text[at] == "\n" or (text[at] == "\r" and text[at + 1 : at + 2] != "\n")
        line, column = (line + 1, 1) if ends else (line, column + 1)
    return line, column
