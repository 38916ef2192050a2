"""`make soak`: a random schedule of runs, deaths and trouble with AWS. The seed is printed; a failing one is a test case.

python -m tests.crash.soak --runs 50 --seed 1234
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from app.sandbox.emulator import process
from tests.crash.harness import World, emulators, experiment
from tests.crash.oracle import Oracle
from tests.crash.test_kill_points import PLACES
from tests.ports import free_port
from tests.waiting import until

TROUBLES = (
    {},
    {"operation": "PutParameter", "code": "ThrottlingException", "times": 2},
    {"operation": "PutParameter", "lose_answer": True, "times": 1},
    {"operation": "GetParameter", "delay": 0.3, "times": 5},
    {"operation": "GetParameter", "code": "InternalServerError", "status": 500, "times": 2},
)
VICTIMS = ("nobody", "child", "console", "named place", "told to end")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=50)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    given = arguments.parse_args()
    sys.stdout.write(f"seed {given.seed}, {given.runs} runs\n")
    dice = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        emulator = process.start(
            port=free_port(), speed=1, data=Path(folder, "data"), log_file=Path(folder, "log")
        )
        try:
            return sum(_round(number, dice, emulator.endpoint, Path(folder)) for number in range(given.runs))
        finally:
            process.stop(emulator)


def _round(number: int, dice: random.Random, endpoint: str, folder: Path) -> int:
    """One run, one death. 1 where an invariant does not hold."""
    oracle = Oracle(upstream=endpoint)
    oracle.start()
    home = folder / f"run{number}"
    home.mkdir()
    world = World(folder=home, oracle=oracle, ssm=emulators(endpoint, "ssm"))
    victim, trouble, after = dice.choice(VICTIMS), dice.choice(TROUBLES), dice.uniform(0, 3)
    place = dice.choice(list(PLACES)) if victim == "named place" else ""
    told = f"{number}: {victim} {place} after {after:.1f} s, {trouble or 'no trouble'}"
    try:
        _play(world, victim, place, trouble, after, pause=dice.uniform(0.1, 3))
        broken = world.broken()
    except AssertionError as error:
        broken = [str(error)]
    finally:
        world.end()
        oracle.stop()
    sys.stdout.write(f"{'BROKEN' if broken else 'ok'} {told} {broken or ''}\n")
    sys.stdout.flush()
    return int(bool(broken))


def _play(
    world: World, victim: str, place: str, trouble: dict[str, object], after: float, *, pause: float
) -> None:
    world.prepare(one=experiment(pause))
    console = world.start(crash_at=place)
    if trouble:
        world.oracle.turn(**trouble)
    run = world.run()
    time.sleep(after)
    if victim == "child" and run and world.child:
        with contextlib.suppress(ProcessLookupError):  # it was faster
            os.kill(world.child, signal.SIGKILL)
    elif victim == "console":
        world.kill(console)
    elif victim == "told to end":
        console.terminate()
        console.wait(60)
    if console.poll() is not None or victim == "named place":
        if console.poll() is None:
            world.kill(console)
        world.recover()
    until(world.settled, "settled")


if __name__ == "__main__":
    sys.exit(main())
