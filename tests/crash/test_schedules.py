"""The console dies between a fire and its run, and after the run was queued: the next one goes on, and nothing runs twice.

And AWS is away when a fire is due: the fire waits.
"""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.crash.harness import World, experiment
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
QUICK = {
    "title": "Quick", "description": "d",
    "method": [{"type": "action", "name": "mark", "provider": {"type": "process", "path": "sh", "arguments": ["-c", "echo ran >> $MARK"]}}],
}  # fmt: skip


def schedule(world: World, seconds: float, experiment: str = "quick") -> int:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    body = {"name": "once", "experiment": experiment, "at": at.isoformat(), "accept": ["unproven"]}
    answer = httpx.post(f"{world.url}/api/schedules", json=body, timeout=PATIENCE).raise_for_status()
    return int(answer.json()["id"])


@pytest.mark.parametrize("place", ["fire-written", "run-queued"])
def test_a_console_that_dies_over_a_fire_is_followed_by_one_that_runs_it_once(
    world: World, place: str
) -> None:
    mark = world.folder / "mark"
    world.variables = f'MARK = "{mark}"\n'
    world.prepare(quick=QUICK)
    console = world.start(crash_at=place)
    made = schedule(world, 2)
    until(lambda: console.poll() is not None, "the console dies")
    assert console.returncode == -signal.SIGKILL
    (left,) = world.rows("select state, run_id from fires where schedule_id = ?", made)
    assert (left["state"], left["run_id"]) == ("intended", None)
    assert len(world.rows("select 1 from runs")) == (1 if place == "run-queued" else 0)
    for _ in range(2):  # and a further restart brings nothing more
        console = world.start()
        until(lambda: world.rows("select 1 from fires where state = 'started'"), "the fire is started")
        until(world.settled, "its run is over")
        world.kill(console)
    (fire,) = world.rows("select run_id from fires")
    (run,) = world.rows("select id, verdict, request, requested_by from runs")
    assert fire["run_id"] == run["id"]
    assert run["requested_by"] == "schedule once"
    assert json.loads(run["request"])["schedule"] == made
    # What was queued when the console died is ended as every run of a dead console is; what was not runs now.
    assert run["verdict"] == ("stopped" if place == "run-queued" else "held")
    assert mark.exists() is (place == "fire-written")
    assert not mark.exists() or mark.read_text() == "ran\n"


def test_while_aws_does_not_answer_a_start_is_503_and_a_fire_waits_until_it_does(world: World) -> None:
    world.prepare(refused=experiment(0.2))
    world.start()
    address = f"{world.url}/experiments/refused"
    world.oracle.away = True
    by_api = httpx.post(f"{address}/run", json={"stop": [{"alarm": "payments-dead"}]}, timeout=PATIENCE)
    assert (by_api.status_code, by_api.json()["type"]) == (503, "/docs#problem-unavailable"), by_api.text
    assert int(by_api.headers["retry-after"]) > 0
    assert {one["code"] for one in by_api.json()["findings"] if one["level"] == "refusal"} == {"unreachable"}
    mixed = httpx.put(f"{world.url}/api/safety-lever", json={"engaged": True, "why": "no"}, timeout=PATIENCE)
    assert mixed.is_success, mixed.text
    assert (
        httpx.post(f"{address}/run", json={}, timeout=PATIENCE).status_code == 409
    )  # a real refusal stays one
    httpx.put(f"{world.url}/api/safety-lever", json={"engaged": False, "why": "go on"}, timeout=PATIENCE)

    made = schedule(world, 1, "refused")
    until(lambda: world.rows("select 1 from fires where state = 'waiting'"), "the fire waits")
    by_hand = httpx.post(f"{world.url}/api/schedules/{made}/run", timeout=PATIENCE)
    assert (by_hand.status_code, "retry-after" in by_hand.headers) == (503, True), by_hand.text
    assert world.rows("select 1 from runs") == []
    world.oracle.away = False
    until(lambda: world.rows("select 1 from fires where state = 'started'"), "the fire is started")
    until(world.settled, "its run is over")
    assert len(world.rows("select 1 from runs")) == 1
    assert [row["state"] for row in world.rows("select state from fires order by at")] == [
        "started",
        "refused",
    ]
