"""The durable list of faults: all SQL of the room, in transactions of its own.

An intent must be on disk before the store is written, whatever transaction its caller is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.dialects import DisarmPlan, Fault, FaultMode, Match
from app.errors import Conflict, NotFound
from app.faults import lever, telling
from app.faults.entry import ACTIVE, STANDING, Entry, FaultState, Store
from app.storage import Storage
from app.storage.tables import LedgerRow

OVER = sorted(ACTIVE - STANDING)  # a disarm is under way
IS_ACTIVE = LedgerRow.state.in_([state.value for state in ACTIVE])


class Ledger:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self._clock = clock

    def intend(self, entry: Entry) -> tuple[Entry, bool]:
        """Commit an intent; `entry.id` is ignored. Whether the entry is new.

        A run that already holds the store widens its own entry: what was there before the first write stays
        what is put back. Conflict, with `run` or `fault`, where somebody else holds it, and while a safety lever
        is engaged.
        """
        with self.storage.writing() as session:
            if engaged := lever.engaged(session, entry.environment):
                raise lever.forbidden(engaged)
            row = session.scalars(select(LedgerRow).where(_of_store(entry.store), IS_ACTIVE)).first()
            new = row is None
            if row is None:
                row = LedgerRow(**_columns(entry))
                session.add(row)
            elif entry.run_id is None or row.run_id != entry.run_id or row.state in OVER:
                raise busy(_entry(row))
            else:
                _widen(row, entry)
            session.flush()
            telling.about_to_arm(session, _entry(row), at=self._clock.now())
            return _entry(row), new

    def change(self, entry_id: int, **columns: Any) -> Entry:
        with self.storage.writing() as session:
            row = session.get(LedgerRow, entry_id)
            if row is None:
                raise NotFound(f"There is no fault {entry_id} in the ledger.")
            before = _entry(row)
            for name, value in columns.items():
                setattr(row, name, value)
            session.flush()
            telling.changed(session, before, after := _entry(row), at=self._clock.now())
            return after

    def renew(self, run_id: str, until: datetime) -> None:
        """A lease that has run out stays so: after a sleep, whoever looks first must not decide what stands."""
        held = or_(LedgerRow.lease_until.is_(None), LedgerRow.lease_until > self._clock.now())
        with self.storage.writing() as session:
            session.execute(
                update(LedgerRow).where(LedgerRow.run_id == run_id, IS_ACTIVE, held).values(lease_until=until)
            )

    def entry(self, entry_id: int) -> Entry:
        with self.storage.reading() as session:
            row = session.get(LedgerRow, entry_id)
            if row is None:
                raise NotFound(f"There is no fault {entry_id} in the ledger.")
            return _entry(row)

    def with_key(self, key: str) -> Entry | None:
        return next(iter(self._select(LedgerRow.key == key)), None)

    def busy(self, store: Store) -> Entry | None:
        return next(iter(self._select(_of_store(store), IS_ACTIVE)), None)

    def active(self, environment: str | None) -> list[Entry]:
        return self._select(IS_ACTIVE, *_in(environment))

    def for_run(self, run_id: str) -> list[Entry]:
        return self._select(LedgerRow.run_id == run_id)

    def for_runs(self, run_ids: Sequence[str]) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {run_id: [] for run_id in run_ids}
        for entry in self._select(LedgerRow.run_id.in_(run_ids)):
            found[str(entry.run_id)].append(entry)
        return found

    def history(
        self,
        limit: int,
        environment: str | None,
        *,
        state: FaultState | None = None,
        run_id: str | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        conditions = [*_in(environment)]
        if state is not None:
            conditions.append(LedgerRow.state == state.value)
        if run_id is not None:
            conditions.append(LedgerRow.run_id == run_id)
        if before is not None:
            conditions.append(LedgerRow.id < before)
        return self._select(*conditions, limit=limit)

    def between(self, environment: str, since: datetime, until: datetime) -> list[Entry]:
        """Written down before `until`, and not disarmed before `since`."""
        begun = LedgerRow.created_at < until
        standing = or_(LedgerRow.disarmed_at.is_(None), LedgerRow.disarmed_at > since)
        return self._select(begun, standing, *_in(environment))

    def last(self, store: Store) -> Entry | None:
        """The newest entry that is over."""
        return next(iter(self._select(_of_store(store), ~IS_ACTIVE, limit=1)), None)

    def due(self, now: datetime) -> list[Entry]:
        """What is ready to be tried.

        Active entries whose deadline or lease is over, whose disarm did not finish, or that an engaged lever
        forbids; and settled ones whose store is to be looked at again.
        """
        over = or_(
            LedgerRow.disarm_by <= now,
            LedgerRow.lease_until <= now,
            LedgerRow.state.in_(OVER),
            lever.is_engaged(LedgerRow.environment),
        )
        ready = or_(LedgerRow.next_attempt_at.is_(None), LedgerRow.next_attempt_at <= now)
        settled = LedgerRow.state.in_([FaultState.DISARMED.value, FaultState.DRIFTED.value])
        look = and_(settled, LedgerRow.next_attempt_at <= now)
        return self._select(or_(and_(IS_ACTIVE, over, ready), look))

    def settling(self, since: datetime) -> list[Entry]:
        """Disarmed, or last seen to inject, after `since`, not known to be clean yet, and not armed anew."""
        return self._select(
            LedgerRow.state == FaultState.DISARMED.value,
            or_(LedgerRow.disarmed_at >= since, LedgerRow.last_hit_at >= since),
            LedgerRow.armed_at.is_not(None),
            LedgerRow.clean_at.is_(None),
            ~_armed_anew(),
        )

    def firing(self, since: datetime) -> list[Entry]:
        """Disarmed, and seen to inject all the same, after `since` and not quiet since then."""
        maybe = self._select(
            LedgerRow.state == FaultState.DISARMED.value,
            LedgerRow.last_hit_at >= since,
            LedgerRow.last_hit_at > LedgerRow.settles_at,
            LedgerRow.quiet_at.is_(None),
            ~_armed_anew(),
        )
        return [entry for entry in maybe if entry.still_fires]

    def undecided(self, environment: str | None) -> list[Entry]:
        """Whose store somebody else wrote, and where nobody has chosen between the values."""
        drifted = LedgerRow.state == FaultState.DRIFTED.value
        return self._select(drifted, LedgerRow.resolved_by.is_(None), *_in(environment))

    def stores(self, environment: str) -> list[Store]:
        """Everywhere that something was ever armed."""
        query = select(LedgerRow.store).where(LedgerRow.environment == environment).distinct()
        with self.storage.reading() as session:
            return [Store.parse(store, environment) for store in session.scalars(query)]

    def by_hand(self) -> list[Entry]:
        return self._select(IS_ACTIVE, LedgerRow.run_id.is_(None))

    def over(self, store: Store) -> frozenset[str]:
        """Who held a store and does no more: the newest hundred."""
        return frozenset(entry.holder for entry in self._select(_of_store(store), ~IS_ACTIVE, limit=100))

    def _select(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
        """Newest first."""
        with self.storage.reading() as session:
            rows = session.scalars(
                select(LedgerRow).where(*conditions).order_by(LedgerRow.id.desc()).limit(limit)
            )
            return [_entry(row) for row in rows]


# Columns that are members of an entry under the same name and type.
SAME = (
    "run_id", "by", "dialect", "translated_from", "previous", "value", "safe_value", "version", "created_at", "armed_at",
    "disarm_by", "lease_until", "disarmed_at", "disarmed_by", "outcome", "attempts", "next_attempt_at", "requested_at",
    "flush_until", "settles_at", "last_hit_at", "quiet_at", "clean_at", "theirs", "resolved_by",
    "key", "fingerprint",
)  # fmt: skip


def busy(holder: Entry) -> Conflict:
    if holder.run_id is not None:
        return Conflict(
            f"{holder.store} is held by run {holder.run_id}: {holder.sentence}. Roll that back first.",
            run=int(holder.run_id) if holder.run_id.isdigit() else holder.run_id, fault=holder.id,
        )  # fmt: skip
    return Conflict(
        f"{holder.store} is armed by hand by {holder.by}: {holder.sentence}. Disarm that first.",
        fault=holder.id,
    )


def _armed_anew() -> ColumnElement[bool]:
    """Its store was armed once more since: what fires there from then on is told of that fault."""
    later = aliased(LedgerRow)
    same = and_(later.environment == LedgerRow.environment, later.store == LedgerRow.store)
    return exists().where(same, later.id > LedgerRow.id, later.armed_at.is_not(None))


def _of_store(store: Store) -> ColumnElement[bool]:
    return and_(LedgerRow.environment == store.environment, LedgerRow.store == str(store))


def _in(environment: str | None) -> Sequence[ColumnElement[bool]]:
    return () if environment is None else (LedgerRow.environment == environment,)


def _widen(row: LedgerRow, entry: Entry) -> None:
    row.announced = list(dict.fromkeys([*row.announced, row.value.decode(), *entry.announced]))
    row.value = entry.value
    row.fault = _fault_columns(entry.fault)
    row.dialect, row.translated_from = entry.dialect, entry.translated_from
    row.functions = list(entry.functions)
    row.plan = asdict(
        entry.plan.over(DisarmPlan(**(row.plan or {})))
    )  # what it armed before may be in containers
    row.safe_value = entry.safe_value or row.safe_value
    row.disarm_by, row.lease_until = max(row.disarm_by, entry.disarm_by), entry.lease_until
    row.state, row.outcome = FaultState.INTENDED.value, None


def _columns(entry: Entry) -> Mapping[str, Any]:
    return {
        **{name: getattr(entry, name) for name in ("environment", *SAME)},
        "store": str(entry.store),
        "state": entry.state.value,
        "fault": _fault_columns(entry.fault),
        "functions": list(entry.functions),
        "previous_meta": dict(entry.previous_meta),
        "announced": list(entry.announced),
        "plan": asdict(entry.plan),
    }


def _entry(row: LedgerRow) -> Entry:
    return Entry(
        **{name: getattr(row, name) for name in ("id", "previous_meta", *SAME)},
        plan=DisarmPlan(**(row.plan or {})),
        store=Store.parse(row.store, row.environment),
        state=FaultState(row.state),
        fault=_fault(row.fault),
        functions=tuple(row.functions),
        announced=tuple(row.announced),
    )


def _fault_columns(fault: Fault) -> dict[str, Any]:
    return {name: value for name, value in asdict(fault).items() if value is not None}


def _fault(columns: dict[str, Any]) -> Fault:
    lists = {
        "deny_list": tuple(columns.get("deny_list", ())),
        "match": tuple(Match(**one) for one in columns.get("match", ())),
        "also": tuple(_fault(one) for one in columns.get("also", ())),
    }
    return Fault(**{**columns, "mode": FaultMode(columns["mode"]), **lists})
