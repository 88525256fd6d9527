"""`relcheck` and `python -m relcheck`: the one door through which errors leave."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    from relcheck.cli import run  # noqa: PLC0415 - nothing is imported before it is needed

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
