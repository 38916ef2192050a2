"""A calendar of what will run by itself and what ran, by the week or by the month, with verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.access import Need
from app.console import Console
from app.schedules import zones
from app.schedules.ical import Freeze
from app.settings import Environment
from app.web.asked import Place, Rooms, Shown, row_id
from app.web.coming import AHEAD, DAY, MOST_DRAWN, MOST_LOOKS, Coming, coming
from app.web.guards import needs
from app.web.one_day import FURTHEST, page_of_day
from app.web.panels import Page
from app.web.ran import COUNTED, Entry, marks, some, whole

pages = APIRouter(include_in_schema=False, dependencies=[needs(Need.SEE)])
WEEK = timedelta(days=7)
MOST_FREEZES = 5  # of one day
VIEWS = ("week", "month", "day")
NONE = Coming(fires=(), left=0)
NOTHING: tuple[list[Entry], int] = ([], 0)
MOST_SCHEDULES = 200  # of those that fire next
YEARS = range(2000, 2100)


@dataclass(frozen=True, kw_only=True)
class Day:
    day: date
    today: bool
    outside: bool  # of the month that is shown
    freezes: tuple[Freeze, ...]
    entries: tuple[Entry, ...] = field(default=())
    hidden: int = 0  # further ones that ran on that day; at least, where there are more than are counted
    more: int = 0  # what a day's own page goes on with; 0: it has shown all
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
        if self.view == "day":
            return self.day
        day = self.day.replace(day=1) if self.view == "month" else self.day
        return day - timedelta(days=day.weekday())

    @property
    def last(self) -> date:
        if self.view != "month":
            return self.first + (WEEK if self.view == "week" else DAY) - DAY
        end = self.next - DAY
        return end + timedelta(days=6 - end.weekday())

    @property
    def next(self) -> date:
        if self.view == "month":
            return (self.day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return self.day + (WEEK if self.view == "week" else DAY)

    @property
    def before(self) -> date:
        if self.view == "month":
            return (self.day.replace(day=1) - DAY).replace(day=1)
        return self.day - (WEEK if self.view == "week" else DAY)

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
    """`?view=week`, `month` or `day`, `&day=2026-11-24` in it: this week where neither is said. `&skip=` of a day's entries."""
    asked, zone, now = request.query_params, ZoneInfo(place.time_zone), console.clock.now()
    today = now.astimezone(zone).date()
    view = asked.get("view", "")
    span = Span(view=view if view in VIEWS else "week", day=_day(asked.get("day", ""), today), zone=zone)
    skip = min(row_id(asked.get("skip", "0")), FURTHEST)
    page = Page(name="calendar", environment=place.name)
    return show.page(
        request, "schedules/calendar.html", page, span=span, today=today, skip=skip, counted=COUNTED, furthest=FURTHEST,
        days=[one_day(console, place, span, now, skip)] if span.view == "day" else days(console, place, span, now),
        troubles=console.schedules.calendars.troubles(place), limits=_limits(console, place, span, now),
    )  # fmt: skip


def days(console: Console, place: Environment, span: Span, now: datetime) -> list[Day]:
    """Some of each day; what is left out is counted, and on the day's own page."""
    past, future = _past(console, place, span, now), _future(console, place, span, now)
    freezes = console.schedules.calendars.freezes(place, span.begin, span.end)
    return [
        replace(
            _empty(day, span, now, freezes, MOST_FREEZES), entries=(*past.get(day, NOTHING)[0], *_soon(future.get(day, NONE), span.zone)),
            hidden=past.get(day, NOTHING)[1], left=future.get(day, NONE).left,
        )
        for day in span.days
    ]  # fmt: skip


def one_day(console: Console, place: Environment, span: Span, now: datetime, skip: int) -> Day:
    """Everything of a day, a page at a time."""
    freezes = console.schedules.calendars.freezes(place, span.begin, span.end)
    entries, more = page_of_day(
        console, place.name, begin=span.begin, end=span.end, zone=span.zone, now=now, skip=skip
    )
    day = _empty(span.day, span, now, freezes, len(freezes))
    return replace(day, entries=tuple(entries), more=skip + len(entries) if more else 0)


def _empty(day: date, span: Span, now: datetime, freezes: list[Freeze], most: int) -> Day:
    begin, end = zones.midnight(day, span.zone), zones.midnight(day + DAY, span.zone)
    touching = [one for one in freezes if one.begin < end and begin < one.end]
    return Day(
        day=day, today=begin <= now < end, outside=span.view == "month" and day.month != span.day.month,
        freezes=tuple(touching[:most]), frozen=max(0, len(touching) - most),
    )  # fmt: skip


def _soon(future: Coming, zone: ZoneInfo) -> list[Entry]:
    soon = [
        Entry(at=one.due_at.astimezone(zone), schedule=one.schedule, upcoming=one, more=more)
        for one, more in future.fires
    ]
    return sorted(soon, key=lambda one: one.at)


def _past(
    console: Console, place: Environment, span: Span, now: datetime
) -> Mapping[date, tuple[list[Entry], int]]:
    """By day: some of the runs by hand and of the fires, whatever came of them, and how many more there are."""
    chosen, left = [], {}
    for day in span.days:
        begin, end = zones.midnight(day, span.zone), zones.midnight(day + DAY, span.zone)
        if begin > now:
            break
        there_are = marks(console, place.name, begin, end, most=COUNTED + MOST_DRAWN, newest=True)
        drawn = some(there_are, MOST_DRAWN)
        chosen += drawn
        left[day] = len(there_are) - len(drawn)
    found: dict[date, list[Entry]] = {day: [] for day in left}
    for entry in sorted(whole(console, chosen, span.zone), key=lambda one: one.at):
        found[entry.at.date()].append(entry)
    return {day: (found[day], left[day]) for day in left}


def _future(console: Console, place: Environment, span: Span, now: datetime) -> dict[date, Coming]:
    if span.end <= now or span.begin > now + AHEAD:
        return {}
    found = console.schedules.soonest(MOST_SCHEDULES, environment=place.name, before=span.end)
    return coming(found, span.days, span.zone, now, console.schedules.upcoming)


def _limits(console: Console, place: Environment, span: Span, now: datetime) -> list[str]:
    """What the page leaves out without saying so at its day, as sentences."""
    told = []
    most = MOST_LOOKS if span.view == "day" else MOST_SCHEDULES
    if span.end > now + AHEAD:
        last = (now + AHEAD).astimezone(span.zone).date()
        told.append(f"Fires are written out for {AHEAD.days} days: until {last}. Schedules go on after that.")
    elif span.end > now:
        found = console.schedules.soonest(most + 1, environment=place.name, before=span.end)
        if len(found) > most:
            told.append(f"Of the schedules of {place.name}, the {most} that fire next are drawn.")
    return told


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if day.year in YEARS else today
