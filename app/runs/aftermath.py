"""After a disarm: is it quiet, and is the system clean again? Seen in logs and signals, never assumed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.dialects import SWITCHED
from app.faults import Entry, Faults
from app.loop import Loop
from app.metrics import Metrics
from app.queries import Judgement
from app.runs.armed_signals import ArmedSignals
from app.runs.rooms import EvidenceRoom

LOGGER = logging.getLogger(__name__)
TICK = 2.0  # seconds
SHORTEST_SILENCE = 10.0  # seconds without an injection, where a fault is read at every invocation


class Aftermath:
    def __init__(
        self, *, faults: Faults, evidence: EvidenceRoom, metrics: Metrics, signals: ArmedSignals, clock: Clock
    ) -> None:
        self._faults = faults
        self._evidence = evidence
        self._metrics = metrics
        self._signals = signals
        self._clock = clock
        self._loop = Loop("aftermath", self.step, every=TICK, clock=clock)
        self.start, self.stop, self.lag = self._loop.start, self._loop.stop, self._loop.lag

    def step(self) -> bool:
        """Look once at every fault that was disarmed a while ago. Whether there was any."""
        settling = self._faults.settling()
        for entry in settling:
            if self._faults.busy(entry.store) is None:  # armed anew: what fires then is another fault's
                self._safely(entry)
        return bool(settling)

    def _safely(self, entry: Entry) -> None:
        """One that can not be looked at, in an environment that is gone for one, keeps nobody from the others."""
        try:
            self._look(entry)
        except Exception:
            LOGGER.exception("What became of fault %s could not be looked at; the next look may.", entry.id)

    def _look(self, entry: Entry) -> None:
        if entry.quiet_at is None:
            entry = self._listen(entry)
        known = not entry.plan.by_hand  # else something is left that no signal may show
        if (
            known
            and entry.quiet_at is not None
            and entry.clean_at is None
            and self._within(entry, entry.quiet_at)
        ):
            self._faults.note(entry.id, clean_at=self._clock.now())

    def _listen(self, entry: Entry) -> Entry:
        now, settles = self._clock.now(), entry.settles_at or entry.disarmed_at or entry.created_at
        if entry.dialect in SWITCHED:
            return self._faults.note(entry.id, quiet_at=now)  # read back: a setting keeps nothing
        if not entry.functions:  # no log will ever tell
            return entry if now < settles else self._faults.note(entry.id, quiet_at=now)
        proof = self._evidence.of(entry, until=now)
        last = proof.last_seen
        if last is not None and last != entry.last_hit_at:
            entry = self._faults.note(entry.id, last_hit_at=last)
        if not proof.can_see:
            return entry
        silence = timedelta(seconds=max(SHORTEST_SILENCE, entry.plan.propagation))
        since = max(settles, last) if last is not None else settles
        return entry if proof.until - since < silence else self._faults.note(entry.id, quiet_at=now)

    def _within(self, entry: Entry, since: datetime) -> bool:
        """Every signal has a sample since the quiet, and is within its tolerance; what can not be judged is not."""
        signals = self._signals.of(entry)
        if self._signals.unjudged(entry, signals):
            return False
        judged = [signal for signal in signals if signal.query is not None and signal.tolerance is not None]
        return all(self._judged(entry.environment, signal, since) is Judgement.WITHIN for signal in judged)

    def _judged(self, environment: str, signal: Any, since: datetime) -> Judgement:
        sample = self._metrics.latest(environment, signal.query.id)
        if sample is None or sample.at < since:
            return Judgement.STALE
        judged: Judgement = signal.tolerance.judge(sample.value)
        return judged
