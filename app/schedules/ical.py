"""The events of an iCalendar text as intervals in which nothing is armed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.schedules import zones

MOST = 5000  # events
BEHIND, AHEAD = timedelta(days=62), timedelta(days=400)  # how far a calendar is written out
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})  # a freeze of that kind is a bomb, or a mistake
CANCELLED = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class Freeze:
    begin: datetime
    end: datetime
    summary: str


class UnreadableError(Exception):
    """A calendar that can not be understood, as a sentence without its full stop."""


def freezes(text: bytes, now: datetime, zone: ZoneInfo) -> tuple[Freeze, ...]:
    """Events around now, in order. Days and times without a zone are read in the calendar's own, else in `zone`."""
    try:
        return _freezes(text, now, zone)
    except UnreadableError:
        raise
    except Exception as error:  # whatever a file from elsewhere makes of the two libraries
        raise UnreadableError(f"it is no iCalendar ({type(error).__name__}: {error})") from error


def _freezes(text: bytes, now: datetime, zone: ZoneInfo) -> tuple[Freeze, ...]:
    import icalendar  # noqa: PLC0415  slow to load, and few environments have a freeze calendar
    import recurring_ical_events  # noqa: PLC0415

    calendar: Any = icalendar.Calendar.from_ical(text)
    if calendar.name != "VCALENDAR":
        raise UnreadableError("it is no iCalendar: it does not begin with BEGIN:VCALENDAR")
    events = calendar.walk("VEVENT")
    if len(events) > MOST:
        raise UnreadableError(f"it has more than {MOST} events")
    for event in events:
        _refuse_bombs(event)
    own = str(calendar.get("X-WR-TIMEZONE", ""))
    zone = ZoneInfo(own) if zones.known(own) else zone
    found = recurring_ical_events.of(calendar, components=["VEVENT"]).between(now - BEHIND, now + AHEAD)
    told = [_freeze(event, zone) for event in found if str(event.get("STATUS", "")).upper() != CANCELLED]
    return tuple(sorted(told, key=lambda one: (one.begin, one.end)))


def _refuse_bombs(event: Any) -> None:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ", [])}:
            raise UnreadableError(f"“{event.get('SUMMARY', '')}” repeats more often than daily")


def _freeze(event: Any, zone: ZoneInfo) -> Freeze:
    begin, end = event.start, event.end
    return Freeze(
        begin=_utc(begin, zone), end=_utc(end, zone), summary=str(event.get("SUMMARY", "")).strip()[:200]
    )


def _utc(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return zones.midnight(at, zone)
    return at.astimezone(UTC) if at.tzinfo else zones.at(at, zone)
