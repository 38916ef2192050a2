"""Writes that land after a disarm: in whatever state it left the entry, the fault does not stay, nor is theirs lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.aws import InMemoryParameters
from app.dialects import Fault, FaultMode
from app.errors import Unavailable
from app.faults import FaultState, Store
from app.faults.entry import Phase
from app.storage.tables import NoticeRow

THEIRS = '{"isEnabled": false, "by": "hand"}'
NEWER = '{"isEnabled": false, "by": "hand", "again": 1}'
MORE = '{"isEnabled": true, "failureMode": "denylist", "rate": 0.9, "denylist": ["dynamodb.*.amazonaws.com"]}'
THEIR_FAULT = '{"isEnabled": true, "failureMode": "latency", "rate": 1}'


@pytest.fixture
def ramp(desk: Any) -> Any:
    """A run that arms in two steps: the first was read back, the second was let go and is on its way."""
    desk.faults = desk.console()
    desk.arm(desk.faults)

    def second() -> Any:
        return desk.intend(desk.faults, value=MORE, announced=(desk.ARMED, MORE, desk.ROLLBACK))

    desk.second = second
    return desk


@pytest.fixture
def drifted(ramp: Any) -> Any:
    """Somebody switched the first step off by hand, the run was rolled back, and the second step is on its way."""
    ramp.parameters.write(ramp.NAME, THEIRS)
    ramp.second()
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    assert ramp.entry.undecided
    return ramp


def looked(desk: Any, seconds: int = 700) -> Any:
    """The guardian's next looks, second by second."""
    guardian = desk.guardian(desk.faults)
    for _ in range(seconds):
        desk.clock.advance(1)
        guardian.step()
    return desk.faults.entry(desk.entry.id)


@pytest.mark.parametrize("how", ["rolled back", "the guardian", "a choice and the guardian"])
def test_what_somebody_wrote_stands_again_where_the_fault_was_written_over_it(drifted: Any, how: str) -> None:
    if how.startswith("a choice"):
        drifted.faults.choose(drifted.entry.id, keep="theirs", by="bob")
    drifted.parameters.write(drifted.NAME, MORE)
    if how == "rolled back":
        drifted.faults.disarm_run("42", by="ann", why=how)
        after = drifted.faults.entry(drifted.entry.id)
    else:
        after = looked(drifted, 5)
    assert (after.state, drifted.stored, after.theirs) == (FaultState.DRIFTED, THEIRS, THEIRS.encode())
    assert "theirs stands again" in after.outcome
    assert after.resolved_by == ("bob" if how.startswith("a choice") else None)


def test_what_was_before_can_be_chosen_still(drifted: Any) -> None:
    drifted.parameters.write(drifted.NAME, MORE)
    looked(drifted, 5)
    assert drifted.faults.choose(drifted.entry.id, keep="ours", by="bob").state is FaultState.DISARMED
    assert drifted.stored == drifted.OFF


def test_what_they_wrote_last_stands_again(drifted: Any) -> None:
    drifted.parameters.write(drifted.NAME, NEWER)
    drifted.parameters.write(drifted.NAME, MORE)
    assert (looked(drifted).theirs, drifted.stored) == (NEWER.encode(), NEWER)


def test_what_they_deleted_stays_deleted(ramp: Any) -> None:
    ramp.parameters.delete(ramp.NAME)
    ramp.second()
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    ramp.parameters.write(ramp.NAME, MORE)
    assert (looked(ramp).state, ramp.stored) == (FaultState.DRIFTED, None)


def test_a_fault_of_theirs_is_not_written_again(ramp: Any) -> None:
    ramp.parameters.write(ramp.NAME, THEIR_FAULT)
    ramp.second()
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    assert ramp.entry.theirs_armed
    ramp.parameters.write(ramp.NAME, MORE)
    assert (looked(ramp).state, ramp.stored) == (FaultState.DISARMED, ramp.OFF)


def test_a_person_who_switches_off_after_them_is_not_overruled(ramp: Any) -> None:
    ramp.parameters.write(ramp.NAME, THEIR_FAULT)
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    ramp.parameters.write(ramp.NAME, ramp.ROLLBACK)
    after = looked(ramp)
    assert (after.state, after.theirs_armed, ramp.stored) == (FaultState.DRIFTED, False, ramp.ROLLBACK)


def test_a_fault_that_replaces_theirs_is_told_of_as_theirs(drifted: Any) -> None:
    assert not drifted.entry.theirs_armed
    drifted.parameters.write(drifted.NAME, THEIR_FAULT)
    after = looked(drifted, 5)
    assert (after.undecided, after.theirs_armed, drifted.stored) == (True, True, THEIR_FAULT)
    assert THEIR_FAULT in after.outcome


def test_their_type_and_key_stand_again_too(ramp: Any) -> None:
    as_theirs = {"kind": "SecureString", "tier": "Advanced", "key_id": "alias/theirs"}
    ramp.second()
    ramp.parameters.put(ramp.NAME, THEIRS.encode(), **as_theirs)
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    ramp.parameters.write(ramp.NAME, MORE)
    looked(ramp)
    back = ramp.parameters.peek(ramp.NAME)
    assert (back.value, back.type) == (THEIRS.encode(), "SecureString")
    assert (back.tier, back.key_id) == ("Advanced", "alias/theirs")


@pytest.mark.parametrize("call", ["get", "put", "history"])
def test_theirs_outlives_trouble_with_aws_and_the_fault_is_an_alarm_meanwhile(
    drifted: Any, call: str
) -> None:
    drifted.parameters.write(drifted.NAME, MORE)
    mend = drifted.failing(Unavailable("no"), call)
    (stuck,) = drifted.faults.disarm_run("42", by="ann", why="rolled back")
    assert (stuck.stuck, stuck.may_fire, stuck.undecided) == (True, True, False)
    mend()
    assert (looked(drifted).state, drifted.stored) == (FaultState.DRIFTED, THEIRS)


@pytest.mark.parametrize(("call", "after"), [("history", False), ("put", False), ("put", True)])
def test_theirs_outlives_the_console(drifted: Any, *, call: str, after: bool) -> None:
    drifted.parameters.write(drifted.NAME, MORE)
    drifted.die(call, after=after)
    with pytest.raises(drifted.Died):
        drifted.faults.disarm_run("42", by="ann", why="rolled back")
    drifted.faults = drifted.console()
    assert (looked(drifted).state, drifted.stored) == (FaultState.DRIFTED, THEIRS)


def test_a_fault_does_not_stay_armed_for_want_of_a_history(drifted: Any) -> None:
    drifted.parameters.write(drifted.NAME, MORE)
    drifted.failing(Unavailable("no"), "history")
    looked(drifted, 60)
    assert drifted.stored == THEIRS


def test_theirs_stands_again_where_the_fault_came_over_it_before_anybody_looked(ramp: Any) -> None:
    ramp.second()
    ramp.parameters.write(ramp.NAME, THEIRS)
    ramp.parameters.write(ramp.NAME, MORE)
    (over,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    assert (over.state, over.undecided, ramp.stored) == (FaultState.DRIFTED, True, THEIRS)


def test_what_was_written_after_a_disarm_stands_again_where_the_fault_was_written_over_it(ramp: Any) -> None:
    ramp.second()
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    assert ramp.entry.state is FaultState.DISARMED
    ramp.parameters.write(ramp.NAME, THEIRS)
    ramp.parameters.write(ramp.NAME, MORE)
    after = looked(ramp)
    assert (after.state, after.undecided, ramp.stored) == (FaultState.DRIFTED, True, THEIRS)


def test_what_a_person_chose_over_theirs_is_what_a_late_write_goes_back_to(drifted: Any) -> None:
    drifted.faults.choose(drifted.entry.id, keep="ours", by="bob")
    drifted.parameters.write(drifted.NAME, MORE)
    assert (looked(drifted).state, drifted.stored) == (FaultState.DISARMED, drifted.OFF)


def test_a_late_write_is_told_until_it_is_put_back_and_is_not_clean_any_more(ramp: Any) -> None:
    ramp.second()
    (ramp.entry,) = ramp.faults.disarm_run("42", by="ann", why="rolled back")
    ramp.faults.note(ramp.entry.id, quiet_at=ramp.clock.now(), clean_at=ramp.clock.now())
    ramp.parameters.write(ramp.NAME, MORE)
    after = looked(ramp, 5)
    assert (after.clean_at, after.phase(ramp.clock.now())) == (None, Phase.SETTLING)
    with ramp.faults.ledger.storage.reading() as session:
        kinds = [notice.kind for notice in session.query(NoticeRow).order_by(NoticeRow.id)]
    assert kinds[-1] == "disarmed"


def test_a_switch_that_somebody_set_is_set_again(desk: Any) -> None:
    name = "lambda-concurrency"
    stores = InMemoryParameters()
    desk.faults = desk.console()
    desk.faults._aws.others = {name: stores}
    zero, one, theirs = (f'{{"ReservedConcurrentExecutions": {limit}}}' for limit in (0, 1, 7))
    given = {
        "store": Store(environment="test", kind=name, name="f"), "fault": Fault(mode=FaultMode.CONCURRENCY, rate=1),
        "dialect": name, "announced": (zero, one), "safe_value": None,
    }  # fmt: skip
    desk.entry = desk.intend(desk.faults, value=zero, **given)
    stores.write("f", zero)
    desk.faults.confirm(desk.entry.id)
    stores.write("f", theirs)
    desk.faults.disarm_run("42", by="ann", why="rolled back")
    stores.history = lambda _name: ()  # a setting has none
    stores.write("f", one)
    assert (looked(desk).state, stores.text("f")) == (FaultState.DRIFTED, theirs)
