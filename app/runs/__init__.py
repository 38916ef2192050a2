"""Runs: preflight, the process that executes one, its events, its end, and its verdict.

`Runs` is what other rooms speak to; `Supervisor` is its loop. The child itself lives in `app.child`.
"""

from app.runs.aftermath import Aftermath
from app.runs.armed_signals import ArmedSignals
from app.runs.request import Wish
from app.runs.run import Event, JournalState, Outcome, Place, Rollback, Run, RunStatus, Verdict, Wanted
from app.runs.runs import Runs
from app.runs.supervisor import Supervisor
from app.runs.timeline import StepState, TimelineStep

__all__ = [
    "Aftermath",
    "ArmedSignals",
    "Event",
    "JournalState",
    "Outcome",
    "Place",
    "Rollback",
    "Run",
    "RunStatus",
    "Runs",
    "StepState",
    "Supervisor",
    "TimelineStep",
    "Verdict",
    "Wanted",
    "Wish",
]
