"""The channels that a schedule names hear of everything about its runs, besides the environment's own, and once."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import FrozenClock
from app.runs import Wish
from tests.faults.conftest import Desk, desk, empty
from tests.notifications.test_from_producers import GETPID, Firm
from tests.runs.conftest import Stage, children, experiment, stage

__all__ = ["children", "desk", "empty", "stage"]


@pytest.mark.parametrize(
    ("environment", "schedule", "hear"),
    [
        ((), ["ops"], {"ops"}),
        (("pager",), ["ops"], {"ops", "pager"}),
        (("ops", "pager"), ["ops"], {"ops", "pager"}),
        (("pager",), [], {"pager"}),
        (None, ["ops"], {"ops", "pager", "mail"}),
    ],
)
def test_a_schedule_s_channels_hear_of_everything_about_its_run_once(
    stage: Stage, desk: Desk, clock: FrozenClock, environment: Any, schedule: list[str], hear: set[str]
) -> None:
    stage.catalog.add("one", experiment(GETPID))
    firm = Firm(stage=stage, desk=desk, clock=clock, tell=environment)
    one = firm.create(tell=schedule)
    firm.fire()
    run = stage.finish(stage.runs.get(firm.schedules.fires(one.id)[0].run_id))
    entry = desk.arm(firm.faults, run_id=str(run.id))
    firm.faults.disarm(entry.id, by="maria", why="maria asked for it")
    stage.faults.lever = "Black Friday"
    firm.fire()
    firm.carry()
    assert {name for name, _ in firm.got} == hear
    for name in hear:
        kinds = [kind for kind, _ in firm.texts(name)]
        assert sorted(kinds) == ["armed", "arming", "disarmed", "schedule refused", "verdict"]


def test_what_is_armed_by_hand_or_by_another_run_is_not_for_a_schedule_s_channels(
    stage: Stage, desk: Desk, clock: FrozenClock
) -> None:
    stage.catalog.add("one", experiment(GETPID))
    firm = Firm(stage=stage, desk=desk, clock=clock, tell=("pager",))
    firm.create(tell=["ops"])
    run = stage.finish(stage.runs.start("one", Wish(), by="otto"))
    firm.faults.disarm(desk.arm(firm.faults, run_id=str(run.id)).id, by="maria", why="")
    firm.faults.disarm(desk.arm(firm.faults, run_id=None).id, by="maria", why="")
    firm.carry()
    assert {name for name, _ in firm.got} == {"pager"}
