"""A run as a story: what is done, what is happening, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.runs.run import Event, Run


class StepState(StrEnum):
    DONE = "done"
    FAIL = "fail"
    NOW = "now"
    NEXT = "next"
    SKIPPED = "skipped"  # the run ended before it


@dataclass(frozen=True, kw_only=True)
class TimelineStep:
    """One line of the run's timeline. `progress` is 0 to 1, `seconds_left` real seconds, for a step that is now."""

    state: StepState
    kind: str  # before, during, activity, pause, after, rollback, disarm
    name: str
    detail: str = ""
    seconds: float | None = None  # how long it took, or will take, in real seconds
    progress: float | None = None
    seconds_left: float | None = None
    background: bool = False
    at: datetime | None = None  # when it began


class _Unread:
    """Events that no step has taken yet: a name may stand twice in an experiment."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = list(events)

    def take(self, kinds: Iterable[str], **data: Any) -> Event | None:
        for place, event in enumerate(self._events):
            if event.kind in kinds and all(event.data.get(key) == value for key, value in data.items()):
                return self._events.pop(place)
        return None

    def all(self, kind: str, name: str) -> list[Event]:
        return [event for event in self._events if event.kind == kind and event.data.get("name") == name]


def timeline(run: Run, events: Sequence[Event], *, now: datetime, speed: float) -> tuple[TimelineStep, ...]:
    unread = _Unread(events)
    until = run.ended_at or now
    told = [_step(step, unread, until, ended=run.ended, speed=speed) for step in run.facts.get("steps", ())]
    over = [
        step if step.state is not StepState.NEXT else replace(step, state=StepState.SKIPPED) for step in told
    ]
    steps = over if run.ended else told
    place = next((number for number, step in enumerate(steps) if step.kind == "after"), len(steps))
    return (*steps[:place], *_during(events), *steps[place:], *_disarmed(events))


def _during(events: Sequence[Event]) -> list[TimelineStep]:
    """The looks at the hypothesis while the method was played, as one line."""
    looks = [event for event in events if event.kind == "hypothesis-during"]
    if not looks:
        return []
    met = sum(1 for look in looks if look.data.get("met"))
    missed = {
        probe["name"]
        for look in looks
        for probe in look.data.get("probes", ())
        if probe.get("tolerance_met") is False
    }
    outside = "".join(f"; “{name}” was outside its tolerance" for name in sorted(missed))
    return [
        TimelineStep(
            state=StepState.DONE if met == len(looks) else StepState.FAIL,
            kind="during",
            name="Steady state during the method",
            detail=f"met in {met} of {len(looks)} looks{outside}",
            at=looks[0].at,
        )
    ]


def _step(
    step: Mapping[str, Any], unread: _Unread, now: datetime, *, ended: bool, speed: float
) -> TimelineStep:
    kind, name = str(step["kind"]), str(step["name"])
    planned = TimelineStep(
        state=StepState.NEXT,
        kind=kind,
        name=name,
        detail=str(step.get("sentence") or ""),
        seconds=_scaled(step, kind, speed),
        background=bool(step.get("background")),
    )
    if kind in ("before", "after"):
        return _hypothesis(planned, unread, ended=ended)
    if kind == "pause":
        return _pause(planned, unread, now, ended=ended)
    return _activity(planned, unread, "rollbacks" if kind == "rollback" else "method", ended=ended)


def _scaled(step: Mapping[str, Any], kind: str, speed: float) -> float | None:
    seconds = step.get("seconds")
    return None if seconds is None else float(seconds) / (speed if kind == "pause" else 1)


def _hypothesis(step: TimelineStep, unread: _Unread, *, ended: bool) -> TimelineStep:
    begun = unread.take(("hypothesis",), phase=step.kind)
    judged = unread.take((f"hypothesis-{step.kind}",))
    if judged is None:
        return step if begun is None else replace(step, state=_open(ended=ended), at=begun.at)
    missed = [p for p in judged.data.get("probes", ()) if p.get("tolerance_met") is False]
    state = StepState.DONE if judged.data.get("met") else StepState.FAIL
    detail = "; ".join(f"“{probe['name']}” was outside its tolerance" for probe in missed) or step.detail
    seconds = (judged.at - begun.at).total_seconds() if begun else None
    return replace(step, state=state, detail=detail, seconds=seconds, at=begun.at if begun else judged.at)


def _activity(step: TimelineStep, unread: _Unread, phase: str, *, ended: bool) -> TimelineStep:
    begun = unread.take(("before-activity",), name=step.name, phase=phase)
    over = unread.take(("activity", "rollback-activity"), name=step.name, phase=phase)
    if over is None:
        if refused := unread.take(("refused",), name=step.name):
            return replace(
                step, state=StepState.FAIL, detail=f"Refused: {refused.data.get('why')}", at=refused.at
            )
        return step if begun is None else replace(step, state=_open(ended=ended), at=begun.at)
    broken = over.data.get("status") != "succeeded" or (over.data.get("exit_code") or 0) != 0
    return replace(
        step,
        state=StepState.FAIL if broken else StepState.DONE,
        detail=_broken(over) if broken else _done(step, unread),
        seconds=over.data.get("seconds"),
        at=begun.at if begun else over.at,
    )


def _broken(over: Event) -> str:
    if over.data.get("status") == "interrupted":
        return "interrupted"
    code = over.data.get("exit_code")
    return str(over.data.get("exception") or (f"ended with code {code}" if code else "failed"))


def _done(step: TimelineStep, unread: _Unread) -> str:
    words = [step.detail] if step.detail else []
    words += [
        f"translated from {e.data.get('from')} to {e.data.get('to')}"
        for e in unread.all("translated", step.name)
    ]
    words += [str(event.data.get("text")) for event in unread.all("armed", step.name)]
    return " · ".join(words)


def _pause(step: TimelineStep, unread: _Unread, now: datetime, *, ended: bool) -> TimelineStep:
    begun = unread.take(("pause",), background=step.background) or unread.take(("pause",))
    if begun is None:
        return step
    seconds = float(begun.data.get("seconds") or 0)
    passed = (now - begun.at).total_seconds()
    if passed >= seconds:
        return replace(step, state=StepState.DONE, seconds=seconds, progress=1.0, at=begun.at)
    progress = max(passed / seconds, 0.0)
    if ended:
        return replace(
            step, state=StepState.FAIL, detail="cut short", seconds=passed, progress=progress, at=begun.at
        )
    left = seconds - passed
    return replace(
        step, state=StepState.NOW, seconds=seconds, progress=progress, seconds_left=left, at=begun.at
    )


def _open(*, ended: bool) -> StepState:
    return StepState.FAIL if ended else StepState.NOW


def _disarmed(events: Sequence[Event]) -> list[TimelineStep]:
    """The last word on each fault."""
    last = {event.data.get("fault"): event for event in events if event.kind == "disarmed"}
    return [
        TimelineStep(
            state=StepState.DONE if event.data.get("state") in ("disarmed", "drifted") else StepState.NOW,
            kind="disarm",
            name=f"Disarm {event.data.get('store')}",
            detail=str(event.data.get("outcome") or "").removeprefix("Disarmed: "),
            at=event.at,
        )
        for event in last.values()
    ]
