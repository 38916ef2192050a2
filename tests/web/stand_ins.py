"""Stand-ins for every room that routes speak to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app.aws.clients import Identity
from app.clock import Clock
from app.console import Console
from app.dialects import Fault
from app.errors import Conflict, Invalid, KeyReused, NotFound, Problem
from app.evidence import Invocation, Line, Proof
from app.faults import Entry, FaultState, KnownBy, Lever, Store, Stray, Understanding
from app.faults.lever import SafetyLever
from app.live import Live
from app.notifications import Notifications
from app.runs import (
    Event,
    Outcome,
    Place,
    Rollback,
    Run,
    RunStatus,
    StepState,
    TimelineStep,
    Verdict,
    Wanted,
    Wish,
)
from app.runs.checks import Finding, ok, refusal, warning
from app.sandbox.control import QueueState, SandboxState
from app.schedules import Calendars, Schedules
from app.settings import Environment, Settings
from app.storage import Storage
from app.storage.engine import sqlite_url
from app.usage import Usage
from tests.web.material import (
    ARMED,
    DENY,
    OFF,
    READING,
    STEPS,
    STRICT,
    experiment,
    outside,
    within,
)


class FakeCatalog:
    def __init__(self) -> None:
        wrong = Problem(
            message="action “Slow refunds” has no provider. Add one.",
            path="method[0]",
            file="refund.yaml",
            line=14,
        )
        self.known = [
            experiment(STRICT, "Dependency disruption should not impact processing"),
            experiment("serverless-etl/exp_1-minor_delay", "Minor delay should not impact processing"),
            experiment("payments/refund-queue", "Refunds", wrong),
        ]

    def all(self) -> list[Any]:
        return self.known

    def load(self, experiment_id: str) -> Any:
        for one in self.known:
            if one.id == experiment_id:
                return one
        raise NotFound(f"There is no experiment {experiment_id}.")


@dataclass
class FakeMetrics:
    clock: Clock
    watched: dict[str, list[Any]] = field(default_factory=dict)
    history: list[tuple[str, list[Any]]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)  # query id → function of seconds ago
    error: str | None = None
    error_since: datetime | None = None
    by_runs: dict[str, Any] = field(default_factory=dict)

    def lag(self, environment: str) -> float:
        return 0.0

    def latest(self, environment: str, query_id: str) -> Any:
        return self.by_runs.get(query_id)

    def watch(self, subject: str, environment: str, queries: Sequence[Any]) -> None:
        self.watched[subject] = list(queries)
        self.history.append((subject, list(queries)))

    def leave_tolerance(self) -> None:
        self.values = outside()

    def unwatch(self, subject: str) -> None:
        self.watched.pop(subject, None)

    def samples(
        self, environment: str, query_id: str, since: datetime,
        limit: int | None = None, until: datetime | None = None,
    ) -> list[Any]:  # fmt: skip
        return self.samples_from(environment, query_id, since, 2000, until)[-(limit or 2000) :]

    def samples_from(
        self, environment: str, query_id: str, since: datetime, limit: int, until: datetime | None = None
    ) -> list[Any]:
        now = until or self.clock.now()
        longest = min(int((now - since).total_seconds()), 12_000)
        return [self.sample(query_id, now, ago) for ago in range(longest // 6 * 6, -1, -6)][:limit]

    def sample(self, query_id: str, now: datetime, ago: float) -> Any:
        at = now - timedelta(seconds=ago)
        known = self.values.get(query_id, lambda _: (None, {}))
        value, parts = known((self.clock.now() - at).total_seconds())
        return SimpleNamespace(environment="sandbox", query=query_id, at=at, value=value, parts=parts)

    def state(self, environment: str, query_id: str) -> Any:
        known = query_id in self.values
        return SimpleNamespace(
            sample=self.sample(query_id, self.clock.now(), 0) if known else None,
            error=self.error,
            error_since=self.error_since,
        )


class FakeFaults:
    def __init__(self, clock: Clock, live: Live, storage: Storage) -> None:
        self.clock, self.live = clock, live
        self.lever = SafetyLever(storage, clock)
        self.entries: list[Entry] = []
        self.found: list[Stray] = []

    def armed(self, *, run_id: str | None = None, ago: float = 120, by: str = "maria", **words: Any) -> Entry:
        at = self.clock.now() - timedelta(seconds=ago)
        made = Entry(
            id=len(self.entries) + 1, store=Store(environment="sandbox", name="failureLambdaConfig"), run_id=run_id,
            by=by, state=FaultState.ARMED, dialect="failure-lambda/0.x", fault=DENY, functions=("ChaosTransformer",),
            translated_from="failure-lambda/0.2" if run_id else None, previous=OFF, value=ARMED, created_at=at,
            armed_at=at, disarm_by=at + timedelta(seconds=600),
        )  # fmt: skip
        made = replace(made, **words)
        self.entries.append(made)
        return made

    def active(self, environment: str | None = None) -> list[Entry]:
        return [e for e in self.entries if e.active and environment in (None, e.environment)]

    def history(
        self,
        limit: int = 50,
        environment: str | None = None,
        *,
        state: FaultState | None = None,
        run_id: str | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        found = [
            e
            for e in reversed(self.entries)
            if environment in (None, e.environment)
            and state in (None, e.state)
            and run_id in (None, e.run_id)
        ]
        return [e for e in found if before is None or e.id < before][:limit]

    def between(self, environment: str, since: datetime, until: datetime) -> list[Entry]:
        return [
            e
            for e in self.entries
            if e.environment == environment and e.created_at < until
            if e.disarmed_at is None or e.disarmed_at > since
        ]

    def for_run(self, run_id: str) -> list[Entry]:
        return [e for e in self.entries if e.run_id == run_id]

    def for_runs(self, run_ids: Sequence[str]) -> dict[str, list[Entry]]:
        return {one: [e for e in self.entries if e.run_id == one] for one in run_ids}

    def entry(self, entry_id: int) -> Entry:
        for entry in self.entries:
            if entry.id == entry_id:
                return entry
        raise NotFound(f"There is no fault {entry_id}.")

    def busy(self, store: Store) -> Entry | None:
        return next((e for e in self.active() if e.store == store), None)

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
        for entry in self.entries:
            if key is not None and entry.key == key:
                if entry.fingerprint != fingerprint:
                    raise KeyReused("That key came with another request before.", fault=entry.id)
                return replace(entry, replayed=True)
        if (busy := self.busy(store)) is not None:
            raise Conflict(f"{store} is busy.", fault=busy.id)
        made = self.armed(
            by=by,
            ago=0,
            store=store,
            fault=fault,
            disarm_by=self.clock.now() + lifetime,
            key=key,
            fingerprint=fingerprint,
        )
        self.live.publish("faults", "fault", {"id": made.id})
        return made

    def disarm(self, entry_id: int, *, by: str, why: str, again: bool = False) -> Entry:
        now = self.clock.now()
        entry = self.entry(entry_id)
        if entry.active:
            over = {"state": FaultState.DISARMED, "disarmed_at": now, "disarmed_by": by, "attempts": 0}
            entry = replace(entry, **over, outcome="Put back and read back.")
            self.entries[entry_id - 1] = entry
            self.live.publish("faults", "fault", {"id": entry_id})
        return entry

    def settling(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.state is FaultState.DISARMED]

    def firing(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.still_fires]

    def stuck(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.stuck]

    def undecided(self, environment: str | None = None) -> list[Entry]:
        return [entry for entry in self.entries if entry.undecided]

    def strays(self) -> tuple[Stray, ...]:
        return tuple(self.found)

    def scan(self, environment: str) -> tuple[Stray, ...]:
        return self.strays()

    def switch_off(self, store: Store, *, by: str) -> str:
        self.found = [stray for stray in self.found if stray.store != store]
        return f"{store} was armed, and is off, read back."

    def extend(self, entry_id: int, *, minutes: float, by: str, check: Any = lambda _: None) -> Entry:
        check(self.entry(entry_id))
        until = self.clock.now() + timedelta(minutes=minutes)
        words = {"disarm_by": until, "outcome": f"{by} set its deadline to {until:%H:%M:%S} UTC."}
        self.entries[entry_id - 1] = replace(self.entry(entry_id), **words)
        return self.entry(entry_id)

    def choose(self, entry_id: int, *, keep: str, by: str, check: Any = lambda _: None) -> Entry:
        check(self.entry(entry_id))
        self.entries[entry_id - 1] = replace(
            self.entry(entry_id), resolved_by=by, outcome=f"{by} kept {keep}."
        )
        return self.entry(entry_id)

    def disengage(self, environment: str | None, *, by: str, why: str) -> Lever:
        return self.lever.set(environment, engaged=False, by=by, why=why)

    def understand(self, environment: str, store: Store, text: str) -> Understanding:
        return Understanding(
            fault=DENY, dialect="failure-lambda/0.2", function_dialect="failure-lambda/0.x",
            functions=("ChaosTransformer",), version="0.4.4",
            known_by="failure-lambda 0.4.4, read from the deployment package", value=ARMED.decode(),
            known=KnownBy.PACKAGE,
        )  # fmt: skip


REQUEST = "7b2c3ad9-0e0c-4f4e-9a54-6a1f0f3a9f10"


class FakeEvidence:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked = 0
        self.text = "Intercepted network connection to dynamodb.us-east-2.amazonaws.com"

    def of(self, fault: Entry, *, until: Any = None) -> Proof:
        since = fault.armed_at or fault.created_at
        self.asked += 1
        at = since + timedelta(seconds=100)
        lines = tuple(
            Line(at=at, request_id=REQUEST, text=text, intercepted=i < 2, function="ChaosTransformer")
            for i, text in enumerate((self.text, self.text, "ETL completed data_object_msg-611"))
        )
        slow = tuple(
            Invocation(
                request_id=REQUEST,
                ms=ms,
                intercepted=2 if ms > 200 else 0,
                stream="a",
                function="ChaosTransformer",
            )
            for ms in (2914.0, 2377.0, 188.0)
        )
        return Proof(
            since=since,
            until=since,
            invocations=372,
            hit=357,
            interceptions=714,
            last_seen=at,
            lines=lines,
            expensive=slow,
        )

    def request(self, environment: str, function: str, request_id: str, since: datetime) -> list[Line]:
        return [Line(at=since, request_id=request_id, text=self.text, intercepted=True, function=function)]


class FakeRuns:
    def __init__(self, clock: Clock, live: Live, faults: FakeFaults, catalog: FakeCatalog) -> None:
        self.clock, self.live, self.faults, self.catalog = clock, live, faults, catalog
        self.known: dict[int, Run] = {}
        self.told: dict[int, list[Event]] = {}
        self.asked: list[dict[str, Any]] = []
        self.looked: list[dict[str, Any]] = []
        self.unproven = False
        self.keys: dict[str, Run] = {}
        self.line = SimpleNamespace(place=self.place, places=self.places)

    def place(self, run: Run) -> Place | None:
        ahead = [one for one in self.active() if one.id < run.id]
        position = 1 + sum(one.waiting for one in ahead)
        return Place(position=position, run=ahead[-1].id) if run.waiting and ahead else None

    def places(self, runs: Sequence[Run]) -> dict[int, Place]:
        return {run.id: place for run in runs if (place := self.place(run)) is not None}

    def last_of_each(
        self, experiments: Sequence[str], limit: int, environment: str | None = None
    ) -> dict[str, list[Run]]:
        return {one: self.list(limit, experiment=one, environment=environment) for one in experiments}

    def add(self, *, ago: float = 200, verdict: Verdict | None = None, title: str = "", **words: Any) -> Run:
        began = self.clock.now() - timedelta(seconds=ago)
        run_id = len(self.known) + 41
        run = Run(
            id=run_id, experiment=STRICT, title=title or self.catalog.known[0].title, environment="sandbox",
            requested_by="maria", status=RunStatus.COMPLETED if verdict else RunStatus.RUNNING, verdict=verdict,
            snapshot="", sha256="ab" * 32, created_at=began, started_at=began, deviated=verdict == "deviated" or None,
            ended_at=began + timedelta(seconds=400) if verdict else None,
            verdict_reason="“messages-in-flight” was outside its tolerance after the method." if verdict else None,
        )  # fmt: skip
        self.known[run_id] = replace(run, **words)
        self.told[run_id] = []
        self.tell(run_id, "queued", by="maria")
        return self.known[run_id]

    def tell(self, run_id: int, kind: str, **data: Any) -> Event:
        event = Event(
            run_id=run_id, seq=len(self.told[run_id]) + 1, at=self.clock.now(), kind=kind, data=data
        )
        self.told[run_id].append(event)
        self.live.publish(f"run:{run_id}", kind, event, id=event.seq)
        return event

    def start(
        self,
        experiment_id: str,
        asked: Wish,
        *,
        key: str | None = None,
        fingerprint: str | None = None,
        queue: bool = False,
        by: str,
    ) -> Run:
        if key in self.keys:
            known = self.keys[key]
            if known.fingerprint != fingerprint:
                raise KeyReused("That key came with another request before.", run=known.id)
            return replace(known, replayed=True)
        found = self.catalog.load(experiment_id)
        if not found.valid:
            raise Invalid(f"{found.file} is not valid.", problems=found.problems)
        running = self.active()
        if running and not queue:
            raise Conflict(f"The store is in use by run {running[0].id}.", run=running[0].id)
        self.asked.append({**vars(asked), "key": key, "fingerprint": fingerprint, "queue": queue, "by": by})
        more = {
            "fingerprint": fingerprint,
            "requested_by": by,
            "schedule": asked.schedule,
            "facts": {"waits": bool(running), "stores": ["ssm:failureLambdaConfig"]},
        }
        run = self.add(ago=0, title=found.title, experiment=experiment_id, status=RunStatus.QUEUED, **more)
        self.keys[key or f"run {run.id}"] = run
        self.live.publish("runs", "run", {"id": run.id})
        return run

    def preflight(self, experiment_id: str, asked: Wish, *, queue: bool = False) -> list[Finding]:
        self.looked.append({**vars(asked), "queue": queue})
        store = self.faults.active()
        found = [warning("translated", "The value is translated to failure-lambda/0.x.", "Migrate it.")]
        found += (
            [refusal("unproven", "“Slow” calls something.", "Say yes.", "unproven")] if self.unproven else []
        )
        found += (
            [refusal("armed", "It is armed.", "Wait.")] if store else [ok("idle", "Nothing is armed there.")]
        )
        return found if self.catalog.load(experiment_id) else []

    def rollback(self, run_id: int, *, by: str, told: str | None = None) -> Rollback:
        run = self.get(run_id)
        entries = tuple(
            self.faults.disarm(e.id, by=by, why="rollback") for e in self.faults.for_run(str(run_id))
        )
        if not run.ended:
            over = {"status": RunStatus.INTERRUPTED, "verdict": Verdict.STOPPED, "ended_at": self.clock.now()}
            self.known[run_id] = replace(run, **over, verdict_reason=f"Ended before its time by {by}.")
            self.tell(run_id, "verdict", verdict="stopped")
        self.live.publish("runs", "run", {"id": run_id})
        return Rollback(
            run=self.get(run_id),
            entries=entries,
            disarmed=True,
            sentence="Disarmed and read back; the run is ended.",
        )

    def stop_all(self, environment: str | None, *, by: str, why: str) -> tuple[Lever, list[Run]]:
        lever = self.faults.lever.set(environment, engaged=True, by=by, why=why)
        for entry in self.faults.active(environment):
            self.faults.disarm(entry.id, by=by, why=why)
        return lever, [self.rollback(run.id, by=by).run for run in self.active()]

    def get(self, run_id: int) -> Run:
        if run_id not in self.known:
            raise NotFound(f"There is no run {run_id}.")
        return self.known[run_id]

    def those(self, ids: Sequence[int]) -> dict[int, Run]:
        return {run_id: self.known[run_id] for run_id in ids if run_id in self.known}

    def marks(
        self, environment: str, *, begin: datetime, end: datetime, newest: bool, limit: int
    ) -> list[tuple[datetime, int]]:
        found = [
            (run.created_at, run.id)
            for run in self.known.values()
            if begin <= run.created_at < end and run.environment == environment and run.schedule is None
        ]
        return sorted(found, reverse=newest)[:limit]

    def started_with(self, key: str) -> Run | None:
        return self.keys.get(key)

    def announced(
        self, experiment_id: str, *, environment: str, variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {}

    def active(self, environment: str | None = None) -> list[Run]:
        return [run for run in self.known.values() if not run.ended]

    def list(
        self, limit: int = 50, *, experiment: str | None = None, environment: str | None = None
    ) -> list[Run]:
        return self.find(Wanted(experiment=experiment, environment=environment), limit=limit)

    def find(self, wanted: Wanted, *, limit: int, before: int | None = None) -> list[Run]:
        same = ("experiment", "environment", "status", "verdict", "requested_by", "schedule")
        found = [
            run
            for run in sorted(self.known.values(), key=lambda run: -run.id)
            if all(getattr(wanted, name) in (None, getattr(run, name)) for name in same)
            if wanted.since is None or run.created_at >= wanted.since
            if wanted.until is None or run.created_at < wanted.until
            if before is None or run.id < before
        ]
        return found[:limit]

    def outcomes(self) -> list[Outcome]:
        counted = Counter((run.environment, run.status, run.verdict) for run in self.known.values())
        return [Outcome(environment=e, status=s, verdict=v, count=n) for (e, s, v), n in counted.items()]

    def events(self, run_id: int, after: int = 0) -> list[Event]:
        return [event for event in self.told[run_id] if event.seq > after]

    def journal(self, run_id: int) -> bytes | None:
        return b'{"status": "completed"}' if self.get(run_id).ended else None

    def console_log(self, run: Run, last: int | None = None) -> bytes | None:
        return b"[INFO] Steady state hypothesis: System operating within norms\n"

    def timeline(self, run: Run, events: Sequence[Event] | None = None) -> tuple[TimelineStep, ...]:
        at = self.clock.now() - timedelta(seconds=186)
        if run.ended:
            return tuple(
                TimelineStep(state=StepState.DONE, kind=s.kind, name=s.name, seconds=4.1) for s in STEPS
            )
        now = {"seconds": 300.0, "seconds_left": 114.0, "progress": 0.62, "at": at}
        states = (StepState.DONE, StepState.DONE, StepState.NOW, StepState.NEXT, StepState.NEXT)
        return tuple(
            TimelineStep(
                state=state,
                kind=s.kind,
                name=s.name,
                detail=s.sentence,
                **(now if s.kind == "pause" else {"seconds": 4.1}),
            )
            for state, s in zip(states, STEPS, strict=True)
        )


class FakeControl:
    def __init__(self) -> None:
        self.rate, self.variant = 20.0, "returns-early"

    def state(self) -> SandboxState:
        queue = QueueState(visible=2, invisible=1, delayed=0)
        return SandboxState(
            ready=True, problem="", speed=10, rate=self.rate, variant=self.variant,
            variants=("returns-early", "waits", "resilient"), objects_in=12840, malformed_in=128, csv_out=12700,
            window_seconds=30.0, json_sent=598, invocations=601, errors=6, csv_sent=594, writes=243, json=queue,
            csv=queue, parked=QueueState(visible=0, invisible=0, delayed=0), dead_letters=queue, table_items=11900,
        )  # fmt: skip

    def set_rate(self, objects_per_second: float) -> None:
        self.rate = objects_per_second

    def set_variant(self, name: str) -> None:
        if name not in self.state().variants:
            raise Invalid(f"There is no variant {name}.")
        self.variant = name


class FakeAws:
    def identity(self, environment: str) -> Identity:
        return Identity(account="000000000000", region="us-east-2")


class FakeConsole(Console):
    def read(self, experiment: Any, environment: Environment) -> Any:
        return READING


def make_console(folder: Path, clock: Clock) -> FakeConsole:
    environment = Environment(
        name="sandbox", region="us-east-2", endpoint_url="http://127.0.0.1:4566", speed=1
    )
    settings = Settings(folder=folder, environments={"sandbox": environment}, default_environment="sandbox")
    live, catalog = Live(), FakeCatalog()
    storage = Storage(sqlite_url(folder / "web.sqlite"))
    storage.migrate()
    faults = FakeFaults(clock, live, storage)
    metrics = FakeMetrics(clock)
    metrics.values = within()
    runs = FakeRuns(clock, live, faults, catalog)
    calendars = Calendars(settings.environments, folder=folder, cache=folder / "calendars", clock=clock)
    schedules = Schedules(
        storage=storage, catalog=catalog, settings=settings, runs=runs, clock=clock, calendars=calendars
    )
    return FakeConsole(
        settings=settings, storage=storage, clock=clock, live=live, aws=FakeAws(), catalog=catalog, faults=faults,
        metrics=metrics, evidence=FakeEvidence(clock), runs=runs, schedules=schedules, sandbox=FakeControl(),
        notifications=Notifications(storage=storage, settings=settings, clock=clock, place=FakeAws().identity, environ={}),
        usage=Usage(storage, clock, settings.environments),
    )  # fmt: skip
