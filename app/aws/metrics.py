"""GetMetricData, page by page, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.aws.problems import told


@dataclass(frozen=True, kw_only=True)
class MetricResult:
    """One query's values as AWS ordered them, newest first."""

    id: str
    label: str
    timestamps: tuple[datetime, ...] = ()
    values: tuple[float, ...] = ()
    status: str = "Complete"  # AWS's StatusCode
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MetricResults:
    results: tuple[MetricResult, ...]  # in the order of the answer
    messages: tuple[str, ...] = ()

    def __getitem__(self, query_id: str) -> MetricResult:
        return next(
            (row for row in self.results if row.id == query_id), MetricResult(id=query_id, label=query_id)
        )


def get_metric_data(
    client: Any,
    *,
    queries: Sequence[dict[str, Any]],
    start: datetime,
    end: datetime,
) -> MetricResults:
    """At most 500 queries in one call, as AWS has it; the pages of one answer are joined.

    Unavailable or Throttled where CloudWatch does not answer.
    """
    asked: dict[str, Any] = {
        "MetricDataQueries": list(queries),
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampDescending",
    }
    joined: dict[str, MetricResult] = {}
    messages: list[str] = []
    with told("Reading metrics from CloudWatch"):
        while True:
            answer = client.get_metric_data(**asked)
            messages += _messages(answer.get("Messages"))
            for row in answer["MetricDataResults"]:
                joined[row["Id"]] = _joined(joined.get(row["Id"]), row)
            if not (token := answer.get("NextToken")):
                return MetricResults(results=tuple(joined.values()), messages=tuple(messages))
            asked["NextToken"] = token


def _joined(before: MetricResult | None, row: dict[str, Any]) -> MetricResult:
    return MetricResult(
        id=row["Id"],
        label=row.get("Label", row["Id"]),
        timestamps=(*(before.timestamps if before else ()), *row.get("Timestamps", ())),
        values=(*(before.values if before else ()), *map(float, row.get("Values", ()))),
        status=row.get("StatusCode", "Complete"),
        messages=(*(before.messages if before else ()), *_messages(row.get("Messages"))),
    )


def _messages(rows: list[dict[str, str]] | None) -> list[str]:
    return [f"{row.get('Code', '')}: {row.get('Value', '')}" for row in rows or ()]
