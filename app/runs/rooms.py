"""What runs need of the rooms below, so that a test can stand in for any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.aws import Identity
from app.aws.functions import Functions
from app.aws.metering import Meter
from app.clock import Clock
from app.evidence import Proof
from app.evidence.evidence import InjectedFault
from app.experiments import Experiment, FaultIntent, Reading, SnapshotInfo
from app.faults import Entry, Lease, Lever, Store, Understanding
from app.live import Live
from app.metrics import Sample
from app.queries import Query
from app.runs.children import Children
from app.runs.run import Run
from app.settings import Environment, Settings
from app.storage import Storage


class CatalogRoom(Protocol):
    def all(self) -> Sequence[Experiment]: ...
    def load(self, experiment_id: str, /) -> Experiment: ...


class FaultRoom(Protocol):
    """`app.faults.Faults`, as far as a run is concerned."""

    def busy(self, store: Store, /) -> Entry | None: ...
    def refuse_while_engaged(self, environment: str, session: Session | None = None, /) -> None: ...
    def engage(self, environment: str | None, /, *, by: str, why: str) -> Lever: ...
    def understand(self, environment: str, store: Store, text: str, /) -> Understanding: ...
    def intend(self, lease: Lease, /) -> Entry: ...
    def written(self, store: Store, /, *, over: str, version: str) -> str: ...
    def confirm(self, entry_id: int, /) -> Entry: ...
    def disarm(self, entry_id: int, /, *, by: str, why: str) -> Entry: ...
    def disarm_run(self, run_id: str, /, *, by: str, why: str) -> Sequence[Entry]: ...
    def renew(self, run_id: str, until: datetime, /) -> None: ...
    def for_run(self, run_id: str, /) -> Sequence[Entry]: ...
    def others_on(
        self, environment: str, run_id: str, functions: Sequence[str], since: datetime, until: datetime, /
    ) -> Sequence[str]: ...


class ReadingRoom(Protocol):
    def read(
        self, experiment: Experiment, environment: Environment, variables: Mapping[str, Any], /
    ) -> Reading: ...
    def snapshot(self, experiment: Experiment, to: Path, /) -> SnapshotInfo: ...
    def taken(self, run: Run, folder: Path, /) -> Experiment: ...
    def intents(self, activity: Mapping[str, Any], /) -> Sequence[FaultIntent]: ...
    def store(self, environment: str, kind: str, name: str, /) -> Store: ...


class MetricRoom(Protocol):
    def watch(self, subject: str, environment: str, queries: Sequence[Query], /) -> None: ...
    def unwatch(self, subject: str, /) -> None: ...
    def record(self, samples: Sequence[Sample], /) -> None: ...
    def samples(
        self, environment: str, query_id: str, since: datetime,
        limit: int | None = None, until: datetime | None = None, /,
    ) -> Sequence[Sample]: ...  # fmt: skip


class EvidenceRoom(Protocol):
    def of(self, fault: InjectedFault, /, *, until: datetime | None = None) -> Proof: ...


class AwsRoom(Protocol):
    def client(self, environment: str, service: str, /) -> Any: ...
    def functions(self, environment: str, /) -> Functions: ...
    def identity(self, environment: str, /) -> Identity: ...
    def child_variables(self, environment: str, /) -> Mapping[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long is waited for what, in seconds."""

    lease: float = 30.0  # that a run's faults may go on without their supervisor
    heed: float = 1.0  # between two looks at lever and leases while a child says nothing
    margin: float = 300.0  # past the expected end, before the deadline disarms
    rollbacks: float = 60.0  # for a stopped run to play its rollbacks
    shutdown: float = 8.0  # the same, while the console goes down
    settling: float = 45.0  # for logs to show that a fault fired
    look_again: float = 3.0  # between two looks at the logs
    in_line: float = 0.5  # between two looks whether a store that runs wait for is free
    orphan: float = 20.0  # that a child without a supervisor has for its rollbacks


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Everything a run is executed with."""

    storage: Storage
    settings: Settings
    catalog: CatalogRoom
    faults: FaultRoom
    metrics: MetricRoom
    evidence: EvidenceRoom
    aws: AwsRoom
    live: Live
    clock: Clock
    children: Children
    reading: ReadingRoom
    patience: Patience = Patience()
    environ: Mapping[str, str] = field(
        default_factory=dict
    )  # of runs, below their environment's own variables
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)  # handed to a run, and kept nowhere
    controls: tuple[str, ...] = ()  # files of them, for every run; absolute
    meter: Meter = lambda _use: None  # told of what a run's own probes ask of CloudWatch

    def folder(self, run_snapshot: str) -> Path:
        """Where a run keeps its snapshot, journal and console log."""
        return (self.settings.data / run_snapshot).parent
