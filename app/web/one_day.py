"""Everything that ran and will run on one day, in order, a page at a time: at a cost that no day raises."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from app.console import Console
from app.schedules import Upcoming
from app.web.coming import AHEAD, MOST_LOOKS, each_of
from app.web.ran import Entry, marks, whole

A_PAGE = 200
FURTHEST = 20_000  # entries of a day that are paged through


def page_of_day(
    console: Console, environment: str, *, begin: datetime, end: datetime, zone: ZoneInfo, now: datetime, skip: int
) -> tuple[list[Entry], bool]:  # fmt: skip
    """The entries after the first `skip`, and whether there are more."""
    last = skip + A_PAGE + 1
    ran = marks(console, environment, begin, end, most=last, newest=False)[:last]
    soon = islice(_to_come(console, environment, begin, end, now), max(0, skip - len(ran)), last - len(ran))
    to_come = [Entry(at=one.due_at.astimezone(zone), schedule=one.schedule, upcoming=one) for one in soon]
    more = len(ran[skip:]) + len(to_come) > A_PAGE
    return [*whole(console, ran[skip : skip + A_PAGE], zone), *to_come][:A_PAGE], more


def _to_come(
    console: Console, environment: str, begin: datetime, end: datetime, now: datetime
) -> Iterator[Upcoming]:
    """In order. Fires that are due and not written yet are still to come."""
    if end <= now or begin > now + AHEAD:
        return
    schedules = console.schedules.soonest(MOST_LOOKS, environment=environment, before=end)
    each = (each_of(one, begin, end, console.schedules.upcoming) for one in schedules)
    yield from heapq.merge(*each, key=lambda one: one.due_at)
