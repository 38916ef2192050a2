"""Runs as other rooms see them: start one, follow it, end it."""

from __future__ import annotations

import contextlib
import platform
import secrets
import shutil
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from app import crash
from app.clock import Clock
from app.errors import Conflict, Invalid, NotFound
from app.faults import Lever
from app.live import Live
from app.runs import store
from app.runs.arming import NOT_PLAYED
from app.runs.attendance import SAFETY_LEVER, Attendance
from app.runs.checks import Finding
from app.runs.children import Children
from app.runs.dispatch import InProcess
from app.runs.preflight import Preflight, plain
from app.runs.reading import FromFiles
from app.runs.record import Record
from app.runs.request import Request, as_json, facts_of
from app.runs.rollback import end, roll_back
from app.runs.rooms import (
    AwsRoom,
    CatalogRoom,
    EvidenceRoom,
    FaultRoom,
    MetricRoom,
    Patience,
    ReadingRoom,
    Rooms,
)
from app.runs.run import Event, Rollback, Run, RunStatus
from app.runs.timeline import TimelineStep, timeline
from app.settings import Settings
from app.storage import Storage


class Runs:
    def __init__(
        self,
        *,
        storage: Storage,
        catalog: CatalogRoom,
        settings: Settings,
        faults: FaultRoom,
        metrics: MetricRoom,
        evidence: EvidenceRoom,
        aws: AwsRoom,
        live: Live,
        clock: Clock,
        children: Children,
        patience: Patience | None = None,
        reading: ReadingRoom | None = None,
        preflight: Preflight | None = None,
    ) -> None:
        self.rooms = Rooms(
            storage=storage, catalog=catalog, settings=settings, faults=faults, metrics=metrics, evidence=evidence,
            aws=aws, live=live, clock=clock, children=children, patience=patience or Patience(),
            reading=reading or FromFiles(),
        )  # fmt: skip
        self._preflight = preflight
        self.record = Record(storage, live, clock)
        self.supervisor_id = f"{platform.node()}:{secrets.token_hex(4)}"
        self.dispatch = InProcess(self._attendance)

    def start(
        self,
        experiment_id: str,
        *,
        environment: str | None = None,
        variables: Mapping[str, Any] | None = None,
        rollback_strategy: str | None = None,
        dry: str | None = None,
        hypothesis_frequency: float | None = None,
        fail_fast: bool = False,
        accept: Sequence[str] = (),
        stop: Sequence[Mapping[str, Any]] = (),
        key: str | None = None,
        schedule: int | None = None,
        by: str,
    ) -> Run:
        """Queue a run and return it at once. A second start with the same `key` returns the first one's run.

        `rollback_strategy` None: the experiment's own choice, else `always`. NotFound for an unknown
        experiment, Invalid with problems, Conflict (details `run` or `fault`) where its store is in use. What preflight
        refuses has all findings in the details; `accept` names refusals that a person takes upon themselves.
        `schedule`: the id of the one that asks.
        """
        if key is not None and (known := self.started_with(key)) is not None:
            return known
        experiment = self._valid(experiment_id)
        request = Request.check(
            self.rooms.settings, experiment.document, environment=environment, variables=variables or {},
            rollback_strategy=rollback_strategy, dry=dry, hypothesis_frequency=hypothesis_frequency,
            fail_fast=fail_fast, accept=accept, stop=stop, schedule=schedule,
        )  # fmt: skip
        reading = self.rooms.reading.read(experiment, request.environment, request.variables)
        facts = facts_of(experiment, reading, request.stop)
        self.rooms.faults.refuse_while_engaged(request.environment.name)
        self._refuse_where_armed_by_hand(request.environment.name, facts)
        facts |= self._looked_at(reading, request)
        try:
            run = self._insert(experiment, request, facts, key=key, by=by)
        except Started as other:
            return other.run
        self._watch(run, reading)
        crash.here("run-queued")
        self.dispatch.enqueue(run.id)
        return run

    def started_with(self, key: str) -> Run | None:
        """The run that was started with this key, however long ago."""
        with self.rooms.storage.reading() as session:
            return store.with_key(session, key)

    def preflight(
        self,
        experiment_id: str,
        *,
        environment: str | None = None,
        variables: Mapping[str, Any] | None = None,
        accept: Sequence[str] = (),
    ) -> list[Finding]:
        """What is to be said before such a run, refusals first. NotFound, Invalid as `start`."""
        experiment = self._valid(experiment_id)
        request = Request.check(
            self.rooms.settings, experiment.document, environment=environment, variables=variables or {},
            rollback_strategy=None, dry=None, accept=accept,
        )  # fmt: skip
        reading = self.rooms.reading.read(experiment, request.environment, request.variables)
        return [] if self._preflight is None else self._preflight.look(reading, request.environment, accept)

    def _valid(self, experiment_id: str) -> Any:
        experiment = self.rooms.catalog.load(experiment_id)
        if not experiment.valid:
            raise Invalid(
                f"{experiment.file} is not a valid experiment.", problems=tuple(experiment.problems)
            )
        return experiment

    def _looked_at(self, reading: Any, request: Request) -> dict[str, Any]:
        """Findings as the run keeps them. A dry run changes nothing, so nothing is refused."""
        if self._preflight is None:
            return {}
        findings = self._preflight.look(reading, request.environment, request.accept, request.stop)
        if request.dry not in NOT_PLAYED:
            self._preflight.refuse(findings)
        return {"findings": [plain(finding) for finding in findings]}

    def rollback(self, run_id: int, *, by: str) -> Rollback:
        """End the run and disarm what it armed. Any number of times, at any moment; says what happened."""
        run = self.get(run_id)
        attendance = self.dispatch.attending(run_id)
        return roll_back(self.rooms, self.record, run, attendance, by=by, again=lambda: self.get(run_id))

    def stop_all(self, environment: str | None, *, by: str, why: str) -> tuple[Lever, list[Run]]:
        """Engage the safety lever: everything armed is disarmed when this returns, and every run is being ended.

        None: in every environment. Nothing starts or arms again until a person disengages it. The lever, and the
        runs told to end.
        """
        lever = self.rooms.faults.engage(environment, by=by, why=why)
        stopped = self.active(environment)
        for run in stopped:
            attendance = self.dispatch.attending(run.id)
            if attendance is not None and attendance.forbid(by=f"{SAFETY_LEVER}, engaged by {by}"):
                attendance.signal()
                threading.Thread(target=end, args=(attendance,), kwargs={"grace": self.rooms.patience.rollbacks},
                                 name=f"ending-{run.id}", daemon=True).start()  # fmt: skip
        return lever, stopped

    def get(self, run_id: int) -> Run:
        with self.rooms.storage.reading() as session:
            run = store.read(session, run_id)
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run

    def those(self, ids: Sequence[int]) -> dict[int, Run]:
        """By id; without those that there are not."""
        with self.rooms.storage.reading() as session:
            return {run.id: run for run in store.those(session, ids)}

    def between(self, begin: datetime, end: datetime, *, limit: int = 500) -> Sequence[Run]:
        """Those that were asked for from `begin` to before `end`, the newest first."""
        with self.rooms.storage.reading() as session:
            return store.between(session, begin, end, limit=limit)

    def active(self, environment: str | None = None) -> list[Run]:
        """Queued or running, the oldest first."""
        with self.rooms.storage.reading() as session:
            return store.unfinished(session, environment)

    def events(self, run_id: int, after: int = 0) -> list[Event]:
        """Those with a greater `seq`. The live topic `run:{id}` carries the same values as its data."""
        with self.rooms.storage.reading() as session:
            return store.events_after(session, run_id, after)

    def journal(self, run_id: int) -> bytes | None:
        """The journal file, byte for byte; None before the end, or where there is none."""
        return self._file(run, "journal.json") if (run := self.get(run_id)).ended else None

    def console_log(self, run_id: int) -> bytes | None:
        """What the child has printed so far."""
        return self._file(self.get(run_id), "console.log")

    def timeline(self, run: Run) -> tuple[TimelineStep, ...]:
        speed = self.rooms.settings.environments[run.environment].speed if self._known(run) else 1
        return timeline(run, self.events(run.id), now=self.rooms.clock.now(), speed=speed)

    def _known(self, run: Run) -> bool:
        return run.environment in self.rooms.settings.environments

    def _file(self, run: Run, name: str) -> bytes | None:
        with contextlib.suppress(OSError):
            return (self.rooms.folder(run.snapshot) / name).read_bytes()
        return None

    def _attendance(self, run_id: int) -> Attendance:
        return Attendance(self.rooms, self.record, run_id, supervisor=self.supervisor_id)

    def _refuse_where_armed_by_hand(self, environment: str, facts: Mapping[str, Any]) -> None:
        for name in facts["stores"]:
            kind, _, rest = name.partition(":")
            entry = self.rooms.faults.busy(self.rooms.reading.store(environment, kind, rest))
            if entry is None:
                continue
            if entry.run_id is not None:
                raise in_use_by_run(name, int(entry.run_id))
            raise Conflict(
                f"{name} holds a fault that {entry.by} armed by hand. Disarm it first.", fault=entry.id
            )

    def _insert(
        self, experiment: Any, request: Request, facts: dict[str, Any], *, key: str | None, by: str
    ) -> Run:
        relative = Path("runs", secrets.token_hex(8), "snapshot")
        target = self.rooms.settings.data / relative
        target.parent.mkdir(parents=True)
        try:
            taken = self.rooms.reading.snapshot(experiment, target)
            return self._queue(experiment, request, facts, taken, str(relative), key=key, by=by)
        except BaseException:
            shutil.rmtree(target.parent, ignore_errors=True)
            raise

    def _queue(
        self,
        experiment: Any,
        request: Request,
        facts: dict[str, Any],
        taken: Any,
        relative: str,
        *,
        key: str | None,
        by: str,
    ) -> Run:
        columns = {
            "experiment": experiment.id,
            "title": experiment.title,
            "environment": request.environment.name,
            "requested_by": by,
            "request": request.row,
            "status": str(RunStatus.QUEUED),
            "snapshot": relative,
            "sha256": taken.sha256,
            "git_commit": taken.git_commit,
            "git_dirty": taken.git_dirty,
            "document": as_json(experiment.document),
            "facts": {**facts, "file": Path(experiment.file).name},
            "journal_state": "none",
            "created_at": self.rooms.clock.now(),
            "key": key,
        }
        with self.rooms.storage.writing() as session:
            if key is not None and (started := store.with_key(session, key)) is not None:
                raise Started(started)
            other = store.users_of(session, request.environment.name, facts["stores"])
            if other is not None:
                raise in_use_by_run(", ".join(facts["stores"]), other.id)
            run_id = store.insert(session, columns)
            queued = (
                "queued",
                {"by": by, "environment": request.environment.name, "experiment": experiment.id},
            )
            events = store.append(session, run_id, [queued], at=self.rooms.clock.now())
            run = store.read(session, run_id)
        self.record.announce(run_id, events)
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run

    def _watch(self, run: Run, reading: Any) -> None:
        queries = [signal.query for signal in reading.signals if signal.query is not None]
        if queries:
            self.rooms.metrics.watch(run.topic, run.environment, queries)

    def list(
        self, limit: int = 50, *, experiment: str | None = None, environment: str | None = None
    ) -> list[Run]:
        """The newest first."""
        with self.rooms.storage.reading() as session:
            return store.latest(session, limit=limit, experiment=experiment, environment=environment)


class Started(Exception):  # noqa: N818  it is no error: somebody was first
    """Another start with the same key has just written its run."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


def in_use_by_run(stores: str, run_id: int) -> Conflict:
    return Conflict(f"{stores} is in use by run {run_id}. Wait for its end, or roll it back.", run=run_id)
