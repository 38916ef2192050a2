"""Watching a run to its verdict, and ending it: Ctrl-C rolls back and waits, a second one does it faster."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.cli.run.shown import Show
from app.cli.run.watched import Watched

LOOK_EVERY = 0.1  # seconds
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Presses:
    """How often somebody asked for the end: by Ctrl-C, SIGTERM, or the end of the terminal.

    Before there is a run to be ended, each of them is a KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        self.counting = False
        self._hung_up = False

    def press(self, number: int, frame: FrameType | None = None) -> None:
        del frame
        if number == signal.SIGHUP:
            if self._hung_up:  # of one end both the shell and the kernel tell: that is no second press
                return
            self._hung_up = True
        self.count += 1
        self.last = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        if not self.counting:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        """Less long where somebody presses meanwhile."""
        before, ends = self.count, time.monotonic() + seconds
        while self.count == before and time.monotonic() < ends:
            time.sleep(min(0.05, seconds))

    @contextmanager
    def heard(self) -> Iterator[None]:
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup: it is to outlive its terminal
        numbers = [number for number in SIGNALS if not (number == signal.SIGHUP and ignored)]
        before = {number: signal.signal(number, self.press) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def follow(watched: Watched, presses: Presses, show: Show) -> None:
    """Until the verdict; every event is shown once."""
    ending = Ending(watched, show.tell)
    while True:
        ending.heed(presses)
        over = watched.over()  # before the events: what came last is shown, too
        for told in watched.news():
            show.event(told)
        show.frame(watched.look if over else watched.progress)
        if over and not ending.busy:
            return
        ending.wait(LOOK_EVERY)


class Ending:
    """The rollback button in the hands of a terminal."""

    def __init__(self, watched: Watched, tell: Callable[[str], None]) -> None:
        self._watched = watched
        self._tell = tell
        self._heeded = 0
        self._thread: threading.Thread | None = None
        self._broken: Exception | None = None
        self._news = threading.Event()

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Or until the rollback is done. Raises what it broke on."""
        if self._news.wait(seconds) and self.busy:
            self._news.clear()
        if self._broken is not None:
            raise self._broken

    def heed(self, presses: Presses) -> None:
        if presses.count == self._heeded:
            return
        self._heeded = presses.count
        if self._thread is None:
            self._tell(
                f"{presses.last}: rolling back, and waiting for it. Again: without waiting for rollbacks."
            )
            self._thread = threading.Thread(target=self._roll_back, args=(presses.last,), name="rollback")
            self._thread.start()
        else:
            self._tell(self._watched.hurry())

    def _roll_back(self, how: str) -> None:
        try:
            self._tell(self._watched.roll_back(how))
        except Exception as error:  # noqa: BLE001  raised where somebody can hear of it
            self._broken = error
