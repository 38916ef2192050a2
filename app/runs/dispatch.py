"""Who executes a queued run: here, a thread of this process. The only seam for a queue of several machines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.errors import Unavailable
from app.runs.attendance import Attendance

GOING_DOWN = "the console, going down"  # as what a run was stopped by


class Dispatch(Protocol):
    def refuse_once_closed(self) -> None:
        """Unavailable where nobody takes a run any more."""
        ...

    def enqueue(self, run_id: int) -> None:
        """Have somebody claim the run, now or later. Unavailable as above."""
        ...

    def attending(self, run_id: int) -> Attendance | None:
        """Whoever executes that run in this process."""
        ...


class InProcess:
    """A thread for each run."""

    def __init__(self, attend: Callable[[int], Attendance]) -> None:
        self._attend = attend
        self._attending: dict[int, Attendance] = {}
        self._lock = threading.Lock()
        self._open = True

    def refuse_once_closed(self) -> None:
        if not self._open:
            raise Unavailable("The console is going down and starts nothing any more.")

    def enqueue(self, run_id: int) -> None:
        with self._lock:
            self.refuse_once_closed()
            attendance = self._attending[run_id] = self._attend(run_id)
        threading.Thread(target=self._work, args=(attendance,), name=f"run-{run_id}", daemon=True).start()

    def attending(self, run_id: int) -> Attendance | None:
        with self._lock:
            return self._attending.get(run_id)

    def all(self) -> list[Attendance]:
        with self._lock:
            return list(self._attending.values())

    def close(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._open = False

    def _work(self, attendance: Attendance) -> None:
        try:
            attendance.attend()
        finally:
            with self._lock:
                self._attending.pop(attendance.run_id, None)
