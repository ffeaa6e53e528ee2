"""What the end-to-end tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.vendors import program
from tests.testing.counter import Counter


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """The fake vendors as a program of their own."""
    with program(tmp_path_factory.mktemp("vendors")) as counter:
        yield counter
