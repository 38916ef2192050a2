"""When a rule fires: intervals, once, business days, start and end, jitter; and how a definition is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from app.errors import Invalid
from app.schedules import definition, zones
from app.schedules.definition import FIELDS, Definition, parse
from app.schedules.rule import due, fires, passed, shortest_gap
from app.schedules.workdays import workdays

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = {"name": "nightly", "experiment": "lab/one", "environment": "test", "time_zone": "Europe/Berlin"}


def made(**fields: Any) -> Definition:
    return parse(BASE | fields)


def local(one: Definition, count: int, after: datetime = NOW, place: str = "") -> list[str]:
    found = islice(fires(one.rule, after, workdays(place)), count)
    return [f"{at.astimezone(one.rule.zone):%a %m-%d %H:%M}" for at in found]


def test_an_interval_counts_from_its_start_or_from_the_epoch_and_not_from_when_it_was_made() -> None:
    assert local(made(every="6h", time_zone="UTC"), 3) == [
        "Tue 11-24 18:00",
        "Wed 11-25 00:00",
        "Wed 11-25 06:00",
    ]
    assert local(made(every="6h", start="2026-11-24T14:05"), 2) == ["Tue 11-24 14:05", "Tue 11-24 20:05"]
    assert local(made(every="90m", start="2026-11-24"), 1, NOW + timedelta(hours=9)) == ["Tue 11-24 22:30"]


@pytest.mark.parametrize(
    ("zone", "at", "utc"),
    [
        ("Europe/Berlin", "2027-03-28T02:30", "2027-03-28 01:00"),  # in the gap: the first moment after it
        ("Europe/Berlin", "2027-10-31T02:30", "2027-10-31 00:30"),  # twice: the first one
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-02 15:30"),
        ("America/New_York", "2027-03-14T02:00", "2027-03-14 07:00"),
        ("Europe/Berlin", "2027-01-01T09:00Z", "2027-01-01 09:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00"),  # a day that Samoa never had
    ],
)
def test_once_is_a_local_time_or_one_with_its_own_zone(zone: str, at: str, utc: str) -> None:
    rule = made(at=at, time_zone=zone).rule
    assert [f"{one:%Y-%m-%d %H:%M}" for one in fires(rule, datetime(2000, 1, 1, tzinfo=UTC))] == [utc]
    assert list(fires(rule, datetime(2100, 1, 1, tzinfo=UTC))) == []


def test_business_days_leave_out_weekends_and_the_public_holidays_of_the_place() -> None:
    one = made(cron="0 9 * * *", only_on_business_days=True)
    christmas = datetime(2026, 12, 23, 12, tzinfo=UTC)  # a Wednesday
    assert local(one, 3, christmas) == ["Thu 12-24 09:00", "Fri 12-25 09:00", "Mon 12-28 09:00"]
    assert local(one, 3, christmas, "DE-BE") == ["Thu 12-24 09:00", "Mon 12-28 09:00", "Tue 12-29 09:00"]
    womens_day = datetime(2027, 3, 5, 12, tzinfo=UTC)  # Monday the 8th, in Berlin and not in Bavaria
    assert local(one, 1, womens_day, "DE-BE") == ["Tue 03-09 09:00"]
    assert local(one, 1, womens_day, "DE-BY") == ["Mon 03-08 09:00"]


def test_a_business_day_is_one_in_the_schedules_own_zone() -> None:
    friday_night = datetime(2026, 11, 27, 20, tzinfo=UTC)  # Saturday already in Sydney
    one = made(every="1h", only_on_business_days=True, time_zone="Australia/Sydney")
    assert local(one, 1, friday_night) == ["Mon 11-30 00:00"]


def test_a_rule_that_no_business_day_ever_meets_ends() -> None:
    assert list(fires(made(cron="* * * * 6,0", only_on_business_days=True).rule, NOW, workdays(""))) == []


def test_start_and_end_are_both_within() -> None:
    one = made(cron="0 9 * * *", start="2026-12-01T09:00", end="2026-12-02T09:00")
    assert local(one, 9) == ["Tue 12-01 09:00", "Wed 12-02 09:00"]
    assert local(made(cron="0 23 * * *", end="2026-11-25"), 9) == [
        "Tue 11-24 23:00",
        "Wed 11-25 23:00",
    ]  # the whole day


def test_jitter_is_the_same_for_the_same_schedule_and_fire_and_spread_over_others() -> None:
    one = made(cron="0 * * * *", jitter="30m")
    found = list(islice(fires(one.rule, NOW), 200))
    late = [(due(one.rule, at, one.seed) - at).total_seconds() for at in found]
    assert late == [(due(one.rule, at, one.seed) - at).total_seconds() for at in found]
    assert min(late) < 120
    assert max(late) > 1680
    assert all(0 <= one <= 1800 for one in late)
    other = made(cron="0 * * * *", jitter="30m", name="other")
    assert late != [(due(other.rule, at, other.seed) - at).total_seconds() for at in found]
    assert [due(made(cron="0 * * * *").rule, at, one.seed) for at in found] == found


def test_a_long_downtime_is_passed_over_but_for_its_last_day() -> None:
    rule = made(every="1m").rule
    first = NOW + timedelta(minutes=1)
    found = list(passed(rule, first, NOW + timedelta(days=400), workdays(""), jitter="x"))
    assert found[0] == first
    assert found[-1] == NOW + timedelta(days=400)
    assert len(found) < 4000
    assert found == sorted(set(found))


WRONG = [
    ({}, "cron", "one of cron, every and at"),
    ({"cron": "0 3 * * *", "every": "1h"}, "every", "one of cron, every and at"),
    ({"cron": "0 25 * * *"}, "cron", "The hour field “25”"),
    ({"every": "soon"}, "every", "no length of time"),
    ({"every": "1.5h"}, "every", "no length of time"),
    ({"every": ""}, "every", "It is empty. Write how often it fires"),
    ({"every": "  "}, "every", "It is empty."),
    ({"at": ""}, "at", "It is empty. Write when it fires, like “2026-12-24T09:00”"),
    ({"cron": ""}, "cron", "It is empty. Write when it fires, like “0 3"),
    ({"every": "10s"}, "every", "a minute at least"),
    ({"every": "999999999d"}, "every", "no length of time"),
    ({"at": "tomorrow"}, "at", "no time"),
    ({"cron": "0 3 * * *", "time_zone": "Berlin"}, "time_zone", "no IANA time zone"),
    ({"cron": "0 3 * * *", "start": "2027-01-02", "end": "2027-01-01"}, "end", "ends before it starts"),
    ({"cron": "0 3 * * *", "jitter": "2d"}, "jitter", "a day at most"),
    ({"cron": "0 3 * * *", "missed": "twice"}, "missed", "“skip” or “run_once”"),
    ({"cron": "0 3 * * *", "queue": "yes"}, "queue", "true or false"),
    ({"cron": "0 3 * * *", "tell": "slack"}, "tell", "a list of names"),
    ({"cron": "0 3 * * *", "accept": ["costs"]}, "accept", "unproven or cost"),
    ({"cron": "0 3 * * *", "variables": [1]}, "variables", "a table"),
    ({"cron": "0 3 * * *", "rollback_strategy": "maybe"}, "rollback_strategy", "one of always"),
    ({"cron": "0 3 * * *", "name": "x" * 201}, "name", "at most 200 characters"),
    ({"cron": "0 3 * * *", "name": ""}, "name", "missing"),
    ({"cron": ["0 3 * * *"]}, "cron", "a text"),
    ({"cron": "0 3 * * *", "colour": "red"}, "colour", "There is no such field"),
    ({"cron": "0 3 * * *", "start": "9999-12-31T23:59-14:00"}, "start", "no time"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "path", "says"), WRONG)
def test_a_mistake_names_its_field(fields: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        made(**fields)
    assert [one.path for one in caught.value.problems if says in one.message] == [path]


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        parse({"name": "", "cron": "0 25 * * *", "jitter": "x", "time_zone": "Nowhere"})
    assert {one.path for one in caught.value.problems} == {
        "name", "experiment", "environment", "cron", "jitter", "time_zone",
    }  # fmt: skip


def test_a_jitter_as_long_as_the_time_between_two_fires_is_refused() -> None:
    assert shortest_gap(made(cron="0,10 * * * *").rule, NOW) == timedelta(minutes=10)
    with pytest.raises(Invalid, match="not shorter than the 10m between two fires"):
        definition.refuse_long_jitter(made(cron="0,10 * * * *", jitter="10m"), NOW)
    definition.refuse_long_jitter(made(cron="0,10 * * * *", jitter="9m"), NOW)


def test_what_never_fires_is_refused() -> None:
    with pytest.raises(Invalid, match="never fires from now on"):
        definition.refuse_never(made(at="2020-01-01"), NOW)


def test_what_was_read_is_read_the_same_again() -> None:
    one = made(
        cron="0 3 * * 1-5", jitter="10m", tell=["ops"], variables={"a": 1}, paused=True, missed="run_once"
    )
    assert parse(one.fields) == one
    assert set(one.fields) <= set(FIELDS)


@pytest.mark.parametrize("text", ["90s", "30m", "2h", "1d", "36h"])
def test_a_length_is_written_as_it_is_read(text: str) -> None:
    length = zones.duration(text)
    assert length is not None
    assert zones.duration(zones.written(length)) == length
