"""Comments that silence: in every syntax, on the lines they mean, and what becomes of those that do not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from relcheck.readers import FORMATS
from tests.conftest import git, relcheck, write_tree


def rules_of(folder: Path, *arguments: str) -> list[str]:
    """Return the rules of the findings that count, but not the notes."""
    done = relcheck("scan", *(arguments or (".",)), "--format", "json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return [
        entry["rule"]
        for entry in json.loads(done.stdout)["findings"]
        if "suppressed" not in entry and entry["severity"] != "note"
    ]


IGNORE = "relcheck: ignore[image-latest] agreed"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\nspec:\n  containers:\n"
SILENT = [
    ("above a line", "Dockerfile", f"# {IGNORE}\nFROM node\n"),
    ("no blank after the mark", "Dockerfile", f"#{IGNORE}\nFROM node\n"),
    ("several names", "Dockerfile", "# relcheck: ignore[coordinates,  image-latest] agreed\nFROM node\n"),
    ("a topic", "Dockerfile", "# relcheck: ignore[coordinates] agreed\nFROM node\n"),
    ("a date ahead", "Dockerfile", "# relcheck: ignore[image-latest] until=2999-01-01 agreed\nFROM node\n"),
    ("above a continued instruction", "Dockerfile", f"# {IGNORE}\nFROM \\\n  --platform=linux/amd64 \\\n  node\n"),
    ("inside a continued instruction", "Dockerfile", f"FROM \\\n# {IGNORE}\n  node\n"),
    ("before an inner comment", "Dockerfile", f"# {IGNORE}\nFROM \\\n# why\n\n  node\n"),
    ("a continued instruction with another escape", "Dockerfile", f"# escape=`\n# {IGNORE}\nFROM `\n  node\n"),
    ("lines that end in CR LF", "Dockerfile", f"# {IGNORE}\r\nFROM \\\r\n  node\r\n"),
    ("at the end of a line of YAML", "compose.yaml", f"services:\n  a:\n    image: node  # {IGNORE}\n"),
    ("above a line of YAML", "compose.yaml", f"services:\n  a:\n    # {IGNORE}\n    image: node\n"),
    ("a manifest", "pod.yaml", f"{POD}    - name: a\n      image: node  # {IGNORE}\n"),
    ("a script", "run.sh", f"docker run node  # {IGNORE}\n"),
    ("a continued command", "run.sh", f"# {IGNORE}\ndocker run \\\n  --rm \\\n  node\n"),
    (
        "a script inside YAML",
        ".gitlab-ci.yml",
        f"a:\n  image: b:1.0.0\n  script:\n    - |\n      # {IGNORE}\n      docker run node\n",
    ),
    ("a makefile", "Makefile", f"a:\n\t# {IGNORE}\n\tdocker run node\n"),
    (
        "a template of a chart",
        "chart/templates/a.yaml",
        POD + "    - name: a\n      {{/* " + IGNORE + " */}}\n      image: node\n",
    ),
]


@pytest.mark.parametrize(("path", "text"), [case[1:] for case in SILENT], ids=[case[0] for case in SILENT])
def test_a_comment_silences_its_line(path: str, text: str, tmp_path: Path) -> None:
    chart = {"chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n"} if path.startswith("chart/") else {}
    write_tree(tmp_path, {path: text, **chart})

    assert "image-latest" in rules_of(tmp_path, ".", "--no-ignores")
    assert not {"image-latest", "ignore-unused", "ignore-without-reason"} & set(rules_of(tmp_path))


LATEST = "image-latest"
HEARD = [
    ("two lines above", "Dockerfile", f"# {IGNORE}\n\nFROM node\n", [LATEST, "ignore-unused"]),
    ("the line below", "Dockerfile", f"FROM node\n# {IGNORE}\n", [LATEST, "ignore-unused"]),
    ("another rule", "Dockerfile", "# relcheck: ignore[version-invalid] x\nFROM node\n", [LATEST, "ignore-unused"]),
    ("expired", "Dockerfile", "# relcheck: ignore[image-latest] until=2020-01-01 x\nFROM node\n", [LATEST, "ignore-expired"]),
    ("no such day", "Dockerfile", "# relcheck: ignore[image-latest] until=2999-02-30 x\nFROM node\n", [LATEST, "ignore-expired"]),
    ("no reason", "Dockerfile", "# relcheck: ignore[image-latest]\nFROM node\n", ["ignore-without-reason"]),
    ("no name", "Dockerfile", "# relcheck: ignore[] x\nFROM node\n", [LATEST, "ignore-unknown-rule"]),
    ("a misspelt name", "Dockerfile", "# relcheck: ignore[image-lates] x\nFROM node\n", [LATEST, "ignore-unknown-rule"]),
    ("nothing is there", "Dockerfile", f"# {IGNORE}\nFROM scratch\n", ["ignore-unused"]),
    ("in a text", "compose.yaml", f'services: {{a: {{image: node, command: "{IGNORE}"}}}}\n', [LATEST]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "rules"), [case[1:] for case in HEARD], ids=[case[0] for case in HEARD])
def test_a_comment_that_does_not_silence_is_told(path: str, text: str, rules: list[str], tmp_path: Path) -> None:
    write_tree(tmp_path, {path: text})
    found = [rule for rule in rules_of(tmp_path) if rule == "image-latest" or rule.startswith("ignore-")]

    assert sorted(found) == sorted(rules)


def test_a_comment_of_another_profile_is_not_called_unused(tmp_path: Path) -> None:
    listed = json.loads(relcheck("rules", "--format", "json", cwd=tmp_path).stdout)["rules"]
    strict = next(rule["name"] for rule in listed if rule["profile"] == "strict" and rule["on"] == "image")
    write_tree(tmp_path, {"Dockerfile": f"# relcheck: ignore[{strict}] agreed\nFROM scratch\n"})

    assert rules_of(tmp_path) == []
    assert "ignore-unused" in rules_of(tmp_path, ".", "--profile", "strict")


def test_a_part_of_the_repository_does_not_say_what_is_unused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": f"# {IGNORE}\nFROM scratch\n", "x/Dockerfile": "FROM scratch\n"})

    assert rules_of(tmp_path, "Dockerfile", "x") == []
    assert rules_of(tmp_path) == ["ignore-unused"]


def test_findings_about_comments_obey_the_configuration(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "Dockerfile": f"# {IGNORE}\nFROM scratch\n",
            "relcheck.toml": '[per-file-ignores]\n"Dockerfile" = ["ignore-unused"]\n',
        },
    )

    assert rules_of(tmp_path) == []


WRITTEN = {
    "Dockerfile": "FROM node AS a\nRUN echo 1 && \\\n  docker pull python\nFROM \\\n  alpine:latest\n",
    "crlf/Dockerfile": "FROM node\r\nUSER 1\r\n",
    "mark/Dockerfile": "\ufeffFROM node\n",
    "compose.yaml": "services:\n  a:\n    image: node\n  b: {image: python}\n",
    "pod.yaml": f"{POD}    - name: a\n      image: node\n",
    "run.sh": "#!/bin/sh\nif true; then\n  docker run node\nfi\n",
    "Makefile": "a:\n\tdocker run node\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
    "chart/templates/a.yaml": f"{POD}    - name: a\n      image: node\n",
}


def test_written_comments_silence_exactly_what_was_found(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(folder, WRITTEN)
    before = rules_of(folder)
    texts = {name: (folder / name).read_bytes() for name in WRITTEN}

    done = relcheck("scan", ".", "--add-ignores", "until=2999-12-31 tracked in #7", cwd=folder)

    assert before.count("image-latest") >= 7
    assert done.returncode == 0, done.stderr
    assert rules_of(folder) == []
    assert sorted(rules_of(folder, ".", "--no-ignores")) == sorted(before)
    for name, text in texts.items():
        now = (folder / name).read_bytes()
        ending = b"\r\n" if b"\r\n" in text else b"\n"
        kept = [line for line in now.split(b"\n") if b"relcheck: ignore[" not in line]
        assert b"\n".join(kept).removeprefix(b"\xef\xbb\xbf") == text.removeprefix(b"\xef\xbb\xbf")
        assert now[:3] == text[:3] or not text.startswith(b"\xef\xbb\xbf")
        assert all(line.endswith(ending) for line in now.splitlines(keepends=True))
    assert relcheck("scan", ".", "--add-ignores", "again", cwd=folder).stderr == b""


def test_written_into_utf_16_they_stay_utf_16(tmp_path: Path) -> None:
    for name, mark, codec in (("a", b"\xff\xfe", "utf-16-le"), ("b", b"\xfe\xff", "utf-16-be")):
        write_tree(tmp_path, {f"{name}/x": ""})
        (tmp_path / name / "Dockerfile").write_bytes(mark + "FROM node\n".encode(codec))
    relcheck("scan", ".", "--add-ignores", "agreed", cwd=tmp_path)

    for name, mark, codec in (("a", b"\xff\xfe", "utf-16-le"), ("b", b"\xfe\xff", "utf-16-be")):
        data = (tmp_path / name / "Dockerfile").read_bytes()
        assert data[:2] == mark
        assert data[2:].decode(codec) == f"# {IGNORE}\nFROM node\n"


def test_what_has_no_comments_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"b": "*"}}\n'})
    before = (tmp_path / "package.json").read_bytes()
    done = relcheck("scan", ".", "--add-ignores", "agreed", "--profile", "strict", cwd=tmp_path)

    assert (tmp_path / "package.json").read_bytes() == before
    assert b"package.json: this format has no comments; accept its " in done.stderr


def test_a_comment_that_would_change_what_a_file_says_is_not_written(tmp_path: Path) -> None:
    text = "a:\n  image: b:1.0.0\n  script:\n    - >\n      echo one\n      && docker run node\n"
    write_tree(tmp_path, {".gitlab-ci.yml": text})
    assert "image-latest" in rules_of(tmp_path)

    done = relcheck("scan", ".", "--add-ignores", "agreed", cwd=tmp_path)

    assert (tmp_path / ".gitlab-ci.yml").read_text() == text
    assert b"a comment there would change what the file means" in done.stderr


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(tmp_path, {"outside/Dockerfile": "FROM node\n", "project/inside/Dockerfile": "FROM node\n"})
    os.symlink(tmp_path / "outside", folder / "linked")
    os.symlink(folder / "inside" / "Dockerfile", folder / "Dockerfile.link")

    for name in ("linked/Dockerfile", "../outside/Dockerfile", "linked", "Dockerfile.link"):
        relcheck("scan", name, "--add-ignores", "agreed", cwd=folder)

    assert (tmp_path / "outside" / "Dockerfile").read_text() == "FROM node\n"
    assert (folder / "inside" / "Dockerfile").read_text() == "FROM node\n"
    assert (folder / "Dockerfile.link").is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/Dockerfile": "FROM node\n"})
    os.chmod(tmp_path / "a", 0o500)
    done = relcheck("scan", ".", "--add-ignores", "agreed", cwd=tmp_path)
    os.chmod(tmp_path / "a", 0o700)

    assert b"a/Dockerfile: cannot be written" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("reason", ["", "  ", "x\nRUN evil", "a\x1bb"])
def test_a_reason_is_one_line_of_text(reason: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM node\n"})
    done = relcheck("scan", ".", "--add-ignores", reason, cwd=tmp_path)

    assert done.returncode == 2
    assert b"--add-ignores needs a reason, on one line" in done.stderr
    assert (tmp_path / "Dockerfile").read_text() == "FROM node\n"


def test_ignores_work_in_files_of_a_repository_too(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write_tree(folder, {"Dockerfile": f"# {IGNORE}\nFROM node\n"})

    assert rules_of(folder) == []


def test_every_format_says_how_its_comments_begin() -> None:
    json_like = {"package-json", "docker-config", "private-key"}

    for made in FORMATS:
        if not made.comments:
            assert made.name in json_like or all("json" in pattern or "." in pattern for pattern in made.patterns), (
                made.name
            )
