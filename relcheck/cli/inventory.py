"""`relcheck inventory`: every coordinate of a repository."""

from __future__ import annotations

import os

import click

_FORMATS = ("table", "json", "csv", "cyclonedx")


@click.command("inventory", short_help="List every coordinate, how firmly it is pinned, and who uses it.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", help="Form of the list.")
@click.option("--output", default="-", metavar="FILE", help="Where it goes (- is the terminal).")
@click.option("--uses", is_flag=True, help="Show each place below its coordinate (table only).")
@click.option(
    "--pinned", "pins", multiple=True, metavar="HOW",
    help="List only what is pinned so: digest, commit, exact, partial, range, moving, none, local, unknown.",
)  # fmt: skip
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these paths out.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--no-cache", is_flag=True, help="Neither use nor write the cache.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes for large scans; 0 is one a core.")
def command(
    paths: tuple[str, ...],
    form: str,
    output: str,
    uses: bool,
    pins: tuple[str, ...],
    exclude: tuple[str, ...],
    config: str | None,
    isolated: bool,
    no_cache: bool,
    jobs: int,
) -> int:
    """List the images, packages and pipeline components that PATHS name (the current folder when none is given).

    Exit codes: 0, or 2 for a wrong command or configuration.
    """
    from relcheck.cli.scanning import write_report  # noqa: PLC0415 - --help needs none of it
    from relcheck.cli.settings import load, scan_root, without_excluded  # noqa: PLC0415 - see above
    from relcheck.errors import UsageProblem  # noqa: PLC0415 - see above
    from relcheck.inventory import PINS, entries_of, forms  # noqa: PLC0415 - see above
    from relcheck.scan import Judging, Plan, run  # noqa: PLC0415 - see above

    unknown = next((word for word in pins if word not in PINS), None)
    if unknown is not None:
        raise UsageProblem(f"--pinned {unknown}: is one of {', '.join(PINS)}.")
    loaded = load(scan_root(paths), config=config or "", isolated=isolated)
    settings = loaded.settings
    none = Judging(rules=())
    plan = Plan(
        paths=paths or (".",),
        exclude=exclude,
        discovered=lambda found: without_excluded(found, loaded, nested=not (isolated or config)),
        judging=lambda _path, _rules: none,
        jobs=jobs,
        cache=not no_cache,
        components=settings.words("known-components"),
        own=settings.own,
    )
    scanned = run(plan)
    for note in scanned.discovery.notes:
        click.echo(f"relcheck: {note}", err=True)
    entries = entries_of((read.view, read.facts) for read in scanned.reads.values())
    entries = [entry for entry in entries if not pins or entry.pin in pins]
    made = {
        "table": lambda: forms.table(entries, uses=uses),
        "json": lambda: forms.as_json(entries),
        "csv": lambda: forms.as_csv(entries),
        "cyclonedx": lambda: forms.as_cyclonedx(entries, os.path.basename(os.path.realpath(scanned.discovery.root))),
    }
    write_report(made[form](), output)
    return 0
