"""Dollars out of amounts, and a run's cost before it is run."""

from __future__ import annotations

import pytest

from app.aws.metering import Use
from app.settings import Environment
from app.usage import Amounts, Kind, Prices, dollars, expected_metrics
from app.usage.amounts import amounts_of


@pytest.mark.parametrize(
    ("amounts", "spent"),
    [
        ({}, 0),
        ({Kind.METRICS: 1000}, 0.01),
        ({Kind.REQUESTS: 2000}, 0.02),
        ({Kind.SCANNED: 3 * 10**9}, 0.015),
        ({Kind.READ: 10**12, Kind.LOG_REQUESTS: 10**6, Kind.THROTTLES: 10**6}, 0),
    ],
)
def test_list_prices(amounts: dict[Kind, float], spent: float) -> None:
    assert Prices().of_amounts(Amounts(amounts)) == pytest.approx(spent)


def test_prices_of_gameday_toml_win_and_an_emulators_are_nothing() -> None:
    elsewhere = Environment(name="a", prices={"metrics": 0.0125})
    assert Prices.of(elsewhere) == Prices(metrics=0.0125)
    emulated = Environment(name="b", endpoint_url="http://localhost:4566", prices={"metrics": 9})
    assert Prices.of(emulated).of_amounts({Kind.METRICS: 10**6, Kind.SCANNED: 10**9}) == 0


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0"), (0.00001, "less than $0.0001"), (0.00213, "$0.0021"), (0.5, "$0.50"), (1234.5, "$1,234.50")],
)
def test_money_is_never_rounded_to_nothing(amount: float, text: str) -> None:
    assert dollars(amount) == text


@pytest.mark.parametrize(
    ("service", "operation", "more", "counted"),
    [
        ("cloudwatch", "GetMetricData", {"metrics": 3}, {Kind.METRICS: 3}),
        ("cloudwatch", "DescribeAlarms", {}, {Kind.REQUESTS: 1}),
        ("cloudwatch", "GetMetricData", {"throttled": True}, {Kind.THROTTLES: 1}),
        ("logs", "FilterLogEvents", {"read": 12}, {Kind.LOG_REQUESTS: 1, Kind.READ: 12}),
        ("logs", "GetQueryResults", {"scanned": 5}, {Kind.LOG_REQUESTS: 1, Kind.SCANNED: 5}),
        ("cloudwatch", "GetMetricData", {}, {}),  # refused: nothing is billed
    ],
)
def test_kinds(service: str, operation: str, more: dict[str, int], counted: dict[Kind, int]) -> None:
    assert amounts_of(Use(environment="a", service=service, operation=operation, **more)) == counted


def test_a_run_asks_a_minute_for_each_metric_once_for_the_last_hour_and_twice_by_its_own_probes() -> None:
    def one(name: str) -> list[dict[str, object]]:
        return [{"Id": "m", "MetricStat": {"Metric": {"MetricName": name}}}, {"Id": "e", "Expression": "m*2"}]

    assert expected_metrics([one("a"), one("b")], seconds=600, every=60) == 2 * (11 + 1 + 2)
    assert expected_metrics([one("a")], seconds=600, every=60, functions=2) == (11 + 1 + 2) + 2 * 11
    assert expected_metrics([], seconds=600, every=60) == 0
