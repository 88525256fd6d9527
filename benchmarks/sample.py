"""A sample of findings for a person to judge, spread evenly over the rules.

    relcheck scan REPOSITORY --format json > REPORT.json        # one report a repository
    python benchmarks/sample.py -n 100 --seed 1 NAME=FOLDER:REPORT.json…

Each NAME=FOLDER:REPORT names a repository, the folder that was scanned (for the source lines) and its report. Rules
take turns in giving one finding, drawn by the seed, until N are drawn; findings of a repository that has given fewer
so far go first. The table has no verdicts.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

WIDTH = 160


class Drawn(NamedTuple):
    """One finding of one repository."""

    rule: str
    severity: str
    repository: str
    path: str
    line: int
    message: str
    source: str


def findings_of(given: str, severities: frozenset[str]) -> list[Drawn]:
    """Read the findings of one NAME=FOLDER:REPORT that count and have a wanted severity."""
    name, _, rest = given.partition("=")
    folder, _, report = rest.rpartition(":")
    if not (name and folder and report):
        raise SystemExit(f"{given}: expected NAME=FOLDER:REPORT")
    parsed: dict[str, Any] = json.loads(Path(report).read_text(encoding="utf-8"))
    return [
        Drawn(
            found["rule"],
            found["severity"],
            name,
            found["path"],
            found["line"],
            found["message"],
            source_line(Path(folder) / found["path"], found["line"]),
        )
        for found in parsed["findings"]
        if found["severity"] in severities and "suppressed" not in found
    ]


def source_line(path: Path, number: int) -> str:
    """Return a line of a file, shortened; secrets in it are for the eyes of whoever runs this."""
    try:
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return text if len(text) <= WIDTH else text[:WIDTH] + "…"


def draw(findings: list[Drawn], size: int, seed: int) -> list[Drawn]:
    """Draw a sample: the rules take turns, and within a rule the repositories do."""
    # Seeded, so that two people judge the same findings.
    chance = random.Random(seed)  # noqa: S311
    waiting: dict[str, list[Drawn]] = defaultdict(list)
    for found in sorted(findings):
        waiting[found.rule].append(found)
    for pile in waiting.values():
        chance.shuffle(pile)
    given: dict[str, Counter[str]] = defaultdict(Counter)
    sample: list[Drawn] = []
    while len(sample) < size and any(waiting.values()):
        for rule in sorted(waiting):
            pile = waiting[rule]
            if pile and len(sample) < size:
                found = min(pile, key=lambda one: given[rule][one.repository])
                pile.remove(found)
                given[rule][found.repository] += 1
                sample.append(found)
    return sorted(sample)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=100, help="how many findings (default 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--severity", action="append", choices=["error", "warning", "note"], help="default: all")
    parser.add_argument("reports", nargs="+", metavar="NAME=FOLDER:REPORT")
    arguments = parser.parse_args()
    severities = frozenset(arguments.severity or ["error", "warning", "note"])
    findings = [found for given in arguments.reports for found in findings_of(given, severities)]
    sample = draw(findings, arguments.n, arguments.seed)
    print("| rule | severity | repository | place | message | source |\n|---|---|---|---|---|---|")
    for found in sample:
        cells = (
            found.rule,
            found.severity,
            found.repository,
            f"{found.path}:{found.line}",
            found.message,
            found.source,
        )
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    counted = len({found.rule for found in sample})
    print(f"\n{len(sample)} of {len(findings)} findings, {counted} rules, seed {arguments.seed}")


if __name__ == "__main__":
    main()
