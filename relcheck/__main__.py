"""`relcheck` and `python -m relcheck`: the one door through which errors leave."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Run the command line and return the exit code."""
    # Trees of files are made and dropped by the thousand and hardly ever hold themselves: to look for such at every
    # seven hundredth object takes a tenth of a scan.
    gc.set_threshold(50_000, 20, 20)
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
