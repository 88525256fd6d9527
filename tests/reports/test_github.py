"""Annotations of GitHub workflows: the grammar of workflow commands, and paths as the checkout has them."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import git, relcheck, write_tree


def commands(folder: Path, files: dict[str, str], *arguments: str) -> list[str]:
    write_tree(folder, files)
    done = relcheck("scan", *(arguments or (".",)), "--format", "github", cwd=folder)
    return done.stdout.decode().splitlines()


def test_each_finding_is_one_command_with_its_place(tmp_path: Path) -> None:
    lines = commands(tmp_path, {"Dockerfile": "FROM node\n"}, ".", "--select", "image-latest")

    assert len(lines) == 1
    assert lines[0].startswith("::error file=Dockerfile,line=1,col=6,endLine=1,endColumn=9,title=image-latest::node ")


def test_severities_have_the_platforms_names(tmp_path: Path) -> None:
    found = commands(tmp_path, {"Dockerfile": "FROM node:20.1.0\n"}, ".", "--select", "image-not-pinned")

    assert found[0].startswith("::notice ")


def test_what_would_end_a_command_is_escaped(tmp_path: Path) -> None:
    files = {"a,b:c%d\ne/Dockerfile": "# relcheck: ignore[100%:] why\nFROM node:20.1.0\n"}
    lines = commands(tmp_path, files, ".", "--select", "ignore-unknown-rule")

    assert len(lines) == 1
    assert all(line.startswith("::warning file=a%2Cb%3Ac%25d%0Ae/Dockerfile,line=1,") for line in lines)
    assert any("100%25:" in line.partition(",title=")[2] for line in lines)


def test_paths_are_relative_to_the_top_of_the_repository(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    lines = commands(folder, {"sub/Dockerfile": "FROM node\n"}, "sub")

    assert lines
    assert all(" file=sub/Dockerfile," in line for line in lines)


def test_silenced_findings_are_no_annotations(tmp_path: Path) -> None:
    files = {"Dockerfile": "# relcheck: ignore[image-latest] agreed\nFROM node\n"}

    assert not [line for line in commands(tmp_path, files) if "image-latest" in line]
