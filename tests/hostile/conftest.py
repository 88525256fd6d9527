"""What the hostile tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from relcheck import readers


@pytest.fixture
def faults_surface() -> Iterator[Callable[[], None]]:
    """Return a switch that lets a reader's own fault surface until the end of the test."""
    yield lambda: readers.raise_faults(True)
    readers.raise_faults(False)
