"""What it cost: on its page, in the API, and on a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.aws.metering import Use
from app.runs import Verdict
from app.usage import Usage

pytestmark = pytest.mark.anyio
PAGE = {"accept": "text/html"}


@pytest.fixture
def paid(console: Any) -> Any:
    """An environment that AWS bills, with a cap of $5."""
    staging = replace(
        console.settings.environments["sandbox"], name="staging", endpoint_url=None, monthly_cap=5.0
    )
    environments = {**console.settings.environments, "staging": staging}
    object.__setattr__(console.settings, "environments", environments)
    console.usage = Usage(console.storage, console.clock, environments)
    return console


def ask(console: Any, metrics: int, **words: Any) -> None:
    at = {"environment": "staging", "service": "cloudwatch", "operation": "GetMetricData"}
    console.usage.meter(Use(**{**at, **words}, metrics=metrics))


async def test_the_api_tells_each_environments_month_by_day(client: httpx.AsyncClient, paid: Any) -> None:
    ask(paid, 1500)
    ask(paid, 900, environment="sandbox")
    told = (await client.get("/api/usage")).json()
    month = paid.clock.now().strftime("%Y-%m")
    assert told["month"] == month
    staging, sandbox = (
        next(e for e in told["environments"] if e["environment"] == n) for n in ("staging", "sandbox")
    )
    assert (staging["metrics"], staging["dollars"], staging["cap"], staging["emulated"]) == (
        1500,
        0.015,
        5.0,
        False,
    )
    assert (sandbox["metrics"], sandbox["dollars"], sandbox["cap"], sandbox["emulated"]) == (
        900,
        0,
        None,
        True,
    )
    assert [day["day"] for day in staging["days"]] == [f"{paid.clock.now():%Y-%m-%d}"]
    assert (await client.get("/api/usage?month=2020-02")).json()["environments"][0]["days"] == []


@pytest.mark.parametrize("month", ["2026-13", "2026", "november", "2026-11-01", "' or 1=1"])
async def test_what_is_no_month_is_refused(client: httpx.AsyncClient, month: str) -> None:
    answer = await client.get("/api/usage", params={"month": month})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_page_says_what_it_cost_and_that_it_is_an_estimate(
    client: httpx.AsyncClient, paid: Any
) -> None:
    ask(paid, 450_000)
    page = (await client.get("/usage", headers=PAGE)).text
    for words in (
        "$4.50",
        "of at most $5.00 a month",
        "near its cap",
        "estimate",
        "emulated: costs nothing",
        "450",
    ):
        assert words in page
    assert "cap reached" not in page
    ask(paid, 50_000)
    page = (await client.get("/usage", headers=PAGE)).text
    assert "cap reached" in page
    assert "Runs and armed faults are" in page
    january = (await client.get("/usage?month=2020-01", headers=PAGE)).text
    assert "Nothing was asked for" in january
    assert "<h1>Cost in January 2020</h1>" in january
    assert "‹ December 2019</a>" in january


async def test_a_run_tells_its_own_cost(client: httpx.AsyncClient, paid: Any) -> None:
    run = paid.runs.add(verdict=Verdict.HELD, environment="staging")
    ask(paid, 40, asked_for={run.topic: 0.5})
    ask(paid, 100)
    told = (await client.get(f"/api/runs/{run.id}")).json()["cost"]
    assert (told["metrics"], told["dollars"]) == (20, 0.0002)
    page = (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    assert "$0.0002 (estimate): 20 metrics requested" in page


async def test_its_api_is_described_with_its_fields(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    answer = described["paths"]["/api/usage"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"]["$ref"].endswith("UsageOfMonth")
    assert "an estimate" in str(described["components"]["schemas"]["UsedIn"])


async def test_both_refusals_of_a_form_are_taken_upon_oneself(
    client: httpx.AsyncClient, console: Any
) -> None:
    fields = {"accept": "unproven", "accept_cost": "cost", "environment": "sandbox"}
    await client.post("/experiments/serverless-etl/exp_2-strict/run", data=fields)
    assert console.runs.asked[0]["accept"] == ["unproven", "cost"]
