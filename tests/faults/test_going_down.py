"""A console that goes down while it arms by hand: disarmed before it is gone, or told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.errors import Unavailable
from app.faults import FaultState
from tests.waiting import PATIENCE, until

HELD_UP = 0.05  # seconds that a test waits for an arming that it holds up itself


class Slow:
    """AWS, which answers one call on the store once it is told to."""

    def __init__(self, desk: Any, call: str, name: str = "") -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        self._of = (call, name or desk.NAME)
        desk.parameters.before = self._before

    def _before(self, call: str, name: str) -> None:
        if (call, name) == self._of and not self.asked.is_set():
            self.asked.set()
            assert self.answers.wait(PATIENCE)


@pytest.fixture
def arming(desk: Any) -> Iterator[Callable[..., Future[Any]]]:
    """Somebody arms by hand, in a thread of a request."""
    with ThreadPoolExecutor(1) as requests:

        def arm(faults: Any) -> Future[Any]:
            return requests.submit(
                faults.arm, store=desk.STORE, fault=desk.REFUSED, by="ann", lifetime=timedelta(hours=1)
            )

        yield arm


def end(faults: Any) -> None:
    faults.close_arming()
    faults.disarm_before_the_end(by="the console", why="it goes down", within=HELD_UP)


def armed_writes(desk: Any) -> int:
    return [call for call, name in desk.parameters.calls if name == desk.NAME].count("put")


def test_an_arming_that_has_not_been_written_down_yet_is_refused(desk: Any, arming: Any) -> None:
    faults, aws = desk.console(), Slow(desk, "get")
    request = arming(faults)
    until(aws.asked.is_set)
    end(faults)
    aws.answers.set()
    with pytest.raises(Unavailable, match="going down"):
        request.result()
    assert (desk.stored, faults.history(), armed_writes(desk)) == (desk.OFF, [], 0)


def test_an_arming_that_is_written_down_and_not_sent_is_not_sent(desk: Any, arming: Any) -> None:
    faults, aws = desk.console(), Slow(desk, "create", desk.LOCK)
    request = arming(faults)
    until(aws.asked.is_set)
    end(faults)
    aws.answers.set()
    with pytest.raises(Unavailable, match="going down"):
        request.result()
    assert (desk.stored, armed_writes(desk), faults.active()) == (desk.OFF, 0, [])


def test_an_arming_that_aws_answers_in_time_is_disarmed_before_the_end(desk: Any, arming: Any) -> None:
    faults, aws = desk.console(), Slow(desk, "put")
    request = arming(faults)
    until(aws.asked.is_set)
    faults.close_arming()
    threading.Timer(0.1, aws.answers.set).start()
    faults.disarm_before_the_end(by="the console", why="it goes down", within=60)
    assert (desk.stored, faults.active()) == (desk.OFF, [])
    with pytest.raises(Unavailable, match="going down"):
        request.result()


def test_an_arming_that_aws_holds_up_is_told_and_disarms_itself_once_aws_answers(
    desk: Any, arming: Any
) -> None:
    faults, aws = desk.console(), Slow(desk, "put")
    other = type(desk.STORE)(environment="test", name="other")
    desk.parameters.write("other", desk.OFF)
    faults.arm(store=other, fault=desk.REFUSED, by="ann", lifetime=timedelta(hours=1))
    request = arming(faults)
    until(aws.asked.is_set)
    end(faults)
    (held_up,) = faults.active()  # the other one did not wait for it
    assert (held_up.store, held_up.may_fire) == (desk.STORE, True)
    aws.answers.set()
    with pytest.raises(Unavailable, match="going down"):
        request.result()
    assert (desk.stored, faults.entry(held_up.id).state) == (desk.OFF, FaultState.DISARMED)


def test_an_arming_that_ends_after_the_room_is_closed_is_disarmed_all_the_same(
    desk: Any, arming: Any
) -> None:
    faults, aws = desk.console(), Slow(desk, "put")
    request = arming(faults)
    until(aws.asked.is_set)
    end(faults)
    faults.close()
    aws.answers.set()
    with pytest.raises(Unavailable, match="going down"):
        request.result()
    assert (desk.stored, faults.active()) == (desk.OFF, [])


def test_a_run_may_not_intend_a_fault_any_more(desk: Any) -> None:
    faults = desk.console()
    faults.close_arming()
    with pytest.raises(Unavailable, match="going down"):
        desk.intend(faults)
    assert (faults.history(), desk.parameters.peek(desk.LOCK)) == ([], None)


def test_a_run_that_intends_while_it_ends_is_not_told_to_go_on(desk: Any) -> None:
    faults = desk.console()
    held: list[Any] = []

    def meanwhile(call: str, name: str) -> None:
        if (call, name) == ("create", desk.LOCK) and not held:
            held.append(faults.active())
            faults.close_arming()

    desk.parameters.before = meanwhile
    with pytest.raises(Unavailable, match="going down"):
        desk.intend(faults)
    assert [entry.state for entry in held[0]] == [FaultState.INTENDED]
    assert faults.active() == []
