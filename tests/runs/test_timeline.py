"""A run as a story, at every moment of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.runs import Event, Run, RunStatus, StepState
from app.runs.timeline import timeline

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEPS = [
    {"kind": "before", "name": "steady", "sentence": "", "seconds": None, "background": False},
    {
        "kind": "activity",
        "name": "arm",
        "sentence": "half of the calls",
        "seconds": None,
        "background": False,
    },
    {"kind": "pause", "name": "arm", "sentence": "wait", "seconds": 300, "background": False},
    {"kind": "after", "name": "steady", "sentence": "", "seconds": None, "background": False},
    {"kind": "rollback", "name": "undo", "sentence": "", "seconds": None, "background": False},
]
STORY: list[tuple[float, str, dict[str, Any]]] = [
    (0, "hypothesis", {"phase": "before"}),
    (1, "hypothesis-before", {"met": True, "probes": []}),
    (1, "asked", {"name": "arm"}),
    (1, "translated", {"name": "arm", "from": "failure-lambda/0.2", "to": "failure-lambda/0.x"}),
    (1, "before-activity", {"name": "arm", "phase": "method"}),
    (
        2,
        "activity",
        {"name": "arm", "phase": "method", "status": "succeeded", "exit_code": 0, "seconds": 1.0},
    ),
    (2, "armed", {"name": "arm", "text": "armed and read back"}),
    (2, "pause", {"name": "arm", "phase": "method", "seconds": 30.0, "asked": 300, "background": False}),
    (32, "hypothesis", {"phase": "after"}),
    (33, "hypothesis-after", {"met": False, "probes": [{"name": "lag", "tolerance_met": False}]}),
    (33, "rollbacks", {"count": 1}),
    (33, "before-activity", {"name": "undo", "phase": "rollbacks"}),
    (34, "rollback-activity", {"name": "undo", "phase": "rollbacks", "status": "succeeded", "exit_code": 1}),
    (35, "disarmed", {"fault": 1, "store": "ssm:x", "state": "disarmed", "outcome": "Put back."}),
]


def story(until: float, *, ended: bool = False, told: Any = None) -> tuple[Any, ...]:
    now = NOON + timedelta(seconds=until)
    run = Run(
        id=1, experiment="e", title="E", environment="test", requested_by="ann", snapshot="", sha256="",
        status=RunStatus.INTERRUPTED if ended else RunStatus.RUNNING, ended_at=now if ended else None,
        created_at=NOON, facts={"steps": STEPS},
    )  # fmt: skip
    events = [
        Event(run_id=1, seq=number, at=NOON + timedelta(seconds=at), kind=kind, data=data)
        for number, (at, kind, data) in enumerate(told or STORY, 1)
        if at <= until
    ]
    return timeline(run, events, now=now, speed=10)


def states(until: float, **words: Any) -> list[str]:
    return [str(step.state) for step in story(until, **words)]


def test_each_moment_has_one_step_that_is_now() -> None:
    assert states(-1) == ["next"] * 5
    assert states(0) == ["now", "next", "next", "next", "next"]
    assert states(1) == ["done", "now", "next", "next", "next"]
    assert states(12) == ["done", "done", "now", "next", "next"]
    assert states(32) == ["done", "done", "done", "now", "next"]
    assert states(33) == ["done", "done", "done", "fail", "now"]
    assert states(35, ended=True) == ["done", "done", "done", "fail", "fail", "done"]


def test_the_pause_tells_its_progress_in_real_seconds() -> None:
    pause = story(12)[2]
    assert (pause.progress, pause.seconds_left, pause.seconds) == (1 / 3, 20.0, 30.0)
    assert story(1)[2].seconds == 30.0


def test_details_say_what_happened() -> None:
    told = story(35, ended=True)
    assert (
        told[1].detail
        == "half of the calls · translated from failure-lambda/0.2 to failure-lambda/0.x · armed and read back"
    )
    assert told[3].detail == "“lag” was outside its tolerance"
    assert told[4].detail == "ended with code 1"
    assert told[5].detail == "Put back."


def test_what_the_end_cut_off_is_said() -> None:
    assert states(12, ended=True) == ["done", "done", "fail", "skipped", "skipped"]
    assert story(12, ended=True)[2].detail == "cut short"
    assert story(1, ended=True)[1].state is StepState.FAIL


def test_looks_during_the_method_are_one_line_before_the_last_one() -> None:
    lag = {"name": "lag", "tolerance_met": False}
    looks = [{"met": True, "probes": []}, {"met": False, "probes": [lag]}, {"met": False, "probes": [lag]}]
    told = story(1, told=[(0, "hypothesis-during", look) for look in looks])
    assert [step.kind for step in told] == ["before", "activity", "pause", "during", "after", "rollback"]
    assert (told[3].state, told[3].detail) == ("fail", "met in 1 of 3 looks; “lag” was outside its tolerance")
