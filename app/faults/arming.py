"""Arming: intent before effect, read back, and nothing written that could not be put back."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app import crash
from app.aws import Parameter, Parameters
from app.dialects import (
    DIALECTS,
    SWITCHED,
    Fault,
    failure_lambda_1x,
    ineffective,
    same,
)
from app.dialects.documents import document, is_envelope
from app.errors import GamedayError, Invalid, KeyReused, Unavailable
from app.faults import dead_mans_switch, lock, plan, putback
from app.faults.disarming import Disarming
from app.faults.entry import Entry, FaultState, Store, Understanding
from app.faults.lease import Lease
from app.faults.over_itself import write_over_itself
from app.faults.restorable import previous, restorable
from app.faults.scan import known
from app.faults.understanding import understand

DEFAULT_DIALECT = "failure-lambda/0.x"
NOT_HELD = "does not hold the fault that was written"


class Arming(Disarming):
    def understand(self, environment: str, store: Store | str, text: str) -> Understanding:
        """What `text` would do to the functions that read `store`, and how to say it in their dialect."""
        where = store if isinstance(store, Store) else Store.parse(store, environment)
        return understand(self._aws, self._environment(environment), where, text)

    def arm(
        self,
        *,
        store: Store,
        fault: Fault,
        by: str,
        lifetime: timedelta,
        key: str | None = None,
        fingerprint: str | None = None,
    ) -> Entry:
        """By hand: intend, write, read back.

        A second arming with the same `key` returns the first one's, `replayed`, unless that came to nothing.

        `fingerprint`: of the request that the key came with; KeyReused where the first one's differs.
        Conflict where the store is busy; Invalid where its functions would not obey, or obey by failing, and where
        it does not exist and nothing is known to read it; Unavailable where AWS does not do it (what may have been written is then disarmed).
        """
        if trouble := ineffective(fault):
            raise Invalid(trouble)
        with self._holding(store):
            if (first := self._first(key, fingerprint)) is not None:
                return first
            understood = self._understand_present(store)
            self._refuse_what_nobody_reads(store, understood)
            dialect = understood.function_dialect or _default_for(understood.present)
            value = DIALECTS[dialect].write(fault, onto=understood.present)
            with self._gate.passed(store):
                entry = self.intend(Lease(
                    store=store, value=value, fault=fault, dialect=dialect, functions=understood.functions,
                    run_id=None, by=by, disarm_by=self._clock.now() + lifetime, plan=understood.plan_for(fault),
                    secure=understood.reads_secure, key=key, fingerprint=fingerprint,
                ))  # fmt: skip
                return self._write(entry)

    def intend(self, lease: Lease) -> Entry:
        """Write down, on disk when this returns, that its value will be written; hold the store until disarmed.

        The deadline is cut to the environment's longest lease. Conflict where the store is busy (details `run`,
        `fault`), Invalid where what is there can not be put back, Unavailable where AWS does not answer, or once
        nothing is armed any more.
        """
        now, store = self._clock.now(), lease.store
        if lease.disarm_by <= now:
            raise Invalid("A fault needs a deadline that lies ahead.")
        with self._holding(store), self._gate.passed(store):
            held = self._held(store)
            before = restorable(held, held.describe(store.name), store, secure=lease.secure)
            longest = self._began(store, lease.run_id) + self._environment(store.environment).longest_lease
            disarm_by = min(lease.disarm_by, longest)
            self._refuse_longer_than_credentials(store, disarm_by)
            intent = lease.entry(previous(before, uuid.uuid4().hex), disarm_by=disarm_by, now=now)
            crash.here("before-intent")
            entry, new = self.ledger.intend(intent)
            crash.here("intent-committed")
            if new:
                entry = self._locked(held, entry, before, secure=lease.secure)
            else:
                dead_mans_switch.set_for(self._aws, self._environment(store.environment), entry)
            return self._published(entry)

    def _began(self, store: Store, run_id: str | None) -> datetime:
        """When the lease began: arming once more does not make it a new one."""
        held = self.busy(store)
        return held.created_at if held is not None and held.run_id == run_id else self._clock.now()

    def _refuse_longer_than_credentials(self, store: Store, disarm_by: datetime) -> None:
        """Whoever is to restore must be able to: Invalid for a lease that outlives what the console may call AWS with."""
        ends = self._aws.credentials_until(store.environment)
        if ends is not None and ends < disarm_by:
            raise Invalid(
                f"The console's credentials end at {ends:%H:%M} UTC, before the fault's deadline at {disarm_by:%H:%M}. Sign "
                "in again, or give the environment a role_arn that can be renewed."
            )

    def written(self, store: Store, *, over: str = "", version: str = "") -> str:
        """What a command will write that names no whole value: `over` goes over what is there, field by field.

        `version`: of AppConfig's hosted content, which is what a deployment of it comes to. Invalid where there is
        none of that number.
        """
        held = self._held(store)
        if version:
            found = held.at(store.name, version)
            if found is None:
                raise Invalid(f"{store} has no version {version}, so nobody knows what it would do.")
            return found.decode()
        present = held.get(store.name)
        fields = json.loads(over)
        kept = document(present.value.decode("utf-8", "replace")) if present else None
        merged = {name: {**_object((kept or {}).get(name)), **flag} for name, flag in fields.items()}
        return json.dumps({**(kept or {}), **merged})

    def write_over_itself(self, store: Store) -> bool:
        """What a store holds, to see that it may be written; False where that was not tried.

        Never what is armed, and never while somebody holds the store: it could bring a fault back that is being
        disarmed. Denied or Unavailable where AWS does not do it, Conflict where somebody armed it at the same moment.
        """
        with self._holding(store), self._gate.passed(store):
            return self.busy(store) is None and write_over_itself(self._held(store), store)

    def confirm(self, entry_id: int) -> Entry:
        """Read the store back after the write: `armed` if it holds the value, else as it was, with an outcome.

        A fault that was disarmed meanwhile, or is being disarmed, stays so: whoever wrote it disarms it again.
        """
        with self._holding(self.entry(entry_id).store):
            entry = self.entry(entry_id)
            current = self._held(entry.store).get(entry.store.name)
            if entry.taken_away:
                return self._late(entry, current)
            crash.here("read-back")
            return self._published(self._confirmed(entry, current))

    def _understand_present(self, store: Store) -> Understanding:
        present = self._held(store).get(store.name)
        text = present.value.decode("utf-8", "replace") if present else ""
        if store.kind in SWITCHED:
            raise Invalid(
                f"{store} is a setting of AWS: an experiment arms it, by the AWS call that does so."
            )
        understood = self.understand(store.environment, store, text)
        if understood.refusal:
            raise Invalid(understood.refusal)
        return understood

    def _refuse_what_nobody_reads(self, store: Store, understood: Understanding) -> None:
        """A name that is misspelt makes a store that injects nothing. Where AWS does not say who reads, nobody can tell."""
        if understood.functions or self._held(store).get(store.name) is not None:
            return
        environment = self._environment(store.environment)
        try:
            read = [str(one) for one in known(self._aws, environment)]
        except GamedayError:
            return
        if not {str(store), store.name} & {*read, *environment.dialects}:
            raise Invalid(_read_by_nobody(store, read))

    def _first(self, key: str | None, fingerprint: str | None) -> Entry | None:
        """What an earlier arming with that key came to. None where it came to nothing: its key is free."""
        first = None if key is None else self.ledger.with_key(key)
        if first is None:
            return None
        if first.fingerprint != fingerprint:
            raise KeyReused(
                f"That Idempotency-Key came with another request before, which armed fault {first.id}. "
                "A new request needs a new key.", fault=first.id,
            )  # fmt: skip
        if first.state is FaultState.INTENDED:  # and nobody is at it: a console died over it
            first = self.disarm(first.id, by=first.by, why="the console that was arming it ended")
        if first.taken_away and first.armed_at is None:
            self.ledger.change(first.id, key=None)
            return None
        return replace(first, replayed=True)

    def _write(self, entry: Entry) -> Entry:
        """Unavailable, and disarmed, where it does not come to be armed."""
        try:
            if not self.entry(entry.id).taken_away:  # by another process, meanwhile
                self._put(entry)
            confirmed = self.confirm(entry.id)
            self._gate.refuse_closed()  # whoever told the console to end may not have waited for this
        except Exception:
            self._undone(entry)
            raise
        if confirmed.state is not FaultState.ARMED:
            over = self._undone(entry)
            how = "was disarmed while it was being armed" if confirmed.taken_away else NOT_HELD
            outcome = (over if confirmed.taken_away else confirmed).outcome or ""
            raise Unavailable(f"{entry.store} {how}. {outcome}".strip())
        return confirmed

    def _put(self, entry: Entry) -> None:
        was = entry.previous_meta
        self._held(entry.store).put(
            entry.store.name, entry.value, kind=was.get("type", "String"), key_id=was.get("key_id"), arming=True
        )  # fmt: skip

    def _undone(self, entry: Entry) -> Entry:
        """No answer is no proof that nothing was written: what stands there is looked at first, and disarmed again."""
        with contextlib.suppress(GamedayError, SQLAlchemyError, OSError):
            self.confirm(entry.id)
        over = self.disarm(entry.id, by=entry.by, why="arming did not succeed", again=True)
        return self.ledger.change(over.id, key=None)  # whoever tries again is not told that it is armed

    def _locked(self, held: Parameters, entry: Entry, before: Parameter | None, *, secure: bool) -> Entry:
        """Hold the store against other consoles, and look once more at what is to be put back."""
        try:
            lock.take(
                self._locks(entry.store),
                entry,
                now=self._clock.now(),
                abandoned=self.ledger.over(entry.store),
            )
            now = restorable(held, held.describe(entry.store.name), entry.store, secure=secure)
            if now != before:
                entry = self.ledger.change(entry.id, **previous(now, entry.holder))
            dead_mans_switch.set_for(self._aws, self._environment(entry.environment), entry)
            self._gate.refuse_closed()
        except GamedayError as error:
            outcome = f"Never written: {error}"
            self.ledger.change(
                entry.id,
                state=FaultState.DISARMED.value,
                outcome=outcome,
                disarmed_at=self._clock.now(),
                disarmed_by=entry.by,
                key=None,
            )
            self._later.submit(self._release, entry)
            raise
        return entry

    def _confirmed(self, entry: Entry, current: Parameter | None) -> Entry:
        if current is None or not same(current.value, entry.value):
            held = current.value if current else None
            outcome = f"{entry.store} does not hold the fault, but {plan.shown(held, secret=entry.secret)}."
            return self.ledger.change(entry.id, outcome=outcome)
        changes: dict[str, Any] = {
            "state": FaultState.ARMED.value,
            "version": current.version,
            "outcome": None,
        }
        return self.ledger.change(entry.id, **self._seen(entry, current), **changes)

    def _late(self, entry: Entry, current: Parameter | None) -> Entry:
        """Written although it was disarmed: whoever disarms it again must know what that left, and what it went over."""
        if entry.undecided or current is None or not same(current.value, entry.value):
            return entry
        return self.ledger.change(entry.id, **self._seen(entry, current))

    def _seen(self, entry: Entry, current: Parameter) -> dict[str, Any]:
        """Columns that say that the store held the fault."""
        since = entry.version if entry.version is not None else int(entry.previous_meta.get("version", 0))
        theirs = putback.came_between(self._held(entry.store), entry, since, current.version)
        # Written after we looked and before the fault: what was there before is theirs.
        before = {} if theirs is None else previous(theirs, entry.holder)
        return {"armed_at": entry.armed_at or self._clock.now(), **before}


def _read_by_nobody(store: Store, read: Sequence[str]) -> str:
    there = f"Known to be read are {', '.join(sorted(read))}" if read else "No store is known to be read"
    return (
        f"{store} does not exist in {store.environment}, and no function is known to read it: a fault there would hit "
        f"nothing. {there}. If something that the console can not see reads it, add it to stores in gameday.toml."
    )


def _default_for(present: str | None) -> str:
    """Where nobody knows what the functions obey: AppConfig's feature flags are read by one dialect only."""
    return failure_lambda_1x.NAME if is_envelope(document(present or "")) else DEFAULT_DIALECT


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
