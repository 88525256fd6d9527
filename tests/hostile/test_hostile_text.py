# ruff: noqa: E501 - a scanned line is a line

"""Hostile text is survived: bombs, depth, lines of hundreds of kilobytes, NULs, encodings, cycles; and one bad file never hides the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from relcheck.cli import run
from relcheck.readers import BY_NAME
from relcheck.scan import read_facts
from relcheck.source import Source
from tests.conftest import git, relcheck, write_tree
from tests.tokens import make_token

SEEN = {"seen/Dockerfile": "FROM seen\n"}
"""A file beside each hostile one, whose finding must not be lost."""


def scan(folder: Path, *arguments: str) -> dict[str, list[str]]:
    """Scan a folder in this process; return the rules found, and what could not be read, by path."""
    report = folder.parent / "report.json"
    code = run(["scan", str(folder), "--isolated", "--quiet", "--format", "json", "--output", str(report), *arguments])
    assert code in (0, 1)
    found: dict[str, list[str]] = {}
    content = json.loads(report.read_text(encoding="utf-8"))
    for finding in content["findings"]:
        found.setdefault(finding["path"], []).append(finding["rule"])
    for entry in content["unreadable"]:
        assert "please report" not in entry["reason"]
    return found


def lay_out(tmp_path: Path, files: dict[str, bytes]) -> Path:
    folder = tmp_path / "project"
    write_tree(folder, SEEN)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def aliases(levels: int) -> str:
    lines = ["a0: &a0 {image: x}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + f"\nservices: {{a: *a{levels - 1}, b: {{image: redis}}}}\n"


def merges(levels: int) -> str:
    lines = ["x0: &x0 {image: redis}"]
    lines += [f"x{n}: &x{n}\n  <<: [{', '.join([f'*x{n - 1}'] * 9)}]\n  k{n}: v" for n in range(1, levels)]
    return "\n".join(lines) + f"\nservices:\n  a: *x{levels - 1}\n"


DEEP = 20_000
HOSTILE: dict[str, tuple[str, bytes]] = {
    "an alias bomb": ("compose.yaml", aliases(30).encode()),
    "a merge bomb": ("compose.yaml", merges(30).encode()),
    "an alias bomb in a manifest": ("k.yaml", b"apiVersion: v1\nkind: List\n" + aliases(30).encode()),
    "an alias bomb in a workflow": (".github/workflows/a.yml", b"on: push\njobs: {}\n" + aliases(30).encode()),
    "an alias bomb in a pipeline": (".gitlab-ci.yml", aliases(30).encode()),
    "anchors that hold themselves": ("compose.yaml", b"services: &s\n  a: &a {<<: *a, image: redis, deploy: *s, b: *a}\n"),
    "a sequence that holds itself": (".gitlab-ci.yml", b"a:\n  script: &s\n    - echo\n    - *s\n"),
    "a manifest that holds itself": ("k.yaml", b"apiVersion: v1\nkind: List\nitems: &i\n  - kind: List\n    apiVersion: v1\n    items: *i\n"),
    "deep flow sequences": ("k.yaml", b"apiVersion: v1\nkind: " + b"[" * DEEP),
    "deep flow mappings": ("compose.yaml", b"services: " + b"{a: " * DEEP),
    "deep JSON": ("package.json", b'{"a":' * DEEP),
    "deep block sequences": (".gitlab-ci.yml", b"a: " + b"- " * DEEP),
    "deep indentation": ("compose.yaml", b"".join(b" " * n + b"a:\n" for n in range(1000))),
    "deep TOML": ("pyproject.toml", b"a = " + b"[" * DEEP),
    "deep TOML tables": ("pyproject.toml", b"[" + b"a." * DEEP + b"a]\n"),
    "deep XML": ("settings.xml", b"<settings>" + b"<a>" * DEEP),
    "an XML entity bomb": (
        "settings.xml",
        b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">' + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 60))
        + b"]><settings>&a59;</settings>",
    ),
    "an XML entity of a file": ("settings.xml", b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><settings><password>&a;</password></settings>'),
    "deep shell": ("a.sh", b"$(" * DEEP),
    "deep shell groups": ("a.sh", b"if true; then " * 2_000),
    "deep templates": ("chart/templates/a.yaml", b"{{ if " * DEEP),
    "an endless instruction": ("Dockerfile", b"FROM a\nRUN x" + b" \\\n  y" * 10_000),
    "a heredoc without an end": ("Dockerfile", b"FROM a\nRUN <<EOF\n" + b"x\n" * 10_000),
    "many heredocs": ("Dockerfile", b"FROM a\nRUN " + b"<<A " * 4_000 + b"\n"),
    "variables that name each other": ("Dockerfile", b"ARG A=${B}\nARG B=${A}\nARG C=${C}${C}\nFROM ${A}\nFROM ${C}\n"),
    "a variable bomb": ("Dockerfile", b"ARG A0=xxxxxxxxxx\n" + b"".join(b"ARG A%d=${A%d}${A%d}\n" % (n, n - 1, n - 1) for n in range(1, 60)) + b"FROM ${A59}\n"),
    "nested defaults": ("Dockerfile", b"FROM " + b"${A:-" * 4_000 + b"\n"),
    "nested defaults in compose": ("compose.yaml", b"services: {a: {image: '" + b"${A:-" * 4_000 + b"'}}\n"),
    "an expression in an expression": (".github/workflows/a.yml", b"on: push\njobs: {a: {if: '" + b"(" * 4_000 + b"', runs-on: x, steps: []}}\n"),
    "a job that needs itself": (".github/workflows/a.yml", b"on: push\njobs: {a: {needs: [a, b], uses: ./.github/workflows/a.yml}, b: {needs: a}}\n"),
    "jobs that extend each other": (".gitlab-ci.yml", b"a: {extends: b, script: [x]}\nb: {extends: [a, b], image: redis}\n.c: {extends: .c}\n"),
    "references in a circle": (".gitlab-ci.yml", b"a:\n  script: [!reference [b, script]]\nb:\n  script: [!reference [a, script], !reference [b, script]]\n"),
    "a pipeline that includes itself": (".gitlab-ci.yml", b"include: [.gitlab-ci.yml, {local: /.gitlab-ci.yml}]\na: {script: [x]}\n"),
    "services that extend each other": ("compose.yaml", b"services:\n  a: {extends: b}\n  b: {extends: {service: a, file: compose.yaml}}\ninclude: [compose.yaml]\n"),
    "a kustomization of itself": ("kustomization.yaml", b"resources: [., ./, ../project, kustomization.yaml]\ncomponents: [.]\nbases: [.]\n"),
    "requirements of themselves": ("requirements.txt", b"-r requirements.txt\n-c requirements.txt\nflask\n"),
    "a chart of itself": ("Chart.yaml", b"apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: a, repository: 'file://.'}]\n"),
    "a script that writes itself": ("a.sh", b"cat > a.sh <<'A'\ncat > a.sh <<'B'\ncat > a.sh <<'C'\ncat > a.sh <<'D'\ncat > a.sh <<'E'\nx\nE\nD\nC\nB\nA\n"),
    "one long line": ("Dockerfile", b"FROM " + b"a" * 300_000 + b"\n"),
    "a long line of one word": ("a.sh", b"docker pull " + b"x" * 300_000 + b"\n"),
    "a long line of blanks": (".npmrc", b" " * 300_000 + b"=\n"),
    "a long line of one JSON line": ("package.json", b'{"name": "x", "version": "' + b"1." * 150_000 + b'"}'),
    "a long line of one requirement": ("requirements.txt", b"flask==" + b"1." * 150_000 + b"\n"),
    "a long line of one URL": ("pip.conf", b"[global]\nindex-url = https://" + b"a:" * 150_000 + b"@b\n"),
    "a NUL": ("Dockerfile", b"FROM node\0\nFROM a\n"),
    "a NUL behind the sniffed part": ("Dockerfile", b"FROM node\n" + b"#\n" * 5000 + b"RUN \0\n"),
    "Latin-1": ("compose.yaml", "# caf\xe9\nservices: {a: {image: redis}}\n".encode("latin-1")),
    "half a surrogate pair": ("package.json", b'{"name": "\\ud800", "version": "\\udc00"}'),
    "UTF-16 cut in the middle": ("compose.yaml", "services: {a: {image: redis}}\n".encode("utf-16")[:-1]),
    "control characters": ("compose.yaml", b"services: {a: {image: 'redis\x07\x1b[2J'}}\n\x01"),
    "other line ends": ("compose.yaml", "services:\u2028  a:\x85    image: redis\x0c\x0b\r".encode()),
    "nothing": ("package.json", b""),
    "a byte order mark alone": ("pyproject.toml", b"\xef\xbb\xbf"),
    "half a token": (".npmrc", b"//r.acme.io/:_authToken=npm_"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_it_is_survived_and_hides_nothing(case: str, tmp_path: Path) -> None:
    name, data = HOSTILE[case]
    found = scan(lay_out(tmp_path, {name: data}), "--jobs", "1")

    assert found["seen/Dockerfile"] == ["image-latest"]


READ_ANYWAY: dict[str, tuple[str, bytes, str]] = {
    "UTF-16": ("compose.yaml", "services: {a: {image: redis}}\n".encode("utf-16"), "image-latest"),
    "UTF-16, big end first": ("compose.yaml", b"\xfe\xff" + "services: {a: {image: redis}}\n".encode("utf-16-be"), "image-latest"),
    "UTF-8 with a mark": ("Dockerfile", b"\xef\xbb\xbfFROM node\n", "image-latest"),
    "Latin-1": ("Dockerfile", "# caf\xe9\nFROM node\n".encode("latin-1"), "image-latest"),
    "a broken document between two": (
        "k.yaml",
        b"apiVersion: v1\nkind: Pod\nspec: {containers: [{image: redis}]}\n---\na: [\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx}]}\n",
        "image-latest",
    ),
    "an undefined alias": ("compose.yaml", b"a: *b\n---\nservices: {a: {image: redis}}\n", "file-unreadable"),
    "broken JSON": ("package.json", b'{"name": "x",,,', "file-unreadable"),
    "broken TOML": ("pyproject.toml", b'[project\nname = "x"\n', "file-unreadable"),
    "broken XML": ("settings.xml", b"<settings><a></settings>", "file-unreadable"),
    "depth without end": ("k.yaml", b"apiVersion: v1\nkind: " + b"[" * 1000, "file-unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("case", READ_ANYWAY)
def test_what_can_be_read_is_read_and_the_rest_is_said(case: str, tmp_path: Path) -> None:
    name, data, rule = READ_ANYWAY[case]
    found = scan(lay_out(tmp_path, {name: data}), "--jobs", "1")

    assert rule in found[name]
    assert found["seen/Dockerfile"] == ["image-latest"]


def test_all_of_them_together_in_several_processes(tmp_path: Path) -> None:
    cases = {f"{number}/{name}": data for number, (name, data) in enumerate(HOSTILE.values()) if len(data) < 100_000}
    filler = {f"filler/{number}/Dockerfile": b"#\n" * 400_000 for number in range(4)}  # enough for several processes
    folder = lay_out(tmp_path, {**cases, **filler})

    done = relcheck("scan", ".", "--isolated", "--jobs", "2", "--format", "json", cwd=folder)

    found = [(finding["path"], finding["rule"]) for finding in json.loads(done.stdout)["findings"]]
    assert b"Traceback" not in done.stderr
    assert ("seen/Dockerfile", "image-latest") in found


def test_a_fault_of_a_reader_is_an_entry_of_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Source) -> None:
        raise RecursionError("secret text of the file")

    monkeypatch.setitem(__import__("relcheck.readers", fromlist=["_READERS"])._READERS, "compose", fail)
    folder = lay_out(tmp_path, {"compose.yaml": b"services: {}\n"})
    report = tmp_path / "report.json"

    code = run(["scan", str(folder), "--isolated", "--quiet", "--format", "json", "--output", str(report)])

    content = json.loads(report.read_text())
    assert code == 1
    assert "secret text" not in report.read_text()
    assert [entry["path"] for entry in content["unreadable"]] == ["compose.yaml"]
    assert ("seen/Dockerfile", "image-latest") in [(found["path"], found["rule"]) for found in content["findings"]]


CIRCLES: dict[str, dict[str, str]] = {
    "kustomizations": {
        "a/kustomization.yaml": "resources: [../b]\nnamespace: x\n",
        "b/kustomization.yaml": "resources: [../c, ../a]\n",
        "c/kustomization.yaml": "resources: [../a, pod.yaml]\ncomponents: [../b]\n",
        "c/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: redis}]}\n",
    },
    "pipelines": {
        ".gitlab-ci.yml": "include: [{local: a.yml}]\nx: {extends: .y, script: [a]}\n",
        "a.yml": "include: [{local: .gitlab-ci.yml}]\n.y: {extends: x}\n",
        ".gitlab/ci/b.yml": "include: [{local: .gitlab/ci/b.yml}, {local: .gitlab-ci.yml}]\n",
    },
    "compose files": {
        "compose.yaml": "include: [b/compose.yaml]\nservices: {a: {extends: {file: b/compose.yaml, service: b}}}\n",
        "b/compose.yaml": "include: [../compose.yaml]\nservices: {b: {extends: {file: ../compose.yaml, service: a}, image: redis}}\n",
    },
    "workflows": {
        ".github/workflows/a.yml": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/b.yml}}\n",
        ".github/workflows/b.yml": "on: workflow_call\njobs: {b: {uses: ./.github/workflows/a.yml}}\n",
        "x/action.yml": "runs: {using: composite, steps: [{uses: ./x}, {uses: ./y}]}\n",
        "y/action.yml": "runs: {using: composite, steps: [{uses: ./x}]}\n",
    },
    "variables": {".env": "TAG=${TAG}\nA=${B}\nB=${A}\n", "compose.yaml": "services: {a: {image: 'redis:${TAG}${A}'}}\n"},
    "deployments": {
        "app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\n"
        "spec: {source: {path: ., repoURL: x}, destination: {namespace: y}}\n",
        "flux.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: b}\nspec: {path: ./}\n",
    },
    "charts": {
        "a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: b, repository: file://../b}]\n",
        "b/Chart.yaml": "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies: [{name: a, repository: file://../a}]\n",
        "a/values.yaml": "image: {repository: redis, tag: latest}\n",
        "a/templates/x.yaml": '{{ include "a" . }}\n{{ define "a" }}{{ include "a" . }}{{ end }}\nkind: Pod\n',
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CIRCLES)
def test_files_that_name_each_other_in_a_circle(case: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path, {name: text.encode() for name, text in CIRCLES[case].items()})

    assert scan(folder)["seen/Dockerfile"] == ["image-latest"]
    for name in CIRCLES[case]:
        run(
            [
                "scan",
                str(folder / name),
                "--isolated",
                "--quiet",
                "--exit-zero",
                "--output",
                str(tmp_path / "x"),
            ]
        )


def test_a_broken_repository_is_walked_without_git(tmp_path: Path) -> None:
    folder = lay_out(tmp_path, {})
    git(folder, "init", "-q")
    (folder / ".git" / "HEAD").write_text("nonsense\n")
    (folder / ".git" / "index").write_bytes(b"DIRC broken")

    assert scan(folder)["seen/Dockerfile"] == ["image-latest"]


DEPTHS = [word * 5000 for word in (b"{", b"[", b"(", b"<", b"- ", b"a: ", b"'", b"\\", b"$(")]


def path_of(file_format: str) -> str:
    """Return a path that has a format by its name."""
    patterns = BY_NAME[file_format].patterns or ("a/b",)
    return patterns[0].replace("**/", "a/").replace("*", "x")


@pytest.mark.parametrize("file_format", sorted(BY_NAME))
def test_no_reader_fails_on_depth(file_format: str, faults_surface: Callable[[], None]) -> None:
    faults_surface()
    for data in DEPTHS:
        read_facts(file_format, Source.from_bytes(path_of(file_format), data), data)


UNCLOSED = [
    "-----BEGIN PRIVATE KEY-----\n", "<<A\n", "/*", "<!--", '"""', "${A", "{{ if ", "[a]\n", "FROM a\nRUN x \\\n", "https://u:",
    "a@", "- - a: &a\n", "<a ", "$(", "def a {\n", "'" * 3, "a: |\n", "GEM\n  remote: ",
]  # fmt: skip
"""What begins something that never ends."""


@pytest.mark.parametrize("file_format", sorted(BY_NAME))
def test_what_never_ends_takes_no_time(file_format: str, faults_surface: Callable[[], None]) -> None:
    faults_surface()
    for word in UNCLOSED:
        text = word * (10_000 // len(word))
        started = process_time()
        read_facts(file_format, Source(path_of(file_format), text), text.encode())

        assert process_time() - started < 5, word


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_a_token_in_utf_16_is_found_at_its_place(mark: bytes, encoding: str, tmp_path: Path) -> None:
    text = f"caf\xe9 \U0001f600\r\nuse {make_token('npm', 1)}\r\n"
    folder = lay_out(tmp_path, {"notes.txt": mark + text.encode(encoding), "a.py": mark + text.encode(encoding)})
    report = tmp_path / "report.json"

    run(["scan", str(folder), "--isolated", "--quiet", "--format", "json", "--output", str(report)])

    found = [entry for entry in json.loads(report.read_text())["findings"] if entry["path"] != "seen/Dockerfile"]
    places = [(entry["path"], entry["rule"], entry["line"], entry["column"]) for entry in found]
    assert places == [("a.py", "token-verified", 2, 5), ("notes.txt", "token-verified", 2, 5)]
