"""Runs as other rooms see them: start one, follow it, end it."""

from __future__ import annotations

import platform
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app import crash
from app.aws.metering import Meter
from app.clock import Clock
from app.errors import Conflict, Invalid, KeyReused, NotFound, Unavailable
from app.experiments import Experiment, Reading
from app.experiments.extension import StopCondition
from app.faults import Lever
from app.live import Live
from app.logs import about
from app.runs import kept, store
from app.runs.announced import announced
from app.runs.attendance import SAFETY_LEVER, Attendance
from app.runs.checks import Finding, refusal
from app.runs.children import Children
from app.runs.dispatch import GOING_DOWN, InProcess
from app.runs.line import Line, in_use_by, in_use_by_run
from app.runs.preflight import Preflight, plain
from app.runs.queueing import Started, queue_up
from app.runs.reading import FromFiles
from app.runs.record import Record
from app.runs.request import Request, Wish, facts_of
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
from app.runs.run import Event, Outcome, Rollback, Run, RunStatus, Wanted
from app.runs.standing import counted
from app.runs.timeline import TimelineStep, timeline
from app.settings import Settings
from app.storage import Storage

NEVER_BEGAN = "The run had not begun, and never begins. Nothing of it is armed."


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
        environ: Mapping[str, str] | None = None,
        own_secrets: Mapping[str, Any] | None = None,
        controls: Sequence[str] = (),
        meter: Meter = lambda _use: None,
    ) -> None:
        self.rooms = Rooms(
            storage=storage, catalog=catalog, settings=settings, faults=faults, metrics=metrics, evidence=evidence,
            aws=aws, live=live, clock=clock, children=children, patience=patience or Patience(),
            reading=reading or FromFiles(environ), environ=environ or {}, secrets=own_secrets or {}, controls=tuple(controls),
            meter=meter,
        )  # fmt: skip
        self._preflight = preflight
        self.record = Record(storage, live, clock)
        self.supervisor_id = f"{platform.node()}:{secrets.token_hex(4)}"
        self.dispatch = InProcess(self._attendance)
        self.line = Line(self.rooms, self.record, self.dispatch, self._take_up, supervisor=self.supervisor_id)

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
        """Queue a run and return it at once. A second start with the same `key` returns the first one's run, `replayed`.

        `fingerprint`: of the request that the key came with; KeyReused where the first one's differs. `queue`: where
        its store is busy the run waits in line for it, and starts by itself.

        NotFound for an unknown experiment, Invalid with problems, Conflict (details `run` or `fault`) where its store
        is in use. What preflight refuses has all findings in the details.
        """
        if (known := self._first(key, fingerprint)) is not None:
            return known
        experiment = self._valid(experiment_id)
        request = Request.check(self.rooms.settings, experiment.document, asked)
        request = replace(request, fingerprint=fingerprint)
        try:
            return self._start(experiment, request, key=key, queue=queue, by=by)
        except Started as other:
            return same(other.run, fingerprint)
        except Conflict:
            # The store may be in use by the very run that the first call with this key has begun meanwhile.
            if (known := self._first(key, fingerprint)) is not None:
                return known
            raise

    def _start(
        self, experiment: Experiment, request: Request, *, key: str | None, queue: bool, by: str
    ) -> Run:
        reading = self.rooms.reading.read(experiment, request.environment, request.variables)
        facts = facts_of(experiment, reading, request.stop)
        self.rooms.faults.refuse_while_engaged(request.environment.name)
        holder = self.line.holder(request.environment.name, facts["stores"])
        if holder is not None and not queue:
            raise in_use_by(holder)
        facts |= self._looked_at(reading, request, queue=queue)
        facts["waits"] = holder is not None
        self.dispatch.refuse_once_closed()  # preflight may have taken long
        run = queue_up(self.rooms, self.record, experiment, request, facts, key=key, wait=queue, by=by)
        crash.here("run-queued")
        self._hand_over(run, reading)
        return run

    def _hand_over(self, run: Run, reading: Any) -> None:
        """To the line, or to whoever executes it. Unavailable, and its key is free again, where the console goes down."""
        try:
            if run.waiting:
                self.dispatch.refuse_once_closed()  # those in line may have been sent away already
                self.line.wake()
            else:
                self._watch(run, reading)
                self.dispatch.enqueue(run.id)
        except Unavailable:
            # False: somebody else has ended it meanwhile, and its verdict says who.
            if self.line.leave(run, by=GOING_DOWN, free_key=True):
                raise

    def _take_up(self, run: Run) -> None:
        """Begin a run that has waited: looked at again, since things change meanwhile. Conflict, Invalid as `start`."""
        environment = self.rooms.settings.environment(run.environment)
        experiment = self.rooms.reading.taken(run, self.rooms.settings.data / run.snapshot)
        reading = self.rooms.reading.read(experiment, environment, run.variables)
        if self._preflight is not None:
            own = reading.stop_conditions
            given = [c for one in run.facts.get("stop", ()) if (c := StopCondition(**one)) not in own]
            findings = self._preflight.look(reading, environment, run.accept, given)
            self.record.append(
                run.id, facts={**run.facts, "findings": [plain(finding) for finding in findings]}
            )
            self._preflight.refuse(findings, dry=run.dry)
        self._watch(run, reading)
        self.dispatch.enqueue(run.id)

    def _first(self, key: str | None, fingerprint: str | None) -> Run | None:
        found = None if key is None else self.started_with(key)
        return None if found is None else same(found, fingerprint)

    def started_with(self, key: str) -> Run | None:
        """The run that was started with this key, however long ago."""
        with self.rooms.storage.reading() as session:
            return store.with_key(session, key)

    def preflight(self, experiment_id: str, asked: Wish, *, queue: bool = False) -> list[Finding]:
        """What is to be said before such a run, refusals first: those that `start` would refuse the same words for.

        NotFound, Invalid as `start`.
        """
        experiment = self._valid(experiment_id)
        request = Request.check(self.rooms.settings, experiment.document, asked)
        reading = self.rooms.reading.read(experiment, request.environment, request.variables)
        facts = facts_of(experiment, reading, request.stop)
        if self._preflight is None:
            return []
        found = self._preflight.look(reading, request.environment, request.accept, request.stop)
        if not any(finding.code == "armed" for finding in found):
            found = [*found, *self._in_use(request.environment.name, facts["stores"])]
        return counted(found, dry=request.dry, queue=queue)

    def _in_use(self, environment: str, stores: Sequence[str]) -> list[Finding]:
        """By a run that has not armed yet, or waits to."""
        with self.rooms.storage.reading() as session:
            ahead = store.users_of(session, environment, stores)
        return [refusal("busy", str(in_use_by_run(", ".join(stores), ahead[0].id)), "")] if ahead else []

    def announced(
        self, experiment_id: str, *, environment: str, variables: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What such a run would arm, as far as its file says: a notice's facts. Nothing where that can not be read."""
        return announced(self.rooms, experiment_id, environment, variables)

    def _valid(self, experiment_id: str) -> Experiment:
        experiment = self.rooms.catalog.load(experiment_id)
        if not experiment.valid and experiment.workdir is None:  # there Chaos Toolkit has the last word
            raise Invalid(
                f"{experiment.file} is not a valid experiment.", problems=tuple(experiment.problems)
            )
        return experiment

    def _looked_at(self, reading: Reading, request: Request, *, queue: bool) -> dict[str, Any]:
        """Findings as the run keeps them. Conflict, Invalid where one of them stands in its way."""
        if self._preflight is None:
            return {}
        findings = self._preflight.look(reading, request.environment, request.accept, request.stop)
        self._preflight.refuse(findings, dry=request.dry, queue=queue)
        return {"findings": [plain(finding) for finding in findings]}

    def rollback(self, run_id: int, *, by: str, told: str | None = None) -> Rollback:
        """End the run and disarm what it armed. Any number of times, at any moment; says what happened.

        `told`: a sentence on how it was asked for; None: by the button.
        """
        run = self.get(run_id)
        if run.status is RunStatus.QUEUED and self.line.leave(run, by=by):
            return Rollback(run=self.get(run_id), entries=(), disarmed=True, sentence=NEVER_BEGAN)
        attendance = self.dispatch.attending(run_id)
        return roll_back(
            self.rooms, self.record, run, attendance, by=by, told=told, again=lambda: self.get(run_id)
        )

    def stop_all(self, environment: str | None, *, by: str, why: str) -> tuple[Lever, list[Run]]:
        """Engage the safety lever: everything armed is disarmed when this returns, and every run is being ended.

        None: in every environment. Nothing starts or arms again until a person disengages it. The lever, and the
        runs told to end.
        """
        lever = self.rooms.faults.engage(environment, by=by, why=why)
        stopped = self.active(environment)
        for run in stopped:
            if run.status is RunStatus.QUEUED and self.line.leave(run, by=f"{SAFETY_LEVER}, engaged by {by}"):
                continue
            attendance = self.dispatch.attending(run.id)
            if attendance is not None and attendance.forbid(by=f"{SAFETY_LEVER}, engaged by {by}"):
                attendance.signal()
                threading.Thread(
                    target=self._end, args=(attendance,), name=f"ending-{run.id}", daemon=True
                ).start()
        return lever, stopped

    def _end(self, attendance: Attendance) -> None:
        with about(run_id=attendance.run_id):
            end(attendance, grace=self.rooms.patience.rollbacks)

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

    def marks(self, environment: str, **span: Any) -> Sequence[tuple[datetime, int]]:
        """When runs were asked for by hand, and their ids; `span`: `begin`, `end`, whether the `newest` first, `limit`."""
        with self.rooms.storage.reading() as session:
            return store.marks(session, environment, **span)

    def active(self, environment: str | None = None) -> list[Run]:
        """Queued or running, the oldest first."""
        with self.rooms.storage.reading() as session:
            return store.unfinished(session, environment)

    def outcomes(self) -> list[Outcome]:
        """All runs, counted."""
        with self.rooms.storage.reading() as session:
            return store.outcomes(session)

    def events(self, run_id: int, after: int = 0) -> list[Event]:
        """Those with a greater `seq`. The live topic `run:{id}` carries the same values as its data."""
        with self.rooms.storage.reading() as session:
            return store.events_after(session, run_id, after)

    def journal(self, run_id: int) -> bytes | None:
        """The journal file, byte for byte; None before the end, or where there is none that is read."""
        run = self.get(run_id)
        return kept.journal_bytes(self.rooms.folder(run.snapshot) / "journal.json") if run.ended else None

    def console_log(self, run: Run, last: int | None = None) -> bytes | None:
        """What the child has printed so far; of that, the `last` bytes."""
        return kept.console_log(self.rooms.folder(run.snapshot) / "console.log", last)

    def timeline(self, run: Run, events: Sequence[Event] | None = None) -> tuple[TimelineStep, ...]:
        """`events`: the run's, where they have been read already."""
        speed = self.rooms.settings.environments[run.environment].speed if self._known(run) else 1
        told = self.events(run.id) if events is None else events
        return timeline(run, told, now=self.rooms.clock.now(), speed=speed)

    def _known(self, run: Run) -> bool:
        return run.environment in self.rooms.settings.environments

    def _attendance(self, run_id: int) -> Attendance:
        return Attendance(self.rooms, self.record, run_id, supervisor=self.supervisor_id)

    def _watch(self, run: Run, reading: Reading) -> None:
        queries = [signal.query for signal in reading.signals if signal.query is not None]
        if queries:
            self.rooms.metrics.watch(run.topic, run.environment, queries)

    def find(self, wanted: Wanted, *, limit: int, before: int | None = None) -> list[Run]:
        """The newest first, of those with a smaller id than `before`. Without their documents."""
        with self.rooms.storage.reading() as session:
            return store.latest(session, wanted, limit=limit, before=before)

    def last_of_each(
        self, experiments: Sequence[str], limit: int, environment: str | None = None
    ) -> dict[str, Sequence[Run]]:
        """By experiment: the newest first. Without their documents."""
        with self.rooms.storage.reading() as session:
            return {**store.last_of_each(session, experiments, environment, limit=limit)}

    def list(
        self, limit: int = 50, *, experiment: str | None = None, environment: str | None = None
    ) -> list[Run]:
        """The newest first. Without their documents."""
        return self.find(Wanted(experiment=experiment, environment=environment), limit=limit)


def same(first: Run, fingerprint: str | None) -> Run:
    """The run of the first call, told again. KeyReused where that call asked for something else."""
    if None not in (fingerprint, first.fingerprint) and fingerprint != first.fingerprint:
        raise KeyReused(
            f"That Idempotency-Key came with another request before, which began run {first.id}. "
            "A new request needs a new key.", run=first.id,
        )  # fmt: skip
    return replace(first, replayed=True)
