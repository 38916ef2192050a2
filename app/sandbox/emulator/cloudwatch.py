"""Puts our points and our metric math in the place of ministack's, behind the same API."""

# ruff: noqa: SLF001, FBT001, FBT002, PLR0917  ministack has no public names for what is replaced here, and its own signatures

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from app.sandbox.emulator.points import Metric, Points, Slot
from app.sandbox.emulator.queries import (
    STATISTICS,
    MetricStat,
    ValidationError,
    dimensions,
    metric_data,
    metric_statistics,
    paged,
    read_queries,
)
from app.sandbox.emulator.windows import Window
from app.sandbox.emulator.wire import Entries, Protocol, Response

ASCENDING = "TimestampAscending"
SHOWN_TO_ALARMS = 120  # minutes
NEVER = {"Timestamp": 0, "Value": 0.0, "Unit": "None"}  # a metric that was silent since is still listed


@dataclass(frozen=True, kw_only=True)
class CloudWatch:
    """ministack's CloudWatch module with its metrics replaced. One per process."""

    module: ModuleType  # ministack.services.cloudwatch
    points: Points
    speed: int

    def install(self) -> None:
        replaced = {
            "_metrics": Shelf(self),
            "_evict_old_metrics": lambda: None,  # Points bounds itself
            "record_metric": self.record,
            "_store_datum": self.store,
            "_get_metric_data": self.get_metric_data,
            "_get_metric_statistics": self.get_metric_statistics,
        }
        for name, replacement in replaced.items():
            if not hasattr(self.module, name):
                raise AttributeError(
                    f"ministack's CloudWatch has no {name} any more: see app/sandbox/emulator"
                )
            setattr(self.module, name, replacement)

    @property
    def scope(self) -> tuple[str, str]:
        """Account and region of the request at hand."""
        return self.module.get_account_id(), self.module.get_region()

    def metric(self, namespace: str, name: str, by: Mapping[str, str]) -> Metric:
        return Metric(scope=self.scope, namespace=namespace, name=name, dimensions=tuple(sorted(by.items())))

    def record(
        self,
        namespace: str,
        metric_name: str,
        value: float,
        unit: str = "None",
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        """What the rest of ministack records through."""
        self.points.add(self.metric(namespace, metric_name, dimensions or {}), float(value), unit=unit)

    def store(
        self,
        namespace: str,
        name: str,
        dims: Mapping[str, str],
        ts: float,
        unit: str,
        value: float | None,
        values: list[float] | None,
        counts: list[float] | None,
        stat_values: Mapping[str, float] | None,
    ) -> None:
        """One MetricDatum of PutMetricData."""
        metric = self.metric(namespace, name, dims)
        if values is not None:
            for one, count in zip(values, counts or [1.0] * len(values), strict=False):
                self.points.add(metric, float(one), count=float(count), unit=unit, at=ts)
        elif stat_values is not None:
            count, total, low, high = (
                float(stat_values.get(key, 0)) for key in ("SampleCount", "Sum", "Minimum", "Maximum")
            )
            self.points.add_set(metric, count=count, total=total, low=low, high=high, unit=unit, at=ts)
        else:
            self.points.add(metric, float(value or 0), unit=unit, at=ts)

    def get_metric_data(
        self,
        params: Mapping[str, Any],
        body: Mapping[str, Any],
        is_cbor: bool,
        is_json: bool = False,
    ) -> Response:
        protocol = Protocol(cloudwatch=self.module, is_cbor=is_cbor, is_json=is_json)
        try:
            asked = protocol.read(params, body)
            queries = read_queries(asked.get("MetricDataQueries") or [], self.scope)
            newest_first = asked.get("ScanBy") != ASCENDING
            results = metric_data(
                queries, self.points, self._window(protocol, asked), newest_first=newest_first
            )
            size = asked.get("MaxDatapoints")
            token = asked.get("NextToken")
            return protocol.metric_data(
                paged(results, size=None if size is None else int(size), token=token and str(token))
            )
        except ValidationError as error:
            return protocol.error("ValidationError", str(error))

    def get_metric_statistics(
        self,
        params: Mapping[str, Any],
        body: Mapping[str, Any],
        is_cbor: bool,
        is_json: bool = False,
    ) -> Response:
        protocol = Protocol(cloudwatch=self.module, is_cbor=is_cbor, is_json=is_json)
        try:
            asked = protocol.read(params, body)
            names = [*(asked.get("Statistics") or []), *(asked.get("ExtendedStatistics") or [])]
            source = MetricStat(
                metric=Metric(
                    scope=self.scope,
                    namespace=str(asked.get("Namespace", "")),
                    name=str(asked.get("MetricName", "")),
                    dimensions=dimensions(asked.get("Dimensions") or []),
                ),
                period=int(asked.get("Period") or 0),
                statistic="",
            )
            points = metric_statistics(
                source, names or STATISTICS, self.points, self._window(protocol, asked)
            )
            return protocol.metric_statistics(source.metric.name, points)
        except ValidationError as error:
            return protocol.error("ValidationError", str(error))

    def _window(self, protocol: Protocol, asked: Entries) -> Window:
        start, end = (protocol.time(asked.get(name), name) for name in ("StartTime", "EndTime"))
        if start >= end:
            raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
        return Window.of(start, end, now=self.points.clock(), speed=self.speed)


class Shelf:
    """Our points as the dict of ministack's, for the parts of it that stay: ListMetrics and alarms."""

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def items(self) -> Iterator[tuple[tuple[str, str, str], list[dict[str, Any]]]]:
        cloudwatch = self._cloudwatch
        for metric in cloudwatch.points.metrics():
            if metric.scope == cloudwatch.scope:
                by = dict(metric.dimensions)
                key = (metric.namespace, metric.name, cloudwatch.module._dims_key(by))
                yield key, self._recent(metric, by)

    def update(self, *_: Any) -> None:
        """Nothing is restored: state is not kept between processes."""

    def clear(self) -> None:
        self._cloudwatch.points.clear()

    def _recent(self, metric: Metric, by: dict[str, str]) -> list[dict[str, Any]]:
        points = self._cloudwatch.points
        now = points.clock() + points.minute  # alarms look at the open minute too
        slots = points.read(metric, int(now) - SHOWN_TO_ALARMS * points.minute, now)
        unit = points.unit(metric)
        return [self._point(second, slot, unit, by) for second, slot in slots.items()] or [
            {**NEVER, "Dimensions": by}
        ]

    @staticmethod
    def _point(second: int, slot: Slot, unit: str, by: dict[str, str]) -> dict[str, Any]:
        whole = {"SampleCount": slot.count, "Sum": slot.total, "Minimum": slot.low, "Maximum": slot.high}
        value = slot.total / slot.count
        return {"Timestamp": second, "Value": value, "Unit": unit, "Dimensions": by, "_stat": whole}
