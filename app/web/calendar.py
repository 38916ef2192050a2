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
from app.console import Console
from app.runs import Run
from app.schedules import Fire, Schedule, Upcoming, zones
from app.schedules.ical import Freeze
from app.settings import Environment
from app.web.asked import Place, Rooms, Shown
from app.web.coming import AHEAD, DAY, MOST_A_DAY, MOST_DRAWN, Coming, coming
from app.web.guards import needs
from app.web.panels import Page

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
WEEK = timedelta(days=7)
MOST_FREEZES = 5  # of one day
NONE = Coming(fires=(), left=0)
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
    hidden: int = 0  # earlier ones that ran on that day
    frozen: int = 0  # further freezes
    left: int = 0  # schedules that may fire then, too


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
        troubles=console.schedules.calendars.troubles(place), limits=_limits(console, span, console.clock.now()),
    )  # fmt: skip


def days(console: Console, place: Environment, span: Span) -> list[Day]:
    now = console.clock.now()
    entries: dict[date, list[Entry]] = defaultdict(list)
    for entry in _past(console, place, span):
        entries[entry.at.date()].append(entry)
    future = _future(console, place, span, now)
    freezes = console.schedules.calendars.freezes(place, span.begin, span.end)
    return [
        _of_day(day, span, now, past=entries[day], future=future.get(day, NONE), freezes=freezes)
        for day in span.days
    ]


def _of_day(
    day: date, span: Span, now: datetime, *, past: list[Entry], future: Coming, freezes: list[Freeze]
) -> Day:
    begin, end = zones.midnight(day, span.zone), zones.midnight(day + DAY, span.zone)
    touching = [one for one in freezes if one.begin < end and begin < one.end]
    past = sorted(past, key=lambda one: one.at)
    soon = [
        Entry(at=one.due_at.astimezone(span.zone), schedule=one.schedule, upcoming=one, more=more)
        for one, more in future.fires
    ]
    return Day(
        day=day, today=begin <= now < end, outside=span.view == "month" and day.month != span.day.month,
        freezes=tuple(touching[:MOST_FREEZES]),
        entries=(*past[-MOST_DRAWN:], *sorted(soon, key=lambda one: one.at)),
        hidden=max(0, len(past) - MOST_DRAWN), left=future.left, frozen=max(0, len(touching) - MOST_FREEZES),
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


def _future(console: Console, place: Environment, span: Span, now: datetime) -> dict[date, Coming]:
    if span.end <= now or span.begin > now + AHEAD:
        return {}
    found = [one for one in console.schedules.soonest(MOST_SCHEDULES) if one.environment == place.name]
    return coming(found, span.days, span.zone, now, console.schedules.upcoming)


def _limits(console: Console, span: Span, now: datetime) -> list[str]:
    """What the page leaves out, as sentences."""
    told = []
    if span.end > now + AHEAD:
        last = (now + AHEAD).astimezone(span.zone).date()
        told.append(f"Fires are written out for {AHEAD.days} days: until {last}. Schedules go on after that.")
    elif span.end > now and len(console.schedules.soonest(MOST_SCHEDULES + 1)) > MOST_SCHEDULES:
        told.append(f"Of all schedules, the {MOST_SCHEDULES} that fire next are shown.")
    return told


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if day.year in YEARS else today
