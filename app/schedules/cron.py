"""Cron expressions as cron itself reads them: checked field by field, walked forward, told in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field

FIELDS = (
    (Field.MINUTE, "minute", 0, 59),
    (Field.HOUR, "hour", 0, 23),
    (Field.DAY, "day of month", 1, 31),
    (Field.MONTH, "month", 1, 12),
    (Field.DOW, "day of week", 0, 7),
)
NAMED = {Field.MONTH: ", or JAN to DEC", Field.DOW: " (0 and 7 are Sunday), or SUN to SAT"}
LONGEST = 200  # characters
# What CronSim raises, besides its own, for rarities such as “1#2/3”.
BROKEN = (CronSimError, AssertionError, ValueError, TypeError)
EXAMPLE = "“0 3 * * 1-5” is three in the morning from Monday to Friday"


@lru_cache(maxsize=4096)
def problem(expression: str) -> str:
    """Which field is wrong, and why, as a sentence; empty where none is."""
    parts = expression.split()
    if len(parts) != len(FIELDS) or len(expression) > LONGEST:
        names = ", ".join(name for _, name, _, _ in FIELDS)
        return f"A cron expression has five fields ({names}) and this one has {len(parts)}: {EXAMPLE}."
    for part, (field, name, low, high) in zip(parts, FIELDS, strict=True):
        for term in part.split(","):
            if why := _wrong(term, field, low, high):
                return f"The {name} field “{term or part}” {why}."
    return _whole(expression)


def walk(expression: str, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Every fire later than `after`, in UTC, each later than the one before it.

    As cron: what falls into the hour that spring leaves out fires once right after it, what falls into the hour
    that autumn has twice fires in the first one; fields that begin with `*` go by the time that passes.
    """
    last = after.astimezone(UTC)
    for found in CronSim(expression, after.astimezone(zone)):
        at = found.astimezone(UTC)
        if at > last:  # two times of a gap are the same moment, and the repeated hour was there already
            last = at
            yield at


def words(expression: str) -> str:
    """`At 03:00 on Monday through Friday`"""
    return CronSim(expression, datetime.now(UTC)).explain()


def _wrong(term: str, field: Field, low: int, high: int) -> str:
    try:
        field.parse(term.upper())
    except BROKEN:
        return _why(term, field, low, high)
    return ""


def _why(term: str, field: Field, low: int, high: int) -> str:
    between = f"{low} to {high}{NAMED.get(field, '')}"
    value, _, step = term.partition("/")
    if "/" in term and (not step.isdecimal() or int(step) == 0):
        return f"has a step that is no number above 0: */{max(2, low + 1)} is every second one"
    begin, dash, end = value.partition("-")
    if dash and not _wrong(begin, field, low, high) and not _wrong(end, field, low, high):
        return "ends before it begins: write it as two ranges with a comma between them"
    outside = next((one for one in (begin, end) if one.isdecimal() and not low <= int(one) <= high), None)
    if outside is not None:
        return f"is outside {between}"
    return f"means nothing here: it takes {between}, with * , - and /"


def _whole(expression: str) -> str:
    try:
        found = next(CronSim(expression, datetime.now(UTC)), None)
    except BROKEN:
        found = None
    return "" if found else f"“{expression}” never fires: no month has such a day."
