"""Calendars whose writing out would never end, or that fill the memory: refused before anything is written out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from app.schedules.unreadable import UnreadableError

MOST_RULES = 1000  # of all events
MOST_DATES = 500  # RDATEs of all events
MOST_STEPS = 200_000  # times that the rules of all events name up to the end of what is written out
MOST_WRITTEN = 10_000  # of them in the time that is written out
EARLIEST = date(1970, 1, 1)
PERIODS = {
    "DAILY": 1,
    "WEEKLY": 7,
    "MONTHLY": 28,
    "YEARLY": 365,
}  # days; what is more often is a bomb, or a mistake
TIMES_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
LISTS = ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS")
KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *LISTS, *TIMES_OF_DAY}
LARGEST_ALONE = {"BYYEARDAY": 365, "BYWEEKNO": 52}
LENGTHS = {
    1: 31,
    2: 29,
    3: 31,
    4: 30,
    5: 31,
    6: 30,
    7: 31,
    8: 31,
    9: 30,
    10: 31,
    11: 30,
    12: 31,
}  # days of months
ZONE = re.compile(rb"BEGIN:VTIMEZONE.*?END:VTIMEZONE", re.IGNORECASE | re.DOTALL)
ZONE_BOMB = re.compile(rb"FREQ=(?!YEARLY)|BYHOUR|BYMINUTE|BYSECOND|EXRULE", re.IGNORECASE)
MOST_CHANGES = 500  # lines with rules and dates of a time zone


def refuse_zones(text: bytes) -> None:
    """Time zones that change more often than they do. From the text: they are written out while it is parsed."""
    for zone in ZONE.findall(re.sub(rb"\r?\n[ \t]", b"", text)):
        if ZONE_BOMB.search(zone) or len(re.findall(rb"(?im)^R(?:RULE|DATE)|,", zone)) > MOST_CHANGES:
            raise UnreadableError("it has a time zone that changes too often")


def refuse(events: Iterable[Any], begin: datetime, end: datetime) -> None:
    """Events that cost too much between `begin` and `end`, one by one or together."""
    dates, rules, steps, written = 0, 0, 0.0, 0.0
    for event in events:
        start = _day(event.start)
        if start < EARLIEST:
            raise UnreadableError(f"“{_name(event)}” begins before {EARLIEST.year}")
        if "EXRULE" in event:
            raise UnreadableError(f"“{_name(event)}” has an EXRULE, which iCalendar has given up")
        dates += sum(len(one.dts) for one in _listed(event.get("RDATE")))
        for rule in _listed(event.get("RRULE")):
            often = _refused(event, rule)
            last = min(_until(rule, end), end.date())
            rules += 1
            steps += max(0, (last - start).days) / often + 1
            written += max(0, (last - max(start, begin.date())).days) / often + 1
            if _may_never_come(rule, start):
                raise UnreadableError(f"“{_name(event)}” repeats on days that may never come")
        if dates > MOST_DATES:
            raise UnreadableError(f"it has more than {MOST_DATES} RDATEs")
        if rules > MOST_RULES or steps > MOST_STEPS or written > MOST_WRITTEN:
            raise UnreadableError("its events repeat too often, all together")


def _refused(event: Any, rule: Any) -> float:
    """Days from one time to the next, at least."""
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    if frequency not in PERIODS:
        raise UnreadableError(f"“{_name(event)}” repeats more often than daily")
    if any(len(_listed(rule.get(one))) > 1 for one in TIMES_OF_DAY):
        raise UnreadableError(f"“{_name(event)}” repeats more often than daily: by hour, minute or second")
    if frequency == "DAILY" or _many(rule, frequency):
        return 1
    every = next(iter(_listed(rule.get("INTERVAL"))), 1)
    return PERIODS[frequency] * max(1, int(every))


def _many(rule: Any, frequency: str) -> bool:
    """Whether it may name several days of a period."""
    if any(len(_listed(rule.get(one))) > 1 for one in LISTS):
        return True
    every_one = any(not re.search(r"\d", str(one)) for one in _listed(rule.get("BYDAY")))
    return (every_one and frequency != "WEEKLY") or "BYWEEKNO" in rule


def _until(rule: Any, end: datetime) -> date:
    return min(map(_day, _listed(rule.get("UNTIL"))), default=end.date())


def _may_never_come(rule: Any, start: date) -> bool:
    """Such as 30 February: it is looked for day by day up to the year 9999, whatever UNTIL says. In doubt, it may."""
    frequency, parts = str(rule["FREQ"][0]).upper(), {str(one).upper() for one in rule} & set(LISTS)
    every = int(next(iter(_listed(rule.get("INTERVAL"))), 1))
    if not {str(one).upper() for one in rule} <= KNOWN:
        return True
    if frequency in ("DAILY", "WEEKLY"):
        fine = {"BYDAY", "BYMONTH"} if every == 1 else {"BYDAY"} if frequency == "WEEKLY" else set()
        return not parts <= fine or any(map(_ordinal, _listed(rule.get("BYDAY"))))
    if alone := parts & LARGEST_ALONE.keys():
        (one, *more) = alone
        return bool(more) or len(parts) > 1 or every > 1 or not _within(rule[one], LARGEST_ALONE[one])
    return _never_of_months(rule, parts, start, every)


def _never_of_months(rule: Any, parts: set[str], start: date, every: int) -> bool:
    ordinals = [_ordinal(one) for one in _listed(rule.get("BYDAY"))]
    days = _listed(rule.get("BYMONTHDAY")) or ([] if ordinals else [start.day])
    if "BYSETPOS" in parts and (any(ordinals) or not ordinals or "BYMONTHDAY" in parts or every > 1):
        return True
    months = [int(one) for one in _listed(rule.get("BYMONTH"))] or [1]
    longest = max((LENGTHS.get(one, 0) for one in months), default=0)
    of_year = "BYMONTH" not in parts and str(rule["FREQ"][0]).upper() == "YEARLY"
    if not _within(ordinals, (53 if of_year else 5) if every == 1 else 4) or (any(ordinals) and days):
        return True
    if every > 1 and ("BYMONTH" in parts or "BYMONTHDAY" in parts):
        return not _within(days, 28) or (str(rule["FREQ"][0]).upper() == "MONTHLY" and "BYMONTH" in parts)
    return not _within(_listed(rule.get("BYSETPOS")), 4) or not _within(days, longest)


def _ordinal(day: Any) -> int:
    """Of BYDAY, the -1 of -1FR; 0 where it names every one."""
    found = re.match(r"[+-]?\d+", str(day))
    return int(found[0]) if found else 0


def _within(values: Iterable[Any], largest: int) -> bool:
    return all(abs(int(one)) <= largest for one in values)


def _day(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _name(event: Any) -> str:
    return str(event.get("SUMMARY", ""))[:100]
