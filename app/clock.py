"""Time as an argument: the edge has the system's clock, a test has one that it moves itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class FrozenClock:
    """Stands still until `advance` is called."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._ticks = 0.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._ticks

    def advance(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)
        self._ticks += seconds
