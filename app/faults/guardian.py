"""What disarms faults whose run, deadline or owner is gone. It looks at nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from app.clock import Clock
from app.faults.entry import Entry, FaultState
from app.faults.faults import Faults
from app.loop import Loop

TICK = 1.0  # seconds
BY = "guardian"
log = logging.getLogger(__name__)


class Guardian:
    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._orphans: Sequence[Entry] = ()
        self._loop = Loop("guardian", self._watch, every=TICK, clock=clock)
        self.lag, self.stop = self._loop.lag, self._loop.stop

    def step(self) -> bool:
        """Disarm what is due, and look again at what was disarmed a moment ago. Whether there was any."""
        now = self._clock.now()
        due = self._faults.ledger.due(now)
        for entry in due:
            self._safely(partial(self._see_to, entry, now))
        return bool(due)

    def _see_to(self, entry: Entry, now: datetime) -> None:
        if entry.active:
            self._faults.disarm(entry.id, by=BY, why=because(entry, now))
        else:
            self._faults.look_again(entry.id, by=BY)

    def recover(self, orphans: Sequence[Entry]) -> None:
        """Disarm what an earlier console armed by hand and did not disarm: its owner is gone."""
        self._faults.disarm_each(orphans, by=BY, why="the console that armed it ended without disarming")

    def start(self) -> None:
        """Recover, then keep watch, in a thread. Call it before anything new can be armed."""
        self._orphans = self._faults.ledger.by_hand()
        self._loop.start()

    def _watch(self) -> None:
        orphans, self._orphans = self._orphans, ()
        self._safely(lambda: self.recover(orphans))
        self.step()

    def _safely(self, step: Callable[[], object]) -> None:
        try:
            step()
            self._loop.moved()
        except Exception:
            # The next fault is not left armed for it: the next tick tries this one again.
            log.exception("The guardian's step failed; it goes on.")


def because(entry: Entry, now: datetime) -> str:
    if entry.state is FaultState.FLUSHING:
        return "warm containers had their time to clear"
    if entry.disarm_by <= now:
        return "its deadline passed"
    if entry.lease_until is not None and entry.lease_until <= now:
        return "its run did not renew it"
    return "a disarm did not finish" if entry.state is FaultState.DISARMING else "the safety lever is engaged"
