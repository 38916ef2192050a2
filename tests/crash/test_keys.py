"""A console dies between what it has written down and its answer; the client asks again with the same key."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import httpx
import pytest

from app.dialects import any_armed
from tests.crash.harness import BEFORE, NAME, World, experiment
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
KEY = {"idempotency-key": "deploy-4711"}
FAULT = {"store": f"ssm:{NAME}", "rate": 0.5, "deny_list": ["dynamodb.*"], "minutes": 5}
REPEATS = 3


def killed(world: World, method: str, path: str, **words: Any) -> None:
    """No answer: the console was killed while the client waited for it."""
    with pytest.raises(httpx.TransportError):
        httpx.request(method, f"{world.url}{path}", headers=KEY, timeout=PATIENCE, **words)


def died(process: subprocess.Popen[str]) -> None:
    until(lambda: process.poll() is not None, "the console dies")
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("repeat", range(REPEATS))
def test_a_start_that_was_accepted_and_never_answered_is_one_run(world: World, repeat: int) -> None:
    world.prepare(one=experiment(60))
    console = world.start(crash_at="run-queued")
    killed(world, "POST", "/experiments/one/run")
    died(console)
    assert [row["status"] for row in world.rows("select status from runs")] == ["queued"]
    world.recover()
    for _ in range(2):
        again = httpx.post(f"{world.url}/experiments/one/run?wait=30", headers=KEY, timeout=PATIENCE)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
        assert (again.json()["id"], again.json()["verdict"]) == (1, "stopped")
    assert len(world.rows("select 1 from runs")) == 1
    assert world.broken() == []
    if repeat == 0:
        other = httpx.post(
            f"{world.url}/experiments/one/run", headers=KEY, json={"dry": "pause"}, timeout=PATIENCE
        )
        assert other.status_code == 422


def test_a_run_that_waited_in_line_is_ended_by_a_crash_and_its_key_tells_so(world: World) -> None:
    world.prepare(one=experiment(60))
    console = world.start()
    assert world.run()
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    waits = httpx.post(f"{world.url}/experiments/one/run?queue=true", headers=KEY, timeout=PATIENCE).json()
    assert waits["queue"]["run"] == 1
    world.kill(console)
    world.recover()
    again = httpx.post(f"{world.url}/experiments/one/run?queue=true", headers=KEY, timeout=PATIENCE).json()
    assert (again["id"], again["status"], again["verdict"]) == (2, "interrupted", "stopped")
    assert again["started_at"] is None
    assert len(world.rows("select 1 from runs")) == 2
    assert world.broken() == []


@pytest.mark.parametrize(("place", "was_armed"), [("intent-committed", False), ("read-back", True)])
def test_an_arming_by_hand_that_was_never_answered_arms_once(
    world: World, place: str, *, was_armed: bool
) -> None:
    world.prepare(one=experiment(60))
    console = world.start(crash_at=place)
    killed(world, "PUT", "/api/faults", json=FAULT)
    died(console)
    assert world.rows("select 1 from ledger where state = 'intended'")
    world.oracle.knobs.clear()
    world.start()
    again = httpx.put(f"{world.url}/api/faults", json=FAULT, headers=KEY, timeout=PATIENCE)
    replayed = "idempotency-replayed" in again.headers
    assert (again.status_code, replayed) == (201, was_armed)  # what armed nothing leaves its key free
    entry = again.json()
    assert (entry["id"], entry["state"]) == ((1, "disarmed") if was_armed else (2, "armed"))
    arms = [write for write in world.oracle.history(NAME) if write.value and any_armed(write.value)]
    assert len(arms) == 1
    httpx.delete(f"{world.url}/api/faults/{entry['id']}", timeout=PATIENCE).raise_for_status()
    assert world.value == BEFORE
    assert world.broken() == []
