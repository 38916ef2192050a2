import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.emulator.windows import Window

NOON = 1_700_049_600.0  # a whole hour


def window(start, end, *, now=None, speed=1):
    return Window.of(NOON + start, NOON + end, now=NOON + (end if now is None else now), speed=speed)


CASES = [
    # start, end, now, speed, period → buckets relative to noon
    ((0, 300, 300, 1, 300), [0]),  # on the minute: one whole bucket
    ((30, 330, 330, 1, 300), [0]),  # between minutes: anchored at floor(start); the open one is not there
    ((59.9, 359.9, 360, 1, 300), [0]),  # asked a little late: as of EndTime
    ((30, 330, 330, 1, 60), [0, 60, 120, 180, 240]),
    ((30, 930, 930, 1, 300), [0, 300, 600]),
    ((30, 930, 930, 1, 900), [0]),
    ((0, 3600, 60, 1, 60), [0]),  # EndTime in the future: nothing that is still open
    ((0, 300, 30, 1, 300), []),
    ((0, 300, 300, 10, 300), [270]),  # the newest 30 s in one bucket
    ((2, 302, 302, 10, 300), [270]),  # floor(302 − 30) to 6 s = 270
    ((7, 307, 307, 10, 300), [276]),
    ((0, 3600, 3600, 10, 300), [3240 + 30 * index for index in range(12)]),
    ((0, 300, 300, 5, 300), [240]),
    ((0, 60, 60, 1, 1), [0]),  # points are of whole minutes
]


@pytest.mark.parametrize(("asked", "expected"), CASES)
def test_the_buckets_of_a_window(asked, expected):
    start, end, now, speed, period = asked
    found = window(start, end, now=now, speed=speed).buckets(period)
    assert [second - NOON for second in found] == expected


@given(
    end=st.floats(min_value=0, max_value=1e6),
    late=st.floats(min_value=0, max_value=30),
    speed=st.sampled_from([1, 5, 10]),
    minutes=st.integers(1, 60),
)
def test_a_window_as_long_as_its_period_has_one_whole_bucket(end, late, speed, minutes):
    period = 60 * minutes
    asked = window(end - period, end, now=end + late, speed=speed)
    (only,) = asked.buckets(period)
    minute = 60 // speed
    assert only % minute == 0
    assert only == asked.first
    assert only <= NOON + end - period / speed < only + minute + 1e-6
    assert only + asked.period(period) <= NOON + end + 1e-6


@given(
    second=st.integers(0, 10_000), period=st.sampled_from([60, 300, 900]), speed=st.sampled_from([1, 5, 10])
)
def test_each_minute_falls_into_the_bucket_that_covers_it(second, period, speed):
    asked = window(0, 3600, speed=speed)
    minute = asked.first + second * asked.minute
    bucket = asked.bucket(minute, period)
    assert bucket <= minute < bucket + asked.period(period)
    assert (bucket - asked.first) % asked.period(period) == 0
