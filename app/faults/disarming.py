"""Disarming: by plan, put back byte for byte, and never over somebody else's value without being told to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app import crash
from app.aws import Parameter, Parameters
from app.dialects import same
from app.errors import Conflict, GamedayError
from app.faults import lock, plan, putback
from app.faults.entry import Entry, FaultState
from app.faults.ground import LATE_WRITES_WITHIN, Ground
from app.faults.recycling import recycled

log = logging.getLogger(__name__)
UNFINISHED_AFTER = timedelta(seconds=30)  # a disarm that says nothing for so long died on its way
LOOKS_BACK = 3  # attempts that ask whom the fault was written over: no history is no reason to leave it armed
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
            if entry.state is FaultState.FLUSHING:
                return self._flushed(entry, by=by, why=why)
            entry = self._begun(entry)
            crash.here("disarm-begun")
            return self._put_back(entry, by=by, why=why)

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
                said = f"{by} let stand what somebody else wrote: {plan.shown(entry.theirs, secret=entry.secret)}."
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

    def _flushed(self, entry: Entry, *, by: str, why: str) -> Entry:
        """Warm containers are clear once they had the flush alone: whatever was written meanwhile begins it anew."""
        now = self._clock.now()
        later = plan.while_flushing(entry, now)
        try:
            current = self._held(entry.store).get(entry.store.name)
        except GamedayError as error:
            if later is None:
                return self._published(self._failed(self._begun(entry), error))
            return self.ledger.change(entry.id, next_attempt_at=min(later, plan.retry_at(1, now)))
        if not same(current.value if current else None, plan.flush(entry)):
            entry = self._begun(entry, flush_until=None)
            why = "the store was written while warm containers were being cleared"
        elif later is not None:
            return self._kept(entry, next_attempt_at=later)
        else:
            entry = self._begun(entry)
        return self._put_back(entry, by=by, why=why)

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
        said = f"{by} put back what was there before over what somebody else wrote, {plan.shown(entry.theirs, secret=entry.secret)}"
        over = plan.Settled(state=FaultState.DISARMED, outcome=said, theirs=entry.theirs)
        self._settled(entry, over, by=by, why="a person chose so")
        return self._published(self.ledger.change(entry.id, resolved_by=by))

    def _changed_again(self, entry: Entry, theirs: Parameter | None) -> Conflict:
        changed = self._published(self.ledger.change(entry.id, theirs=theirs.value if theirs else None))
        return Conflict(
            f"{entry.store} was written once more: it holds {plan.shown(changed.theirs, secret=entry.secret)}. Look, then choose again."
        )

    def _begun(self, entry: Entry, **more: Any) -> Entry:
        """Written down first, where that can be: a full disk must not keep a fault armed."""
        now = self._clock.now()
        try:
            begun = self.ledger.change(
                entry.id, state=FaultState.DISARMING.value, next_attempt_at=now + UNFINISHED_AFTER,
                requested_at=entry.requested_at or now, **more,
            )  # fmt: skip
        except (SQLAlchemyError, OSError) as error:
            log.warning("%s is put back although the ledger can not be written: %s", entry.store, error)
            return replace(entry, **more)
        return self._published(begun)

    def _put_back(self, entry: Entry, *, by: str, why: str) -> Entry:
        try:
            held = self._held(entry.store)
            current = held.get(entry.store.name)
            entry = self._as_found(held, entry, current)
            settled = putback.put_back(held, entry, current)
        except GamedayError as error:
            return self._published(self._failed(entry, error))
        crash.here("disarm-answered")
        return self._settled(entry, settled, by=by, why=why)

    def _as_found(self, held: Parameters, entry: Entry, current: Parameter | None) -> Entry:
        """What the store tells before it is written: that the fault did get there, and over whose value."""
        changes = plan.as_found(entry, current, self._clock.now())
        if theirs := self._overwritten(held, entry, current):
            changes |= plan.giving_way(entry, theirs.value, theirs)
        return self._kept(entry, **changes)

    def _overwritten(self, held: Parameters, entry: Entry, current: Parameter | None) -> Parameter | None:
        """Somebody else's value that the fault was written over. No call where nothing came between."""
        if current is None or not plan.fires(entry, current.value):
            return None
        since = entry.version or int(entry.previous_meta.get("version", 0))
        if entry.disarmed_at is not None or since > current.version:
            since = 0  # all of it came later
        try:
            return putback.came_between(held, entry, since, current.version)
        except GamedayError:
            if entry.attempts < LOOKS_BACK:
                raise
            log.warning("%s is put back though nobody knows whom the fault was written over", entry.store)
            return None

    def _kept(self, entry: Entry, **changes: Any) -> Entry:
        """Written down where that can be: a full disk must not keep a fault armed."""
        if all(getattr(entry, name) == value for name, value in changes.items()):
            return entry
        try:
            return self.ledger.change(entry.id, **changes)
        except (SQLAlchemyError, OSError) as error:
            log.warning("%s is put back although the ledger can not be written: %s", entry.store, error)
            return replace(entry, **changes)

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
            settles_at=now + timedelta(seconds=entry.plan.propagation), attempts=0,
            resolved_by=entry.resolved_by if entry.gives_way and same(settled.theirs, entry.theirs) else None,
            previous_meta={name: kept for name, kept in entry.previous_meta.items() if name != "theirs"},
        )  # fmt: skip
        self._later.submit(self._release, over)
        return self._published(over)

    def _flushing(self, entry: Entry, outcome: str, *, by: str) -> Entry:
        now = self._clock.now()
        until = now + timedelta(seconds=entry.plan.flush_seconds)
        look = plan.while_flushing(replace(entry, flush_until=until), now)
        changes: dict[str, Any] = {"flush_until": until, "next_attempt_at": look or until, "disarmed_by": by}
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
            told = recycled(self._aws, self._environment(entry.environment), entry.functions)
        if entry.plan.by_hand:
            told = f"{told} Check by hand what else the run did: {entry.plan.by_hand}.".lstrip()
        return f"{outcome} {told}".rstrip()

    def _checked_again(self, entry: Entry, *, by: str) -> Entry:
        """A late write of what this entry announced is put back; anything else is somebody's right, and told of."""
        long_over = entry.disarmed_at is None or self._clock.now() - entry.disarmed_at > LATE_WRITES_WITHIN
        if long_over or self.busy(entry.store):
            return entry
        # Somebody else's value is what a late write would be written over, and what is to stand again.
        begun = plan.giving_way(entry, entry.theirs) if entry.state is FaultState.DRIFTED else {}
        try:
            current = self._held(entry.store).get(entry.store.name)
            late = plan.written_late(entry, current)
            if not (late or _theirs_anew(entry, current)) or lock.held_by_another(
                self._locks(entry.store), entry
            ):
                return entry
        except GamedayError as error:
            return self._published(self._failed(self._begun(entry, **begun), error))
        if not late:
            value = current.value if current else None
            changed = self.ledger.change(entry.id, theirs=value, outcome=plan.drift(entry, value))
            return self._published(changed)
        entry = self._begun(entry, **begun)
        return self._put_back(entry, by=by, why="the fault was written once more after it was disarmed")


def _theirs_anew(entry: Entry, current: Parameter | None) -> bool:
    """Whether a person is still asked about a value of somebody else's that stands no more."""
    return entry.undecided and not same(current.value if current else None, entry.theirs)
