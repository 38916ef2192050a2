"""Chaos Toolkit's events, told to the supervisor as they happen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chaoslib.run import RunEventHandler

from app.child.asking import Asking
from app.child.wire import Wire

LONGEST_OUTPUT = 4000  # characters of an activity's output in an event; the journal has all of it


class Reporter(RunEventHandler):  # type: ignore[misc]  # Chaos Toolkit has no types
    def __init__(self, wire: Wire, asking: Asking) -> None:
        self._wire = wire
        self._asking = asking

    def started(self, experiment: dict[str, Any], journal: dict[str, Any]) -> None:
        self._wire.tell("started", title=experiment["title"], start=journal["start"])

    def start_hypothesis_before(self, experiment: dict[str, Any]) -> None:
        del experiment
        self._hypothesis("before")

    def hypothesis_before_completed(self, experiment: Any, state: Any, journal: Any) -> None:
        del experiment, journal
        self._judged("before", state)

    def start_hypothesis_after(self, experiment: dict[str, Any]) -> None:
        del experiment
        self._hypothesis("after")

    def hypothesis_after_completed(self, experiment: Any, state: Any, journal: Any) -> None:
        del experiment, journal
        self._judged("after", state)

    def start_continuous_hypothesis(self, frequency: int) -> None:
        del frequency
        self._asking.phase.hypothesis = "during"  # in the thread that does nothing else

    def continuous_hypothesis_iteration(self, iteration_index: int, state: Any) -> None:
        self._wire.tell("hypothesis-during", iteration=iteration_index, **summary(state, self._wire.hide))

    def start_rollbacks(self, experiment: dict[str, Any]) -> None:
        self._asking.rolling_back = True
        self._wire.tell("rollbacks", count=len(experiment.get("rollbacks") or []))

    def start_activity(self, activity: dict[str, Any]) -> None:
        if not self._asking.phase.hypothesis:
            self._wire.tell("before-activity", **self._place(activity))

    def activity_completed(self, activity: dict[str, Any], run: dict[str, Any]) -> None:
        kind = "rollback-activity" if self._asking.rolling_back else "activity"
        words = {**self._place(activity), **outcome(run, self._wire.hide)}
        if self._asking.phase.armed:
            # What comes next may write the same store: it waits until this write was read back.
            self._wire.ask(kind, **words)
        else:
            self._wire.tell(kind, **words)

    def interrupted(self, experiment: Any, journal: Any) -> None:
        del experiment, journal
        self._wire.tell("interrupted", why="a control or the console ended the experiment")

    def signal_exit(self) -> None:
        self._wire.tell("interrupted", why="a signal ended the experiment")

    def _hypothesis(self, phase: str) -> None:
        self._asking.phase.hypothesis = phase
        self._wire.tell("hypothesis", phase=phase)

    def _judged(self, phase: str, state: dict[str, Any] | None) -> None:
        self._asking.phase.hypothesis = None
        self._wire.tell(f"hypothesis-{phase}", **summary(state, self._wire.hide))

    def _place(self, activity: dict[str, Any]) -> dict[str, Any]:
        phase = "rollbacks" if self._asking.rolling_back else self._asking.phase.hypothesis or "method"
        background = bool(activity.get("background"))
        return {
            "name": activity.get("name"),
            "type": activity.get("type"),
            "phase": phase,
            "background": background,
        }


def outcome(run: dict[str, Any], hide: Callable[[str], str]) -> dict[str, Any]:
    """An activity's result, small enough for an event. An interrupted activity has no status.

    Secrets are hidden before anything is cut: half of one would not be known again.
    """
    output = run.get("output")
    text = output if isinstance(output, str | int | float | bool | None) else str(output)
    short = hide(text)[:LONGEST_OUTPUT] if isinstance(text, str) else text
    exit_code = output.get("status") if isinstance(output, dict) and "stderr" in output else None
    exception = hide((run.get("exception") or [""])[-1].strip())[:LONGEST_OUTPUT]
    return {
        "status": run.get("status", "interrupted"),
        "output": short,
        "exit_code": exit_code,
        "exception": exception or None,
        "start": run.get("start"),
        "end": run.get("end"),
        "seconds": run.get("duration"),
    }


def number_in(output: Any) -> float | None:
    """The number that a probe gave: itself, what a process printed, or the status of an HTTP answer."""
    if isinstance(output, dict):
        output = output.get("stdout") if "stdout" in output else output.get("status")
    try:
        number = float(output)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and not isinstance(output, bool) else None


def summary(state: dict[str, Any] | None, hide: Callable[[str], str]) -> dict[str, Any]:
    """Whether the steady state was met, and each probe's answer. No state: a control ended it."""
    if state is None:
        return {"met": None, "probes": []}
    probes = [
        {
            "name": run["activity"].get("name"),
            "tolerance_met": run.get("tolerance_met"),
            "value": number_in(run.get("output")),
            **outcome(run, hide),
        }
        for run in state["probes"]
    ]
    return {"met": state["steady_state_met"], "probes": probes}
