"""Each request has a number, and is told without what lets somebody in."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from app import logs
from app.logs.about import note_about
from app.web.requests import shown

pytestmark = pytest.mark.anyio


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.handler.addFilter(note_about)
    caplog.set_level(logging.INFO, logger=logs.ACCESS)
    return caplog


def access_lines(told: pytest.LogCaptureFixture) -> list[Any]:
    return [record for record in told.records if record.name == logs.ACCESS]


async def test_a_request_is_numbered_and_the_answer_says_so(client: httpx.AsyncClient, told: Any) -> None:
    answer = await client.get("/api/runs?requested_by=hunter2")
    (line,) = access_lines(told)
    assert line.about == {"request_id": answer.headers["X-Request-ID"]}
    assert (line.path, line.status) == ("/api/runs", 200)
    assert "hunter2" not in told.text
    assert (await client.get("/api/runs")).headers["X-Request-ID"] != answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [("proxy-0123456789", True), ("short", False), ("two words at least", False), ("x" * 65, False)],
)
async def test_a_proxys_number_is_taken_over_where_it_is_one(
    client: httpx.AsyncClient, given: str, taken: bool
) -> None:
    answer = await client.get("/api/runs", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is taken


async def test_what_machines_ask_all_day_is_not_told_and_what_broke_is(
    client: httpx.AsyncClient, console: Any, told: Any
) -> None:
    await client.get("/healthz")
    await client.get("/metrics")
    assert access_lines(told) == []
    console.runs.outcomes = lambda: 1 / 0
    assert (await client.get("/metrics")).status_code == 500
    (line,) = access_lines(told)
    assert (line.status, line.levelno) == (500, logging.ERROR)
    (why,) = [record for record in told.records if record.exc_info]
    assert why.about == line.about


def test_what_stands_in_an_address_and_lets_somebody_in_is_hidden() -> None:
    scope = {"path": "/stop/s3cr3t-of-12/now", "path_params": {"secret": "s3cr3t-of-12", "run_id": 12}}
    assert shown(scope) == "/stop/…/now"
    assert shown({"path": "/runs/12"}) == "/runs/12"
