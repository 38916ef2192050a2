"""A week in a minute: 200 schedules across zones, consoles that die at random moments, and every due fire exactly once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.clock import FrozenClock
from app.schedules import Schedule, store
from app.schedules.lateness import GRACE
from app.schedules.rule import EPOCH, due, fires
from app.settings import Environment
from tests.schedules.conftest import Recorder, World

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

    def live(self) -> None:
        accidents = sorted(
            self.world.clock.now() + timedelta(seconds=self.dice.uniform(0, DAYS * 86400)) for _ in range(70)
        )
        while True:
            with self.world.storage.reading() as session:
                following = store.earliest(session)
            wanted = min(filter(None, (following, accidents[0] if accidents else None)), default=None)
            if wanted is None or wanted > self.end:
                break
            self.wait_until(wanted)
            if accidents and accidents[0] <= self.world.clock.now():
                accidents.pop(0)
                self.accident()
            else:
                self.world.scheduler.step()
        self.wait_until(self.end)
        self.world.scheduler.step()

    def wait_until(self, moment: datetime) -> None:
        self.world.clock.advance(max(0.0, (moment - self.world.clock.now()).total_seconds()))

    def accident(self) -> None:
        what: Callable[[], None] = self.dice.choice(
            [self.restart, self.short, self.long, self.dies_after_the_fire, self.dies_after_the_run, self.steps_back, self.two]
        )  # fmt: skip
        what()
        self.happened[what.__name__] += 1

    def restart(self) -> None:
        self.world.restart()
        self.world.scheduler.step()

    def short(self) -> None:
        self.away(self.dice.uniform(1, 200))

    def long(self) -> None:
        self.away(self.dice.uniform(600, 9 * 3600))

    def away(self, seconds: float) -> None:
        """Nobody is there for so long."""
        begin = self.world.clock.now()
        self.world.scheduler.step()  # what was due before it went is no fault of its absence
        left = (self.end - begin).total_seconds()  # back within the week that is reckoned with
        self.world.clock.advance(max(0.0, min(seconds, left)))
        if self.world.clock.now() > max(begin, self.latest):  # what a clock that was ahead has seen is over
            self.down.append((max(begin, self.latest), self.world.clock.now()))
        self.restart()

    def to_the_next(self) -> None:
        with self.world.storage.reading() as session:
            following = store.earliest(session)
        if following:
            self.wait_until(min(following, self.end))

    def dies_after_the_fire(self) -> None:
        self.to_the_next()
        self.world.scheduler._firing.write_due()
        self.restart()

    def dies_after_the_run(self) -> None:
        self.to_the_next()
        self.world.scheduler._firing.write_due()
        for fire in self.world.scheduler._firing.open():
            self.world.runs.start("lab/one", key=fire.key, by="whoever died")
        self.restart()

    def steps_back(self) -> None:
        self.latest = max(self.latest, self.world.clock.now())
        self.world.clock.advance(-self.dice.uniform(1, 7200))
        self.world.scheduler.step()

    def two(self) -> None:
        """Two consoles are there in the same second."""
        self.to_the_next()
        _, other = self.world.another()
        other._firing.write_due()
        self.world.scheduler.step()
        other.step()


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


def by_hand(one: Schedule, begin: datetime, end: datetime) -> set[datetime]:
    """The fires of a schedule, minute by minute and by no library: what a clock on the wall of that zone shows."""
    fields, zone = one.fields, ZoneInfo(one.fields["time_zone"])
    if fields.get("at"):
        return {datetime.fromisoformat(fields["at"])}
    if fields.get("every"):
        every = {"3h": 180, "7h": 420, "95m": 95}[fields["every"]] * 60
        first = (int(begin.timestamp()) // every + 1) * every
        return {datetime.fromtimestamp(at, UTC) for at in range(first, int(end.timestamp()) + 1, every)}
    walls = clock_on_the_wall(begin, int((end - begin).total_seconds() // 60), zone)
    minute, hour, _, _, weekday = fields["cron"].split()
    if minute.startswith("*"):
        return {at for at, wall in walls if wall.minute % 30 == 0 and 1 <= wall.hour <= 3}
    return set(wanted(walls, int(minute), int(hour), None if weekday == "*" else int(weekday)))


@cache
def clock_on_the_wall(begin: datetime, minutes: int, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    return [(at, at.astimezone(zone)) for n in range(1, minutes + 1) if (at := begin + timedelta(minutes=n))]


def wanted(
    walls: list[tuple[datetime, datetime]], minute: int, hour: int, weekday: int | None
) -> Iterator[datetime]:
    """The first minute of each day on which the clock shows that time, or has just jumped over it."""
    done, before = None, None
    for at, wall in walls:
        day, shown = wall.date(), (wall.hour, wall.minute)
        over = (
            before is not None
            and before.date() == day
            and (before.hour, before.minute) < (hour, minute) < shown
        )
        if (
            (shown == (hour, minute) or over)
            and day != done
            and (weekday is None or wall.isoweekday() % 7 == weekday)
        ):
            done = day
            yield at
        before = wall


def outcomes(
    one: Schedule, times: set[datetime], down: list[tuple[datetime, datetime]]
) -> dict[datetime, str]:
    """What must have become of each: started, but for those that fell into a time when nobody was there."""
    told = dict.fromkeys(times, "started")
    for begin, end in down:
        inside = sorted(
            at for at in times if begin < due(one.definition.rule, at, one.definition.seed) <= end
        )
        late = bool(inside) and end - due(one.definition.rule, inside[-1], one.definition.seed) > GRACE
        kept = one.definition.missed == "run_once" or not late
        told |= dict.fromkeys(inside[: -1 if kept else None], "missed")
    return told


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("seed", "begins"), WEEKS[:3])
def test_every_due_fire_is_there_exactly_once(tmp_path: Path, seed: int, begins: str) -> None:
    dice, runs = random.Random(seed), Recorder()
    begin = datetime.fromisoformat(f"{begins}T12:00:00+00:00")
    end = begin + timedelta(days=DAYS)
    world = World(tmp_path, FrozenClock(begin), Environment(name="test"), runs, durable=False)
    made = [world.create(**definition(dice, number, begin)) for number in range(200)]
    week = Week(world, dice, end)
    week.live()
    assert len(week.happened) == 7, week.happened
    for one in made:
        rule, seed_of = one.definition.rule, one.definition.seed
        expected = {at for at in by_hand(one, begin, end) if due(rule, at, seed_of) <= end}
        got = [fire for fire in world.fires(one) if fire.due_at <= end]
        assert Counter(fire.at for fire in got) == Counter(expected), (one.fields, begins)
        assert {fire.at: str(fire.state) for fire in got} == outcomes(one, expected, week.down), one.fields
    started = [fire.key for one in made for fire in world.fires(one) if fire.state == "started"]
    assert sorted(started) == sorted(runs.started)
    assert len({asked["key"] for asked in runs.asked}) == len(runs.asked)
    assert len(started) > 600
    world.storage.close()


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
            assert walked == by_hand(one, begin, end), one.fields
        world.storage.close()
