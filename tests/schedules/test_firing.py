"""From a time that is due to a run: once, whoever restarts; and what is kept and told where there is none."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clock import FrozenClock, SystemClock
from app.errors import Conflict, Invalid, Unavailable
from app.runs import Wish
from app.schedules import FireState, Scheduler
from app.schedules.firing import BATCH
from app.settings import Environment
from tests.schedules.conftest import NIGHTLY, World
from tests.waiting import PATIENCE, until


def raises(error: Exception) -> Any:
    def refuse() -> None:
        raise error

    return refuse


def test_it_fires_when_it_is_due_and_not_before(world: World) -> None:
    one = world.create(variables={"a": 1}, rollback_strategy="always", accept=["unproven"])
    world.at("2026-11-25 02:59:59")
    assert not world.scheduler.step()
    assert world.scheduler.wants() == datetime(2026, 11, 25, 3, tzinfo=UTC)
    world.at("2026-11-25 03:00:00")
    assert world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]
    assert world.runs.asked == [{
        "experiment": "lab/one", "key": f"schedule:{one.id}:2026-11-25T03:00:00+00:00", "queue": False,
        "by": "schedule nightly", "asked": Wish(
            environment="test", variables={"a": 1}, rollback_strategy="always", accept=("unproven",), schedule=one.id
        ),
    }]  # fmt: skip
    assert world.schedules.get(one.id).next_at == datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert not world.scheduler.step()


def test_a_clock_that_steps_back_fires_nothing_twice(world: World) -> None:
    one = world.create(cron="*/10 * * * *")
    for moment in ("12:10", "12:20", "11:55", "12:10", "12:15", "12:20", "12:30"):
        world.at(f"2026-11-24 {moment}")
        world.scheduler.step()
    assert world.told(one) == [(f"11-24 12:{m}", "started") for m in ("10", "20", "30")]
    assert len(world.runs.asked) == 3


def test_an_edit_after_the_clock_stepped_back_does_not_bring_a_fire_again(world: World) -> None:
    one = world.create(cron="*/10 * * * *")
    world.at("2026-11-24 12:10")
    world.scheduler.step()
    world.at("2026-11-24 11:59")
    world.schedules.amend(one.id, {"missed": "run_once"}, version=one.version)
    world.schedules.pause(one.id, by="maria")
    world.schedules.resume(one.id)
    world.at("2026-11-24 12:10")
    world.scheduler.step()
    assert len(world.runs.asked) == 1


def test_two_consoles_in_the_same_second_start_it_once(world: World) -> None:
    one = world.create()
    _, other = world.another()
    world.at("2026-11-25 03:00:00")
    world.scheduler._firing.write_due()
    other._firing.write_due()
    open_ones = other._firing.open()
    other.step()
    world.scheduler._firing.start(open_ones[0])  # the first one was slow, and asks as well
    assert world.told(one) == [("11-25 03:00", "started")]
    assert len(world.runs.asked) == 1


def test_both_read_the_same_row_and_one_of_them_writes_the_fire(world: World, monkeypatch: Any) -> None:
    """The second one planned before the first one wrote."""
    one = world.create()
    _, other = world.another()
    world.at("2026-11-25 03:00:00")
    planned = other._firing._passed

    def first_the_other(schedule: Any, now: Any) -> Any:
        times = planned(schedule, now)
        world.scheduler._firing.write_due()
        return times

    monkeypatch.setattr(other._firing, "_passed", first_the_other)
    other._firing.write_due()
    assert world.told(one) == [("11-25 03:00", "intended")]


def test_a_fire_that_was_written_and_not_started_is_started_at_the_next_start(world: World) -> None:
    one = world.create()
    world.at("2026-11-25 03:00:00")
    world.scheduler._firing.write_due()
    assert world.runs.asked == []
    world.at("2026-11-25 03:20:00")
    world.restart()
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]


def test_a_run_that_was_started_and_not_noted_is_found_by_its_key_however_late(world: World) -> None:
    one = world.create()
    world.at("2026-11-25 03:00:00")
    world.scheduler._firing.write_due()
    fire = world.fires(one)[0]
    run = world.runs.start("lab/one", Wish(), key=fire.key, by="schedule nightly")
    world.at("2026-11-27 09:00:00")
    world.restart()
    world.scheduler.step()
    assert [(f.run_id, f.state) for f in world.fires(one) if f.id == fire.id] == [(run.id, FireState.STARTED)]


@pytest.mark.parametrize(
    ("missed", "back", "told", "notices"),
    [
        ("skip", "11-27 09:00", ["missed", "missed", "missed"], 1),
        ("run_once", "11-27 09:00", ["missed", "missed", "started"], 0),
        ("skip", "11-27 03:04", ["missed", "missed", "started"], 1),  # the last one is late, and not too late
        ("skip", "11-25 03:04", ["started"], 0),
        ("skip", "11-25 03:06", ["missed"], 1),
        ("run_once", "11-25 23:00", ["started"], 0),
    ],
)
def test_what_was_missed_is_skipped_or_run_once(
    world: World, missed: str, back: str, told: list[str], notices: int
) -> None:
    one = world.create(missed=missed)
    world.at(f"2026-{back}:00")
    world.restart()
    world.scheduler.step()
    assert [state for _, state in world.told(one)] == told
    assert len(world.runs.asked) == told.count("started")
    assert len(world.notices()) == notices


def test_a_year_of_downtime_leaves_a_hundred_rows_and_one_run(world: World) -> None:
    one = world.create(cron="* * * * *", missed="run_once")
    world.at("2027-11-24 12:00:00")
    world.scheduler.step()
    assert len(world.fires(one)) == 100
    assert len(world.runs.asked) == 1
    assert world.schedules.get(one.id).next_at == datetime(2027, 11, 24, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Conflict("ssm:x is in use by run 7. Wait for its end, or roll it back.", run=7), "in use by run 7"),
        (Invalid("It is armed. Wait.", findings=[], accept=[]), "It is armed. Wait."),
        (ValueError("odd"), "The console made a mistake: ValueError: odd"),
    ],
)
def test_a_refusal_is_an_outcome_that_is_kept_and_told(world: World, error: Exception, says: str) -> None:
    one = world.create(tell=["ops"])
    world.runs.refuse = raises(error)
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    (fire,) = world.fires(one)
    assert fire.state is FireState.REFUSED
    assert says in fire.sentence
    (notice,) = world.notices()
    assert (notice["kind"], notice["subject"], notice["channels"]) == (
        "schedule refused",
        f"schedule:{one.id}",
        ["ops"],
    )
    assert notice["sentence"] == fire.sentence
    world.runs.refuse = lambda: None
    world.at("2026-11-25 03:00:30")
    world.scheduler.step()
    assert world.runs.asked == []  # it does not come back by itself


def test_a_busy_store_is_waited_for_where_the_schedule_queues(world: World) -> None:
    one = world.create(queue=True)
    world.runs.refuse = raises(Conflict("ssm:x is in use by run 7.", run=7))
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert [(f.state, f.sentence) for f in world.fires(one)] == [
        (FireState.WAITING, "ssm:x is in use by run 7.")
    ]
    world.runs.refuse = lambda: None
    world.at("2026-11-25 03:40:00")
    world.restart()
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]
    assert world.notices() == []


def test_it_does_not_wait_for_ever_nor_past_its_next_fire(world: World) -> None:
    daily, hourly = world.create(queue=True), world.create(queue=True, name="often", cron="*/30 * * * *")
    world.runs.refuse = raises(Conflict("ssm:x is in use by run 7.", run=7))
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    world.at("2026-11-25 03:30:00")
    world.scheduler.step()
    assert "It waited until the next one was due." in world.fires(hourly)[1].sentence
    world.at("2026-11-25 04:01:00")
    world.scheduler.step()
    assert [(f.state, f.sentence) for f in world.fires(daily)] == [
        (FireState.REFUSED, "It waited for an hour. ssm:x is in use by run 7.")
    ]
    assert {notice["schedule"] for notice in world.notices()} == {daily.id, hourly.id}


def test_what_does_not_answer_is_tried_again(world: World) -> None:
    one = world.create()
    world.runs.refuse = raises(Unavailable("Reaching AWS failed."))
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "waiting")]
    world.runs.refuse = lambda: None
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]


def test_a_blackout_refuses_with_its_sentence(world: World) -> None:
    world.environment = replace(
        world.environment,
        blackouts=((datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC)),),
    )
    world.restart()
    one = world.create()
    assert [bool(u.hindered) for u in world.schedules.upcoming(one, most=2)] == [True, False]
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.fires(one)[0].sentence == "test is in a blackout window until 2026-11-26 00:00 UTC."
    assert len(world.notices()) == 1


def test_paused_nothing_fires_and_nothing_is_missed(world: World) -> None:
    one = world.create()
    world.schedules.pause(one.id, by="maria")
    world.at("2026-11-27 09:00:00")
    world.scheduler.step()
    resumed = world.schedules.resume(one.id)
    assert resumed.next_at == datetime(2026, 11, 28, 3, tzinfo=UTC)
    world.scheduler.step()
    assert world.fires(one) == []


def test_pausing_or_deleting_it_after_the_fire_was_written_holds_its_run(world: World) -> None:
    held, gone = world.create(), world.create(name="other")
    world.at("2026-11-25 03:00:00")
    world.scheduler._firing.write_due()
    world.schedules.pause(held.id, by="maria")
    world.schedules.delete(gone.id)
    world.scheduler.step()
    assert world.runs.asked == []
    assert "paused before its run" in world.fires(held)[0].sentence


def test_once_it_fires_once_and_is_over(world: World) -> None:
    one = world.create(cron=None, at="2026-11-25T04:00", time_zone="Europe/Berlin")
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]
    assert world.schedules.get(one.id).over


def test_jitter_delays_the_start_and_not_the_name_of_the_fire(world: World) -> None:
    one = world.create(jitter="30m")
    late = world.schedules.upcoming(one)[0]
    assert one.due_at == late.due_at > late.at
    preview = world.schedules.preview(NIGHTLY | {"jitter": "30m"})
    assert [u.due_at for u in preview.upcoming] == [u.due_at for u in world.schedules.upcoming(one)]
    world.clock.advance((late.due_at - world.clock.now()).total_seconds() - 1)
    assert not world.scheduler.step()
    world.clock.advance(1)
    world.scheduler.step()
    assert [(f.at, f.due_at) for f in world.fires(one)] == [(late.at, late.due_at)]


def test_once_stopped_it_fires_nothing(world: World) -> None:
    one = world.create()
    world.scheduler.close()
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.fires(one) == []


def test_run_now_is_a_fire_of_its_own_and_a_refusal_is_told_to_whoever_asked(world: World) -> None:
    one = world.create()
    fire = world.schedules.run_now(one.id, by="maria")
    assert (fire.state, fire.by, world.runs.asked[0]["by"]) == (FireState.STARTED, "maria", "maria")
    world.runs.refuse = raises(Conflict("ssm:x is in use by run 7.", run=7))
    world.clock.advance(1)
    assert world.schedules.run_now(one.id, by="maria").state is FireState.REFUSED
    assert world.notices() == []
    assert world.schedules.get(one.id).next_at == one.next_at


def test_who_is_told_that_nothing_has_started_by_hand_has_nothing_started_behind_them(world: World) -> None:
    one = world.create()

    def away_for_a_moment() -> None:
        world.runs.refuse = lambda: None  # AWS is back, and the scheduler looks for what is due meanwhile
        world.scheduler.step()
        raise Unavailable("Reaching AWS failed.")

    world.runs.refuse = away_for_a_moment
    assert world.schedules.run_now(one.id, by="maria").state is FireState.REFUSED
    world.scheduler.step()
    assert world.runs.started == {}


def test_a_fire_that_starts_at_last_while_the_next_is_due_keeps_its_run(world: World) -> None:
    often = world.create(queue=True, cron="0,30 3 * * *")
    world.runs.refuse = raises(Unavailable("Reaching AWS failed."))
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()

    def slowly() -> None:
        world.at("2026-11-25 03:30:00")
        world.runs.refuse = raises(Conflict("ssm:x is in use by run 1.", run=1))
        world.schedules.firing.write_due()

    world.runs.refuse = slowly
    world.scheduler.step()
    world.scheduler.step()
    assert world.told(often) == [("11-25 03:00", "started"), ("11-25 03:30", "waiting")]
    assert world.notices() == []


def test_a_row_that_can_not_be_read_any_more_breaks_no_other(world: World) -> None:
    broken, one = world.create(name="broken"), world.create()
    with world.storage.writing() as session:
        session.connection().exec_driver_sql(
            "update schedules set definition = json_set(definition, '$.time_zone', ?) where id = ?",
            ("Europe/Atlantis", broken.id),
        )
    world.at("2026-11-25 03:00:00")
    world.scheduler.step()
    assert world.told(one) == [("11-25 03:00", "started")]
    assert "Europe/Atlantis" in world.fires(broken)[0].sentence


def test_the_real_scheduler_wakes_up_for_what_is_due_and_for_what_changes(tmp_path: Any, runs: Any) -> None:
    fired = threading.Event()
    runs.refuse = fired.set
    world = World(tmp_path, SystemClock(), Environment(name="test"), runs)
    scheduler = Scheduler(world.schedules, world.storage, SystemClock(), look=timedelta(hours=1))
    scheduler.start()
    try:
        soon = datetime.now(UTC) + timedelta(seconds=0.5)
        world.create(cron=None, at=soon.isoformat())
        assert fired.wait(PATIENCE), "only the look that it takes anyway, within an hour, finds it"
    finally:
        scheduler.stop()
        world.storage.close()
    assert len(runs.asked) == 1


@dataclass
class Shifted(SystemClock):
    """Ahead of the machine's, until it is set right."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def test_a_clock_that_is_set_back_stops_no_look(tmp_path: Any, runs: Any) -> None:
    """What the scheduler had planned is an hour away now; a file that somebody writes is read soon all the same."""
    clock = Shifted()
    world = World(tmp_path, clock, Environment(name="test"), runs)
    path = world.folder / "experiments" / "lab" / "schedules.yaml"
    scheduler = Scheduler(world.schedules, world.storage, clock, look=timedelta(seconds=0.3))

    def write(name: str) -> None:
        path.write_text(f"schedules: [{{name: {name}, experiment: one, every: 6h}}]")
        until(lambda: [one.name for one in world.schedules.list()] == [name])

    scheduler.start()
    try:
        write("right")
        clock.ahead = timedelta(hours=1)
        threading.Event().wait(1)  # until its next look is planned by that clock
        clock.ahead = timedelta()
        write("set back")
    finally:
        scheduler.stop()
        world.storage.close()


def test_very_many_at_once_are_asked_for_without_waiting_for_the_next_look(tmp_path: Any, runs: Any) -> None:
    clock = FrozenClock(datetime.now(UTC) - timedelta(days=2))
    world = World(tmp_path, clock, Environment(name="test"), runs, durable=False)
    number = 2 * BATCH + 50
    for one in range(number):
        world.create(
            name=f"s{one}",
            cron=None,
            at=(clock.now() + timedelta(hours=1)).isoformat(),
            missed="run_once",
        )
    clock.advance(86400)
    world.scheduler.step()
    assert len(runs.started) == BATCH
    scheduler = Scheduler(world.schedules, world.storage, SystemClock(), look=timedelta(hours=1))
    scheduler.start()
    try:
        until(lambda: len(runs.started) == number)
    finally:
        scheduler.stop()
        world.storage.close()
    assert len(runs.asked) == number
