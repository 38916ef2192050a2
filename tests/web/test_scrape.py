"""What Prometheus reads: parsed by its own client's parser, and by the conventions for names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as families

from app.access import Access, Kind, Role
from app.aws.metering import Use
from app.faults import FaultState, Store
from app.runs import RunStatus, Verdict
from app.web import create_app

pytestmark = pytest.mark.anyio
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scrape(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


async def test_runs_are_counted_by_status_and_verdict(client: httpx.AsyncClient, console: Any) -> None:
    console.runs.add(verdict=Verdict.HELD)
    console.runs.add(verdict=Verdict.HELD)
    console.runs.add(verdict=Verdict.STOPPED, status=RunStatus.INTERRUPTED)
    console.runs.add(status=RunStatus.QUEUED)
    console.runs.add()
    told = await scrape(client)
    where = {"environment": "sandbox"}
    assert of(told, "gameday_runs_total", status="completed", verdict="held", **where) == 2
    assert of(told, "gameday_runs_total", status="interrupted", verdict="stopped", **where) == 1
    assert of(told, "gameday_runs_unfinished", status="running", **where) == 1
    assert of(told, "gameday_queue_depth") == 1


async def test_armed_faults_their_age_and_how_far_past_its_deadline_one_is(
    client: httpx.AsyncClient, console: Any, clock: Any
) -> None:
    told = await scrape(client)
    assert of(told, "gameday_armed_faults", environment="sandbox") == 0
    assert of(told, "gameday_oldest_armed_fault_age_seconds", environment="sandbox") == 0
    console.faults.armed(ago=700, attempts=3)
    console.faults.armed(ago=20)
    told = await scrape(client)
    assert of(told, "gameday_armed_faults", environment="sandbox") == 2
    assert of(told, "gameday_stuck_faults", environment="sandbox") == 1
    assert of(told, "gameday_oldest_armed_fault_age_seconds", environment="sandbox") == 700
    assert of(told, "gameday_armed_fault_overdue_seconds", environment="sandbox") == 100


async def test_what_was_disarmed_and_still_fires_is_stuck_and_ready_says_so(
    client: httpx.AsyncClient, console: Any, clock: Any
) -> None:
    now = clock.now()
    over = {"state": FaultState.DISARMED, "disarmed_at": now, "settles_at": now - timedelta(seconds=60)}
    console.faults.armed(**over)
    told = await scrape(client)
    assert of(told, "gameday_stuck_faults", environment="sandbox") == 0
    console.faults.armed(**over, last_hit_at=now)
    told = await scrape(client)
    assert of(told, "gameday_stuck_faults", environment="sandbox") == 1
    assert of(told, "gameday_armed_faults", environment="sandbox") == 0
    assert (await client.get("/readyz")).json() == {"status": "ready", "stuck": 1}


async def test_a_flush_is_no_delay_unless_it_takes_longer_than_it_should(
    client: httpx.AsyncClient, console: Any, clock: Any
) -> None:
    name = "gameday_armed_fault_overdue_seconds"
    flush_until = clock.now() + timedelta(seconds=20)
    console.faults.armed(ago=640, state=FaultState.FLUSHING, flush_until=flush_until)
    assert of(await scrape(client), name, environment="sandbox") == 0
    clock.advance(65)
    assert of(await scrape(client), name, environment="sandbox") == 45


async def test_faults_of_an_environment_that_is_gone_are_counted(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(ago=700, attempts=3, store=Store(environment="old", name="p"))
    told = await scrape(client)
    assert of(told, "gameday_armed_faults", environment="old") == 1
    assert of(told, "gameday_stuck_faults", environment="old") == 1
    assert of(told, "gameday_armed_fault_overdue_seconds", environment="old") == 100
    assert of(told, "gameday_armed_faults", environment="sandbox") == 0


async def test_loops_viewers_and_the_build(client: httpx.AsyncClient, console: Any) -> None:
    console.lags["guardian"] = lambda: 0.4
    console.lags["scheduler"] = lambda: None  # not started
    async with console.live.follow("faults", "runs"):
        told = await scrape(client)
    assert of(told, "gameday_guardian_lag_seconds") == 0.4
    assert of(told, "gameday_poller_lag_seconds", environment="sandbox") == 0
    assert of(told, "gameday_sse_viewers") == 1  # however many topics it follows
    assert not [name for name, _ in told if "scheduler" in name]
    assert [dict(labels)["version"] for name, labels in told if name == "gameday_build_info"]


async def test_what_was_asked_of_cloudwatch(client: httpx.AsyncClient, console: Any) -> None:
    at = {"environment": "sandbox", "service": "cloudwatch", "operation": "GetMetricData"}
    console.usage.meter(Use(**at, metrics=12))
    console.usage.meter(Use(**at, throttled=True))
    console.usage.meter(Use(environment="sandbox", service="logs", operation="FilterLogEvents", read=99))
    told = await scrape(client)
    where = {"environment": "sandbox"}
    assert of(told, "gameday_cloudwatch_requests_total", operation="GetMetricData", **where) == 2
    assert of(told, "gameday_cloudwatch_throttles_total", **where) == 1
    assert of(told, "gameday_cloudwatch_metrics_requested_total", **where) == 12
    assert of(told, "gameday_logs_read_bytes_total", **where) == 99
    assert of(told, "gameday_logs_scanned_bytes_total", **where) == 0
    assert of(told, "gameday_cloudwatch_cost_dollars", **where) == 0


async def test_openmetrics_is_spoken_where_it_is_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert {family.name for family in open_families(answer.text)} >= {"gameday_runs", "gameday_build"}


async def test_names_follow_prometheus_conventions(client: httpx.AsyncClient, console: Any) -> None:
    console.lags["guardian"] = lambda: 0.0
    for family in families((await client.get("/metrics")).text):
        assert family.documentation.endswith(".")
        assert family.name.startswith("gameday_")
        for sample in family.samples:
            assert (sample.name.endswith("_total")) is (family.type == "counter"), sample.name
            assert not {"ms", "minutes", "milliseconds", "kilobytes"} & set(sample.name.split("_"))


async def test_with_a_login_a_viewers_token_is_needed_and_enough(console: Any, clock: Any) -> None:
    console.access = Access(console.storage, clock)
    token = console.access.issue(
        Kind.TOKEN, name="prometheus", role=Role.VIEWER, lifetime=timedelta(days=1), by="maria"
    )
    object.__setattr__(console.settings, "host", "10.0.0.7")
    transport = httpx.ASGITransport(app=create_app(console))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000") as client:
        assert (await client.get("/metrics")).status_code == 401
        bearer = {"authorization": f"Bearer {token.secret}"}
        assert (await client.get("/metrics", headers=bearer)).status_code == 200
