"""The tally of how parts of facts are written, printed at the end of the run."""

from __future__ import annotations

import pytest

from tests.properties.places import Shares

_TALLY = Shares()


@pytest.fixture(scope="session")
def shares() -> Shares:
    """Return the tally of the whole run."""
    return _TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the share of parts that stand in the file letter for letter."""
    if _TALLY.total:
        terminalreporter.write_line(str(_TALLY))
