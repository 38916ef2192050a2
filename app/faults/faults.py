"""Arming and disarming: intent before effect, and every value put back byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.aws import Aws
from app.clock import Clock
from app.dialects import Fault
from app.faults.entry import Entry, Store, Understanding
from app.live import Live
from app.settings import Environment
from app.storage import Storage


class Faults:
    def __init__(
        self,
        *,
        storage: Storage,
        aws: Aws,
        clock: Clock,
        live: Live,
        environments: Mapping[str, Environment],
    ) -> None: ...

    def understand(self, environment: str, store: Store | str, text: str) -> Understanding:
        raise NotImplementedError

    def arm(self, *, store: Store, fault: Fault, by: str, lifetime: timedelta) -> Entry:
        raise NotImplementedError

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
        raise NotImplementedError

    def confirm(self, entry_id: int) -> Entry:
        raise NotImplementedError

    def disarm(self, entry_id: int, *, by: str, why: str, again: bool = False) -> Entry:
        raise NotImplementedError

    def disarm_run(self, run_id: str, *, by: str, why: str) -> list[Entry]:
        raise NotImplementedError

    def renew(self, run_id: str, until: datetime) -> None:
        raise NotImplementedError

    def entry(self, entry_id: int) -> Entry:
        raise NotImplementedError

    def busy(self, store: Store) -> Entry | None:
        raise NotImplementedError

    def active(self, environment: str | None = None) -> list[Entry]:
        raise NotImplementedError

    def for_run(self, run_id: str) -> list[Entry]:
        raise NotImplementedError

    def history(self, limit: int = 50, environment: str | None = None) -> list[Entry]:
        raise NotImplementedError
