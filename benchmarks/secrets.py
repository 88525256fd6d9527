"""The credential scan beside gitleaks and detect-secrets: findings, wall-clock time and peak memory on checkouts.

    python benchmarks/secrets.py --venvs FOLDER [--out FOLDER] [--python PYTHON] CHECKOUT…

FOLDER holds one virtual environment a peer, as benchmarks/README.md says; a peer that is missing is named and left out.
All run with their defaults (detect-secrets without asking the services that issued a key), cold: relcheck without its
cache. The machine may be busy, so the processor's seconds stand beside those of the clock. relcheck is run four times: its
credential rules alone, the whole default scan, its credential rules with every detector of detect-secrets, and the
search through text alone (`--finder`), which is what a peer does. With `--out`, the findings are written there as a
table for `benchmarks/secrets.py --sample N --seed S TABLE`, which draws as many of each tool for a person to judge.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ALL_DETECTORS = (
    '[params.secret]\nextend-detectors = ["ArtifactoryDetector", "Base64HighEntropyString", "GitHubTokenDetector", '
    '"GitLabTokenDetector", "HexHighEntropyString", "IbmCloudIamDetector", "IPPublicDetector", "KeywordDetector", '
    '"NpmDetector", "PrivateKeyDetector", "PypiTokenDetector"]\n'
)
COLUMNS = ("tool", "repository", "path", "line", "rule", "severity", "verdict", "reason")


class Found(NamedTuple):
    """One finding of a tool."""

    path: str
    line: int
    rule: str
    severity: str = ""


class Tool(NamedTuple):
    """A tool: its name, its command for a report file, how its report is read, whether the report is its output."""

    name: str
    command: Callable[[Path], list[str]]
    read: Callable[[Any, Path], Iterator[Found]]
    printed: bool = False


def read_relcheck(report: Any, _: Path) -> Iterator[Found]:  # noqa: ANN401 - JSON
    """Read a JSON report of relcheck: what is about credentials."""
    topic = {path.stem for path in (ROOT / "rules" / "credentials").glob("*.yaml")}
    for found in report["findings"]:
        if found["rule"] in topic:
            yield Found(found["path"], found["line"], found["rule"], found["severity"])


def read_gitleaks(report: Any, tree: Path) -> Iterator[Found]:  # noqa: ANN401 - JSON
    """Read a report of gitleaks."""
    for found in report or ():
        yield Found(os.path.relpath(tree / found["File"], tree), found["StartLine"], found["RuleID"])


def read_detect_secrets(report: Any, _: Path) -> Iterator[Found]:  # noqa: ANN401 - JSON
    """Read a baseline of detect-secrets."""
    for path, entries in report["results"].items():
        for entry in entries:
            yield Found(path, entry["line_number"], entry["type"])


def read_count(report: Any, _: Path) -> Iterator[Found]:  # noqa: ANN401 - JSON
    """Read what `--finder` prints."""
    for path, line, rule in report:
        yield Found(path, line, rule)


def tools(venvs: Path | None, python: str, config: Path) -> Iterator[Tool]:
    """Yield relcheck's runs and the peers that are there."""
    script = Path(python).parent / "relcheck"
    relcheck = [str(script)] if script.exists() else [python, "-m", "relcheck"]
    base = [*relcheck, "scan", ".", "--no-cache", "--quiet", "--format", "json", "--exit-zero"]
    alone = ["--isolated", "--select", "credentials"]

    def finder(_: Path) -> list[str]:
        return [python, str(Path(__file__).resolve()), "--finder", "."]

    yield Tool("relcheck, text alone", finder, read_count, printed=True)
    yield Tool("relcheck, credentials", lambda out: [*base, *alone, "--output", str(out)], read_relcheck)
    yield Tool("relcheck, all rules", lambda out: [*base, "--isolated", "--output", str(out)], read_relcheck)
    every = ["--config", str(config), "--select", "credentials"]
    yield Tool("relcheck, every detector", lambda out: [*base, *every, "--output", str(out)], read_relcheck)
    gitleaks = venvs.resolve() / "gitleaks" / "bin" / "gitleaks" if venvs else None
    if gitleaks and gitleaks.exists():
        words = [
            str(gitleaks),
            "dir",
            ".",
            "--no-banner",
            "--exit-code",
            "0",
            "--log-level",
            "error",
            "--report-format",
            "json",
        ]
        yield Tool("gitleaks", lambda out: [*words, "--report-path", str(out)], read_gitleaks)
    detect = venvs.resolve() / "detect-secrets" / "bin" / "detect-secrets" if venvs else None
    if detect and detect.exists():
        yield Tool(
            "detect-secrets", lambda _: [str(detect), "scan", "--no-verify", "."], read_detect_secrets, printed=True
        )
    for name, program in (("gitleaks", gitleaks), ("detect-secrets", detect)):
        if not (program and program.exists()):
            print(f"{name} is not there and is left out (see benchmarks/README.md)", file=sys.stderr)


class Run(NamedTuple):
    """What a run took and said; `seconds` is negative where it was stopped."""

    seconds: float
    processor: float
    megabytes: float
    found: list[Found]


def run(tool: Tool, tree: Path, limit: float) -> Run:
    """Run a tool on a tree and return times, peak memory and findings."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        printed = Path(place) / "printed"
        environment = {**os.environ, "HOME": place, "RELCHECK_CACHE_DIR": str(Path(place) / "cache")}
        begun = time.perf_counter()
        with printed.open("wb") as out:
            process = subprocess.Popen(
                tool.command(report), cwd=tree, env=environment, stdout=out, stderr=subprocess.DEVNULL
            )
            usage, stopped = _wait(process, begun + limit)
        spent = time.perf_counter() - begun
        text = (
            (printed if tool.printed else report).read_text(encoding="utf-8", errors="replace") if not stopped else ""
        )
        found = sorted(set(tool.read(json.loads(text), tree))) if text else []
        return Run(-spent if stopped else spent, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, found)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[resource.struct_rusage, bool]:
    """Wait for a process and return what it used, and whether it had to be stopped."""
    stopped = False
    while True:
        done, _, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            process.returncode = 0
            return usage, stopped
        if not stopped and time.perf_counter() > deadline:
            process.kill()
            stopped = True
        time.sleep(0.02)


def find_in_text(tree: Path) -> None:
    """Search the tracked texts below a folder for tokens and secrets, as the credential scan does, and print them."""
    sys.path.append(str(ROOT))
    from relcheck.discover import discover  # noqa: PLC0415 - measured with the rest
    from relcheck.rules import load_rules  # noqa: PLC0415 - measured with the rest
    from relcheck.secrets.find import finder  # noqa: PLC0415 - measured with the rest
    from relcheck.tree import Unavailable  # noqa: PLC0415 - measured with the rest

    found = discover([str(tree)])
    look = finder(frozenset(load_rules().rules["secret"].params["detectors"]), cached=False).find
    out = []
    for candidate in (*found.files, *found.texts):
        try:
            source, facts = look(candidate.path, found.tree.read(candidate.path))
        except Unavailable:
            continue
        if source is not None:
            out += [(candidate.path, source.position(fact.span.start).line, fact.token or fact.kind) for fact in facts]
    print(json.dumps(out))


def size_of(tree: Path) -> tuple[int, float]:
    """Return how many files git tracks in a checkout, and their megabytes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, capture_output=True, check=True).stdout.split(b"\0")
    paths = [tree / os.fsdecode(name) for name in listed if name]
    sizes = [path.stat().st_size for path in paths if path.is_file()]
    return len(sizes), sum(sizes) / 1e6


def compare(trees: list[Path], work: list[Tool], limit: float, out: Path | None) -> None:
    """Run everything, print the table, write the findings."""
    rows: list[tuple[str, ...]] = []
    print("| repository | files | MB | " + " | ".join(f"{tool.name}: s, CPU s, MB, found" for tool in work) + " |")
    print("|---|---:|---:|" + "---|" * len(work))
    total: dict[str, list[float]] = {tool.name: [0.0] * 4 for tool in work}
    for tree in trees:
        files, megabytes = size_of(tree)
        cells = []
        for tool in work:
            done = run(tool, tree, limit)
            shown = f"{done.seconds:.2f}" if done.seconds >= 0 else f"stopped after {-done.seconds:.0f}"
            cells.append(f"{shown}, {done.processor:.2f}, {done.megabytes:.0f}, {len(done.found)}")
            sums = total[tool.name]
            sums[:2] = sums[0] + abs(done.seconds), sums[1] + done.processor
            sums[2:] = max(sums[2], done.megabytes), sums[3] + len(done.found)
            rows += [
                (tool.name, tree.name, found.path, str(found.line), found.rule, found.severity) for found in done.found
            ]
        print(f"| {tree.name} | {files} | {megabytes:.1f} | " + " | ".join(cells) + " |", flush=True)
    cells = [f"{spent:.2f}, {used:.2f}, {peak:.0f}, {count:.0f}" for spent, used, peak, count in total.values()]
    print("| together | | | " + " | ".join(cells) + " |")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        with (out / "secrets-findings.tsv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter="\t").writerows([COLUMNS[:6], *rows])


def sample(table: Path, size: int, seed: int) -> None:
    """Print as many findings of each tool, drawn by a seed, with columns for a verdict and its reason."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    writer = csv.writer(sys.stdout, delimiter="\t")
    writer.writerow(COLUMNS)
    for tool in dict.fromkeys(row["tool"] for row in rows):
        mine = [row for row in rows if row["tool"] == tool]
        drawn = random.Random(seed).sample(mine, min(size, len(mine)))  # noqa: S311 - a sample, no secret
        for row in sorted(drawn, key=lambda row: (row["repository"], row["path"], int(row["line"]))):
            writer.writerow([*(row[name] for name in COLUMNS[:6]), "", ""])


def main() -> None:
    """Compare, draw a sample, or search."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--venvs", type=Path, help="folder with one virtual environment a peer")
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="an interpreter with relcheck: installed from a wheel, its rules are compiled",
    )
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a run is stopped")
    parser.add_argument("--out", type=Path, help="folder for the table of findings")
    parser.add_argument("--only", action="append", metavar="TOOL", help="run these alone")
    parser.add_argument("--finder", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sample", type=int, default=0, help="draw so many findings a tool from a table")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.finder:
        find_in_text(arguments.trees[0])
    elif arguments.sample:
        sample(arguments.trees[0], arguments.sample, arguments.seed)
    else:
        with tempfile.TemporaryDirectory() as place:
            config = Path(place) / "relcheck.toml"
            config.write_text(ALL_DETECTORS, encoding="utf-8")
            work = [
                tool for tool in tools(arguments.venvs, arguments.python, config)
                if not arguments.only or tool.name in arguments.only
            ]  # fmt: skip
            compare([tree.resolve() for tree in arguments.trees], work, arguments.limit, arguments.out)


if __name__ == "__main__":
    main()
