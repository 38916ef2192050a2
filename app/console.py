"""The rooms that routes speak to, handed over as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app import experiments
from app.access import Access
from app.aws import Aws
from app.clock import Clock
from app.evidence import Evidence
from app.faults import Faults
from app.live import Live
from app.notifications import Notifications
from app.runs import Runs
from app.sandbox.control import Control
from app.schedules import Schedules
from app.settings import Environment, Settings
from app.storage import Storage
from app.usage import Usage


class CatalogRoom(Protocol):
    """The experiments of the working folder."""

    def all(self) -> Sequence[Any]: ...
    def load(self, experiment_id: str, /) -> Any: ...


class MetricRoom(Protocol):
    """Samples of signals, polled once however many pages look at them."""

    def watch(self, subject: str, environment: str, queries: Sequence[Any], /) -> Any: ...
    def unwatch(self, subject: str, /) -> Any: ...
    def latest(self, environment: str, query_id: str, /) -> Any: ...
    def samples(
        self, environment: str, query_id: str, since: datetime,
        limit: int | None = None, until: datetime | None = None, /,
    ) -> Sequence[Any]: ...  # fmt: skip
    def samples_from(
        self, environment: str, query_id: str, since: datetime, limit: int, until: datetime | None = None, /
    ) -> Sequence[Any]: ...
    def state(self, environment: str, query_id: str, /) -> Any: ...
    def lag(self, environment: str, /) -> float: ...


@dataclass(kw_only=True)
class Console:
    settings: Settings
    storage: Storage
    clock: Clock
    live: Live
    aws: Aws
    catalog: CatalogRoom
    faults: Faults
    metrics: MetricRoom
    evidence: Evidence
    runs: Runs
    notifications: Notifications
    usage: Usage
    lags: dict[str, Callable[[], float | None]] = field(
        default_factory=dict
    )  # of each loop, in seconds, by its name
    schedules: Schedules
    access: Access | None = None  # looked at where the settings require a login
    sandbox: Control | None = None  # only where `gameday sandbox` started the console

    def read(self, experiment: Any, environment: Environment) -> Any:
        """What the experiment measures and does, with the environment's variables."""
        variables: Mapping[str, str] = environment.variables
        return experiments.read(experiment, variables)
