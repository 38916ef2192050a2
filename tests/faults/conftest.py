"""A ledger on disk, a store in memory, and time that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from app.aws import InMemoryAws, InMemoryFunctions, InMemoryParameters
from app.clock import FrozenClock
from app.dialects import Fault, FaultMode
from app.faults import Entry, Faults, Guardian, Lease, Store
from app.live import Live
from app.settings import Environment
from app.storage import Storage
from app.storage.engine import sqlite_url

NAME = "failureLambdaConfig"
STORE = Store(environment="test", name=NAME)
OFF = '{"isEnabled": false,  "comment": "two spaces"}'
ARMED = (
    '{"isEnabled": true, "failureMode": "denylist", "rate": 0.5, "denylist": ["dynamodb.*.amazonaws.com"]}'
)
ROLLBACK = '{"isEnabled": false}'
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))
LOCK = f"{NAME}.gameday-lock"


class Died(BaseException):
    """The process ends here: nothing of the console's own handling may run."""


@dataclass
class Desk:
    """The rooms under test, and what they were given."""

    NAME: ClassVar = NAME
    STORE: ClassVar = STORE
    OFF: ClassVar = OFF
    ARMED: ClassVar = ARMED
    ROLLBACK: ClassVar = ROLLBACK
    REFUSED: ClassVar = REFUSED
    LOCK: ClassVar = LOCK
    Died: ClassVar = Died

    folder: Path
    clock: FrozenClock
    parameters: InMemoryParameters
    empty: Path  # a ledger with nothing in it
    functions: InMemoryFunctions = field(
        default_factory=lambda: InMemoryFunctions({"ChaosTransformer": (NAME, "0.4.4")})
    )
    environment: Environment = field(default_factory=lambda: Environment(name="test", region="us-east-2"))
    live: Live = field(default_factory=Live)
    started: list[Faults] = field(default_factory=list)

    def console(self, name: str = "console") -> Faults:
        """Start a console; one of the same name finds the ledger of the one before."""
        ledger = self.folder / f"{name}.sqlite"
        if not ledger.exists():
            shutil.copy(self.empty, ledger)
        storage = Storage(sqlite_url(ledger))
        environments = {"test": self.environment}
        aws = InMemoryAws(parameters=self.parameters, functions=self.functions, environments=environments)
        faults = Faults(storage=storage, aws=aws, clock=self.clock, live=self.live, environments=environments)
        self.started.append(faults)
        return faults

    def guardian(self, faults: Faults) -> Guardian:
        return Guardian(faults=faults, clock=self.clock)

    def intend(self, faults: Faults, **given: Any) -> Entry:
        now = self.clock.now()
        lease = Lease(
            store=STORE, value=ARMED, fault=REFUSED, dialect="failure-lambda/0.x", run_id="42", by="operator",
            disarm_by=now + timedelta(minutes=10), announced=(ARMED, ROLLBACK), safe_value=ROLLBACK,
            lease_until=now + timedelta(seconds=30),
        )  # fmt: skip
        return faults.intend(replace(lease, **given))

    def arm(self, faults: Faults, **given: Any) -> Entry:
        """As a run does: intend, let the child write, confirm."""
        entry = self.intend(faults, **given)
        self.parameters.write(NAME, entry.value.decode())
        return faults.confirm(entry.id)

    @property
    def stored(self) -> str | None:
        return self.parameters.text(NAME)

    def die(self, call: str, *, after: bool = False, name: str = NAME) -> None:
        """End the process at the next such call on the store."""

        def now(called: str, on: str) -> None:
            if (called, on) == (call, name):
                self.parameters.before = self.parameters.after = lambda _call, _name: None
                raise Died

        setattr(self.parameters, "after" if after else "before", now)

    def failing(self, error: Exception, *calls: str) -> Callable[[], None]:
        """AWS refuses these calls until the answer is called."""

        def refuse(called: str, _on: str) -> None:
            if called in calls:
                raise error

        def mend() -> None:
            self.parameters.before = lambda _call, _name: None

        self.parameters.before = refuse
        return mend


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once: a story of many consoles copies it."""
    ledger = tmp_path_factory.mktemp("ledger") / "empty.sqlite"
    storage = Storage(sqlite_url(ledger))
    storage.migrate()
    storage.close()
    return ledger


@pytest.fixture
def desk(tmp_path: Path, clock: FrozenClock, empty: Path) -> Iterator[Desk]:
    desk = Desk(folder=tmp_path, clock=clock, parameters=InMemoryParameters({NAME: OFF}), empty=empty)
    yield desk
    for faults in desk.started:
        faults.close()
