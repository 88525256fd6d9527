"""What the acceptance cases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relcheck.readers import raise_faults


@pytest.fixture(autouse=True)
def _faults_surface() -> Iterator[None]:
    raise_faults(True)
    yield
    raise_faults(False)
