"""Chaos Toolkit's tolerances as bounds that can be drawn and judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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


def drawable(tolerance: Any) -> Tolerance | None:
    """Chaos Toolkit's tolerance as bounds; None where it has none: a regex, a JSON path, a probe, a text."""
    if is_number(tolerance):
        return Tolerance(low=float(tolerance), high=float(tolerance))
    if isinstance(tolerance, list) and tolerance and all(is_number(value) for value in tolerance):
        return Tolerance(values=tuple(float(value) for value in tolerance))
    match tolerance:
        case {"type": "range", "range": [low, high]} if is_number(low) and is_number(high):
            return Tolerance(low=float(low), high=float(high))
    return None


def in_words(tolerance: Any, unit: str = "") -> str:
    """`−10 … 20 %`, `= 0`, `one of 200, 204`, `matches ^ok$`."""
    after = f" {unit}" if unit else ""
    bounds = drawable(tolerance)
    if bounds and bounds.values:
        return f"one of {', '.join(_number(value) for value in bounds.values)}{after}"
    if bounds and bounds.low is not None and bounds.high is not None:
        if bounds.low == bounds.high:
            return f"= {_number(bounds.low)}{after}"
        return f"{_number(bounds.low)} … {_number(bounds.high)}{after}"
    return _other(tolerance)


def _other(tolerance: Any) -> str:
    if not isinstance(tolerance, dict):
        return f"= {tolerance}" if not isinstance(tolerance, list) else f"one of {tolerance}"
    kind = tolerance.get("type")
    if kind == "regex":
        return f"matches {tolerance.get('pattern')}"
    if kind == "jsonpath":
        return f"has {tolerance.get('path')}"
    return f"as “{tolerance.get('name', kind)}” says"


def is_number(value: Any) -> bool:
    """True and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
