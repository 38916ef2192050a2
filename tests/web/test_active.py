"""Is it us? What other teams' bots are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.aws.clients import Identity
from app.faults import FaultState, Store
from app.runs import RunStatus, Verdict

pytestmark = pytest.mark.anyio


async def test_nothing_is_going_on(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/active")).json() == {
        "active": False,
        "note": "",
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


async def test_what_was_disarmed_and_still_fires_is_active(client: httpx.AsyncClient, console: Any) -> None:
    now = console.clock.now()
    over = {"state": FaultState.DISARMED, "disarmed_at": now, "settles_at": now - timedelta(seconds=60)}
    console.faults.armed(**over, last_hit_at=now)
    for query in ({}, {"function": "ChaosTransformer"}, {"account": "000000000000"}):
        told = (await client.get("/api/active", params=query)).json()
        assert (told["active"], told["note"]) == (True, "")
        assert [(one["id"], one["phase"], one["match"]) for one in told["settling"]] == [(1, "stuck", "yes")]
    assert (await client.get("/api/active", params={"function": "Other"})).json()["active"] is False


async def test_an_account_that_aws_has_not_told_may_be_the_one_that_is_asked_for(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.aws.identity = lambda _: Identity(region="us-east-2")
    console.faults.armed()
    run = console.runs.add(account="111111111111")
    told = (await client.get("/api/active", params={"account": "123456789012"})).json()
    assert told["active"] is True
    assert [(one["account"], one["match"]) for one in told["faults"]] == [(None, "not known")]
    assert told["runs"] == []  # its account was known when it began
    assert "may or may not" in told["note"]
    told = (await client.get("/api/active", params={"account": "111111111111"})).json()
    assert [(one["id"], one["match"]) for one in told["runs"]] == [(run.id, "yes")]
    other = (await client.get("/api/active", params={"account": "123456789012", "function": "Other"})).json()
    assert (other["active"], other["note"]) == (False, "")


async def test_a_store_whose_readers_are_not_known_may_be_read_by_any_function(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(functions=())
    told = (await client.get("/api/active", params={"function": "Mine"})).json()
    assert (told["active"], told["faults"][0]["match"]) == (True, "not known")
    assert (await client.get("/api/active")).json()["faults"][0]["match"] == "yes"


async def test_a_run_that_has_yet_to_arm_may_touch_any_function_and_one_in_line_touches_none(
    client: httpx.AsyncClient, console: Any
) -> None:
    facts = {"stores": ["ssm:failureLambdaConfig"]}
    run = console.runs.add(facts=facts)
    console.runs.add(status=RunStatus.QUEUED, facts={**facts, "waits": True})
    told = (await client.get("/api/active", params={"function": "Other"})).json()
    assert [(one["id"], one["match"]) for one in told["runs"]] == [(run.id, "not known")]
    console.faults.armed(run_id=str(run.id))
    assert (await client.get("/api/active", params={"function": "Other"})).json()["runs"] == []


async def test_a_fault_of_an_environment_that_is_gone_is_told_all_the_same(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(store=Store(environment="old", name="p"))
    told = (await client.get("/api/active", params={"account": "123456789012"})).json()
    assert (told["active"], told["faults"][0]["environment"], told["faults"][0]["match"]) == (
        True, "old", "not known",
    )  # fmt: skip
