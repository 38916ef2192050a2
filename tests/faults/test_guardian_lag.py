"""Whether the guardian still does its round can be seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from app.clock import FrozenClock
from app.faults import Guardian


class Ledger:
    broken = False

    def due(self, now: datetime) -> list[Any]:
        if self.broken:
            raise OSError("the database is gone")
        return []

    def by_hand(self) -> list[Any]:
        return []


def test_its_lag_is_the_time_since_a_step_that_was_completed() -> None:
    clock, ledger = FrozenClock(datetime(2026, 11, 26, tzinfo=UTC)), Ledger()
    faults: Any = SimpleNamespace(ledger=ledger)
    guardian = Guardian(faults=faults, clock=clock)
    assert guardian.lag() is None  # not started: another process may have one
    guardian._safely(guardian.step)
    clock.advance(40)
    assert guardian.lag() == 40
    ledger.broken = True
    guardian._safely(guardian.step)
    assert guardian.lag() == 40  # it goes on, and it does nothing
    ledger.broken = False
    guardian._safely(guardian.step)
    assert guardian.lag() == 0
