"""When a schedule fires: a rule, and the walk along its fires. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from app.schedules import cron, zones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # what an interval without a start counts from
INSTANT = timedelta(microseconds=1)
LONGEST_WAIT = 800  # days in a row that are no business days, after which nothing is expected any more
MOST_SKIPPED = 2000  # fires that are walked along before older ones are passed over
LOOKS_BACK = timedelta(days=1)

Workday = Callable[[date], bool]


class Kind(StrEnum):
    CRON = "cron"
    INTERVAL = "interval"  # counts elapsed time, whatever clocks do
    ONCE = "once"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`start` and `end` are both within; in UTC."""

    kind: Kind
    cron: str = ""
    every: timedelta = timedelta()
    at: datetime = EPOCH
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    start: datetime | None = None
    end: datetime | None = None
    jitter: timedelta = timedelta()
    only_on_business_days: bool = False


def any_day(day: date) -> bool:
    del day
    return True


def fires(rule: Rule, after: datetime, workday: Workday = any_day) -> Iterator[datetime]:
    """The times later than `after` that the rule names, without jitter, in UTC, each later than the one before."""
    walker = _walk(rule, max(after, rule.start - INSTANT) if rule.start else after)
    skipped = 0
    while (found := next(walker, None)) is not None and not (rule.end and found > rule.end):
        day = found.astimezone(rule.zone).date()
        if not rule.only_on_business_days or workday(day):
            skipped = 0
            yield found
            continue
        skipped += 1
        if skipped > LONGEST_WAIT:
            return
        walker = _walk(rule, zones.midnight(day + timedelta(days=1), rule.zone) - INSTANT)


def passed(
    rule: Rule, first: datetime, now: datetime, workday: Workday, *, jitter: str
) -> Iterator[datetime]:
    """From `first`, which the rule names, on: those that are due by now. Of very many, the last day's."""
    for number, found in enumerate(fires(rule, first - INSTANT, workday)):
        if due(rule, found, jitter) > now:
            return
        if number == MOST_SKIPPED:
            yield from passed(rule, max(found, now - LOOKS_BACK), now, workday, jitter=jitter)
            return
        yield found


def due(rule: Rule, at: datetime, seed: str) -> datetime:
    """With jitter: the same for the same schedule and fire, today, after a restart, and in a preview."""
    seconds = int(rule.jitter.total_seconds())
    if not seconds:
        return at
    digest = hashlib.sha256(f"{seed}\n{at.astimezone(UTC).isoformat()}".encode()).digest()
    return at + timedelta(seconds=int.from_bytes(digest[:8]) % (seconds + 1))


def shortest_gap(rule: Rule, after: datetime, most: int = 20) -> timedelta | None:
    """Between two fires, of the next few; None where there are no two."""
    found = list(islice(fires(rule, after), most))
    return min((b - a for a, b in pairwise(found)), default=None)


def _walk(rule: Rule, after: datetime) -> Iterator[datetime]:
    if rule.kind is Kind.CRON:
        yield from cron.walk(rule.cron, after, rule.zone)
    elif rule.kind is Kind.ONCE:
        yield from (at for at in (rule.at,) if at > after)
    else:
        yield from _intervals(rule, after)


def _intervals(rule: Rule, after: datetime) -> Iterator[datetime]:
    begin = rule.start or EPOCH
    number = max(0, (after - begin) // rule.every + 1)
    while True:
        try:
            yield begin + number * rule.every
        except OverflowError:  # the end of the calendar
            return
        number += 1
