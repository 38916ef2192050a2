"""Disarming: by plan, put back byte for byte, and never over somebody else's value without being told to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app import crash
from app.aws import Parameter
from app.dialects import same
from app.errors import Conflict, GamedayError
from app.faults import lock, plan, putback
from app.faults.entry import Entry, FaultState
from app.faults.ground import LATE_WRITES_WITHIN, Ground
from app.faults.recycling import recycled

log = logging.getLogger(__name__)
UNFINISHED_AFTER = timedelta(seconds=30)  # a disarm that says nothing for so long died on its way
KEEP = ("theirs", "ours")


class Disarming(Ground):
    def disarm(self, entry_id: int, *, by: str, why: str, again: bool = False) -> Entry:
        """Put the store back. Safe to call at any time, any number of times; never raises for AWS trouble.

        A ledger that can not be written raises, but only once the store is put back: that needs no disk.
        Where AWS does not do it the entry stays `disarming`, says why, and the guardian tries for ever. Where warm
        containers have to be cleared first it is `flushing`, and the guardian ends it.
        `again` looks at the store of an entry that is over too: a process that was killed may have written late.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            if not entry.active:
                return self._checked_again(entry, by=by) if again else entry
            if entry.state is FaultState.FLUSHING and not self._flushed(entry):
                return entry
            entry = self._begun(entry)
            crash.here("disarm-begun")
            try:
                settled = putback.put_back(self._held(entry.store), entry)
            except GamedayError as error:
                return self._published(self._failed(entry, error))
            crash.here("disarm-answered")
            return self._settled(entry, settled, by=by, why=why)

    def choose(
        self, entry_id: int, *, keep: str, by: str, check: Callable[[Entry], None] = lambda _: None
    ) -> Entry:
        """Whose value stands where somebody else wrote the store: `theirs`, or `ours`, what was there before.

        `check` raises where the entry, which nobody changes meanwhile, is not the one that was meant.
        Conflict where nothing is to be chosen, or where the store was written once more meanwhile: then it is
        shown again. Unavailable where AWS does not do it.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            check(entry)
            if not entry.undecided:
                raise Conflict(
                    f"There is nothing to choose for {entry.store}: nobody else's value is in question."
                )
            if holder := self.busy(entry.store):
                raise Conflict(
                    f"{entry.store} is armed again, by {holder.by}: disarm that first.", fault=holder.id
                )
            if keep == "theirs":
                said = f"{by} let stand what somebody else wrote: {plan.shown(entry.theirs)}."
                return self._published(self.ledger.change(entry_id, resolved_by=by, outcome=said))
            return self._over_theirs(entry, by=by)

    def look_again(self, entry_id: int, *, by: str) -> Entry:
        """The guardian's look at a store that was disarmed a while ago, and when the next one is due."""
        entry = self.disarm(entry_id, by=by, why="it was written again", again=True)
        if entry.active or entry.disarmed_at is None:
            return entry
        look = plan.next_look(entry.disarmed_at, self._clock.now())
        looked = (
            entry if look == entry.next_attempt_at else self.ledger.change(entry_id, next_attempt_at=look)
        )
        self._later.submit(
            self._release, looked
        )  # lock and schedule, where AWS did not let go of them before
        return looked

    def _flushed(self, entry: Entry) -> bool:
        return entry.flush_until is not None and entry.flush_until <= self._clock.now()

    def _over_theirs(self, entry: Entry, *, by: str) -> Entry:
        held = self._held(entry.store)
        current = held.get(entry.store.name)
        if (current.value if current else None) != entry.theirs:
            raise self._changed_again(entry, current)
        wanted = plan.target(entry)
        if between := putback.write(held, entry, wanted, current):
            raise self._changed_again(entry, between)  # and it is back in its place
        after = held.get(entry.store.name)
        if not same(after.value if after else None, wanted):
            raise self._changed_again(entry, after)
        said = (
            f"{by} put back what was there before over what somebody else wrote, {plan.shown(entry.theirs)}"
        )
        over = plan.Settled(state=FaultState.DISARMED, outcome=said, theirs=entry.theirs)
        self._settled(entry, over, by=by, why="a person chose so")
        return self._published(self.ledger.change(entry.id, resolved_by=by))

    def _changed_again(self, entry: Entry, theirs: Parameter | None) -> Conflict:
        changed = self._published(self.ledger.change(entry.id, theirs=theirs.value if theirs else None))
        return Conflict(
            f"{entry.store} was written once more: it holds {plan.shown(changed.theirs)}. Look, then choose again."
        )

    def _begun(self, entry: Entry) -> Entry:
        """Written down first, where that can be: a full disk must not keep a fault armed."""
        now = self._clock.now()
        try:
            begun = self.ledger.change(
                entry.id, state=FaultState.DISARMING.value, next_attempt_at=now + UNFINISHED_AFTER,
                requested_at=entry.requested_at or now,
            )  # fmt: skip
        except (SQLAlchemyError, OSError) as error:
            log.warning("%s is put back although the ledger can not be written: %s", entry.store, error)
            return entry
        return self._published(begun)

    def _failed(self, entry: Entry, error: GamedayError) -> Entry:
        attempts = entry.attempts + 1
        return self.ledger.change(
            entry.id,
            attempts=attempts,
            next_attempt_at=plan.retry_at(attempts, self._clock.now()),
            outcome=f"Could not be disarmed, and is tried again: {error}",
        )

    def _settled(self, entry: Entry, settled: plan.Settled, *, by: str, why: str) -> Entry:
        because = f"{settled.outcome.rstrip('.')}{settled.joined} {why}."
        if settled.state is FaultState.DISARMED and plan.needs_flush(entry):
            return self._published(self._flushing(entry, because, by=by))
        now = self._clock.now()
        over = self.ledger.change(
            entry.id, state=settled.state.value, outcome=self._with_containers(entry, settled, because),
            disarmed_at=now, disarmed_by=by, next_attempt_at=plan.next_look(now, now), theirs=settled.theirs,
            settles_at=now + timedelta(seconds=entry.plan.propagation), attempts=0, resolved_by=None,
        )  # fmt: skip
        self._later.submit(self._release, over)
        return self._published(over)

    def _flushing(self, entry: Entry, outcome: str, *, by: str) -> Entry:
        until = self._clock.now() + timedelta(seconds=entry.plan.flush_seconds)
        changes: dict[str, Any] = {"flush_until": until, "next_attempt_at": until, "disarmed_by": by}
        words = f"{outcome} It rests in {entry.plan.flush_seconds:g} s, when every warm container is clear."
        return self.ledger.change(
            entry.id, state=FaultState.FLUSHING.value, outcome=words, attempts=0, **changes
        )

    def _with_containers(self, entry: Entry, settled: plan.Settled, outcome: str) -> str:
        """New containers where only they are clear; what stays behind is said."""
        if settled.state is not FaultState.DISARMED or entry.armed_at is None:
            return outcome
        told = entry.plan.left
        if entry.plan.recycle:
            told = recycled(self._aws, self._environment(entry.environment), entry)
        if entry.plan.by_hand:
            told = f"{told} Check by hand what else the run did: {entry.plan.by_hand}.".lstrip()
        return f"{outcome} {told}".rstrip()

    def _checked_again(self, entry: Entry, *, by: str) -> Entry:
        """A late write of what this entry announced is put back; anything else is somebody's right."""
        long_over = entry.disarmed_at is None or self._clock.now() - entry.disarmed_at > LATE_WRITES_WITHIN
        if long_over or self.busy(entry.store) or entry.state is FaultState.DRIFTED:
            return entry
        held = self._held(entry.store)
        try:
            step = plan.decide(entry, held.get(entry.store.name))
            if isinstance(step, plan.Settled) or lock.held_by_another(self._locks(entry.store), entry):
                return entry
            settled = putback.put_back(held, entry)
        except GamedayError as error:
            return self._published(self._failed(self._begun(entry), error))
        return self._settled(
            entry, settled, by=by, why="the fault was written once more after it was disarmed"
        )
