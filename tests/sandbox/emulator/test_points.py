import pytest

from app.sandbox.emulator import points as limits
from app.sandbox.emulator.points import Metric, Points, Slot, merged, statistic

SENT = Metric(scope=("1", "us-east-2"), namespace="AWS/SQS", name="NumberOfMessagesSent")


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(6000.0)


@pytest.fixture
def points(clock):
    return Points(minute=6, clock=clock)


def sums(points, since=0, until=10**9):
    return {second: slot.total for second, slot in points.read(SENT, since, until).items()}


def test_points_of_one_minute_are_one_slot(points, clock):
    points.add(SENT, 1)
    clock.now += 5
    points.add(SENT, 2)
    clock.now += 1
    points.add(SENT, 4)
    assert sums(points, 0, 6012) == {6000: 3.0, 6006: 4.0}


def test_a_minute_that_is_open_is_not_read(points):
    points.add(SENT, 1)
    assert sums(points, 0, 6005.9) == {}
    assert sums(points, 0, 6006) == {6000: 1.0}


def test_a_minute_that_began_before_is_not_read(points):
    points.add(SENT, 1)
    assert sums(points, 6001, 6012) == {}
    assert sums(points, 6000, 6012) == {6000: 1.0}


def test_without_a_point_there_is_no_data(points, clock):
    points.add(SENT, 1)
    clock.now += 60
    assert sums(points, 6000, clock.now) == {6000: 1.0}


def test_an_active_queue_reports_zeros(points, clock):
    points.add(SENT, 1, zero_for=12)
    clock.now += 60
    assert sums(points, 0, clock.now) == {6000: 1.0, 6006: 0.0}


def test_what_is_read_can_be_changed_without_harm(points):
    points.add(SENT, 1)
    points.read(SENT, 0, 7000)[6000].add(5, 1)
    assert sums(points, 0, 7000) == {6000: 1.0}


def test_a_point_may_come_late_but_not_too_late(points):
    points.add(SENT, 1, at=5990)
    points.add(SENT, 1, at=6000 - 6 * (limits.KEEP_SLOTS + 1))
    assert sums(points, 0, 6000) == {5988: 1.0}


def test_old_minutes_are_forgotten(points, clock):
    for _ in range(limits.KEEP_SLOTS + 50):
        points.add(SENT, 1)
        clock.now += 6
    assert len(points._series[SENT].slots) <= limits.KEEP_SLOTS
    assert sum(slot.values is not None for slot in points._series[SENT].slots.values()) <= limits.KEEP_VALUES


def test_the_series_that_was_silent_longest_goes_first(points, clock, monkeypatch):
    monkeypatch.setattr(limits, "MOST_SERIES", 3)
    names = ["a", "b", "c", "d"]
    for name in names:
        points.add(Metric(scope=("1", "r"), namespace="n", name=name), 1)
        clock.now += 6
    assert [metric.name for metric in points.metrics()] == ["b", "c", "d"]


def slot(*values):
    made = Slot()
    for value in values:
        made.add(value, 1)
    return made


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", 10.0),
        ("Average", 2.5),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("SampleCount", 4.0),
        ("p0", 1.0),
        ("p50", 2.5),
        ("p100", 4.0),
    ],
)
def test_statistics(name, expected):
    assert statistic(merged([slot(1, 2), slot(3, 4)]), name) == expected


def test_nothing_has_no_statistics():
    assert statistic(Slot(), "Sum") is None


def test_a_statistic_set_has_no_percentiles_unless_its_values_are_the_same():
    apart, same = Slot(), Slot()
    apart.add_set(count=2, total=4, low=1, high=3)
    same.add_set(count=2, total=4, low=2, high=2)
    assert statistic(apart, "p50") is None
    assert statistic(apart, "Average") == 2.0
    assert statistic(same, "p50") == 2.0


def test_a_slot_with_too_many_values_gives_its_percentiles_up(monkeypatch):
    monkeypatch.setattr(limits, "MOST_VALUES", 2)
    assert statistic(slot(1, 2, 3), "p50") is None
    assert statistic(slot(1, 2, 3), "Sum") == 6.0
