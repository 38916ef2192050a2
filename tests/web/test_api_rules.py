"""What every call of the API keeps to: keys, pages, ETags, media types, limits, and an answer that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.access import Access, Role
from app.faults import FaultState, Store, Stray
from app.metrics import Metrics, Sample
from app.metrics import store as samples
from app.runs import Verdict
from app.web.errors import KINDS, slug
from app.web.experiments import Asked
from app.web.streams import Streams
from tests.web.material import STRICT, bearer, experiment
from tests.web.test_api import RUN, WANTED

pytestmark = pytest.mark.anyio
KEY = {"idempotency-key": "deploy-4711"}


# --- keys -------------------------------------------------------------------------------------------------


async def test_a_start_with_the_same_key_is_told_the_first_ones_run(client: httpx.AsyncClient) -> None:
    first = await client.post(RUN, json={"dry": "pause"}, headers=KEY)
    again = await client.post(RUN, json={"dry": "pause"}, headers=KEY)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


async def test_a_key_with_another_body_or_another_experiment_is_refused(client: httpx.AsyncClient) -> None:
    first = await client.post(RUN, json={"dry": "pause"}, headers=KEY)
    for path, body in ((RUN, {"dry": "probes"}), (RUN, None), (f"{RUN}?queue=true", {"dry": "pause"}),
                       ("/experiments/serverless-etl/exp_1-minor_delay/run", {"dry": "pause"})):  # fmt: skip
        other = await client.post(path, json=body, headers=KEY)
        assert other.status_code == 422
        assert other.json()["type"] == "/docs#problem-key-reused"
        assert other.json()["run"] == first.json()["id"]


async def test_what_does_not_change_the_start_may_differ(client: httpx.AsyncClient, console: Any) -> None:
    first = await client.post(RUN, headers=KEY)
    console.runs.rollback(first.json()["id"], by="test")
    again = await client.post(f"{RUN}?wait=1", json={}, headers={**KEY, "idempotency-key": '"deploy-4711"'})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_what_is_no_key_is_refused(client: httpx.AsyncClient, console: Any, key: str) -> None:
    assert (await client.post(RUN, headers={"idempotency-key": key})).status_code == 422
    assert not console.runs.asked


async def test_arming_by_hand_takes_a_key_too(client: httpx.AsyncClient, console: Any) -> None:
    first = await client.put("/api/faults", json=WANTED, headers=KEY)
    again = await client.put("/api/faults", json=WANTED, headers=KEY)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.put("/api/faults", json={**WANTED, "minutes": 6}, headers=KEY)
    assert other.json()["type"] == "/docs#problem-key-reused"
    form = {"rate": "25", "target": "a.*", "minutes": "1", "store": "x", "environment": "sandbox"}
    for _ in range(2):
        assert (
            await client.post("/faults", data=form, headers={"idempotency-key": "form"})
        ).status_code == 303
    assert len(console.faults.entries) == 2


async def test_a_form_that_is_sent_again_after_a_disarm_is_not_told_that_it_is_armed(
    client: httpx.AsyncClient, console: Any
) -> None:
    form = {"rate": "25", "target": "a.*", "minutes": "1", "store": "x", "environment": "sandbox"}
    headers = {"idempotency-key": "form", "hx-request": "true"}
    first = await client.post("/faults", data=form, headers=headers)
    assert "Armed: " in first.text
    console.faults.disarm(console.faults.entries[-1].id, by="ann", why="asked")
    again = await client.post("/faults", data=form, headers=headers)
    assert "not any more. Put back and read back." in again.text
    assert "Armed: " not in again.text


async def test_two_callers_may_use_the_same_key(signed: httpx.AsyncClient, access: Access) -> None:
    tokens = [bearer(access, Role.RUNNER, name) for name in ("ci", "nightly")]
    answers = [
        await signed.post(f"{RUN}?queue=true", headers={**KEY, **token}) for token in (*tokens, tokens[0])
    ]
    ids = [answer.json()["id"] for answer in answers]
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


# --- in line ----------------------------------------------------------------------------------------------


async def test_a_run_in_line_says_where_it_stands(client: httpx.AsyncClient) -> None:
    first = (await client.post(RUN)).json()
    assert first["queue"] is None
    assert (await client.post(RUN)).status_code == 409
    waits = (await client.post(f"{RUN}?queue=true")).json()
    assert waits["queue"] == {
        "position": 1, "run": first["id"], "fault": None, "sentence": f"Number 1 in line, behind run {first['id']}.",
    }  # fmt: skip
    page = (await client.get(f"/runs/{waits['id']}", headers={"accept": "text/html"})).text
    assert f"Number 1 in line, behind run {first['id']}" in page
    assert "Take it out of the line" in page
    table = (await client.get("/runs", headers={"accept": "text/html"})).text
    assert "in line" in table
    ticked = await client.post(RUN, data={"queue": "true"}, headers={"accept": "text/html"})
    assert ticked.status_code == 303
    assert (
        "Wait in line" in (await client.get(RUN.removesuffix("/run"), headers={"accept": "text/html"})).text
    )
    over = (await client.post(f"/runs/{waits['id']}/rollback")).json()
    assert over["run"]["status"] == "interrupted"


async def until(condition: Callable[[], object]) -> None:
    for _ in range(6000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never happened")


# --- the answer that waits --------------------------------------------------------------------------------


async def test_an_answer_can_wait_for_the_verdict(client: httpx.AsyncClient, console: Any) -> None:
    asked = asyncio.create_task(client.post(f"{RUN}?wait=30"))
    await until(console.runs.active)
    (run,) = console.runs.active()
    await until(lambda: console.live.followers(f"run:{run.id}"))
    assert not asked.done()
    console.runs.rollback(run.id, by="test")
    answer = await asyncio.wait_for(asked, 60)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "stopped")
    assert console.live.followers(f"run:{run.id}") == 0


async def test_after_the_time_it_is_202_with_a_place_to_look(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{RUN}?wait=1")
    run = answer.json()
    assert (answer.status_code, run["verdict"]) == (202, None)
    assert answer.headers["location"] == f"/runs/{run['id']}"
    assert int(answer.headers["retry-after"]) > 0
    later = await client.get(f"/api/runs/{run['id']}?wait=1")
    assert later.json()["status"] == "queued"


@pytest.mark.parametrize("wait", ["0", "3601", "soon"])
async def test_nobody_waits_for_ever(client: httpx.AsyncClient, console: Any, wait: str) -> None:
    assert (await client.post(f"{RUN}?wait={wait}")).status_code == 422
    assert not console.runs.asked


async def test_five_hundred_who_wait_hold_no_thread_and_no_session(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add()
    waiting = [asyncio.create_task(client.get(f"/api/runs/{run.id}?wait=60")) for _ in range(500)]
    await until(lambda: console.live.followers(f"run:{run.id}") == 500)
    assert (await client.get("/api/runs")).status_code == 200
    assert console.storage.engine.pool.checkedout() == 0
    console.runs.rollback(run.id, by="test")
    answers = await asyncio.wait_for(asyncio.gather(*waiting), 60)
    assert {answer.json()["verdict"] for answer in answers} == {"stopped"}


async def test_a_client_that_leaves_is_waited_for_no_longer_and_the_run_goes_on(
    app: Any, console: Any
) -> None:
    run = console.runs.add()
    streams: Streams = app.state.streams

    async def gone() -> bool:
        return True

    left = await asyncio.wait_for(streams.verdict(run.id, 600, gone), 60)
    assert left.verdict is None
    assert not console.runs.get(run.id).ended


async def test_a_console_that_goes_down_answers_whoever_waits(
    client: httpx.AsyncClient, console: Any
) -> None:
    asked = asyncio.create_task(client.post(f"{RUN}?wait=600"))
    await until(console.runs.active)
    console.live.close()
    assert (await asyncio.wait_for(asked, 60)).status_code == 202


# --- pages ------------------------------------------------------------------------------------------------


async def every(client: httpx.AsyncClient, path: str) -> list[int]:
    """Numbers of all pages, by the links alone."""
    found: list[int] = []
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200
        found += [one["id"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    return found


async def test_runs_come_a_page_at_a_time_and_new_ones_shift_nothing(
    client: httpx.AsyncClient, console: Any
) -> None:
    ids = [console.runs.add(verdict=Verdict.HELD).id for _ in range(7)]
    assert await every(client, "/api/runs?limit=3") == list(reversed(ids))
    first = await client.get("/api/runs?limit=3&verdict=held")
    console.runs.add(verdict=Verdict.HELD)
    second = await client.get(first.links["next"]["url"])
    assert [run["id"] for run in second.json()] == list(reversed(ids))[3:6]
    assert "next" not in (await client.get("/api/runs?limit=8")).links


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("verdict=deviated", [42]), ("schedule=7", [43]), ("schedule=8", []), ("status=running", [43]), ("experiment=payments/refund-queue", [44]),
        ("requested_by=ada", [44]), ("environment=mars", []), ("since=2026-11-24T11:59:00Z", [44]),
        ("until=2026-11-24T11:00:00", [41]), ("verdict=held&status=completed", [44, 41]),
    ],
)  # fmt: skip
async def test_runs_are_filtered(
    client: httpx.AsyncClient, console: Any, query: str, found: list[int]
) -> None:
    console.runs.add(verdict=Verdict.HELD, ago=7200)
    console.runs.add(verdict=Verdict.DEVIATED, ago=600)
    console.runs.add(ago=500, schedule=7)
    console.runs.add(verdict=Verdict.HELD, ago=10, experiment="payments/refund-queue", requested_by="ada")
    assert await every(client, f"/api/runs?{query}&limit=1") == found


async def test_faults_come_a_page_at_a_time_and_are_filtered(client: httpx.AsyncClient, console: Any) -> None:
    for number in range(5):
        console.faults.armed(run_id=str(number) if number else None)
    console.faults.disarm(2, by="test", why="test")
    assert await every(client, "/api/faults?limit=2") == [5, 4, 3, 2, 1]
    assert await every(client, "/api/faults?state=disarmed") == [2]
    assert await every(client, "/api/faults?run=3") == [4]
    assert await every(client, "/api/faults?environment=mars") == []


async def names(client: httpx.AsyncClient, path: str, key: str) -> list[str]:
    found: list[str] = []
    while path:
        answer = await client.get(path)
        found += [one[key] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    return found


async def test_experiments_come_a_page_at_a_time_and_are_found_by_tag_and_text(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.catalog.known[0].tags = ("etl", "nightly")
    console.catalog.known.append(experiment("payments/größe", "Ünusual"))
    every = sorted(one.id for one in console.catalog.known)
    assert len(every) == 4
    assert await names(client, "/api/experiments?limit=1", "id") == every
    assert await names(client, "/api/experiments?tag=nightly", "id") == [STRICT]
    assert await names(client, "/api/experiments?text=REFUND&limit=1", "id") == ["payments/refund-queue"]
    assert await names(client, "/api/experiments?text=ünus", "id") == ["payments/größe"]
    assert await names(client, "/api/experiments?tag=etl&text=minor", "id") == [
        "serverless-etl/exp_1-minor_delay"
    ]
    assert await names(client, "/api/experiments?tag=no", "id") == []
    assert (await client.get("/api/experiments?cursor=_w==")).json()["problems"][0]["path"] == "cursor"


async def test_strays_come_a_page_at_a_time(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.found = [
        Stray(store=Store(environment=place, name=name), value=b"x", dialect=None, fault=None)
        for place in ("sandbox", "prod")
        for name in ("b", "a", "c")
    ]
    seen = await names(client, "/api/faults/strays?limit=2&look=true", "store")
    assert seen == ["ssm:a", "ssm:b", "ssm:c"] * 2
    assert (await names(client, "/api/faults/strays?limit=4", "environment"))[0] == "prod"


async def test_samples_come_a_page_at_a_time_the_oldest_first(
    client: httpx.AsyncClient, console: Any
) -> None:
    times = [console.clock.now() - timedelta(seconds=30 * number) for number in range(6, -1, -1)]
    room = Metrics(console.storage, None, console.clock, console.live, {})
    with console.storage.writing() as session:
        samples.add(
            session, [Sample(environment="sandbox", query="q", at=at, value=1.0, parts={}) for at in times]
        )
    console.metrics = room
    whole = await names(client, "/api/signals/q/samples?limit=3", "at")
    assert whole == [at.timestamp() for at in times]
    since = times[4].isoformat()
    seen = (await client.get("/api/signals/q/samples", params={"since": since, "limit": 2})).json()
    assert [one["at"] for one in seen] == [at.timestamp() for at in times[4:6]]
    for wrong in ("OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "x"):  # a moment that no calendar has
        assert (await client.get(f"/api/signals/q/samples?cursor={wrong}")).status_code == 422


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=eA==", "limit=0", "limit=501", "verdict=good", "since=x"]
)
async def test_what_is_no_page_is_refused_with_its_name(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/runs?{query}")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == query.partition("=")[0]


# --- ETags ------------------------------------------------------------------------------------------------


async def test_a_deadline_is_moved_by_whoever_has_seen_it_last(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed()
    path, body = "/api/faults/1", {"minutes": 5}
    seen = (await client.get(path)).headers["etag"]
    moved = await client.patch(path, json=body, headers={"if-match": seen})
    assert moved.status_code == 200
    stale = await client.patch(path, json={"minutes": 50}, headers={"if-match": seen})
    assert stale.status_code == 412
    assert stale.json()["type"] == "/docs#problem-changed"
    assert (
        await client.patch(path, json=body, headers={"if-match": moved.headers["etag"]})
    ).status_code == 200
    assert (await client.patch(path, json=body)).status_code == 200


async def test_what_is_only_seen_of_a_fault_changes_no_etag(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.armed()
    seen = (await client.get("/api/faults/1")).headers["etag"]
    console.faults.entries[0] = replace(console.faults.entries[0], last_hit_at=console.clock.now())
    assert (await client.get("/api/faults/1")).headers["etag"] == seen


async def test_an_old_etag_keeps_the_lever_engaged_and_never_keeps_anybody_from_engaging_it(
    client: httpx.AsyncClient,
) -> None:
    seen = (await client.get("/api/safety-lever")).headers["etag"]
    stale = {"if-match": seen}
    engage, disengage = {"engaged": True, "why": "fire"}, {"engaged": False}
    assert (await client.put("/api/safety-lever", json=engage, headers=stale)).status_code == 200
    assert (await client.put("/api/safety-lever", json=disengage, headers=stale)).status_code == 412
    assert (await client.put("/api/safety-lever", json=engage, headers=stale)).status_code == 200
    now = (await client.get("/api/safety-lever")).headers["etag"]
    assert (
        await client.put("/api/safety-lever", json=disengage, headers={"if-match": now})
    ).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "read", "body"),
    [
        ("PATCH", "/api/faults/1", "/api/faults/1", {"minutes": 5}),
        ("POST", "/api/faults/1/choose", "/api/faults/1", {"keep": "theirs"}),
        ("PUT", "/api/safety-lever", "/api/safety-lever", {"engaged": False}),
        ("PATCH", "/api/sandbox", "/api/sandbox", {"rate": 5}),
    ],
)
async def test_an_edit_may_name_what_it_was_made_from_and_is_refused_where_that_is_old(
    client: httpx.AsyncClient, console: Any, method: str, path: str, read: str, body: dict[str, Any]
) -> None:
    console.faults.armed()
    if path.endswith("choose"):
        theirs = b'{"isEnabled": false, "theirs": 1}'
        console.faults.entries[0] = replace(
            console.faults.entries[0], state=FaultState.DRIFTED, theirs=theirs
        )
    old = await client.request(method, path, json=body, headers={"if-match": '"old"'})
    assert (old.status_code, old.json()["type"]) == (412, "/docs#problem-changed")
    seen = (await client.get(read)).headers["etag"]
    assert (await client.request(method, path, json=body, headers={"if-match": f'"old", {seen}'})).is_success
    if path.endswith("choose"):
        console.faults.entries[0] = replace(
            console.faults.entries[0], state=FaultState.DRIFTED, theirs=theirs
        )
    assert (await client.request(method, path, json=body)).is_success


# --- what is spoken ---------------------------------------------------------------------------------------


async def test_every_refusal_is_problem_details(client: httpx.AsyncClient) -> None:
    cases = [
        ("GET", "/api/nowhere", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("TRACE", "/api/runs", {}, 405),
        ("DELETE", "/api/runs", {}, 405),
        ("GET", "/api/runs", {"headers": {"accept": "image/png"}}, 406),
        ("GET", "/api/runs", {"headers": {"accept": "application/json;q=0"}}, 406),
        ("PUT", "/api/faults", {"content": b"rate=1", "headers": {"content-type": "text/csv"}}, 415),
        ("PUT", "/api/faults", {"content": b"{}"}, 415),
        ("PUT", "/api/faults", {"json": {}}, 422),
        ("PUT", "/api/faults", {"content": b"x" * 300_000}, 413),
        ("GET", "/api/runs", {"headers": {"host": "evil.example"}}, 421),
    ]
    for method, path, words, status in cases:
        answer = await client.request(method, path, **words)
        assert answer.status_code == status, (method, path, words)
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert {"type", "title", "status", "detail"} <= told.keys()
        assert told["status"] == status
        if status == 405:
            assert "GET" in answer.headers["allow"]


async def test_every_type_of_problem_is_explained_where_its_address_leads(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    for kind in KINDS:
        assert f'id="problem-{slug(kind)}"' in page


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, */*;q=0.1"])
async def test_what_accepts_json_gets_it(client: httpx.AsyncClient, accept: str) -> None:
    assert (await client.get("/api/runs", headers={"accept": accept})).status_code == 200


# --- what pages show --------------------------------------------------------------------------------------


async def test_environments_signals_timeline_evidence_and_lines_are_told(
    client: httpx.AsyncClient, console: Any
) -> None:
    (environment,) = (await client.get("/api/environments")).json()
    assert (environment["name"], environment["default"], environment["account"]) == (
        "sandbox", True, "000000000000",
    )  # fmt: skip
    run = console.runs.add()
    entry = console.faults.armed(run_id=str(run.id))
    signals = (await client.get("/api/signals", params={"experiment": run.experiment})).json()
    assert {one["judgement"] for one in signals} == {"within"}
    assert next(one for one in signals if one["name"] == "messages-in-flight")["parts"]["CSV out"] == 594.0
    steps = (await client.get(f"/api/runs/{run.id}/timeline")).json()
    assert [step["state"] for step in steps] == ["done", "done", "now", "next", "next"]
    told = (await client.get(f"/api/runs/{run.id}/evidence")).json()
    assert (told["hit"], told["invocations"], told["can_see"]) == (357, 372, True)
    line = told["lines"][0]
    lines = await client.get(
        f"/api/requests/{line['function']}/{line['request_id']}", params={"since": entry.armed_at.isoformat()}
    )
    assert lines.json()[0]["intercepted"] is True
    whole = (await client.get(f"/api/experiments/{run.experiment}")).json()
    assert whole["steps"][2] == {
        "kind": "pause", "name": "Pause", "sentence": "5 min", "seconds": 300.0, "background": False,
    }  # fmt: skip
    assert whole["faults"][0]["translated"] is True


async def test_the_sandbox_is_read_and_changed(client: httpx.AsyncClient, console: Any) -> None:
    changed = await client.patch("/api/sandbox", json={"variant": "waits", "rate": 5})
    assert (changed.json()["variant"], changed.json()["rate"]) == ("waits", 5.0)
    assert (await client.get("/api/sandbox")).json() == changed.json()
    assert (await client.patch("/api/sandbox", json={"variant": "flies"})).status_code == 422
    console.sandbox = None
    assert (await client.get("/api/sandbox")).status_code == 404


async def test_the_sandbox_is_changed_by_whoever_has_seen_it_last(
    client: httpx.AsyncClient, console: Any
) -> None:
    seen = {"if-match": (await client.get("/api/sandbox")).headers["etag"]}
    first = await client.patch("/api/sandbox", json={"rate": 5}, headers=seen)
    assert (first.status_code, first.json()["rate"]) == (200, 5.0)
    stale = await client.patch("/api/sandbox", json={"rate": 50}, headers=seen)
    assert (stale.status_code, stale.json()["type"]) == (412, "/docs#problem-changed")
    assert console.sandbox.rate == 5.0
    now = {"if-match": first.headers["etag"]}
    assert (await client.patch("/api/sandbox", json={"variant": "waits"}, headers=now)).status_code == 200


async def test_a_fault_is_put_in_words_without_being_armed(client: httpx.AsyncClient, console: Any) -> None:
    asked = {"store": "x", "rate": 0.5, "deny_list": ["a.*", "b.*"], "minutes": 5}
    told = (await client.get("/api/faults/sentence", params=asked)).json()
    assert "half of the invocations are refused a.*" in told["sentence"]
    assert told["trouble"] == ""
    wrong = (await client.get("/api/faults/sentence", params={**asked, "deny_list": "[*"})).json()
    assert "not a regular expression" in wrong["trouble"]
    assert not console.faults.entries


# --- two mistakes are told together -----------------------------------------------------------------------


async def test_all_that_is_wrong_with_a_start_is_told_at_once(
    client: httpx.AsyncClient, console: Any
) -> None:
    body = {
        "environment": "mars", "rollback_strategy": "maybe", "dry": "run", "fail_fast": "yes", "acept": [],
        "stop": [{"signal": "errors", "above": "many"}], "accept": ["unproven", "x"],
    }  # fmt: skip
    for path in (RUN, RUN.replace("/experiments/", "/api/experiments/").replace("/run", "/preflight")):
        told = (await client.post(path, json=body)).json()
        assert [(one["path"], one["message"]) for one in told["problems"]] == [
            ("fail_fast", "It has to be true or false."),
            ("accept[1]", "It has to be unproven or cost."),
            ("acept", f"There is no such field. There are: {', '.join(Asked.model_fields)}."),
            ("environment", "There is no environment “mars”. There are: sandbox."),
            ("rollback_strategy", "“maybe” is no rollback strategy: always, default, never or deviated."),
            ("dry", "“run” is no kind of dry run: probes, actions, activities or pause."),
            ("stop[0].above", "above is a number."),
        ]  # fmt: skip
        assert all(one["message"] in told["detail"] for one in told["problems"])
    assert not console.runs.asked


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{x", "The body is not JSON: Expecting property name enclosed in double quotes"),
        (b'["a" "b"]', "The body is not JSON: Expecting “,” delimiter"),
        (b"[1]", "It has to be an object."),
        (b"5", "It has to be an object."),
    ],
)
async def test_a_body_that_is_none_is_said_so(client: httpx.AsyncClient, body: bytes, said: str) -> None:
    for method, path in (("POST", RUN), ("PUT", "/api/faults")):
        answer = await client.request(
            method, path, content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["detail"][: len(said)]) == (422, said)
        assert [one["path"] for one in answer.json().get("problems", [])] in ([], [""])


async def test_a_header_that_is_wrong_is_named_as_it_is_sent(client: httpx.AsyncClient) -> None:
    told = (await client.post(RUN, headers={"idempotency-key": "a b"})).json()
    assert told["problems"][0]["path"] == "Idempotency-Key"
    assert told["detail"] == "Idempotency-Key: It has to match “^[\\x21-\\x7e]+$”."
