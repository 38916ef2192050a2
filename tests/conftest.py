"""Fixtures that more than one room needs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.clock import FrozenClock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)
