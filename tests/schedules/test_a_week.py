"""A week in a minute: 200 schedules across zones, consoles that die and people who change them at random moments.

Every fire that was due, by the rule as it was when its time came, is there exactly once.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from app.clock import FrozenClock
from app.runs import Wish
from app.schedules import Fire, WantedFires, store
from app.schedules.rule import EPOCH, fires
from app.settings import Environment
from tests.schedules.conftest import Recorder, World
from tests.schedules.history import by_hand, outcomes
from tests.schedules.people import People

ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Casablanca",
    "Pacific/Kiritimati", "UTC",
)  # fmt: skip
# Each week has a change of clocks in one of the zones.
WEEKS = [
    (1, "2026-10-23"), (2, "2026-10-30"), (3, "2026-10-01"), (4, "2027-03-26"), (5, "2027-03-12"), (6, "2027-04-02"),
]  # fmt: skip
DAYS = 7


@dataclass
class Week:
    """Moves the clock from one due fire to the next, and lets something happen to the console in between."""

    world: World
    dice: random.Random
    end: datetime
    down: list[tuple[datetime, datetime]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    latest: datetime = EPOCH  # that the clock showed before it stepped back
    people: People = field(init=False)

    def __post_init__(self) -> None:
        self.people = People(self.world, self.dice)

    def step(self) -> None:
        self.world.scheduler.step()
        self.people.seen = max(self.latest, self.world.clock.now())

    def live(self) -> None:
        accidents = sorted(
            self.world.clock.now() + timedelta(seconds=self.dice.uniform(0, DAYS * 86400)) for _ in range(130)
        )
        while True:
            following = self.following()
            wanted = min(filter(None, (following, accidents[0] if accidents else None)), default=None)
            if wanted is None or wanted > self.end:
                break
            self.wait_until(wanted)
            if accidents and accidents[0] <= self.world.clock.now():
                accidents.pop(0)
                self.accident()
            else:
                self.step()
        self.wait_until(self.end)
        self.step()

    def wait_until(self, moment: datetime) -> None:
        self.world.clock.advance(max(0.0, (moment - self.world.clock.now()).total_seconds()))

    def accident(self) -> None:
        what: Callable[[], None] = self.dice.choice(
            [self.restart, self.short, self.long, self.dies_after_the_fire, self.dies_after_the_run, self.steps_back, self.two,
             self.edits, self.edits_when_due, self.edits_in_a_jitter, self.edits_on_return]
        )  # fmt: skip
        what()
        self.happened[what.__name__] += 1

    def restart(self) -> None:
        self.world.restart()
        self.step()

    def short(self) -> None:
        self.away(self.dice.uniform(1, 200))

    def long(self) -> None:
        self.away(self.dice.uniform(600, 9 * 3600))

    def away(self, seconds: float, back: Callable[[], None] = lambda: None) -> None:
        """Nobody is there for so long. `back`: what happens before the first look."""
        begin = self.world.clock.now()
        self.step()  # what was due before it went is no fault of its absence
        left = (self.end - begin).total_seconds()  # back within the week that is reckoned with
        self.world.clock.advance(max(0.0, min(seconds, left)))
        if self.world.clock.now() > max(begin, self.latest):  # what a clock that was ahead has seen is over
            self.down.append((max(begin, self.latest), self.world.clock.now()))
        self.world.restart()
        back()
        self.step()

    def following(self) -> datetime | None:
        with self.world.storage.reading() as session:
            return store.earliest(session, self.world.clock.now())

    def to_the_next(self) -> None:
        if following := self.following():
            self.wait_until(min(following, self.end))

    def dies_after_the_fire(self) -> None:
        self.to_the_next()
        self.world.scheduler._firing.write_due()
        self.restart()

    def dies_after_the_run(self) -> None:
        self.to_the_next()
        self.world.scheduler._firing.write_due()
        for fire in self.world.scheduler._firing.open():
            one = self.people.row(fire.schedule_id)
            if not one.paused and one.deleted_at is None:  # whoever died had looked, too
                self.world.runs.start("lab/one", Wish(), key=fire.key, by="whoever died")
        self.restart()

    def steps_back(self) -> None:
        self.latest = max(self.latest, self.world.clock.now())
        self.world.clock.advance(-self.dice.uniform(1, 7200))
        self.step()

    def two(self) -> None:
        """Two consoles are there in the same second."""
        self.to_the_next()
        _, other = self.world.another()
        other._firing.write_due()
        self.step()
        other.step()

    def edits(self) -> None:
        self.step()
        self.world.clock.advance(1)
        self.change()
        self.step()

    def edits_when_due(self) -> None:
        """In the second in which something is due, before the console has looked."""
        self.to_the_next()
        self.change()
        self.step()

    def edits_on_return(self) -> None:
        """The console was away, and somebody is faster than its first look; or its files have changed meanwhile."""
        self.away(self.dice.choice([60, 600, 4 * 3600]), back=self.change)

    def edits_in_a_jitter(self) -> None:
        """Some have come, and are not due yet."""
        with self.world.storage.reading() as session:
            late = [
                one for one in store.soonest(session, limit=1000) if one.next_at and one.next_at != one.due_at
            ]
        first = min(late, key=lambda one: str(one.next_at), default=None)
        if first is None or first.next_at is None or first.due_at is None:
            return
        moment = first.next_at + self.dice.random() * (first.due_at - first.next_at)
        while (following := self.following()) is not None and following <= min(moment, self.end):
            self.wait_until(following)
            self.step()
        self.wait_until(min(moment, self.end))
        self.change()
        self.step()

    def change(self) -> None:
        """Not while the clock relives what it has seen: that has a test of its own."""
        if self.world.clock.now() >= self.latest:
            self.people.change(definition)


def definition(dice: random.Random, number: int, begin: datetime) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": f"s{number}",
        "time_zone": dice.choice(ZONES),
        "missed": dice.choice(["skip", "run_once"]),
    }
    kind = dice.choices(["daily", "weekly", "often", "interval", "once"], [50, 15, 4, 16, 15])[0]
    minute, hour = (
        dice.choice([0, 15, 30, 45, dice.randrange(60)]),
        dice.choice([0, 1, 2, 2, 3, dice.randrange(24)]),
    )
    if kind == "daily":
        given |= {"cron": f"{minute} {hour} * * *", "jitter": dice.choice(["", "20m"])}
    elif kind == "weekly":
        given |= {"cron": f"{minute} {hour} * * {dice.randrange(7)}"}
    elif kind == "often":
        given |= {"cron": "*/30 1-3 * * *", "jitter": dice.choice(["", "5m"])}
    elif kind == "interval":
        given |= {"every": dice.choice(["3h", "7h", "95m"])}
    else:
        given |= {"at": (begin + timedelta(minutes=dice.randrange(1, DAYS * 1440))).isoformat()}
    return {key: value for key, value in given.items() if value} | (
        {"cron": None} if "cron" not in given else {}
    )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("seed", "begins"), WEEKS[:3])
def test_every_due_fire_is_there_exactly_once(tmp_path: Path, seed: int, begins: str) -> None:
    dice, runs = random.Random(seed), Recorder()
    begin = datetime.fromisoformat(f"{begins}T12:00:00+00:00")
    end = begin + timedelta(days=DAYS)
    world = World(tmp_path, FrozenClock(begin), Environment(name="test"), runs, durable=False)
    week = Week(world, dice, end)
    week.people.begin([definition(dice, number, begin) for number in range(200)])
    week.live()
    assert len(week.happened) == 11, week.happened
    got = {one: written(world, one, end) for one in week.people.histories}
    for one, history in week.people.histories.items():
        expected = outcomes(history, begin, end, week.down)
        assert Counter(fire.at for fire in got[one]) == Counter(expected.keys()), (history, begins)
        assert {fire.at: (fire.due_at, str(fire.state)) for fire in got[one]} == expected, history
    everything = [fire for one in got.values() for fire in one]
    started = [fire.key for fire in everything if fire.state == "started"]
    assert sorted(started) == sorted(runs.started)
    assert len({asked["key"] for asked in runs.asked}) == len(runs.asked)
    assert len(started) > 600
    assert Counter(fire.state for fire in everything if fire.early).keys() >= {"started", "refused"}
    world.storage.close()


def written(world: World, one: int, end: datetime) -> list[Fire]:
    """Fires of a schedule, of one that is gone, too, that were due by then."""
    with world.storage.reading() as session:
        return [
            fire
            for fire in store.found_fires(session, WantedFires(schedule=one), before=None, limit=10_000)
            if fire.due_at <= end
        ]


def test_the_week_s_own_reckoning_agrees_with_the_rules(tmp_path: Path) -> None:
    """Without any accident, what cronsim walks is what the wall clocks showed."""
    dice = random.Random(7)
    for _, begins in WEEKS:
        begin = datetime.fromisoformat(f"{begins}T12:00:00+00:00")
        end = begin + timedelta(days=DAYS)
        world = World(tmp_path / begins, FrozenClock(begin), Environment(name="test"), Recorder())
        for number in range(40):
            one = world.create(**definition(dice, number, begin))
            walked = {at for at in islice(fires(one.definition.rule, begin), 2000) if at <= end}
            assert walked == by_hand(one.fields, begin, end), one.fields
        world.storage.close()
