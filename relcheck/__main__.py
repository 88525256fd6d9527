"""`relcheck` and `python -m relcheck`: the one door through which errors leave."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line and return the exit code."""
    # `python -m` looks for modules in the current folder first, and what is scanned must not be imported.
    if __name__ == "__main__" and sys.path and sys.path[0] == os.getcwd():
        # `python -m` looks for modules in the current folder first: what is scanned must not be imported.
        del sys.path[0]
    try:
        from relcheck.cli import run  # noqa: PLC0415 - nothing is imported before it is needed

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were loaded, before the command line could see to it
        print("interrupted", file=sys.stderr)  # noqa: T201 - click may not be there yet
        return 130


if __name__ == "__main__":
    sys.exit(main())
