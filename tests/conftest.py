"""Fixtures that more than one room needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from app.clock import FrozenClock
from app.sandbox.emulator import process
from app.settings import Environment
from tests.ports import free_port

settings.register_profile("patient", deadline=None)  # a machine that does much else is slow
settings.load_profile("patient")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An emulator of the tests' own: AWS as boto3 sees it."""
    folder = tmp_path_factory.mktemp("emulator")
    emulator = process.start(port=free_port(), speed=1, data=folder / "data", log_file=folder / "log")
    yield Environment(name="test", region="us-east-2", endpoint_url=emulator.endpoint)
    process.stop(emulator)
