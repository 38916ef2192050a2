"""Chaos Toolkit's tolerances as bounds that can be drawn and judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Judgement(StrEnum):
    WITHIN = "within"
    OUTSIDE = "outside"
    NO_DATA = "no data"  # CloudWatch had no value: never zero, never a pass
    STALE = "stale"  # the newest value is too old to say


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """A closed interval, or a list of values. `low == high` for an equality."""

    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()  # not empty: one of these, and the bounds are None

    def judge(self, value: float | None) -> Judgement:
        if value is None:
            return Judgement.NO_DATA
        if self.values:
            return Judgement.WITHIN if value in self.values else Judgement.OUTSIDE
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return Judgement.WITHIN if above and below else Judgement.OUTSIDE
