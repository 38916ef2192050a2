"""Counts every request to CloudWatch, and writes the counts down every few seconds.

Not one write a call: what was counted since the last write, `EVERY` seconds at most, is lost where the process is
killed. The estimate is then that much too low; nothing else depends on it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.aws.metering import Use
from app.clock import Clock
from app.loop import Loop
from app.settings import Environment
from app.storage import Storage
from app.usage import store
from app.usage.amounts import Amounts, Kind, amounts_of
from app.usage.prices import Prices
from app.usage.spending import Spending
from app.usage.store import Key

LOGGER = logging.getLogger(__name__)
EVERY = 5.0  # seconds between two writes
NOBODYS = ""


class Usage:
    """Threads share it. `meter` is what `Aws` tells its requests to; it never blocks for the database."""

    def __init__(self, storage: Storage, clock: Clock, environments: Mapping[str, Environment]) -> None:
        self._storage = storage
        self._clock = clock
        self._environments = environments
        self._lock = threading.Lock()
        self._pending: defaultdict[Key, float] = defaultdict(float)
        self._writing: Mapping[Key, float] = {}  # handed to the database, not known to be there yet
        self._month: tuple[str, dict[str, Amounts]] = ("", {})  # what the database has of it, by environment
        self._requests: Counter[tuple[str, str]] = Counter()  # since the start: by environment and operation
        self._since_start: dict[str, Amounts] = {name: Amounts() for name in environments}
        self._loop = Loop("usage", self._write, every=EVERY, clock=clock)
        self.start, self.lag = self._loop.start, self._loop.lag

    # --- counting ---------------------------------------------------------------------------------------

    def meter(self, use: Use) -> None:
        """Count one request."""
        day = self._clock.now().strftime("%Y-%m-%d")
        shares = {**use.asked_for, NOBODYS: max(0.0, 1 - sum(use.asked_for.values()))}
        with self._lock:
            self._requests[use.environment, use.operation] += 1
            for kind, amount in amounts_of(use).items():
                self._since_start.setdefault(use.environment, Amounts())[kind] += amount
                for subject, share in shares.items():
                    if share:
                        self._pending[use.environment, day, kind, subject] += amount * share

    def stop(self) -> None:
        """Write what is left."""
        self._loop.stop()
        try:
            self.flush()
        except Exception:
            LOGGER.exception("What was asked of CloudWatch at last could not be written down.")

    def flush(self) -> bool:
        """Write what was counted. Whether there was anything; what could not be written is kept."""
        with self._lock:
            if not self._pending:
                return False
            self._writing, self._pending = self._pending, defaultdict(float)
        try:
            with self._storage.writing() as session:
                store.add(session, self._writing)
        except Exception:
            with self._lock:
                for key, amount in self._writing.items():
                    self._pending[key] += amount
                self._writing = {}
            raise
        with self._lock:
            month, totals = self._month
            for (environment, day, kind, _), amount in self._writing.items():
                if day.startswith(month):
                    totals.setdefault(environment, Amounts())[kind] += amount
            self._writing = {}
        return True

    # --- asking -----------------------------------------------------------------------------------------

    def spending(self, environment: str) -> Spending:
        """Of the month that it is now. Without a database call, but for the first one in a month."""
        month = self._this_month
        if self._month[0] != month:
            self._read_month(month)
        with self._lock:
            amounts = Amounts(self._month[1].get(environment, Amounts()))
            for (place, day, kind, _), amount in [*self._writing.items(), *self._pending.items()]:
                if place == environment and day.startswith(month):
                    amounts[kind] += amount
        of = self._environments[environment]
        cap = None if of.is_emulated else of.monthly_cap
        return Spending(environment=environment, month=month, spent=self.price(environment, amounts), cap=cap)

    def stopped(self, environment: str) -> str:
        """Why open pages are not polled for there; empty where they are. Never raises: who asks keeps faults safe."""
        try:
            return self.spending(environment).stopped
        except Exception:
            LOGGER.exception("What %s has cost could not be found out; it is polled for", environment)
            return ""

    def price(self, environment: str, amounts: Mapping[Kind, float]) -> float:
        """US dollars, an estimate; of an environment that is not in the settings any more, by the list."""
        of = self._environments.get(environment, Environment(name=environment))
        return Prices.of(of).of_amounts(amounts)

    def of_month(self, month: str) -> dict[str, dict[str, Amounts]]:
        """By environment and day, what is not written yet included."""
        with self._storage.reading() as session:
            found = store.of_month(session, month)
        for (environment, day, kind, _), amount in self._unwritten():
            if day.startswith(month):
                found.setdefault(environment, {}).setdefault(day, Amounts())[kind] += amount
        return found

    def of_subjects(self, subjects: Sequence[str]) -> dict[str, Amounts]:
        """What was asked for each subject, as `run:12`."""
        with self._storage.reading() as session:
            found = store.of_subjects(session, subjects)
        for (_, _, kind, whose), amount in self._unwritten():
            if whose in found:
                found[whose][kind] += amount
        return found

    def since_start(self) -> tuple[dict[tuple[str, str], int], dict[str, Amounts]]:
        """Counters of this process: requests by environment and operation, amounts by environment."""
        with self._lock:
            return dict(self._requests), {name: Amounts(found) for name, found in self._since_start.items()}

    @property
    def _this_month(self) -> str:
        return month_of(self._clock.now())

    def _unwritten(self) -> list[tuple[Key, float]]:
        with self._lock:
            return [*self._writing.items(), *self._pending.items()]

    def _read_month(self, month: str) -> None:
        with self._storage.reading() as session:
            days = store.of_month(session, month)
        totals = {name: total(by_day) for name, by_day in days.items()}
        with self._lock:
            self._month = (month, totals)

    def _write(self) -> None:
        if self.flush():
            self._read_month(self._this_month)  # what another process has added, too


def month_of(at: datetime) -> str:
    return at.strftime("%Y-%m")


def total(by_day: Mapping[str, Amounts]) -> Amounts:
    whole = Amounts()
    for amounts in by_day.values():
        whole.add(amounts)
    return whole
