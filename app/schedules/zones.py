"""Local times and lengths of time as people write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
YEARS = range(1970, 2200)  # that calendars and time zones can be asked about
LONGEST = timedelta(days=3660)
INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
LONGEST_GAP = 48 * 60  # minutes; Samoa once left out a whole day


@cache
def names() -> tuple[str, ...]:
    """Every IANA time zone that this machine knows."""
    return tuple(sorted(available_timezones()))


@cache
def known(name: str) -> bool:
    return name in available_timezones()


def moment(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime | None:
    """`2026-12-24T09:00`, or a day, in that zone unless it names its own, as UTC. None where it is neither.

    A time that a clock leaves out in spring is the first one after the gap; one that it shows twice is the first.
    """
    try:
        found = _moment(text, zone, end_of_day=end_of_day)
    except (ValueError, OverflowError):
        return None
    return found if found.year in YEARS else None


def _moment(text: str, zone: ZoneInfo, *, end_of_day: bool) -> datetime:
    if DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return midnight(day + timedelta(days=1), zone) - INSTANT if end_of_day else midnight(day, zone)
    written = datetime.fromisoformat(text)
    return written.astimezone(UTC) if written.tzinfo else at(written, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return at(datetime.combine(day, time()), zone)


def at(local: datetime, zone: ZoneInfo) -> datetime:
    """A local time as UTC; the first moment after the gap where the clock leaves it out."""
    for minutes in range(LONGEST_GAP):
        found = (local + minutes * MINUTE).replace(tzinfo=zone, fold=0)
        utc = found.astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == found.replace(tzinfo=None):
            return utc
    raise ValueError(f"{local} is in no day of {zone}")


def duration(text: str) -> timedelta | None:
    """`90s`, `30m`, `2h`, `1d`; None where it is none, or longer than ten years."""
    match = DURATION.fullmatch(text.strip())
    seconds = int(match[1]) * UNITS[match[2]] if match else 0
    return timedelta(seconds=seconds) if match and seconds <= LONGEST.total_seconds() else None


def written(length: timedelta) -> str:
    """A length as `duration` reads it; empty for none."""
    seconds = int(length.total_seconds())
    unit = next((unit for unit in ("d", "h", "m") if seconds and seconds % UNITS[unit] == 0), "s")
    return f"{seconds // UNITS[unit]}{unit}" if seconds else ""
