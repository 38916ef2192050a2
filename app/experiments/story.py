"""What an experiment will do, step by step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.experiments.activities import LONGEST_PAUSE
from app.experiments.signals import Signal

PROBE_SECONDS = 1.5  # an `aws` command takes about that long
MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Step:
    kind: str  # before, activity, pause, after, rollback
    name: str
    sentence: str = ""
    seconds: float | None = None
    background: bool = False


def story(document: Mapping[str, Any], signals: Sequence[Signal]) -> tuple[Step, ...]:
    hypothesis = "; ".join(f"{signal.name} {signal.tolerance_text}" for signal in signals)
    judged = bool((document.get("steady-state-hypothesis") or {}).get("probes"))
    steps: list[Step] = []
    if judged:
        steps.append(Step(kind="before", name="Steady state before", sentence=hypothesis))
    for activity in document.get("method") or []:
        steps += _activity(activity, "activity")
    if judged:
        steps.append(Step(kind="after", name="Steady state after", sentence=hypothesis))
    for activity in document.get("rollbacks") or []:
        steps += [step for step in _activity(activity, "rollback") if step.kind != "pause"]
    return tuple(steps)


def expected_seconds(steps: Sequence[Step], signals: Sequence[Signal]) -> float:
    """Pauses as the file has them, and a guess for each activity and probe."""
    pauses = sum(step.seconds or 0 for step in steps if step.kind == "pause")
    deeds = sum(1 for step in steps if step.kind in ("activity", "rollback"))
    checks = sum(len(signals) for step in steps if step.kind in ("before", "after"))
    return pauses + PROBE_SECONDS * (deeds + checks)


def _activity(activity: Mapping[str, Any], kind: str) -> Iterator[Step]:
    pauses = activity.get("pauses") or {}
    yield from _pause(pauses.get("before"))
    name = str(activity.get("name") or activity.get("ref"))
    yield Step(kind=kind, name=name, sentence="", background=bool(activity.get("background")))
    yield from _pause(pauses.get("after"))


def _pause(seconds: Any) -> Iterator[Step]:
    try:
        length = float(seconds or 0)
    except (TypeError, ValueError, OverflowError):  # a `${name}` that only Chaos Toolkit can resolve
        return
    if 0 < length <= LONGEST_PAUSE:
        yield Step(kind="pause", name="Pause", sentence=_span(length), seconds=length)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), MINUTE)
    words = [f"{minutes} min"] if minutes else []
    return " ".join([*words, f"{rest} s"] if rest or not words else words)
