"""Deadlines that move, values to choose between, and strays to switch off: by API, by form, and in sight."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.faults import FaultState, Store, Stray
from app.runs import RunStatus
from tests.web.material import ARMED, DENY

pytestmark = pytest.mark.anyio
THEIRS = b'{"isEnabled": false, "theirs": 1}'


def stray() -> Stray:
    store = Store(environment="sandbox", name="failureLambdaConfig")
    return Stray(store=store, value=ARMED, dialect="failure-lambda/0.x", fault=DENY, functions=("f",))


async def test_a_deadline_is_moved_by_api_and_by_form(client: httpx.AsyncClient, console: Any) -> None:
    entry = console.faults.armed()
    answer = await client.patch(f"/api/faults/{entry.id}", json={"minutes": 3})
    assert answer.status_code == 200
    assert console.faults.entry(entry.id).disarm_by == console.clock.now() + timedelta(minutes=3)
    answer = await client.post(
        f"/faults/{entry.id}/deadline", data={"minutes": "7.5"}, headers={"HX-Request": "true"}
    )
    assert "set its deadline" in answer.text
    assert console.faults.entry(entry.id).disarm_by == console.clock.now() + timedelta(minutes=7.5)


def carried(page: str, action: str) -> str:
    """What the form of that address carries in `seen`."""
    found = re.search(rf'action="{action}".*?name="seen" value="([^"]+)"', page, re.DOTALL)
    assert found
    return found[1]


async def test_a_deadline_that_was_moved_meanwhile_is_not_moved_by_an_old_page(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(disarm_by=console.clock.now() + timedelta(minutes=10))
    form = {"seen": carried((await client.get("/")).text, "/faults/1/deadline"), "minutes": "7"}
    at, words = "/faults/1/deadline", {"HX-Request": "true"}
    assert (await client.post(at, data=form, headers=words)).status_code == 200
    stale = await client.post(at, data=form | {"minutes": "90"}, headers=words)
    assert stale.status_code == 412
    assert "has changed since it was read" in stale.text
    assert console.faults.entry(1).disarm_by == console.clock.now() + timedelta(minutes=7)


async def test_a_choice_is_made_between_the_values_that_were_seen(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(state=FaultState.DRIFTED, theirs=THEIRS)
    at = "/api/faults/1"
    seen = (await client.get(at)).headers["etag"]
    form = {"seen": carried((await client.get("/")).text, "/faults/1/choose"), "keep": "theirs"}
    console.faults.entries[0] = replace(console.faults.entries[0], theirs=b"{}")  # they wrote once more
    stale = await client.post(f"{at}/choose", json={"keep": "theirs"}, headers={"if-match": seen})
    assert (stale.status_code, stale.json()["type"]) == (412, "/docs#problem-changed")
    assert (await client.post("/faults/1/choose", data=form)).status_code == 412
    assert console.faults.entry(1).undecided
    now = {"if-match": (await client.get(at)).headers["etag"]}
    chosen = await client.post(f"{at}/choose", json={"keep": "theirs"}, headers=now)
    assert (chosen.status_code, chosen.headers["etag"]) == (200, (await client.get(at)).headers["etag"])
    assert chosen.headers["etag"] != now["if-match"]


@pytest.mark.parametrize("minutes", [0, -1, 99_999, "soon"])
async def test_a_deadline_that_is_none_is_refused(
    client: httpx.AsyncClient, console: Any, minutes: Any
) -> None:
    entry = console.faults.armed()
    assert (await client.patch(f"/api/faults/{entry.id}", json={"minutes": minutes})).status_code == 422


async def test_a_drift_shows_both_values_and_one_press_for_either(
    client: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed(state=FaultState.DRIFTED, theirs=THEIRS)
    page = (await client.get("/")).text
    assert "Somebody else wrote" in page
    assert "theirs&#34;: 1" in page
    assert 'value="ours"' in page
    assert (await client.post(f"/api/faults/{entry.id}/choose", json={"keep": "mine"})).status_code == 422
    assert (await client.post(f"/api/faults/{entry.id}/choose", json={"keep": "ours"})).json()[
        "undecided"
    ] is False
    assert "Somebody else wrote" not in (await client.get("/")).text


async def test_where_theirs_is_armed_no_page_says_that_nothing_is(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.armed(state=FaultState.DRIFTED, theirs=THEIRS, disarmed_at=console.clock.now())
    assert "Nothing is armed" in (await client.get("/")).text
    console.faults.armed(
        state=FaultState.DRIFTED, theirs=b'{"isEnabled": true, "failureMode": "latency", "rate": 1}'
    )
    for path in ("/", "/runs", "/faults", "/experiments"):
        page = (await client.get(path)).text
        assert "left alone: it is armed." in page
        assert "Nothing is armed" not in page
        assert "is-alarm" in page


async def test_a_stray_is_an_alarm_on_every_page_and_one_press_away_from_off(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.faults.found = [stray()]
    for path in ("/", "/runs", "/faults", "/experiments"):
        assert "Armed, and not by this console" in (await client.get(path)).text
    assert [row["store"] for row in (await client.get("/api/faults/strays?look=true")).json()] == [
        "ssm:failureLambdaConfig"
    ]
    form = {"store": "ssm:failureLambdaConfig", "environment": "sandbox"}
    answer = await client.post("/faults/strays", data=form, headers={"HX-Request": "true"})
    assert "is off, read back" in answer.text
    assert "not by this console" not in (await client.get("/")).text


async def test_a_stray_is_switched_off_by_api(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.found = [stray()]
    answer = await client.post("/api/faults/strays/disarm", json={"store": "ssm:failureLambdaConfig"})
    assert (answer.status_code, console.faults.found) == (200, [])


async def test_what_still_fires_after_its_disarm_is_an_alarm_with_the_command(
    client: httpx.AsyncClient, console: Any
) -> None:
    now = console.clock.now()
    console.faults.armed(
        state=FaultState.DISARMED, disarmed_at=now - timedelta(seconds=60), settles_at=now - timedelta(seconds=60),
        last_hit_at=now - timedelta(seconds=5),
    )  # fmt: skip
    page = (await client.get("/")).text
    assert "Disarmed, and still firing" in page
    assert "--function-name ChaosTransformer --region us-east-2 --endpoint-url http://127.0.0.1:4566" in page


@pytest.mark.parametrize(
    ("ago", "more", "words"),
    [
        (5, {"settles": 55}, "<b>propagating</b>"),
        (5, {}, "<b>waiting for quiet</b>"),
        (30, {"quiet": 18}, "<b>quiet</b> 12 s after the request"),
        (100, {"quiet": 88, "clean": 10}, "<b>clean</b> again 1 min 30 s after the request"),
    ],
)  # fmt: skip
async def test_everybody_sees_how_far_a_disarm_has_come(
    client: httpx.AsyncClient, console: Any, ago: float, more: dict[str, float], words: str
) -> None:
    now = console.clock.now()
    over = now - timedelta(seconds=ago)
    console.faults.armed(
        state=FaultState.DISARMED, requested_at=over, disarmed_at=over,
        settles_at=now + timedelta(seconds=more["settles"]) if "settles" in more else over,
        quiet_at=now - timedelta(seconds=more["quiet"]) if "quiet" in more else None,
        clean_at=now - timedelta(seconds=more["clean"]) if "clean" in more else None,
    )  # fmt: skip
    assert words in (await client.get("/")).text


async def test_preflight_is_told_by_api_and_page(client: httpx.AsyncClient, console: Any) -> None:
    console.runs.unproven = True
    answer = (await client.get("/api/experiments/serverless-etl/exp_1-minor_delay/preflight")).json()
    assert (answer["ready"], answer["accept"]) == (False, ["unproven"])
    assert [finding["level"] for finding in answer["findings"]] == ["warning", "refusal", "ok"]
    page = (await client.get("/experiments/serverless-etl/exp_1-minor_delay")).text
    assert "✕ 1 refusal" in page
    assert 'name="accept"' in page


async def test_preflight_by_api_takes_what_a_start_takes(client: httpx.AsyncClient, console: Any) -> None:
    body = {
        "environment": "sandbox", "variables": {"store": "other"}, "rollback_strategy": "never", "dry": "pause",
        "hypothesis_frequency": 2.5, "fail_fast": True, "stop": [{"no_data_for": 60}], "accept": ["unproven"],
    }  # fmt: skip
    path = "/experiments/serverless-etl/exp_1-minor_delay"
    looked = await client.post(f"/api{path}/preflight?queue=true", json=body)
    assert (looked.status_code, looked.json()["ready"]) == (200, True)
    assert (await client.post(f"{path}/run?queue=true", json=body)).status_code == 202
    started = console.runs.asked[-1]
    looked = console.runs.looked[-1]
    assert looked == {**body, "schedule": None, "queue": True} == {name: started[name] for name in looked}
    assert (await client.post(f"/api{path}/preflight")).json()["ready"]
    wrong = await client.post(f"/api{path}/preflight", json={"acept": ["cost"]})
    assert (wrong.status_code, wrong.json()["problems"][0]["path"]) == (422, "acept")


async def test_what_was_accepted_reaches_the_run(client: httpx.AsyncClient, console: Any) -> None:
    path = "/experiments/serverless-etl/exp_1-minor_delay/run"
    assert (
        await client.post(path, json={"accept": ["unproven"], "stop": [{"no_data_for": 60}]})
    ).status_code == 202
    assert console.runs.asked[-1]["accept"] == ["unproven"]
    assert console.runs.asked[-1]["stop"] == [{"no_data_for": 60}]


async def test_what_a_run_changes_besides_stands_on_every_page_while_it_goes_on(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add(facts={"unproven": [{"activity": "Slow", "what": "runs `tc`"}]})
    for path in ("/", "/runs", "/faults", "/experiments"):
        page = html.unescape((await client.get(path)).text)
        assert f"Not the console’s to undo</b> — run {run.id}: “Slow” runs `tc`. Check by hand" in page
    console.runs.known[run.id] = replace(run, status=RunStatus.COMPLETED, ended_at=console.clock.now())
    assert "to undo" not in (await client.get("/faults")).text
