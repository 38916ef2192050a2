"""What starts runs that are due: a loop around one small step, woken up for the next fire by APScheduler."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from app.clock import Clock
from app.schedules import store
from app.schedules.firing import BATCH
from app.schedules.schedule import Fire, FireState
from app.schedules.schedules import Schedules
from app.storage import Storage

LOOK = timedelta(
    seconds=5
)  # between two looks at what nobody announces: files, other processes, clocks that were set
AT_ONCE = 4  # runs that are being asked for: preflight may wait for AWS
LOGGER = logging.getLogger(__name__)


class Scheduler:
    def __init__(
        self, schedules: Schedules, storage: Storage, clock: Clock, *, look: timedelta = LOOK
    ) -> None:
        self._schedules = schedules
        self._storage = storage
        self._clock = clock
        self._look = look
        self._firing = schedules.firing
        self._one_step = threading.Lock()
        self._starting: set[int] = set()  # fires whose runs are being asked for
        self._more = False  # than one batch of them was there at the last look
        self._settled = False  # one of that batch was, so that the next look finds others
        self._stepped: float | None = None  # when the last step was completed, by the monotonic clock
        self._wake_by = 0.0  # by that clock, too: when there must have been another at the latest
        self._closed = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._wakes = BackgroundScheduler(daemon=True, timezone="UTC")
        schedules.changed = self.nudge

    def step(self) -> bool:
        """Read the files again, write what is due, ask for its runs. Whether there was anything; it starts nothing once stopped."""
        with self._one_step:
            changed = self._schedules.files.sync()
            written = 0
            while self._open and (some := self._firing.write_due()):
                written += some
            fires = self._firing.open() if self._open else []
            self._more = len(fires) == BATCH and fires[-1].state is FireState.INTENDED
            for fire in fires:
                self._ask(fire)
            return changed or written > 0 or bool(fires)

    def wants(self) -> datetime:
        """When the next step is due at the latest."""
        now = self._clock.now()
        soon = now + self._look
        with self._storage.reading() as session:
            next_at = store.earliest(session, now)
        return soon if next_at is None else min(soon, next_at)

    def lag(self) -> float | None:
        """Seconds since its last completed step; None where it was not started."""
        return None if self._stepped is None else max(0.0, self._clock.monotonic() - self._stepped)

    def start(self) -> None:
        """Go on where the last console was: a fire that it wrote and did not start is started."""
        self._stepped = self._clock.monotonic()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="schedules")
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._wakes.start()
        self._wakes.add_job(self._schedules.calendars.refresh_behind, "interval", minutes=1, id="calendars",
                            next_run_time=datetime.now(self._wakes.timezone), coalesce=True, misfire_grace_time=None)  # fmt: skip
        self.nudge()
        threading.Thread(target=self._watch, name="schedules-watch", daemon=True).start()

    def close(self) -> None:
        """Fire nothing any more, from now on. It waits for nothing."""
        self._closed.set()

    def stop(self) -> None:
        """As `close`; and what is being asked for is waited for."""
        self.close()
        if self._pool is None:
            return
        self._wakes.shutdown(wait=False)
        with self._one_step:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def nudge(self) -> None:
        """Step as soon as may be: a schedule has changed."""
        if self._pool is not None and self._open:
            self._wake_at("nudge", self._clock.now())

    @property
    def _open(self) -> bool:
        return not self._closed.is_set()

    def _watch(self) -> None:
        """APScheduler goes by the time of day, and sleeps on where that is set back: wake it up by the monotonic clock."""
        while not self._closed.wait(self._look.total_seconds() / 5):
            if self._clock.monotonic() > self._wake_by and not self._one_step.locked():
                self.nudge()

    def _wake(self) -> None:
        try:
            self.step()
            wanted = self.wants()
            self._stepped = self._clock.monotonic()
        except Exception:
            # The loop must not end: whatever it was, the next look tries again.
            LOGGER.exception("The scheduler's step failed; it goes on.")
            wanted = self._clock.now() + self._look
        if self._open:
            self._wake_at("due", wanted)

    def _wake_at(self, name: str, at: datetime) -> None:
        self._wake_by = self._clock.monotonic() + 2 * self._look.total_seconds()
        # Two names, so that a step that ends does not put off the wake-up that was asked for meanwhile.
        self._wakes.add_job(
            self._wake,
            DateTrigger(at),
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
            max_instances=AT_ONCE,
        )

    def _ask(self, fire: Fire) -> None:
        if self._firing.being_asked_for(fire):
            return  # by hand
        if self._pool is None:
            self._firing.start(fire)
        elif fire.id not in self._starting:
            self._starting.add(fire.id)
            self._pool.submit(self._start, fire)

    def _start(self, fire: Fire) -> None:
        try:
            if self._open and self._firing.start(fire).state is not FireState.INTENDED:
                self._settled = True
        except Exception:
            LOGGER.exception("Fire %s could not be started; it is tried again.", fire.id)
        finally:
            self._starting.discard(fire.id)
            if self._more and self._settled and not self._starting:
                self._settled = False
                self.nudge()
