"""A change counts from then on: what was due, or had come and waits for its jitter, is not lost over it, and never comes twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.schedules import FireState, Schedule, WantedFires
from tests.schedules.conftest import NIGHTLY, World

FILE = {"name": "nightly", "experiment": "one", "cron": "0 3 * * *", "time_zone": "UTC"}


def write(world: World, *schedules: dict[str, Any]) -> None:
    """The file as somebody's deployment leaves it; nobody looks at it yet."""
    path = world.folder / "experiments" / "lab" / "schedules.yaml"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(json.dumps({"schedules": list(schedules)}))
    os.utime(path, ns=(before + 10**9, before + 10**9))


def only(world: World) -> Schedule:
    (one,) = world.schedules.list()
    return one


def in_its_jitter(world: World) -> Schedule:
    """One whose time has come half a minute ago, and that waits for its jitter."""
    one = world.create(jitter="2h")
    world.at("2026-11-25 03:00:30")
    assert one.due_at is not None
    assert one.due_at - world.clock.now() > timedelta(minutes=5)
    world.scheduler.step()
    assert world.fires(one) == []
    return one


def until(world: World, moment: datetime) -> None:
    """Nothing before, and all that is due then."""
    world.clock.advance((moment - world.clock.now()).total_seconds() - 1)
    world.scheduler.step()
    assert world.runs.asked == []
    assert world.scheduler.wants() == moment
    world.clock.advance(1)
    world.scheduler.step()


def pause_and_resume(world: World, one: Schedule) -> None:
    world.schedules.pause(one.id, by="maria")
    world.clock.advance(60)
    world.schedules.resume(one.id)


def amend(**fields: Any) -> Callable[[World, Schedule], object]:
    return lambda world, one: world.schedules.amend(one.id, fields, version=one.version)


EDITS = {
    "who is told": amend(tell=["ops"]),
    "its name": amend(name="another"),
    "its jitter": amend(jitter=None),
    "its rule": amend(cron="0 5 * * *"),
    "its kind": amend(every="7h", jitter=None),
    "all of it": lambda world, one: world.schedules.replace(
        one.id, NIGHTLY | {"cron": "30 3 * * *"}, version=one.version
    ),
    "paused, and resumed": pause_and_resume,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_time_that_waits_for_its_jitter_fires_whatever_is_changed(
    world: World, edit: Callable[[World, Schedule], object]
) -> None:
    one = in_its_jitter(world)
    assert one.due_at is not None
    edit(world, one)
    world.restart()
    world.scheduler.step()
    assert world.runs.asked == []
    world.clock.advance((one.due_at - world.clock.now()).total_seconds())
    world.scheduler.step()
    (fire,) = (fire for fire in world.fires(one) if fire.at == one.next_at)
    assert (fire.state, fire.due_at) == (FireState.STARTED, one.due_at)
    world.scheduler.step()
    assert [asked["key"] for asked in world.runs.asked].count(fire.key) == 1


def test_it_fires_when_it_is_due_and_the_new_rule_holds_besides(world: World) -> None:
    one = in_its_jitter(world)
    assert one.due_at is not None
    changed = world.schedules.amend(one.id, {"cron": "30 6 * * *", "jitter": None}, version=one.version)
    assert f"{changed.next_at:%d %H:%M}" == "25 06:30"
    until(world, one.due_at)
    world.at("2026-11-25 06:30:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started"), ("11-25 06:30", "started")]


@pytest.mark.parametrize("end", ["paused", "deleted"])
def test_while_it_is_held_or_gone_what_waits_for_its_jitter_is_refused_and_kept(
    world: World, end: str
) -> None:
    one = in_its_jitter(world)
    assert one.due_at is not None
    if end == "paused":
        world.schedules.pause(one.id, by="maria")
    else:
        world.schedules.delete(one.id)
    world.clock.advance((one.due_at - world.clock.now()).total_seconds())
    world.scheduler.step()
    assert world.runs.asked == []
    (fire,) = world.schedules.find_fires(
        WantedFires(since=one.due_at, until=one.due_at + timedelta(seconds=1))
    )
    assert fire.state is FireState.REFUSED
    assert fire.sentence == f"The schedule was {end} before its run was asked for."
    assert len(world.notices()) == (end == "paused")


def test_a_change_before_the_first_look_after_a_restart_loses_nothing(world: World) -> None:
    """The console was away over two of its times, and somebody is faster than its first look."""
    once, skip = world.create(missed="run_once"), world.create(name="other")
    world.at("2026-11-26 09:00:00")
    world.restart()
    for one in (once, skip):
        world.schedules.amend(one.id, {"cron": "0 5 * * *"}, version=one.version)
    world.scheduler.step()
    assert world.told(once) == [("11-25 03:00", "missed"), ("11-26 03:00", "started")]
    assert world.told(skip) == [("11-25 03:00", "missed"), ("11-26 03:00", "missed")]
    assert [notice["schedule"] for notice in world.notices()] == [skip.id]
    assert f"{only_named(world, 'nightly').next_at:%d %H:%M}" == "27 05:00"


def only_named(world: World, name: str) -> Schedule:
    return next(one for one in world.schedules.list() if one.name == name)


def test_a_change_in_the_second_in_which_it_is_due_loses_nothing(world: World) -> None:
    one = world.create()
    world.at("2026-11-25 03:00:00")
    world.schedules.amend(one.id, {"cron": "0 5 * * *"}, version=one.version)
    world.scheduler.step()
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]


@pytest.mark.parametrize(("missed", "becomes"), [("run_once", "started"), ("skip", "missed")])
@pytest.mark.parametrize(
    "change",
    [{"tell": ["ops"]}, {"cron": "0 5 * * *"}, {"missed": "run_once"}, {"missed": "skip"}, {"jitter": "5m"}],
    ids=str,
)
def test_a_file_that_changes_while_nobody_is_there_loses_nothing(
    world: World, missed: str, becomes: str, change: dict[str, Any]
) -> None:
    """What becomes of the times that were missed goes by the definition that they came by."""
    write(world, FILE | {"missed": missed})
    world.scheduler.step()
    one = only(world)
    world.at("2026-11-25 03:30:00")
    write(world, FILE | {"missed": missed} | change)
    world.restart()
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", becomes)]
    assert len(world.notices()) == (becomes == "missed")
    world.scheduler.step()
    assert len(world.runs.asked) == (becomes == "started")
    assert only(world).next_at is not None


def test_a_file_that_drops_a_schedule_while_nobody_is_there_leaves_what_was_due_on_record(
    world: World,
) -> None:
    write(world, FILE | {"missed": "run_once"}, FILE | {"name": "skipped"})
    world.scheduler.step()
    made = world.schedules.list()
    world.at("2026-11-25 03:30:00")
    write(world)
    world.restart()
    world.scheduler.step()
    assert world.runs.asked == []
    fires = world.schedules.find_fires(WantedFires(since=world.clock.now() - timedelta(hours=1)))
    assert {fire.schedule_id: str(fire.state) for fire in fires} == {
        made[0].id: "refused",
        made[1].id: "missed",
    }


def test_a_file_that_changes_in_a_jitter_loses_nothing(world: World) -> None:
    write(world, FILE | {"jitter": "2h"})
    world.scheduler.step()
    one = only(world)
    assert one.due_at is not None
    world.at("2026-11-25 03:00:30")
    write(world, FILE | {"cron": "0 9 * * *"})
    world.scheduler.step()
    until(world, one.due_at)
    assert world.told(one) == [("11-25 03:00", "started")]


@pytest.mark.parametrize(("missed", "becomes"), [("run_once", "started"), ("skip", "missed")])
def test_a_time_that_waited_for_its_jitter_when_the_console_went_is_missed_as_any_other(
    world: World, missed: str, becomes: str
) -> None:
    one = world.create(jitter="2h", missed=missed)
    world.at("2026-11-25 03:00:30")
    world.schedules.amend(one.id, {"cron": "0 9 * * *"}, version=one.version)
    world.at("2026-11-25 05:30:00")
    world.restart()
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", becomes)]
    assert len(world.notices()) == (becomes == "missed")


def test_two_consoles_over_one_change_start_it_once(world: World) -> None:
    """One writes what is due while somebody changes the schedule through the other."""
    one = world.create()
    other, its = world.another()
    world.at("2026-11-25 03:00:00")
    its._firing.write_due()
    other.amend(one.id, {"cron": "0 5 * * *"}, version=one.version)
    world.scheduler.step()
    its.step()
    assert world.told(one) == [("11-25 03:00", "started")]
    assert len(world.runs.asked) == 1
    assert f"{world.schedules.get(one.id).next_at:%d %H:%M}" == "25 05:00"


def test_a_change_that_comes_too_late_leaves_no_trace(world: World) -> None:
    one = in_its_jitter(world)
    world.schedules.amend(one.id, {"tell": ["ops"]}, version=one.version)
    with pytest.raises(Exception, match="changed meanwhile"):
        world.schedules.amend(one.id, {"cron": "0 5 * * *"}, version=one.version)
    assert world.fires(one) == []
    assert world.schedules.get(one.id).due_at == one.due_at
