"""`relcheck` and `python -m relcheck`: the one door through which errors leave."""

from __future__ import annotations

import gc
import os
import signal
import sys

_AGAIN_SECONDS = 1.0


def main() -> int:
    """Run the command line and return the exit code."""
    # Trees of files are made and dropped by the thousand and hardly ever hold themselves: to look for such at every
    # seven hundredth object takes a tenth of a scan.
    gc.set_threshold(50_000, 20, 20)
    if __name__ == "__main__" and sys.path and sys.path[0] == os.getcwd():
        # `python -m` looks for modules in the current folder first: what is scanned must not be imported.
        del sys.path[0]
    try:
        _insist_on_interruptions()
        from relcheck.cli import run  # noqa: PLC0415 - nothing is imported before it is needed

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were loaded, before the command line could see to it
        print("interrupted", file=sys.stderr)  # noqa: T201 - click may not be there yet
        return 130
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def _insist_on_interruptions() -> None:
    """Repeat an interruption until it is heard: Python drops one that comes while a callback runs, as in an import."""
    if not hasattr(signal, "setitimer"):
        return

    def interrupt(_number: int, _frame: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGALRM, interrupt)


if __name__ == "__main__":
    sys.exit(main())
