"""SIGTERM comes while somebody arms by hand: nothing stays armed that the console has not told of."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from typing import Any

import httpx
import pytest

from tests.crash.harness import BEFORE, NAME, World
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
BODY = {"store": f"ssm:{NAME}", "rate": 0.5, "deny_list": ["dynamodb.*"], "minutes": 60}
SLOW = 9.0  # seconds: longer than a console that goes down waits for an arming, shorter than it waits for AWS


def told_to_end_at(world: World, console: subprocess.Popen[str], **knob: Any) -> int:
    """Its exit code. The signal comes as a call of the arming reaches AWS, which takes its time."""
    asked = threading.Event()

    def sigterm() -> None:
        console.send_signal(signal.SIGTERM)
        asked.set()

    world.oracle.turn(times=1, before=sigterm, **knob)
    with contextlib.suppress(httpx.HTTPError):  # cut off, or told
        assert not httpx.put(f"{world.url}/api/faults", json=BODY, timeout=PATIENCE).is_success
    until(asked.is_set, "the arming has reached AWS")
    return console.wait(PATIENCE)


def log(world: World) -> str:
    return (world.folder / "console.log").read_text()


@pytest.mark.parametrize("delay", [0.5, SLOW])
def test_what_it_has_not_written_down_yet_is_never_armed(world: World, delay: float) -> None:
    world.prepare()
    console = world.start()
    assert told_to_end_at(world, console, operation="GetParameter", delay=delay) == 0
    assert (world.value, world.rows("select 1 from ledger")) == (BEFORE, [])
    assert "STILL ARMED" not in log(world)


def test_what_is_on_its_way_is_disarmed_before_it_goes(world: World) -> None:
    world.prepare()
    console = world.start()
    knob = {"operation": "PutParameter", "matching": "isEnabled", "delay": 0.5}
    assert told_to_end_at(world, console, **knob) == 0
    assert world.settled()
    assert (world.value, "STILL ARMED" in log(world)) == (BEFORE, False)
    assert world.broken() == []


def test_what_aws_holds_up_is_told_with_its_store_and_disarmed_when_aws_answers(world: World) -> None:
    world.prepare()
    console = world.start()
    knob = {"operation": "PutParameter", "matching": "isEnabled", "delay": SLOW}
    assert told_to_end_at(world, console, **knob) == 0
    assert f"STILL ARMED: ssm:{NAME}" in log(world)
    assert world.value == BEFORE
    assert world.broken() == []
