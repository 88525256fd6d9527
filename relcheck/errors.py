"""What can go wrong for a user, and the exit codes.

RelcheckError
├── UsageProblem      the command line asks for something that does not fit        exit 2
└── ConfigProblem     a configuration or rule file is wrong                        exit 2
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes: clean, findings at or above the threshold, wrong command or configuration, a fault in relcheck."""

    CLEAN = 0
    FINDINGS = 1
    WRONG = 2
    FAULT = 3
    INTERRUPTED = 130


class RelcheckError(Exception):
    """A mistake that a person can mend: the text is one sentence that says what, where and what to do."""


class UsageProblem(RelcheckError):
    """The command line asks for something that does not fit."""


class ConfigProblem(RelcheckError):
    """A configuration file is wrong."""
