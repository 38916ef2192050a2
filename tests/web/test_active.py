"""Is it us? What other teams' bots are told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.faults import FaultState
from app.runs import Verdict

pytestmark = pytest.mark.anyio


async def test_nothing_is_going_on(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/active")).json() == {
        "active": False,
        "faults": [],
        "settling": [],
        "runs": [],
    }


async def test_what_is_armed_and_running_with_where_since_until_who_and_a_link(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add()
    entry = console.faults.armed(run_id=str(run.id))
    console.runs.add(verdict=Verdict.HELD)
    told = (await client.get("/api/active")).json()
    assert told["active"] is True
    (fault,) = told["faults"]
    assert (fault["environment"], fault["account"], fault["region"]) == (
        "sandbox",
        "000000000000",
        "us-east-2",
    )
    assert fault["functions"] == ["ChaosTransformer"]
    assert fault["sentence"].startswith("half of the invocations of ChaosTransformer")
    assert (fault["share"], fault["by"], fault["run"], fault["phase"]) == ("50 %", "maria", run.id, "armed")
    assert fault["until"] == entry.disarm_by.isoformat()
    assert fault["link"] == f"http://127.0.0.1:8000/runs/{run.id}"
    assert [one["id"] for one in told["runs"]] == [run.id]
    assert told["runs"][0]["functions"] == ["ChaosTransformer"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True), ({"environment": "sandbox"}, True), ({"environment": "prod"}, False),
        ({"function": "ChaosTransformer"}, True), ({"function": "Chaos"}, False),
        ({"function": "arn:aws:lambda:us-east-2:000000000000:function:ChaosTransformer"}, True),
        ({"function": "arn:aws:lambda:us-east-2:000000000000:function:ChaosTransformer:live"}, True),
        ({"function": "arn:aws:lambda:us-east-2:000000000000:function:Other"}, False),
        ({"account": "000000000000"}, True), ({"account": "123456789012"}, False),
        ({"function": "ChaosTransformer", "account": "123456789012"}, False),
    ],
)  # fmt: skip
async def test_it_is_asked_for_one_s_own(
    client: httpx.AsyncClient, console: Any, query: dict[str, str], found: bool
) -> None:
    console.faults.armed()
    told = (await client.get("/api/active", params=query)).json()
    assert told["active"] is found
    assert bool(told["faults"]) is found


async def test_what_was_disarmed_and_may_still_be_in_containers_is_said_apart(
    client: httpx.AsyncClient, console: Any
) -> None:
    now = console.clock.now()
    console.faults.armed(state=FaultState.DISARMED, disarmed_at=now, settles_at=now)
    console.faults.armed(state=FaultState.DISARMED, disarmed_at=now, settles_at=now, quiet_at=now)
    told = (await client.get("/api/active")).json()
    assert told["active"] is False
    assert [(one["id"], one["phase"]) for one in told["settling"]] == [(1, "settling")]


async def test_an_unchanged_answer_is_not_sent_again(client: httpx.AsyncClient, console: Any) -> None:
    first = await client.get("/api/active")
    assert first.headers["cache-control"] == "private, max-age=5"
    again = await client.get("/api/active", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    console.faults.armed()
    changed = await client.get("/api/active", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
