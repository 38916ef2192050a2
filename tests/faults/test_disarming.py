"""Disarming: what was there before, byte for byte, and never over somebody else's value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.errors import NotFound, Unavailable
from app.faults import FaultState

BEFORE = [
    '{"isEnabled": false}\n',
    "",
    "not json",
    '\ufeff{"isEnabled":false}',
    '{"isEnabled": false, "note": "🙂"}',
]


def disarm(faults: Any, entry: Any, **given: Any) -> Any:
    return faults.disarm(entry.id, by="operator", why="the button was pressed", **given)


@pytest.mark.parametrize("before", BEFORE)
def test_the_value_before_is_back_byte_for_byte(desk: Any, before: str) -> None:
    desk.parameters.write(desk.NAME, before)
    faults = desk.console()
    entry = disarm(faults, desk.arm(faults))
    assert entry.state is FaultState.DISARMED
    assert desk.stored == before
    assert "because the button was pressed" in entry.outcome


def test_type_and_tier_come_back_too(desk: Any) -> None:
    desk.parameters.put(desk.NAME, b"a,b", kind="StringList", tier="Advanced")
    faults = desk.console()
    disarm(faults, desk.arm(faults))
    back = desk.parameters.peek(desk.NAME)
    assert (back.value, back.type, back.tier) == (b"a,b", "StringList", "Advanced")


def test_a_parameter_that_was_not_there_is_not_there_again(desk: Any) -> None:
    desk.parameters.delete(desk.NAME)
    faults = desk.console()
    entry = disarm(faults, desk.arm(faults))
    assert (entry.state, desk.stored) == (FaultState.DISARMED, None)


def test_it_takes_no_more_than_get_put_get(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.calls.clear()
    desk.parameters.before = lambda _call, name: (
        None if name == desk.NAME else pytest.fail(f"{name} was in the way")
    )
    faults._release = lambda _entry: None  # the lock is let go afterwards, in another thread
    disarm(faults, entry)
    assert [call for call, _ in desk.parameters.calls] == ["get", "put", "get"]


def test_the_runs_own_rollback_is_replaced_by_what_was_there_before(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, desk.ROLLBACK)
    assert disarm(faults, entry).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


@pytest.mark.parametrize("safe", ['{"isEnabled": false, "mine": 1}', None])
def test_a_value_that_was_itself_armed_is_not_put_back(desk: Any, safe: str | None) -> None:
    desk.parameters.write(desk.NAME, desk.ARMED.replace("0.5", "0.1"))
    faults = desk.console()
    entry = disarm(faults, desk.arm(faults, safe_value=safe))
    assert entry.state is FaultState.DISARMED
    off = desk.ARMED.replace("0.5", "0.1").replace('"isEnabled": true', '"isEnabled": false')
    assert desk.stored == (safe or off)


def test_what_was_never_written_needs_no_write(desk: Any) -> None:
    faults = desk.console()
    entry = disarm(faults, desk.intend(faults))
    assert entry.state is FaultState.DISARMED
    assert ("put", desk.NAME) not in desk.parameters.calls


@pytest.mark.parametrize("theirs", ['{"isEnabled": true, "failureMode": "latency", "rate": 1}', "{}", None])
def test_what_somebody_else_wrote_stands_and_is_said(desk: Any, theirs: str | None) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.delete(desk.NAME) if theirs is None else desk.parameters.write(desk.NAME, theirs)
    over = disarm(faults, entry)
    assert (over.state, desk.stored) == (FaultState.DRIFTED, theirs)
    assert desk.ARMED in over.outcome
    assert (theirs or "deleted") in over.outcome


def test_what_somebody_wrote_between_reading_and_writing_is_given_back(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    theirs = '{"isEnabled": false, "by": "them"}'

    def between(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            desk.parameters.write(desk.NAME, theirs)

    desk.parameters.before = between
    over = disarm(faults, entry)
    assert (over.state, desk.stored) == (FaultState.DRIFTED, theirs)
    assert theirs in over.outcome


def test_a_late_write_of_the_run_is_put_back_within_the_same_disarm(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)

    def late(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.after = lambda _call, _name: None
            desk.parameters.write(desk.NAME, desk.ARMED)

    desk.parameters.after = late
    assert disarm(faults, entry).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


def test_a_write_after_the_disarm_is_put_back_when_asked_again(desk: Any) -> None:
    faults = desk.console()
    entry = disarm(faults, desk.arm(faults))
    desk.parameters.write(desk.NAME, desk.ARMED)
    assert disarm(faults, entry) == entry  # over is over, until asked to look again
    assert desk.stored == desk.ARMED
    (again,) = faults.disarm_run("42", by="console", why="its process is gone")
    assert (again.state, desk.stored) == (FaultState.DISARMED, desk.OFF)


def test_asked_again_it_leaves_what_others_wrote(desk: Any) -> None:
    faults = desk.console()
    entry = disarm(faults, desk.arm(faults))
    desk.parameters.write(desk.NAME, '{"isEnabled": false, "by": "them"}')
    assert faults.disarm_run("42", by="console", why="again") == [entry]
    assert "them" in desk.stored


def test_asked_again_it_leaves_the_fault_of_the_next_run(desk: Any) -> None:
    faults = desk.console()
    disarm(faults, desk.arm(faults))
    desk.arm(faults, run_id="43")
    faults.disarm_run("42", by="console", why="again")
    assert desk.stored == desk.ARMED
    faults.disarm_run("43", by="console", why="over")
    assert desk.stored == desk.OFF


def test_asked_again_it_leaves_the_fault_of_another_console(desk: Any) -> None:
    first, second = desk.console("first"), desk.console("second")
    disarm(first, desk.arm(first))
    first.close()
    desk.arm(second, run_id="7")
    first.disarm_run("42", by="console", why="again")
    assert desk.stored == desk.ARMED


def test_asked_again_much_later_it_leaves_a_value_that_somebody_means(desk: Any) -> None:
    faults = desk.console()
    disarm(faults, desk.arm(faults))
    desk.clock.advance(3600)
    desk.parameters.write(desk.NAME, desk.ARMED)
    faults.disarm_run("42", by="console", why="again")
    assert desk.stored == desk.ARMED


def test_aws_trouble_leaves_it_stuck_and_says_why(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    mend = desk.failing(Unavailable("SSM does not answer"), "put")
    stuck = disarm(faults, entry)
    assert (stuck.state, stuck.stuck, stuck.attempts) == (FaultState.DISARMING, True, 1)
    assert "SSM does not answer" in stuck.outcome
    assert faults.active() == [stuck]
    mend()
    assert disarm(faults, entry).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


def test_an_environment_that_is_gone_is_an_alarm_not_a_crash(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)

    def gone(_environment: str) -> Any:
        raise NotFound("There is no environment test.")

    faults._aws.parameters = gone
    assert disarm(faults, entry).stuck


def test_pressing_twice_is_pressing_once(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    assert disarm(faults, entry) == disarm(faults, entry)
    assert [name for call, name in desk.parameters.calls if call == "put"].count(desk.NAME) == 1


def test_the_ledger_keeps_what_is_over(desk: Any) -> None:
    faults = desk.console()
    first = disarm(faults, desk.arm(faults))
    desk.clock.advance(1)
    second = desk.arm(faults, run_id="43")
    assert [entry.id for entry in faults.history(10)] == [second.id, first.id]
    assert faults.history(10, "elsewhere") == []
    assert faults.active("test") == [second]
    with pytest.raises(NotFound):
        faults.entry(99)


def test_a_lease_is_renewed(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    until = desk.clock.now() + timedelta(minutes=1)
    faults.renew("42", until)
    assert faults.entry(entry.id).lease_until == until


def test_reading_back_does_not_call_a_disarm_off(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    mend = desk.failing(Unavailable("no"), "put")
    stuck = disarm(faults, entry)
    assert faults.confirm(entry.id) == stuck
    mend()
    over = disarm(faults, entry)
    desk.arm(faults, run_id="43")
    assert faults.confirm(entry.id) == over
    assert len(faults.active()) == 1


def test_an_unknown_environment_is_said(desk: Any) -> None:
    with pytest.raises(NotFound, match="There are: test"):
        desk.console().understand("staging", desk.NAME, desk.ARMED)


def test_what_the_experiments_own_rollback_put_back_is_said_to_be_its_doing(desk: Any) -> None:
    desk.parameters.write(desk.NAME, desk.ROLLBACK)
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, desk.ROLLBACK)
    over = faults.disarm(entry.id, by="operator", why="the run ended")
    assert over.outcome == (
        "The experiment's own rollback had put ssm:failureLambdaConfig back; read back when the run ended."
    )


def test_what_somebody_else_put_back_is_not_said_to_be_the_experiments(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.parameters.write(desk.NAME, desk.OFF)
    over = faults.disarm(entry.id, by="operator", why="the run ended")
    assert over.outcome == "ssm:failureLambdaConfig had been put back already; read back when the run ended."
