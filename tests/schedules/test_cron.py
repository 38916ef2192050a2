"""Cron as cron reads it, where clocks change and where they do not; and what is wrong with an expression."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schedules import cron, zones

# zone, the day its clock changes, expression, every fire of that day: local time and offset from UTC in hours.
SPRING, AUTUMN = "2027-03-28", "2027-10-31"
CHANGES = [
    ("Europe/Berlin", SPRING, "30 2 * * *", ["03:00 +2"]),  # there is no 02:30: right after the gap
    ("Europe/Berlin", SPRING, "15,45 2 * * *", ["03:00 +2"]),  # both fall into the gap, and it fires once
    ("Europe/Berlin", SPRING, "0 2,3 * * *", ["03:00 +2"]),
    ("Europe/Berlin", SPRING, "30 1 * * *", ["01:30 +1"]),
    ("Europe/Berlin", SPRING, "*/30 0-3 * * *", ["00:00 +1", "00:30 +1", "01:00 +1", "01:30 +1", "03:00 +2", "03:30 +2"]),
    ("Europe/Berlin", AUTUMN, "30 2 * * *", ["02:30 +2"]),  # twice on the clock, once fired
    ("Europe/Berlin", AUTUMN, "15,45 2 * * *", ["02:15 +2", "02:45 +2"]),
    ("Europe/Berlin", AUTUMN, "0 3 * * *", ["03:00 +1"]),
    ("America/New_York", "2027-03-14", "30 2 * * *", ["03:00 -4"]),
    ("America/New_York", "2027-03-14", "0 3 * * *", ["03:00 -4"]),
    ("America/New_York", "2027-03-14", "59 1 * * *", ["01:59 -5"]),
    ("America/New_York", "2027-11-07", "30 1 * * *", ["01:30 -4"]),
    ("America/New_York", "2027-11-07", "0 1-3 * * *", ["01:00 -4", "02:00 -5", "03:00 -5"]),
    ("America/New_York", "2027-11-07", "0 2 * * *", ["02:00 -5"]),
    ("Australia/Lord_Howe", "2027-10-03", "15 2 * * *", ["02:30 +11"]),  # half an hour is left out there
    ("Australia/Lord_Howe", "2027-10-03", "15,45 2 * * *", ["02:30 +11", "02:45 +11"]),
    ("Australia/Lord_Howe", "2027-10-03", "45 1 * * *", ["01:45 +10.5"]),
    ("Australia/Lord_Howe", "2027-04-04", "45 1 * * *", ["01:45 +11"]),
    ("Australia/Lord_Howe", "2027-04-04", "15 1 * * *", ["01:15 +11"]),
    ("Australia/Lord_Howe", "2027-04-04", "0 2 * * *", ["02:00 +10.5"]),
]  # fmt: skip


def of_day(zone: str, day: str, expression: str) -> list[datetime]:
    place = ZoneInfo(zone)
    begin = zones.midnight(date.fromisoformat(day), place)
    end = zones.midnight(date.fromisoformat(day) + timedelta(days=1), place)
    found = []
    for at in cron.walk(expression, begin - timedelta(microseconds=1), place):
        if at >= end:
            break
        found.append(at)
    return found


@pytest.mark.parametrize(("zone", "day", "expression", "expected"), CHANGES)
def test_a_day_on_which_the_clock_changes(zone: str, day: str, expression: str, expected: list[str]) -> None:
    local = [at.astimezone(ZoneInfo(zone)) for at in of_day(zone, day, expression)]
    assert [f"{at:%H:%M} {at.utcoffset().total_seconds() / 3600:+g}" for at in local] == expected


@pytest.mark.parametrize(
    ("zone", "day", "count"),
    [
        ("Europe/Berlin", SPRING, 23), ("Europe/Berlin", AUTUMN, 25), ("America/New_York", "2027-03-14", 23),
        ("America/New_York", "2027-11-07", 25), ("Europe/Berlin", "2027-06-01", 24),
    ],
)  # fmt: skip
def test_every_hour_goes_by_the_time_that_passes(zone: str, day: str, count: int) -> None:
    found = of_day(zone, day, "0 * * * *")
    assert len(found) == count
    assert {b - a for a, b in itertools.pairwise(found)} == {timedelta(hours=1)}


@pytest.mark.parametrize(("zone", "day", "expression"), [row[:3] for row in CHANGES])
def test_wherever_the_walk_begins_the_fires_are_the_same_and_none_twice(
    zone: str, day: str, expression: str
) -> None:
    """A restart in any minute of the day goes on with what is left of it."""
    whole, place = of_day(zone, day, expression), ZoneInfo(zone)
    begin = zones.midnight(date.fromisoformat(day), place)
    for minutes in range(0, 6 * 60, 5):
        after = begin + timedelta(minutes=minutes)
        left = [at for at in whole if at > after]
        walked = cron.walk(expression, after, place)
        assert [next(walked) for _ in left] == left, minutes


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("0 25 * * *", "The hour field “25” is outside 0 to 23."),
        ("61 * * * *", "The minute field “61” is outside 0 to 59."),
        ("0 3,24 * * *", "The hour field “24” is outside 0 to 23."),
        ("0 0 0 * *", "The day of month field “0” is outside 1 to 31."),
        ("0 0 * 13 *", "The month field “13” is outside 1 to 12, or JAN to DEC."),
        ("0 0 * * 8", "The day of week field “8” is outside 0 to 7 (0 and 7 are Sunday), or SUN to SAT."),
        ("5-2 * * * *", "The minute field “5-2” ends before it begins"),
        ("*/0 * * * *", "The minute field “*/0” has a step that is no number above 0"),
        ("0 0 * * fry", "The day of week field “fry” means nothing here"),
        ("@daily", "five fields (minute, hour, day of month, month, day of week) and this one has 1"),
        ("0 0 3 * * *", "and this one has 6"),
        ("0 0 31 4,6 *", "never fires: no month has such a day"),
        ("", "and this one has 0"),
    ],
)
def test_an_invalid_expression_says_which_field_and_why(expression: str, says: str) -> None:
    assert says in cron.problem(expression)


@pytest.mark.parametrize(
    "expression", ["0 3 * * 1-5", "*/7 1,2 L * *", "0 0 * * 5#2", "0 9 LW JAN-MAR *", "0 0 29 2 *"]
)
def test_what_cron_takes_is_taken(expression: str) -> None:
    assert cron.problem(expression) == ""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("0123456789*/,-L#WMONJAN ", min_size=1, max_size=6), min_size=5, max_size=5))
def test_any_text_is_refused_in_a_sentence_or_fires(parts: list[str]) -> None:
    expression = " ".join(parts)
    if not cron.problem(expression):
        now = datetime(2027, 1, 1, tzinfo=UTC)
        assert next(cron.walk(expression, now, ZoneInfo("Europe/Berlin"))) > now
