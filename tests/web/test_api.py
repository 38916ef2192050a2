"""The API from outside: what is answered, with which status, in which shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.runs import Verdict

pytestmark = pytest.mark.anyio
STRICT = "serverless-etl/exp_2-strict"
RUN = f"/experiments/{STRICT}/run"
WANTED = {"store": "ssm:failureLambdaConfig", "rate": 0.5, "deny_list": ["dynamodb.*"], "minutes": 5}


async def test_a_run_is_accepted_with_its_place_and_itself(client: httpx.AsyncClient, console: Any) -> None:
    answer = await client.post(RUN)
    assert answer.status_code == 202
    run = answer.json()
    assert answer.headers["location"] == f"/runs/{run['id']}"
    asked = {
        "id",
        "experiment",
        "environment",
        "status",
        "deviated",
        "verdict",
        "created_at",
        "started_at",
        "ended_at",
    }
    assert asked | {"requested_by", "faults", "signals"} <= run.keys()
    assert run["experiment"] == STRICT
    assert run["status"] == "queued"


async def test_a_run_is_asked_for_with_options(client: httpx.AsyncClient, console: Any) -> None:
    body = {"environment": "sandbox", "variables": {"a": "b"}, "rollback_strategy": "never", "dry": "probes"}
    assert (await client.post(RUN, json=body)).status_code == 202
    assert console.runs.asked[0].items() >= body.items()


async def test_the_pages_form_starts_a_run_without_javascript(
    client: httpx.AsyncClient, console: Any
) -> None:
    form = {"environment": "sandbox", "rollback_strategy": "", "dry": "pause"}
    answer = await client.post(RUN, data=form, headers={"accept": "text/html,*/*"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/runs/")
    assert console.runs.asked[0]["dry"] == "pause"
    assert console.runs.asked[0]["rollback_strategy"] is None


async def test_htmx_gets_the_fragment(client: httpx.AsyncClient) -> None:
    answer = await client.post(RUN, headers={"hx-request": "true"})
    assert answer.status_code == 202
    assert "<html" not in answer.text
    assert f'href="{answer.headers["location"]}"' in answer.text


async def test_unknown_invalid_busy_and_unknown_field(client: httpx.AsyncClient, console: Any) -> None:
    assert (await client.post("/experiments/no/such/run")).status_code == 404
    invalid = await client.post("/experiments/payments/refund-queue/run")
    assert invalid.status_code == 422
    assert invalid.json()["problems"][0]["line"] == 14
    field = await client.post(RUN, json={"colour": "red"})
    assert field.status_code == 422
    assert field.json()["problems"][0]["path"] == "colour"
    assert (await client.post(RUN, content=b"{")).status_code == 422
    first = (await client.post(RUN)).json()["id"]
    busy = await client.post(RUN)
    assert busy.status_code == 409
    assert busy.json()["run"] == first


async def test_a_row_that_json_has_no_form_for_breaks_neither_the_list_nor_the_rollback(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add(variables={"a": float("nan"), "b": "\ud800"})
    assert (await client.get("/api/runs")).json()[0]["variables"] == {"a": None, "b": "\ud800"}
    assert (await client.post(f"/runs/{run.id}/rollback")).status_code == 200


async def test_runs_experiments_journals_and_logs(client: httpx.AsyncClient, console: Any) -> None:
    run = console.runs.add(verdict=Verdict.DEVIATED)
    assert (await client.get("/api/runs")).json()[0]["verdict"] == "deviated"
    assert (await client.get(f"/api/runs/{run.id}")).json()["deviated"] is True
    assert (await client.get(f"/api/runs/{run.id}/journal")).json() == {"status": "completed"}
    assert "Steady state" in (await client.get(f"/api/runs/{run.id}/console")).text
    going = console.runs.add()
    assert (await client.get(f"/api/runs/{going.id}/journal")).status_code == 404
    assert (await client.get("/api/runs/999")).status_code == 404
    listed = (await client.get("/api/experiments")).json()
    assert [one["valid"] for one in listed] == [False, True, True]  # by id
    assert (await client.get(f"/api/experiments/{STRICT}")).json()["title"] == listed[2]["title"]


async def test_a_fault_is_armed_and_disarmed_by_hand(client: httpx.AsyncClient, console: Any) -> None:
    armed = await client.put("/api/faults", json=WANTED)
    assert armed.status_code == 201
    entry = armed.json()
    assert armed.headers["location"] == f"/api/faults/{entry['id']}"
    assert entry["state"] == "armed"
    assert (await client.put("/api/faults", json=WANTED)).status_code == 409
    assert (await client.get("/api/faults")).json()[0]["id"] == entry["id"]
    for _ in range(2):
        over = await client.delete(f"/api/faults/{entry['id']}")
        assert over.json()["state"] == "disarmed"
    assert (await client.delete("/api/faults/99")).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 0},
        {"rate": 1.5},
        {"deny_list": []},
        {"minutes": 0},
        {"minutes": 61},
        {"colour": "red"},
        {"store": "s3:x"},
    ],
)
async def test_a_fault_that_makes_no_sense_is_422(
    client: httpx.AsyncClient, console: Any, change: dict[str, Any]
) -> None:
    answer = await client.put("/api/faults", json={**WANTED, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert not console.faults.entries


async def test_an_unknown_environment_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.put("/api/faults", json={**WANTED, "environment": "mars"})).status_code == 404
    assert (await client.get("/?environment=mars")).status_code == 404


async def test_rollback_answers_as_it_is_asked(client: httpx.AsyncClient, console: Any) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    path = f"/runs/{run.id}/rollback"
    told = (await client.post(path)).json()
    assert told["disarmed"] is True
    assert told["run"]["status"] == "interrupted"
    assert [fault["state"] for fault in told["faults"]] == ["disarmed"]
    fragment = await client.post(path, headers={"hx-request": "true"})
    assert fragment.status_code == 200
    assert 'id="said"' in fragment.text
    plain = await client.post(path, headers={"accept": "text/html"})
    assert (plain.status_code, plain.headers["location"]) == (303, f"/runs/{run.id}")


async def test_many_runs_are_told_without_asking_for_each(client: httpx.AsyncClient, console: Any) -> None:
    for _ in range(3):
        run = console.runs.add()
        console.faults.armed(run_id=str(run.id))
    console.faults.for_run = None
    told = (await client.get("/api/runs")).json()
    assert [[fault["run"] for fault in one["faults"]] for one in told] == [[43], [42], [41]]


async def test_a_refusal_that_there_is_not_can_not_be_accepted(client: httpx.AsyncClient) -> None:
    for path in ("/api/experiments/strict/preflight", "/experiments/strict/run"):
        told = await client.post(path, json={"accept": ["x"]})
        assert told.status_code == 422
        assert told.json()["detail"] == "accept[0]: It has to be unproven or cost."


async def test_samples_health_and_the_description_of_the_api(client: httpx.AsyncClient, console: Any) -> None:
    query = next(iter(console.metrics.values))
    samples = (await client.get(f"/api/signals/{query}/samples")).json()
    assert samples[0]["at"] < samples[-1]["at"]
    until = samples[5]["at"]
    asked = {name: datetime.fromtimestamp(until, UTC).isoformat() for name in ("since", "until")}
    told = (await client.get(f"/api/signals/{query}/samples", params=asked)).json()
    assert [one["at"] for one in told] == [until]
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json()["status"] == "ready"
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/experiments/{experiment_id}/run", "/runs/{run_id}/rollback", "/api/faults"} <= paths.keys()
    page = await client.get("/docs")
    assert "rollback_strategy" in page.text
    assert "https://" not in page.text


async def test_the_arming_form_says_what_it_would_do(client: httpx.AsyncClient) -> None:
    form = {
        "rate": "50",
        "target": "dynamodb.*.amazonaws.com",
        "minutes": "5",
        "store": "failureLambdaConfig",
    }
    told = await client.get("/faults/sentence", params=form)
    assert "Half of the invocations are refused dynamodb.*.amazonaws.com, for 5 minutes" in told.text
    assert "It reaches ChaosTransformer in <b>sandbox</b>." in told.text
    wrong = await client.get("/faults/sentence", params={**form, "target": "dynamodb.[*"})
    assert "not a regular expression" in wrong.text


async def test_the_form_arms_and_disarms(client: httpx.AsyncClient, console: Any) -> None:
    form = {"rate": "25", "target": "a.*, b.*", "minutes": "1.5", "store": "x", "environment": "sandbox"}
    page = {"accept": "text/html"}
    assert (await client.post("/faults", data=form, headers=page)).status_code == 303
    entry = console.faults.active()[0]
    assert entry.fault.rate == 0.25
    assert entry.fault.deny_list == ("a.*", "b.*")
    assert (entry.disarm_by - console.clock.now()).total_seconds() == 90
    assert (await client.post(f"/faults/{entry.id}/disarm", headers=page)).status_code == 303
    assert not console.faults.active()
    assert (await client.post("/faults", data={**form, "rate": "0"}, headers=page)).status_code == 422


async def test_the_sandbox_is_changed_from_its_page(client: httpx.AsyncClient, console: Any) -> None:
    assert (await client.post("/sandbox/variant", data={"variant": "waits"})).status_code == 303
    assert (await client.post("/sandbox/rate", data={"rate": "5"})).status_code == 303
    assert (console.sandbox.variant, console.sandbox.rate) == ("waits", 5.0)
    assert (await client.post("/sandbox/rate", data={"rate": "x"})).status_code == 422
    console.sandbox = None
    assert (await client.post("/sandbox/rate", data={"rate": "5"})).status_code == 404


async def test_events_are_replayed_over_http_from_the_last_one_seen(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add(verdict=Verdict.HELD)
    for kind in ("started", "armed", "verdict"):
        console.runs.tell(run.id, kind, text="a\n\nid: 99")
    answer = await client.get(f"/api/runs/{run.id}/events", headers={"last-event-id": "2"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers
    assert [line for line in answer.text.splitlines() if line.startswith(("id", "event"))] == [
        "event: armed", "id: 3", "event: verdict", "id: 4",
    ]  # fmt: skip
    assert (await client.get("/api/runs/999/events")).status_code == 404
    assert (await client.get(f"/api/runs/{run.id}/events", headers={"last-event-id": "x"})).status_code == 404


async def test_an_ended_run_shows_the_evidence_it_kept(client: httpx.AsyncClient, console: Any) -> None:
    line = {
        "at": "2026-11-24T11:58:00+00:00",
        "request_id": "7b2c",
        "text": "Intercepted <b>",
        "intercepted": True,
        "function": "f",
    }
    slow = {"request_id": "7b2c", "ms": 2914.0, "intercepted": 2, "function": "f", "stream": "s"}
    kept = {
        "since": line["at"],
        "invocations": 10,
        "hit": 9,
        "lines": [line],
        "expensive": [slow],
        "can_see": True,
        "why": "",
    }
    run = console.runs.add(verdict=Verdict.DEVIATED, proof=kept)
    for path in (f"/runs/{run.id}", "/"):
        text = (await client.get(path, headers={"accept": "text/html"})).text
        assert "9 of 10 invocations hit" in text
        assert "2\u202f914" in text
        assert "Intercepted &lt;b&gt;" in text
