"""Arming and disarming: intent before effect, and every value put back byte for byte."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from app.aws import Aws, Parameter, Parameters
from app.clock import Clock
from app.dialects import DIALECTS, Fault, ineffective
from app.errors import GamedayError, Invalid, NotFound, Unavailable
from app.faults import lock, plan, putback
from app.faults.entry import Entry, FaultState, Store, Understanding
from app.faults.ledger import Ledger
from app.faults.lever import Lever, SafetyLever, forbidden
from app.faults.understanding import understand
from app.live import Live
from app.settings import Environment
from app.storage import Storage

TOPIC = "faults"
DEFAULT_DIALECT = "failure-lambda/0.x"
UNFINISHED_AFTER = timedelta(seconds=30)  # a disarm that says nothing for so long died on its way

LATE_WRITES_WITHIN = timedelta(minutes=10)  # later, whoever writes the same value means it


class Faults:
    """Threads share it. What happens to one store happens one at a time."""

    def __init__(
        self,
        *,
        storage: Storage,
        aws: Aws,
        clock: Clock,
        live: Live,
        environments: Mapping[str, Environment],
    ) -> None:
        self.ledger = Ledger(storage)
        self.lever = SafetyLever(storage, clock)
        self._aws = aws
        self._clock = clock
        self._live = live
        self._environments = environments
        self._lock = threading.Lock()
        self._stores: defaultdict[tuple[str, str], threading.RLock] = defaultdict(threading.RLock)
        self._later = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unlocking")

    def understand(self, environment: str, store: Store | str, text: str) -> Understanding:
        """What `text` would do to the functions that read `store`, and how to say it in their dialect."""
        where = store if isinstance(store, Store) else Store.parse(store, environment)
        return understand(self._aws, self._environment(environment), where, text)

    def arm(self, *, store: Store, fault: Fault, by: str, lifetime: timedelta) -> Entry:
        """By hand: intend, write, read back.

        Conflict where the store is busy; Invalid where its functions would not obey, or obey by failing;
        Unavailable where AWS does not do it (what may have been written is then disarmed).
        """
        if trouble := ineffective(fault):
            raise Invalid(trouble)
        with self._holding(store):
            understood = self._understand_present(store)
            dialect = understood.function_dialect or DEFAULT_DIALECT
            value = DIALECTS[dialect].write(fault)
            entry = self.intend(
                store=store, value=value, fault=fault, dialect=dialect, functions=understood.functions,
                run_id=None, by=by, disarm_by=self._clock.now() + lifetime,
            )  # fmt: skip
            return self._write(entry)

    def intend(
        self,
        *,
        store: Store,
        value: str,
        fault: Fault,
        dialect: str,
        run_id: str | None,
        by: str,
        disarm_by: datetime,
        translated_from: str | None = None,
        functions: Sequence[str] = (),
        lease_until: datetime | None = None,
        announced: Sequence[str] = (),
        safe_value: str | None = None,
    ) -> Entry:
        """Write down, on disk when this returns, that `value` will be written; hold the store until disarmed.

        `announced`: every value that the run will write, its rollbacks' included. `safe_value`: the
        experiment's own rollback value. The deadline is cut to the environment's longest lease.
        Conflict where the store is busy (details `run`, `fault`), Invalid where what is there can not be
        put back, Unavailable where AWS does not answer.
        """
        now = self._clock.now()
        if disarm_by <= now:
            raise Invalid("A fault needs a deadline that lies ahead.")
        with self._holding(store):
            parameters = self._parameters(store)
            before = _restorable(parameters.describe(store.name), store)
            longest = now + self._environment(store.environment).longest_lease
            intent = Entry(
                id=0, store=store, run_id=run_id, by=by, state=FaultState.INTENDED, dialect=dialect, fault=fault,
                functions=tuple(functions), translated_from=translated_from, **_previous(before, uuid.uuid4().hex),
                value=value.encode(), announced=tuple(announced),
                safe_value=safe_value.encode() if safe_value is not None else None, created_at=now,
                disarm_by=min(disarm_by, longest), lease_until=lease_until,
            )  # fmt: skip
            entry, new = self.ledger.intend(intent)
            return self._published(self._locked(parameters, entry, before) if new else entry)

    def confirm(self, entry_id: int) -> Entry:
        """Read the store back after the write: `armed` if it holds the value, else as it was, with an outcome.

        A fault that was disarmed meanwhile, or is being disarmed, stays so.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            if entry.state not in (FaultState.INTENDED, FaultState.ARMED):
                return entry
            current = self._parameters(entry.store).get(entry.store.name)
            return self._published(self._confirmed(entry, current))

    def disarm(self, entry_id: int, *, by: str, why: str, again: bool = False) -> Entry:
        """Put the store back. Safe to call at any time, any number of times; never raises for AWS trouble.

        Where AWS does not do it the entry stays `disarming`, says why, and the guardian tries for ever.
        `again` looks at the store of an entry that is over too: a process that was killed may have written late.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            if not entry.active:
                return self._checked_again(entry, by=by) if again else entry
            entry = self._published(self._begun(entry))
            try:
                settled = putback.put_back(self._parameters(entry.store), entry)
            except GamedayError as error:
                return self._published(self._failed(entry, error))
            return self._settled(entry, settled, by=by, why=why)

    def disarm_run(self, run_id: str, *, by: str, why: str) -> list[Entry]:
        """Disarm all that a run armed, and look again at what is disarmed already. Newest first."""
        return [self.disarm(entry.id, by=by, why=why, again=True) for entry in self.for_run(run_id)]

    def refuse_while_engaged(self, environment: str) -> None:
        """Conflict, saying who engaged the safety lever and why, while arming is forbidden."""
        if lever := self.lever.engaged(environment):
            raise forbidden(lever)

    def engage(self, environment: str | None, *, by: str, why: str) -> Lever:
        """Refuse all arming from now on, across restarts, and disarm what is armed; None: in every environment."""
        lever = self._pulled(environment, engaged=True, by=by, why=why)
        for entry in self.active(environment):
            self.disarm(entry.id, by=by, why="the safety lever was engaged")
        return lever

    def disengage(self, environment: str | None, *, by: str, why: str) -> Lever:
        """Allow arming again; what is engaged elsewhere stays engaged."""
        return self._pulled(environment, engaged=False, by=by, why=why)

    def look_again(self, entry_id: int, *, by: str) -> Entry:
        """The guardian's look at a store that was disarmed a while ago, and when the next one is due."""
        entry = self.disarm(entry_id, by=by, why="it was written again", again=True)
        if entry.state is not FaultState.DISARMED or entry.disarmed_at is None:
            return entry
        look = plan.next_look(entry.disarmed_at, self._clock.now())
        return entry if look == entry.next_attempt_at else self.ledger.change(entry_id, next_attempt_at=look)

    def renew(self, run_id: str, until: datetime) -> None:
        """The run is alive: its faults may stand until `until`, or their deadline."""
        self.ledger.renew(run_id, until)

    def entry(self, entry_id: int) -> Entry:
        """NotFound where there is none."""
        return self.ledger.entry(entry_id)

    def busy(self, store: Store) -> Entry | None:
        """Who holds the store."""
        return self.ledger.busy(store)

    def active(self, environment: str | None = None) -> list[Entry]:
        return self.ledger.active(environment)

    def for_run(self, run_id: str) -> list[Entry]:
        return self.ledger.for_run(run_id)

    def history(self, limit: int = 50, environment: str | None = None) -> list[Entry]:
        """Newest first."""
        return self.ledger.history(limit, environment)

    def close(self) -> None:
        """Wait until the locks of disarmed stores are let go."""
        self._later.shutdown()

    def _understand_present(self, store: Store) -> Understanding:
        present = self._parameters(store).get(store.name)
        text = present.value.decode("utf-8", "replace") if present else ""
        understood = self.understand(store.environment, store, text)
        if understood.refusal:
            raise Invalid(understood.refusal)
        return understood

    def _write(self, entry: Entry) -> Entry:
        try:
            was = entry.previous_meta
            self._parameters(entry.store).put(entry.store.name, entry.value, kind=was.get("type", "String"))
            confirmed = self.confirm(entry.id)
        except GamedayError:
            # No answer is no proof that nothing was written.
            self.disarm(entry.id, by=entry.by, why="arming did not succeed")
            raise
        if confirmed.state is not FaultState.ARMED:
            self.disarm(entry.id, by=entry.by, why="arming did not succeed")
            raise Unavailable(
                f"{entry.store} does not hold the fault that was written. {confirmed.outcome or ''}".strip()
            )
        return confirmed

    def _locked(self, parameters: Parameters, entry: Entry, before: Parameter | None) -> Entry:
        """Hold the store against other consoles, and look once more at what is to be put back."""
        try:
            lock.take(parameters, entry, now=self._clock.now(), abandoned=self.ledger.over(entry.store))
            now = _restorable(parameters.describe(entry.store.name), entry.store)
        except GamedayError as error:
            outcome = f"Never written: {error}"
            self.ledger.change(
                entry.id,
                state=FaultState.DISARMED.value,
                outcome=outcome,
                disarmed_at=self._clock.now(),
                disarmed_by=entry.by,
            )
            self._later.submit(self._release, entry)
            raise
        return entry if now == before else self.ledger.change(entry.id, **_previous(now, entry.holder))

    def _confirmed(self, entry: Entry, current: Parameter | None) -> Entry:
        if current is None or current.value != entry.value:
            held = current.value if current else None
            outcome = f"{entry.store} does not hold the fault, but {plan.shown(held)}."
            return self.ledger.change(entry.id, outcome=outcome)
        changes: dict[str, Any] = {
            "state": FaultState.ARMED.value,
            "version": current.version,
            "outcome": None,
        }
        since = entry.version if entry.version is not None else int(entry.previous_meta.get("version", 0))
        theirs = putback.came_between(self._parameters(entry.store), entry, since, current.version)
        if theirs is not None:
            # Written after we looked and before the fault: what was there before is theirs.
            changes |= _previous(theirs, entry.holder)
        return self.ledger.change(entry.id, armed_at=entry.armed_at or self._clock.now(), **changes)

    def _begun(self, entry: Entry) -> Entry:
        unfinished = self._clock.now() + UNFINISHED_AFTER
        return self.ledger.change(entry.id, state=FaultState.DISARMING.value, next_attempt_at=unfinished)

    def _failed(self, entry: Entry, error: GamedayError) -> Entry:
        attempts = entry.attempts + 1
        return self.ledger.change(
            entry.id,
            attempts=attempts,
            next_attempt_at=plan.retry_at(attempts, self._clock.now()),
            outcome=f"Could not be disarmed, and is tried again: {error}",
        )

    def _settled(self, entry: Entry, settled: plan.Settled, *, by: str, why: str) -> Entry:
        now = self._clock.now()
        over = self.ledger.change(
            entry.id, state=settled.state.value, outcome=f"{settled.outcome.rstrip('.')}, because {why}.",
            disarmed_at=now, disarmed_by=by, next_attempt_at=plan.next_look(now, now),
        )  # fmt: skip
        self._later.submit(self._release, over)
        return self._published(over)

    def _checked_again(self, entry: Entry, *, by: str) -> Entry:
        """A late write of what this entry announced is put back; anything else is somebody's right."""
        long_over = entry.disarmed_at is None or self._clock.now() - entry.disarmed_at > LATE_WRITES_WITHIN
        if long_over or self.busy(entry.store):
            return entry
        parameters = self._parameters(entry.store)
        try:
            step = plan.decide(entry, parameters.get(entry.store.name))
            if isinstance(step, plan.Settled) or lock.held_by_another(parameters, entry):
                return entry
            settled = putback.put_back(parameters, entry)
        except GamedayError as error:
            return self._published(self._failed(self._begun(entry), error))
        return self._settled(
            entry, settled, by=by, why="the fault was written once more after it was disarmed"
        )

    def _release(self, entry: Entry) -> None:
        """A lock that can not be removed is recognised as left over by whoever arms next."""
        with contextlib.suppress(GamedayError), self._holding(entry.store):
            lock.release(self._parameters(entry.store), entry)

    def _pulled(self, environment: str | None, *, engaged: bool, by: str, why: str) -> Lever:
        if environment is not None:
            self._environment(environment)
        lever = self.lever.set(environment, engaged=engaged, by=by, why=why)
        self._live.publish(TOPIC, "lever", {"environment": environment, "engaged": engaged})
        return lever

    def _environment(self, name: str) -> Environment:
        if name not in self._environments:
            raise NotFound(f"There is no environment {name}. There are: {', '.join(self._environments)}.")
        return self._environments[name]

    def _parameters(self, store: Store) -> Parameters:
        return self._aws.parameters(store.environment)

    def _holding(self, store: Store) -> threading.RLock:
        with self._lock:
            return self._stores[store.environment, store.name]

    def _published(self, entry: Entry) -> Entry:
        data = {
            "id": entry.id,
            "state": entry.state.value,
            "environment": entry.environment,
            "run": entry.run_id,
        }
        self._live.publish(TOPIC, "fault", data)
        return entry


def _previous(before: Parameter | None, holder: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"holder": holder}
    if before is None:
        return {"previous": None, "previous_meta": meta}
    meta |= {
        "type": before.type,
        "tier": before.tier,
        "data_type": before.data_type,
        "version": before.version,
    }
    return {"previous": before.value, "previous_meta": meta}


def _restorable(before: Parameter | None, store: Store) -> Parameter | None:
    if before is not None and before.type == "SecureString":
        raise Invalid(
            f"{store} is a SecureString: failure-lambda reads plain Strings only, and what it holds could not be "
            "put back. Make it a String."
        )
    return before
