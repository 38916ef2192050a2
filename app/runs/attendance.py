"""Attending to one run: its child's questions answered, its events written, its end made safe."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.connection import wait
from typing import Any

from app.aws.metering import asked_for
from app.child.spec import Spec
from app.clock import Clock
from app.errors import Conflict
from app.logs import about
from app.runs import ending, processes, store
from app.runs.arming import Answer, Arming, Refusal
from app.runs.children import Child
from app.runs.measured import asked, measured
from app.runs.record import Record, Told
from app.runs.rooms import Rooms
from app.runs.run import Run
from app.runs.stopping import StopWatch

LOGGER = logging.getLogger(__name__)
# What a child tells about that nobody needs to read later.
UNRECORDED = ("hello", "ended")
JUDGED = ("hypothesis-before", "hypothesis-during", "hypothesis-after")
GATHER = 0.005  # seconds: what a child tells within them is one transaction; questions do not wait for it
GATHERED_WITHIN = 0.05
SAFETY_LEVER = "the safety lever"  # as what a run was stopped by


class Attendance:
    """`attend` is a thread's whole life; `stop` and `wait` are for everybody else."""

    def __init__(self, rooms: Rooms, record: Record, run_id: int, *, supervisor: str) -> None:
        self.run_id = run_id
        self._rooms = rooms
        self._record = record
        self._supervisor = supervisor
        self._clock: Clock = rooms.clock
        self._gate = threading.Lock()  # nothing goes on between "stop" and the first disarm
        self._stopped_by: str | None = None
        self._rolling_back = False
        self._child: Child | None = None
        self._ended = threading.Event()
        self._settled = threading.Event()
        self._hurry = threading.Event()
        self._told_end: Mapping[str, Any] = {}
        self._arming: Arming | None = None
        self._stop_watch: StopWatch | None = None
        self._kill_at: float | None = None
        self._renewed = 0.0
        self._looked = 0.0
        self._columns: dict[str, Any] = {}
        self._untold: list[Told] = []  # heard, and not written yet

    # --- for others -------------------------------------------------------------------------------------

    @property
    def stopped_by(self) -> str | None:
        return self._stopped_by

    def forbid(self, *, by: str) -> bool:
        """From the return on nothing new is armed. True for the first one who says so."""
        with self._gate:
            first = self._stopped_by is None
            if first:
                self._stopped_by = by
        return first

    def signal(self) -> bool:
        """One SIGUSR1 to the child, ever; none once its rollbacks have begun."""
        child = self._child
        return child is not None and not self._rolling_back and child.stop()

    def kill(self) -> None:
        if self._child is not None and not self._ended.is_set():
            self._child.kill()

    def wait(self, seconds: float) -> bool:
        """True once the run has ended, its process group is gone and its faults are disarmed."""
        return self._ended.wait(seconds)

    def hurry(self) -> None:
        """Give the verdict with what there is: the console goes down."""
        self._hurry.set()

    def wait_settled(self, seconds: float) -> bool:
        return self._settled.wait(seconds)

    # --- the thread -------------------------------------------------------------------------------------

    def attend(self) -> None:
        with about(run_id=self.run_id), asked_for({f"run:{self.run_id}": 1.0}):
            self._attend()

    def _attend(self) -> None:
        try:
            run = self._claim()
            if run is None:  # it was taken out of the line while it was being begun
                self._rooms.metrics.unwatch(f"run:{self.run_id}")
                return
            with about(environment=run.environment):
                self._conduct(run)
        except Exception:
            LOGGER.exception("Run %s could not be attended to its end", self.run_id)
        finally:
            self._ended.set()
            self._settled.set()

    def _conduct(self, run: Run) -> None:
        try:
            self._begin(run)
            self._follow(run)
        except Exception as error:
            LOGGER.exception("Run %s broke", run.id)
            self._told_end = self._told_end or {"problem": str(error) or repr(error)}
        finally:
            self._end(run)
        ending.settle(self._rooms, self._record, run.id, hurry=self._hurry)

    def _claim(self) -> Run | None:
        """None where another supervisor was first. What is stopped already is claimed to be ended."""
        with self._rooms.storage.writing() as session:
            run = store.read(session, self.run_id)
            if run is None:
                return None
            try:
                self._rooms.faults.refuse_while_engaged(run.environment, session)
            except Conflict:
                self.forbid(by=SAFETY_LEVER)
            begins = None if self._stopped_by else self._clock.now()
            if not store.claim(session, self.run_id, supervisor=self._supervisor, at=begins):
                return None
            return store.read(session, self.run_id)

    def _begin(self, run: Run) -> None:
        """Whoever was first and stopped it has stopped it: nothing of it is played."""
        self._arming = Arming(self._rooms, run)
        self._stop_watch = StopWatch(self._rooms, run)
        self._looked = self._clock.monotonic()  # the claim has just asked for the lever
        spec = self._spec(run)
        with self._gate:
            if self._stopped_by is not None:
                self._untold.append(("note", {"text": f"Ended before it began, by {self._stopped_by}."}))
                return
            self._child = self._rooms.children.spawn(spec)
        # Written with the first events, and before anything is armed: until then it ends with its pipe.
        self._columns = {"child_pid": self._child.pid, "child_started": self._child.started}

    def _spec(self, run: Run) -> Spec:
        environment = self._rooms.settings.environment(run.environment)
        folder = self._rooms.folder(run.snapshot)
        taken = self._rooms.settings.data / run.snapshot
        return Spec(
            folder=run.facts.get("workdir") or str(taken),
            file=str(taken / run.facts["file"]) if run.facts.get("workdir") else str(run.facts["file"]),
            journal=str(folder / "journal.json"),
            console=str(folder / "console.log"),
            environ={
                **self._rooms.environ,
                **self._rooms.aws.child_variables(environment.name),
                **environment.variables,
            },
            variables=dict(run.variables),
            secrets=self._rooms.secrets,
            controls=self._rooms.controls,
            rollback_strategy=run.rollback_strategy,
            dry=run.dry,
            speed=environment.speed,
            frequency=run.hypothesis_frequency,
            fail_fast=run.fail_fast,
            grace=self._rooms.patience.orphan,
        )

    def _follow(self, run: Run) -> None:
        """Until the child has ended and everything it told is read."""
        child = self._child
        if child is None:
            return
        open_ = True
        patience = self._rooms.patience
        while open_:
            ready = wait([child.connection, child.sentinel], timeout=min(patience.heed, patience.lease / 6))
            self._keep_alive(run)
            if child.connection in ready:
                open_ = self._listen(run, child)
            elif child.sentinel in ready:
                open_ = False
        child.join(self._rooms.patience.rollbacks)

    def _listen(self, run: Run, child: Child) -> bool:
        """Take everything that is there as one batch. False once the child's end is closed.

        What is untold then is written with the run's end.
        """
        until = self._clock.monotonic() + GATHERED_WITHIN
        try:
            while True:
                message = child.receive()
                if message["kind"] == "ask":
                    self._answer(run, child, message)
                else:
                    self._heard(run, message)
                    if "ask" in message:  # it waits until what it wrote was read back
                        child.answer(message["ask"], answer="noted")
                wait_for = 0 if self._clock.monotonic() >= until else GATHER
                if not child.connection.poll(wait_for):
                    self._write(run)
                    return True
        except (EOFError, OSError, ValueError):
            return False

    def _write(self, run: Run) -> None:
        if self._untold or self._columns:
            self._record.append(run.id, *self._untold, **self._columns)
            self._untold, self._columns = [], {}

    def _heard(self, run: Run, message: Mapping[str, Any]) -> None:
        kind, data = str(message["kind"]), dict(message.get("data") or {})
        if kind == "ended":
            self._told_end = data
        if kind in JUDGED and (samples := measured(run, data, self._clock.now())):
            self._rooms.metrics.record(samples)
        if kind in JUDGED and (use := asked(run, data)).metrics:
            self._rooms.meter(use)
        if kind == "rollbacks":
            self._rolling_back = True
        if kind not in UNRECORDED:
            self._untold.append((kind, data))
        if kind == "activity" and self._arming is not None and data.get("phase") == "method":
            self._untold += self._arming.over(str(data.get("name")))

    def _answer(self, run: Run, child: Child, message: Mapping[str, Any]) -> None:
        """`go`, `go with this provider`, or `refuse: why`. Whatever fails here is a refusal.

        What arms is written before it may go on.
        """
        try:
            answer = self._consider(dict(message.get("data") or {}))
            self._let_go(run, child, message, answer)
        except Refusal as refusal:
            self._refuse(child, message, str(refusal))
        except Exception as error:
            LOGGER.exception("Run %s: the console could not answer", run.id)
            self._refuse(child, message, f"the console failed: {error}")

    def _consider(self, activity: Mapping[str, Any]) -> Answer:
        """It asks AWS, which may take long: whoever ends the run does not wait for it."""
        self._refuse_once_stopped()
        if self._arming is None:
            raise Refusal("the run is not attended")
        return self._arming.asked(activity)

    def _let_go(self, run: Run, child: Child, message: Mapping[str, Any], answer: Answer) -> None:
        with self._gate:
            self._refuse_once_stopped()
            if answer.told:
                self._untold += answer.told
                self._write(run)
            words = {"provider": answer.provider} if answer.provider else {}
            child.answer(message["ask"], answer="go", read_back=bool(answer.told), **words)

    def _refuse_once_stopped(self) -> None:
        """What was intended by then is disarmed with the rest of the run."""
        if self._stopped_by is not None:
            raise Refusal(f"the run was stopped by {self._stopped_by}")

    def _refuse(self, child: Child, message: Mapping[str, Any], why: str) -> None:
        child.answer(message["ask"], answer="refuse", why=why)
        name = (message.get("data") or {}).get("name")
        words = {"name": name, "why": why, "stopping": self._stopped_by is not None}
        self._untold.append(("refused", words))

    def _keep_alive(self, run: Run) -> None:
        """Renew the lease of what the run has armed; end the run where the guardian has ended its faults."""
        self._heed(run)
        if self._kill_at is not None and self._clock.monotonic() >= self._kill_at:
            self.kill()
        if self._arming is None or not self._arming.entries:
            return
        now = self._clock.monotonic()
        if now - self._renewed < self._rooms.patience.lease / 3:
            return
        self._renewed = now
        until = self._clock.now() + timedelta(seconds=self._rooms.patience.lease)
        self._rooms.faults.renew(str(run.id), until)
        self._untold += self._arming.confirm_open()
        self._write(run)
        if why := self._arming.taken_away():
            self._stop(run, by=why, note=f"Its fault was disarmed: {why}.")

    def _heed(self, run: Run) -> None:
        """The safety lever may have been engaged by another process, and a stop condition may have come true."""
        now = self._clock.monotonic()
        if self._stopped_by is not None or now - self._looked < self._rooms.patience.heed:
            return
        self._looked = now
        try:
            self._rooms.faults.refuse_while_engaged(run.environment)
        except Conflict as engaged:
            self._stop(run, by=SAFETY_LEVER, note=str(engaged))
            return
        if self._stop_watch is not None and (why := self._stop_watch.crossed()):
            self._stop(run, by=f"a stop condition: {why}", note=f"Stop condition met: {why}.")

    def _stop(self, run: Run, *, by: str, note: str) -> None:
        """Disarm at once, then tell the child, and end it where it does not within its time."""
        if self.forbid(by=by):
            self._record.append(run.id, ("note", {"text": note}), stopped_by=by)
            self._rooms.faults.disarm_run(str(run.id), by=by, why="the run was stopped")
            self.signal()
            self._kill_at = self._clock.monotonic() + self._rooms.patience.rollbacks

    def _end(self, run: Run) -> None:
        """The child has ended, or must: nothing of it may write any more, then everything is disarmed."""
        child = self._child
        if child is not None:
            if child.exit_code is None:
                child.kill()
            processes.kill_group(child.pid)
            child.wait_until_gone(seconds=self._rooms.patience.rollbacks)
        ending.end(
            self._rooms,
            self._record,
            run.id,
            told=self._told_end,
            before=self._untold,
            stopped_by=self._stopped_by,
            exit_code=None if child is None else child.exit_code,
        )
        self._ended.set()
        if child is not None:
            child.close()
