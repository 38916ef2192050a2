"""The line before a busy store: first come, first served, and each begins by itself when the store is free.

Being in line is a row that nobody attends to. Whoever begins such a run or ends it claims it first, so that it
can not be both. Nobody's place outlives the console: a run that waited when it went down is ended, not begun.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.errors import Conflict, GamedayError
from app.faults import Entry
from app.loop import Loop
from app.runs import ending, store
from app.runs.attendance import SAFETY_LEVER
from app.runs.checks import Level
from app.runs.dispatch import Dispatch
from app.runs.record import Record, Told
from app.runs.rooms import Rooms
from app.runs.run import InLine, Place, Run

LOGGER = logging.getLogger(__name__)
IDLE = 5.0  # seconds between looks while nobody is known to be in line
LONGEST = 100  # runs in line in one environment


class Line:
    """Threads share it; `step` is its own thread's, or a test's."""

    def __init__(
        self,
        rooms: Rooms,
        record: Record,
        dispatch: Dispatch,
        take_up: Callable[[Run], None],
        *,
        supervisor: str,
    ) -> None:
        """`take_up` looks at a run again and has it executed; what it raises is why the run is not to be."""
        self._rooms = rooms
        self._record = record
        self._dispatch = dispatch
        self._take_up = take_up
        self._supervisor = supervisor
        soon = rooms.patience.in_line
        self._loop = Loop(
            "line",
            self.step,
            every=soon,
            clock=rooms.clock,
            pause=lambda somebody: soon if somebody else IDLE,
        )
        self.start, self.lag = self._loop.start, self._loop.lag
        self.wake = self._loop.wake  # somebody has joined

    def stop(self, *, within: float = 0) -> None:
        """Begin nobody any more. Waits for a look that is under way, at most `within` seconds."""
        self._loop.stop(within=within)

    def step(self) -> bool:
        """Begin or end whoever need not wait any more. Whether somebody was in line."""
        unfinished = self._unfinished()
        waiting, first = [run for run in unfinished if run.waiting], heads(unfinished)
        forbidden = {name for name in {run.environment for run in waiting} if self._forbidden(name)}
        for run in waiting:
            if self._dispatch.attending(run.id) is not None or self._loop.stopping:
                continue
            if run.environment in forbidden:
                self.leave(run, by=SAFETY_LEVER)
            elif run.id in first and self.holder(run.environment, run.stores) is None:
                self._turn(run.id)
        return bool(waiting)

    def place(self, run: Run) -> Place | None:
        """None for a run that is not in line, or whose turn it is."""
        return self.places([run]).get(run.id)

    def places(self, runs: Sequence[Run]) -> dict[int, Place]:
        """By run; of those that are in line, and whose turn it is not yet."""
        asked = {run.id for run in runs if run.waiting}
        unfinished = self._unfinished() if asked else []
        found = {
            run.id: self._place(run, unfinished) for run in unfinished if run.id in asked and run.waiting
        }
        return {run_id: place for run_id, place in found.items() if place is not None}

    def _place(self, run: InLine, unfinished: Sequence[InLine]) -> Place | None:
        ahead = [one for one in unfinished if one.id < run.id and one.shares(run)]
        position = 1 + sum(one.waiting for one in ahead)
        if ahead:
            return Place(position=position, run=ahead[-1].id)
        holder = self.holder(run.environment, run.stores)
        return None if holder is None else Place(position=position, fault=holder.id)

    def _unfinished(self) -> list[InLine]:
        with self._rooms.storage.reading() as session:
            return store.in_line(session)

    def holder(self, environment: str, stores: Iterable[str]) -> Entry | None:
        """The fault that may stand in one of these stores, or None."""
        for name in stores:
            kind, _, rest = name.partition(":")
            entry = self._rooms.faults.busy(self._rooms.reading.store(environment, kind, rest))
            if entry is not None:
                return entry
        return None

    def leave(self, run: Run | InLine, *, by: str, free_key: bool = False) -> bool:
        """End a run before it begins, in line or not: `interrupted`. False where it has begun, or ended, meanwhile.

        `free_key`: nobody was told of it, so another start with its key is no second one.
        """
        how = "Taken out of the line" if run.waiting else "Ended before it began"
        words = {"text": f"{how}, by {by}.", "by": by}
        return self._end(run, ("note", words), told={}, stopped_by=by, free_key=free_key)

    def send_away(self, *, by: str) -> None:
        """Everybody."""
        for run in self._unfinished():
            if run.waiting:
                self.leave(run, by=by)

    def _forbidden(self, environment: str) -> bool:
        try:
            self._rooms.faults.refuse_while_engaged(environment)
        except Conflict:
            return True
        return False

    def _turn(self, run_id: int) -> None:
        with self._rooms.storage.reading() as session:
            run = store.read(session, run_id)
        if run is None or not run.waiting:
            return
        try:
            self._take_up(run)
        except GamedayError as refusal:
            # It waits on where AWS does not answer, or where somebody armed the store in that very moment.
            if not refusal.retryable and not _only_busy(refusal):
                self._refuse(run, str(refusal))
        except Exception as error:
            LOGGER.exception("Run %s could not be begun", run.id)
            self._refuse(run, f"the console failed: {error}")

    def _refuse(self, run: Run, why: str) -> None:
        words = {"name": None, "why": why, "stopping": False}
        self._end(run, ("refused", words), told={"refused": why}, stopped_by=None)

    def _end(
        self,
        run: Run | InLine,
        event: Told,
        *,
        told: dict[str, Any],
        stopped_by: str | None,
        free_key: bool = False,
    ) -> bool:
        with self._rooms.storage.writing() as session:
            if not store.claim(session, run.id, supervisor=self._supervisor, at=None):
                return False
            if free_key:
                store.change(session, run.id, key=None)
        at_once = threading.Event()
        at_once.set()
        ending.end(
            self._rooms,
            self._record,
            run.id,
            told=told,
            before=[event],
            stopped_by=stopped_by,
            exit_code=None,
        )
        ending.settle(self._rooms, self._record, run.id, hurry=at_once)
        return True


def heads(unfinished: Iterable[InLine]) -> set[int]:
    """Of those in line, the ids of those that nobody before them shares a store with."""
    taken: set[tuple[str, str]] = set()
    found = set()
    for run in unfinished:
        own = {(run.environment, store) for store in run.stores}
        if run.waiting and not own & taken:
            found.add(run.id)
        taken |= own
    return found


def _only_busy(refusal: GamedayError) -> bool:
    """Whether all that preflight found is that the store is armed."""
    findings: Any = refusal.details.get("findings", ())
    refused = [finding["code"] for finding in findings if finding["level"] == Level.REFUSAL]
    return bool(refused) and set(refused) == {"armed"}


def in_use_by(entry: Entry) -> Conflict:
    """Of a store that a fault may stand in."""
    if entry.run_id is not None:
        return in_use_by_run(str(entry.store), int(entry.run_id))
    return Conflict(
        f"{entry.store} holds a fault that {entry.by} armed by hand. Disarm it first.", fault=entry.id
    )


def in_use_by_run(stores: str, run_id: int) -> Conflict:
    return Conflict(f"{stores} is in use by run {run_id}. Wait for its end, or roll it back.", run=run_id)


def refuse_when_full(session: Session, environment: str) -> None:
    """Conflict where as many wait as may."""
    if store.count_waiting(session, environment) >= LONGEST:
        raise Conflict(
            f"{LONGEST} runs wait in {environment} already, and no more may. Wait for some to end, or roll them back."
        )
