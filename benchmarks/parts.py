"""A file alone never yields a finding that the whole would not: checked on a checkout.

    python benchmarks/parts.py CHECKOUT [--sample N --seed S]

Scans the checkout, then each file that has findings (or a sample of them) by its path, from the same folder, in this
process, and compares by rule, line, column and message. Files in test and example folders are counted and left out: a
file that is named outright is deliberately judged as if it stood elsewhere. Exit code 1 when a part said more than the
whole.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from relcheck.cli import run  # noqa: E402 - found through the line above
from relcheck.discover import path_class  # noqa: E402 - see above
from relcheck.rules import load_rules  # noqa: E402 - see above

Key = tuple[str, int, int, str]


def scan(path: str, report: Path) -> list[dict[str, Any]]:
    """Scan a path below the current folder and return the findings."""
    code = run(["scan", path, "--isolated", "--quiet", "--exit-zero", "--format", "json", "--output", str(report)])
    if code:
        raise SystemExit(f"relcheck scan {path} ended with {code}")
    findings: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return findings


def keys(findings: list[dict[str, Any]], path: str) -> Counter[Key]:
    """Return what identifies the findings of one file."""
    return Counter(
        (found["rule"], found["line"], found["column"], found["message"]) for found in findings if found["path"] == path
    )


def compare(checkout: Path, sample: int, seed: int) -> int:
    """Scan whole and parts, print what differs and the counts, and return how much the parts said too much."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(checkout):
        report = Path(folder) / "report.json"
        started = time.perf_counter()
        whole = scan(".", report)
        spent = time.perf_counter() - started
        paths = sorted({found["path"] for found in whole})
        fixtures = [path for path in paths if path_class(path).fixture]
        chosen = [path for path in paths if path not in set(fixtures)]
        if sample and sample < len(chosen):
            # Seeded, so that a failure can be repeated.
            chosen = sorted(random.Random(seed).sample(chosen, sample))  # noqa: S311
        rules = load_rules().rules
        more = fewer = equal = 0
        slowest, started = 0.0, time.perf_counter()
        for path in chosen:
            begun = time.perf_counter()
            alone, together = keys(scan(path, report), path), keys(whole, path)
            slowest = max(slowest, time.perf_counter() - begun)
            for rule, line, column, message in sorted((alone - together).elements()):
                if any(other[1] == line and rule in rules[other[0]].supersedes for other in together):
                    continue  # the whole says it by a more telling rule
                print(f"only alone: {path}:{line}:{column} {rule}: {message}")
                more += 1
            fewer += (together - alone).total()
            equal += (together & alone).total()
        parts = time.perf_counter() - started
    print(
        f"{checkout.name}: {len(whole)} findings in {len(paths)} files ({len(fixtures)} of them in fixture folders); "
        f"{len(chosen)} files scanned alone: {equal} findings the same, {fewer} only in the whole, {more} only alone"
    )
    print(f"the whole took {spent:.2f} s, the parts {parts:.2f} s, the slowest part {slowest:.2f} s")
    return more


def main() -> None:
    """Compare each checkout given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--sample", type=int, default=0, help="how many files to scan alone (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["RELCHECK_CACHE_DIR"] = cache
        more = sum(compare(checkout.resolve(), arguments.sample, arguments.seed) for checkout in arguments.checkouts)
    sys.exit(bool(more))


if __name__ == "__main__":
    main()
