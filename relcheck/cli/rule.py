"""`relcheck rule NAME`: why, how to repair, examples."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import click


@click.command("rule", short_help="Explain one rule: why, how to repair, examples.")
@click.argument("name")
def command(name: str) -> int:
    """Explain the rule NAME."""
    from relcheck.cache import cache_folder  # noqa: PLC0415 - --help needs none of it
    from relcheck.cli.settings import load  # noqa: PLC0415 - see above
    from relcheck.config import nearest  # noqa: PLC0415 - see above
    from relcheck.errors import UsageProblem  # noqa: PLC0415 - see above
    from relcheck.rule_files import read_examples  # noqa: PLC0415 - see above
    from relcheck.rules import load_rules, rules_folder  # noqa: PLC0415 - see above

    rules = load_rules(load(".").settings.words("rule-folders"), cache_folder())
    names = rules.resolve(name)
    if len(names) != 1:
        raise UsageProblem(f"{name!r} is no rule{nearest(name, rules.rules)} `relcheck rules` lists them.")
    rule = rules.rules[names[0]]
    click.echo(f"{rule.name}: {rule.title}\n")
    _paragraph("Severity", ", ".join(_level(level) for level in rule.levels) + f" (confidence {rule.confidence})")
    _paragraph("Why", rule.why)
    _paragraph("Fix", rule.fix)
    if rule.supersedes:
        _paragraph("Instead of", ", ".join(rule.supersedes))
    for key, value in rule.params.items():
        _paragraph(f"Parameter {key}", ", ".join(value) if isinstance(value, list) else str(value))
    path = Path(rule.path) if rule.custom else rules_folder().parent / rule.path
    for example in read_examples(path):
        click.echo(f"{'Bad' if example.bad else 'Good'}: {example.name}")
        for file, text in example.files.items():
            click.echo(textwrap.indent(f"{file}{os.linesep}{text.rstrip()}", "    "))
        click.echo()
    for reference in rule.references:
        click.echo(reference)
    return 0


def _level(level: object) -> str:
    when = getattr(level, "when", "")
    profile = getattr(level, "profile", "default")
    words = str(getattr(level, "severity", ""))
    if profile != "default":
        words += f" in the {profile} profile"
    return words + (f" when {' '.join(when.split())}" if when else "")


def _paragraph(head: str, text: str) -> None:
    if text:
        click.echo(textwrap.fill(f"{head}: {' '.join(text.split())}", 100, subsequent_indent="  ") + "\n")
