"""A console arms by hand while another process disarms on the same ledger, as `gameday stop-all` does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.aws import InMemoryFunctions
from app.errors import Unavailable
from app.faults import FaultState

LATE = 70  # seconds: later than the guardian's last look


def arm(desk: Any, faults: Any, **given: Any) -> Any:
    return faults.arm(store=desk.STORE, fault=desk.REFUSED, by="ann", lifetime=timedelta(minutes=10), **given)


def between_intent_and_put(desk: Any, meanwhile: Callable[[], object]) -> None:
    """Once, when the write of the fault is on its way and has not reached the store."""

    def before(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            meanwhile()

    desk.parameters.before = before


def test_a_lever_that_another_process_pulls_before_the_write_has_landed_ends_the_fault(desk: Any) -> None:
    console, other = desk.console(), desk.console()
    between_intent_and_put(desk, lambda: other.engage(None, by="bob", why="outage"))
    with pytest.raises(Unavailable, match="was disarmed while it was being armed"):
        arm(desk, console)
    assert (desk.stored, console.active()) == (desk.OFF, [])


def test_a_write_that_lands_after_the_guardians_last_look_is_put_back(desk: Any) -> None:
    console, other = desk.console(), desk.console()
    guardian = desk.guardian(other)

    def pulled() -> None:
        other.engage(None, by="bob", why="outage")
        for _ in range(LATE):
            desk.clock.advance(1)
            guardian.step()

    between_intent_and_put(desk, pulled)
    with pytest.raises(Unavailable):
        arm(desk, console)
    assert (desk.stored, console.active()) == (desk.OFF, [])


def test_a_write_whose_answer_is_lost_after_another_process_disarmed_is_put_back(desk: Any) -> None:
    console, other = desk.console(), desk.console()
    between_intent_and_put(desk, lambda: other.engage(None, by="bob", why="outage"))

    def lose(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.after = lambda _call, _name: None
            raise Unavailable("the connection broke")

    desk.parameters.after = lose
    with pytest.raises(Unavailable, match="the connection broke"):
        arm(desk, console)
    assert (desk.stored, console.active()) == (desk.OFF, [])


def test_what_another_process_disarmed_before_the_write_is_not_written(desk: Any) -> None:
    console, other = desk.console(), desk.console()

    def before(call: str, name: str) -> None:
        if (call, name) == ("create", desk.LOCK):
            desk.parameters.before = lambda _call, _name: None
            other.engage(None, by="bob", why="outage")

    desk.parameters.before = before
    with pytest.raises(Unavailable, match="was disarmed while it was being armed"):
        arm(desk, console)
    assert ("put", desk.NAME) not in desk.parameters.calls


def test_somebodys_value_under_a_write_whose_answer_is_lost_is_what_is_put_back(desk: Any) -> None:
    console, theirs = desk.console(), '{"isEnabled": false, "table": "orders-v2"}'
    between_intent_and_put(desk, lambda: desk.parameters.write(desk.NAME, theirs))

    def lose(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.after = lambda _call, _name: None
            raise Unavailable("the connection broke")

    desk.parameters.after = lose
    with pytest.raises(Unavailable):
        arm(desk, console)
    assert desk.stored == theirs


def test_somebodys_value_under_a_write_that_another_process_had_disarmed_is_what_is_put_back(
    desk: Any,
) -> None:
    console, other, theirs = desk.console(), desk.console(), '{"isEnabled": false, "table": "orders-v2"}'

    def meanwhile() -> None:
        other.engage(None, by="bob", why="outage")
        desk.parameters.write(desk.NAME, theirs)

    between_intent_and_put(desk, meanwhile)
    with pytest.raises(Unavailable):
        arm(desk, console)
    assert desk.stored == theirs


def test_containers_that_may_have_read_a_late_write_are_flushed(desk: Any) -> None:
    desk.functions = InMemoryFunctions({"ChaosTransformer": (desk.NAME, "1.0.0")})
    console, other = desk.console(), desk.console()
    between_intent_and_put(desk, lambda: other.engage(None, by="bob", why="outage"))
    with pytest.raises(Unavailable, match="was disarmed while it was being armed"):
        arm(desk, console)
    (entry,) = console.history()
    assert entry.state is FaultState.FLUSHING
