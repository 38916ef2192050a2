"""Probes as queries: what is charted is what the probe will judge, and what can not be is only measured by runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.experiments.signals import query_of
from app.queries import Fold

CLOUDWATCH = "chaosaws.cloudwatch.probes"
WHERE = {
    "namespace": "AWS/SQS",
    "metric_name": "Sent",
    "dimension_name": "QueueName",
    "dimension_value": "jobs",
}
TIMES = "--start-time `date --date '5 min ago' -u '+%FT%TZ'` --end-time `date -u '+%FT%TZ'`"
QUERIES = [
    {"Id": "m", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 300, "Stat": "Sum"}}
]


def python(func: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": CLOUDWATCH, "func": func, "arguments": {**WHERE, **arguments}}


def aws(options: str = "", queries: Any = QUERIES) -> dict[str, Any]:
    words = f"cloudwatch get-metric-data --metric-data-queries '{json.dumps(queries)}' {TIMES} {options} "
    return {"type": "process", "path": "aws", "arguments": words + "--query 'MetricDataResults[0].Values[0]'"}


@pytest.mark.parametrize(
    ("provider", "window", "period", "fold"),
    [
        (python("get_metric_statistics", statistic="Sum"), 60, 60, None),
        (python("get_metric_statistics", statistic="Sum", duration=900), 900, 900, None),
        (python("get_metric_statistics", extended_statistic="p99", duration="300"), 300, 300, None),
        (python("get_metric_data", statistic="Sum"), 300, 60, Fold.SUM),
        (python("get_metric_data", statistic="Maximum", duration=600, period=120), 600, 120, Fold.MAXIMUM),
        (python("get_metric_data", statistic="SampleCount"), 300, 60, Fold.MEAN),  # chaosaws' own "else"
        (aws(), 300, 300, None),
    ],
)
def test_a_probe_of_cloudwatch_is_read_as_it_asks(provider: Any, window: int, period: int, fold: Any) -> None:
    query = query_of(provider, Path())
    assert query is not None
    assert (query.window, query.fold) == (window, fold)
    assert query.entries[0]["MetricStat"]["Period"] == period


def test_the_unit_is_asked_for_as_the_probe_does() -> None:
    query = query_of(python("get_metric_data", statistic="Sum", unit="Count"), Path())
    assert query.entries[0]["MetricStat"]["Unit"] == "Count"


@pytest.mark.parametrize(
    "provider",
    [
        python("get_metric_statistics"),  # the probe itself fails
        python("get_metric_statistics", statistic="Sum", offset=60),
        python("get_metric_statistics", statistic="Sum", duration="${window}"),
        python("get_metric_statistics", statistic="Sum", dimension_value="${queue}"),
        python("get_metric_statistics", statistic="Sum", duration="soon"),
        python("get_alarm_state_value", alarm_name="x"),
        {"type": "python", "module": CLOUDWATCH, "func": "get_metric_data", "arguments": {"namespace": "N"}},
        {"type": "python", "module": CLOUDWATCH, "func": "get_metric_data", "arguments": [1]},
        aws("--region eu-west-1"),
        aws("--profile other"),
        aws("--endpoint-url http://127.0.0.1:1"),
        aws("--scan-by TimestampAscending"),
        aws(queries=[{"Id": "m", "MetricStat": 5}]),
        aws(queries=[]),
        aws(queries={"Id": "m"}),
        {"type": "http", "url": "http://127.0.0.1"},
        {},
    ],
)
def test_what_can_not_be_charted_as_it_is_judged_is_left_to_runs(provider: Any) -> None:
    assert query_of(provider, Path()) is None
