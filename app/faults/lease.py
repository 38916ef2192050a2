"""What is asked of the ledger before a store is written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.dialects import DisarmPlan, Fault
from app.faults.entry import Entry, FaultState, Store


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A fault that somebody is about to arm. Times are aware, in UTC."""

    store: Store
    value: str  # that will be written
    fault: Fault
    dialect: str
    translated_from: str | None = None
    functions: tuple[str, ...] = ()  # those that read the store
    secure: bool = False  # they read SecureStrings
    run_id: str | None  # None: by hand
    by: str
    disarm_by: datetime  # cut to the environment's longest lease
    lease_until: datetime | None = None  # unless it is renewed; None: until `disarm_by`
    announced: tuple[str, ...] = ()  # every value that the run will write, its rollbacks' included
    safe_value: str | None = None  # the experiment's own rollback value
    plan: DisarmPlan = field(default_factory=DisarmPlan)
    key: str | None = None  # of the request that arms it by hand
    fingerprint: str | None = None  # of that request

    def entry(self, previous: Mapping[str, Any], *, disarm_by: datetime, now: datetime) -> Entry:
        """As it is written down, without a number. `previous`: what is there before, as the ledger has it."""
        return Entry(
            id=0, store=self.store, run_id=self.run_id, by=self.by, state=FaultState.INTENDED, dialect=self.dialect,
            fault=self.fault, functions=self.functions, translated_from=self.translated_from, **previous,
            value=self.value.encode(), announced=self.announced,
            safe_value=self.safe_value.encode() if self.safe_value is not None else None, created_at=now,
            disarm_by=disarm_by, lease_until=self.lease_until, plan=self.plan,
            key=self.key, fingerprint=self.fingerprint,
        )  # fmt: skip
