from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest
from anyio.from_thread import start_blocking_portal

from brandmodel.testing.vendors import serving
from tests.testing.counter import Counter


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One server for all tests of this folder: its workers need seconds to start."""
    routers = tmp_path_factory.mktemp("vendors") / "routers"
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serving(routers=routers)) as house,
    ):
        yield Counter(house.url, dict(house.keys), routers)


@pytest.fixture
def vendors(_served: Counter) -> Iterator[Counter]:
    yield _served
    # Some vendors' clients cannot be closed: their connections go now, not in somebody else's test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert _served.told("_faults")["orders"] == [], "an ordered fault never happened"
