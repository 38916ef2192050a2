"""Runs as other rooms see them: start one, follow it, end it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.aws import Aws
from app.clock import Clock
from app.evidence import Evidence
from app.experiments import Catalog
from app.faults import Faults
from app.live import Live
from app.metrics import Metrics
from app.runs.children import Children
from app.runs.run import Event, Rollback, Run
from app.runs.timeline import TimelineStep
from app.settings import Settings
from app.storage import Storage


class Runs:
    def __init__(
        self,
        *,
        storage: Storage,
        catalog: Catalog,
        settings: Settings,
        faults: Faults,
        metrics: Metrics,
        evidence: Evidence,
        aws: Aws,
        live: Live,
        clock: Clock,
        children: Children,
    ) -> None: ...

    def start(
        self,
        experiment_id: str,
        *,
        environment: str | None = None,
        variables: Mapping[str, Any] | None = None,
        rollback_strategy: str | None = None,
        dry: str | None = None,
        by: str,
    ) -> Run:
        """Queue a run and return it at once.

        `rollback_strategy` None: the experiment's own choice, else `always`. NotFound for an unknown
        experiment, Invalid with problems, Conflict (details `run` or `fault`) where its store is in use.
        """
        raise NotImplementedError

    def rollback(self, run_id: int, *, by: str) -> Rollback:
        raise NotImplementedError

    def get(self, run_id: int) -> Run:
        raise NotImplementedError

    def list(self, *, limit: int = 50, experiment: str | None = None, environment: str | None = None) -> list[Run]:
        raise NotImplementedError

    def active(self, environment: str | None = None) -> list[Run]:
        raise NotImplementedError

    def events(self, run_id: int, *, after: int = 0) -> list[Event]:
        raise NotImplementedError

    def journal(self, run_id: int) -> bytes | None:
        raise NotImplementedError

    def console_log(self, run_id: int) -> bytes | None:
        raise NotImplementedError

    def timeline(self, run: Run) -> tuple[TimelineStep, ...]:
        raise NotImplementedError
