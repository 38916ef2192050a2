"""Whose turn it is to be asked for, and when: one sample a period, later where AWS does not answer."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from app.settings import Environment

LONGEST_BACKOFF = 300.0  # seconds
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Turns:
    """Of one environment. Threads share it."""

    def __init__(self, environment: Environment) -> None:
        self._period = timedelta(seconds=environment.poll_seconds)
        self._lock = threading.Lock()
        self._due = LONG_AGO
        self._new: set[str] = set()  # ids of queries that wait for no turn
        self._asked: dict[str, datetime] = {}  # by query: the last time
        self._wanted: datetime | None = None  # since when somebody wants something
        self._answered = LONG_AGO
        self._failures = 0  # polls in a row that AWS did not answer
        self.asking = threading.Lock()  # held while AWS is asked, so that nothing is fetched twice

    def want(self, queries: Iterable[str], now: datetime) -> bool:
        """Somebody wants these, who did not before. Whether any is to be asked for at once.

        What was asked for within the period waits for its turn: a page may be opened and opened again.
        """
        with self._lock:
            self._wanted = self._wanted or now
            new = {one for one in queries if now - self._asked.get(one, LONG_AGO) >= self._period}
            if self._failures or not new:
                return False
            self._new |= new
            return True

    def rest(self) -> None:
        """Nobody wants anything."""
        with self._lock:
            self._wanted = None
            self._new.clear()

    @property
    def next_due(self) -> datetime:
        """In the past where nothing was asked for yet, or where something new is wanted."""
        return LONG_AGO if self._new else self._due

    def take(self, now: datetime) -> frozenset[str] | None:
        """Ids that are to be asked for out of turn; None: it is everybody's turn."""
        with self._lock:
            new, self._new = frozenset(self._new), set()
            return None if self._due <= now else new

    def backs_off(self, now: datetime) -> bool:
        """AWS did not answer the last time, and is left alone for a while."""
        with self._lock:
            return bool(self._failures) and now < self._due

    def over(self, queries: Collection[str], now: datetime, *, answered: bool, out_of_turn: bool) -> None:
        """These were asked for."""
        with self._lock:
            self._wanted = self._wanted or now
            self._new -= set(queries)
            if not answered:
                self._new.clear()
                self._failures += 1
                later = self._period.total_seconds() * 2**self._failures
                self._due = now + timedelta(seconds=min(LONGEST_BACKOFF, later))
                return
            self._failures, self._answered = 0, now
            self._asked |= dict.fromkeys(queries, now)
            if not out_of_turn:
                self._due = now + self._period

    def lag(self, now: datetime) -> float:
        """Seconds by which the newest answer is later than it should be; 0 while nobody wants one."""
        with self._lock:
            if self._wanted is None:
                return 0.0
            age = now - max(self._wanted, self._answered) - self._period
            return max(0.0, age.total_seconds())
