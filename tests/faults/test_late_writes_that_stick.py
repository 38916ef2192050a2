"""Writes that land late where warm containers have to be cleared: whoever saw one is cleared anew, and it is told so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.dialects import DIALECTS, Fault, FaultMode, disarm_plan
from app.errors import Unavailable
from app.faults import FaultState
from app.settings import Environment

FLAGS = "failure-lambda/1.x"
FLUSH = '{"latency": {"enabled": true, "percentage": 0}}'
THEIRS = '{"theirs": 1}'
ONE = Fault(mode=FaultMode.DENYLIST, rate=0.1, deny_list=("dynamodb.*.amazonaws.com",))
TWO = Fault(mode=FaultMode.DENYLIST, rate=0.9, deny_list=("dynamodb.*.amazonaws.com",))
FIRST, SECOND = DIALECTS[FLAGS].write(ONE), DIALECTS[FLAGS].write(TWO)
RAMP = {"dialect": FLAGS, "announced": (FIRST, SECOND, '{"done": 1}'), "safe_value": None}


@pytest.fixture
def ramp(desk: Any) -> Any:
    """failure-lambda 1.0.0, and a run whose second step is on its way."""
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "1.0.0")
    desk.parameters.write(desk.NAME, "{}")
    desk.faults = desk.console()
    desk.arm(desk.faults, value=FIRST, fault=ONE, plan=disarm_plan(ONE, FLAGS), **RAMP)
    desk.intend(desk.faults, value=SECOND, fault=TWO, plan=disarm_plan(TWO, FLAGS), **RAMP)
    return desk


@pytest.fixture
def flushing(ramp: Any) -> Any:
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    assert (ramp.entry.state, ramp.stored) == (FaultState.FLUSHING, FLUSH)
    return ramp


def looked(desk: Any, seconds: int) -> Any:
    guardian = desk.guardian(desk.faults)
    for _ in range(seconds):
        desk.clock.advance(1)
        guardian.step()
    return desk.faults.entry(desk.entry.id)


@pytest.mark.parametrize("late", [SECOND, '{"done": 1}', "{}"])
@pytest.mark.parametrize("how", ["rolled back", "the guardian"])
def test_what_lands_while_containers_are_cleared_begins_that_anew(flushing: Any, late: str, how: str) -> None:
    flushing.clock.advance(2)
    flushing.parameters.write(flushing.NAME, late)
    if how == "rolled back":
        flushing.clock.advance(1)
        (after,) = flushing.faults.disarm_run("42", by="ann", why=how)
    else:
        after = looked(flushing, 1)
    assert (after.state, flushing.stored) == (FaultState.FLUSHING, FLUSH)
    assert after.flush_until == flushing.clock.now() + timedelta(seconds=60)
    assert "was written while warm containers were being cleared" in after.outcome
    assert (looked(flushing, 60).state, flushing.stored) == (FaultState.DISARMED, "{}")


def test_what_lands_as_they_are_clear_begins_that_anew(flushing: Any) -> None:
    flushing.clock.advance(60)
    flushing.parameters.write(flushing.NAME, SECOND)
    after = flushing.faults.disarm(flushing.entry.id, by="ann", why="asked")
    assert (after.state, flushing.stored) == (FaultState.FLUSHING, FLUSH)


def test_containers_that_saw_a_write_after_the_end_are_cleared_anew(flushing: Any) -> None:
    assert looked(flushing, 60).state is FaultState.DISARMED
    flushing.parameters.write(flushing.NAME, SECOND)
    after = looked(flushing, 3)
    assert (after.state, flushing.stored) == (FaultState.FLUSHING, FLUSH)
    assert (looked(flushing, 60).state, flushing.stored) == (FaultState.DISARMED, "{}")


@pytest.mark.parametrize("landed", ["before the disarm", "after it"])
def test_containers_that_saw_a_write_nobody_read_back_are_cleared(desk: Any, landed: str) -> None:
    desk.parameters.write(desk.NAME, "{}")
    desk.faults = desk.console()
    desk.entry = desk.intend(desk.faults, value=FIRST, fault=ONE, plan=disarm_plan(ONE, FLAGS), **RAMP)
    if landed == "before the disarm":
        desk.parameters.write(desk.NAME, FIRST)
    over = desk.faults.disarm(desk.entry.id, by="ann", why="asked")
    if landed == "after it":
        assert over.state is FaultState.DISARMED
        desk.parameters.write(desk.NAME, FIRST)
        over = looked(desk, 3)
    assert (over.state, desk.stored) == (FaultState.FLUSHING, FLUSH)
    assert over.armed_at is not None


def test_containers_that_saw_a_write_nobody_read_back_are_replaced_where_only_that_helps(desk: Any) -> None:
    desk.environment = Environment(name="test", recycle=True)
    desk.functions.functions["ChaosTransformer"] = (desk.NAME, "0.2.0")
    desk.faults = desk.console()
    plan = disarm_plan(ONE, "failure-lambda/0.2", version="0.2.0")
    desk.intend(desk.faults, functions=("ChaosTransformer",), plan=plan)
    desk.parameters.write(desk.NAME, desk.ARMED)
    desk.faults.disarm_run("42", by="ann", why="asked")
    assert desk.functions.recycled == ["ChaosTransformer"]


def test_what_can_not_be_flushed_again_is_not_told_as_disarmed(flushing: Any) -> None:
    flushing.parameters.write(flushing.NAME, SECOND)
    mend = flushing.failing(Unavailable("no"), "put")
    after = looked(flushing, 3)
    assert (after.stuck, after.may_fire) == (True, True)
    mend()
    assert (looked(flushing, 2).state, flushing.stored) == (FaultState.FLUSHING, FLUSH)


def test_a_look_that_fails_changes_nothing_until_the_next(flushing: Any) -> None:
    mend = flushing.failing(Unavailable("no"), "get")
    after = looked(flushing, 4)
    assert (after.state, after.stuck, after.flush_until) == (
        FaultState.FLUSHING,
        False,
        flushing.entry.flush_until,
    )
    flushing.parameters.write(flushing.NAME, SECOND)
    mend()
    assert (looked(flushing, 2).state, flushing.stored) == (FaultState.FLUSHING, FLUSH)


def test_somebody_elses_value_is_told_of_while_containers_are_cleared(flushing: Any) -> None:
    flushing.parameters.write(flushing.NAME, THEIRS)
    after = looked(flushing, 3)
    assert (after.undecided, flushing.stored) == (True, THEIRS)


@pytest.mark.parametrize("call", ["get", "put"])
def test_a_console_that_dies_while_it_clears_anew_is_succeeded(flushing: Any, call: str) -> None:
    flushing.parameters.write(flushing.NAME, SECOND)
    flushing.die(call, after=True)
    with pytest.raises(flushing.Died):
        flushing.faults.disarm_run("42", by="ann", why="rolled back")
    flushing.faults = flushing.console()
    assert (looked(flushing, 31).state, flushing.stored) == (FaultState.FLUSHING, FLUSH)
    assert (looked(flushing, 60).state, flushing.stored) == (FaultState.DISARMED, "{}")


def test_it_is_looked_at_a_few_times_while_containers_are_cleared(flushing: Any) -> None:
    flushing.parameters.calls.clear()
    looked(flushing, 59)
    assert flushing.parameters.calls == [("get", flushing.NAME)] * 2
