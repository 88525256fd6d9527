"""The steps of `relcheck scan` behind its options: settings, scan, suppression, reports, exit code."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from relcheck.cli.settings import Loaded, load, nested_files, scan_root
from relcheck.config import Settings
from relcheck.discover import Discovery
from relcheck.errors import Exit, UsageProblem
from relcheck.findings import SEVERITIES, Finding, numbered, sort_key
from relcheck.outcome import Outcome
from relcheck.redact import safe_path, safe_text
from relcheck.reports import render
from relcheck.scan import Judging, Plan, Scanned, run
from relcheck.selection import Selection
from relcheck.suppress import Suppressed

_PROGRESS_AFTER_SECONDS = 1.0


class Scanning:
    """One call of `relcheck scan`."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._started = time.monotonic()
        self._bar_shown = False
        self._notes: list[str] = []
        self._selections: list[Selection] = []

    def run(self) -> int:
        """Scan, report, and return the exit code."""
        self._check_options()
        stdin, paths = self._stdin()
        loaded = self._settings(paths)
        plan = self._plan(paths, loaded, stdin)
        if self._given["show_files"]:
            return self._show_files(plan)
        scanned = self._scanned(plan)
        self._clear_progress()
        self._selections[0].check(scanned.rules)
        findings, faults = self._suppressed(scanned, self._selections[0])
        scanned = scanned.replace(faults=faults)
        if self._given["add_ignores"] is not None:
            return self._add_ignores(scanned, findings)
        outcome = self._outcome(scanned, findings)
        self._say(scanned, outcome)
        self._report(outcome)
        return self._exit_code(scanned, outcome, self._selections[0])

    def _scanned(self, plan: Plan) -> Scanned:
        """Scan the work tree, git's index or a range of commits."""
        if not plan.staged and self._given["history"] is None:
            return run(plan, self._progress)
        from relcheck.history import scan_history  # noqa: PLC0415 - rarely asked for
        from relcheck.vcs import GitProblem  # noqa: PLC0415 - see above

        asked = "--staged" if plan.staged else f"--history={self._given['history']}"
        try:
            return (
                run(plan, self._progress) if plan.staged else scan_history(plan, self._given["history"], self._progress)
            )
        except GitProblem as problem:
            raise UsageProblem(f"{asked}: {problem}.") from None

    def _check_options(self) -> None:
        if self._given["staged"] or self._given["history"] is not None:
            others = ("staged", "history", "stdin_filename", "add_ignores")
            given = [f"--{name.replace('_', '-')}" for name in others if self._given[name] not in (None, False)]
            if len(given) > 1 or "-" in self._given["paths"]:
                raise UsageProblem(
                    f"{' and '.join(given)} exclude each other, and standard input: each says what to read."
                )
        formats, outputs = self._given["formats"] or ("text",), self._given["outputs"]
        if len(outputs) > len(formats):
            raise UsageProblem(f"{len(outputs)} outputs for {len(formats)} formats: give a --format for each --output.")
        terminal = len(formats) - sum(output != "-" for output in outputs)
        if terminal > 1:
            raise UsageProblem(f"{terminal} reports would go to standard output: give each --format its --output.")
        chosen = [name for name in ("config", "config_from", "isolated") if self._given[name]]
        if len(chosen) > 1:
            words = " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
            raise UsageProblem(f"{words} exclude each other: each says where settings come from.")
        for name in ("config", "config_from"):
            if self._given[name] == "":  # a variable that is not set must not weaken the gate
                raise UsageProblem(f"--{name.replace('_', '-')} is empty: name what to read the configuration from.")
        reason = self._given["add_ignores"]
        if reason is not None and (not reason.strip() or not reason.isprintable()):
            raise UsageProblem("--add-ignores needs a reason, on one line: it will stand in every comment.")

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
        return load(
            scan_root(paths),
            config=given["config"] or "",
            isolated=given["isolated"],
            config_from=given["config_from"] or "",
            replaced=replaced,
        )

    def _plan(self, paths: tuple[str, ...], loaded: Loaded, stdin: tuple[str, bytes] | None) -> Plan:
        settings = loaded.settings

        def judging(path: str, rules: Any) -> Judging:  # noqa: ANN401 - a RuleSet
            return self._selections[0].judging(path, rules)

        return Plan(
            paths=() if stdin else paths,
            root="." if stdin else "",
            exclude=loaded.options.words("exclude"),
            force_exclude=self._given["force_exclude"],
            stdin=stdin,
            staged=self._given["staged"],
            jobs=self._given["jobs"],
            cache=not self._given["no_cache"],
            rule_folders=settings.words("rule-folders"),
            components=settings.words("known-components"),
            judging=judging,
            discovered=lambda discovery: self._discovered(discovery, loaded),
            own=settings.own,
            excluded=self._excludes,
        )

    def _excludes(self, path: str) -> bool:
        """Whether the configuration leaves a path out; asked when the discovery has found its files."""
        return self._selections[0].excludes(path)

    def _discovered(self, discovery: Discovery, loaded: Loaded) -> Discovery:
        """Read the settings of folders below the root, and leave out what configuration files exclude."""
        nested: dict[str, Settings] = {}
        if not (self._given["isolated"] or self._given["config"] or self._given["config_from"]):
            nested, self._notes = nested_files(discovery)
        self._selections.append(Selection(loaded.base, nested, loaded.options, discovery.root))
        return self._selections[0].without_excluded(discovery, force=self._given["force_exclude"])

    def _suppressed(self, scanned: Scanned, selection: Selection) -> tuple[list[Finding], tuple[tuple[str, str], ...]]:
        """Return the findings, the silenced ones marked, and the faults of rules."""
        if self._given["no_ignores"]:
            return numbered(list(scanned.findings)), scanned.faults
        suppressed = Suppressed(scanned.rules, scanned.reads, whole=scanned.discovery.whole)
        marked = suppressed.apply(scanned.findings, lambda path: selection.control(path, scanned.rules))
        marked = self._accepted(marked, scanned)
        leftovers = suppressed.leftovers(lambda path: selection.judging(path, scanned.rules))
        marked += suppressed.apply(leftovers, lambda path: selection.control(path, scanned.rules))
        faults = tuple(sorted({*scanned.faults, *suppressed.faults.items()}))
        return sorted(numbered(marked), key=sort_key), faults

    def _accepted(self, findings: list[Finding], scanned: Scanned) -> list[Finding]:
        """Mark what the baseline of detect-secrets accepts."""
        if not any(finding.rule == "secret" for finding in findings):
            return findings
        from relcheck.secrets.baseline import accepted, silenced  # noqa: PLC0415 - most scans find no secret

        hashes = accepted(scanned.discovery.tree, scanned.discovery.all_paths)
        return silenced(findings, hashes, {path: read.source for path, read in scanned.reads.items()})

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
            notes=(*scanned.discovery.notes, *self._notes),
            faults=tuple(fault for _, fault in scanned.faults),
            top=self._top(scanned),
            show_notes=given["notes"],
            color=use_color(),
            max_findings=given["max_findings"],
        )

    def _top(self, scanned: Scanned) -> str:
        if not {"sarif", "github"} & set(self._given["formats"]) or not scanned.discovery.git:
            return ""
        from relcheck import vcs  # noqa: PLC0415 - only these need the repository's top

        return os.path.realpath(vcs.toplevel(scanned.discovery.root))

    def _say(self, scanned: Scanned, outcome: Outcome) -> None:
        """Say on standard error what the reports do not: notes, faults of rules, what was passed over."""
        if not self._given["quiet"]:
            for note in outcome.notes:
                click.echo(f"relcheck: {safe_text(note)}", err=True)
            if not scanned.reads:
                click.echo("relcheck: no file of a known format was found; --show-files says why.", err=True)
        if self._given["verbose"]:
            for path, reason in outcome.passed_over:
                click.echo(f"passed over {safe_text(path)}: {reason}", err=True)
        for _, fault in scanned.faults:
            click.echo(f"relcheck: a rule failed and was left out: {fault}", err=True)

    def _report(self, outcome: Outcome) -> None:
        formats = list(self._given["formats"]) or ["text"]
        outputs = list(self._given["outputs"])
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
            custom = all(scanned.rules.rules[name].custom for name, _ in scanned.faults)
            return int(Exit.WRONG if custom else Exit.FAULT)
        missing = [note for note in scanned.discovery.notes if "no such file" in note]
        if missing and not scanned.reads:
            return int(Exit.WRONG)
        if self._given["exit_zero"]:
            return int(Exit.CLEAN)
        failing = any(_fails(finding, selection.settings(finding.place.path).fail_on) for finding in outcome.counted)
        return int(Exit.FINDINGS if failing else Exit.CLEAN)

    def _show_files(self, plan: Plan) -> int:
        from relcheck.discover import discover  # noqa: PLC0415 - the scan itself is not needed

        found = discover(
            plan.paths, root=plan.root, exclude=plan.exclude, force_exclude=plan.force_exclude, stdin=plan.stdin,
            staged=plan.staged,
        )  # fmt: skip
        found = plan.discovered(found) if plan.discovered else found
        lines = [f"{safe_path(candidate.path)}: {candidate.format}" for candidate in found.files]
        texts = frozenset(candidate.path for candidate in found.texts)
        lines += [
            f"{safe_path(path)}: {'read for secrets only' if path in texts else 'not read'}, {reason}"
            for path, reason in found.passed_over
        ]
        write_report("".join(f"{line}\n" for line in lines), "-")
        for note in (*found.notes, *self._notes):
            click.echo(f"relcheck: {safe_text(note)}", err=True)
        return int(Exit.CLEAN)

    def _add_ignores(self, scanned: Scanned, findings: list[Finding]) -> int:
        from relcheck.cli.ignoring import add_ignores, leads_out  # noqa: PLC0415 - rarely asked for

        for path in self._given["paths"]:
            if leads_out(path):
                raise UsageProblem(f"--add-ignores: {path} leads out of the current folder through a symbolic link.")
        for line in add_ignores(scanned, findings, self._given["add_ignores"]):
            click.echo(safe_text(line), err=True)
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
    """Write a report to a file, or to standard output for `-`; a reader that has gone away is no mistake."""
    data = text.encode("utf-8", "backslashreplace")
    if output == "-":
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        with open(output, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise UsageProblem(f"--output {output}: cannot be written ({error.strerror}).") from None
