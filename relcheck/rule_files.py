"""Reading a rule file: YAML to a compiled `Rule`, with a place for every complaint."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from relcheck.engine import Checker, ExpressionError, fact_fields
from relcheck.facts import KINDS
from relcheck.findings import SEVERITIES
from relcheck.guards import guards_of
from relcheck.readers.yaml_tree import Mapping, Node, Scalar, Sequence, load
from relcheck.records import Record
from relcheck.rules import PROFILES, Level, Rule, RuleError
from relcheck.source import Source, Span

_REQUIRED = ("title", "since", "on", "when", "levels", "message", "why", "fix", "bad", "good")
_OPTIONAL = ("confidence", "needs", "at", "supersedes", "params", "references", "formerly")
_LEVEL_KEYS = ("when", "severity", "strict", "profile")
_FIX_KEYS = ("text", "fixer", "safe")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_EXAMPLES = re.compile(r"^(?:bad|good):", re.MULTILINE)
_TOP_KEY = re.compile(r"^[^\s#-][^:\n]*", re.MULTILINE)
_EXAMPLE_KEYS = ("name", "files", "file", "text", "settings", "git", "remote", "finds")
_NEEDS = ("git", "network", "artifact", "config")
_CONFIDENCE = ("high", "medium", "low")


class Commit(Record):
    """A commit of an example's history: files written (None: removed), and the tag put on it."""

    files: dict[str, str | None] = {}
    tag: str = ""


class Example(Record):
    """Files, settings and history, and exactly what a rule finds in them: `path:line:column message`."""

    name: str
    files: dict[str, str]
    finds: tuple[str, ...] = ()
    settings: dict[str, object] = {}
    git: tuple[Commit, ...] = ()
    remote: str = ""
    bad: bool = False


class _File:
    """One rule file while it is read: complains with file, line and column."""

    def __init__(self, path: Path, *, custom: bool, examples: bool = True) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RuleError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__}).") from None
        self.path = path
        self.custom = custom
        self.later: tuple[str, ...] = ()
        if not examples:
            text, self.later = _without_examples(text)
        self.source = Source(str(path), text)
        loaded = load(self.source)
        if loaded.faults:
            self.refuse(loaded.faults[0].span, f"is no YAML: {loaded.faults[0].reason}")
        if len(loaded.documents) != 1 or not isinstance(loaded.documents[0], Mapping):
            raise RuleError(f"{path}: a rule file is one mapping; see docs/rules.md.")
        self.top = loaded.documents[0]

    def refuse(self, span: Span, reason: str) -> NoReturn:
        where = self.source.position(span.start)
        raise RuleError(f"{self.path}:{where.line}:{where.column}: {reason}")

    def check_keys(self, node: Mapping, known: tuple[str, ...]) -> None:
        for key, _ in node.pairs():
            if key.value not in known:
                self.refuse(key.span, f"unknown key {key.value!r}; known here: {', '.join(known)}.")

    def text(self, node: Mapping, name: str, default: str = "") -> str:
        found = node.get(name)
        if found is None:
            return default
        if not isinstance(found, Scalar):
            self.refuse(found.span, f"{name} is one text.")
        return found.value.strip()

    def words(self, node: Mapping, name: str) -> tuple[str, ...]:
        found = node.get(name)
        if found is None:
            return ()
        if isinstance(found, Scalar):
            return (found.value,)
        if not isinstance(found, Sequence) or not all(isinstance(item, Scalar) for item in found):
            self.refuse(found.span, f"{name} is a list of words.")
        return tuple(item.value for item in found if isinstance(item, Scalar))

    def choice(self, node: Mapping, name: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(node, name, default)
        if value not in known:
            found = node.get(name)
            self.refuse(found.span if found else node.span, f"{name} is one of {', '.join(known)}, not {value!r}.")
        return value


def _without_examples(text: str) -> tuple[str, tuple[str, ...]]:
    """Leave the examples of a shipped rule to its tests: they are two thirds of the text. Only where they stand last."""
    first = _EXAMPLES.search(text)
    keys = tuple(_TOP_KEY.findall(text, first.start())) if first else ()
    return (text[: first.start()], keys) if first and set(keys) <= {"bad", "good"} else (text, ())


def read_rule(path: Path, *, custom: bool = False) -> Rule:
    """Read and compile one rule file; raise `RuleError` with the place of the first mistake."""
    file = _File(path, custom=custom, examples=custom)
    if not _NAME.fullmatch(path.stem):
        raise RuleError(f"{path}: a rule's name is small letters, digits and hyphens, such as image-latest.yaml.")
    top = file.top
    file.check_keys(top, _REQUIRED + _OPTIONAL)
    lacking = [name for name in _REQUIRED if top.get(name) is None and name not in file.later]
    for name in lacking:
        if not (custom and name in ("bad", "good", "why", "since")):
            file.refuse(top.span, f"the key {name!r} is missing.")
    kind = file.choice(top, "on", tuple(KINDS), "")
    params = _params(file)
    checker = Checker(kind, params)
    fix = _fix(file)
    return Rule(
        name=path.stem,
        topic=path.parent.name,
        title=file.text(top, "title"),
        since=file.text(top, "since"),
        on=kind,
        when=file.text(top, "when"),
        message=file.text(top, "message"),
        when_program=_compile(file, checker, top, "when", "bool"),
        message_program=_compile(file, checker, top, "message", "string"),
        guards=guards_of(kind, file.text(top, "when")),
        levels=tuple(_levels(file, checker)),
        path=str(path) if custom else f"rules/{path.parent.name}/{path.name}",
        confidence=file.choice(top, "confidence", _CONFIDENCE, "high"),
        needs=_needs(file),
        at=_at(file, kind),
        why=file.text(top, "why"),
        fix=fix["text"],
        fixer=fix["fixer"],
        safe=fix["safe"] == "true",
        supersedes=file.words(top, "supersedes"),
        params=params,
        references=file.words(top, "references"),
        formerly=file.words(top, "formerly"),
        custom=custom,
    )


def _compile(file: _File, checker: Checker, node: Mapping, key: str, returns: str) -> str:
    found = node.get(key)
    if not isinstance(found, Scalar):
        file.refuse(node.span, f"{key} is one CEL expression.")
    try:
        return base64.b64encode(checker.compile(found.value, returns=returns)).decode()
    except ExpressionError as error:
        lines = found.value.split("\n")
        at = sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1
        at = min(at, max(len(found.value) - 1, 0))
        file.refuse(found.source.at(at, min(at + 1, len(found.value))), f"{key}: {error}")


def _levels(file: _File, checker: Checker) -> Iterator[Level]:
    node = file.top.get("levels")
    if not isinstance(node, Sequence) or not node.items:
        file.refuse(node.span if node else file.top.span, "levels is a list, such as [{severity: error}].")
    for item in node:
        if not isinstance(item, Mapping):
            file.refuse(item.span, "a level is a mapping with severity, and when for the circumstances.")
        file.check_keys(item, _LEVEL_KEYS)
        yield Level(
            severity=file.choice(item, "severity", SEVERITIES, ""),
            when=file.text(item, "when"),
            program=_compile(file, checker, item, "when", "bool") if item.get("when") else "",
            strict=file.choice(item, "strict", ("", *SEVERITIES), ""),
            profile=file.choice(item, "profile", PROFILES, "default"),
        )


def _params(file: _File) -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in (file.top.map("params") or _EMPTY).pairs():
        out[key.value] = _param(file, value)
    return out


class _Nothing(Mapping):
    __slots__ = ()

    def __init__(self) -> None:
        self.items = []


_EMPTY = _Nothing()


def _param(file: _File, node: Node) -> object:
    if isinstance(node, Sequence):
        wrong = next((item for item in node if not isinstance(item, Scalar)), None)
        if wrong is not None:
            file.refuse(wrong.span, "a list of a parameter holds words.")
        return [item.value for item in node if isinstance(item, Scalar)]
    if not isinstance(node, Scalar):
        file.refuse(node.span, "a parameter is a word, a number, true or false, or a list of words.")
    if node.plain and node.value in ("true", "false"):
        return node.value == "true"
    return int(node.value) if node.plain and node.value.isdigit() else node.value


def _fix(file: _File) -> dict[str, str]:
    node = file.top.get("fix")
    if isinstance(node, Scalar):
        return {"text": node.value.strip(), "fixer": "", "safe": ""}
    if not isinstance(node, Mapping):
        file.refuse(file.top.span, "fix is a sentence, or a mapping with text, fixer and safe.")
    file.check_keys(node, _FIX_KEYS)
    return {name: file.text(node, name) for name in _FIX_KEYS}


def _needs(file: _File) -> tuple[str, ...]:
    needs = file.words(file.top, "needs")
    for name in needs:
        if name not in _NEEDS:
            file.refuse(file.top.span, f"needs knows {', '.join(_NEEDS)}, not {name!r}.")
    return needs


def _at(file: _File, kind: str) -> tuple[str, ...]:
    names = file.words(file.top, "at")
    fields = {*fact_fields(kind), "value"}
    for name in names:
        if name not in fields:
            file.refuse(file.top.span, f"at names {name!r}, which is no part of {kind}.")
    return names


def read_examples(path: Path) -> list[Example]:
    """Return the examples of a rule file, bad ones first."""
    file = _File(path, custom=False)
    out = []
    for key in ("bad", "good"):
        node = file.top.get(key)
        if node is None:
            continue
        if not isinstance(node, Sequence):
            file.refuse(node.span, f"{key} is a list of examples.")
        out += [_example(file, item, bad=key == "bad") for item in node]
    return out


def _example(file: _File, node: Node, *, bad: bool) -> Example:
    if not isinstance(node, Mapping):
        file.refuse(node.span, "an example is a mapping with name, files and finds.")
    file.check_keys(node, _EXAMPLE_KEYS)
    files = _files(node.map("files"))
    if node.get("file"):
        name, text = node.text("file"), node.get("text")
        if not isinstance(text, Scalar):
            file.refuse(node.span, "an example with file needs text.")
        files[name] = text.value
    if not files:
        file.refuse(node.span, "an example needs files, or file and text.")
    finds = file.words(node, "finds")
    if bad != bool(finds):
        file.refuse(node.span, "a bad example lists what is found in finds; a good one finds nothing.")
    commits = (_commit(item) for item in node.seq("git") or ())
    return Example(
        name=file.text(node, "name"),
        files={name: text for name, text in files.items() if text is not None},
        finds=tuple(" ".join(line.split()) for line in finds),
        settings=_plain_map(node.map("settings")),
        git=tuple(commits),
        remote=node.text("remote"),
        bad=bad,
    )


def _files(node: Mapping | None) -> dict[str, str | None]:
    out: dict[str, str | None] = {}
    for key, value in node.pairs() if node else ():
        out[key.value] = value.value if isinstance(value, Scalar) and value.value != "~" else None
    return out


def _commit(node: Node) -> Commit:
    if not isinstance(node, Mapping):
        return Commit()
    return Commit(files=_files(node.map("files")), tag=node.text("tag"))


def _plain_map(node: Mapping | None) -> dict[str, object]:
    return {key.value: _plain(value) for key, value in node.pairs()} if node else {}


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        if node.plain and node.value in ("true", "false"):
            return node.value == "true"
        return node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node]
    return _plain_map(node)
