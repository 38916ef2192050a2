"""The calendar by the API: what will run, what ran, with verdicts, and when nothing may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BeforeValidator
from starlette.responses import JSONResponse

from app.access import Need
from app.console import Console
from app.errors import Invalid, Problem
from app.runs import Run, RunStatus, Verdict, Wanted
from app.schedules import Fire, FireState, Schedule, Upcoming, WantedFires, zones
from app.settings import Environment
from app.web import schedule_shapes
from app.web.answers import answered, outcome_json
from app.web.asked import Place, Rooms
from app.web.coming import AHEAD, each_of
from app.web.guards import needs
from app.web.shapes import Shape
from app.web.words import plural

api = APIRouter(prefix="/api/calendar", tags=["schedules"], dependencies=[needs(Need.SEE)])
WEEK = timedelta(days=7)
LONGEST = timedelta(days=100)
MOST = 1000  # of what ran, and of what is to come
MOST_OF_ONE = 200  # fires of one schedule that are to come
MOST_SCHEDULES = 500


def _written_as_one(value: Any) -> Any:
    """A number is no day, nor is a time, though they can be read as one."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("A day is told as 2026-11-24")
    return value


Day = Annotated[date, BeforeValidator(_written_as_one)]


class Ran(Shape):
    """A run, or a fire that came to none. `at`: when it was due, or asked for; `local`: in the time zone that was asked for.

    `schedule` and `name` are null where a person started it; `sentence`: why no run came of it.
    """

    at: datetime
    local: datetime
    schedule: int | None
    name: str | None
    experiment: str
    state: FireState | None
    sentence: str
    by: str | None
    run: int | None
    status: RunStatus | None
    verdict: Verdict | None
    verdict_reason: str | None


class ToCome(schedule_shapes.UpcomingThere):
    """A fire that is to come; `local` in the time zone that was asked for."""

    schedule: int
    name: str
    experiment: str


class Window(Shape):
    """When nothing may be armed: of gameday.toml, or of a calendar of change freezes."""

    begin: datetime
    end: datetime
    summary: str


class Calendar(Shape):
    """`troubles`: calendars of freezes that can not be read; `limits`: what is left out. Both are sentences."""

    environment: str
    time_zone: str
    begin: datetime
    end: datetime
    ran: list[Ran]
    coming: list[ToCome]
    freezes: list[Window]
    troubles: list[str]
    limits: list[str]


@dataclass(frozen=True, kw_only=True)
class _Span:
    begin: datetime
    end: datetime
    zone: ZoneInfo


@api.get("", response_model=Calendar)
def calendar(
    console: Rooms,
    place: Place,
    first: Annotated[Day | None, Query(alias="from", description="Today where it is left out.")] = None,
    last: Annotated[
        Day | None,
        Query(alias="to", description="Left out itself; a week after `from` where it is not said."),
    ] = None,
    time_zone: Annotated[
        str | None, Query(description="An IANA name; the environment's where it is left out.")
    ] = None,
) -> JSONResponse:
    """What will run by itself, what ran, with verdicts, and when nothing may, in one environment: of 100 days at most."""
    now = console.clock.now()
    limits: list[str] = []
    span = _span(first, last, time_zone or place.time_zone, now)
    ran = sorted(_ran(console, place, span, limits), key=lambda one: one["at"])
    coming = sorted(_coming(console, place, span, now, limits), key=lambda one: one.due_at)
    freezes = console.schedules.calendars.freezes(place, span.begin, span.end)
    return answered(
        {
            "environment": place.name, "time_zone": span.zone.key, "begin": span.begin, "end": span.end, "ran": ran,
            "coming": [_coming_json(one, span.zone) for one in coming],
            "freezes": [{"begin": one.begin, "end": one.end, "summary": one.summary} for one in freezes],
            "troubles": console.schedules.calendars.troubles(place), "limits": limits,
        }
    )  # fmt: skip


def _span(first: date | None, last: date | None, time_zone: str, now: datetime) -> _Span:
    """Invalid where it is none, or too long."""
    if not zones.known(time_zone):
        raise _wrong("time_zone", f"“{time_zone[:60]}” is no IANA time zone. Write one like “Europe/Berlin”.")
    zone = ZoneInfo(time_zone)
    first = first or now.astimezone(zone).date()
    if first.year not in zones.YEARS or (last is not None and last.year not in zones.YEARS):
        raise _wrong("from", f"A calendar has the years {zones.YEARS[0]} to {zones.YEARS[-1]}.")
    last = last or first + WEEK
    if not timedelta() < last - first <= LONGEST:
        raise _wrong("to", f"`to` comes after `from`, by {LONGEST.days} days at most.")
    return _Span(begin=zones.midnight(first, zone), end=zones.midnight(last, zone), zone=zone)


def _wrong(path: str, message: str) -> Invalid:
    return Invalid(message, problems=(Problem(message=message, path=path),))


def _ran(console: Console, place: Environment, span: _Span, limits: list[str]) -> Iterator[dict[str, Any]]:
    """Fires with what came of them, and what people ran."""
    due = WantedFires(environment=place.name, since=span.begin, until=span.end)
    asked = Wanted(environment=place.name, since=span.begin, until=span.end)
    fires = console.schedules.find_fires(due, limit=MOST + 1)
    runs = console.runs.find(asked, limit=MOST + 1)
    if len(fires) > MOST or len(runs) > MOST:
        limits.append(f"Of what ran, the newest {MOST} runs and fires are told. Ask for fewer days.")
    known = {run.id: run for run in runs}
    known |= console.runs.those([one.run_id for one in fires if one.run_id and one.run_id not in known])
    schedules = console.schedules.named({fire.schedule_id for fire in fires})
    for fire in fires[:MOST]:
        yield _fire_json(fire, schedules[fire.schedule_id], known.get(fire.run_id or 0), span.zone)
    for run in runs[:MOST]:
        if run.schedule is None:
            yield {
                "at": run.created_at, "local": run.created_at.astimezone(span.zone), "schedule": None, "name": None,
                "experiment": run.experiment, "state": None, "sentence": "", "by": run.requested_by, "run": run.id,
                **outcome_json(run),
            }  # fmt: skip


def _coming(
    console: Console, place: Environment, span: _Span, now: datetime, limits: list[str]
) -> list[Upcoming]:
    end = min(span.end, now + AHEAD)
    if end < span.end:
        limits.append(f"Fires are written out for {AHEAD.days} days. Schedules go on after that.")
    schedules = console.schedules.list(environment=place.name, limit=MOST_SCHEDULES + 1)
    found: list[Upcoming] = []
    for number, one in enumerate(schedules):
        if len(found) >= MOST or number == MOST_SCHEDULES:
            limits.append(
                f"Of what is to come, the fires of {plural(number, 'schedule')} are told. Ask for fewer days."
            )
            break
        own = list(
            islice(each_of(one, max(span.begin, now), end, console.schedules.upcoming), MOST_OF_ONE + 1)
        )
        if len(own) > MOST_OF_ONE:
            limits.append(f"Of “{one.name}” the next {MOST_OF_ONE} fires are told.")
        found += own[:MOST_OF_ONE]
    return found


def _fire_json(fire: Fire, schedule: Schedule, run: Run | None, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": fire.due_at, "local": fire.due_at.astimezone(zone), "schedule": schedule.id, "name": schedule.name,
        "experiment": run.experiment if run else schedule.experiment, "state": fire.state, "sentence": fire.sentence,
        "by": fire.by, "run": run.id if run else None, **outcome_json(run),
    }  # fmt: skip


def _coming_json(one: Upcoming, zone: ZoneInfo) -> dict[str, Any]:
    named = (
        {"schedule": one.schedule.id, "name": one.schedule.name, "experiment": one.schedule.experiment}
        if one.schedule
        else {}
    )
    return {**one.as_json, "local": one.due_at.astimezone(zone), **named}
