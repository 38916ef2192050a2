"""Schedules over real runs, each a real child: three days with a restart after each step, and every fire one run."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clock import FrozenClock
from app.runs import Supervisor, Verdict
from app.schedules import Calendars, FireState, Scheduler, Schedules
from tests.runs.conftest import children, experiment, stage
from tests.waiting import until

__all__ = ["children", "stage"]
GETPID = {
    "type": "action",
    "name": "nothing",
    "provider": {"type": "python", "module": "os", "func": "getpid"},
}
NOW = datetime(2027, 3, 26, 12, tzinfo=UTC)


def opened(stage: Any, clock: FrozenClock) -> tuple[Schedules, Scheduler]:
    settings, storage = stage.runs.rooms.settings, stage.runs.rooms.storage
    calendars = Calendars(
        settings.environments, folder=stage.folder, cache=stage.folder / "kept", clock=clock
    )
    schedules = Schedules(
        storage=storage,
        catalog=stage.catalog,
        settings=settings,
        runs=stage.runs,
        clock=clock,
        calendars=calendars,
    )
    return schedules, Scheduler(schedules, storage, clock)


def test_three_days_over_a_change_of_clocks(stage: Any) -> None:
    clock = FrozenClock(NOW)
    stage.catalog.add("one", experiment(GETPID))
    schedules, scheduler = opened(stage, clock)
    made = [
        schedules.create({"name": name, "experiment": "one", "environment": "test", **rule}, by="maria")
        for name, rule in {
            "gap": {"cron": "30 2 * * *", "time_zone": "Europe/Berlin"},
            "far": {"cron": "0 9 * * *", "time_zone": "America/New_York"},
            "often": {"every": "17h", "start": "2027-03-26T13:00"},
        }.items()
    ]
    while (wanted := min(s.due_at for s in schedules.soonest())) <= NOW + timedelta(days=3):
        clock.advance((wanted - clock.now()).total_seconds())
        scheduler._firing.write_due()
        schedules, scheduler = opened(stage, clock)  # another console, between the fire and its run
        scheduler.step()
        scheduler.step()
    fires = [fire for one in made for fire in schedules.fires(one.id)]
    assert Counter(fire.schedule_id for fire in fires) == {made[0].id: 3, made[1].id: 3, made[2].id: 5}
    assert {fire.state for fire in fires} == {FireState.STARTED}
    runs = [stage.finish(run) for run in stage.runs.list(100)]
    assert sorted(run.id for run in runs) == sorted(fire.run_id for fire in fires)
    assert {run.verdict for run in runs} == {Verdict.HELD}
    assert Counter(run.schedule for run in runs) == Counter(fire.schedule_id for fire in fires)
    assert {run.requested_by for run in runs} == {"schedule gap", "schedule far", "schedule often"}


def test_a_store_that_a_run_holds_refuses_a_fire_with_the_run_s_number(stage: Any) -> None:
    clock = FrozenClock(NOW)
    schedules, scheduler = opened(stage, clock)
    holding = stage.start(experiment(stage.arms(pauses={"after": 60})), "one")
    one = schedules.create(
        {"name": "busy", "experiment": "one", "environment": "test", "every": "1h"}, by="maria"
    )
    clock.advance(3600)
    scheduler.step()
    (fire,) = schedules.fires(one.id)
    assert fire.state is FireState.REFUSED
    assert f"run {holding.id}" in fire.sentence
    stage.runs.rollback(holding.id, by="test")
    stage.finish(holding)
    clock.advance(3600)
    scheduler.step()
    assert schedules.fires(one.id)[0].state is FireState.STARTED


def test_one_that_queues_waits_in_line_when_it_is_run_by_hand_too(stage: Any) -> None:
    schedules, _ = opened(stage, FrozenClock(NOW))
    stage.supervisor.start()
    holding = stage.start(experiment(stage.arms(pauses={"after": 60})), "one")
    one = schedules.create(
        {"name": "busy", "experiment": "one", "environment": "test", "every": "1h", "queue": True}, by="maria"
    )
    fire = schedules.run_now(one.id, by="maria")
    assert fire.state is FireState.STARTED, fire.sentence
    assert stage.runs.get(fire.run_id).waiting
    stage.runs.rollback(holding.id, by="test")
    until(lambda: not stage.runs.get(fire.run_id).waiting)
    stage.runs.rollback(fire.run_id, by="test")
    assert stage.finish(stage.runs.get(fire.run_id)).started_at is not None


def test_a_fire_that_a_console_s_end_overtakes_waits_for_the_next_console(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FrozenClock(NOW)
    stage.catalog.add("one", experiment(GETPID))
    schedules, scheduler = opened(stage, clock)
    one = schedules.create(
        {"name": "nightly", "experiment": "one", "environment": "test", "cron": "0 3 * * *"}, by="maria"
    )
    reading = stage.runs.rooms.reading
    snapshot = reading.snapshot

    def after_the_end(*asked: Any) -> Any:
        stage.supervisor.shutdown()
        return snapshot(*asked)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(reading, "snapshot", after_the_end)
        clock.advance(15 * 3600)
        scheduler.step()
    (fire,) = schedules.fires(one.id)
    assert (fire.state, fire.run_id) == (FireState.WAITING, None)
    assert "going down" in fire.sentence
    clock.advance(60)
    Supervisor(stage.runs).heal()
    stage.runs.dispatch._open = True
    schedules, scheduler = opened(stage, clock)
    scheduler.step()
    (fire,) = schedules.fires(one.id)
    run = stage.finish(stage.runs.get(fire.run_id))
    assert (fire.state, run.verdict) == (FireState.STARTED, Verdict.HELD)
    assert "started" in stage.kinds(run)


def test_the_lever_and_an_invalid_file_refuse_with_their_sentences(stage: Any) -> None:
    clock = FrozenClock(NOW)
    schedules, scheduler = opened(stage, clock)
    stage.catalog.add("one", experiment(GETPID))
    one = schedules.create(
        {"name": "s", "experiment": "one", "environment": "test", "every": "1h"}, by="maria"
    )
    stage.faults.lever = "Black Friday"
    clock.advance(3600)
    scheduler.step()
    stage.faults.lever = ""
    stage.catalog.add("one", experiment(GETPID), valid=False)
    clock.advance(3600)
    scheduler.step()
    del stage.catalog.known["one"]
    clock.advance(3600)
    scheduler.step()
    told = [fire.sentence for fire in reversed(schedules.fires(one.id))]
    assert "Black Friday" in told[0]
    assert "one.json is not a valid experiment." in told[1]
    assert "There is no experiment one." in told[2]
