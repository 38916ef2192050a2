"""Faults as other rooms see them: armed, watched, disarmed, and forbidden by the safety lever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.faults import dead_mans_switch, telling
from app.faults.arming import Arming
from app.faults.entry import Entry, Store
from app.faults.ground import TOPIC
from app.faults.lever import Lever, SafetyLever, engaged, forbidden
from app.faults.scan import Stray, strays, switch_off

__all__ = ["TOPIC", "Faults"]

log = logging.getLogger(__name__)
LOOKED_AFTER = timedelta(minutes=30)  # after that nobody waits for quiet any more
# AWS replaces containers within hours: what was seen no later than that is over, even where no log can tell.
CONTAINERS_LIVE = timedelta(days=1)


class Faults(Arming):
    """Threads share it. What happens to one store happens one at a time."""

    def __init__(self, **given: Any) -> None:
        """See `Ground` for what it is made of."""
        super().__init__(**given)
        self.lever = SafetyLever(self.ledger.storage, self._clock)
        self._strays: dict[str, tuple[Stray, ...]] = {}

    def disarm_run(self, run_id: str, *, by: str, why: str) -> list[Entry]:
        """Disarm all that a run armed, and look again at what is disarmed already. Newest first."""
        return self.disarm_each(self.for_run(run_id), by=by, why=why, again=True)

    def disarm_each(self, entries: Iterable[Entry], *, by: str, why: str, again: bool = False) -> list[Entry]:
        """Each of them whatever becomes of the others; then what the first failure raised, if there was one."""
        over, failures = [], []
        for entry in entries:
            try:
                over.append(self.disarm(entry.id, by=by, why=why, again=again))
            except Exception as error:
                log.exception("The disarm of %s did not come to its end", entry.store)
                failures.append(error)
        if failures:
            raise failures[0]
        return over

    def close_arming(self) -> None:
        """From the return on nothing begins to arm, by hand or by a run: Unavailable. There is no way back."""
        self._gate.close()

    def disarm_before_the_end(self, *, by: str, why: str, within: float) -> None:
        """Disarm everything, after `close_arming`.

        What is being armed right now is waited for, `within` seconds at most, and last. Where AWS holds it up for
        longer its entry stays active, and whoever arms it disarms it once AWS answers.
        """
        held_up = self._gate.inside()
        try:
            self.disarm_each([e for e in self.active() if e.store not in held_up], by=by, why=why)
        finally:
            self._gate.wait_empty(within)
            come = held_up - self._gate.inside()
            self.disarm_each([e for e in self.active() if e.store in come], by=by, why=why)

    def choose(
        self, entry_id: int, *, keep: str, by: str, check: Callable[[Entry], None] = lambda _: None
    ) -> Entry:
        """See `Disarming`. A fault that is let stand is told of from then on as one that the ledger does not hold."""
        armed = self.entry(entry_id).theirs_armed
        chosen = super().choose(entry_id, keep=keep, by=by, check=check)
        if armed and keep == "theirs":
            self.scan(chosen.environment)
        return chosen

    def refuse_while_engaged(self, environment: str, session: Session | None = None) -> None:
        """Conflict, saying who engaged the safety lever and why, while arming is forbidden.

        `session`: of a transaction that writes what must not be there once the lever is engaged.
        """
        lever = engaged(session, environment) if session else self.lever.engaged(environment)
        if lever:
            raise forbidden(lever)

    def engage(self, environment: str | None, *, by: str, why: str) -> Lever:
        """Refuse all arming from now on, across restarts, and disarm what is armed; None: in every environment."""
        try:
            return self._pulled(environment, engaged=True, by=by, why=why)
        finally:  # also where the disk is full
            self.disarm_each(self.active(environment), by=by, why="the safety lever was engaged")

    def disengage(self, environment: str | None, *, by: str, why: str) -> Lever:
        """Allow arming again; what is engaged elsewhere stays engaged."""
        return self._pulled(environment, engaged=False, by=by, why=why)

    def extend(
        self, entry_id: int, *, minutes: float, by: str, check: Callable[[Entry], None] = lambda _: None
    ) -> Entry:
        """Give an armed fault that long from now, more or less than it had.

        `check` raises where the entry, which nobody changes meanwhile, is not the one that was meant.
        Invalid beyond the environment's longest lease, counted from when it was armed, beyond the console's
        credentials, or for a moment that has passed; Conflict where it is armed no more.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            check(entry)
            if not entry.active or entry.requested_at is not None:
                raise Conflict(f"{entry.store} is not armed any more, or is being disarmed.")
            now = self._clock.now()
            wanted, longest = (
                now + timedelta(minutes=minutes),
                self._environment(entry.environment).longest_lease,
            )
            if wanted <= now:
                raise Invalid("A deadline lies ahead. To end the fault now, roll it back.")
            if wanted > entry.created_at + longest:
                raise Invalid(
                    f"No fault is armed for longer than {longest.total_seconds() / 60:g} minutes in "
                    f"{entry.environment}: its longest_lease in gameday.toml. This one began at {entry.created_at:%H:%M} UTC."
                )
            self._refuse_longer_than_credentials(entry.store, wanted)
            dead_mans_switch.set_for(
                self._aws, self._environment(entry.environment), replace(entry, disarm_by=wanted)
            )
            said = f"{by} set its deadline to {wanted:%H:%M:%S} UTC."
            return self._published(self.ledger.change(entry_id, disarm_by=wanted, outcome=said))

    def scan(self, environment: str) -> tuple[Stray, ...]:
        """Look into every known store of an environment for a fault that the ledger does not hold. Kept for pages."""
        found = strays(self._aws, self._environment(environment), self.ledger)
        self._strays[environment] = found
        self._live.publish(TOPIC, "strays", {"environment": environment, "strays": len(found)})
        return found

    def strays(self) -> tuple[Stray, ...]:
        """What the last scans found, of every environment; those that were disarmed since left out."""
        return tuple(stray for found in self._strays.values() for stray in found)

    def settling(self) -> list[Entry]:
        """Disarmed, or seen to inject, within the last half hour and not known to be clean; and what still fires. Newest first."""
        found = {entry.id: entry for entry in self.ledger.settling(self._clock.now() - LOOKED_AFTER)}
        found |= {entry.id: entry for entry in self.firing()}
        return [found[number] for number in sorted(found, reverse=True)]

    def firing(self) -> list[Entry]:
        """Disarmed, and still in warm containers that inject: until they are quiet, or are all gone. Newest first."""
        return self.ledger.firing(self._clock.now() - CONTAINERS_LIVE)

    def stuck(self) -> list[Entry]:
        """What should be off and is not, in every environment: not put back so far, or still firing."""
        return [*(entry for entry in self.active() if entry.stuck), *self.firing()]

    def note(self, entry_id: int, **seen: datetime) -> Entry:
        """Keep what was seen after a disarm: `last_hit_at`, `quiet_at`, `clean_at`."""
        return self._published(self.ledger.change(entry_id, **seen))

    def undecided(self, environment: str | None = None) -> list[Entry]:
        """Faults whose store somebody else wrote, and where nobody has chosen between the values. Newest first."""
        return self.ledger.undecided(environment)

    def switch_off(self, store: Store, *, by: str) -> str:
        """Switch off a fault that no ledger entry explains. What was done, as a sentence.

        Conflict where the ledger does hold the store: disarm that entry. Unavailable where AWS does not do it.
        """
        with self._holding(store):
            if entry := self.busy(store):
                raise Conflict(f"{store} is held by {entry.by}: disarm that.", fault=entry.id)
            done = (
                switch_off(self._aws, store, self._environment(store.environment))
                or f"{store} is off already."
            )
        log.warning("%s switched off a fault that was not in the ledger: %s", by, done)
        self.scan(store.environment)
        return done

    def others_on(
        self, environment: str, run_id: str, functions: Sequence[str], since: datetime, until: datetime
    ) -> list[str]:
        """Faults of somebody else that hit one of these functions in that time, a sentence each without full stop."""
        return [
            f"{entry.by} armed another fault on {', '.join(set(entry.functions) & set(functions))} at {entry.armed_at:%H:%M:%S} UTC"
            for entry in self.between(environment, since, until)
            if entry.run_id != run_id and set(entry.functions) & set(functions)
            if entry.armed_at is not None and entry.armed_at < until
        ]

    def renew(self, run_id: str, until: datetime) -> None:
        """The run is alive: its faults may stand until `until`, or their deadline. Not those whose lease has run out."""
        self.ledger.renew(run_id, until)

    def active(self, environment: str | None = None) -> list[Entry]:
        return self.ledger.active(environment)

    def for_run(self, run_id: str) -> list[Entry]:
        return self.ledger.for_run(run_id)

    def for_runs(self, run_ids: Sequence[str]) -> dict[str, list[Entry]]:
        """The same of many, by run."""
        return self.ledger.for_runs(run_ids)

    def history(self, limit: int = 50, environment: str | None = None, **wanted: Any) -> list[Entry]:
        """Newest first. `wanted`: `state`, `run_id`, and `before` an entry's id."""
        return self.ledger.history(limit, environment, **wanted)

    def between(self, environment: str, since: datetime, until: datetime) -> list[Entry]:
        """Those that stood in the ledger for some of that time, however many came after them. Newest first."""
        return self.ledger.between(environment, since, until)

    def last(self, store: Store) -> Entry | None:
        """The newest fault of the store that is over."""
        return self.ledger.last(store)

    def _pulled(self, environment: str | None, *, engaged: bool, by: str, why: str) -> Lever:
        if environment is not None:
            self._environment(environment)
        lever = self.lever.set(
            environment,
            engaged=engaged,
            by=by,
            why=why,
            facts=lambda: telling.armed(self.active(environment)),
        )
        self._live.publish(TOPIC, "lever", {"environment": environment, "engaged": engaged})
        return lever
