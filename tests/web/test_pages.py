"""Pages as a person reads them, with whatever a file or a log line says."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.dialects import DisarmPlan, Fault, FaultMode
from app.errors import Problem, Unavailable
from app.faults import FaultState
from app.runs import Verdict
from app.web.panels import Page, panels
from tests.web.material import NOON

pytestmark = pytest.mark.anyio
PAGE = {"accept": "text/html"}
STRICT = "serverless-etl/exp_2-strict"
HOSTILE = "<img src=x onerror=alert(1)> {{7*7}} \"'>\n\ndata: </script><script>alert(2)</script>"
PATHS = (
    "/",
    "/experiments",
    f"/experiments/{STRICT}",
    "/experiments/payments/refund-queue",
    "/runs",
    "/faults",
    "/sandbox",
    "/docs",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_has_landmarks_one_heading_and_the_armed_bar(
    client: httpx.AsyncClient, console: Any, path: str
) -> None:
    console.faults.armed()
    answer = await client.get(path, headers=PAGE)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    for mark in ('lang="en"', "<main", "<nav", 'id="armed"', "Roll back now", "style=")[:-1]:
        assert mark in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


@pytest.mark.parametrize("path", ["/", "/experiments", "/runs", "/faults", "/sandbox"])
async def test_empty_pages_teach(client: httpx.AsyncClient, console: Any, path: str) -> None:
    console.catalog.known = []
    console.sandbox = None
    answer = await client.get(path, headers=PAGE)
    assert answer.status_code == 200
    assert "empty" in answer.text


async def test_what_is_armed_stands_there_with_who_where_and_until_when(
    client: httpx.AsyncClient, console: Any
) -> None:
    run = console.runs.add()
    console.faults.armed(run_id=str(run.id))
    text = (await client.get("/runs", headers=PAGE)).text
    for words in ("Fault armed", "357 of 372 invocations hit", f'held by <a href="/runs/{run.id}"', "until auto-disarm",
                  "8:00", "000000000000", "disarms first, then ends run", 'aria-checked="true" disabled'):  # fmt: skip
        assert words in text


async def test_what_cannot_be_disarmed_is_an_alarm_with_the_command(
    client: httpx.AsyncClient, console: Any
) -> None:
    entry = console.faults.armed()
    console.faults.entries[0] = replace(
        entry, state=FaultState.DISARMING, attempts=2, outcome="AWS did not answer."
    )
    text = (await client.get("/experiments", headers=PAGE)).text
    assert "Not disarmed" in text
    assert "aws ssm put-parameter --name failureLambdaConfig" in text
    assert "alarm.svg" in text


@pytest.mark.parametrize(
    ("plan", "begins", "ends"),
    [
        (DisarmPlan(flush='{"f": 1}', flush_seconds=60), "--value '{\"f\": 1}'", " && sleep 60 && aws ssm put-parameter "),
        (DisarmPlan(recycle=True), "--value '{\"isEnabled\"", " && aws lambda update-function-configuration "),
    ],
)  # fmt: skip
async def test_the_command_by_hand_is_the_whole_plan(
    client: httpx.AsyncClient, console: Any, plan: DisarmPlan, begins: str, ends: str
) -> None:
    console.faults.armed(
        state=FaultState.DISARMING, attempts=2, plan=plan, previous_meta={"type": "SecureString"}
    )
    text = html.unescape((await client.get("/experiments", headers=PAGE)).text)
    where = " --region us-east-2 --endpoint-url http://127.0.0.1:4566"
    command = re.search(r'<pre class="command"><code>(.*?)</code>', text)[1]
    assert command.startswith(
        f"aws ssm put-parameter --name failureLambdaConfig --type SecureString --overwrite {begins}"
    )
    assert ends in command
    assert command.count(where) == 2


async def test_what_a_secure_string_holds_is_on_no_page_and_in_no_answer(
    client: httpx.AsyncClient, console: Any
) -> None:
    holds = {
        "previous_meta": {"type": "SecureString"},
        "previous": b'{"isEnabled": false, "token": "canary"}',
    }
    console.faults.armed(state=FaultState.DISARMING, attempts=2, value=b'{"token": "canary"}', **holds)
    console.faults.armed(state=FaultState.DRIFTED, theirs=b'{"token": "canary"}', **holds)
    for path in ("/", "/faults", "/experiments"):
        text = (await client.get(path, headers=PAGE)).text
        assert "canary" not in text
        assert "--type SecureString" in text
    assert "canary" not in (await client.get("/api/faults")).text


async def test_signals_are_judged_and_said_in_words(client: httpx.AsyncClient, console: Any) -> None:
    console.metrics.leave_tolerance()
    text = (await client.get("/", headers=PAGE)).text
    assert "✕ outside" in text
    assert "9.6 points over" in text
    assert "DynamoDB writes are 41" in text
    assert "Consistent with work that is reported as done before it is" in text
    assert text.index("✕ 29.6") < text.index("</title>")


async def test_no_data_is_not_zero_and_old_data_is_stale(client: httpx.AsyncClient, console: Any) -> None:
    known = console.metrics.values
    console.metrics.values = {}
    console.metrics.error = "CloudWatch is throttling."
    text = (await client.get("/", headers=PAGE)).text
    assert "○ no data" in text
    assert "CloudWatch is throttling." in text
    console.metrics.values, at = known, console.clock.now()
    console.metrics.state = lambda environment, query: type("State", (), {
        "sample": console.metrics.sample(query, at - timedelta(seconds=200), 0), "error": None, "error_since": None})()  # fmt: skip
    text = (await client.get("/", headers=PAGE)).text
    assert "◌ stale" in text
    assert "last sample" in text


async def test_hostile_words_stay_words(client: httpx.AsyncClient, console: Any) -> None:
    first = console.catalog.known[0]
    first.title = first.description = HOSTILE
    first.tags = (HOSTILE,)
    console.catalog.known[2].problems = (Problem(message=HOSTILE),)
    console.evidence.text = HOSTILE
    console.faults.armed(by=HOSTILE)
    run = console.runs.add(
        verdict=Verdict.DEVIATED, title=HOSTILE, requested_by=HOSTILE, verdict_reason=HOSTILE
    )
    for path in (*PATHS, f"/runs/{run.id}", "/nowhere/" + HOSTILE.replace("\n", "").replace("/", "")):
        text = (await client.get(path, headers=PAGE)).text
        assert "<img" not in text
        assert "<script>alert" not in text
        assert "49" not in [word for word in text.split() if word == "49"]
    assert "&lt;img src=x" in (await client.get("/", headers=PAGE)).text


async def test_errors_are_pages_fragments_or_problem_details(client: httpx.AsyncClient, console: Any) -> None:
    page = await client.get("/runs/999", headers=PAGE)
    assert (page.status_code, page.text.count("<h1")) == (404, 1)
    fragment = await client.post("/runs/999/rollback", headers={"hx-request": "true"})
    assert fragment.status_code == 404
    assert 'id="said"' in fragment.text
    browsers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert (await client.get("/api/runs/999", headers=browsers)).json()["detail"] == "There is no run 999."
    assert (await client.patch("/runs/999/rollback")).json()["status"] == 405
    assert (await client.get("/api/runs?limit=0")).json()["problems"][0]["path"] == "limit"


async def test_a_page_of_an_error_needs_no_room_that_works(client: httpx.AsyncClient, console: Any) -> None:
    def down(*_: Any) -> Any:
        raise Unavailable("The database does not answer.")

    console.faults.active = down
    page = await client.get("/", headers=PAGE)
    assert page.status_code == 503
    assert "The database does not answer." in page.text
    assert "could not be looked up" in page.text
    console.runs.find = lambda *_, **__: 1 / 0
    broken = await client.get("/api/runs")
    assert broken.status_code == 500
    assert broken.json()["title"] == "The console made a mistake"
    assert broken.json()["detail"].startswith("ZeroDivisionError. The log has more about request ")
    assert "division by zero" not in broken.text


async def test_one_invocations_lines_are_a_click_away(client: httpx.AsyncClient, console: Any) -> None:
    path = "/requests/ChaosTransformer/7b2c3ad9?since=2026-11-24T11:00:00%2B00:00"
    assert "<html" in (await client.get(path, headers=PAGE)).text
    fragment = (await client.get(path, headers={"hx-request": "true"})).text
    assert "Intercepted network connection" in fragment
    assert "<html" not in fragment


async def test_the_theme_is_remembered(client: httpx.AsyncClient) -> None:
    assert 'data-theme="dark"' in (await client.get("/", headers={**PAGE, "cookie": "theme=dark"})).text
    assert "data-theme=" not in (await client.get("/", headers={**PAGE, "cookie": "theme=<x>"})).text.replace(
        "data-theme-toggle", ""
    )


async def test_the_live_page_weighs_at_most_150_kib(client: httpx.AsyncClient, console: Any) -> None:
    console.faults.armed()
    page = await client.get("/", headers=PAGE)
    total = int(page.headers.get("content-length", len(page.content)))
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)):
        asset = await client.get(address.replace("&amp;", "&"))
        assert asset.status_code == 200, address
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["etag"]
        raw = asset.headers.get("content-length")
        total += int(raw) if raw else len(asset.content) // 3
    assert total <= 150 * 1024


async def test_an_ended_runs_page_tells_what_was_then(
    client: httpx.AsyncClient, console: Any, clock: Any
) -> None:
    console.metrics.leave_tolerance()
    run = console.runs.add(ago=400, verdict=Verdict.DEVIATED)
    assert "✕ outside" in (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    clock.advance(10)
    text = (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    assert "at the run&#39;s end" in text
    assert "stale" not in text.partition("<main")[2]


async def test_an_ended_runs_page_shows_the_value_that_was_judged_not_a_later_one(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.metrics.leave_tolerance()
    run = console.runs.add(ago=400, verdict=Verdict.HELD)
    looked = {"name": "messages-in-flight", "value": 12.3, "tolerance_met": True}
    console.runs.tell(run.id, "hypothesis-before", met=True, probes=[looked | {"value": 1.0}])
    console.runs.tell(run.id, "hypothesis-after", met=True, probes=[looked])
    text = (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    card = text.partition('id="signal-messages-in-flight"')[2].partition("</article>")[0]
    assert "12.3\u202f%" in card
    assert "as judged after the method, " in card
    assert "✓ within" in card
    assert "as judged" not in text.partition('id="signal-zero-sns-errors"')[2].partition("</article>")[0]


async def test_a_run_of_a_schedule_names_it(client: httpx.AsyncClient, console: Any) -> None:
    fields = {"name": "nightly <b>", "experiment": STRICT, "environment": "sandbox", "cron": "0 3 * * *"}
    made = console.schedules.create(fields, by="ann")
    run = console.runs.add(verdict=Verdict.HELD, schedule=made.id)
    link = f'<a href="/schedules/{made.id}">schedule nightly &lt;b&gt;</a>'
    assert link in (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    assert f"<dt>Schedule</dt><dd>nightly &lt;b&gt; ({made.id})" in (
        await client.get(f"/api/runs/{run.id}/report.html")
    ).text  # fmt: skip
    console.schedules.delete(made.id)
    assert f"schedule {made.id}, which is gone" in (await client.get(f"/runs/{run.id}", headers=PAGE)).text
    by_hand = console.runs.add(verdict=Verdict.HELD)
    assert "schedule" not in (await client.get(f"/api/runs/{by_hand.id}/report.md")).text.lower()


async def test_a_card_says_what_aws_answers_and_since_when(client: httpx.AsyncClient, console: Any) -> None:
    console.metrics.error = "AWS asks for fewer calls."
    console.metrics.error_since = console.clock.now() - timedelta(minutes=3)
    text = (await client.get("/")).text
    assert "AWS asks for fewer calls." in text
    assert "3 min ago" in text


async def test_a_store_that_nobody_is_known_to_read_says_so(client: Any, console: Any) -> None:
    fault = console.faults.armed(functions=())
    assert "no function is known to read" in (await client.get("/faults")).text
    console.faults.entries[fault.id - 1] = replace(
        fault, state=FaultState.DISARMED, disarmed_at=NOON, requested_at=NOON, quiet_at=NOON
    )
    assert "no log is waited for" in (await client.get("/faults")).text


async def test_what_was_hit_is_said_whole_whatever_a_faults_message_says(
    client: httpx.AsyncClient, console: Any
) -> None:
    fault = Fault(mode=FaultMode.EXCEPTION, rate=1, message="Out of stock. Try later. Or not")
    console.faults.armed(fault=fault)
    page = html.unescape((await client.get("/")).text)
    assert "“Out of stock. Try later. Or not”: 357 of 372 invocations hit (96 %), asked for 100 %." in page


async def test_an_experiment_s_page_says_what_a_look_would_come_to_and_keeps_saying_it(
    client: httpx.AsyncClient, console: Any
) -> None:
    page = Page(name="experiment", environment="sandbox", subject=STRICT)

    def told() -> Any:
        return next(panel.view for panel in panels(console, page) if panel.name == "hypothesis")

    text = (await client.get(f"/experiments/{STRICT}", headers=PAGE)).text
    assert 'id="hypothesis" data-on="hypothesis"' in text
    assert "Would pass" in text
    console.metrics.leave_tolerance()
    assert told().would == "would not pass: messages-in-flight"
