"""What must have become of a schedule that people change: reckoned from what they wrote and when, and by no code of the product's.

A time counts by the definition that held when it came. It is due after that definition's jitter, whatever was written since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from app.schedules.definition import Definition
from app.schedules.lateness import GRACE
from app.schedules.rule import due

Window = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """`seen`: when the console had last looked for what is due. `definition` None: held or gone from then on."""

    at: datetime
    seen: datetime
    definition: Definition | None


def outcomes(
    history: Sequence[Edit], begin: datetime, end: datetime, down: Sequence[Window]
) -> dict[datetime, tuple[datetime, str]]:
    """By time: when it was due, and its state, of all that were due by the end. `down`: when nobody was there."""
    told: dict[datetime, tuple[datetime, str]] = {}
    for edit, following in zip(history, [*history[1:], None], strict=True):
        if edit.definition is not None:
            until = following.at if following else end
            states = _of(edit.definition, (edit.at, until), begin, end, down)
            assert not told.keys() & states.keys()
            told |= states
    return {
        at: (late, "refused" if state == "started" and _held(history, late) else state)
        for at, (late, state) in told.items()
        if late <= end
    }


def _of(
    one: Definition, held: Window, begin: datetime, end: datetime, down: Sequence[Window]
) -> dict[datetime, tuple[datetime, str]]:
    """Of the times that came while a definition held."""
    times = {
        at: due(one.rule, at, one.seed) for at in by_hand(one.fields, begin, end) if held[0] < at <= held[1]
    }
    states = dict.fromkeys(times, "started")
    for gone, back in down:
        inside = sorted(at for at, late in times.items() if gone < late <= back)
        early = [at for at in inside if times[at] > held[1]]  # they wait each for itself
        together = [at for at in inside if at not in early]
        for at in early:
            if one.missed == "skip" and back - times[at] > GRACE:
                states[at] = "missed"
        late = bool(together) and back - times[together[-1]] > GRACE
        kept = one.missed == "run_once" or not late
        states |= dict.fromkeys(together[: -1 if kept else None], "missed")
    return {at: (late, states[at]) for at, late in times.items()}


def _held(history: Sequence[Edit], late: datetime) -> bool:
    """Whether it was held or gone when a run was to be asked for: at the first look from then on."""
    return next(edit for edit in reversed(history) if edit.seen < late).definition is None


def by_hand(fields: Any, begin: datetime, end: datetime) -> set[datetime]:
    """The fires of a schedule, minute by minute and by no library: what a clock on the wall of that zone shows."""
    zone = ZoneInfo(fields["time_zone"])
    if fields.get("at"):
        return {datetime.fromisoformat(fields["at"])}
    if fields.get("every"):
        every = {"3h": 180, "7h": 420, "95m": 95}[fields["every"]] * 60
        first = (int(begin.timestamp()) // every + 1) * every
        return {datetime.fromtimestamp(at, UTC) for at in range(first, int(end.timestamp()) + 1, every)}
    walls = clock_on_the_wall(begin, int((end - begin).total_seconds() // 60), zone)
    minute, hour, _, _, weekday = fields["cron"].split()
    if minute.startswith("*"):
        return {at for at, wall in walls if wall.minute % 30 == 0 and 1 <= wall.hour <= 3}
    return set(wanted(walls, int(minute), int(hour), None if weekday == "*" else int(weekday)))


@cache
def clock_on_the_wall(begin: datetime, minutes: int, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    return [(at, at.astimezone(zone)) for n in range(1, minutes + 1) if (at := begin + timedelta(minutes=n))]


def wanted(
    walls: list[tuple[datetime, datetime]], minute: int, hour: int, weekday: int | None
) -> Iterator[datetime]:
    """The first minute of each day on which the clock shows that time, or has just jumped over it."""
    done, before = None, None
    for at, wall in walls:
        day, shown = wall.date(), (wall.hour, wall.minute)
        over = (
            before is not None
            and before.date() == day
            and (before.hour, before.minute) < (hour, minute) < shown
        )
        if (
            (shown == (hour, minute) or over)
            and day != done
            and (weekday is None or wall.isoweekday() % 7 == weekday)
        ):
            done = day
            yield at
        before = wall
