"""Every request to CloudWatch counts, retries too, by botocore's own events and against what the endpoint saw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.aws import Aws
from app.aws.logs import filter_log_events
from app.aws.metering import Use, asked_for, metrics_requested
from app.aws.metrics import get_metric_data
from app.settings import Environment
from tests.usage.endpoint import Endpoint

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint().start()
    yield made
    made.stop()


@pytest.fixture
def told() -> list[Use]:
    return []


@pytest.fixture
def aws(endpoint: Endpoint, told: list[Use]) -> Aws:
    return Aws({"a": Environment(name="a", region="us-east-2", endpoint_url=endpoint.url)}, meter=told.append)


def metric(name: str, stat: str = "Sum", **words: Any) -> dict[str, Any]:
    what = {"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": []}
    return {
        "Id": f"{name}{stat.lower()}".replace(".", ""),
        "MetricStat": {"Metric": what, "Period": 60, "Stat": stat},
    } | words


def ask(aws: Aws, *queries: dict[str, Any]) -> None:
    client = aws.client("a", "cloudwatch")
    get_metric_data(client, queries=queries, start=NOON - timedelta(hours=1), end=NOON)


def test_metrics_count_one_by_one_and_expressions_over_them_do_not(
    aws: Aws, told: list[Use], endpoint: Endpoint
) -> None:
    ask(aws, metric("sent"), metric("received"), {"Id": "e", "Expression": "sentsum+receivedsum"})
    assert [(use.operation, use.metrics, use.throttled) for use in told] == [("GetMetricData", 2, False)]
    assert endpoint.calls == {"GetMetricData": 1}


def test_a_throttled_request_is_a_request_and_asks_for_nothing(
    aws: Aws, told: list[Use], endpoint: Endpoint
) -> None:
    endpoint.throttle = 1
    ask(aws, metric("sent"))
    assert [(use.metrics, use.throttled) for use in told] == [(0, True), (1, False)]
    assert endpoint.calls == {"GetMetricData": len(told)}


def test_a_search_counts_what_it_finds(aws: Aws, told: list[Use]) -> None:
    ask(aws, {"Id": "s", "Expression": "SEARCH('{AWS/Lambda}', 'Sum', 60)"})
    assert told[0].metrics == 3


def test_log_lines_count_by_their_bytes_and_insights_by_what_it_scanned(aws: Aws, told: list[Use]) -> None:
    client = aws.client("a", "logs")
    filter_log_events(client, group="/aws/lambda/f", since=NOON)
    client.get_query_results(queryId="12345678")
    assert [(use.operation, use.read, use.scanned) for use in told] == [
        ("FilterLogEvents", len("STARTIntercepted ü".encode()), 0), ("GetQueryResults", 0, 2_000_000_000),
    ]  # fmt: skip


def test_pages_of_a_paginator_and_other_operations_count_too(aws: Aws, told: list[Use]) -> None:
    list(aws.client("a", "cloudwatch").get_paginator("describe_alarms").paginate())
    assert [(use.service, use.operation, use.metrics) for use in told] == [
        ("cloudwatch", "DescribeAlarms", 0)
    ]


def test_what_is_asked_inside_is_for_whom_it_was_said_to_be(aws: Aws, told: list[Use]) -> None:
    with asked_for({"run:7": 0.5}):
        ask(aws, metric("sent"))
    ask(aws, metric("sent"))
    assert [use.asked_for for use in told] == [{"run:7": 0.5}, {}]


def test_counting_that_fails_never_stands_in_the_way(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(use: Use) -> None:
        raise OSError(use.operation)

    aws = Aws({"a": Environment(name="a", region="us-east-2", endpoint_url=endpoint.url)}, meter=broken)
    ask(aws, metric("sent"))
    assert "could not be counted" in caplog.text


@pytest.mark.parametrize(
    ("queries", "count"),
    [
        ([], 0),
        ([metric("a"), metric("b")], 2),
        (
            [metric("a"), metric("a", "Average"), metric("a", "Maximum")],
            1,
        ),  # up to five statistics are one metric
        ([metric("a", f"p9{n}") for n in range(6)], 2),
        ([{"Id": "x", "Expression": "METRICS()"}, metric("a")], 2),
        ([{"Id": "x", "Expression": "select AVG(x) from y"}], 1),
    ],
)
def test_what_a_request_is_billed_for(queries: list[dict[str, Any]], count: int) -> None:
    assert metrics_requested(queries) == count
