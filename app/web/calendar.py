"""A calendar of what will run by itself and what ran, by the week or by the month, with verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.access import Need
from app.runs import Run
from app.schedules import Fire, Schedule, Upcoming, zones
from app.schedules.ical import Freeze
from app.settings import Environment
from app.web.asked import Place, Rooms, Shown
from app.web.console import Console
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOST_A_DAY = 3  # fires of one schedule on one day that are drawn one by one
MOST_SCHEDULES = 200  # of those that fire next
YEARS = range(2000, 2100)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that ran or will run. `more`: its schedule has further fires on that day."""

    at: datetime  # in the calendar's zone
    schedule: Schedule | None = None
    fire: Fire | None = None
    run: Run | None = None
    upcoming: Upcoming | None = None
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Day:
    day: date
    today: bool
    outside: bool  # of the month that is shown
    freezes: tuple[Freeze, ...]
    entries: tuple[Entry, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days that are shown, from a Monday on."""

    view: str
    day: date
    zone: ZoneInfo

    @property
    def first(self) -> date:
        day = self.day.replace(day=1) if self.view == "month" else self.day
        return day - timedelta(days=day.weekday())

    @property
    def last(self) -> date:
        if self.view == "week":
            return self.first + WEEK - DAY
        end = self.next - DAY
        return end + timedelta(days=6 - end.weekday())

    @property
    def next(self) -> date:
        return (
            (self.day.replace(day=1) + timedelta(days=32)).replace(day=1)
            if self.view == "month"
            else self.day + WEEK
        )

    @property
    def before(self) -> date:
        return (self.day.replace(day=1) - DAY).replace(day=1) if self.view == "month" else self.day - WEEK

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def begin(self) -> datetime:
        return zones.midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        return zones.midnight(self.last + DAY, self.zone)


@pages.get("/calendar")
def calendar(request: Request, place: Place, show: Shown, console: Rooms) -> HTMLResponse:
    """`?view=week` or `month`, `&day=2026-11-24` in it: this week where neither is said."""
    asked, zone = request.query_params, ZoneInfo(place.time_zone)
    today = console.clock.now().astimezone(zone).date()
    view = "month" if asked.get("view") == "month" else "week"
    span = Span(view=view, day=_day(asked.get("day", ""), today), zone=zone)
    page = Page(name="calendar", environment=place.name)
    return show.page(
        request, "schedules/calendar.html", page, span=span, days=days(console, place, span), today=today,
        troubles=console.schedules.calendars.troubles(place),
    )  # fmt: skip


def days(console: Console, place: Environment, span: Span) -> list[Day]:
    now = console.clock.now()
    entries: dict[date, list[Entry]] = defaultdict(list)
    for entry in (*_past(console, place, span), *_future(console, place, span, now)):
        entries[entry.at.date()].append(entry)
    freezes = console.schedules.calendars.freezes(place, span.begin, span.end)
    return [_of_day(day, span, now, entries[day], freezes) for day in span.days]


def _of_day(day: date, span: Span, now: datetime, entries: list[Entry], freezes: list[Freeze]) -> Day:
    begin, end = zones.midnight(day, span.zone), zones.midnight(day + DAY, span.zone)
    return Day(
        day=day, today=begin <= now < end, outside=span.view == "month" and day.month != span.day.month,
        freezes=tuple(one for one in freezes if one.begin < end and begin < one.end),
        entries=tuple(sorted(entries, key=lambda one: one.at)),
    )  # fmt: skip


def _past(console: Console, place: Environment, span: Span) -> Iterator[Entry]:
    """Every run of that time, by hand or by itself, and the fires that came to nothing."""
    fires = console.schedules.fires_between(span.begin, span.end)
    named = console.schedules.named({fire.schedule_id for fire in fires})
    runs = {
        run.id: run for run in console.runs.between(span.begin, span.end) if run.environment == place.name
    }
    runs |= console.runs.those([fire.run_id for fire in fires if fire.run_id and fire.run_id not in runs])
    of_day = Counter((fire.schedule_id, fire.due_at.astimezone(span.zone).date()) for fire in fires)
    drawn: Counter[tuple[int, date]] = Counter()
    for fire in fires:
        schedule, run = named.get(fire.schedule_id), runs.pop(fire.run_id or 0, None)
        at = fire.due_at.astimezone(span.zone)
        drawn[which := (fire.schedule_id, at.date())] += 1
        number, more = drawn[which], of_day[which] > MOST_A_DAY  # the newest first
        if schedule is not None and schedule.environment == place.name and number <= MOST_A_DAY:
            yield Entry(at=at, schedule=schedule, fire=fire, run=run, more=more and number == MOST_A_DAY)
    for run in runs.values():
        if run.environment == place.name and span.begin <= run.created_at < span.end:
            yield Entry(at=run.created_at.astimezone(span.zone), run=run)


def _future(console: Console, place: Environment, span: Span, now: datetime) -> Iterator[Entry]:
    if span.end <= now:
        return
    for schedule in console.schedules.soonest(MOST_SCHEDULES):
        if schedule.environment == place.name:
            yield from _upcoming(console, schedule, span, span.begin if span.begin > now else None)


def _upcoming(console: Console, schedule: Schedule, span: Span, after: datetime | None) -> Iterator[Entry]:
    """At most a few a day: a schedule of every minute is one line that says so."""
    while True:
        found = [
            one
            for one in console.schedules.upcoming(schedule, after, MOST_A_DAY + 1)
            if one.due_at < span.end
        ]
        if not found:
            return
        day = found[0].due_at.astimezone(span.zone).date()
        of_day = [one for one in found if one.due_at.astimezone(span.zone).date() == day]
        for number, one in enumerate(of_day[:MOST_A_DAY]):
            more = len(of_day) > MOST_A_DAY and number == MOST_A_DAY - 1
            yield Entry(at=one.due_at.astimezone(span.zone), schedule=schedule, upcoming=one, more=more)
        after = zones.midnight(day + DAY, span.zone)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if day.year in YEARS else today
