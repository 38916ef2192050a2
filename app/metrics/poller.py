"""The loop that asks CloudWatch, an environment at a time, when it is due and somebody needs it."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from app.logs import about
from app.metrics.metrics import Metrics

IDLE = 1.0  # seconds between looks when nothing is due
PRUNE_EVERY = timedelta(hours=1)
log = logging.getLogger(__name__)


class Poller:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pruned: datetime | None = None

    def step(self) -> float:
        """Poll what is due; seconds until the next look."""
        metrics = self._metrics
        now = metrics.clock.now()
        waits = [IDLE]
        for environment in metrics.environments.values():
            if not metrics.watched(environment.name):
                metrics.turns(environment.name).rest()
                continue
            if metrics.next_due(environment.name) <= now:
                with about(environment=environment.name):
                    metrics.poll_due(environment)
            waits.append((metrics.next_due(environment.name) - metrics.clock.now()).total_seconds())
        self._prune(now)
        return max(0.0, min(waits))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="poller", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._metrics.changed.set()
        if self._thread:
            self._thread.join(timeout=10)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._metrics.changed.clear()
            try:
                wait = self.step()
            except Exception:  # a poller that has died looks like a pipeline that has
                log.exception("The poller's step failed; it goes on")
                wait = IDLE
            self._metrics.changed.wait(wait)

    def _prune(self, now: datetime) -> None:
        if self._pruned is None or now - self._pruned >= PRUNE_EVERY:
            self._metrics.forget_old()
            self._pruned = now
