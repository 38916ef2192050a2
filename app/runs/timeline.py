"""A run as a story: what is done, what is happening, what comes next. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    kind: str  # before, activity, pause, after, rollback
    name: str
    detail: str = ""
    seconds: float | None = None  # how long it took, or will take, in real seconds
    progress: float | None = None
    seconds_left: float | None = None
    background: bool = False
