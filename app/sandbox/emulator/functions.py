"""Metric math beyond arithmetic: comparisons, IF, RATE, and functions of one point. Pure.

As CloudWatch's documentation has them: a comparison and a logical operator give 1 or 0; IF has a point where its
condition has one, and none where the value that it chooses has none; RATE is the change a second since the point
before, so that the first point has none.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

Series = dict[int, float]
POINTWISE: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
COMPARISONS: Mapping[type[ast.cmpop], tuple[str, Callable[[float, float], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
LOGIC: Mapping[type[ast.boolop], tuple[str, Callable[[float, float], float]]] = {
    ast.And: ("AND", lambda left, right: float(bool(left) and bool(right))),
    ast.Or: ("OR", lambda left, right: float(bool(left) or bool(right))),
}
# AWS's words for what Python's parser calls and, or.
WORDS = ((re.compile(r"&&|\bAND\b"), " and "), (re.compile(r"\|\||\bOR\b"), " or "))
METRICS = re.compile(r"\bMETRICS\(\s*(?:\"([^\"]*)\"|'([^']*)')?\s*\)")


def worded(text: str) -> str:
    """With Python's own logical operators, and whitespace as it reads it."""
    for pattern, word in WORDS:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def with_metrics(text: str, ids: Sequence[str]) -> str:
    """METRICS() as the list of the request's metrics; with a text those whose id holds it."""

    def listed(found: re.Match[str]) -> str:
        wanted = found[1] or found[2] or ""
        return f"[{', '.join(one for one in ids if wanted in one)}]"

    return METRICS.sub(listed, text)


def compared(compare: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    """What has no value is neither more nor less."""
    return lambda left, right: (
        math.nan if math.isnan(left) or math.isnan(right) else float(compare(left, right))
    )


def rate(series: Series) -> Series:
    """Change a second between a point and the one before it."""
    seconds = sorted(series)
    return {
        second: (series[second] - series[before]) / (second - before)
        for before, second in itertools.pairwise(seconds)
    }


def difference(series: Series) -> Series:
    """Change between a point and the one before it."""
    seconds = sorted(series)
    return {second: series[second] - series[before] for before, second in itertools.pairwise(seconds)}


def chosen(condition: float | Series, yes: float | Series, no: float | Series | None) -> float | Series:
    """IF: point by point where the condition is a series, the whole value where it is a number."""
    if isinstance(condition, dict):
        points = {second: _at(yes if truth else no, second) for second, truth in condition.items()}
        return {second: value for second, value in points.items() if value is not None}
    if math.isnan(condition):
        return {}
    value = yes if condition else no
    return {} if value is None else value


def _at(value: float | Series | None, second: int) -> float | None:
    return value.get(second) if isinstance(value, dict) else value
