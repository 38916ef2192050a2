"""What a calendar shows of the fires that are to come: some of each day, at a cost that no number of schedules raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.schedules import Schedule, Upcoming, zones
from app.schedules.rule import INSTANT

DAY = timedelta(days=1)
MOST_A_DAY = 3  # fires of one schedule on one day that are drawn one by one
MOST_DRAWN = 20  # fires of one day
MOST_LOOKS = 2000  # times that a schedule is asked for its next few fires, for one page
A_FEW = 10  # fires that a schedule is asked for at a time
AHEAD = timedelta(days=400)  # how far fires are written out

Next = Callable[[Schedule, datetime | None, int], Sequence[Upcoming]]


@dataclass(frozen=True, kw_only=True)
class Coming:
    """Of one day. `left`: schedules that were not looked at any more, since the day is full; they may fire then, too."""

    fires: tuple[tuple[Upcoming, bool], ...]  # and whether its schedule has further ones on that day
    left: int


@dataclass(kw_only=True)
class _Looked:
    """A schedule, and its next few fires as they were when it was last looked at; None before."""

    schedule: Schedule
    found: Sequence[Upcoming] | None = None
    drawn: int = 0

    def may_fire(self, end: datetime) -> bool:
        return self.found is None or (bool(self.found) and self.found[0].due_at < end)


def coming(
    schedules: Sequence[Schedule], days: Sequence[date], zone: ZoneInfo, now: datetime, following: Next
) -> dict[date, Coming]:
    """By day, for those that are not over and not too far away. Whoever was drawn least comes first."""
    looked, looks = [_Looked(schedule=one) for one in schedules], 0
    told = {}
    for day in days:
        begin, end = zones.midnight(day, zone), zones.midnight(day + DAY, zone)
        if end <= now or begin > now + AHEAD:
            continue
        drawn: list[tuple[Upcoming, bool]] = []
        waiting = [one for one in looked if one.may_fire(end)]
        for number, one in enumerate(sorted(waiting, key=lambda one: one.drawn)):
            if len(drawn) >= MOST_DRAWN or looks >= MOST_LOOKS:
                told[day] = Coming(fires=tuple(drawn), left=len(waiting) - number)
                break
            if one.found is None or one.found[0].due_at < begin:
                looks += 1
                one.found = _next(one.schedule, begin, now, following)
            some = _of_day(one.found, begin, end)
            one.drawn += len(some)
            drawn += some
        else:
            told[day] = Coming(fires=tuple(drawn), left=0)
    return told


def each_of(schedule: Schedule, begin: datetime, end: datetime, following: Next) -> Iterator[Upcoming]:
    """All of that time, a few at a time: to write out many of one that fires once a year takes long."""
    after = begin - schedule.definition.rule.jitter
    while schedule.next_at is not None and max(schedule.next_at, after) < end:
        found = following(schedule, after, A_FEW)
        yield from (one for one in found if begin <= one.due_at < end)
        if len(found) < A_FEW:
            return
        after = found[-1].at + INSTANT


def _next(schedule: Schedule, begin: datetime, now: datetime, following: Next) -> Sequence[Upcoming]:
    """Jitter may bring one of the day before over midnight."""
    if begin <= now:
        return following(schedule, None, MOST_A_DAY + 1)
    jitter = schedule.definition.rule.jitter
    found = following(schedule, begin - jitter, MOST_A_DAY + 1 + bool(jitter))
    return [one for one in found if one.due_at >= begin]


def _of_day(found: Sequence[Upcoming], begin: datetime, end: datetime) -> list[tuple[Upcoming, bool]]:
    of_day = [one for one in found if begin <= one.due_at < end]
    many = len(of_day) > MOST_A_DAY
    return [(one, many and number == MOST_A_DAY) for number, one in enumerate(of_day[:MOST_A_DAY], 1)]
