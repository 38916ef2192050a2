"""What takes long is asked beside, and whoever asks never waits."""

from __future__ import annotations

import threading

from app.cli.run.refreshed import Refreshed
from tests.waiting import PATIENCE, until


def test_it_answers_at_once_and_with_the_newest() -> None:
    gate, answers = threading.Event(), iter([1, 2])

    def slow() -> int:
        gate.wait(PATIENCE)
        return next(answers)

    refreshed = Refreshed(slow, seconds=0)
    assert refreshed.newest() is None
    gate.set()
    until(lambda: refreshed.newest() == 1, "the first answer")
    until(lambda: refreshed.newest() == 2, "the second answer")
    refreshed.close()


def test_what_breaks_leaves_the_last_answer() -> None:
    answers = iter([1])
    refreshed = Refreshed(lambda: next(answers), seconds=0)
    until(lambda: refreshed.newest() == 1, "the answer")
    for _ in range(3):
        assert refreshed.newest() == 1
    refreshed.close()
