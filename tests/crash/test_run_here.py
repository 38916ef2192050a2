"""`gameday run` without a console is ended, and killed, with a fault in its store; nothing stays armed."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from app.cli.run.asked import Asked
from app.cli.run.follow import Presses
from app.cli.run.here import start, working
from tests.crash.harness import BEFORE, GAMEDAY, ROLLBACK, World, experiment
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox
STOPPED = 5
SLOW = {
    "type": "action",
    "name": "dawdle",
    "provider": {"type": "process", "path": "sleep", "arguments": "600"},
}
PLAYED = 50  # seconds: less than the minute that rollbacks are waited for


def armed(world: World, *words: str, **more: object) -> subprocess.Popen[str]:
    """A run that has just armed its fault, and pauses."""
    world.prepare(one=experiment(60, **more))
    process = world.start(command=("run", "one", *words))
    until(lambda: process.poll() is None and world.told("pause") and world.armed(), "armed")
    return process


def log(world: World) -> str:
    return (world.folder / "console.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_rolls_back_says_so_and_waits(world: World, number: signal.Signals) -> None:
    process = armed(world)
    process.send_signal(number)
    assert process.wait(PATIENCE) == STOPPED
    assert world.value == BEFORE
    assert "rolling back, and waiting" in log(world)
    assert "Disarmed and read back. The run has ended." in log(world)
    assert "stopped: Ended before its time by" in log(world)
    assert world.told("rollback-activity"), "the experiment's own rollbacks were played, too"
    assert world.broken() == []


def test_told_twice_it_skips_the_wait_for_rollbacks_and_never_the_disarm(world: World) -> None:
    process = armed(world, rollbacks=[SLOW])
    process.send_signal(signal.SIGINT)
    until(lambda: world.told("rollbacks"), "rolling back")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == STOPPED
    assert time.monotonic() - began < PLAYED
    assert world.value == BEFORE
    assert world.broken() == []


def test_killed_its_child_ends_by_itself_and_the_guardian_puts_the_store_back(world: World) -> None:
    world.kill(armed(world))
    until(lambda: world.value == ROLLBACK, "the child plays its own rollbacks once its pipe is gone")
    world.expire()  # nobody renews the lease
    guardian = subprocess.run(
        [GAMEDAY, "guardian", "--once"], cwd=world.folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )  # fmt: skip
    assert guardian.returncode == 0, guardian.stdout + guardian.stderr
    assert world.value == BEFORE


def test_killed_with_its_child_the_next_run_repairs_it_before_anything_starts(world: World) -> None:
    process = armed(world)
    world.kill(process)
    assert world.child > 1
    os.killpg(world.child, signal.SIGKILL)  # procps's `kill -9 -16` kills everybody
    assert world.armed()
    world.add(two=experiment(0.1))
    assert world.start(command=("run", "two")).wait(PATIENCE) is not None
    first, second = world.rows("select verdict, stopped_by from runs order by id")
    assert (first["verdict"], first["stopped_by"]) == ("stopped", "a crash of the console")
    assert second["verdict"] is not None
    assert world.value == BEFORE
    assert world.broken() == []


def test_it_dies_where_it_has_just_written_down_what_it_will_arm(world: World) -> None:
    world.prepare(one=experiment(60))
    process = world.start(command=("run", "one"), crash_at="intent-committed")
    assert process.wait(PATIENCE) == -signal.SIGKILL
    world.add(two=experiment(0.1))
    assert world.start(command=("run", "two")).wait(PATIENCE) is not None
    assert world.settled()
    assert world.broken() == []


def test_a_folder_where_a_console_works_is_left_alone_and_its_address_is_named(world: World) -> None:
    world.prepare(one=experiment(60))
    world.start()
    done = subprocess.run(
        [GAMEDAY, "run", "one"],
        cwd=world.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, f"gameday run one --server {world.url}" in done.stderr) == (3, True), done.stderr
    assert world.rows("select 1 from runs") == []


def test_a_second_run_in_the_same_folder_is_refused_or_waits(world: World) -> None:
    first = armed(world)
    words = [GAMEDAY, "run", "one"]
    done = subprocess.run(
        words, cwd=world.folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, "--queue" in done.stderr) == (3, True), done.stderr
    second = world.start(command=("run", "one", "--queue"))
    first.send_signal(signal.SIGINT)
    assert first.wait(PATIENCE) == STOPPED
    until(lambda: world.armed() and world.told("pause"), "the second one's turn")
    second.send_signal(signal.SIGINT)
    assert second.wait(PATIENCE) == STOPPED
    assert world.value == BEFORE


def test_a_store_that_refuses_at_first_is_tried_until_it_is_back(world: World) -> None:
    process = armed(world, rollbacks=[])
    world.oracle.turn(operation="PutParameter", times=4, code="AccessDeniedException")
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == STOPPED
    assert "Not over yet: ssm:failureLambdaConfig is disarming" in log(world)
    assert "STILL ARMED" not in log(world)
    assert world.value == BEFORE


def test_whatever_breaks_while_it_is_watched_nothing_stays_armed(world: World) -> None:
    world.prepare(one=experiment(60))
    asked = Asked(source="one", folder=world.folder)
    with pytest.raises(ZeroDivisionError), working(asked) as engine:
        start(engine, asked, Presses())
        until(world.armed, "armed")
        raise ZeroDivisionError
    assert world.value == BEFORE
    assert world.settled()
    assert world.broken() == []
