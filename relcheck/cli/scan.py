"""`relcheck scan`: the main job."""

from __future__ import annotations

from typing import Any

import click

_FORMATS = ("text", "json", "sarif", "github")
_RELEVANT = ("error", "warning", "note", "never")


def _words(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return [word.strip() for text in value for word in text.split(",") if word.strip()]


@click.command("scan", short_help="Find release mistakes in files, folders or standard input.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--select", multiple=True, callback=_words, metavar="RULES", help="Judge only these rules or topics.")
@click.option("--ignore", multiple=True, callback=_words, metavar="RULES", help="Leave these rules or topics out.")
@click.option("--profile", type=click.Choice(["default", "strict", "release"]), help="How much is said.")
@click.option("--fail-on", type=click.Choice(_RELEVANT), help="Exit with 1 from this severity on.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--config-from", metavar="REF", help="Read the configuration from a git revision.")
@click.option("--format", "formats", multiple=True, type=click.Choice(_FORMATS), help="Report format; may be repeated.")
@click.option(
    "--output", "outputs", multiple=True, metavar="FILE", help="Where the n-th format goes (- is the terminal)."
)
@click.option("--exclude", multiple=True, callback=_words, metavar="GLOBS", help="Leave these paths out.")
@click.option("--force-exclude", is_flag=True, help="Leave excluded paths out even when they are named.")
@click.option("--stdin-filename", metavar="PATH", help="Read standard input as this file (give - as the path).")
@click.option("--staged", is_flag=True, help="Read what git's index changes, as the next commit would have it.")
@click.option(
    "--history",
    is_flag=False,
    flag_value="HEAD",
    metavar="[RANGE]",
    help="Look for credentials in what commits added (--history=main..HEAD; all: every branch and tag).",
)
@click.option("--notes", is_flag=True, help="Show every note.")
@click.option("--max-findings", type=click.IntRange(min=0), default=0, help="Show at most so many in the text report.")
@click.option("--no-ignores", is_flag=True, help="Show what comments and configuration silence.")
@click.option("--add-ignores", metavar="REASON", help="Write a comment that silences each finding.")
@click.option("--show-files", is_flag=True, help="List which file is read as what, and why others are not.")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of listing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.option("--no-cache", is_flag=True, help="Neither use nor write the cache.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes for large scans; 0 is one a core.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but findings.")
@click.option("--verbose", "-v", is_flag=True, help="Say what was passed over.")
def command(**given: Any) -> int:  # noqa: ANN401 - click's own values
    """Find release mistakes in PATHS (files, folders, globs; the current folder when none is given).

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong command or configuration, 3 a fault in relcheck.
    """
    from relcheck.cli.scanning import Scanning  # noqa: PLC0415 - --help needs none of it

    return Scanning(given).run()
