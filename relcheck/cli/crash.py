"""The log of a fault in relcheck: where in the code it happened, never what was scanned."""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Sequence
from pathlib import Path

from relcheck import __version__
from relcheck.cache import cache_folder


def write_log(error: Exception, arguments: Sequence[str]) -> str:
    """Write version, command and the frames of the code; return the log's path, "" where it cannot be written.

    The message of the error and the values of variables stay out: they may hold text of the scanned files.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"relcheck {__version__}, Python {platform.python_version()}, {platform.system()}",
        f"command: {arguments[0] if arguments else ''} with {max(len(arguments) - 1, 0)} arguments",
        f"fault: {type(error).__name__}",
        *(f"  {os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames),
    ]
    path = Path(cache_folder(), "crash.log")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return ""
    return str(path)
