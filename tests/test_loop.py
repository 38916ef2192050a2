"""A loop outlives its steps' mistakes, says how long its last step is ago, and ends though a step hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from queue import Queue

import pytest

from app.clock import FrozenClock
from app.loop import Loop
from tests.waiting import PATIENCE

LONG = 600.0


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 11, 26, tzinfo=UTC))


class Steps:
    """Made one at a time, as the test has them."""

    def __init__(self) -> None:
        self.to_do: Queue[Callable[[], object]] = Queue()
        self.made: Queue[None] = Queue()

    def step(self) -> None:
        try:
            self.to_do.get(timeout=PATIENCE)()
        finally:
            self.made.put(None)

    def make(self, loop: Loop[None], step: Callable[[], object] = lambda: None) -> None:
        self.to_do.put(step)
        loop.wake()
        self.made.get(timeout=PATIENCE)


def fails() -> None:
    raise OSError("the database is gone")


def lags(loop: Loop[None], seconds: float) -> bool:
    """Noted a moment after the step itself."""
    ends = time.monotonic() + 60
    while loop.lag() != seconds and time.monotonic() < ends:
        threading.Event().wait(0.01)
    return loop.lag() == seconds


def test_its_lag_is_the_time_since_a_step_that_was_completed(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    steps = Steps()
    loop = Loop("guardian", steps.step, every=LONG, clock=clock)
    assert loop.lag() is None  # not started: another process may have one
    loop.start()
    steps.make(loop)
    clock.advance(40)
    assert loop.lag() == 40
    steps.make(loop, fails)
    steps.make(loop, clock.now)
    assert lags(loop, 0)
    clock.advance(40)
    steps.make(loop, fails)
    assert lags(loop, 40)  # it goes on, and it does nothing
    steps.to_do.put(clock.now)
    loop.stop()
    assert "A step of the guardian failed; it goes on." in caplog.text


def test_the_pause_follows_from_what_was_found(clock: FrozenClock) -> None:
    found: Queue[float] = Queue()
    for pause in (0.0, 0.0, LONG):
        found.put(pause)
    loop = Loop("line", lambda: found.get(timeout=PATIENCE), every=LONG, clock=clock, pause=float)
    loop.start()
    while found.qsize():
        threading.Event().wait(0.01)
    loop.stop()


def test_what_is_asked_for_during_a_step_is_looked_at_by_the_next(clock: FrozenClock) -> None:
    made: Queue[None] = Queue()
    began, may = threading.Event(), threading.Event()

    def step() -> None:
        began.set()
        assert may.wait(PATIENCE)
        made.put(None)

    loop = Loop("line", step, every=LONG, clock=clock)
    loop.start()
    assert began.wait(PATIENCE)
    loop.wake()
    may.set()
    for _ in range(2):
        made.get(timeout=PATIENCE)
    loop.stop()


def test_the_first_step_is_made_even_if_it_is_stopped_at_once_and_no_other(clock: FrozenClock) -> None:
    made: list[None] = []
    loop = Loop("guardian", lambda: made.append(None), every=0, clock=clock, pause=lambda _: LONG)
    loop.start()
    loop.stop()
    loop.wake()
    assert made == [None]


def test_a_step_that_hangs_does_not_hold_up_the_end(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    began, may = threading.Event(), threading.Event()

    def hangs() -> None:
        began.set()
        may.wait(PATIENCE)

    loop = Loop("aftermath", hangs, every=LONG, clock=clock)
    loop.start()
    assert began.wait(PATIENCE)
    at = time.monotonic()
    loop.stop(within=0.1)
    assert time.monotonic() - at < 10
    assert "The aftermath is still at work after 0.1 s, and is not waited for." in caplog.text
    may.set()
