"""Signals, frozen processes, misbehaving children, impatient people, and a machine that is off for long."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.runs import processes
from tests.crash.harness import ROLLBACK, World, experiment, writes
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox


def in_flight(world: World, **more: Any) -> Any:
    """A console with a run in its pause, its fault armed."""
    world.prepare(one=experiment(60, **more))
    console = world.start()
    world.run()
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    return console


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_disarms_before_it_goes(world: World, number: signal.Signals, times: int) -> None:
    console = in_flight(world)
    for _ in range(times):
        console.send_signal(number)
    console.wait(PATIENCE)
    assert not world.armed(), "disarmed before it was gone"
    world.recover()
    (row,) = world.rows("select verdict from runs")
    assert row["verdict"] != "held"
    assert world.broken() == []


def test_told_to_end_while_its_rollbacks_run_it_still_disarms(world: World) -> None:
    slow = {
        "type": "action",
        "name": "dawdle",
        "provider": {"type": "process", "path": "sleep", "arguments": "20"},
    }
    world.prepare(one={**experiment(0.1), "rollbacks": [slow, writes("Disarm", ROLLBACK)]})
    console = world.start()
    world.run()
    until(lambda: world.told("rollbacks"), "in the rollbacks")
    assert world.armed()
    console.send_signal(signal.SIGTERM)
    console.send_signal(signal.SIGTERM)
    console.wait(PATIENCE)
    assert not world.armed()
    world.recover()
    assert world.broken() == []


def test_a_console_that_was_frozen_goes_on_and_the_fault_ends(world: World) -> None:
    """As a machine that sleeps: past the lease nobody renewed, the fault is disarmed, not forgotten."""
    console = in_flight(world)
    until(lambda: _frozen_past_its_lease(world, console), "frozen between two writes")
    console.send_signal(signal.SIGCONT)
    until(world.settled, "settled")
    (row,) = world.rows("select verdict from runs")
    assert row["verdict"] == "stopped"
    assert world.broken() == []


def _frozen_past_its_lease(world: World, console: Any) -> bool:
    """False where it was caught in the middle of a write, which then nobody else can make."""
    console.send_signal(signal.SIGSTOP)
    try:
        world.expire(patience=1)
    except sqlite3.OperationalError:
        console.send_signal(signal.SIGCONT)
        return False
    return True


def test_a_machine_that_was_off_past_the_deadline_disarms_when_it_is_on_again(world: World) -> None:
    console = in_flight(world)
    world.kill(console)
    os.kill(world.child, signal.SIGKILL)
    path = world.folder / ".gameday" / "gameday.sqlite"
    with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
        database.execute("update ledger set disarm_by = '2020-01-01', lease_until = '2020-01-01'")
        database.commit()
    assert world.armed(), "nothing but the schedule in AWS ends it while everything is off"
    world.recover()
    assert world.broken() == []


CHILDREN = {
    "ignores every signal": "trap '' TERM INT USR1 HUP; touch {mark}; sleep 50",
    "leaves a session of its own": "setsid sleep 50 & touch {mark}; sleep 50",
    "fills its output": "yes a lot of words | head -c 200000000; touch {mark}; sleep 50",
    "closes what it holds": "exec 0<&- 1>&- 2>&-; touch {mark}; sleep 50",
}


@pytest.mark.parametrize("kind", CHILDREN)
def test_a_child_that_misbehaves_is_rolled_back_all_the_same(world: World, kind: str) -> None:
    mark = world.folder / "mark"
    command = CHILDREN[kind].format(mark=mark)
    bad = {
        "type": "action",
        "name": "bad",
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", command]},
    }
    document = experiment(0.1)
    document["method"].append(bad)
    world.prepare(one=document)
    world.start()
    run = world.run(accept=["unproven"])
    until(lambda: mark.exists() and world.armed(), "the child misbehaves")
    answer = httpx.post(f"{world.url}/runs/{run}/rollback", timeout=PATIENCE).json()
    assert answer["disarmed"] is True
    until(world.settled, "settled")
    assert processes.in_group(world.child) == []
    assert world.broken() == []


def test_fifty_clicks_start_one_run(world: World) -> None:
    world.prepare(one=experiment(60))
    world.start()
    answers: list[int] = []

    def click() -> None:
        answers.append(httpx.post(f"{world.url}/experiments/one/run", timeout=PATIENCE).status_code)

    people = [threading.Thread(target=click) for _ in range(50)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(set(answers)) == [202, 409]
    assert answers.count(202) == 1
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    httpx.post(f"{world.url}/runs/1/rollback", timeout=PATIENCE).raise_for_status()
    until(world.settled, "settled")
    assert len(world.rows("select 1 from runs")) == 1
    assert world.broken() == []


def test_a_request_whose_answer_was_lost_is_not_run_twice_at_once(world: World) -> None:
    world.prepare(one=experiment(60))
    console = world.start(crash_at="run-queued")
    assert world.run() == 0
    until(lambda: console.poll() is not None, "the console dies")
    assert len(world.rows("select 1 from runs")) == 1
    world.recover()
    run = world.run()
    assert run == 2
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    assert httpx.post(f"{world.url}/experiments/one/run", timeout=PATIENCE).status_code == 409
    httpx.post(f"{world.url}/runs/{run}/rollback", timeout=PATIENCE).raise_for_status()
    until(world.settled, "settled")
    assert world.broken() == []


def events(world: World, after: int) -> Iterator[tuple[int, str]]:
    """Numbers and kinds of the run's stream, from an event on."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    with httpx.stream("GET", f"{world.url}/api/runs/1/events", headers=headers, timeout=PATIENCE) as answer:
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, colon, value = line.partition(":")
            if colon:
                fields[name] = value.strip()
            elif "id" in fields:
                yield int(fields.pop("id")), fields.pop("event", "")


def test_a_viewer_who_is_cut_off_again_and_again_misses_nothing_and_sees_nothing_twice(world: World) -> None:
    world.prepare(one=experiment(0.5))
    world.start()
    world.run()
    seen: list[int] = []
    last = ""
    while last != "verdict":
        for (number, kind), _ in zip(events(world, seen[-1] if seen else 0), range(3), strict=False):
            seen.append(number)  # and after three of them the proxy in between cuts the line
            last = kind
    assert seen == list(range(1, len(seen) + 1))
    assert world.broken() == []


TROUBLE = {
    "throttled": {"status": 429, "code": "ThrottlingException"},
    "broken": {"status": 500, "code": "InternalServiceError"},
    "slow": {"delay": 12.0, "status": 500, "code": "InternalServiceError"},
}


@pytest.mark.parametrize("kind", TROUBLE)
def test_without_cloudwatch_a_run_is_not_called_held_and_can_be_stopped(world: World, kind: str) -> None:
    probe = {
        "type": "probe", "name": "flight", "tolerance": 0, "provider": {
            "type": "python", "module": "chaosaws.cloudwatch.probes", "func": "get_metric_statistics",
            "arguments": {"namespace": "n", "metric_name": "m", "dimension_name": "d", "dimension_value": "v",
                          "duration": 60, "statistic": "Sum"},
        },
    }  # fmt: skip
    document = experiment(60)
    document["method"][0]["pauses"]["after"] = 3
    document["steady-state-hypothesis"]["probes"].append({**probe, "tolerance": [0, 1, 2]})
    world.prepare(one=document)
    world.start()
    for operation in ("GetMetricData", "GetMetricStatistics"):
        world.oracle.turn(operation=operation, **TROUBLE[kind])
    run = world.run()
    if kind == "slow":
        until(lambda: world.told("hypothesis-before") or world.child, "it has begun")
        httpx.post(f"{world.url}/runs/{run}/rollback", timeout=PATIENCE).raise_for_status()
    until(world.settled, "settled")
    (row,) = world.rows("select verdict from runs")
    assert row["verdict"] != "held"
    assert {"GetMetricData", "GetMetricStatistics"} & set(world.oracle.calls)
    assert world.broken() == []
