"""The loop that asks CloudWatch, an environment at a time, when it is due and somebody needs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.logs import about
from app.loop import Loop
from app.metrics.metrics import Metrics

IDLE = 1.0  # seconds between looks when nothing is due
PRUNE_EVERY = timedelta(hours=1)


class Poller:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._loop = Loop(
            "poller", self.step, every=IDLE, clock=metrics.clock, pause=float, woken=metrics.changed
        )
        self.start, self.stop = self._loop.start, self._loop.stop
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

    def _prune(self, now: datetime) -> None:
        if self._pruned is None or now - self._pruned >= PRUNE_EVERY:
            self._metrics.forget_old()
            self._pruned = now
