"""The steps of `relcheck scan` behind its options: settings, scan, suppression, reports, exit code."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from relcheck.cli.settings import Loaded, load, nested_files, scan_root
from relcheck.config import Selection
from relcheck.errors import Exit, UsageProblem
from relcheck.findings import SEVERITIES, Finding, sort_key, with_fingerprints
from relcheck.outcome import Outcome
from relcheck.reports import render
from relcheck.scan import Judging, Plan, Scanned, run
from relcheck.suppress import Suppressed

_PROGRESS_AFTER_SECONDS = 1.0


class Scanning:
    """One call of `relcheck scan`."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._started = time.monotonic()
        self._bar_shown = False

    def run(self) -> int:
        """Scan, report, and return the exit code."""
        stdin, paths = self._stdin()
        loaded = self._settings(paths)
        if self._given["show_files"]:
            return self._show_files(paths, loaded, stdin)
        selection: list[Selection] = []
        scanned = run(self._plan(paths, loaded, stdin, selection), self._progress)
        self._clear_progress()
        findings = self._suppressed(scanned, selection[0])
        if self._given["add_ignores"]:
            return self._add_ignores(scanned, findings)
        outcome = self._outcome(scanned, findings)
        self._say(scanned, outcome)
        self._report(outcome)
        return self._exit_code(scanned, outcome, selection[0])

    def _stdin(self) -> tuple[tuple[str, bytes] | None, tuple[str, ...]]:
        paths: tuple[str, ...] = self._given["paths"]
        name = self._given["stdin_filename"]
        if "-" not in paths and not name:
            return None, paths or (".",)
        if not name:
            raise UsageProblem("standard input needs a name: add --stdin-filename PATH, which tells the format.")
        if [path for path in paths if path != "-"]:
            raise UsageProblem("standard input (-) is scanned alone: name no other path beside it.")
        return (name, sys.stdin.buffer.read()), ("-",)

    def _settings(self, paths: tuple[str, ...]) -> Loaded:
        given = self._given
        replaced = {
            "select": given["select"],
            "ignore": given["ignore"],
            "profile": given["profile"],
            "fail-on": given["fail_on"],
            "exclude": given["exclude"],
        }
        loaded = load(
            scan_root(paths),
            config=given["config"] or "",
            isolated=given["isolated"],
            config_from=given["config_from"] or "",
            replaced=replaced,
        )
        if given["exclude"]:  # exclusions add up: a hook's must not undo the project's
            merged = [*loaded.base.words("exclude"), *given["exclude"]]
            loaded = loaded.replace(cli=loaded.cli.over({"exclude": merged}, "command line"))
        if given["ignore"]:
            merged = [*loaded.base.words("ignore"), *given["ignore"]]
            loaded = loaded.replace(cli=loaded.cli.over({"ignore": merged}, "command line"))
        return loaded

    def _plan(
        self, paths: tuple[str, ...], loaded: Loaded, stdin: tuple[str, bytes] | None, selection: list[Selection]
    ) -> Plan:
        settings = loaded.settings
        nested_wanted = not (self._given["isolated"] or self._given["config"] or self._given["config_from"])

        def judging(path: str, rules: Any) -> Judging:  # noqa: ANN401 - a RuleSet
            return selection[0].judging(path, rules)

        def discovered(discovery: Any) -> None:  # noqa: ANN401 - a Discovery
            nested = nested_files(discovery.all_paths, discovery.root) if nested_wanted else {}
            selection.append(Selection(loaded.base, nested, loaded.cli))

        return Plan(
            paths=() if stdin else paths,
            root="." if stdin else "",
            exclude=settings.words("exclude"),
            force_exclude=self._given["force_exclude"],
            stdin=stdin,
            jobs=self._given["jobs"],
            cache=not self._given["no_cache"],
            rule_folders=settings.words("rule-folders"),
            judging=judging,
            discovered=discovered,
            own=settings.own,
        )

    def _suppressed(self, scanned: Scanned, selection: Selection) -> list[Finding]:
        paths = list(scanned.reads)
        if self._given["no_ignores"]:
            return with_fingerprints(list(scanned.findings))
        suppressed = Suppressed(scanned.rules, scanned.reads)
        marked = suppressed.apply(scanned.findings, {path: selection.settings(path) for path in paths})
        leftovers = suppressed.leftovers({path: selection.judging(path, scanned.rules) for path in paths})
        return sorted(with_fingerprints([*marked, *leftovers]), key=sort_key)

    def _outcome(self, scanned: Scanned, findings: list[Finding]) -> Outcome:
        given = self._given
        return Outcome(
            findings=tuple(findings),
            rules=scanned.rules,
            root=scanned.discovery.root,
            sources={path: read.source for path, read in scanned.reads.items()},
            secrets=scanned.secrets,
            unreadable=scanned.unreadable,
            files=tuple((path, read.candidate.format) for path, read in scanned.reads.items()),
            passed_over=scanned.discovery.passed_over,
            unresolved=scanned.unresolved,
            notes=scanned.discovery.notes,
            top=self._top(scanned),
            show_notes=given["notes"],
            color=use_color(),
            max_findings=given["max_findings"],
        )

    def _top(self, scanned: Scanned) -> str:
        if "sarif" not in self._given["formats"] or not scanned.discovery.git:
            return ""
        from relcheck import vcs  # noqa: PLC0415 - only SARIF needs the repository's top

        return os.path.realpath(vcs.toplevel(scanned.discovery.root))

    def _say(self, scanned: Scanned, outcome: Outcome) -> None:
        """Say on standard error what the reports do not: notes, faults of rules, what was passed over."""
        if not self._given["quiet"]:
            for note in scanned.discovery.notes:
                click.echo(f"relcheck: {note}", err=True)
            if not scanned.reads:
                click.echo("relcheck: no file of a known format was found; --show-files says why.", err=True)
        if self._given["verbose"]:
            for path, reason in outcome.passed_over:
                click.echo(f"passed over {path}: {reason}", err=True)
        for fault in scanned.faults:
            click.echo(f"relcheck: a rule failed and was left out: {fault}", err=True)

    def _report(self, outcome: Outcome) -> None:
        formats = list(self._given["formats"]) or ["text"]
        outputs = list(self._given["outputs"])
        if len(outputs) > len(formats):
            raise UsageProblem(f"{len(outputs)} outputs for {len(formats)} formats: give a --format for each --output.")
        outputs += ["-"] * (len(formats) - len(outputs))
        for name, output in zip(formats, outputs, strict=True):
            to_terminal = output == "-"
            shown = outcome if to_terminal else outcome.replace(color=False)
            text = _statistics(shown) if self._given["statistics"] and name == "text" else render(name, shown)
            if self._given["quiet"] and name == "text":
                text = "" if not outcome.counted else text
            write_report(text, output)

    def _exit_code(self, scanned: Scanned, outcome: Outcome, selection: Selection) -> int:
        if scanned.faults:
            custom = any(rule.custom for rule in scanned.rules.rules.values())
            shipped = any(fault.startswith("rules/") for fault in scanned.faults)
            return int(Exit.FAULT if shipped or not custom else Exit.WRONG)
        missing = [note for note in scanned.discovery.notes if "no such file" in note]
        if missing and not scanned.reads:
            return int(Exit.WRONG)
        if self._given["exit_zero"]:
            return int(Exit.CLEAN)
        failing = any(_fails(finding, selection.settings(finding.place.path).fail_on) for finding in outcome.counted)
        return int(Exit.FINDINGS if failing else Exit.CLEAN)

    def _show_files(self, paths: tuple[str, ...], loaded: Loaded, stdin: tuple[str, bytes] | None) -> int:
        from relcheck.discover import discover  # noqa: PLC0415 - the scan itself is not needed
        from relcheck.redact import safe_text  # noqa: PLC0415 - see above

        found = discover(
            () if stdin else paths,
            root="." if stdin else "",
            exclude=loaded.settings.words("exclude"),
            force_exclude=self._given["force_exclude"],
            stdin=stdin,
        )
        for candidate in found.files:
            click.echo(f"{safe_text(candidate.path)}: {candidate.format}")
        for path, reason in found.passed_over:
            click.echo(f"{safe_text(path)}: not read, {reason}")
        for note in found.notes:
            click.echo(f"relcheck: {note}", err=True)
        return int(Exit.CLEAN)

    def _add_ignores(self, scanned: Scanned, findings: list[Finding]) -> int:
        from relcheck.cli.ignoring import add_ignores  # noqa: PLC0415 - rarely asked for

        for line in add_ignores(scanned, findings, self._given["add_ignores"]):
            click.echo(line, err=True)
        return int(Exit.CLEAN)

    def _progress(self, done: int, total: int) -> None:
        slow = time.monotonic() - self._started > _PROGRESS_AFTER_SECONDS
        if slow and sys.stderr.isatty() and not self._given["quiet"]:
            self._bar_shown = True
            filled = 30 * done // max(total, 1)
            click.echo(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total}", err=True, nl=False)

    def _clear_progress(self) -> None:
        if self._bar_shown:
            click.echo("\r" + " " * 60 + "\r", err=True, nl=False)


def use_color() -> bool:
    """Colour on a terminal, unless NO_COLOR is set; FORCE_COLOR has it anywhere (no-color.org, force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _fails(finding: Finding, threshold: str) -> bool:
    return threshold != "never" and SEVERITIES.index(finding.severity) >= SEVERITIES.index(threshold)


def _statistics(outcome: Outcome) -> str:
    counts: dict[tuple[str, str], int] = {}
    for finding in outcome.counted:
        counts[finding.severity, finding.rule] = counts.get((finding.severity, finding.rule), 0) + 1
    rows = sorted(counts.items(), key=lambda item: (-SEVERITIES.index(item[0][0]), -item[1], item[0][1]))
    return "".join(f"{count:>6} {severity:<7} {rule}\n" for (severity, rule), count in rows)


def write_report(text: str, output: str) -> None:
    """Write a report to a file, or to standard output for `-`."""
    if output == "-":
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
        return
    try:
        with open(output, "wb") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageProblem(f"--output {output}: cannot be written ({error.strerror}).") from None
