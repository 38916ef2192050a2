"""From a time that is due to a run: the fire is written first, then its run is asked for, then what came of it is kept.

Whoever dies between two of these leaves a row that says how far it was, and the next step goes on from there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Protocol
from weakref import WeakValueDictionary

from sqlalchemy.orm import Session

from app import crash
from app.clock import Clock
from app.errors import GamedayError
from app.notifications import Kind, Notice, enqueue
from app.runs import Run, Wish
from app.schedules import store
from app.schedules.definition import Missed
from app.schedules.lateness import GRACE, NOBODY, missed_in_words, outcomes
from app.schedules.rule import Workday, any_day, due, fires, passed
from app.schedules.schedule import Fire, FireState, Schedule
from app.schedules.workdays import workdays
from app.settings import Environment
from app.storage import Storage

PATIENCE = timedelta(hours=1)  # how long one waits for its store, or for what does not answer
BATCH = 200  # schedules in one transaction
MOST_KEPT = 100  # missed fires of one schedule that get a row each
LOGGER = logging.getLogger(__name__)

Blackout = Callable[[Environment, datetime], str]


class RunRoom(Protocol):
    """`app.runs.Runs`, as far as a schedule is concerned."""

    def start(self, experiment_id: str, asked: Wish, /, *, key: str, queue: bool, by: str) -> Run: ...
    def started_with(self, key: str, /) -> Run | None: ...
    def announced(
        self, experiment_id: str, /, *, environment: str, variables: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...


class Firing:
    def __init__(
        self,
        *,
        storage: Storage,
        runs: RunRoom,
        clock: Clock,
        environments: Mapping[str, Environment],
        blackout: Blackout = Environment.blackout_at,
    ) -> None:
        self._storage = storage
        self._runs = runs
        self._clock = clock
        self._environments = environments
        self._blackout = blackout
        self._choosing = threading.Lock()
        self._asked: WeakValueDictionary[int, Any] = (
            WeakValueDictionary()
        )  # the lock of each fire that somebody asks for

    def workday(self, environment: str) -> Workday:
        known = self._environments.get(environment)
        return workdays(known.holidays) if known else any_day

    def following(self, schedule: Schedule, after: datetime) -> dict[str, Any]:
        """Its next fire later than `after`, as the columns of its row."""
        if schedule.paused or schedule.deleted_at is not None:
            return {"next_at": None, "due_at": None}
        rule = schedule.definition.rule
        found = next(fires(rule, after, self.workday(schedule.environment)), None)
        return {"next_at": found, "due_at": due(rule, found, schedule.definition.seed) if found else None}

    def write_due(self) -> int:
        """Write a fire for every time that is due; how many schedules had one."""
        now = self._clock.now()
        with self._storage.reading() as session:
            found = store.due(session, now, limit=BATCH)
        planned = [
            (one, times, self.following(one, times[-1])) for one in found if (times := self._passed(one, now))
        ]
        if not planned:
            return 0
        with self._storage.writing() as session:
            mine = [
                (one, times) for one, times, following in planned if store.advance(session, one, **following)
            ]
            self._write(session, mine, now)
        crash.here("fire-written")
        return len(planned)

    def turned(self, session: Session, was: Schedule, new: Schedule) -> dict[str, Any]:
        """Its next fire after a change, as the columns of its row: the change counts from now on.

        What is due is written first, by the definition that it came by. So is a time that has come and waits for its
        jitter, where the change would forget it.
        """
        now = self._clock.now()
        was = store.read(session, was.id) or was  # another console may have moved it on
        times = self._passed(was, now)
        if times:
            self._write(session, [(was, times)], now)
        if new.times == was.times:
            return self.following(was, times[-1]) if times else {}
        self._write_early(session, was, times, now)
        last = store.last_fire(session, was.id)
        return self.following(new, max(now, last) if last else now)

    def open(self, limit: int = BATCH) -> list[Fire]:
        with self._storage.reading() as session:
            return store.opened(session, self._clock.now(), limit=limit)

    def being_asked_for(self, fire: Fire) -> bool:
        """Whether somebody is about to find out what becomes of it."""
        return fire.id in self._asked

    def start(self, fire: Fire) -> Fire:
        """Ask for the run of a fire, and keep what came of it. A second call waits for the first one, and is told its outcome.

        So nobody is told that nothing has started while another one is still asking.
        """
        with self._alone(fire):
            with self._storage.reading() as session:
                schedule, fire = store.read(session, fire.schedule_id), store.fire(session, fire.id) or fire
            if schedule is None or not fire.state.open:
                return fire
            return self._start(schedule, fire)

    @contextmanager
    def _alone(self, fire: Fire) -> Iterator[None]:
        with self._choosing:
            lock = self._asked.setdefault(fire.id, threading.Lock())
        with lock:
            yield

    def _start(self, schedule: Schedule, fire: Fire) -> Fire:
        try:
            run = self._runs.started_with(fire.key)
            if run is None:
                if hindrance := self._hindrance(schedule, fire):
                    return self._settle(schedule, fire, *hindrance)
                run = self._run(schedule, fire)
        except GamedayError as error:
            settled = self._settle(schedule, fire, *self._refusal(schedule, fire, error))
            return replace(settled, retryable=error.retryable)
        except Exception as error:
            LOGGER.exception("Schedule %s could not start its run", schedule.id)
            words = f"The console made a mistake: {type(error).__name__}: {error}"
            return self._settle(schedule, fire, FireState.REFUSED, words)
        return self._settle(schedule, fire, FireState.STARTED, "", run_id=run.id)

    def _passed(self, schedule: Schedule, now: datetime) -> list[datetime]:
        definition = schedule.definition
        if schedule.next_at is None or schedule.due_at is None or schedule.due_at > now:
            return []
        workday = self.workday(schedule.environment)
        found = passed(definition.rule, schedule.next_at, now, workday, jitter=definition.seed)
        # What its row says is due is due, even where the rule, or a public holiday, says so no longer.
        return list(deque(found, MOST_KEPT)) or [schedule.next_at]

    def _write_early(
        self, session: Session, schedule: Schedule, written: Sequence[datetime], now: datetime
    ) -> None:
        """Fires for the times that have come after those and are not due yet: each starts when it is."""
        if schedule.next_at is None or schedule.next_at > now:
            return
        rule, begin = schedule.definition.rule, written[-1] if written else schedule.next_at
        later = takewhile(lambda at: at <= now, fires(rule, begin, self.workday(schedule.environment)))
        times = [*later] if written else [begin, *later]
        known = store.written(session, [schedule.id], begin).get(schedule.id) or set()
        store.write_all(session, [
            {"schedule_id": schedule.id, "at": at, "due_at": due(rule, at, schedule.definition.seed), "written_at": now,
             "state": FireState.INTENDED, "sentence": ""}
            for at in times if at not in known
        ])  # fmt: skip

    def _write(
        self, session: Session, mine: Sequence[tuple[Schedule, Sequence[datetime]]], now: datetime
    ) -> None:
        """The fires of schedules that this console has moved on: nobody else writes them now."""
        ids = [schedule.id for schedule, _ in mine]
        since = min((times[0] for _, times in mine), default=now)
        known = store.written(session, ids, since)
        for schedule, times in mine:
            told = outcomes(schedule.definition, times, known.get(schedule.id, frozenset()), now)
            store.write_all(
                session, [{"schedule_id": schedule.id, "written_at": now, **vars(one)} for one in told]
            )
            if words := missed_in_words(schedule.definition, told):
                self._tell(session, schedule, told[0].at, FireState.MISSED, words)

    def _run(self, schedule: Schedule, fire: Fire) -> Run:
        definition = schedule.definition
        # Whoever asks by hand gets a run that is in line; a fire that is due waits here, to be given up for the next one.
        queue = definition.queue and fire.by is not None
        asked = Wish(
            environment=definition.environment, variables=dict(definition.variables),
            rollback_strategy=definition.rollback_strategy, accept=definition.accept, schedule=schedule.id,
        )  # fmt: skip
        by = fire.by or f"schedule {definition.name}"
        return self._runs.start(definition.experiment, asked, key=fire.key, queue=queue, by=by)

    def _hindrance(self, schedule: Schedule, fire: Fire) -> tuple[FireState, str] | None:
        """Why its run is not even asked for."""
        now = self._clock.now()
        if late := _too_late(schedule, fire, now):
            return late
        if fire.state is FireState.WAITING and self._followed(fire, now):
            return FireState.REFUSED, f"It waited until the next one was due. {fire.sentence}"
        environment = self._environments.get(schedule.environment)
        words = _withdrawn(schedule, fire) or (self._blackout(environment, now) if environment else "")
        return (FireState.REFUSED, words) if words else None

    def _followed(self, fire: Fire, now: datetime) -> bool:
        with self._storage.reading() as session:
            return store.followed(session, fire, now)

    def _refusal(self, schedule: Schedule, fire: Fire, error: GamedayError) -> tuple[FireState, str]:
        busy = {"run", "fault"} & error.details.keys()
        waits = fire.by is None and (error.retryable or (busy and schedule.definition.queue))
        problems = " ".join(map(str, error.problems[:5]))
        return FireState.WAITING if waits else FireState.REFUSED, f"{error} {problems}".strip()

    def _settle(
        self, schedule: Schedule, fire: Fire, state: FireState, sentence: str, run_id: int | None = None
    ) -> Fire:
        if (state, sentence) == (fire.state, fire.sentence):  # it still waits for the same
            return fire
        with self._storage.writing() as session:
            mine = store.settle(session, fire.id, state=state, sentence=sentence, run_id=run_id)
            silent = state.open or state is FireState.STARTED or schedule.deleted_at is not None or fire.by
            if mine and not silent:
                self._tell(session, schedule, fire.at, state, sentence)
            return store.fire(session, fire.id) or fire

    def _tell(
        self, session: Session, schedule: Schedule, at: datetime, state: FireState, sentence: str
    ) -> None:
        definition = schedule.definition
        about = self._runs.announced(
            schedule.experiment, environment=schedule.environment, variables=definition.variables
        )
        maker = f"from {schedule.file}" if schedule.file else f"made by {schedule.created_by}"
        data = {
            **about, "schedule": schedule.id, "name": schedule.name, "experiment": schedule.experiment,
            "fire": at.isoformat(), "state": str(state), "sentence": sentence, "by": f"schedule {schedule.name}, {maker}",
        }  # fmt: skip
        enqueue(session, Notice(
            kind=Kind.SCHEDULE_REFUSED, environment=schedule.environment, subject=f"schedule:{schedule.id}",
            at=self._clock.now(), data=data, channels=definition.tell or None,
        ))  # fmt: skip


def _withdrawn(schedule: Schedule, fire: Fire) -> str:
    """What became of the schedule since the fire was written, as a sentence."""
    if schedule.deleted_at is not None:
        return "The schedule was deleted before its run was asked for."
    if schedule.paused and fire.by is None:
        return "The schedule was paused before its run was asked for."
    return f"Its file has a mistake, so nothing starts: {schedule.trouble}" if schedule.trouble else ""


def _too_late(schedule: Schedule, fire: Fire, now: datetime) -> tuple[FireState, str] | None:
    waited = now - max(fire.written_at, fire.due_at)
    if fire.state is FireState.WAITING and waited > PATIENCE:
        return FireState.REFUSED, f"It waited for an hour. {fire.sentence}"
    # A fire that was written when it was due had a console in time.
    missed = fire.state is FireState.INTENDED and waited > (GRACE if fire.early else PATIENCE)
    return (FireState.MISSED, NOBODY) if missed and schedule.definition.missed is Missed.SKIP else None
