"""All rooms put together, and the loops that move by themselves: what a console and a single run have in common."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.access import Access
from app.aws import Aws
from app.clock import SystemClock
from app.console import CatalogRoom, Console
from app.dialects import DIALECTS
from app.errors import Problem, SettingsError
from app.evidence import Evidence
from app.experiments import Catalog
from app.faults import Faults, FaultState, Guardian
from app.live import Live
from app.metrics import Metrics, Poller
from app.notifications import Notifications, Sender, channel_problems
from app.runs import Aftermath, ArmedSignals, Runs, Supervisor
from app.runs.children import Children
from app.runs.preflight import Preflight
from app.runs.rooms import Patience
from app.sandbox.control import Control
from app.schedules import Calendars, Scheduler, Schedules
from app.settings import FILE, Settings
from app.storage.engine import opened
from app.usage import Usage

LOGGER = logging.getLogger(__name__)
BY_SHUTDOWN = "the console, going down"
ARMED_WITHIN = 5.0  # seconds that an arming which AWS holds up is waited for, before it is told of
UNANSWERED = "AWS has not answered its arming yet"


@dataclass
class Engine:
    """The rooms and the loops that move by themselves."""

    console: Console
    supervisor: Supervisor
    guardian: Guardian
    poller: Poller
    aftermath: Aftermath
    sender: Sender
    scheduler: Scheduler

    def start(self) -> None:
        self.attend()
        self.scheduler.start()
        self.scan_later()

    def attend(self) -> None:
        """All that a run needs, and nothing that starts one by itself.

        What a killed console left behind is repaired before anything new can start; whatever becomes of that repair,
        the guardian is at work.
        """
        self.console.usage.start()
        self.guardian.start()
        self.supervisor.heal()
        self.supervisor.start()
        self.poller.start()
        self.aftermath.start()
        self.sender.start()

    def scan_later(self) -> None:
        """Look for armed values that no ledger holds. In a thread: a store that does not answer must not hold up the start."""
        threading.Thread(target=self.scan, name="scan", daemon=True).start()

    def scan(self) -> None:
        for name in self.console.settings.environments:
            try:
                self.console.faults.scan(name)
            except Exception:
                LOGGER.exception("The stores of %s could not be looked into.", name)

    def make_safe(self, *, hurry: threading.Event) -> None:
        """Arm nothing more, end every run and disarm every fault; `hurry` skips the wait for rollbacks."""
        faults = self.console.faults
        faults.close_arming()
        self.scheduler.close()
        try:
            self.supervisor.shutdown(hurry=hurry)
        finally:
            why = "the console was told to end"
            faults.disarm_before_the_end(by=BY_SHUTDOWN, why=why, within=ARMED_WITHIN)

    def still_armed(self) -> list[str]:
        return [
            f"{entry.store} ({entry.outcome or (UNANSWERED if entry.state is FaultState.INTENDED else entry.state)})"
            for entry in self.console.faults.active()
            if entry.may_fire
        ]

    def stop(self) -> None:
        self.scheduler.stop()
        self.aftermath.stop()
        self.poller.stop()
        self.guardian.stop()
        self.supervisor.stop()
        self.sender.stop()
        self.console.faults.close()  # locks are let go while AWS, or the emulator, is still there
        self.console.aws.close()
        self.console.usage.stop()
        self.console.storage.close()


def assemble(
    settings: Settings,
    *,
    children: Children,
    sandbox: Control | None = None,
    catalog: CatalogRoom | None = None,
    environ: Mapping[str, str] | None = None,
    secrets: Mapping[str, Any] | None = None,
    controls: Sequence[str] = (),
) -> Engine:
    """All but settings, children and sandbox: of a single run without a console, whose file and variables are the caller's own."""
    clock, live, places = SystemClock(), Live(), settings.environments
    storage = opened(settings)
    usage = Usage(storage, clock, places)
    aws = Aws(places, meter=usage.meter)
    catalog = catalog or Catalog(settings.experiments)
    faults = Faults(storage=storage, aws=aws, clock=clock, live=live, environments=places)
    metrics = Metrics(storage=storage, aws=aws, clock=clock, live=live, environments=places)
    evidence = Evidence(aws=aws, clock=clock, environments=places)
    calendars = Calendars(places, folder=settings.folder, cache=settings.data / "calendars", clock=clock)
    runs = Runs(
        storage=storage, catalog=catalog, settings=settings, faults=faults, metrics=metrics, evidence=evidence,
        aws=aws, live=live, clock=clock, children=children, preflight=Preflight(
            faults=faults, aws=aws, evidence=evidence, metrics=metrics, clock=clock, patience=Patience(),
            usage=usage, blackout=calendars.blackout,
        ), environ=environ, own_secrets=secrets, controls=controls, meter=usage.meter,
    )  # fmt: skip
    schedules = Schedules(
        storage=storage, catalog=catalog, settings=settings, runs=runs, clock=clock, calendars=calendars
    )
    return _moving(Console(
        settings=settings, storage=storage, clock=clock, live=live, aws=aws, catalog=catalog, faults=faults,
        metrics=metrics, evidence=evidence, runs=runs, access=Access(storage, clock), sandbox=sandbox,
        notifications=Notifications(storage=storage, settings=settings, clock=clock, place=aws.identity),
        schedules=schedules, usage=usage,
    ))  # fmt: skip


def _moving(console: Console) -> Engine:
    """With the loops of these rooms, none of them started."""
    clock, faults, metrics, runs = console.clock, console.faults, console.metrics, console.runs
    signals = ArmedSignals(
        faults=faults, catalog=console.catalog, settings=console.settings, reading=runs.rooms.reading, run=runs.get
    )  # fmt: skip
    metrics.also, metrics.stopped = signals.queries, console.usage.stopped
    engine = Engine(
        console=console,
        supervisor=Supervisor(runs),
        guardian=Guardian(faults=faults, clock=clock),
        poller=Poller(metrics),
        aftermath=Aftermath(
            faults=faults, evidence=console.evidence, metrics=metrics, signals=signals, clock=clock
        ),
        sender=Sender(console.notifications),
        scheduler=Scheduler(console.schedules, console.storage, clock),
    )
    console.lags |= {
        "guardian": engine.guardian.lag, "scheduler": engine.scheduler.lag, "aftermath": engine.aftermath.lag,
        "line": runs.line.lag, "notices": engine.sender.lag, "usage": console.usage.lag,
    }  # fmt: skip
    return engine


def refuse_unknown_dialects(settings: Settings) -> None:
    """A dialect that nobody speaks would be found out while arming, which is too late."""
    problems = tuple(
        Problem(
            message=f"There is no dialect “{dialect}”. There are: {', '.join(DIALECTS)}.",
            path=f"environments.{environment.name}.dialects.{store}",
            file=FILE,
        )
        for environment in settings.environments.values()
        for store, dialect in environment.dialects.items()
        if dialect not in DIALECTS
    )
    if problems:
        raise SettingsError(f"{FILE} can not be used:", problems=problems)


def refuse_unusable_channels(settings: Settings) -> None:
    """A channel that can never deliver would be found out when somebody waits for its message."""
    if problems := channel_problems(settings):
        raise SettingsError(f"{FILE} can not be used:", problems=problems)
