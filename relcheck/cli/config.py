"""`relcheck config`: the settings in force and where each comes from."""

from __future__ import annotations

import click


@click.command("config", short_help="Show the settings in force and where each comes from.")
@click.argument("path", default=".", type=click.Path(exists=True))
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--config-from", metavar="REF", help="Read the configuration from a git revision.")
def command(path: str, config: str | None, isolated: bool, config_from: str | None) -> int:
    """Print every setting that is in force for the folder PATH, and its origin."""
    import json  # noqa: PLC0415 - --help needs none of it
    import os  # noqa: PLC0415 - see above

    from relcheck.cli.settings import load  # noqa: PLC0415 - see above
    from relcheck.errors import UsageProblem  # noqa: PLC0415 - see above

    if config_from == "":  # a variable that is not set must not weaken the gate
        raise UsageProblem("--config-from is empty: name what to read the configuration from.")
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    settings = load(folder, config=config or "", isolated=isolated, config_from=config_from or "").settings
    for key, found in sorted(settings.entries.items()):
        # What was copied out of a revision is shown by its place there.
        value = [settings.copies.get(word, word) for word in found] if isinstance(found, list) else found
        click.echo(f"{key} = {json.dumps(value)}  # {settings.origins[key]}")
    for entry in settings.accepted:
        click.echo(
            f"accept {entry.rule} {entry.path} {entry.coordinate}".rstrip() + f": {entry.reason}  # {entry.where}"
        )
    return 0
