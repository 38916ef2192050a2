"""Metrics as CloudWatch keeps them: one slot a minute for each metric, bounded in number and age.

A "minute" is 60 s divided by the sandbox's speed. Nothing here knows AWS's protocols.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

KEEP_SLOTS = 1440  # minutes of history: a day at speed 1
KEEP_VALUES = 60  # newest slots that still know their single values, for percentiles
MOST_VALUES = 2000  # different values of one slot; beyond it, it has no percentiles
MOST_SERIES = 5000  # the one that was silent longest goes first


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a point belongs to."""

    scope: tuple[str, str]  # account, region
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()  # sorted by name


@dataclass(slots=True)
class Slot:
    """Everything reported in one minute, or in several merged ones."""

    count: float = 0.0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    values: dict[float, float] | None = field(default_factory=dict)  # value → times; None: not known

    def add(self, value: float, count: float) -> None:
        self.count += count
        self.total += value * count
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        if self.values is not None:
            self.values[value] = self.values.get(value, 0.0) + count
            if len(self.values) > MOST_VALUES:
                self.values = None

    def add_set(self, *, count: float, total: float, low: float, high: float) -> None:
        """A statistic set. It has percentiles only where all its values are the same, as on AWS."""
        if low == high:
            self.add(low, count)
            return
        self.merge(Slot(count=count, total=total, low=low, high=high, values=None))

    def merge(self, other: Slot) -> None:
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if self.values is None or other.values is None:
            self.values = None
            return
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + count


@dataclass(slots=True)
class Series:
    unit: str
    slots: dict[int, Slot] = field(default_factory=dict)  # by the second its minute begins
    zero_until: int = 0  # minutes without a point count as zero up to here; 0: they have no data


class Points:
    """Threads share it. `minute` in whole seconds, `clock` in seconds since the epoch."""

    def __init__(self, *, minute: int, clock: Callable[[], float]) -> None:
        self.minute = minute
        self.clock = clock
        self._series: dict[Metric, Series] = {}
        self._lock = threading.Lock()

    def add(
        self,
        metric: Metric,
        value: float,
        *,
        count: float = 1.0,
        unit: str = "None",
        at: float | None = None,
        zero_for: float = 0.0,
    ) -> None:
        """`value`, seen `count` times. `at` in seconds since the epoch, default now.

        For `zero_for` seconds after it, a minute without a point reads as zero (as AWS reports active
        queues); otherwise such a minute has no data.
        """
        with self._lock:
            slot = self._slot(metric, unit, at, zero_for)
            if slot is not None:
                slot.add(value, count)

    def add_set(
        self,
        metric: Metric,
        *,
        count: float,
        total: float,
        low: float,
        high: float,
        unit: str = "None",
        at: float | None = None,
    ) -> None:
        """A statistic set, as PutMetricData takes it."""
        with self._lock:
            slot = self._slot(metric, unit, at, 0.0)
            if slot is not None:
                slot.add_set(count=count, total=total, low=low, high=high)

    def read(self, metric: Metric, since: int, until: float) -> dict[int, Slot]:
        """Copies of the slots that begin at or after `since` and ended by `until`, oldest first."""
        with self._lock:
            series = self._series.get(metric)
            if series is None:
                return {}
            first = max(since, min(series.slots))
            last = int(until) // self.minute * self.minute - self.minute
            read: dict[int, Slot] = {}
            for second in range(-(-first // self.minute) * self.minute, last + 1, self.minute):
                slot = series.slots.get(second)
                if slot is not None or second < series.zero_until:
                    read[second] = copy = Slot()
                    copy.merge(slot if slot is not None else ZERO)
            return read

    def unit(self, metric: Metric) -> str:
        series = self._series.get(metric)
        return series.unit if series else "None"

    def metrics(self) -> list[Metric]:
        with self._lock:
            return list(self._series)

    def clear(self) -> None:
        with self._lock:
            self._series.clear()

    def _slot(self, metric: Metric, unit: str, at: float | None, zero_for: float) -> Slot | None:
        now = self.clock()
        moment = now if at is None else at
        second = int(moment) // self.minute * self.minute
        if second < now - KEEP_SLOTS * self.minute:
            return None  # older than anything kept
        series = self._series.get(metric)
        if series is None:
            self._make_room()
            series = self._series[metric] = Series(unit=unit)
        series.zero_until = max(series.zero_until, int(moment + zero_for) if zero_for else 0)
        slot = series.slots.get(second)
        if slot is None:
            slot = series.slots[second] = Slot()
            self._forget(series, second)
        return slot

    def _make_room(self) -> None:
        if len(self._series) >= MOST_SERIES:
            del self._series[min(self._series, key=lambda metric: max(self._series[metric].slots))]

    def _forget(self, series: Series, newest: int) -> None:
        if (thin := series.slots.get(newest - KEEP_VALUES * self.minute)) is not None:
            thin.values = None
        if len(series.slots) > KEEP_SLOTS:
            oldest = newest - KEEP_SLOTS * self.minute
            for second in [second for second in series.slots if second <= oldest]:
                del series.slots[second]


ZERO = Slot()
ZERO.add(0.0, 1.0)


def merged(slots: Iterable[Slot]) -> Slot:
    whole = Slot()
    for slot in slots:
        whole.merge(slot)
    return whole


def statistic(slot: Slot, name: str) -> float | None:
    """`Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount` or a percentile such as `p95`.

    None where it cannot be said. KeyError for a name that is neither.
    """
    if slot.count <= 0:
        return None
    if name.startswith("p"):
        return percentile(slot, float(name[1:]))
    simple = {
        "Sum": slot.total,
        "Average": slot.total / slot.count,
        "Minimum": slot.low,
        "Maximum": slot.high,
        "SampleCount": slot.count,
    }
    return simple[name]


def percentile(slot: Slot, percent: float) -> float | None:
    """Between the two nearest ranks. None where single values are not known, or one is negative."""
    if not slot.values or slot.low < 0:
        return None
    rank = (slot.count - 1) * percent / 100
    below, above = (_at_rank(slot.values, whole) for whole in (math.floor(rank), math.ceil(rank)))
    return below + (above - below) * (rank - math.floor(rank))


def _at_rank(values: dict[float, float], rank: float) -> float:
    seen = 0.0
    for value in sorted(values):
        seen += values[value]
        if rank < seen:
            return value
    return max(values)
