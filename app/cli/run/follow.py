"""Watching a run to its verdict, and ending it: Ctrl-C rolls back and waits, a second one does it faster."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from app.cli.run.lines import sentence
from app.settings import person

if TYPE_CHECKING:
    from app.main import Engine
    from app.runs.run import Event, Run

LOOK_EVERY = 0.1  # seconds
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Presses:
    """How often somebody asked for the end, by Ctrl-C, SIGTERM, or the end of the terminal."""

    def __init__(self) -> None:
        self.count = 0
        self.last = "Ctrl-C"

    def press(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.count += 1
        self.last = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name

    @contextmanager
    def heard(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.press) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def follow(engine: Engine, run: Run, presses: Presses, say: Callable[[Event], None]) -> Run:
    """The run with its verdict; every event is said once."""
    seen, ending = 0, Ending(engine, run.id)
    while True:
        ending.heed(presses)
        now = engine.console.runs.get(run.id)
        for event in engine.console.runs.events(run.id, seen):
            seen = event.seq
            say(event)
        if now.verdict is not None and not ending.busy:
            return now
        ending.wait(LOOK_EVERY)


class Ending:
    """The rollback button in the hands of a terminal."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self._engine = engine
        self._run_id = run_id
        self._heeded = 0
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        self._over.wait(seconds)

    def heed(self, presses: Presses) -> None:
        if presses.count == self._heeded:
            return
        self._heeded = presses.count
        if self._thread is None:
            tell(f"{presses.last}: rolling back, and waiting for it. Once more skips the wait for rollbacks.")
            self._thread = threading.Thread(target=self._roll_back, args=(presses.last,), name="rollback")
            self._thread.start()
            return
        attendance = self._engine.console.runs.dispatch.attending(self._run_id)
        if attendance is not None and self.busy:
            tell("Ending the run's processes now; disarming is not skipped.")
            attendance.kill()
            attendance.hurry()

    def _roll_back(self, how: str) -> None:
        done = self._engine.console.runs.rollback(self._run_id, by=f"{person()}, by {how}")
        tell(done.sentence)


def plain(event: Event) -> None:
    if words := sentence(event.kind, event.data):
        click.echo(f"{event.at.astimezone():%H:%M:%S}  {words}")


def tell(words: str) -> None:
    """What must be heard, on stderr; a terminal that is gone is no reason to stop."""
    try:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
    except OSError:
        return
