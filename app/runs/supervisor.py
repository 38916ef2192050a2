"""The actor around runs: repairs what a killed console left, and ends everything when this one goes down."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from app.logs import about
from app.runs import ending, processes, store
from app.runs.attendance import Attendance
from app.runs.dispatch import GOING_DOWN
from app.runs.run import Run
from app.runs.runs import Runs

LOGGER = logging.getLogger(__name__)
CRASH = "a crash of the console"
KILLED_WITHIN = 10.0  # seconds for a killed group to be gone
HEALED_WITHIN = 120.0  # seconds that a start waits for what an earlier console left
HEALERS = 8  # runs that are ended at once: one that hangs keeps no other


class Supervisor:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._rooms = runs.rooms

    def start(self) -> None:
        """Runs have a thread each from the moment they are asked for; only those in line need somebody to look."""
        self._runs.line.start()

    def stop(self) -> None:
        """Take nothing more, and let verdicts be given with what there is."""
        self._runs.line.stop(within=KILLED_WITHIN)
        self._runs.dispatch.close()
        for attendance in self._runs.dispatch.all():
            attendance.hurry()
        for attendance in self._runs.dispatch.all():
            attendance.wait_settled(KILLED_WITHIN)

    def heal(self) -> None:
        """End what a killed console left: processes first, then faults, then the rows. Nothing runs again.

        What can not be ended is told and left as it is, and what takes too long goes on: neither must keep other runs
        from their end, nor the console from starting.
        """
        with self._rooms.storage.reading() as session:
            left = [(run, *store.child_of(session, run.id)) for run in store.unfinished(session)]
            unsettled = store.unsettled(session)
        deeds = [
            *(partial(self._heal, run, pid, started) for run, pid, started in left),
            *(partial(self._settle, run) for run in unsettled),
        ]
        if not at_once(deeds, within=HEALED_WITHIN):
            LOGGER.error(
                "Runs are still being ended after %g s; the console starts without them", HEALED_WITHIN
            )

    def _heal(self, run: Run, pid: int | None, started: float | None) -> None:
        with _each(run, "could not be ended"):
            LOGGER.warning("Run %s was left by a console that ended without a word; it is ended now", run.id)
            end_processes(run, pid, started)
            ending.end(
                self._rooms,
                self._runs.record,
                run.id,
                told={},
                stopped_by=CRASH,
                exit_code=None,
                crashed=True,
            )
            self._settle(run)

    def _settle(self, run: Run) -> None:
        hurry = threading.Event()
        hurry.set()
        with _each(run, "could not be given a verdict"):
            ending.settle(self._rooms, self._runs.record, run.id, hurry=hurry)

    def shutdown(self, *, hurry: threading.Event | None = None, wait: bool = True) -> None:
        """One signal to each child, time for rollbacks, then the end of their groups; all of it disarmed.

        `hurry` (a second Ctrl-C), or `wait=False`, skips the wait for rollbacks, never the disarm.
        """
        self._runs.line.stop()
        self._runs.dispatch.close()
        attended = self._runs.dispatch.all()
        for attendance in attended:
            attendance.forbid(by=GOING_DOWN)
            attendance.signal()
        for attendance in attended:
            self._rooms.faults.disarm_run(str(attendance.run_id), by=GOING_DOWN, why="the console goes down")
        deadline = time.monotonic() + (self._rooms.patience.shutdown if wait else 0)
        for attendance in attended:
            _end_by(attendance, deadline, hurry or threading.Event())
            attendance.hurry()
        self._runs.line.send_away(by=GOING_DOWN)


def at_once(deeds: Sequence[Callable[[], None]], *, within: float) -> bool:
    """Some side by side, in threads that nobody waits for at the end. Whether all were done within so many seconds."""
    waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    for deed in deeds:
        waiting.put(deed)

    def work() -> None:
        with suppress(queue.Empty):
            while True:
                waiting.get_nowait()()

    threads = [
        threading.Thread(target=work, name="heal", daemon=True) for _ in range(min(HEALERS, len(deeds)))
    ]
    ends = time.monotonic() + within
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


@contextmanager
def _each(run: Run, what_else: str) -> Iterator[None]:
    with about(run_id=run.id, environment=run.environment):
        try:
            yield
        except Exception:
            LOGGER.exception("Run %s %s", run.id, what_else)


def _end_by(attendance: Attendance, deadline: float, hurry: threading.Event) -> None:
    while not hurry.is_set() and time.monotonic() < deadline:
        if attendance.wait(0.05):  # short, so that a second Ctrl-C is seen
            return
    attendance.kill()
    attendance.wait(KILLED_WITHIN)


def end_processes(run: Run, pid: int | None, started: float | None) -> None:
    """Kill the group of a run's child, unless that id is somebody else's by now."""
    if pid is None:
        return
    now = processes.started(pid)
    if now is not None and now != started:
        return
    processes.kill_group(pid)
    if now is not None:
        processes.kill(pid)
    if not processes.wait_until_gone(pid, seconds=KILLED_WITHIN):
        LOGGER.error("Run %s: process group %s can not be ended", run.id, pid)
