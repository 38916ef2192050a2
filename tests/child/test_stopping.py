"""One signal ends the method and plays the rollbacks; none does anything once they play."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from app.runs import processes
from tests.waiting import PATIENCE

STOPS = [signal.SIGUSR1, signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def back(activity: Any, tmp_path: Path) -> Any:
    return activity("back", "write", arguments={"path": str(tmp_path / "back")})


@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
@pytest.mark.parametrize("what", ["pause", "python", "process"])
def test_a_signal_ends_the_method_at_once(
    begin: Any, experiment: Any, activity: Any, back: Any, tmp_path: Path, what: str, number: signal.Signals
) -> None:
    running = {
        "pause": activity("now", "answer", pauses={"after": 60}),
        "python": activity("now", "dawdle"),
        "process": {
            "type": "action",
            "name": "now",
            "provider": {"type": "process", "path": "sleep", "arguments": ["60"]},
        },
    }[what]
    told = begin(
        experiment(
            running, activity("never", "write", arguments={"path": str(tmp_path / "never")}), rollbacks=[back]
        )
    )
    told.wait_for("pause" if what == "pause" else "before-activity", "now")
    os.kill(told.child.pid, number)
    journal = told.finish()
    assert journal["status"] == "interrupted"
    assert ("status" in journal["run"][0]) == (what == "pause")
    assert (tmp_path / "back").exists()
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("number", [*STOPS, signal.SIGUSR2], ids=lambda number: number.name)
def test_no_signal_interrupts_rollbacks(
    begin: Any, experiment: Any, activity: Any, back: Any, tmp_path: Path, number: signal.Signals
) -> None:
    slow = activity("slow", "dawdle", arguments={"seconds": 0.4})
    told = begin(experiment(activity("go", "answer"), rollbacks=[slow, back]))
    told.wait_for("before-activity", "slow")
    os.kill(told.child.pid, number)
    journal = told.finish()
    assert [run["status"] for run in journal["rollbacks"]] == ["succeeded", "succeeded"]
    assert journal["status"] == "completed"
    assert (tmp_path / "back").exists()


def test_a_second_signal_changes_nothing(
    begin: Any, experiment: Any, activity: Any, back: Any, tmp_path: Path
) -> None:
    slow = activity("slow", "dawdle", arguments={"seconds": 0.3})
    told = begin(experiment(activity("now", "dawdle"), rollbacks=[slow, back]))
    told.wait_for("before-activity", "now")
    for _ in range(5):
        os.kill(told.child.pid, signal.SIGUSR1)
    assert told.finish() is not None
    assert (tmp_path / "back").exists()


def test_the_end_of_the_pipe_ends_the_method_once(
    begin: Any, experiment: Any, activity: Any, back: Any, tmp_path: Path
) -> None:
    told = begin(experiment(activity("now", "dawdle"), rollbacks=[back]))
    told.wait_for("before-activity", "now")
    told.hang_up()
    assert told.finish()["status"] == "interrupted"
    assert (tmp_path / "back").exists()


def test_an_orphan_that_will_not_end_is_killed_with_everything_it_started(
    begin: Any, experiment: Any, activity: Any, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    slow = {"type": "process", "path": "sh", "arguments": ["-c", f"sleep 600; touch {late}"]}
    told = begin(
        experiment(activity("now", "dawdle"), rollbacks=[{"type": "action", "name": "s", "provider": slow}]),
        grace=0.5,
    )
    told.wait_for("before-activity", "now")
    told.hang_up()
    assert told.child.join(PATIENCE)
    assert told.child.exit_code == -signal.SIGKILL
    assert processes.wait_until_gone(told.child.pid, seconds=PATIENCE)
    assert not late.exists()


def test_grandchildren_die_with_the_group(begin: Any, experiment: Any, tmp_path: Path) -> None:
    late = tmp_path / "late"
    arm = {"type": "process", "path": "sh", "arguments": ["-c", f"sleep 600; touch {late}"]}
    told = begin(experiment({"type": "action", "name": "arm", "provider": arm}))
    told.wait_for("before-activity", "arm")
    assert len(processes.in_group(told.child.pid)) >= 1
    told.child.kill()
    assert told.child.wait_until_gone(seconds=PATIENCE)
    assert processes.in_group(told.child.pid) == []
    assert not late.exists()


def test_a_child_has_a_session_of_its_own(begin: Any, experiment: Any, activity: Any) -> None:
    told = begin(experiment(activity("now", "dawdle")))
    told.wait_for("before-activity", "now")
    assert os.getsid(told.child.pid) == os.getpgid(told.child.pid) == told.child.pid
    assert os.getsid(told.child.pid) != os.getsid(0)
    assert told.child.stop()
    assert not told.child.stop()
    told.finish()
