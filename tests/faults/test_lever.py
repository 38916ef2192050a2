"""The safety lever: nothing is armed while it is engaged, whatever dies and whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.errors import Conflict, NotFound, Unavailable


def test_engaging_disarms_what_is_armed_and_refuses_what_would_be(desk):
    faults = desk.console()
    entry = desk.arm(faults)
    lever = faults.engage(None, by="ana", why="customers call")
    assert (lever.engaged, lever.by, lever.why, lever.at) == (True, "ana", "customers call", desk.clock.now())
    assert not faults.entry(entry.id).active
    assert desk.stored == desk.OFF
    with pytest.raises(Conflict, match=r"engaged by ana at .*customers call.*until a person disengages"):
        desk.intend(faults, run_id="43")
    with pytest.raises(Conflict):
        faults.arm(store=desk.STORE, fault=desk.REFUSED, by="bo", lifetime=timedelta(minutes=1))
    assert desk.stored == desk.OFF


def test_a_full_disk_does_not_keep_it_from_disarming(desk: Any, monkeypatch: Any) -> None:
    faults = desk.console()
    desk.arm(faults)

    def full(*_asked: Any, **_more: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(faults.ledger.storage, "writing", full)
    with pytest.raises(OSError, match="No space"):
        faults.engage(None, by="ann", why="customers call")
    assert desk.stored == desk.OFF


def test_it_stays_engaged_across_restarts_until_a_person_disengages_it(desk):
    desk.console().engage("test", by="ana", why="")
    again = desk.console()
    with pytest.raises(Conflict):
        again.refuse_while_engaged("test")
    again.disengage("test", by="bo", why="it was the network")
    again.refuse_while_engaged("test")
    assert desk.arm(again).active


def test_that_of_one_environment_leaves_the_others_alone(desk):
    faults = desk.console()
    faults.engage("test", by="ana", why="")
    faults.refuse_while_engaged("another")
    faults.engage(None, by="ana", why="")
    faults.disengage("test", by="ana", why="")
    with pytest.raises(Conflict, match="of all environments"):
        faults.refuse_while_engaged("test")


def test_engaging_it_twice_keeps_who_was_first(desk):
    faults = desk.console()
    faults.engage(None, by="ana", why="customers call")
    desk.clock.advance(60)
    assert faults.engage(None, by="bo", why="me too").by == "ana"


def test_an_unknown_environment_has_none(desk):
    with pytest.raises(NotFound, match="There are: test"):
        desk.console().engage("tset", by="ana", why="")


def test_a_console_that_dies_between_lever_and_disarm_is_finished_by_the_guardian_of_the_next(desk):
    faults = desk.console()
    entry = desk.arm(faults)
    desk.die("get")
    with pytest.raises(desk.Died):
        faults.engage(None, by="ana", why="")
    assert desk.stored == desk.ARMED
    again = desk.console()
    desk.clock.advance(31)  # a disarm that says nothing for so long died on its way
    desk.guardian(again).step()
    assert not again.entry(entry.id).active
    assert desk.stored == desk.OFF


def test_the_guardian_disarms_what_another_process_forbade(desk):
    faults = desk.console()
    entry = desk.arm(faults)
    faults.lever.set(None, engaged=True, by="ana", why="")
    assert desk.guardian(faults).step()
    assert not faults.entry(entry.id).active


def test_aws_that_does_not_answer_leaves_an_alarm_and_an_engaged_lever(desk):
    faults = desk.console()
    entry = desk.arm(faults)
    mend = desk.failing(Unavailable("AWS is away"), "get", "put")
    assert faults.engage(None, by="ana", why="").engaged
    assert faults.entry(entry.id).stuck
    mend()
    desk.clock.advance(31)
    desk.guardian(faults).step()
    assert not faults.entry(entry.id).active
