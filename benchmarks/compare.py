"""relcheck beside other tools, in one run on one machine: ratios of wall-clock times.

    python benchmarks/compare.py [TREE] [--venvs FOLDER] [--repeat N] [--python PYTHON]

TREE is a checkout (default: a copy of the repaired planted tree). FOLDER holds one virtual environment a peer, as for
benchmarks/peers.py; a peer that is missing is named and left out. PYTHON is an interpreter that has relcheck
installed (default: the running one); install the wheel, whose rules are compiled, to time what users run. All
commands run once to warm up (which also writes the bytecode), then N rounds; in each round every command runs once,
in an order that turns. Printed are medians, and each time as a multiple of relcheck's or of `import click`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.planted_trees import copy_tree  # noqa: E402 - found through the line above

SKIPPED = {".git", "node_modules"}
TIMEOUT = 1800


class Task(NamedTuple):
    """A command to time: the group that it is compared in, its name, its words, its folder if it is not the tree."""

    group: str
    name: str
    words: list[str]
    folder: Path | None = None


def timed(words: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Run a command and return its wall-clock seconds; what it finds and prints does not matter."""
    begun = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False, timeout=TIMEOUT)
    spent = time.perf_counter() - begun
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words[:4])} ended with {done.returncode}: {done.stderr.decode()[-400:]}")
    return spent


def files_of(tree: Path) -> list[Path]:
    """Return the files of a tree below its root, sorted."""
    return sorted(
        path.relative_to(tree)
        for path in tree.rglob("*")
        if path.is_file() and not SKIPPED & set(path.relative_to(tree).parts)
    )


def typical(files: list[Path], tree: Path) -> str:
    """Return the file of median size, as a text."""
    ranked = sorted(files, key=lambda path: ((tree / path).stat().st_size, str(path)))
    return str(ranked[len(ranked) // 2]) if ranked else ""


SMALL = """FROM python:3.13.2-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "-m", "app"]
"""


def tasks(tree: Path, python: str, venvs: Path | None, small: Path) -> Iterator[Task]:
    """Yield what is timed: relcheck first in each group. `small` is a folder with one small Dockerfile and nothing else."""
    relcheck = relcheck_words(python)
    peers = programs(venvs)
    files = files_of(tree)
    dockerfiles = [
        path for path in files if path.name in ("Dockerfile", "Containerfile") or path.suffix == ".dockerfile"
    ]
    workflows = [path for path in files if path.parent.name == "workflows" and path.suffix in (".yml", ".yaml")]
    dockerfile, workflow = typical(dockerfiles, tree), typical(workflows, tree)

    yield Task("start-up", "relcheck --version", [*relcheck, "--version"])
    yield Task("start-up", "import click", [python, "-c", "import click"])
    yield Task("start-up", "bare interpreter", [python, "-c", "pass"])
    yield Task("start-up", "relcheck, a Dockerfile of five lines", [*relcheck, "scan", "Dockerfile"], small)
    if dockerfile:
        yield from peer_tasks(f"one Dockerfile ({dockerfile})", relcheck, peers, [dockerfile], "hadolint")
    if workflow:
        yield from peer_tasks(f"one workflow ({workflow})", relcheck, peers, [workflow], "zizmor")
    group = f"the whole tree ({len(files)} files)"
    yield Task(group, "relcheck", [*relcheck, "scan", ".", "--no-cache"])
    yield Task(group, "relcheck, cache warm", [*relcheck, "scan", "."])
    yield Task(group, "relcheck, one process", [*relcheck, "scan", ".", "--no-cache", "--jobs", "1"])
    if "hadolint" in peers and dockerfiles:
        words = [peers["hadolint"], "--no-fail", *map(str, dockerfiles)]
        yield Task(group, f"hadolint ({len(dockerfiles)} files)", words)
    if "zizmor" in peers and workflows:
        words = [peers["zizmor"], "--offline", "--no-config", "--no-exit-codes", "."]
        yield Task(group, f"zizmor ({len(workflows)} workflows)", words)
    if "detect-secrets" in peers:
        yield Task(group, "detect-secrets", [peers["detect-secrets"], "scan", "--no-verify", "--all-files", "."])


def peer_tasks(group: str, relcheck: list[str], peers: dict[str, str], paths: list[str], peer: str) -> Iterator[Task]:
    """Yield relcheck and the peers that read such a file."""
    yield Task(group, "relcheck", [*relcheck, "scan", *paths])
    if peer in peers:
        flags = {"hadolint": ["--no-fail"], "zizmor": ["--offline", "--no-config", "--no-exit-codes"]}[peer]
        yield Task(group, peer, [peers[peer], *flags, *paths])
    if "detect-secrets" in peers:
        yield Task(group, "detect-secrets", [peers["detect-secrets"], "scan", "--no-verify", *paths])


def relcheck_words(python: str) -> list[str]:
    """Return how relcheck is called: the installed command where there is one."""
    script = Path(python).parent / "relcheck"
    return [str(script)] if script.exists() else [python, "-m", "relcheck"]


def programs(venvs: Path | None) -> dict[str, str]:
    """Return the peers that are installed, by name; say which are not."""
    found = {}
    for name in ("hadolint", "zizmor", "detect-secrets"):
        program = venvs.resolve() / name / "bin" / name if venvs else None
        if program and program.exists():
            found[name] = str(program)
        else:
            print(f"{name} is not there and is left out (see benchmarks/README.md)", file=sys.stderr)
    return found


def measure(work: list[Task], folder: Path, environment: dict[str, str], repeat: int) -> list[list[float]]:
    """Return the times of each task: every round runs all of them once, beginning with another one."""
    times: list[list[float]] = [[] for _ in work]
    for task in work:
        timed(task.words, task.folder or folder, environment)
    for number in range(repeat):
        for step in range(len(work)):
            index = (step + number) % len(work)
            times[index].append(timed(work[index].words, work[index].folder or folder, environment))
    return times


def report(work: list[Task], times: list[list[float]]) -> None:
    """Print a table a group: the median, the spread, and the multiple of the group's yardstick."""
    medians = [statistics.median(found) for found in times]
    for group in dict.fromkeys(task.group for task in work):
        inside = [index for index, task in enumerate(work) if task.group == group]
        yardstick = "import click" if group == "start-up" else "relcheck"
        base = next(medians[index] for index in inside if work[index].name == yardstick)
        print(f"\n{group}\n| command | median | fastest | slowest | times {yardstick} |\n|---|---:|---:|---:|---:|")
        for index in inside:
            spread = f"{min(times[index]) * 1000:.0f} ms | {max(times[index]) * 1000:.0f} ms"
            print(f"| {work[index].name} | {medians[index] * 1000:.0f} ms | {spread} | {medians[index] / base:.2f} |")


def main() -> None:
    """Time everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path)
    parser.add_argument("--venvs", type=Path, help="folder with one virtual environment a peer")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        tree = arguments.tree.resolve() if arguments.tree else copy_tree("good", Path(place) / "shop")
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "LANG": "C.UTF-8",
        }
        if relcheck_words(arguments.python)[1:]:  # not installed: from this checkout
            environment["PYTHONPATH"] = str(ROOT)
        small = Path(place) / "small"
        small.mkdir()
        (small / "Dockerfile").write_text(SMALL, encoding="utf-8")
        work = list(tasks(tree, arguments.python, arguments.venvs, small))
        times = measure(work, tree, environment, arguments.repeat)
    print(f"{arguments.repeat} rounds, medians")
    report(work, times)


if __name__ == "__main__":
    main()
