"""GetMetricData and GetMetricStatistics over the points, protocol aside. Pure but for reading the points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from app.sandbox.emulator.expressions import ID, Expression, ExpressionError, Series, evaluate, parse
from app.sandbox.emulator.functions import with_metrics
from app.sandbox.emulator.points import Metric, Points, Slot, merged, statistic
from app.sandbox.emulator.windows import MINUTE, Window

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"p(100|\d{1,2}(\.\d{1,10})?)")
SHORT_PERIODS = (1, 5, 10, 30)  # seconds; AWS takes them besides multiples of 60
MOST_QUERIES = 500
MOST_BUCKETS = 100_800


class ValidationError(ValueError):
    """AWS's ValidationError (400), with its message."""


@dataclass(frozen=True, kw_only=True)
class MetricStat:
    metric: Metric
    period: int  # seconds, as asked
    statistic: str


@dataclass(frozen=True, kw_only=True)
class DataQuery:
    """One entry of MetricDataQueries: a metric or an expression."""

    id: str
    label: str
    source: MetricStat | Expression
    period: int | None = None  # of an expression, where given
    returned: bool = True


@dataclass(frozen=True, kw_only=True)
class Result:
    """Seconds since the epoch and values, in the order asked for."""

    id: str
    label: str
    timestamps: tuple[int, ...]
    values: tuple[float, ...]
    complete: bool = True  # False: more of it comes with the next page


@dataclass(frozen=True, kw_only=True)
class Page:
    """`token` of the next one; None at the end."""

    results: tuple[Result, ...]
    token: str | None = None


@dataclass(frozen=True, kw_only=True)
class Datapoint:
    timestamp: int  # seconds since the epoch
    unit: str
    statistics: Mapping[str, float]
    extended: Mapping[str, float] = field(default_factory=dict)


def read_queries(entries: Sequence[Mapping[str, Any]], scope: tuple[str, str]) -> list[DataQuery]:
    """MetricDataQueries as AWS takes them. ValidationError as AWS says it."""
    if not entries:
        raise ValidationError("The parameter MetricDataQueries is required.")
    if len(entries) > MOST_QUERIES:
        raise ValidationError(
            f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )
    metrics = [str(entry.get("Id", "")) for entry in entries if entry.get("MetricStat") is not None]
    queries = [_query(number, entry, scope, metrics) for number, entry in enumerate(entries, 1)]
    ids = [query.id for query in queries]
    doubled = next((one for one in ids if ids.count(one) > 1), None)
    if doubled is not None:
        raise ValidationError(f"The values for parameter id in MetricDataQueries are not unique: {doubled}.")
    return queries


def metric_data(
    queries: Sequence[DataQuery], points: Points, window: Window, *, newest_first: bool = True
) -> list[Result]:
    """The results of the queries that are returned, in the order of the queries."""
    if window.first >= window.end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    by_id = {query.id: query for query in queries}
    values: dict[str, Series] = {}
    periods: dict[str, int] = {}
    for one in _order(by_id):
        query = by_id[one]
        if isinstance(query.source, MetricStat):
            periods[one] = query.source.period
            values[one] = _series(query.source, points, window)
        else:
            names = query.source.names
            periods[one] = query.period or max((periods[name] for name in names), default=MINUTE)
            values[one] = _evaluated(one, query.source, values, _grid(window, periods[one]))
    return [_result(query, values[query.id], newest_first) for query in queries if query.returned]


def paged(results: Sequence[Result], *, size: int | None, token: str | None) -> Page:
    """At most `size` data points, from where `token` left off; every query has a result on every page.

    ValidationError for a size or a token that AWS would not take.
    """
    if size is not None and not 1 <= size <= MOST_BUCKETS:
        raise ValidationError(f"The parameter MaxDatapoints must be between 1 and {MOST_BUCKETS}.")
    if token is not None and not token.isdecimal():
        raise ValidationError("The parameter NextToken is not valid.")
    begin, left = int(token or 0), size or MOST_BUCKETS
    end, at, shown = begin + left, 0, []
    for result in results:
        first, last = max(begin - at, 0), max(end - at, 0)
        part = replace(result, timestamps=result.timestamps[first:last], values=result.values[first:last])
        shown.append(replace(part, complete=last >= len(result.values)))
        at += len(result.values)
    return Page(results=tuple(shown), token=str(end) if at > end else None)


def metric_statistics(
    source: MetricStat, names: Sequence[str], points: Points, window: Window
) -> list[Datapoint]:
    """The data points of GetMetricStatistics, oldest first. `names` are statistics and percentiles."""
    _check_period(source.period, "Period")
    for name in names:
        _check_statistic(name)
    unit = points.unit(source.metric)
    datapoints = []
    for second, slot in _slots(source, points, window).items():
        found = {name: value for name in names if (value := statistic(slot, name)) is not None}
        plain = {name: value for name, value in found.items() if name in STATISTICS}
        extended = {name: value for name, value in found.items() if name not in STATISTICS}
        datapoints.append(Datapoint(timestamp=second, unit=unit, statistics=plain, extended=extended))
    return datapoints


def dimensions(entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(entry["Name"]), str(entry.get("Value", ""))) for entry in entries))


def _query(
    number: int, entry: Mapping[str, Any], scope: tuple[str, str], metrics: Sequence[str]
) -> DataQuery:
    place = f"MetricDataQueries.member.{number}"
    one = str(entry.get("Id", ""))
    if not ID.fullmatch(one):
        raise ValidationError(
            f"The value '{one}' for parameter {place}.Id is not matching the expected pattern."
        )
    text, stat = entry.get("Expression"), entry.get("MetricStat")
    if (text is None) == (stat is None):
        raise ValidationError(f"Exactly one of {place}.MetricStat and {place}.Expression is required.")
    source = (
        _expression(one, with_metrics(str(text), metrics))
        if stat is None
        else _metric_stat(place, stat, scope)
    )
    period = entry.get("Period")
    if period is not None:
        _check_period(int(period), f"{place}.Period")
    default = source.metric.name if isinstance(source, MetricStat) else one
    return DataQuery(
        id=one,
        label=str(entry.get("Label") or default),
        source=source,
        period=None if period is None else int(period),
        returned=str(entry.get("ReturnData", True)).lower() != "false",
    )


def _expression(one: str, text: str) -> Expression:
    try:
        return parse(text)
    except ExpressionError as error:
        raise _in_expression(one, error) from error


def _evaluated(one: str, expression: Expression, values: Mapping[str, Series], grid: Sequence[int]) -> Series:
    try:
        return evaluate(expression, values, grid)
    except ExpressionError as error:
        raise _in_expression(one, error) from error


def _in_expression(one: str, error: ExpressionError) -> ValidationError:
    return ValidationError(f"Error in expression '{one}': {error}")


def _metric_stat(place: str, entry: Mapping[str, Any], scope: tuple[str, str]) -> MetricStat:
    metric = entry.get("Metric") or {}
    for name in ("Namespace", "MetricName"):
        if not metric.get(name):
            raise ValidationError(f"The parameter {place}.MetricStat.Metric.{name} is required.")
    period, name = int(entry.get("Period") or 0), str(entry.get("Stat") or "")
    _check_period(period, f"{place}.MetricStat.Period")
    _check_statistic(name)
    return MetricStat(
        metric=Metric(
            scope=scope,
            namespace=str(metric["Namespace"]),
            name=str(metric["MetricName"]),
            dimensions=dimensions(metric.get("Dimensions") or []),
        ),
        period=period,
        statistic=name,
    )


def _check_period(period: int, place: str) -> None:
    if period not in SHORT_PERIODS and (period <= 0 or period % MINUTE):
        raise ValidationError(f"The parameter {place} must be a multiple of {MINUTE}.")


def _check_statistic(name: str) -> None:
    if name not in STATISTICS and not PERCENTILE.fullmatch(name):
        raise ValidationError(f"The value {name} for parameter Stat is not supported.")


def _order(queries: Mapping[str, DataQuery]) -> list[str]:
    """Metrics and expressions, each after what it refers to."""
    needs = {
        one: query.source.names if isinstance(query.source, Expression) else ()
        for one, query in queries.items()
    }
    for one, names in needs.items():
        missing = [name for name in names if name not in queries]
        if missing:
            raise ValidationError(f"Error in expression '{one}': Unknown metric id '{missing[0]}'")
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise ValidationError(f"Error in expression '{error.args[1][0]}': Circular reference") from error


def _grid(window: Window, period: int) -> list[int]:
    grid = window.buckets(period)
    if len(grid) > MOST_BUCKETS:
        raise ValidationError(f"You have requested more than {MOST_BUCKETS} datapoints.")
    return grid


def _series(source: MetricStat, points: Points, window: Window) -> Series:
    found = _slots(source, points, window).items()
    return {
        second: value for second, slot in found if (value := statistic(slot, source.statistic)) is not None
    }


def _slots(source: MetricStat, points: Points, window: Window) -> dict[int, Slot]:
    """The buckets that have data, oldest first."""
    grouped: dict[int, list[Slot]] = {}
    for second, slot in points.read(source.metric, window.first, window.visible).items():
        grouped.setdefault(window.bucket(second, source.period), []).append(slot)
    return {second: merged(slots) for second, slots in grouped.items()}


def _result(query: DataQuery, series: Series, newest_first: bool) -> Result:  # noqa: FBT001  AWS's ScanBy has two values
    ordered = sorted(series.items(), reverse=newest_first)
    return Result(
        id=query.id,
        label=query.label,
        timestamps=tuple(second for second, _ in ordered),
        values=tuple(value for _, value in ordered),
    )
