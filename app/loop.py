"""A thread that makes one small step after another, whatever a step raises, until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from app.clock import Clock

WITHIN = 10.0  # seconds that the end of the process waits for a step that is under way
LOGGER = logging.getLogger(__name__)
T = TypeVar("T")


class Loop(Generic[T]):
    def __init__(
        self,
        name: str,
        step: Callable[[], T],
        *,
        every: float,
        clock: Clock,
        pause: Callable[[T], float] | None = None,
        woken: threading.Event | None = None,
    ) -> None:
        """A step `every` so many seconds, or after the pause that follows from what the last one found.

        `woken`: set by others when there is something new.
        """
        self._name = name
        self._step = step
        self._every = every
        self._pause = pause
        self._clock = clock
        self._woken = woken or threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._moved: float | None = None

    def start(self) -> None:
        """The first step is made at once, and made even if it is stopped meanwhile."""
        self.moved()
        self._thread.start()

    def wake(self) -> None:
        """Make the next step now."""
        self._woken.set()

    def stop(self, *, within: float = WITHIN) -> None:
        """No further step. One that is under way is waited for, at most so many seconds."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive() and within > 0:
            self._thread.join(within)
            if self._thread.is_alive():
                LOGGER.warning(
                    "The %s is still at work after %g s, and is not waited for.", self._name, within
                )

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def moved(self) -> None:
        """Of a step of several: one of them is done."""
        self._moved = self._clock.monotonic()

    def lag(self) -> float | None:
        """Seconds since its last completed step; None where it was not started."""
        return None if self._moved is None else max(0.0, self._clock.monotonic() - self._moved)

    def _work(self) -> None:
        pause = self._once()
        while not self.stopping:
            self._woken.wait(pause)
            self._woken.clear()
            if not self.stopping:
                pause = self._once()

    def _once(self) -> float:
        try:
            found = self._step()
        except Exception:
            # It must not end: whatever it was, the next step may do.
            LOGGER.exception("A step of the %s failed; it goes on.", self._name)
            return self._every
        self.moved()
        return self._every if self._pause is None else self._pause(found)
