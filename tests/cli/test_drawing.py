"""The live view as a picture: at three widths, without colours, and with everything that can go wrong in it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from app.cli.run.drawing import drawn, spark

STEPS = ["Steady state before", "Arm", "Pause", "Steady state after", "Disarm"]


def signal(
    name: str, value: float | None, judgement: str | None, samples: list[float | None]
) -> dict[str, Any]:
    return {
        "name": name,
        "unit": "%",
        "tolerance": "−10 … 20 %",
        "value": value,
        "judgement": judgement,
        "samples": samples,
    }


def told(**words: Any) -> dict[str, Any]:
    run = {"id": 7, "title": "DynamoDB refuses", "experiment": "strict", "environment": "staging", "account": "123456789012",
           "region": "eu-central-1", "status": "running", "verdict": None, "reason": None, "began": 1000.0}  # fmt: skip
    steps = [
        {
            "state": state,
            "kind": "activity",
            "name": name,
            "detail": "",
            "seconds": 2.0,
            "progress": None,
            "seconds_left": None,
        }
        for name, state in zip(STEPS, ["done", "done", "now", "next", "next"], strict=True)
    ]
    steps[2] |= {"kind": "pause", "progress": 0.5, "seconds_left": 150.0}
    fault = {"store": "ssm:failureLambdaConfig", "sentence": "half of the calls are refused", "state": "armed", "phase": "armed",
             "armed": True, "stuck": False, "disarm_by": 1312.0, "outcome": None,
             "proof": {"hit": 214, "of": 431, "can_see": True, "why": ""}}  # fmt: skip
    signals = [signal("messages-in-flight", 48.1, "outside", [1.0, 2.0, None, 48.1]), signal("error-rate", 2.0, "within", [2.0] * 5),
               signal("silent", None, "no data", []), signal("unjudged", 3.0, None, [3.0])]  # fmt: skip
    return {"now": 1060.0, "run": run, "signals": signals, "timeline": steps, "faults": [fault], **words}


def text(view: dict[str, Any], width: int = 100, height: int = 40) -> str:
    out = io.StringIO()
    Console(file=out, width=width, height=height, color_system=None).print(
        drawn(view, width=width, height=height)
    )
    return out.getvalue()


def test_it_says_what_is_armed_where_until_when_and_how_much_of_it_was_seen() -> None:
    shown = text(told())
    assert "▲ ARMED half of the calls are refused" in shown
    assert "ssm:failureLambdaConfig · at most 4:12 more · seen in 214 of 431 invocations" in shown


def test_the_time_stands_still_once_the_run_has_ended() -> None:
    over = {**told()["run"], "status": "completed", "verdict": "held", "ended": 1030.0}
    assert "Run 7 held 0:30" in text(told(run=over))
    assert "Run 7 running 1:00" in text(told())


def test_a_signal_has_its_value_tolerance_judgement_and_spark_line() -> None:
    line = next(line for line in text(told()).splitlines() if "messages-in-flight" in line)
    assert [part in line for part in ("48.1", "−10 … 20 %", "✕ OUTSIDE", "▁▁ █")] == [True] * 4


def test_a_pause_has_its_progress() -> None:
    line = next(line for line in text(told()).splitlines() if "Pause" in line)
    assert 0 < line.count("█") <= line.count("░") <= line.count("█") + 1
    assert "2:30 left" in line


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_and_says_the_same_without_colours(width: int) -> None:
    lines = text(told(), width=width).splitlines()
    assert max(map(len, lines)) <= width
    shown = "\n".join(lines)
    for words in ("ARMED", "OUTSIDE", "within", "no data", "▶ Pause", "✓ Arm", "· Disarm", "48.1"):
        assert words in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("count", [3, 30, 300])
def test_a_long_timeline_is_cut_around_what_is_now(count: int) -> None:
    steps = [dict(told()["timeline"][4], name=f"step {number}") for number in range(count)]
    for step in steps[: count // 2]:
        step["state"] = "done"
    shown = text(told(timeline=steps), height=24)
    assert f"step {count // 2}" in shown
    assert len(shown.splitlines()) <= 24
    if count > 24:
        assert "to come" in shown
        assert "before" in shown


def test_a_fault_that_can_not_be_disarmed_is_an_alarm() -> None:
    fault = {**told()["faults"][0], "stuck": True, "outcome": "AccessDenied"}
    assert "CAN NOT BE DISARMED: AccessDenied" in text(told(faults=[fault]))


def test_logs_that_nobody_can_read_are_said() -> None:
    fault = {**told()["faults"][0], "proof": {"hit": 0, "of": 0, "can_see": False, "why": "x"}}
    assert "whether it fires can not be seen" in text(told(faults=[fault]))


def test_over_it_names_the_verdict_and_offers_no_ctrl_c() -> None:
    shown = text(told(run={**told()["run"], "status": "completed", "verdict": "held"}))
    assert "Run 7 held" in shown
    assert "Ctrl-C" not in shown


@pytest.mark.parametrize(
    ("samples", "line"),
    [([], ""), ([None], ""), ([5.0], "▁"), ([0.0, 7.0], "▁█"), ([0.0, None, 7.0], "▁ █"), (list(range(20)), "▁▂▃▄▅▆▇█")],
)  # fmt: skip
def test_a_spark_line_shows_the_newest_and_gaps_as_gaps(samples: list[float | None], line: str) -> None:
    assert spark(samples, 8) == line
