"""How much of what Renovate's own tests expect relcheck's readers find.

    python benchmarks/renovate_oracle.py CHECKOUT [MANAGER…] [--quiet]

CHECKOUT is a checkout of Renovate. For each manager of `renovate_managers.json` its `extract.spec.ts` is taken apart:
every test with the text that it hands to the extractor (a fixture or a literal) and the references that it expects
(objects in the test, and in its snapshot). The text is read under the manager's file name (`path`; `paths` by a
pattern on the name that the test gives; `linked` takes the texts of a test for the files of one repository), and each
expected reference counts as found when a fact has its name, its value and its digest. The others are listed, with the
reason from `differs` where the table has one for the test's title or the reference. `rewrite` replaces patterns in
the texts, where they lack what every file of the kind has.
Nothing of Renovate is run.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from relcheck.facts import UNKNOWN, Component, Dependency, Download, Fact, Image, Resource  # noqa: E402 - found through the line above
from relcheck.link import Repository, link  # noqa: E402 - see above
from relcheck.readers import read_source, recognise  # noqa: E402 - see above
from relcheck.source import Source  # noqa: E402 - see above

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[A-Za-z_$][\w$]*|\s+|.", re.DOTALL
)
_SNAPSHOT = re.compile(r"exports\[`(?P<title>.*?) \d+`\] = `(?P<text>(?:[^`\\]|\\.)*)`;", re.DOTALL)
_ESCAPE = re.compile(r"\\(?P<letter>.)", re.DOTALL)
_KEYS = ("depName", "packageName", "currentValue", "currentDigest", "replaceString", "skipReason")
_EXTRACTS = re.compile(r"extract\w*|parse\w*")
_FIXTURE = "__fixtures__/"
_INSERTED = re.compile(r"\$\{(?:Fixtures\.get\('(?P<fixture>[^']+)'\)|(?P<name>\w+))\}")


class Reference(NamedTuple):
    """What a test expects: names, version, digest, and the text as written where nothing else is given.

    partial: the test says something of a reference and not all; what it does not say may be anything.
    """

    names: frozenset[str]
    value: str
    digest: str
    written: str
    partial: bool = False

    def __str__(self) -> str:
        name = "|".join(sorted(self.names)) or self.written
        return f"{name} {self.value}{'@' if self.digest else ''}{self.digest[:19]}".strip()


class Case(NamedTuple):
    """One test: its title, its texts with the name that the test gives them, and what it expects."""

    title: str
    texts: list[tuple[str, str]]
    expected: list[Reference]


def tokens(text: str) -> list[str]:
    """Return the tokens of a script, without blanks and comments."""
    return [token for token in _TOKEN.findall(text) if not token.isspace() and not token.startswith(("//", "/*"))]


def literal(token: str, tag: str = "") -> str | None:
    """Return the text of a string or template; `codeBlock` takes its indentation away."""
    if token[:1] not in "`'\"" or len(token) < 2:
        return None
    text = _ESCAPE.sub(
        lambda match: {"n": "\n", "t": "\t", "r": "\r", "\n": ""}.get(match["letter"], match["letter"]), token[1:-1]
    )
    return textwrap.dedent(text.strip("\n").rstrip()) + "\n" if tag == "codeBlock" else text


def closing(found: list[str], at: int) -> int:
    """Return the index behind the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(found)):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(found[index], 0)
        if depth == 0:
            return index + 1
    return len(found)


def filled(text: str | None, known: dict[str, str], fixtures: Path) -> str | None:
    """Return a template with the texts and fixtures that it names put in, as far as they are known."""

    def put(match: re.Match[str]) -> str:
        path = fixtures / (match["fixture"] or "")
        return path.read_text(encoding="utf-8") if path.is_file() else known.get(match["name"] or "", match[0])

    return _INSERTED.sub(put, text) if text is not None else None


def value_of(found: list[str], at: int, known: dict[str, str], fixtures: Path) -> str | None:
    """Return the text that an expression begins with: a literal, a fixture, or a name that holds one."""
    return filled(_value_of(found, at, known, fixtures), known, fixtures)


def _value_of(found: list[str], at: int, known: dict[str, str], fixtures: Path) -> str | None:
    if (
        at + 1 < len(found)
        and (text := literal(found[at + 1], found[at])) is not None
        and found[at] in ("codeBlock", "dedent")
    ):
        return text
    if found[at] in ("codeBlock", "dedent") and found[at + 1 : at + 2] == ["("]:
        return literal(found[at + 2], found[at])
    if found[at : at + 4] == ["Fixtures", ".", "get", "("]:
        name = literal(found[at + 4]) or known.get(found[at + 4])
        path = fixtures / (name or "")
        return path.read_text(encoding="utf-8") if name and path.is_file() else None
    text = literal(found[at])
    if text is None:
        return known.get(found[at])
    while found[at + 1 : at + 2] == ["+"] and (more := literal(found[at + 2])) is not None:
        text, at = text + more, at + 2
    return text


def constants(found: list[str], known: dict[str, str], fixtures: Path) -> dict[str, str]:
    """Return the names that hold texts."""
    out = dict(known)
    for at in range(len(found) - 3):
        if found[at] in ("const", "let") and found[at + 2] in ("=", ":"):
            start = at + 3 if found[at + 2] == "=" else at + 5
            value = value_of(found, start, out, fixtures) if start < len(found) else None
            if value is not None:
                out[found[at + 1]] = value
    return out


def objects(found: list[str]) -> Iterator[Reference]:
    """Yield the references among the object literals of a script."""
    for at, token in enumerate(found):
        if token == "{":  # noqa: S105 - a bracket
            made = reference(found[at + 1 : closing(found, at) - 1])
            if made is not None:
                yield made


def reference(inside: list[str]) -> Reference | None:
    """Return the reference that the inside of an object names at its own level."""
    fields: dict[str, str] = {}
    depth = 0
    for at, token in enumerate(inside[:-2]):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(token, 0)
        key = (literal(token) or "") if token[:1] in "'\"" else token
        text = literal(inside[at + 2])
        if depth == 0 and inside[at + 1] == ":" and key in _KEYS and text is not None:
            more = at + 3
            while inside[more : more + 1] == ["+"] and (added := literal(inside[more + 1])) is not None:
                text, more = text + added, more + 2
            fields[key] = text
    names = frozenset(fields[key] for key in ("depName", "packageName") if fields.get(key))
    if not names and "replaceString" not in fields:
        return None
    return Reference(
        names, fields.get("currentValue", ""), fields.get("currentDigest", ""), fields.get("replaceString", "")
    )


def cases(folder: Path, script: str = "extract.spec.ts") -> Iterator[Case]:
    """Yield the tests of a manager."""
    spec = folder / script
    fixtures = folder / "__fixtures__"
    snapshots = snapshots_of(spec)
    found = tokens(spec.read_text(encoding="utf-8"))
    known = constants(found, {}, fixtures)
    for at in range(len(found) - 3):
        if found[at] == "it" and found[at + 1] == "(" and (title := literal(found[at + 2])) is not None:
            body = found[at + 3 : closing(found, at + 1)]
            partial = "toMatchObject" in body
            expected = [*(made._replace(partial=partial) for made in objects(body)), *snapshots.get(title, [])]
            own = constants(body, known, fixtures)
            yield Case(title, list(texts_of(body, own, folder)), list(dict.fromkeys(expected)))


def snapshots_of(spec: Path) -> dict[str, list[Reference]]:
    """Return the references of the snapshots of a script by the title of their test."""
    path = spec.parent / "__snapshots__" / f"{spec.name}.snap"
    out: dict[str, list[Reference]] = {}
    for match in _SNAPSHOT.finditer(path.read_text(encoding="utf-8")) if path.is_file() else ():
        text = match["text"].replace("\\`", "'").replace('""', '"').replace("\\\\", "\\")
        out.setdefault(match["title"].rpartition(" > ")[2], []).extend(objects(tokens(text)))
    return out


def texts_of(body: list[str], known: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, text) for what a test hands to the extractor; fixtures that a fixture names come along."""
    if "mockFs" in body:
        # A file system of names and texts: {'build.gradle': 'dependencies …'}.
        for at in range(len(body) - 2):
            name = literal(body[at])
            if name and body[at + 1] == ":" and re.fullmatch(r"[\w./-]+\.\w+", name):
                text = value_of(body, at + 2, known, folder / "__fixtures__")
                if text is not None:
                    yield name, text
        return
    for at in range(len(body) - 2):
        if not _EXTRACTS.fullmatch(body[at]) or body[at + 1] != "(":
            continue
        arguments = body[at + 2 : closing(body, at + 1) - 1]
        words = [literal(token) or known.get(token, "") for token in arguments]
        names = [text for text in words if text and "\n" not in text]
        paths = [name for name in names if _FIXTURE in name]
        if paths:
            together = dict.fromkeys(path for name in paths for path in with_included(folder, name))
            yield from ((path.name, path.read_text(encoding="utf-8")) for path in together)
        elif arguments and (found := value_of(arguments, 0, known, folder / "__fixtures__")) is not None:
            yield next((name for name in names if name != found), ""), found


def with_included(folder: Path, name: str) -> list[Path]:
    """Return a fixture and those that its text names, directly or not."""
    fixtures = {path.name: path for path in (folder / "__fixtures__").rglob("*") if path.is_file()}
    waiting, out = [name.rpartition("/")[2]], []
    while waiting:
        path = fixtures.get(waiting.pop())
        if path is not None and path not in out:
            out.append(path)
            text = path.read_text(encoding="utf-8")
            waiting += [other for other in fixtures if re.search(rf"(?<![\w.-]){re.escape(other)}", text)]
    return out


def plain(name: str) -> str:
    """Return a name without what tools may add or leave out: scheme, port, host of a forge, `.git`, Docker Hub."""
    text = re.sub(r"^(?:https?|ssh|git|oci)://(?:[^@/]*@)?", "", name.lower()).removesuffix(".git")
    text = re.sub(r"^([\w.-]+\.\w+):\d+/", r"\1/", text)
    text = re.sub(r"^git@([^:/]+):", r"\1/", text)
    return re.sub(r"^(?:docker\.io/|index\.docker\.io/)?(?:library/)?", "", text)


def names_of(fact: Image | Component | Dependency) -> set[str]:
    """Return the names that a fact answers to: with and without host, folder, and what a system adds."""
    name = fact.name
    address = plain(fact.url) if isinstance(fact, Dependency) and isinstance(fact.url, str) else ""
    repository = {address, address.partition("/")[2]} if address else set()
    if not isinstance(name, str):
        return repository
    short = plain(name)
    out = {short, short.partition("/")[2]} | repository
    if isinstance(fact, Component):
        out |= {"/".join(short.split("/")[:2]), f"{fact.host}/{short}"}
        out |= {word.rpartition("/")[0] for word in list(out) if fact.kind == "component"}
        out |= {re.sub(r"-buildkite-plugin$", "", word).removeprefix("buildkite-plugins/") for word in list(out)}
    elif isinstance(fact, Image):
        out.add(short.removeprefix(f"{fact.host}/"))
    elif fact.ecosystem == "gradle":
        out.add(f"{short}:{short}.gradle.plugin")
    return out


def written_like(reference: Reference, fact: Image | Component | Dependency) -> bool:
    """Whether a fact stands in the file as the reference is written, where a test gives no name or a variable in one."""
    if isinstance(fact, Image):
        given = {f"{name}:{reference.value}" if reference.value else name for name in reference.names if "$" in name}
        return fact.written in given | {reference.written}
    if reference.names or not isinstance(fact, Component):
        return False
    uses = reference.written.strip("'\"").partition(" ")[0].strip("'\"")
    known = (reference.value, reference.digest, "")
    return uses == f"{fact.name}@{fact.ref}" and (fact.version_comment in known or not fact.version_comment)


def downloads(reference: Reference, fact: Download) -> bool:
    """Whether a file that is downloaded is the expected reference: its address names both repository and version."""
    url = fact.url if isinstance(fact.url, str) else ""
    address = plain(url).replace("raw.githubusercontent.com/", "github.com/")
    named = any(plain(name) in address for name in reference.names)
    return named and bool(reference.value) and reference.value in re.split(r"[/?&=]", url)


def matches(reference: Reference, fact: Fact) -> bool:
    """Whether a fact is the expected reference."""
    if isinstance(fact, Resource):
        return fact.kind in reference.names and fact.api_version == reference.value
    if isinstance(fact, Download):
        return downloads(reference, fact)
    if not isinstance(fact, (Image, Component, Dependency)):
        return False
    if written_like(reference, fact):
        return True
    wanted = {plain(name) for name in reference.names}
    if isinstance(fact, Dependency):
        wanted |= {name.rpartition("/")[2] for name in wanted}
    if not names_of(fact) & wanted:
        return False
    digest: object = ""
    values: set[object]
    if isinstance(fact, Image):
        values, digest = {fact.tag}, fact.digest
    elif isinstance(fact, Component):
        ref = str(fact.ref) if fact.ref is not UNKNOWN else ""
        values, digest = {ref, ref.removeprefix("refs/tags/"), fact.version_comment}, ref
    else:
        values = set(versions_of(fact))
        digest = str(fact.ref)
    given = unquoted(reference.value) in values or (reference.partial and not reference.value)
    return given and (not reference.digest or reference.digest == digest)


def versions_of(fact: Dependency) -> set[str]:
    """Return what a fact says of the version: the constraint with and without `==`, or the ref of a repository."""
    text = "" if fact.constraint is UNKNOWN else str(fact.constraint)
    ref = "" if fact.ref is UNKNOWN else str(fact.ref)
    if fact.firmness == "git-commit" and fact.source == "git":
        return {text, ref, ""}
    return {text, text.removeprefix("=="), f"=={text}", ref} if not ref else {text, ref, f"=={ref}"}


def unquoted(value: str) -> str:
    """Return a value without quotes: a gem's requirements are expected as they stand in the Gemfile."""
    return re.sub(r"[\"']", "", value)


def linked_facts(case: Case) -> list[Fact]:
    """Read the texts of a test as the files of one repository, under the names that the test gives them."""
    facts: dict[str, list[Fact]] = {}
    formats: dict[str, str] = {}
    for name, text in case.texts:
        formats[name] = recognise(name, text.encode)[0]
        facts[name] = read_source(formats[name], Source(name, text)) if formats[name] else []
    repository = Repository(facts, formats, paths=frozenset(facts), read=lambda _: ("", []))
    link(repository)
    return [fact for found in facts.values() for fact in found]


def facts_of(entry: dict[str, Any], case: Case) -> list[Fact]:
    """Read the texts of a test under the manager's file name; those of a `linked` manager belong together."""
    if entry.get("linked"):
        return linked_facts(case)
    out: list[Fact] = []
    for name, text in case.texts:
        path = next((to for pattern, to in entry.get("paths", {}).items() if re.search(pattern, name)), entry["path"])
        whole = text
        for pattern, to in entry.get("rewrite", {}).items():
            whole = re.sub(pattern, to, whole, flags=re.MULTILINE)
        found, _ = recognise(path, whole.encode)
        out += read_source(found, Source(path, whole.removeprefix("\ufeff"))) if found else []
    return out


def compare(manager: str, entry: dict[str, Any], folder: Path, *, quiet: bool) -> tuple[int, int, int]:
    """Print what one manager's tests expect and what was found; return expected, found and explained."""
    expected = found = explained = left_out = 0
    lines: list[str] = []
    for case in cases(folder, entry.get("spec", "extract.spec.ts")):
        if not case.texts:
            left_out += bool(case.expected)
            continue
        facts = facts_of(entry, case)
        for wanted in case.expected:
            expected += 1
            if any(matches(wanted, fact) for fact in facts):
                found += 1
                continue
            place = f"{case.title}: {wanted}"
            why = next((text for part, text in entry.get("differs", {}).items() if part in place), "")
            explained += bool(why)
            lines.append(f"    {place}{f'  ({why})' if why else ''}")
    unexplained = expected - found - explained
    tail = f"; {left_out} tests left out: their text is made by code" if left_out else ""
    print(f"{manager:22} {found:4} of {expected:4} expected references, {unexplained} of the rest unexplained{tail}")
    if not quiet:
        print("\n".join(lines), end="\n" if lines else "")
    return expected, found, explained


def main() -> int:
    """Compare the managers of the table, or those that are named."""
    table: dict[str, dict[str, Any]] = json.loads(
        (ROOT / "benchmarks" / "renovate_managers.json").read_text(encoding="utf-8")
    )
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("managers", nargs="*", help="all of the table if none is named")
    parser.add_argument("--quiet", action="store_true", help="only the counts")
    options = parser.parse_args()
    managers = options.checkout / "lib" / "modules" / "manager"
    if not managers.is_dir():
        parser.error(f"{managers} is no folder: give a checkout of Renovate")
    totals = [compare(name, table[name], managers / name, quiet=options.quiet) for name in options.managers or table]
    expected, found, explained = (sum(column) for column in zip(*totals, strict=True))
    print(
        f"{'all':22} {found:4} of {expected:4} expected references, {expected - found - explained} of the rest unexplained"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
