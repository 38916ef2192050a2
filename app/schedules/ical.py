"""The events of an iCalendar text as intervals in which nothing is armed. Pure but for the time it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from app.schedules import bombs, zones
from app.schedules.unreadable import UnreadableError

MOST = 5000  # events
BEHIND, AHEAD = timedelta(days=62), timedelta(days=400)  # how far a calendar is written out
PIECE = timedelta(days=93)  # of it that is written out at once
PATIENCE = 5.0  # seconds for all of it
MOST_FOUND = 50_000  # events in all pieces
CANCELLED = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class Freeze:
    begin: datetime
    end: datetime
    summary: str


def freezes(
    text: bytes, now: datetime, zone: ZoneInfo, clock: Callable[[], float] = monotonic
) -> tuple[Freeze, ...]:
    """Events around now, in order. Days and times without a zone are read in the calendar's own, else in `zone`."""
    try:
        return _freezes(text, now, zone, clock)
    except UnreadableError:
        raise
    except Exception as error:  # whatever it makes of the two libraries, whose words may quote it
        raise UnreadableError(f"it is no iCalendar ({type(error).__name__})") from error


def _freezes(text: bytes, now: datetime, zone: ZoneInfo, clock: Callable[[], float]) -> tuple[Freeze, ...]:
    import icalendar  # noqa: PLC0415  slow to load, and few environments have a freeze calendar

    bombs.refuse_zones(text)
    calendar: Any = icalendar.Calendar.from_ical(text)
    if calendar.name != "VCALENDAR":
        raise UnreadableError("it is no iCalendar: it does not begin with BEGIN:VCALENDAR")
    events = calendar.walk("VEVENT")
    if len(events) > MOST:
        raise UnreadableError(f"it has more than {MOST} events")
    begin, end = now - BEHIND, now + AHEAD
    bombs.refuse(events, begin, end)
    own = str(calendar.get("X-WR-TIMEZONE", ""))
    zone = ZoneInfo(own) if zones.known(own) else zone
    found = _written(calendar, begin, end, clock)
    told = {_freeze(event, zone) for event in found if str(event.get("STATUS", "")).upper() != CANCELLED}
    return tuple(sorted(told, key=lambda one: (one.begin, one.end)))


def _written(calendar: Any, begin: datetime, end: datetime, clock: Callable[[], float]) -> Iterator[Any]:
    """Its events of that time, some more than once; piece by piece, so that one can stop."""
    import recurring_ical_events  # noqa: PLC0415

    query, ends, found = recurring_ical_events.of(calendar, components=["VEVENT"]), clock() + PATIENCE, 0
    while begin < end:
        piece = query.between(begin, min(begin + PIECE, end))
        found += len(piece)
        if found > MOST_FOUND or clock() > ends:
            raise UnreadableError("its events take too long to write out")
        yield from piece
        begin += PIECE


def _freeze(event: Any, zone: ZoneInfo) -> Freeze:
    begin, end = event.start, event.end
    return Freeze(
        begin=_utc(begin, zone), end=_utc(end, zone), summary=str(event.get("SUMMARY", "")).strip()[:200]
    )


def _utc(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return zones.midnight(at, zone)
    return at.astimezone(UTC) if at.tzinfo else zones.at(at, zone)
