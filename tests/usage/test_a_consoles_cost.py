"""What a whole console asks of CloudWatch, counted by the endpoint it asks, and what it says of that."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.usage.console import Watched, watched
from tests.waiting import until

A_METRIC = 0.00001  # US dollars
SOON = 90  # seconds, on a busy machine
LOOKS = threading.Event()


def written(folder: Path) -> float:
    with closing(sqlite3.connect(folder / ".gameday" / "gameday.sqlite")) as database:
        (metrics,) = database.execute("select sum(amount) from usage where kind = 'metrics'").fetchone()
    return float(metrics or 0)


def metric_calls(console: Watched) -> int:
    return console.endpoint.calls["GetMetricData"]


def test_nothing_is_asked_with_no_run_no_armed_fault_and_no_open_page(tmp_path: Path) -> None:
    with watched(tmp_path) as console:
        LOOKS.wait(4)  # four looks of the poller
        assert metric_calls(console) == 0
        with console.open_page():
            until(lambda: metric_calls(console) == 1, "a sample", SOON)
            LOOKS.wait(4)
            assert metric_calls(console) == 1  # the next one comes after a minute
        with console.open_page():  # opened again within it
            LOOKS.wait(4)
            assert metric_calls(console) == 1
        assert console.samples()['gameday_cloudwatch_metrics_requested_total{environment="staging"}'] == 1


def counted(console: Any) -> Any:
    """What the console says that it used, once that is what its AWS has seen: one metric in each call."""
    (staging,) = console.get("/api/usage")["environments"]
    seen = len(console.endpoint.of_metrics()), console.endpoint.calls["DescribeAlarms"]
    return staging if (staging["metrics"], staging["requests"]) == seen else None


def test_a_run_tells_what_it_cost_and_the_month_what_all_cost(tmp_path: Path) -> None:
    with watched(tmp_path) as console:
        finding = next(
            f for f in console.get("/api/experiments/one/preflight")["findings"] if f["code"] == "cost"
        )
        assert finding["level"] == "ok"
        assert "estimate" in finding["sentence"]
        run = console.run().raise_for_status().json()["id"]
        console.verdict(run)
        cost = console.get(f"/api/runs/{run}")["cost"]
        assert cost["metrics"] >= 2  # its own probes before and after; the console has looked a moment before
        assert cost["dollars"] > 0
        staging = until(
            lambda: counted(console), "whoever asked, every metric and request is counted once", SOON
        )
        told = console.samples()
        asked = 'gameday_cloudwatch_requests_total{environment="staging",operation="DescribeAlarms"}'
        assert told[asked] == console.endpoint.calls["DescribeAlarms"]
        until(lambda: written(tmp_path) == staging["metrics"], "the counts are in the database", SOON)
        console.process.kill()
    with watched(tmp_path, prepared=True) as console:  # started again
        (again,) = console.get("/api/usage")["environments"]
        assert again["metrics"] == staging["metrics"]
        assert console.get(f"/api/runs/{run}")["cost"]["metrics"] == cost["metrics"]


def test_throttling_is_counted(tmp_path: Path) -> None:
    with watched(tmp_path) as console:
        console.endpoint.throttle = 3
        with console.open_page():
            until(lambda: console.endpoint.throttle < 3, "it was throttled", SOON)
            name = 'gameday_cloudwatch_throttles_total{environment="staging"}'
            until(lambda: console.samples()[name] == 3 - console.endpoint.throttle, "it was counted", SOON)


def test_at_the_cap_pages_go_without_new_runs_are_refused_and_a_run_that_is_accepted_is_watched(
    tmp_path: Path,
) -> None:
    with watched(tmp_path, settings=f"monthly_cap = {A_METRIC:f}") as console:
        with console.open_page():
            until(lambda: metric_calls(console) == 1, "a sample", SOON)
        refused = console.run()
        assert refused.status_code == 422
        told: dict[str, Any] = refused.json()
        assert told["accept"] == ["cost"]
        assert "monthly_cap" in told["detail"]
        with console.open_page() as came:
            until(lambda: any("open pages are not polled" in line for line in came), "the page says so", SOON)
            assert metric_calls(console) == 1
        assert console.sampled("NumberOfMessagesReceived") == 0
        run = console.run("two", accept=["cost"]).raise_for_status().json()["id"]
        console.verdict(run)
        assert console.sampled("NumberOfMessagesReceived") >= 1
        assert console.samples()['gameday_cloudwatch_cost_dollars{environment="staging"}'] > A_METRIC
