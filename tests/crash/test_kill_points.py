"""Somebody dies with SIGKILL at each step of a run, and the next console finds the store as it was.

Each case asserts first that work was in flight: what proves nothing must not pass.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.crash.harness import ARMED, BEFORE, ROLLBACK, World, experiment
from tests.waiting import until

pytestmark = pytest.mark.sandbox
# Named places in the console, and how long the run's pause is, so that it gets there.
PLACES = {
    "run-queued": 60.0,
    "before-intent": 60.0,
    "intent-committed": 60.0,
    "read-back": 60.0,
    "disarm-begun": 0.2,
    "disarm-answered": 0.2,
    "journal-kept": 0.2,
    "end-committed": 0.2,
}
BEFORES = [BEFORE, None]


def died(process: subprocess.Popen[str]) -> None:
    until(lambda: process.poll() is not None, "the console dies")
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("before", BEFORES, ids=["present", "absent"])
@pytest.mark.parametrize("place", PLACES)
def test_the_console_dies_at_a_named_place(world: World, place: str, before: str | None) -> None:
    world.prepare(before, one=experiment(PLACES[place]))
    console = world.start(crash_at=place)
    world.run()
    died(console)
    assert world.rows("select 1 from runs where ended_at is null") or place == "end-committed"
    world.recover()
    assert world.broken(before) == []


STAGES: dict[str, Callable[[World], object]] = {
    "in the pause": lambda world: world.told("pause") and world.armed(),
    "in the probe after": lambda world: world.told("hypothesis-before") and (world.folder / "slow").exists(),
    "in the rollbacks": lambda world: world.told("rollbacks"),
}


def staged(world: World, stage: str) -> dict[str, object]:
    """An experiment that can be caught at that stage."""
    if stage == "in the probe after":
        mark, flag = world.folder / "slow", world.folder / "looked"
        probe = f"if [ -e {flag} ]; then touch {mark}; sleep 30; fi; touch {flag}"
        return experiment(0.1, probe=probe)
    if stage == "in the rollbacks":
        slow = {
            "type": "action",
            "name": "dawdle",
            "provider": {"type": "process", "path": "sleep", "arguments": "20"},
        }
        return {**experiment(0.1), "rollbacks": [slow]}
    return experiment(60)


@pytest.mark.parametrize("victim", ["console", "child", "both"])
@pytest.mark.parametrize("stage", STAGES)
def test_somebody_is_killed_at_a_stage(world: World, stage: str, victim: str) -> None:
    world.prepare(one=staged(world, stage))
    console = world.start()
    run = world.run()
    until(lambda: STAGES[stage](world), stage)
    assert run
    assert world.armed(), "the fault was in flight"
    if victim in ("child", "both"):
        os.kill(world.child, signal.SIGKILL)
    if victim in ("console", "both"):
        world.kill(console)
        world.recover()
    until(world.settled, "settled")
    assert world.broken() == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("number", "what"), [(1, ARMED), (2, BEFORE)], ids=["arming", "disarming"])
def test_the_console_dies_while_a_write_is_on_its_way(
    world: World, moment: str, number: int, what: str
) -> None:
    """The oracle kills it: when the write is seen, or when it is applied and not answered."""
    world.prepare(one={**experiment(60 if number == 1 else 0.1), "rollbacks": []})
    console = world.start()
    seen: list[int] = []

    def kill() -> None:
        seen.append(number)
        console.send_signal(signal.SIGKILL)

    enabled = "true" if number == 1 else "false"
    world.oracle.turn(
        operation="PutParameter", times=1, matching=f'isEnabled\\": {enabled}', **{moment: kill}
    )
    world.run()
    died(console)
    assert seen == [number], what
    world.recover()
    assert world.broken() == []


def test_the_child_dies_with_its_journal_half_written(world: World) -> None:
    world.variables = 'CRASH_IN_CHILD_AT = "journal-written"\n'
    world.prepare(one=experiment(0.1))
    world.start()
    run = world.run()
    until(world.settled, "settled")
    (row,) = world.rows("select status, verdict, journal_state from runs")
    assert run
    assert (row["verdict"], row["journal_state"]) == ("stopped", "rebuilt")
    assert world.broken() == []


@pytest.mark.parametrize("place", ["disarm-begun", "disarm-answered"])
def test_a_guardian_dies_while_it_disarms_and_another_ends_it(world: World, place: str) -> None:
    world.prepare(one=experiment(60))
    console = world.start()
    world.run()
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    world.kill(console)
    os.kill(world.child, signal.SIGKILL)
    until(
        lambda: world.rows("select 1 from ledger where lease_until < datetime('now')"),
        "the lease runs out",
        60,
    )
    first = world.start(command=("guardian",), crash_at=place)
    died(first)
    assert world.rows("select 1 from ledger where state = 'disarming'")
    world.expire()
    two = [world.start(command=("guardian",)) for _ in range(2)]
    until(lambda: not world.armed(), "disarmed")
    until(lambda: world.rows("select 1 from ledger where state = 'disarmed'"), "the ledger says so")
    for guardian in two:
        world.kill(guardian)
    world.recover()
    assert world.broken() == []


def test_a_guardian_that_starts_beside_a_healthy_run_leaves_it_alone(world: World) -> None:
    world.prepare(one=experiment(3))
    world.start()
    world.run()
    until(lambda: world.told("pause") and world.armed(), "in the pause")
    world.start(command=("guardian",))
    until(world.settled, "settled")
    (row,) = world.rows("select verdict, stopped_by from runs")
    assert row["stopped_by"] is None
    (entry,) = world.rows("select disarmed_by, outcome from ledger")
    assert entry["disarmed_by"] != "guardian"
    assert world.oracle.history("failureLambdaConfig")[0].value == ARMED
    assert ROLLBACK in {write.value for write in world.oracle.writes}
    assert world.broken() == []
