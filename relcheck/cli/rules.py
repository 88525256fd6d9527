"""`relcheck rules`: what is checked."""

from __future__ import annotations

from typing import Any

import click


@click.command("rules", short_help="List what is checked.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="Form of the list."
)
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
def command(form: str, config: str | None, isolated: bool) -> int:
    """List the rules: name, severity, profile, title. Your own rule folders are included."""
    from relcheck.cache import cache_folder  # noqa: PLC0415 - --help needs none of it
    from relcheck.cli.settings import load  # noqa: PLC0415 - see above
    from relcheck.rules import load_rules  # noqa: PLC0415 - see above

    settings = load(".", config=config or "", isolated=isolated).settings
    rules = load_rules(settings.words("rule-folders"), cache_folder())
    if form == "json":
        import json  # noqa: PLC0415 - see above

        listed = [described(rule) for rule in rules.rules.values()]
        click.echo(json.dumps({"version": rules.version, "rules": listed}, indent=2))
        return 0
    for rule in sorted(rules.rules.values(), key=lambda rule: (rule.topic, rule.name)):
        if form == "markdown":
            click.echo(f"| {rule.topic} | `{rule.name}` | {rule.severity} | {rule.profile} | {rule.title} |")
        else:
            click.echo(f"{rule.name:<30} {rule.severity:<8} {rule.profile:<8} {rule.title}")
    return 0


def described(rule: Any) -> dict[str, Any]:  # noqa: ANN401 - a Rule
    """Return what the JSON list says of a rule."""
    return {
        "name": rule.name,
        "topic": rule.topic,
        "title": rule.title,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "profile": rule.profile,
        "on": rule.on,
        "needs": list(rule.needs),
        "since": rule.since,
        "why": " ".join(rule.why.split()),
        "fix": " ".join(rule.fix.split()),
        "supersedes": list(rule.supersedes),
        "params": rule.params,
        "references": list(rule.references),
        "formerly": list(rule.formerly),
        "custom": rule.custom,
    }
