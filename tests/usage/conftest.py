"""CloudWatch that counts, and what the console counts of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.clock import FrozenClock
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url
from app.usage import Usage
from tests.usage.endpoint import Endpoint


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    made = Endpoint().start()
    yield made
    made.stop()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 11, 26, 12, tzinfo=UTC))


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    made = Storage(sqlite_url(tmp_path / "usage.sqlite"))
    made.migrate()
    yield made
    made.close()


PLACES = {
    "staging": Environment(name="staging", region="us-east-2", monthly_cap=5.0),
    "sandbox": Environment(name="sandbox", endpoint_url="http://127.0.0.1:4566", monthly_cap=1.0),
}


@pytest.fixture
def usage(storage: Storage, clock: FrozenClock) -> Usage:
    return Usage(storage, clock, PLACES)
