"""The command line: one module a command, imported when it is called; the only place that prints errors or exits."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from relcheck import __version__

COMMANDS = {
    "scan": ("relcheck.cli.scan", "Find release mistakes in files, folders or standard input."),
    "inventory": ("relcheck.cli.inventory", "List every coordinate, how firmly it is pinned, and who uses it."),
    "rules": ("relcheck.cli.rules", "List what is checked."),
    "rule": ("relcheck.cli.rule", "Explain one rule: why, how to repair, examples."),
    "config": ("relcheck.cli.config", "Show the settings in force and where each comes from."),
}


class _Commands(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help text."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None for an unknown name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="relcheck")
def relcheck() -> None:
    """Find release mistakes: latest tags, missing digests, committed tokens, unbumped versions, missing namespaces."""


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; expected errors are one sentence, others leave a log."""
    try:
        result = relcheck.main(args=list(arguments), prog_name="relcheck", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return int(leave.exit_code)
    except click.Abort:
        return _interrupted()
    except click.ClickException as problem:
        problem.show()
        return 2
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the one door: no traceback reaches a user
        return _interrupted() if _is_being_interrupted() else _failed(error, arguments)
    return int(result) if isinstance(result, int) else 0


def _is_being_interrupted() -> bool:
    """Whether an interruption waits to be repeated (`relcheck.__main__`): the engine makes another error of the first."""
    return hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _interrupted() -> int:
    click.echo("interrupted", err=True)
    return 130


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    from relcheck.errors import RelcheckError  # noqa: PLC0415 - only for a mistake
    from relcheck.rules import RuleError  # noqa: PLC0415 - only for a mistake

    if isinstance(error, (RelcheckError, RuleError)):
        from relcheck.redact import shown_name  # noqa: PLC0415 - only for a mistake

        click.echo(f"relcheck: {shown_name(str(error))}", err=True)
        return 2
    from relcheck.cli.crash import write_log  # noqa: PLC0415 - only for a fault of ours

    where = write_log(error, arguments)
    click.echo(
        f"relcheck: a fault in relcheck {__version__} ({type(error).__name__}); "
        + (f"details are in {where}, please report it." if where else "please report it."),
        err=True,
    )
    return 3
