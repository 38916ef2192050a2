"""The rooms that routes speak to, handed over as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app import experiments
from app.access import Access
from app.aws import Aws
from app.clock import Clock
from app.evidence import Evidence
from app.experiments import Experiment, Reading
from app.faults import Faults
from app.live import Live
from app.metrics import Metrics
from app.notifications import Notifications
from app.runs import Runs
from app.sandbox.control import Control
from app.schedules import Schedules
from app.settings import Environment, Settings
from app.storage import Storage
from app.usage import Usage


class CatalogRoom(Protocol):
    """The experiments of the working folder."""

    def all(self) -> Sequence[Experiment]: ...
    def load(self, experiment_id: str, /) -> Experiment: ...


@dataclass(kw_only=True)
class Console:
    settings: Settings
    storage: Storage
    clock: Clock
    live: Live
    aws: Aws
    catalog: CatalogRoom
    faults: Faults
    metrics: Metrics
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

    def read(self, experiment: Experiment, environment: Environment) -> Reading:
        """What the experiment measures and does, with the environment's variables."""
        return experiments.read(experiment, environment.variables, environment=environment)
