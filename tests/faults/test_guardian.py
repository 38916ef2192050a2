"""No fault outlives its lease, its deadline, or whoever held it; the process may die at any point."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.errors import Unavailable
from app.faults import FaultState
from app.faults.guardian import because


def test_it_leaves_a_healthy_fault_alone(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    assert desk.guardian(faults).step() is False
    assert desk.stored == desk.ARMED


def test_it_disarms_at_the_deadline(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults, lease_until=None)
    desk.clock.advance(10 * 60)
    assert desk.guardian(faults).step() is True
    assert "its deadline passed" in faults.entry(entry.id).outcome
    assert desk.stored == desk.OFF


def test_it_disarms_when_the_lease_is_lost(desk: Any) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.clock.advance(31)
    desk.guardian(faults).step()
    assert "its run did not renew it" in faults.entry(entry.id).outcome
    assert desk.stored == desk.OFF


def test_after_a_sleep_a_lease_is_lost_whoever_wakes_up_first(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    desk.clock.advance(31)
    faults.renew("42", desk.clock.now() + timedelta(minutes=2))
    desk.guardian(faults).step()
    assert desk.stored == desk.OFF


def test_a_renewed_lease_does_not_move_the_deadline(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    for _ in range(20):
        faults.renew("42", desk.clock.now() + timedelta(minutes=2))
        desk.clock.advance(30)
    desk.guardian(faults).step()
    assert desk.stored == desk.OFF


def test_it_tries_for_ever_and_ever_more_slowly(desk: Any) -> None:
    faults = desk.console()
    desk.arm(faults)
    mend = desk.failing(Unavailable("no"), "get", "put")
    guardian = desk.guardian(faults)
    desk.clock.advance(600)
    tried = 0
    for _ in range(600):
        tried += guardian.step()
        desk.clock.advance(1)
    assert 20 <= tried <= 30
    mend()
    desk.clock.advance(30)
    guardian.step()
    assert desk.stored == desk.OFF
    assert faults.active() == []


def test_one_store_that_fails_does_not_keep_another_armed(desk: Any) -> None:
    desk.parameters.write("other", desk.OFF)
    faults = desk.console()
    desk.arm(faults)
    other = faults.arm(
        store=type(desk.STORE)(environment="test", name="other"), fault=desk.REFUSED, by="operator",
        lifetime=timedelta(minutes=1),
    )  # fmt: skip

    def refuse(_call: str, name: str) -> None:
        if name == desk.NAME:
            raise Unavailable("no")

    desk.parameters.before = refuse
    desk.clock.advance(600)
    desk.guardian(faults).step()
    assert faults.entry(other.id).state is FaultState.DISARMED


@pytest.mark.parametrize("how", ["the guardian", "the lever", "the run's end"])
def test_one_disarm_that_breaks_does_not_keep_another_armed(desk: Any, monkeypatch: Any, how: str) -> None:
    desk.parameters.write("other", desk.OFF)
    faults = desk.console()
    older = desk.arm(faults)
    newer = desk.intend(faults, store=type(desk.STORE)(environment="test", name="other"))
    disarm = faults.disarm

    def broken(entry_id: int, **how: Any) -> Any:
        if entry_id == newer.id:  # the newest is disarmed first
            raise KeyError("nobody thought of this")
        return disarm(entry_id, **how)

    monkeypatch.setattr(faults, "disarm", broken)
    desk.clock.advance(600)
    if how == "the guardian":
        desk.guardian(faults).step()
    else:
        with pytest.raises(KeyError):
            faults.engage(None, by="ann", why="") if how == "the lever" else faults.disarm_run(
                "42", by="ann", why="asked"
            )
    assert faults.entry(older.id).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


@pytest.mark.parametrize("state", [FaultState.ARMED, FaultState.FLUSHING, FaultState.DISARMING])
def test_it_says_why_it_disarms(desk: Any, state: FaultState) -> None:
    now = desk.clock.now()
    entry = replace(desk.arm(desk.console()), state=state, lease_until=None)
    words = {
        FaultState.ARMED: "the safety lever is engaged",
        FaultState.FLUSHING: "warm containers had their time to clear",
        FaultState.DISARMING: "a disarm did not finish",
    }
    assert because(entry, now) == words[state]


@pytest.mark.parametrize(
    ("call", "on", "after", "armed"),
    [
        ("create", "lock", False, False),  # intent committed, nothing written
        ("create", "lock", True, False),
        ("put", "store", False, False),  # lock taken, the fault not sent
        ("put", "store", True, True),  # written, its answer never seen
        ("get", "store", False, False),  # by hand: before looking what is there
    ],
)
def test_a_console_that_dies_while_arming_leaves_a_trail(
    desk: Any, *, call: str, on: str, after: bool, armed: bool
) -> None:
    faults = desk.console()
    desk.die(call, after=after, name=desk.LOCK if on == "lock" else desk.NAME)
    with pytest.raises(desk.Died):
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    assert ('"isEnabled": true' in desk.stored) is armed
    heir = desk.console()
    guardian = desk.guardian(heir)
    guardian.recover(heir.ledger.by_hand())
    assert desk.stored == desk.OFF
    assert heir.active() == []
    assert desk.intend(heir).state is FaultState.INTENDED


@pytest.mark.parametrize(("call", "after"), [("get", False), ("get", True), ("put", False), ("put", True)])
def test_a_console_that_dies_while_disarming_is_succeeded(desk: Any, *, call: str, after: bool) -> None:
    faults = desk.console()
    entry = desk.arm(faults)
    desk.die(call, after=after)
    with pytest.raises(desk.Died):
        faults.disarm(entry.id, by="operator", why="asked")
    heir = desk.console()
    assert heir.entry(entry.id).state is FaultState.DISARMING
    desk.clock.advance(31)
    desk.guardian(heir).step()
    assert heir.entry(entry.id).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


def test_a_run_that_died_with_its_console_is_disarmed_by_its_lease(desk: Any) -> None:
    desk.arm(desk.console())
    heir = desk.console()
    desk.clock.advance(31)
    desk.guardian(heir).step()
    assert (desk.stored, heir.active()) == (desk.OFF, [])


def test_two_guardians_at_once_write_once_or_agree(desk: Any) -> None:
    first, second = desk.console(), desk.console()
    entry = desk.arm(first)
    desk.clock.advance(600)

    def meanwhile(call: str, name: str) -> None:
        if (call, name) == ("put", desk.NAME):
            desk.parameters.before = lambda _call, _name: None
            desk.guardian(second).step()  # nothing is due: the disarm under way has its time
            second.disarm(entry.id, by="a person", why="asked")

    desk.parameters.before = meanwhile
    desk.guardian(first).step()
    assert first.entry(entry.id).state is FaultState.DISARMED
    assert desk.stored == desk.OFF


def test_its_thread_recovers_and_ends(desk: Any) -> None:
    faults = desk.console()
    entry = faults.arm(store=desk.STORE, fault=desk.REFUSED, by="operator", lifetime=timedelta(minutes=1))
    heir = desk.console()
    guardian = desk.guardian(heir)
    guardian.start()
    guardian.stop()
    assert heir.entry(entry.id).outcome.endswith("because the console that armed it ended without disarming.")
    assert desk.stored == desk.OFF


def test_what_a_killed_run_writes_late_is_put_back_without_anyone_asking(desk: Any) -> None:
    faults = desk.console()
    entry = desk.intend(faults)  # the child was told to go on, and has not written yet
    desk.clock.advance(31)
    guardian = desk.guardian(faults)
    guardian.step()
    assert faults.entry(entry.id).state is FaultState.DISARMED
    desk.parameters.write(desk.NAME, desk.ARMED)
    desk.clock.advance(3)
    assert guardian.step() is True
    assert desk.stored == desk.OFF
    assert "once more" in faults.entry(entry.id).outcome


def test_it_looks_again_a_few_times_and_then_no_more(desk: Any) -> None:
    faults = desk.console()
    faults.disarm(desk.arm(faults).id, by="operator", why="asked")
    guardian, looks = desk.guardian(faults), 0
    for _ in range(300):
        desk.clock.advance(1)
        looks += guardian.step()
    assert looks == 3


def test_looking_again_does_not_disturb_the_next_run(desk: Any) -> None:
    faults = desk.console()
    faults.disarm(desk.arm(faults).id, by="operator", why="asked")
    desk.arm(faults, run_id="43", lease_until=None)
    for _ in range(70):
        desk.clock.advance(1)
        desk.guardian(faults).step()
    assert desk.stored == desk.ARMED
