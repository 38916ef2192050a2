"""What a calendar shows of what ran: some of each day, of every schedule first, and how much more there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.console import Console
from app.runs import Run
from app.schedules import Fire, Schedule, Upcoming
from app.web.coming import MOST_A_DAY

COUNTED = 1000  # runs, and fires, of one day: beyond that there are "at least" so many more


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A fire, whatever came of it, or a run by hand; nothing but what is needed to choose and to count."""

    at: datetime
    fire: int | None = None
    schedule: int | None = None
    run: int | None = None  # of a person


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that ran or will run. `more`: its schedule has further fires on that day."""

    at: datetime  # in the calendar's zone
    schedule: Schedule | None = None
    fire: Fire | None = None
    run: Run | None = None
    upcoming: Upcoming | None = None
    more: bool = False


def marks(
    console: Console, environment: str, begin: datetime, end: datetime, *, most: int, newest: bool
) -> list[Mark]:
    """Up to `most` fires and as many runs by hand of that time, from its end on (`newest`) or from its beginning."""
    asked = {"begin": begin, "end": end, "newest": newest, "limit": most}
    fires = console.schedules.marks(environment, **asked)
    runs = console.runs.marks(environment, **asked)
    found = [Mark(at=at, fire=fire, schedule=schedule) for at, fire, schedule in fires]
    found += [Mark(at=at, run=run) for at, run in runs]
    return sorted(found, key=lambda mark: mark.at, reverse=newest)


def some(newest: Sequence[Mark], most: int) -> list[Mark]:
    """Of one day: the last of every schedule before the last but one of any; a few of each at most. Pure."""
    nth: Counter[int] = Counter()
    ranked = []
    for mark in newest:
        if mark.schedule is not None:
            nth[mark.schedule] += 1
        ranked.append((nth[mark.schedule] if mark.schedule is not None else 1, mark))
    fair = sorted((one for one in ranked if one[0] <= MOST_A_DAY), key=lambda one: one[0])
    return [mark for _, mark in fair[:most]]


def whole(console: Console, chosen: Sequence[Mark], zone: ZoneInfo) -> list[Entry]:
    """In the same order; without those that are gone meanwhile."""
    fires = console.schedules.those_fires([mark.fire for mark in chosen if mark.fire is not None])
    schedules = console.schedules.named({fire.schedule_id for fire in fires.values()})
    by_hand = [mark.run for mark in chosen if mark.run is not None]
    runs = console.runs.those([*by_hand, *(fire.run_id for fire in fires.values() if fire.run_id)])
    found = (_whole(mark, fires, schedules, runs) for mark in chosen)
    return [replace(one, at=one.at.astimezone(zone)) for one in found if one.run or one.schedule]


def _whole(
    mark: Mark, fires: Mapping[int, Fire], schedules: Mapping[int, Schedule], runs: Mapping[int, Run]
) -> Entry:
    fire = fires.get(mark.fire or 0)
    if fire is None:
        return Entry(at=mark.at, run=runs.get(mark.run or 0))
    run = runs.get(fire.run_id or 0)
    return Entry(at=mark.at, fire=fire, schedule=schedules.get(fire.schedule_id), run=run)
